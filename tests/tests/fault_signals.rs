//! F80 for what wakes one or all: permits, notifications, events, barriers, cells that are filled
//! once. Tasks are aborted wherever they stand, and whoever could go on does.

use std::cell::Cell;
use std::rc::Rc;

use mainspring::sync::{Barrier, Event, Notify, OnceCell, Semaphore, SetOnce};
use mainspring::task::{JoinHandle, idle, spawn_local, yield_now};
use mainspring_tests::chopped::Die;
use mainspring_tests::storm::{paused, storm};
use mainspring_tests::watchdog::watch;

const ROUNDS: u64 = 300;

#[test]
fn f80_tasks_that_are_aborted_lose_no_permit() {
    let _watchdog = watch();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let permits = Rc::new(Semaphore::new(3));
            let task = |number: u32| {
                let permits = permits.clone();
                spawn_local(async move {
                    for _ in 0..4 {
                        let held = permits.acquire_many(number % 3 + 1).await.unwrap();
                        yield_now().await;
                        drop(held);
                    }
                })
            };
            storm(&mut die, (0..6).map(task).collect()).await;
            assert_eq!(permits.available_permits(), 3, "round {round}");
            assert!(!permits.locked(), "round {round}");
        });
    }
}

#[test]
fn f80_tasks_that_are_aborted_lose_no_call() {
    let _watchdog = watch();
    const CALLS: u32 = 30;
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let bell = Rc::new(Notify::new());
            let heard = Rc::new(Cell::new(0));
            let listener = || {
                let (bell, heard) = (bell.clone(), heard.clone());
                spawn_local(async move {
                    loop {
                        bell.notified().await;
                        heard.set(heard.get() + 1);
                    }
                })
            };
            let mut listeners: Vec<_> = (0..3).map(|_| listener()).collect();
            for calls in 1..=CALLS {
                idle().await;
                match die.throw(3) {
                    0 => bell.notify_last(),
                    _ => bell.notify_one(),
                }
                listeners.swap_remove(die.throw(3)).abort();
                idle().await;
                assert_eq!(heard.get(), calls, "round {round}: a call was lost");
                listeners.push(listener());
            }
            listeners.iter().for_each(JoinHandle::abort);
        });
    }
}

#[test]
fn f80_whoever_is_left_hears_of_an_event() {
    let _watchdog = watch();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (event, once) = (Event::new(), Rc::new(SetOnce::new()));
            let task = |_| {
                let (event, once) = (event.clone(), once.clone());
                spawn_local(async move {
                    event.wait().await;
                    assert_eq!(*once.wait().await, 7);
                })
            };
            let tasks = (0..6).map(task).collect();
            let setter = spawn_local({
                let once = once.clone();
                async move {
                    yield_now().await;
                    event.set();
                    yield_now().await;
                    once.set(7).unwrap();
                }
            });
            storm(&mut die, tasks).await;
            setter.await.unwrap();
        });
    }
}

#[test]
fn f80_a_round_of_a_barrier_is_complete_although_some_who_came_went_away() {
    let _watchdog = watch();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let barrier = Rc::new(Barrier::new(3));
            let leaders = Rc::new(Cell::new(0));
            let task = || {
                let (barrier, leaders) = (barrier.clone(), leaders.clone());
                spawn_local(async move {
                    if barrier.wait().await.is_leader() {
                        leaders.set(leaders.get() + 1);
                    }
                })
            };
            // Two wait, of whom one goes; and there are three again.
            for rounds in 1..=4 {
                let mut waiting = vec![task(), task()];
                for _ in 0..die.throw(3) {
                    yield_now().await;
                }
                waiting.swap_remove(die.throw(2)).abort();
                idle().await;
                waiting.extend([task(), task()]);
                for task in waiting {
                    task.await.unwrap();
                }
                assert_eq!(leaders.get(), rounds, "round {round}");
                assert_eq!(barrier.n_waiting(), 0);
            }
        });
    }
}

#[test]
fn f80_a_cell_whose_maker_is_aborted_is_filled_by_the_next() {
    let _watchdog = watch();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (cell, made) = (Rc::new(OnceCell::new()), Rc::new(Cell::new(0)));
            let task = |number: u32| {
                let (cell, made) = (cell.clone(), made.clone());
                spawn_local(async move {
                    let make = || async {
                        yield_now().await;
                        yield_now().await;
                        made.set(made.get() + 1);
                        number
                    };
                    cell.get_or_init(make).await;
                })
            };
            storm(&mut die, (0..6).map(task).collect()).await;
            assert!(cell.initialized(), "round {round}");
            assert_eq!(made.get(), 1, "round {round}");
        });
    }
}
