//! Barrier in every order of {run, cancel, reset, abort}, with more tasks than parties.

use mainspring::sync::{Barrier, BarrierArrive};
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// Operations: poll and drop of each task, reset, abort.
fn play(parties: usize, count: usize, sequence: &[usize]) {
    let barrier = Barrier::new(parties);
    let arrive = || Seat::new(barrier.arrive());
    let mut seats: Vec<Seat<BarrierArrive<'_>>> = (0..count).map(|_| arrive()).collect();
    // The numbers given out in the present round, by those who passed.
    let mut passed: Vec<usize> = Vec::new();
    let mut is_broken = false;

    for operation in sequence {
        let inside = seats.iter().filter(|seat| seat.called()).count();
        let is_last = inside == 1 && *operation < 2 * count && seats[*operation % count].called();
        match *operation {
            poll if poll < count => match seats[poll].poll() {
                Some(Ok(index)) => {
                    assert!(index < parties && !is_broken, "{sequence:?}");
                    assert!(!passed.contains(&index), "{sequence:?}: {index} twice");
                    passed.push(index);
                    seats[poll] = arrive();
                }
                Some(Err(_)) => seats[poll] = arrive(),
                None => {}
            },
            leave if leave < 2 * count => {
                seats[leave - count] = arrive();
            }
            reset if reset == 2 * count => {
                barrier.reset();
                is_broken = false;
            }
            _ => {
                barrier.abort();
                is_broken = true;
            }
        }
        // A round is over when all have left; those held begin the next at once.
        if is_last {
            passed.clear();
        }
        let asleep = seats.iter().filter(|seat| seat.asleep()).count();
        let called = seats.iter().filter(|seat| seat.called()).count();
        if called == 0 {
            passed.clear();
            assert!(asleep < parties, "{sequence:?}: a full round sleeps");
            assert_eq!(barrier.n_waiting(), asleep, "{sequence:?}");
        } else {
            assert_eq!(
                barrier.n_waiting(),
                0,
                "{sequence:?}: counted while leaving"
            );
        }
        assert_eq!(barrier.broken(), is_broken, "{sequence:?}");
        assert!(
            !is_broken || asleep == 0,
            "{sequence:?}: one sleeps at a broken barrier"
        );
    }
}

#[test]
fn a_barrier_in_every_order_of_six_operations() {
    every_order(8, 6, |sequence| play(2, 3, sequence));
    every_order(10, 5, |sequence| play(3, 4, sequence));
    drawn_orders(10, 12, 10_000, |sequence| play(2, 4, sequence));
}

#[test]
fn a_barrier_survives_storms_of_sixty_operations() {
    drawn_orders(14, 60, 3_000, |sequence| {
        // Resets are rare, and an abort ends the storm.
        let calm: Vec<usize> = sequence
            .iter()
            .enumerate()
            .map(|(step, kind)| match kind {
                13 if step < 50 => 0,
                12 if step % 3 > 0 => 1,
                kind => *kind,
            })
            .collect();
        play(3, 6, &calm);
    });
}
