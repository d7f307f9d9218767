//! What `Mutex` promises. Tests that bear an id (`lock_…`) come from asyncio's own suite.
//!
//! Mistakes that other runtimes made with locks:
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | bpo-27585 | a lock handed to a waiter that is cancelled is lost | `lock_release_with_…`, orders_mutex |
//! | bpo-32734 | the same, with the release in the same turn | `lock_cancel_and_…`, orders_mutex |
//! | tokio #1898 | a `lock()` that is dropped early locks for ever | here |
//! | async-lock #42 | an owned lock is polled again and again | here |
//! | async-lock 1.1.2 | a deadlock | orders_mutex |

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mainspring::asyncio::Lock;
use mainspring::sync::{Mutex, MutexGuard, OwnedMutexGuard};
use mainspring::task::{JoinHandle, all_tasks, idle, spawn, spawn_local, yield_now};
use mainspring::time::timeout;
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

type Log = Rc<RefCell<Vec<u32>>>;

/// A task that locks, notes its name, and gives way once before it unlocks.
fn locker(lock: &Rc<Lock>, log: &Log, name: u32) -> JoinHandle<()> {
    let (lock, log) = (lock.clone(), log.clone());
    spawn_local(async move {
        let _guard = lock.lock().await;
        log.borrow_mut().push(name);
        yield_now().await;
    })
}

#[mainspring::test(start_paused = true)]
async fn lock_show_state() {
    let lock = Rc::new(Mutex::new(5));
    assert_eq!(format!("{lock:?}"), "Mutex { data: 5 }");

    let guard = lock.lock().await;
    let mut waiting = lock.lock();
    assert!(Bell::new().poll(&mut waiting).is_pending());
    assert_eq!(format!("{lock:?}"), "Mutex { data: <locked>, waiting: 1 }");
    assert_eq!(format!("{guard:?} {guard}"), "5 5");
}

#[mainspring::test(start_paused = true)]
async fn lock_cancel_parked() {
    let lock = Rc::new(Lock::default());
    let held = lock.lock().await;
    let parked = locker(&lock, &Log::default(), 1);
    idle().await;
    assert!(format!("{lock:?}").contains("waiting: 1"));

    parked.abort();
    assert!(parked.await.unwrap_err().is_cancelled());

    assert!(format!("{lock:?}").contains("waiting: 0"));
    drop(held);
    assert!(!lock.locked());
}

#[mainspring::test(start_paused = true)]
async fn lock_release_with_cancelled_first_waiter() {
    let (lock, log) = (Rc::new(Lock::default()), Log::default());
    let a = lock.lock().await;
    let b = locker(&lock, &log, 1);
    let c = locker(&lock, &log, 2);
    idle().await;

    drop(a);
    b.abort();

    assert!(b.await.unwrap_err().is_cancelled());
    c.await.unwrap();
    assert_eq!(*log.borrow(), [2]);
    assert!(!lock.locked());
}

#[mainspring::test(start_paused = true)]
async fn lock_cancel_and_release_same_turn() {
    let (lock, log) = (Rc::new(Lock::default()), Log::default());
    let held = lock.lock().await;
    let tasks: Vec<_> = (1..=3).map(|name| locker(&lock, &log, name)).collect();
    idle().await;

    tasks[0].abort();
    drop(held);
    yield_now().await;
    yield_now().await;

    assert!(lock.locked());
    assert_eq!(*log.borrow(), [2], "one of the others, and one alone");
    idle().await;
    assert_eq!(*log.borrow(), [2, 3]);
}

