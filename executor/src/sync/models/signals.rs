//! `Notify`, a barrier, and channels with many receivers between threads.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::shim::thread;
use crate::sync::barrier::Barrier;
use crate::sync::broadcast;
use crate::sync::broadcast::error::{RecvError, TryRecvError};
use crate::sync::models::is_woken_and_ready;
use crate::sync::notified::OwnedNotified;
use crate::sync::notify::Notify;
use crate::sync::watch;

type Waiting = Pin<Box<OwnedNotified>>;

fn in_line(notify: &Arc<Notify>) -> Waiting {
    let mut waiting = Box::pin(notify.clone().notified_owned());
    assert!(!waiting.as_mut().enable());
    waiting
}

/// A call for one, the first in line goes away, and the second looks, all at once.
fn m16_one(go_away: fn(Waiting)) {
    loom::model(move || {
        let notify = Arc::new(Notify::new());
        let first = in_line(&notify);
        let mut second = in_line(&notify);
        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn({
                let notify = notify.clone();
                move || notify.notify_one()
            }),
        ];
        let called = is_woken_and_ready(|cx| second.as_mut().poll(cx), others);
        drop(second);
        assert!(called.is_some(), "the call was lost");
        let mut next = Box::pin(notify.notified_owned());
        let is_kept = next.as_mut().enable();
        drop(next);
        assert!(!is_kept, "the call was doubled");
    });
}

#[test]
fn m16_a_call_reaches_the_waiter_that_stays() {
    m16_one(drop);
}

#[test]
#[should_panic(expected = "the call was lost")]
fn m16_twin_a_waiter_that_keeps_its_call_is_found() {
    m16_one(std::mem::forget);
}

/// A call is made while somebody comes to wait for it, who was announced before or was not.
fn m16_comes(call: fn(&Notify), is_announced: bool) {
    loom::model(move || {
        let notify = Arc::new(Notify::new());
        let announced = is_announced.then(|| Box::pin(notify.clone().notified_owned()));
        let others = vec![thread::spawn({
            let notify = notify.clone();
            move || call(&notify)
        })];
        let mut waiting = announced.unwrap_or_else(|| Box::pin(notify.clone().notified_owned()));
        let called = is_woken_and_ready(|cx| waiting.as_mut().poll(cx), others);
        drop(waiting);
        assert!(called.is_some(), "the call was lost");
    });
}

#[test]
fn m16_a_call_for_one_reaches_who_comes_meanwhile() {
    m16_comes(Notify::notify_one, false);
}

#[test]
fn m16_a_call_for_all_reaches_who_was_announced_before() {
    m16_comes(Notify::notify_waiters, true);
}

#[test]
#[should_panic(expected = "the call was lost")]
fn m16_twin_a_call_for_all_misses_who_was_not_announced() {
    m16_comes(Notify::notify_waiters, false);
}

/// Two calls for one, and a third thread that calls all, around a waiter that was in line: it is
/// called, and at most one call is kept.
#[test]
fn m16_calls_for_one_and_for_all_at_once() {
    loom::model(|| {
        let notify = Arc::new(Notify::new());
        let mut waiting = in_line(&notify);
        let calls: [fn(&Notify); 2] = [Notify::notify_one, Notify::notify_waiters];
        let others = calls
            .map(|call| {
                let notify = notify.clone();
                thread::spawn(move || call(&notify))
            })
            .into();
        let called = is_woken_and_ready(|cx| waiting.as_mut().poll(cx), others);
        drop(waiting);
        assert!(called.is_some());
        let mut takes = Box::pin(notify.clone().notified_owned());
        let _ = takes.as_mut().enable();
        let mut finds_nothing = Box::pin(notify.clone().notified_owned());
        assert!(!finds_nothing.as_mut().enable());
    });
}

/// Two threads arrive at a barrier, and one that waited there goes away.
#[test]
fn m16_a_barrier_opens_for_the_two_that_stay_and_not_for_the_one_that_goes() {
    loom::model(|| {
        let barrier = Arc::new(Barrier::new(2));
        let other = barrier.clone();
        let others = vec![thread::spawn(move || {
            let mut cx = Context::from_waker(Waker::noop());
            let mut gone = other.arrive();
            let passed = Pin::new(&mut gone).poll(&mut cx).is_ready();
            drop(gone);
            if !passed {
                // As one who does not go away: it leaves when the round is complete.
                let mut stays = other.arrive();
                if Pin::new(&mut stays).poll(&mut cx).is_pending() {
                    std::mem::forget(stays);
                }
            }
        })];
        let mut arrives = barrier.arrive();
        let passed = is_woken_and_ready(|cx| Pin::new(&mut arrives).poll(cx), others);
        drop(arrives);
        assert!(matches!(passed, Some(Ok(_))), "both had arrived");
    });
}

