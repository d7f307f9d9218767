//! RwLock in every order of {ask, run, cancel, unlock, downgrade}, with a few waiters: readers
//! together, a writer alone, nobody overtaken, nobody asleep who could go on, nothing lost.

use std::future::Future;
use std::pin::Pin;

use mainspring::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Reads,
    Writes,
}
use Kind::{Reads, Writes};

enum Held<'a> {
    Read(RwLockReadGuard<'a, u32>),
    Write(RwLockWriteGuard<'a, u32>),
}

impl Held<'_> {
    fn kind(&self) -> Kind {
        match self {
            Held::Read(_) => Reads,
            Held::Write(_) => Writes,
        }
    }
}

type Ask<'a> = Pin<Box<dyn Future<Output = Held<'a>> + 'a>>;

fn ask(lock: &RwLock<u32>, kind: Kind) -> Ask<'_> {
    match kind {
        Reads => Box::pin(async { Held::Read(lock.read().await) }),
        Writes => Box::pin(async { Held::Write(lock.write().await) }),
    }
}

struct Guest<'a> {
    kind: Kind,
    seat: Seat<Ask<'a>>,
    held: Option<Held<'a>>,
}

/// Operations: a poll of each guest; each goes one on (gives up, or unlocks, or asks again); all
/// writers downgrade; a `try_read` and a `try_write` from outside that unlock at once.
fn play(max_readers: u32, kinds: &[Kind], sequence: &[usize]) {
    let lock = RwLock::with_max_readers(0, max_readers);
    let mut guests: Vec<Guest<'_>> = kinds
        .iter()
        .map(|kind| Guest {
            kind: *kind,
            seat: Seat::new(ask(&lock, *kind)),
            held: None,
        })
        .collect();
    // Numbers of guests in the order in which they came to wait.
    let mut line: Vec<usize> = Vec::new();
    let mut writes = 0;

    for operation in sequence {
        let count = guests.len();
        let anybody_sleeps = guests.iter().any(|guest| guest.seat.asleep());
        match *operation {
            poll if poll < count => {
                let guest = &mut guests[poll];
                let first_time = guest.seat.parked_at.is_none() && guest.seat.future.is_some();
                match guest.seat.poll() {
                    Some(mut held) => {
                        assert!(
                            !(first_time && anybody_sleeps),
                            "{sequence:?}: a newcomer overtook"
                        );
                        match &mut held {
                            Held::Read(value) => assert_eq!(**value, writes),
                            Held::Write(value) => {
                                **value += 1;
                                writes += 1;
                            }
                        }
                        guest.held = Some(held);
                        line.retain(|guest| *guest != poll);
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
                } else if guest.held.take().is_none() {
                    guest.seat = Seat::new(ask(&lock, guest.kind));
                }
            }
            rest => match rest - 2 * count {
                0 => {
                    for guest in &mut guests {
                        guest.held = guest.held.take().map(|held| match held {
                            Held::Write(held) => Held::Read(held.downgrade()),
                            read => read,
                        });
                    }
                }
                1 => {
                    if let Ok(value) = lock.try_read() {
                        assert!(!anybody_sleeps, "{sequence:?}: a guess overtook");
                        assert_eq!(*value, writes);
                    }
                }
                _ => {
                    if let Ok(mut value) = lock.try_write() {
                        assert!(line.is_empty(), "{sequence:?}: a guess overtook");
                        *value += 1;
                        writes += 1;
                    }
                }
            },
        }

        // Who was called is inside: it has the lock in hand when it next runs.
        let inside = |kind| {
            let held = guests.iter().filter(|guest| match &guest.held {
                Some(held) => held.kind() == kind,
                None => guest.kind == kind && guest.seat.called(),
            });
            held.count()
        };
        let (readers, writers) = (inside(Reads), inside(Writes));
        assert!(
            readers <= max_readers as usize && (writers == 0 || (writers == 1 && readers == 0)),
            "{sequence:?}: {readers} readers and {writers} writers are inside"
        );
        let first_asleep = line.iter().position(|guest| guests[*guest].seat.asleep());
        let last_called = line.iter().rposition(|guest| guests[*guest].seat.called());
        assert!(
            first_asleep.is_none() || last_called < first_asleep,
            "{sequence:?}: somebody was overtaken"
        );
        if let Some(first) = first_asleep {
            let may_go_on = match guests[line[first]].kind {
                Reads => writers == 0 && readers < max_readers as usize,
                Writes => writers + readers == 0,
            };
            assert!(!may_go_on, "{sequence:?}: somebody sleeps who could go on");
        }
    }

    drop(guests);
    let value = lock.try_write().map(|value| *value);
    assert_eq!(value.ok(), Some(writes), "{sequence:?}: lost");
}

#[test]
fn a_rwlock_in_every_order_of_six_operations() {
    every_order(7, 6, |sequence| play(9, &[Reads, Writes], sequence));
    every_order(9, 5, |sequence| play(9, &[Reads, Writes, Reads], sequence));
    every_order(9, 5, |sequence| play(9, &[Writes, Reads, Writes], sequence));
    every_order(9, 5, |sequence| play(1, &[Reads, Reads, Writes], sequence));
    every_order(9, 5, |sequence| play(2, &[Reads, Reads, Reads], sequence));
}

#[test]
fn async_lock_1_1_2_a_rwlock_survives_storms_of_forty_operations() {
    let kinds = [Reads, Writes, Reads, Writes, Reads];
    drawn_orders(13, 40, 10_000, |sequence| play(9, &kinds, sequence));
    drawn_orders(13, 40, 10_000, |sequence| play(2, &kinds, sequence));
}
