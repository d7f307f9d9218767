//! `create_future`: a result set by hand, once, from any thread.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll};
use std::thread;

use mainspring::future::{Resolver, create_future};
use mainspring::task::{JoinHandle, idle, yield_now};
use mainspring::time::{Duration, timeout};
use mainspring_tests::by_hand::{Bell, evil};

#[mainspring::test(start_paused = true)]
async fn fut_states() {
    let (resolver, handle) = create_future::<u8>();
    assert!(!handle.is_finished() && !handle.cancelled() && !handle.cancelling());
    assert!(!resolver.is_cancelled());
    assert!(handle.cancel_with("too late"));
    assert!(handle.is_finished() && handle.cancelled() && resolver.is_cancelled());
    assert!(!handle.cancel());
    assert_eq!(resolver.set_result(1), Err(1));
    assert!(handle.cancelled());
    let error = handle.await.unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(error.message(), Some("too late"));
}

#[mainspring::test(start_paused = true)]
async fn fut_set_result() {
    let (resolver, mut handle) = create_future();
    resolver.set_result(42).unwrap();
    assert!(handle.is_finished() && !handle.cancelled());
    assert!(!handle.cancel());
    assert_eq!(handle.peek(|outcome| *outcome.as_ref().unwrap()), Some(42));
    assert_eq!((&mut handle).await.unwrap(), 42);
    assert!(handle.is_finished() && !handle.cancelled());
}

#[mainspring::test(start_paused = true)]
async fn fut_set_error() {
    let (resolver, handle) = create_future::<Result<(), &str>>();
    resolver.set_result(Err("no")).unwrap();
    assert_eq!(handle.await.unwrap(), Err("no"));
}

#[mainspring::test(start_paused = true)]
async fn fut_read_too_early() {
    let (resolver, handle) = create_future();
    let handle = handle.try_result().unwrap_err();
    assert_eq!(handle.peek(|_| ()), None);
    resolver.set_result(1).unwrap();
    assert_eq!(handle.try_result().unwrap().unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn fut_reader_cancelled_is_visible() {
    let (mut resolver, handle) = create_future::<u8>();
    let worker = mainspring::spawn(async move {
        resolver.cancelled().await;
        resolver.set_result(1)
    });
    idle().await;
    assert!(!worker.is_finished());
    handle.abort();
    assert_eq!(worker.await.unwrap(), Err(1));
}

#[mainspring::test(start_paused = true)]
async fn a_handle_that_is_dropped_is_visible_too() {
    let (mut resolver, handle) = create_future::<u8>();
    let mut waits = resolver.cancelled();
    let bell = Bell::new();
    assert!(bell.poll(&mut waits).is_pending());
    drop(handle);
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut waits).is_ready());
    assert!(resolver.is_cancelled());
    assert_eq!(resolver.set_result(1), Err(1));
}

#[mainspring::test(start_paused = true)]
async fn a_callback_keeps_the_result_wanted_when_the_handle_is_dropped() {
    let (mut resolver, handle) = create_future::<u8>();
    let mut waits = resolver.cancelled();
    let bell = Bell::new();
    let seen = std::rc::Rc::new(std::cell::Cell::new(0));
    let see = seen.clone();
    handle.add_done_callback(move |outcome| see.set(*outcome.as_ref().unwrap()));
    assert!(bell.poll(&mut waits).is_pending());
    drop(handle);
    assert!(bell.poll(&mut waits).is_pending());
    resolver.set_result(7).unwrap();
    idle().await;
    assert_eq!(seen.get(), 7);
}

#[mainspring::test(start_paused = true)]
async fn a_resolver_that_is_dropped_unset_does_not_leave_the_reader_waiting() {
    let (resolver, handle) = create_future::<u8>();
    let reader = mainspring::spawn(handle);
    idle().await;
    drop(resolver);
    let error = reader.await.unwrap().unwrap_err();
    assert!(error.is_abandoned() && !error.is_cancelled());
}

#[test]
fn fut_outside_runtime() {
    let (resolver, handle) = create_future();
    let answer = thread::spawn(move || resolver.set_result("from a thread"));
    assert_eq!(mainspring::run(handle).unwrap(), "from a thread");
    answer.join().unwrap().unwrap();
}

#[mainspring::test(start_paused = true)]
async fn awaiting_twice_takes_nothing_the_first_time_if_it_is_dropped() {
    let (resolver, mut handle) = create_future();
    assert!(timeout(Duration::from_secs(1), &mut handle).await.is_err());
    resolver.set_result(3).unwrap();
    assert_eq!(handle.await.unwrap(), 3);
}

#[test]
fn a_waker_that_is_replaced_between_polls_is_not_woken() {
    for ends in [false, true] {
        let (first, second) = (Bell::new(), Bell::new());
        let (resolver, mut handle) = create_future();
        assert!(first.poll(&mut handle).is_pending());
        assert!(second.poll(&mut handle).is_pending());
        match ends {
            true => resolver.set_result(7).unwrap(),
            false => handle.abort(),
        }
        assert_eq!((first.rings(), second.rings()), (0, 1));
        assert_eq!(Arc::strong_count(&first), 1);
        assert!(second.poll(&mut handle).is_ready());
        assert_eq!(Arc::strong_count(&second), 1);
    }
}

