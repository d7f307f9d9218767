//! What waits in lines, between threads, in every interleaving, by loom: here a semaphore, a queue
//! and an event; in `locks` what guards a value, in `signals` what wakes one or all.
//!
//! Each model has a twin with a mistake built in, and the twin must fail: a model that cannot find
//! the mistake proves nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_core::Stream;

use crate::shim::thread;
use crate::sync::acquire::AcquireOwned;
use crate::sync::event::Event;
use crate::sync::queue::{Items, Queue};
use crate::sync::semaphore::Semaphore;

mod locks;
mod signals;

/// A waker that remembers its call. What is modelled are the locks, so std's flag will do.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls beside what other threads do, then again after `others` have ended: ready by then, and
/// not without having been woken.
pub(crate) fn is_woken_and_ready<R>(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    others: Vec<thread::JoinHandle<()>>,
) -> Option<R> {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut cx = Context::from_waker(&waker);
    let mut answer = poll(&mut cx);
    for other in others {
        other.join().unwrap();
    }
    if answer.is_pending() && bell.0.load(Ordering::Relaxed) {
        answer = poll(&mut cx);
    }
    match answer {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// A release, the first in line goes away, and the second looks, all at once.
fn m15(go_away: fn(AcquireOwned)) {
    loom::model(move || {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut first = semaphore.clone().acquire_owned();
        let mut second = semaphore.clone().acquire_owned();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut first).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut second).poll(&mut cx).is_pending());

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn({
                let semaphore = semaphore.clone();
                move || semaphore.add_permits(1)
            }),
        ];
        let permit = is_woken_and_ready(|cx| Pin::new(&mut second).poll(cx), others);
        // Dropped before the verdict: a panic that drops it would panic in loom once more.
        drop(second);
        let in_hand = permit.map_or(0, |permit| {
            let permit = permit.unwrap();
            let count = permit.num_permits();
            permit.forget();
            count
        });
        assert_eq!(in_hand, 1, "the permit was lost");
        assert_eq!(semaphore.available_permits(), 0);
    });
}

#[test]
fn m15_a_released_permit_reaches_the_waiter_that_stays() {
    m15(drop);
}

#[test]
#[should_panic(expected = "the permit was lost")]
fn m15_twin_a_waiter_that_keeps_what_it_was_called_for_is_found() {
    m15(std::mem::forget);
}

/// A permit comes back to the word while somebody goes to stand in line, and another one takes it
/// and gives it back.
fn m15_word(add: fn(&Semaphore)) {
    loom::model(move || {
        let semaphore = Arc::new(Semaphore::new(0));
        let mut waiter = semaphore.clone().acquire_owned();
        let others = vec![
            thread::spawn({
                let semaphore = semaphore.clone();
                move || add(&semaphore)
            }),
            thread::spawn({
                let semaphore = semaphore.clone();
                move || drop(semaphore.try_acquire())
            }),
        ];
        let permit = is_woken_and_ready(|cx| Pin::new(&mut waiter).poll(cx), others);
        drop(waiter);
        let is_there = permit.is_some();
        permit
            .into_iter()
            .for_each(|permit| permit.unwrap().forget());
        assert!(is_there, "the permit was lost");
        assert_eq!(semaphore.available_permits(), 0);
    });
}

#[test]
fn m15_a_permit_comes_back_while_somebody_goes_to_the_line() {
    m15_word(|semaphore| semaphore.add_permits(1));
}

#[test]
#[should_panic(expected = "the permit was lost")]
fn m15_twin_a_permit_that_is_put_where_nobody_looks() {
    m15_word(|semaphore| semaphore.free.add_in_two_steps());
}

/// A put, the first getter goes away, and the second looks, all at once.
fn m15_queue(go_away: fn(Items<u32>)) {
    loom::model(move || {
        let queue: Queue<u32> = Queue::bounded(1);
        let mut first = queue.stream();
        let mut second = queue.stream();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut first).poll_next(&mut cx).is_pending());
        assert!(Pin::new(&mut second).poll_next(&mut cx).is_pending());

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn({
                let queue = queue.clone();
                move || queue.put_nowait(7).unwrap()
            }),
        ];
        let item = is_woken_and_ready(|cx| Pin::new(&mut second).poll_next(cx), others);
        drop(second);
        assert_eq!(item, Some(Some(7)), "the item was lost");
    });
}

#[test]
fn m15_an_item_reaches_the_getter_that_stays() {
    m15_queue(drop);
}

#[test]
#[should_panic(expected = "the item was lost")]
fn m15_twin_a_getter_that_keeps_its_right_is_found() {
    m15_queue(std::mem::forget);
}

/// A flag is set while somebody comes to wait for it.
fn m16(set: fn(Event)) {
    loom::model(move || {
        let event = Event::new();
        let mut wait = event.wait();
        let others = vec![thread::spawn({
            let event = event.clone();
            move || set(event)
        })];
        let passed = is_woken_and_ready(|cx| Pin::new(&mut wait).poll(cx), others);
        drop(wait);
        assert!(passed.is_some(), "the wake-up was lost");
    });
}

#[test]
fn m16_a_flag_that_is_set_reaches_who_comes_meanwhile() {
    m16(|event| event.set());
}

#[test]
#[should_panic(expected = "the wake-up was lost")]
fn m16_twin_a_flag_that_is_cleared_at_once_is_missed_by_who_comes_meanwhile() {
    m16(|event| {
        event.set();
        event.clear();
    });
}
