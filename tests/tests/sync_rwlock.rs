//! What `RwLock` promises.
//!
//! Mistakes that other runtimes made with it:
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | tokio #8076 | a lock for no readers waits for ever | here |
//! | async-lock 1.1.2 | a deadlock | orders_rwlock |

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Context;
use std::thread;

use mainspring::sync::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockReadGuard, RwLockWriteGuard,
    RwLockWriteOwned,
};
use mainspring::task::{JoinHandle, all_tasks, idle, spawn, spawn_local, yield_now};
use mainspring_tests::by_hand::{Bell, evil};
use mainspring_tests::on_drop::on_drop;

type Log = Rc<RefCell<Vec<&'static str>>>;

fn reader(lock: &Rc<RwLock<()>>, log: &Log, name: &'static str) -> JoinHandle<()> {
    let (lock, log) = (lock.clone(), log.clone());
    spawn_local(async move {
        let _guard = lock.read().await;
        log.borrow_mut().push(name);
        yield_now().await;
    })
}

fn writer(lock: &Rc<RwLock<()>>, log: &Log, name: &'static str) -> JoinHandle<()> {
    let (lock, log) = (lock.clone(), log.clone());
    spawn_local(async move {
        let _guard = lock.write().await;
        log.borrow_mut().push(name);
        yield_now().await;
    })
}

#[mainspring::test(start_paused = true)]
async fn readers_are_inside_together_and_a_writer_alone() {
    let lock = RwLock::new(1);
    let (one, two) = (lock.read().await, lock.try_read().unwrap());
    assert_eq!(*one + *two, 2);
    assert!(lock.try_write().is_err());
    drop((one, two));

    let mut writer = lock.write().await;
    *writer += 1;
    assert!(lock.try_read().is_err());
    assert_eq!(
        lock.try_write().unwrap_err().to_string(),
        "operation would block"
    );
    drop(writer);
    assert_eq!(*lock.read().await, 2);
}

#[mainspring::test(start_paused = true)]
async fn those_who_wait_come_in_in_the_order_of_arrival() {
    let (lock, log) = (Rc::new(RwLock::default()), Log::default());
    let held = lock.read().await;
    let tasks = [
        writer(&lock, &log, "writer 1"),
        reader(&lock, &log, "reader 1"),
        reader(&lock, &log, "reader 2"),
        writer(&lock, &log, "writer 2"),
        reader(&lock, &log, "reader 3"),
    ];
    idle().await;
    assert!(log.borrow().is_empty(), "a waiting writer stops readers");
    assert!(lock.try_read().is_err(), "and those who do not wait");
    drop(held);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        *log.borrow(),
        ["writer 1", "reader 1", "reader 2", "writer 2", "reader 3"]
    );
}

#[mainspring::test(start_paused = true)]
async fn a_writer_that_goes_away_lets_the_readers_behind_it_in() {
    let (lock, log) = (Rc::new(RwLock::default()), Log::default());
    let _held = lock.read().await;
    let gone = writer(&lock, &log, "writer");
    let stays = reader(&lock, &log, "reader");
    idle().await;
    gone.abort();
    stays.await.unwrap();
    assert_eq!(*log.borrow(), ["reader"]);
}

#[test]
fn a_writer_that_is_called_and_goes_away_passes_the_lock_on() {
    let lock = RwLock::new(());
    let held = lock.try_write().unwrap();
    let bells = [Bell::new(), Bell::new(), Bell::new()];
    let mut called = lock.write();
    let (mut one, mut two) = (lock.read(), lock.read());
    assert!(bells[0].poll(&mut called).is_pending());
    assert!(bells[1].poll(&mut one).is_pending());
    assert!(bells[2].poll(&mut two).is_pending());

    drop(held);
    assert_eq!(bells.each_ref().map(|bell| bell.rings()), [1, 0, 0]);
    drop(called);
    assert_eq!(bells.each_ref().map(|bell| bell.rings()), [1, 1, 1]);
    assert!(bells[1].poll(&mut one).is_ready());
    assert!(bells[2].poll(&mut two).is_ready());
    assert!(lock.try_write().is_ok());
}

