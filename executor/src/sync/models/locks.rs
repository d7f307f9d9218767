//! Locks and a condition between threads, in every interleaving, each with a twin that must fail.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::shim::thread;
use crate::sync::condition::{Condition, ConditionWait};
use crate::sync::models::is_woken_and_ready;
use crate::sync::mutex::{Mutex, MutexLockOwned};
use crate::sync::rwlock::{OwnedRwLockReadGuard, RwLock, RwLockWriteOwned};

/// Polls once, in vain, with a waker that does nothing.
fn parks<F: Future + Unpin>(future: &mut F) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Pin::new(future).poll(&mut cx).is_pending());
}

/// An unlock, the first in line goes away, and the second looks, all at once.
fn m15_mutex(go_away: fn(MutexLockOwned<u32>)) {
    loom::model(move || {
        let mutex = Arc::new(Mutex::new(7));
        let held = mutex.clone().try_lock_owned().unwrap();
        let mut first = mutex.clone().lock_owned();
        let mut second = mutex.clone().lock_owned();
        parks(&mut first);
        parks(&mut second);

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn(move || drop(held)),
        ];
        let guard = is_woken_and_ready(|cx| Pin::new(&mut second).poll(cx), others);
        // Dropped before the verdict: a panic that drops it would panic in loom once more.
        drop(second);
        let value = guard.map(|guard| *guard);
        assert_eq!(value, Some(7), "the lock was lost");
        assert!(!mutex.locked());
    });
}

#[test]
fn m15_an_unlocked_mutex_reaches_the_waiter_that_stays() {
    m15_mutex(drop);
}

#[test]
#[should_panic(expected = "the lock was lost")]
fn m15_twin_a_waiter_that_keeps_the_lock_it_was_called_for_is_found() {
    m15_mutex(std::mem::forget);
}

/// Two that come to a mutex at the same time, each from its first poll on.
#[test]
fn m15_one_at_a_time_has_the_mutex() {
    loom::model(|| {
        let mutex = Arc::new(Mutex::new(0));
        let others = vec![thread::spawn({
            let mutex = mutex.clone();
            move || {
                if let Ok(mut value) = mutex.try_lock() {
                    *value += 1;
                }
            }
        })];
        let mut lock = mutex.lock();
        let guard = is_woken_and_ready(|cx| Pin::new(&mut lock).poll(cx), others);
        drop(lock);
        let value = guard.map(|mut guard| {
            *guard += 10;
            *guard
        });
        assert!(matches!(value, Some(10 | 11)), "the lock was lost");
    });
}

/// The only reader leaves, the first writer goes away, and the second looks, all at once.
fn m15_rwlock(go_away: fn(RwLockWriteOwned<u32>), leave: fn(OwnedRwLockReadGuard<u32>)) {
    loom::model(move || {
        let lock = Arc::new(RwLock::with_max_readers(7, 2));
        let reader = lock.clone().try_read_owned().unwrap();
        let mut first = lock.clone().write_owned();
        let mut second = lock.clone().write_owned();
        parks(&mut first);
        parks(&mut second);

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn(move || leave(reader)),
        ];
        // A writer writes at once: it must be alone with the value by then.
        let write = |cx: &mut Context<'_>| {
            let poll = Pin::new(&mut second).poll(cx);
            poll.map(|mut value| {
                *value += 1;
                *value
            })
        };
        let value = is_woken_and_ready(write, others);
        drop(second);
        assert_eq!(value, Some(8), "the lock was lost");
    });
}

#[test]
fn m15_an_unlocked_rwlock_reaches_the_writer_that_stays() {
    m15_rwlock(drop, drop);
}

#[test]
#[should_panic(expected = "the lock was lost")]
fn m15_twin_a_writer_that_keeps_its_permits_is_found() {
    m15_rwlock(std::mem::forget, drop);
}

#[test]
#[should_panic(expected = "R1: a writer has the only one")]
fn m15_twin_a_reader_that_gives_its_permit_back_before_the_value_is_found() {
    m15_rwlock(drop, |reader| {
        let lock = OwnedRwLockReadGuard::rwlock(&reader).clone();
        lock.give_back(1, None);
        // A place where the others may come between: dropping an `Arc` is none for loom.
        let _ = lock.try_write();
        drop(reader);
    });
}

/// A condition that threads of a model may borrow, and one who waits for it.
fn condition() -> &'static Condition {
    Box::leak(Box::new(Condition::new(())))
}

fn parked(condition: &Condition) -> ConditionWait<'_, ()> {
    let mut wait = condition.blocking_lock().wait();
    parks(&mut wait);
    wait
}

/// A notification, the first in line goes away, and the second looks, all at once.
fn m16_condition(go_away: fn(ConditionWait<'static, ()>)) {
    loom::model(move || {
        let condition = condition();
        let (first, mut second) = (parked(condition), parked(condition));

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn(move || condition.blocking_lock().notify(1)),
        ];
        let guard = is_woken_and_ready(|cx| Pin::new(&mut second).poll(cx), others);
        drop(second);
        assert!(guard.is_some(), "the notification was lost");
    });
}

#[test]
fn m16_a_notification_reaches_the_waiter_that_stays() {
    m16_condition(drop);
}

#[test]
#[should_panic(expected = "the notification was lost")]
fn m16_twin_a_waiter_that_keeps_its_notification_is_found() {
    m16_condition(std::mem::forget);
}

/// The first was notified and waits for the lock: an unlock, it goes away, and the second looks,
/// all at once.
fn m16_relock(go_away: fn(ConditionWait<'static, ()>)) {
    loom::model(move || {
        let condition = condition();
        let (mut first, mut second) = (parked(condition), parked(condition));
        let held = condition.blocking_lock();
        held.notify(1);
        parks(&mut first);

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn(move || drop(held)),
        ];
        let guard = is_woken_and_ready(|cx| Pin::new(&mut second).poll(cx), others);
        drop(second);
        assert!(guard.is_some(), "the notification was lost");
    });
}

#[test]
fn m16_a_notification_is_passed_on_until_the_lock_is_taken() {
    m16_relock(drop);
}

#[test]
#[should_panic(expected = "the notification was lost")]
fn m16_twin_a_notification_that_is_used_up_before_the_lock_is_taken_is_found() {
    m16_relock(std::mem::forget);
}
