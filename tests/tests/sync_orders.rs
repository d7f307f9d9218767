//! Semaphore and Queue in every order of {wake, cancel, run, close}, with a few waiters.
//!
//! Each sequence of operations up to a length is played from the start, by hand, and looked at
//! after every step: nobody who could go on sleeps, nobody is overtaken, nothing is lost or doubled.
//! Longer sequences are drawn from a seed.

use mainspring::sync::queue::{Get, Put};
use mainspring::sync::{Acquire, Queue, QueueShutDown, Semaphore, SemaphorePermit};
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// Operations on a semaphore: poll and drop of each waiter, one more permit, close.
fn play_semaphore(free: usize, wants: &[u32], sequence: &[usize]) {
    let semaphore = Semaphore::new(free);
    let mut added = free;
    let mut seats: Vec<Seat<Acquire<'_>>> = wants
        .iter()
        .map(|want| Seat::new(semaphore.acquire_many(*want)))
        .collect();
    let mut permits: Vec<Option<SemaphorePermit<'_>>> = wants.iter().map(|_| None).collect();
    // Numbers of seats in the order in which they came to wait.
    let mut line: Vec<usize> = Vec::new();

    for operation in sequence {
        let count = seats.len();
        match *operation {
            poll if poll < count => {
                let first_time = seats[poll].parked_at.is_none() && seats[poll].future.is_some();
                let others_wait = !line.is_empty();
                match seats[poll].poll() {
                    Some(Ok(permit)) => {
                        assert!(
                            !semaphore.is_closed(),
                            "{sequence:?}: a permit after the close"
                        );
                        assert!(
                            !(first_time && others_wait),
                            "{sequence:?}: a newcomer overtook"
                        );
                        line.retain(|seat| *seat != poll);
                        permits[poll] = Some(permit);
                    }
                    Some(Err(_)) => {
                        assert!(
                            semaphore.is_closed(),
                            "{sequence:?}: an error without a close"
                        );
                        line.retain(|seat| *seat != poll);
                    }
                    None if first_time => line.push(poll),
                    None => {}
                }
            }
            leave if leave < 2 * count => {
                seats[leave - count].leave();
                permits[leave - count] = None;
                line.retain(|seat| *seat != leave - count);
            }
            add if add == 2 * count => {
                semaphore.add_permits(1);
                added += 1;
            }
            _ => semaphore.close(),
        }

        let available = semaphore.available_permits();
        let held: usize = permits.iter().flatten().map(|p| p.num_permits()).sum();
        assert!(
            available + held <= added,
            "{sequence:?}: permits out of nothing"
        );
        for seat in &seats {
            assert!(
                !(seat.asleep() && (available > 0 || semaphore.is_closed())),
                "{sequence:?}: somebody sleeps beside a free permit, or after the close"
            );
        }
        // Those called stand before those who sleep.
        let first_asleep = line.iter().position(|seat| seats[*seat].asleep());
        let last_called = line.iter().rposition(|seat| seats[*seat].called());
        assert!(
            first_asleep.is_none() || last_called < first_asleep,
            "{sequence:?}: somebody was overtaken"
        );
    }

    drop((seats, permits));
    assert_eq!(
        semaphore.available_permits(),
        added,
        "{sequence:?}: permits were lost"
    );
}

#[test]
fn a_semaphore_in_every_order_of_six_operations() {
    for (free, wants) in [
        (0, [1, 1, 1]),
        (1, [1, 1, 1]),
        (1, [2, 1, 1]),
        (2, [1, 2, 1]),
    ] {
        every_order(8, 6, |sequence| play_semaphore(free, &wants, sequence));
    }
}

#[test]
fn async_lock_1_1_2_a_semaphore_survives_storms_of_forty_operations() {
    let wants = [1, 3, 1, 2, 1];
    drawn_orders(12, 40, 20_000, |sequence| {
        // A close too often ends the storm early: the last kind closes, and counts only at the end.
        let open: Vec<usize> = sequence
            .iter()
            .enumerate()
            .map(|(step, kind)| if *kind == 11 && step < 30 { 10 } else { *kind })
            .collect();
        play_semaphore(1, &wants, &open);
    });
}

