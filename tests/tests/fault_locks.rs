//! F80 and F81 for locks and conditions: tasks are aborted wherever they stand, and what comes at
//! the last moment counts. A lock that got lost would leave the loop with nothing to do, and a
//! loop that is told to panic then ends the test with a report of who waits for what.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mainspring::sync::{Condition, Mutex, RwLock};
use mainspring::task::{JoinHandle, idle, spawn_local, yield_now};
use mainspring::time::{sleep, timeout};
use mainspring_tests::chopped::Die;
use mainspring_tests::on_drop::{OnDrop, on_drop};
use mainspring_tests::storm::{paused, storm};
use mainspring_tests::watchdog::watch;

/// Counts who is inside until it is dropped.
fn enter(inside: &Rc<Cell<u32>>) -> OnDrop<impl FnOnce() + use<>> {
    inside.set(inside.get() + 1);
    let inside = inside.clone();
    on_drop(move || inside.set(inside.get() - 1))
}

const ROUNDS: u64 = 300;

#[test]
fn f80_tasks_that_are_aborted_lose_no_mutex() {
    let _watchdog = watch();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let (mutex, inside) = (Rc::new(Mutex::new(0)), Rc::new(Cell::new(0)));
            let done = Rc::new(Cell::new(0));
            let task = |_| {
                let (mutex, inside, done) = (mutex.clone(), inside.clone(), done.clone());
                spawn_local(async move {
                    for _ in 0..4 {
                        let mut value = mutex.lock().await;
                        let _entered = enter(&inside);
                        assert_eq!(inside.get(), 1);
                        yield_now().await;
                        *value += 1;
                        done.set(done.get() + 1);
                    }
                })
            };
            storm(&mut die, (0..6).map(task).collect()).await;
            let value = mutex.try_lock().map(|value| *value);
            assert_eq!(value.ok(), Some(done.get()), "round {round}");
        });
    }
}

#[test]
fn f80_tasks_that_are_aborted_lose_no_rwlock() {
    let _watchdog = watch();
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let lock = Rc::new(RwLock::with_max_readers(0, 2));
            let (readers, writers) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
            let done = Rc::new(Cell::new(0));
            let task = |number| {
                let (lock, done) = (lock.clone(), done.clone());
                let (readers, writers) = (readers.clone(), writers.clone());
                spawn_local(async move {
                    for _ in 0..3 {
                        if number % 2 == 0 {
                            let _value = lock.read().await;
                            let _entered = enter(&readers);
                            assert!(readers.get() <= 2 && writers.get() == 0);
                            yield_now().await;
                        }
                        let mut value = lock.write().await;
                        let entered = enter(&writers);
                        assert!(readers.get() == 0 && writers.get() == 1);
                        yield_now().await;
                        *value += 1;
                        done.set(done.get() + 1);
                        drop(entered);
                        let _value = value.downgrade();
                        let _entered = enter(&readers);
                        yield_now().await;
                    }
                })
            };
            storm(&mut die, (0..6).map(task).collect()).await;
            let value = lock.try_write().map(|value| *value);
            assert_eq!(value.ok(), Some(done.get()), "round {round}");
        });
    }
}

#[test]
fn f80_tasks_that_are_aborted_lose_no_notification() {
    let _watchdog = watch();
    const UNITS: u32 = 30;
    for round in 1..=ROUNDS {
        let mut die = Die::new(round);
        paused().block_on(async {
            let stock = Rc::new(Condition::new(0));
            let eaten = Rc::new(Cell::new(0));
            let eater = || {
                let (stock, eaten) = (stock.clone(), eaten.clone());
                spawn_local(async move {
                    loop {
                        let mut left = stock.lock().await.wait_until(|left| *left > 0).await;
                        *left -= 1;
                        eaten.set(eaten.get() + 1);
                        drop(left);
                        yield_now().await;
                    }
                })
            };
            // All stand in line when a unit comes, and it is one of them that is notified of it.
            let mut eaters: Vec<_> = (0..3).map(|_| eater()).collect();
            for units in 1..=UNITS {
                idle().await;
                let mut left = stock.lock().await;
                *left += 1;
                left.notify(1);
                if die.throw(2) == 0 {
                    // It comes to wait for the lock.
                    idle().await;
                }
                let left = (die.throw(2) == 0).then_some(left);
                eaters.remove(die.throw(3)).abort();
                drop(left);
                idle().await;
                assert_eq!(eaten.get(), units, "round {round}: a notification was lost");
                eaters.push(eater());
            }
            eaters.iter().for_each(JoinHandle::abort);
        });
    }
}

#[test]
fn f81_a_lock_that_comes_with_the_end_of_the_limit_is_taken() {
    let _watchdog = watch();
    let limit = Duration::from_millis(10);
    paused().block_on(async {
        let mutex = Rc::new(Mutex::new(7));
        let (tell, told) = (mutex.clone(), mutex.clone());
        let holder = spawn_local(async move {
            let _held = tell.lock().await;
            sleep(limit).await;
        });
        idle().await;
        // The lock is handed over first, then the time is up, both in one turn.
        let value = timeout(limit, told.lock()).await;
        assert_eq!(value.map(|value| *value), Ok(7));
        holder.await.unwrap();
        assert!(!mutex.locked());
    });
}

#[test]
fn f81_a_notification_that_comes_with_the_end_of_the_limit_is_taken() {
    let _watchdog = watch();
    let limit = Duration::from_millis(10);
    paused().block_on(async {
        let news = Rc::new(Condition::new(()));
        let teller = spawn_local({
            let news = news.clone();
            async move {
                sleep(limit).await;
                news.lock().await.notify(1);
            }
        });
        idle().await;
        let guard = news.lock().await;
        assert!(timeout(limit, guard.wait()).await.is_ok());
        teller.await.unwrap();
        assert!(!news.locked());
    });
}