/// A value changes while a receiver comes to wait for it.
fn m18_watch(change: fn(&watch::Sender<u32>)) {
    loom::model(move || {
        let (sender, mut receiver) = watch::channel(0);
        let others = vec![thread::spawn(move || {
            change(&sender);
            // The end of the channel would wake it, too.
            std::mem::forget(sender);
        })];
        let mut changed = receiver.changed();
        let answer = is_woken_and_ready(|cx| Pin::new(&mut changed).poll(cx), others);
        drop(changed);
        let value = *receiver.borrow();
        assert!(matches!(answer, Some(Ok(()))), "the change was missed");
        assert_eq!(value, 1);
    });
}

#[test]
fn m18_a_change_reaches_who_comes_meanwhile() {
    m18_watch(|sender| sender.send(1).unwrap());
}

#[test]
#[should_panic(expected = "the change was missed")]
fn m18_twin_a_change_that_is_not_told_is_found() {
    m18_watch(|sender| {
        sender.send_if_modified(|value| {
            *value = 1;
            false
        });
    });
}

#[test]
fn m18_the_end_of_a_watch_channel_reaches_who_comes_meanwhile() {
    loom::model(|| {
        let (sender, mut receiver) = watch::channel(0);
        let others = vec![thread::spawn(move || drop(sender))];
        let mut changed = receiver.changed();
        let answer = is_woken_and_ready(|cx| Pin::new(&mut changed).poll(cx), others);
        drop(changed);
        assert!(matches!(answer, Some(Err(_))));
    });
}

/// Two values into a channel that keeps one, while one receives and another begins to listen.
fn m18_broadcast(end: fn(broadcast::Sender<u32>)) {
    loom::model(move || {
        let (sender, mut receiver) = broadcast::channel(1);
        let late = sender.clone();
        let others = vec![
            thread::spawn(move || {
                sender.send(1).unwrap();
                sender.send(2).unwrap();
                end(sender);
            }),
            thread::spawn(move || {
                let mut listens = late.subscribe();
                drop(late);
                // What it gets is the end of what was sent.
                match listens.try_recv() {
                    Ok(1) => assert!(matches!(
                        listens.try_recv(),
                        Ok(2) | Err(TryRecvError::Empty | TryRecvError::Closed)
                    )),
                    Ok(2) => assert!(listens.try_recv().is_err()),
                    Err(TryRecvError::Lagged(1)) => assert_eq!(listens.try_recv(), Ok(2)),
                    answer => assert!(matches!(
                        answer,
                        Err(TryRecvError::Empty | TryRecvError::Closed)
                    )),
                }
            }),
        ];
        // It comes to wait while they are at it, and takes the rest when they are done.
        let mut wait = receiver.recv();
        let first = is_woken_and_ready(|cx| Pin::new(&mut wait).poll(cx), others);
        drop(wait);
        match first {
            Some(Ok(1)) => assert_eq!(receiver.try_recv(), Ok(2)),
            Some(Err(RecvError::Lagged(1))) => assert_eq!(receiver.try_recv(), Ok(2)),
            answer => panic!("{answer:?}"),
        }
        let mut wait = receiver.recv();
        let end = is_woken_and_ready(|cx| Pin::new(&mut wait).poll(cx), vec![]);
        drop(wait);
        drop(receiver);
        assert_eq!(end, Some(Err(RecvError::Closed)), "the end was lost");
    });
}

#[test]
fn m18_values_and_the_end_reach_who_receives_meanwhile() {
    m18_broadcast(drop);
}

#[test]
#[should_panic(expected = "the end was lost")]
fn m18_twin_a_sender_that_goes_without_a_word_is_found() {
    m18_broadcast(std::mem::forget);
}

/// Two receivers on two threads want the same value: one clones it, one takes it.
#[test]
fn m18_a_value_is_opened_by_two_at_once() {
    loom::model(|| {
        let (sender, mut one) = broadcast::channel(1);
        let mut two = sender.subscribe();
        assert!(sender.send(7).is_ok());
        let other = thread::spawn(move || assert_eq!(two.try_recv(), Ok(7)));
        assert_eq!(one.try_recv(), Ok(7));
        other.join().unwrap();
        let is_empty = sender.is_empty();
        assert!(is_empty);
    });
}