/// Operations on a queue: poll and drop of each getter and putter, a put and a get that do not
/// wait, both kinds of shutdown.
fn play_queue(limit: usize, getters: usize, putters: usize, sequence: &[usize]) {
    let queue: Queue<usize> = Queue::bounded(limit);
    let mut gets: Vec<Seat<Get<'_, usize>>> =
        (0..getters).map(|_| Seat::new(queue.get())).collect();
    let mut puts: Vec<Seat<Put<'_, usize>>> = (0..putters)
        .map(|item| Seat::new(queue.put(item)))
        .collect();
    let mut went_in: Vec<usize> = Vec::new();
    let mut came_out: Vec<usize> = Vec::new();
    let mut next_item = 100;
    let mut drained = false;

    for operation in sequence {
        let count = getters + putters;
        match *operation {
            seat if seat < getters => match gets[seat].poll() {
                Some(Ok(item)) => came_out.push(item),
                Some(Err(QueueShutDown(()))) => assert!(queue.is_shut_down(), "{sequence:?}"),
                None => {}
            },
            seat if seat < count => {
                let item = seat - getters;
                match puts[item].poll() {
                    Some(Ok(())) => went_in.push(item),
                    Some(Err(QueueShutDown(back))) => {
                        assert!(queue.is_shut_down() && back == item, "{sequence:?}");
                    }
                    None => {}
                }
            }
            seat if seat < count + getters => gets[seat - count].leave(),
            seat if seat < 2 * count => puts[seat - count - getters].leave(),
            rest => match rest - 2 * count {
                0 => {
                    if queue.put_nowait(next_item).is_ok() {
                        went_in.push(next_item);
                    }
                    next_item += 1;
                }
                1 => came_out.extend(queue.get_nowait()),
                2 => queue.shutdown(false),
                _ => {
                    queue.shutdown(true);
                    drained = true;
                }
            },
        }

        let called = gets.iter().filter(|seat| seat.called()).count();
        let room_called = puts.iter().filter(|seat| seat.called()).count();
        let down = queue.is_shut_down();
        assert!(queue.qsize() <= limit, "{sequence:?}: too many are in");
        assert!(
            !gets.iter().any(Seat::asleep) || (!down && queue.qsize() <= called),
            "{sequence:?}: a getter sleeps beside an item, or after the shutdown"
        );
        assert!(
            !puts.iter().any(Seat::asleep) || (!down && limit - queue.qsize() <= room_called),
            "{sequence:?}: a putter sleeps beside room, or after the shutdown"
        );
        // First in, first out, whoever got them; what is not out yet is in, or was drained.
        assert_eq!(came_out, went_in[..came_out.len()], "{sequence:?}");
        if !drained {
            assert_eq!(
                queue.qsize(),
                went_in.len() - came_out.len(),
                "{sequence:?}"
            );
        }
    }

    drop((gets, puts));
    while let Ok(item) = queue.get_nowait() {
        came_out.push(item);
    }
    assert_eq!(
        queue.qsize(),
        0,
        "{sequence:?}: an item stays promised to nobody"
    );
    if !drained {
        assert_eq!(came_out, went_in, "{sequence:?}: items were lost");
        assert_eq!(queue.unfinished(), went_in.len());
    }
}

#[test]
fn a_queue_in_every_order_of_five_operations() {
    every_order(12, 5, |sequence| play_queue(1, 2, 2, sequence));
    every_order(12, 5, |sequence| play_queue(2, 3, 1, sequence));
    every_order(12, 5, |sequence| play_queue(1, 1, 3, sequence));
}

#[test]
fn a_queue_survives_storms_of_forty_operations() {
    drawn_orders(20, 40, 20_000, |sequence| {
        let open: Vec<usize> = sequence
            .iter()
            .enumerate()
            .map(|(step, kind)| if *kind >= 18 && step < 30 { 16 } else { *kind })
            .collect();
        play_queue(2, 4, 4, &open);
    });
}
