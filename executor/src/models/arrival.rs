//! Tasks that come from other threads while the loop runs, parks and ends: m22.

use std::future::poll_fn;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::engine::ready::{Letter, Remote};
use crate::engine::waker::TaskWaker;
use crate::models::harness::{Arrivals, Held, Loop, RIGHT, Steps, check};
use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::thread;
use crate::task::JoinHandle;
use crate::task::cell::JoinCell;
use crate::task::spawn::TaskBody;

/// What two threads do in the loop: one spawns and ends the main future, the other only spawns.
#[derive(Clone)]
struct Guest {
    remote: Arc<Remote>,
    arrivals: Arrivals,
    /// How many of the futures are dropped.
    dropped: Arc<AtomicUsize>,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Guest {
    /// `Handle::spawn`, from a thread that is not the loop's.
    fn spawn(&self) -> Held<JoinHandle<u32>> {
        let held = Counted(self.dropped.clone());
        let waker = TaskWaker::new(Location::caller(), self.remote.clone());
        let cell = JoinCell::new(Arc::new(waker));
        let future = poll_fn(move |_| {
            let _ = &held;
            Poll::Ready(5)
        });
        let body = TaskBody::with_cell(future, cell.clone());
        let arrivals = self.arrivals.clone();
        let letter = Letter::Call(Box::new(move || arrivals.lock().unwrap().push(body)));
        drop(self.remote.send(letter));
        Held::new(JoinHandle::new(cell))
    }
}

/// Whenever they come, before the loop parks, meanwhile, or when it has ended: each is answered,
/// with its value or with "cancelled", each future is dropped once, and no letter is kept.
fn spawns_against_close(steps: Steps) {
    let the_loop = Loop::new(steps);
    let guest = Guest {
        remote: the_loop.remote.clone(),
        arrivals: the_loop.arrivals.clone(),
        dropped: Arc::default(),
    };
    let is_over = Arc::new(AtomicUsize::new(0));
    let mut begin = Some((guest.clone(), is_over.clone()));
    let first = Arc::new(std::sync::Mutex::new(None));
    let thread = first.clone();
    let main = the_loop.spawn(poll_fn(move |cx| {
        if let Some((guest, is_over)) = begin.take() {
            let waker: Waker = cx.waker().clone();
            *thread.lock().unwrap() = Some(thread::spawn(move || {
                let task = guest.spawn();
                is_over.store(1, Ordering::Relaxed);
                waker.wake();
                task
            }));
        }
        match is_over.load(Ordering::Relaxed) {
            1 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    let dropped = guest.dropped.clone();
    let second = thread::spawn(move || guest.spawn());
    the_loop.run_until(|| main.is_finished());
    the_loop.close();
    let first = first.lock().unwrap().take().expect("it was begun");
    for task in [first, second] {
        let outcome = task.join().unwrap().let_go().try_result();
        let outcome = outcome.expect("every handle is answered");
        assert!(outcome.map_or_else(|error| error.is_cancelled(), |value| value == 5));
    }
    assert_eq!(dropped.load(Ordering::Relaxed), 2);
    assert!(the_loop.remote.is_quiet());
    drop(main);
}

#[test]
fn m22_tasks_of_two_threads_against_a_park_and_the_end_of_the_loop() {
    check("m22", Some(3), || spawns_against_close(RIGHT));
}

#[test]
#[should_panic(expected = "every handle is answered")]
fn m22_twin_the_door_stays_open() {
    let wrong = Steps {
        close: Remote::close_without_shutting,
        ..RIGHT
    };
    check("m22, twin", Some(3), move || spawns_against_close(wrong));
}