#[test]
fn a_writer_that_runs_within_its_wake_has_the_value_alone() {
    let lock = Arc::new(RwLock::new(1));
    let reader = lock.try_read().unwrap();
    let writes = Arc::new(Mutex::new(None));
    let waker = evil({
        let writes = writes.clone();
        move |occasion| {
            let writer = writes.lock().unwrap().take();
            if let (Some(mut writer), "wake") = (writer, occasion) {
                let poll = Bell::new().poll::<RwLockWriteOwned<i32>>(&mut writer);
                assert!(poll.map(|mut value| *value += 1).is_ready());
            }
        }
    });
    let mut writer = lock.clone().write_owned();
    let poll = Pin::new(&mut writer).poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    *writes.lock().unwrap() = Some(writer);

    drop(reader);
    assert_eq!(*lock.try_read().unwrap(), 2);
}

#[test]
fn a_downgrade_lets_readers_in_and_no_writer_between() {
    let lock = RwLock::new(1);
    let bells = [Bell::new(), Bell::new()];
    let mut writer = lock.try_write().unwrap();
    let (mut reads, mut writes) = (lock.read(), lock.write());
    assert!(bells[0].poll(&mut reads).is_pending());
    assert!(bells[1].poll(&mut writes).is_pending());

    *writer = 2;
    let reader = writer.downgrade();

    let std::task::Poll::Ready(other) = bells[0].poll(&mut reads) else {
        panic!("a reader waits behind a reader");
    };
    assert_eq!((*reader, *other), (2, 2));
    assert!(bells[1].poll(&mut writes).is_pending());
    drop(other);
    assert!(bells[1].poll(&mut writes).is_pending());
    drop(reader);
    assert!(bells[1].poll(&mut writes).is_ready());
}

#[test]
fn tokio_8076_a_lock_for_no_readers_cannot_be_made() {
    let build = |readers| {
        let built = catch_unwind(|| RwLock::with_max_readers(1, readers));
        built.map_err(|panic| *panic.downcast::<&str>().unwrap())
    };
    assert!(build(0).unwrap_err().contains("allow at least one"));
    assert!(build(u32::MAX).unwrap_err().contains("allow fewer"));
    for readers in [1, 2, u32::MAX >> 3] {
        let lock = build(readers).unwrap();
        drop(lock.try_read().unwrap());
        *lock.try_write().unwrap() += 1;
        assert_eq!(*lock.try_read().unwrap(), 2);
    }
}

#[test]
fn no_more_readers_are_inside_than_may_be() {
    static LOCK: RwLock<u32> = RwLock::const_with_max_readers(1, 2);
    let (one, two) = (LOCK.try_read().unwrap(), LOCK.blocking_read());
    let (mut third, bell) = (LOCK.read(), Bell::new());
    assert!(bell.poll(&mut third).is_pending());
    drop(one);
    assert!(bell.poll(&mut third).is_ready());
    drop(two);
    *LOCK.blocking_write() += 1;
    assert_eq!(*LOCK.try_read().unwrap(), 2);
}

#[mainspring::test(start_paused = true)]
async fn a_panic_with_a_guard_in_hand_leaves_the_value_and_unlocks() {
    let lock = Arc::new(RwLock::new(vec![1]));
    let writes = spawn_local({
        let lock = lock.clone();
        async move {
            lock.write().await.push(2);
            let _reads = lock.read().await;
            panic!("on purpose");
        }
    });
    assert!(writes.await.unwrap_err().is_panic());
    let writes = spawn_local({
        let lock = lock.clone();
        async move {
            lock.write_owned().await.push(3);
            panic!("on purpose");
        }
    });
    assert!(writes.await.unwrap_err().is_panic());
    assert_eq!(*lock.try_write().unwrap(), [1, 2, 3]);
}

#[mainspring::test(start_paused = true)]
async fn guards_travel_and_know_their_lock() {
    let lock = Arc::new(RwLock::new(1));
    let mut writer = lock.clone().write_owned().await;
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&writer), &lock));
    let reader = thread::spawn(move || {
        *writer += 1;
        OwnedRwLockWriteGuard::downgrade(writer)
    });
    let reader = reader.join().unwrap();
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&reader), &lock));
    let other = lock.clone().read_owned().await;
    let sum = spawn(async move { *reader + *other }).await.unwrap();
    assert_eq!(sum, 4);
    let third = lock.clone().try_read_owned().unwrap();
    assert!(lock.clone().try_write_owned().is_err());
    drop(third);
    *lock.clone().try_write_owned().unwrap() += 1;

    // Borrowed ones cross threads, too.
    thread::scope(|scope| {
        let reader = lock.try_read().unwrap();
        scope.spawn(move || assert_eq!(*reader, 3));
    });
    let writer = lock.write().await;
    thread::scope(|scope| scope.spawn(move || drop(writer)).join().unwrap());
    assert!(lock.try_write().is_ok());
}