#[mainspring::test(start_paused = true)]
async fn lock_cancel_woken_waiter() {
    let (lock, log) = (Rc::new(Lock::default()), Log::default());
    let a = lock.lock().await;
    let b = locker(&lock, &log, 1);
    idle().await;
    let c = locker(&lock, &log, 2);

    b.abort();
    drop(a);
    yield_now().await;
    yield_now().await;

    assert!(lock.locked(), "C has it");
    assert_eq!(*log.borrow(), [2]);
    c.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn the_lock_is_given_in_the_order_of_arrival_and_who_asks_again_stands_behind() {
    let (lock, log) = (Rc::new(Lock::default()), Log::default());
    let held = lock.lock().await;
    let tasks: Vec<_> = (1..=3)
        .map(|name| {
            let (lock, log) = (lock.clone(), log.clone());
            spawn_local(async move {
                for round in [0, 10] {
                    let _guard = lock.lock().await;
                    log.borrow_mut().push(name + round);
                }
            })
        })
        .collect();
    idle().await;
    drop(held);
    assert!(lock.try_lock().is_err(), "it is promised to the first");
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*log.borrow(), [1, 2, 3, 11, 12, 13]);
}

#[mainspring::test(start_paused = true)]
async fn a_newcomer_does_not_overtake_one_who_was_called() {
    let lock = Lock::default();
    let held = lock.lock().await;
    let (mut first, mut newcomer) = (lock.lock(), lock.lock());
    let bell = Bell::new();
    assert!(bell.poll(&mut first).is_pending());
    drop(held);
    assert_eq!(bell.rings(), 1);

    assert!(bell.poll(&mut newcomer).is_pending());
    let guard = bell.poll(&mut first);
    assert!(guard.is_ready());
    drop(guard);
    assert!(bell.poll(&mut newcomer).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn tokio_1898_a_lock_that_is_dropped_early_leaves_the_mutex_free() {
    let mutex = Arc::new(Mutex::new(1));
    // Never polled; polled in vain; called; under a limit.
    drop(mutex.lock());
    let held = mutex.lock().await;
    let bell = Bell::new();
    let mut parked = mutex.lock();
    let mut called = mutex.clone().lock_owned();
    assert!(bell.poll(&mut called).is_pending());
    assert!(bell.poll(&mut parked).is_pending());
    let limit = timeout(Duration::from_secs(1), mutex.lock());
    assert!(limit.await.is_err());
    drop(parked);
    drop(held);
    assert_eq!(bell.rings(), 1);
    drop(called);

    assert!(!mutex.locked());
    assert_eq!(*mutex.lock().await, 1);
}

#[test]
fn async_lock_42_an_owned_lock_rings_no_more_than_it_has_reason_to() {
    let mutex = Arc::new(Mutex::new(()));
    let held = mutex.try_lock().unwrap();
    let bell = Bell::new();
    let mut lock = mutex.clone().lock_owned();
    for _ in 0..10 {
        assert!(bell.poll(&mut lock).is_pending());
    }
    assert_eq!(bell.rings(), 0);
    drop(held);
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut lock).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn a_panic_with_the_guard_in_hand_leaves_the_value_and_unlocks() {
    let mutex = Arc::new(Mutex::new(vec![1]));
    let task = spawn_local({
        let mutex = mutex.clone();
        async move {
            let mut value = mutex.lock().await;
            value.push(2);
            panic!("on purpose");
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(*mutex.lock().await, [1, 2]);
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_is_aborted_with_the_guard_in_hand_unlocks() {
    let mutex = Arc::new(Mutex::new(1));
    let task = spawn_local({
        let mutex = mutex.clone();
        async move {
            let mut value = mutex.lock().await;
            *value = 2;
            std::future::pending::<()>().await;
        }
    });
    idle().await;
    assert!(mutex.locked());
    task.abort();
    assert_eq!(*mutex.lock().await, 2);
}

#[mainspring::test(start_paused = true)]
async fn guards_travel_and_know_their_mutex() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let mutex = Arc::new(Mutex::new(1));
    let mut guard = is_send(mutex.clone().lock_owned()).await;
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard), &mutex));
    spawn(async move {
        *guard += 1;
        thread::spawn(move || *guard += 1).join().unwrap();
    })
    .await
    .unwrap();
    let guard = is_send(mutex.try_lock().unwrap());
    assert!(std::ptr::eq(MutexGuard::mutex(&guard), &*mutex));
    assert_eq!(*guard, 3);
    let error = mutex.clone().try_lock_owned().unwrap_err();
    assert_eq!(error.to_string(), "operation would block");
}

#[test]
fn the_value_can_be_reached_without_locking_by_its_only_owner() {
    static NAMES: Mutex<Vec<u32>> = Mutex::const_new(Vec::new());
    NAMES.blocking_lock().push(1);
    assert_eq!(*NAMES.try_lock().unwrap(), [1]);

    let mut mutex = Mutex::from(7);
    *mutex.get_mut() += 1;
    assert_eq!(mutex.into_inner(), 8);
    assert_eq!(Mutex::<u32>::default().into_inner(), 0);
}

#[test]
fn a_forgotten_guard_leaves_the_mutex_locked_and_says_so() {
    let mut mutex = Mutex::new(7);
    std::mem::forget(mutex.try_lock().unwrap());
    assert!(mutex.try_lock().is_err());
    let panic = catch_unwind(AssertUnwindSafe(|| *mutex.get_mut())).unwrap_err();
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or(panic.downcast_ref::<&str>().copied());
    assert!(message.unwrap().contains("forgotten"), "{message:?}");
}

#[test]
fn a_value_that_is_dropped_with_its_mutex_may_use_others() {
    let other = Arc::new(Mutex::new(0));
    let kept = other.clone();
    let mutex = Mutex::new(on_drop(move || *kept.try_lock().unwrap() += 1));
    let guard = mutex.try_lock().unwrap();
    drop(guard);
    drop(mutex);
    assert_eq!(*other.try_lock().unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn a_lock_that_is_always_free_gives_way_now_and_then() {
    let lock = Rc::new(Lock::default());
    let other = Rc::new(RefCell::new(0));
    let task = spawn_local({
        let other = other.clone();
        async move {
            for _ in 0..5 {
                *other.borrow_mut() += 1;
                yield_now().await;
            }
        }
    });
    for _ in 0..1_000 {
        drop(lock.lock().await);
    }
    assert!(*other.borrow() >= 5, "{}", other.borrow());
    task.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_waits_for_a_lock_says_so() {
    let lock = Rc::new(Lock::default());
    let _held = lock.lock().await;
    let _waits = locker(&lock, &Log::default(), 1);
    idle().await;
    let infos = all_tasks();
    assert!(
        infos
            .iter()
            .any(|info| info.waiting_on == Some("Mutex::lock"))
    );
}

#[mainspring::test]
async fn tasks_and_threads_take_turns() {
    let mutex = Arc::new(Mutex::new(0_u32));
    let inside = Arc::new(AtomicUsize::new(0));
    let enter = {
        let inside = inside.clone();
        move || assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two are inside")
    };
    let leave = move || assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (mutex, enter, leave) = (mutex.clone(), enter.clone(), leave.clone());
            thread::spawn(move || {
                for _ in 0..1_000 {
                    // Some ask and go away, called or not.
                    let mut given_up = mutex.lock();
                    let _ = Bell::new().poll(&mut given_up);
                    drop(given_up);

                    let mut value = mutex.blocking_lock();
                    enter();
                    *value += 1;
                    leave();
                }
            })
        })
        .collect();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (mutex, enter, leave) = (mutex.clone(), enter.clone(), leave.clone());
            spawn(async move {
                for _ in 0..250 {
                    let mut value = mutex.clone().lock_owned().await;
                    enter();
                    yield_now().await;
                    *value += 1;
                    leave();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*mutex.lock().await, 3_000);
}

#[mainspring::test]
#[should_panic(expected = "spawn_blocking")]
async fn a_blocking_lock_inside_a_task_is_refused_with_the_remedy() {
    let _ = Mutex::new(()).blocking_lock();
}

#[test]
fn a_lock_needs_no_runtime() {
    let mutex = Mutex::new(1);
    let mut lock = mutex.lock();
    let mut pinned = std::pin::Pin::new(&mut lock);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(pinned.as_mut().poll(&mut cx).is_ready());
}

// `lock.release-not-held`: cannot be written. To release is to drop the guard, and who has no guard
// has nothing to drop.
