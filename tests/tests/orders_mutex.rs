//! Mutex in every order of {ask, run, cancel, unlock}, with a few waiters: one has the lock at a
//! time, nobody is overtaken, nobody sleeps beside a free lock, and nothing is lost.

use mainspring::sync::{Mutex, MutexGuard, MutexLock};
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// One who wants the lock, has it, or does neither.
struct Guest<'a> {
    seat: Seat<MutexLock<'a, u32>>,
    guard: Option<MutexGuard<'a, u32>>,
}

/// Operations: a poll of each guest; each goes one on (gives up, or unlocks, or asks again); and a
/// `try_lock` from outside, or its end.
fn play(guests: usize, sequence: &[usize]) {
    let mutex = Mutex::new(0);
    let mut guests: Vec<Guest<'_>> = (0..guests)
        .map(|_| Guest {
            seat: Seat::new(mutex.lock()),
            guard: None,
        })
        .collect();
    let mut outside: Option<MutexGuard<'_, u32>> = None;
    // Numbers of guests in the order in which they came to wait.
    let mut line: Vec<usize> = Vec::new();
    let mut times_locked = 0;

    for operation in sequence {
        let count = guests.len();
        match *operation {
            poll if poll < count => {
                let seat = &mut guests[poll].seat;
                let first_time = seat.parked_at.is_none() && seat.future.is_some();
                match seat.poll() {
                    Some(mut guard) => {
                        assert!(
                            !first_time || line.is_empty(),
                            "{sequence:?}: a newcomer overtook"
                        );
                        *guard += 1;
                        times_locked += 1;
                        line.retain(|guest| *guest != poll);
                        guests[poll].guard = Some(guard);
                    }
                    None if first_time => line.push(poll),
                    None => {}
                }
            }
            turn if turn < 2 * count => {
                let guest = &mut guests[turn - count];
                if guest.seat.future.is_some() {
                    guest.seat.leave();
                    line.retain(|guest| *guest != turn - count);
                } else if guest.guard.take().is_none() {
                    guest.seat = Seat::new(mutex.lock());
                }
            }
            _ => {
                if outside.take().is_none() {
                    let was_free = !mutex.locked();
                    outside = mutex.try_lock().ok();
                    assert_eq!(outside.is_some(), was_free, "{sequence:?}");
                    if let Some(guard) = &mut outside {
                        **guard += 1;
                        times_locked += 1;
                    }
                }
            }
        }

        let held = guests.iter().filter(|guest| guest.guard.is_some()).count()
            + usize::from(outside.is_some());
        let called = guests.iter().filter(|guest| guest.seat.called()).count();
        assert!(held + called <= 1, "{sequence:?}: two have the lock");
        assert_eq!(mutex.locked(), held + called == 1, "{sequence:?}");
        assert!(
            held + called == 1 || line.is_empty(),
            "{sequence:?}: somebody sleeps beside a free lock"
        );
        assert!(
            called == 0 || guests[line[0]].seat.called(),
            "{sequence:?}: somebody was overtaken"
        );
    }

    drop((guests, outside));
    let value = mutex.try_lock().map(|value| *value);
    assert_eq!(value.ok(), Some(times_locked), "{sequence:?}: lost");
}

#[test]
fn a_mutex_in_every_order_of_six_operations() {
    every_order(5, 7, |sequence| play(2, sequence));
    every_order(7, 6, |sequence| play(3, sequence));
    every_order(9, 5, |sequence| play(4, sequence));
}

#[test]
fn async_lock_1_1_2_a_mutex_survives_storms_of_forty_operations() {
    drawn_orders(9, 40, 20_000, |sequence| play(4, sequence));
}