#[test]
fn a_waker_that_uses_the_same_handle_finds_no_lock_held() {
    for ends in [false, true] {
        let (resolver, handle) = create_future::<u8>();
        let handle = Arc::new(handle);
        let own = Arc::downgrade(&handle);
        let waker = evil(move |_| {
            if let Some(handle) = own.upgrade() {
                let _ = (
                    handle.peek(|_| ()),
                    handle.cancelled(),
                    handle.is_finished(),
                );
                handle.set_name("touched");
            }
        });
        let mut reader = Arc::into_inner(handle).unwrap();
        for _ in 0..2 {
            let polled = Pin::new(&mut reader);
            let polled = polled.poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        match ends {
            true => resolver.set_result(1).unwrap(),
            false => reader.abort(),
        }
        assert!(Bell::new().poll(&mut reader).is_ready());
    }
}

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Setting, giving up, aborting and dropping on two threads: whatever comes first, the reader has
/// an answer, the setter knows, and the value is dropped once.
#[test]
fn two_threads_agree_on_what_came_first() {
    for round in 0..3_000 {
        let drops = Arc::new(AtomicUsize::new(0));
        let (resolver, handle) = create_future::<Counted>();
        let start = Arc::new(Barrier::new(2));
        let setter = thread::spawn({
            let (drops, start) = (drops.clone(), start.clone());
            move || {
                start.wait();
                match round % 3 {
                    0 => drop(resolver),
                    _ => drop(resolver.set_result(Counted(drops))),
                }
            }
        });
        start.wait();
        let outcome = match round % 4 {
            0 => mainspring::run(handle).map(drop),
            1 => {
                handle.abort();
                mainspring::run(handle).map(drop)
            }
            2 => {
                drop(handle);
                Ok(())
            }
            _ => mainspring::run(async move {
                let reader = mainspring::spawn(handle);
                yield_now().await;
                reader.abort();
                match reader.await {
                    Ok(outcome) => outcome.map(drop),
                    Err(_) => Ok(()),
                }
            }),
        };
        setter.join().unwrap();
        let expected = usize::from(round % 3 != 0);
        assert_eq!(drops.load(Ordering::Relaxed), expected, "round {round}");
        if let Err(error) = outcome {
            assert!(error.is_cancelled() || error.is_abandoned());
        }
    }
}

fn _is_send<T: Send + Sync>(_: T) {}

fn _both_ends_are_send_when_the_value_is(resolver: Resolver<u8>, handle: JoinHandle<u8>) {
    _is_send(resolver);
    _is_send(handle);
}

#[test]
fn a_result_that_was_set_is_there_at_the_first_poll() {
    let (resolver, mut handle) = create_future();
    resolver.set_result(1).unwrap();
    let polled = Bell::new().poll(&mut handle);
    assert!(matches!(polled, Poll::Ready(Ok(1))));
}

#[test]
fn a_reader_whose_waker_panics_does_not_keep_an_abort_from_the_worker() {
    let (mut resolver, mut handle) = create_future::<u8>();
    let bomb = evil(|act| assert_ne!(act, "wake", "a foreign waker panics"));
    let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&bomb));
    assert!(polled.is_pending());

    let worker = Bell::new();
    let mut cancelled = resolver.cancelled();
    assert!(worker.poll(&mut cancelled).is_pending());
    assert!(handle.cancel());
    assert_eq!(worker.rings(), 1);
    assert!(worker.poll(&mut cancelled).is_ready());
}

#[mainspring::test]
async fn fut_show_state() {
    let shown = |handle: &JoinHandle<u8>| format!("{handle:?}");
    let (resolver, pending) = create_future::<u8>();
    for callbacks in 0..10 {
        let text = shown(&pending);
        let state = format!("finished: false, cancelled: false, callbacks: {callbacks},");
        assert!(text.contains(&state), "{text}");
        pending.add_done_callback(|_| ());
    }
    resolver.set_result(5).unwrap();
    assert!(shown(&pending).contains("finished: true, cancelled: false"));
    let (_resolver, cancelled) = create_future::<u8>();
    cancelled.cancel();
    assert!(shown(&cancelled).contains("finished: true, cancelled: true"));
}

#[mainspring::test]
async fn fut_wrap_thread_future() {
    let here = std::thread::current().id();
    let made = mainspring::task::spawn_blocking(|| (5, std::thread::current().id()));
    let (value, there) = made.await.unwrap();
    assert_eq!(value, 5);
    assert_ne!(there, here);
}

/// What a job makes for a handle that was cancelled is dropped where it was made.
#[mainspring::test]
async fn fut_cancel_too_late_for_pool() {
    let (runs, running) = std::sync::mpsc::channel();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let (drops, dropped) = std::sync::mpsc::channel();
    let job = mainspring::task::spawn_blocking(move || {
        runs.send(()).unwrap();
        may_go_on.recv().unwrap();
        mainspring_tests::on_drop::on_drop(move || drops.send(std::thread::current().id()).unwrap())
    });
    running.recv().unwrap();
    assert!(job.cancel(), "its answer is not there");
    go_on.send(()).unwrap();
    assert!(job.await.err().unwrap().is_cancelled());
    assert_ne!(dropped.recv().unwrap(), std::thread::current().id());
    // One that has ended keeps its answer.
    let job = mainspring::task::spawn_blocking(|| 6);
    while !job.is_finished() {
        mainspring::task::yield_now().await;
    }
    assert!(!job.cancel());
    assert_eq!(job.await.unwrap(), 6);
}