#[test]
fn the_value_can_be_reached_without_locking_by_its_only_owner() {
    for touched in [false, true] {
        let mut lock = RwLock::from(7);
        if touched {
            drop(lock.try_read());
        }
        *lock.get_mut() += 1;
        assert_eq!(lock.into_inner(), 8);
    }
    assert_eq!(RwLock::<u32>::default().into_inner(), 0);
}

#[test]
fn a_forgotten_guard_keeps_the_value_and_says_so() {
    fn complaint(mut lock: RwLock<u8>) -> String {
        let panic = catch_unwind(AssertUnwindSafe(|| *lock.get_mut())).unwrap_err();
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or(panic.downcast_ref::<String>().cloned()).unwrap()
    }
    let lock = RwLock::new(7);
    std::mem::forget(lock.try_read().unwrap());
    assert!(lock.try_write().is_err());
    assert!(complaint(lock).contains("forgotten"));
    let lock = RwLock::new(7);
    std::mem::forget(lock.try_write().unwrap());
    assert!(lock.try_read().is_err());
    assert!(complaint(lock).contains("forgotten"));
}

#[test]
fn it_prints_as_its_value_unless_a_writer_is_inside() {
    let lock = RwLock::new("text");
    assert_eq!(format!("{lock:?}"), r#"RwLock { data: "text" }"#);
    let reader: RwLockReadGuard<'_, _> = lock.try_read().unwrap();
    assert_eq!(format!("{lock:?}"), r#"RwLock { data: "text" }"#);
    assert_eq!(format!("{reader:?} {reader}"), r#""text" text"#);
    drop(reader);
    let writer: RwLockWriteGuard<'_, _> = lock.try_write().unwrap();
    assert_eq!(format!("{lock:?}"), "RwLock { data: <locked> }");
    assert_eq!(format!("{writer:?} {writer}"), r#""text" text"#);
}

#[test]
fn a_value_is_dropped_once_and_may_use_other_locks() {
    let drops = Arc::new(RwLock::new(0));
    let kept = drops.clone();
    let lock = Arc::new(RwLock::new(on_drop(move || {
        *kept.try_write().unwrap() += 1;
    })));
    drop(lock.try_read());
    drop(lock.try_write());
    assert_eq!(*drops.try_read().unwrap(), 0);
    let last = lock.clone().try_read_owned().unwrap();
    drop(lock);
    drop(last);
    assert_eq!(*drops.try_read().unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_waits_says_for_what() {
    let lock = Rc::new(RwLock::default());
    let log = Log::default();
    let _held = lock.write().await;
    let _waits = (reader(&lock, &log, "r"), writer(&lock, &log, "w"));
    idle().await;
    let infos = all_tasks();
    let notes: Vec<_> = infos.iter().filter_map(|info| info.waiting_on).collect();
    assert!(notes.contains(&"RwLock::read") && notes.contains(&"RwLock::write"));
}

#[mainspring::test]
async fn tasks_and_threads_read_together_and_write_alone() {
    const WRITER: usize = 1_000;
    let lock = Arc::new(RwLock::new(0_u32));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (lock, inside) = (lock.clone(), inside.clone());
            thread::spawn(move || {
                for round in 0..1_000 {
                    // Some ask and go away, called or not.
                    let mut given_up = lock.write();
                    let _ = Bell::new().poll(&mut given_up);
                    drop(given_up);

                    if round % 4 == 0 {
                        let mut value = lock.blocking_write();
                        assert_eq!(inside.fetch_add(WRITER, Ordering::SeqCst), 0);
                        *value += 1;
                        inside.fetch_sub(WRITER, Ordering::SeqCst);
                    } else {
                        let _value = lock.blocking_read();
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < WRITER);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                }
            })
        })
        .collect();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (lock, inside) = (lock.clone(), inside.clone());
            spawn(async move {
                for _ in 0..250 {
                    let mut value = lock.clone().write_owned().await;
                    assert_eq!(inside.fetch_add(WRITER, Ordering::SeqCst), 0);
                    *value += 1;
                    inside.fetch_sub(WRITER, Ordering::SeqCst);
                    let reader = value.downgrade();
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < WRITER);
                    yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                    drop(reader);
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
    assert_eq!(*lock.read().await, 1_500);
}
