//! Answers, and handles that two threads hold: m07, m08, m13 and m19.

use std::future::poll_fn;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::ready::Remote;
use crate::engine::waker::{AbortRequest, TaskWaker};
use crate::models::harness::{Held, Loop, RIGHT, check};
use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::thread;
use crate::task::cell::JoinCell;
use crate::task::{AbortHandle, Outcome};

/// Counts how often it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn job_cell<T>() -> Held<Arc<JoinCell<T>>> {
    Held::new(JoinCell::new(Arc::new(TaskWaker::elsewhere(
        Location::caller(),
        None,
    ))))
}

fn abort(waker: &Arc<TaskWaker>) -> bool {
    let by = Location::caller();
    waker.abort(AbortRequest { by, message: None })
}

type PollTake = fn(&JoinCell<usize>, &mut Context<'_>) -> Poll<Outcome<usize>>;

/// A task awaits what another thread answers.
fn answer_against_await(poll_take: PollTake) {
    let the_loop = Loop::new(RIGHT);
    let cell = job_cell();
    let answering = Arc::clone(&cell);
    let reader = the_loop.spawn(poll_fn(move |cx| poll_take(&cell, cx)));
    thread::spawn(move || answering.finish_or_drop(Ok(5)));
    the_loop.run();
    assert_eq!(reader.let_go().try_result().unwrap().unwrap().unwrap(), 5);
}

#[test]
fn m07_an_answer_against_its_reader() {
    check("m07", None, || answer_against_await(JoinCell::poll_take));
}

#[test]
fn m07_an_answer_against_who_asks_to_be_called() {
    check("m07, called", None, || {
        answer_against_await(|cell, cx| match cell.take_now() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                cell.call_at_end(cx.waker().clone());
                Poll::Pending
            }
        });
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn m07_twin_the_reader_looks_and_registers_in_two_steps() {
    check("m07, twin", None, || {
        answer_against_await(JoinCell::poll_take_in_two_steps)
    });
}

/// Two steps of a worker's, in some order.
type Deliver = fn(&JoinCell<usize>, &Remote);

/// The paused clock may jump when nothing is out and no letter waits: never between the two.
fn answer_against_jump(deliver: Deliver) {
    let the_loop = Loop::new(RIGHT);
    let cell = job_cell();
    let reader = the_loop.spawn({
        let cell = Arc::clone(&cell);
        poll_fn(move |cx| cell.poll_take(cx))
    });
    the_loop.remote.job_leaves();
    the_loop.turn();
    let remote = the_loop.remote.clone();
    let cell = cell.let_go();
    let thread = thread::spawn(move || deliver(&cell, &remote));
    // What the turn does: it reads the letters, then asks, and would jump.
    the_loop.turn();
    if the_loop.remote.jobs() == 0 && the_loop.remote.is_quiet() {
        assert!(reader.is_finished(), "the clock jumps over an answer");
    }
    thread.join().unwrap();
    the_loop.run();
    assert!(the_loop.remote.is_quiet());
    drop(reader);
}

#[test]
fn m07_an_answer_against_the_jump_of_the_clock() {
    check("m07, jump", None, || {
        answer_against_jump(|cell, remote| {
            cell.finish_or_drop(Ok(5));
            remote.job_is_back();
        });
    });
}

#[test]
#[should_panic(expected = "the clock jumps over an answer")]
fn m07_twin_the_job_is_back_before_its_waiter_is_woken() {
    check("m07, jump, twin", None, || {
        answer_against_jump(|cell, remote| {
            remote.job_is_back();
            cell.finish_or_drop(Ok(5));
        });
    });
}

/// A handle is dropped while its answer comes: the value goes with whoever came last, at once.
fn answer_against_drop(finish: fn(&JoinCell<Counted>, Counted)) {
    let dropped = Arc::new(AtomicUsize::new(0));
    let cell = job_cell();
    let (answering, value) = (Arc::clone(&cell), Counted(dropped.clone()));
    let thread = thread::spawn(move || finish(&answering, value));
    cell.detach();
    thread.join().unwrap();
    assert_eq!(
        dropped.load(Ordering::Relaxed),
        1,
        "the value is dropped once"
    );
}

#[test]
fn m08_an_answer_against_a_dropped_handle() {
    check("m08", None, || {
        answer_against_drop(|cell, value| cell.finish_or_drop(Ok(value)))
    });
}

#[test]
#[should_panic(expected = "the value is dropped once")]
fn m08_twin_the_answer_comes_in_two_steps() {
    check("m08, twin", None, || {
        answer_against_drop(|cell, value| cell.finish_in_two_steps(Ok(value)));
    });
}

/// A task that ends when it is woken, and is aborted meanwhile: one outcome, and nothing kept.
fn abort_against_end() {
    let the_loop = Loop::new(RIGHT);
    let dropped = Arc::new(AtomicUsize::new(0));
    let mut value = Some(Counted(dropped.clone()));
    let is_woken = Arc::new(AtomicUsize::new(0));
    let mut is_begun = false;
    let handle = the_loop.spawn(poll_fn(move |cx| {
        if !is_begun {
            is_begun = true;
            let (is_woken, waker) = (is_woken.clone(), cx.waker().clone());
            thread::spawn(move || {
                is_woken.store(1, Ordering::Relaxed);
                waker.wake();
            });
            return Poll::Pending;
        }
        match is_woken.load(Ordering::Relaxed) {
            1 => Poll::Ready(value.take()),
            _ => Poll::Pending,
        }
    }));
    let waker = handle.cell().waker.clone();
    let thread = thread::spawn(move || abort(&waker));
    the_loop.run();
    thread.join().unwrap();
    let outcome = handle.let_go().try_result().expect("the task has ended");
    assert!(
        outcome.as_ref().is_ok_and(Option::is_some)
            || outcome.as_ref().is_err_and(|error| error.is_cancelled())
    );
    drop(outcome);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn m13_an_abort_against_a_wake_and_the_end_of_a_task() {
    check("m13", Some(4), abort_against_end);
}

/// A task that nothing but the abort can end.
fn abort_of_a_waiting_task(abort: fn(&Arc<TaskWaker>)) {
    let the_loop = Loop::new(RIGHT);
    let handle = the_loop.spawn(poll_fn(|_| Poll::<()>::Pending));
    let waker = handle.cell().waker.clone();
    thread::spawn(move || abort(&waker));
    the_loop.run();
    assert!(
        handle
            .let_go()
            .try_result()
            .unwrap()
            .unwrap_err()
            .is_cancelled()
    );
}

#[test]
fn m13_an_abort_of_a_task_that_waits() {
    check("m13, waiting", None, || {
        abort_of_a_waiting_task(|waker| assert!(abort(waker)))
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn m13_twin_an_abort_that_wakes_nobody() {
    check("m13, waiting, twin", None, || {
        abort_of_a_waiting_task(|waker| waker.abort_silently());
    });
}

/// A job is aborted while its answer comes and a task awaits it: the task gets one of the two,
/// `abort` says which, and the value is dropped once.
fn abort_against_answer(finish: fn(&JoinCell<Counted>, Counted)) {
    let the_loop = Loop::new(RIGHT);
    let dropped = Arc::new(AtomicUsize::new(0));
    let cell = job_cell().let_go();
    let waker = cell.waker.clone();
    let (answering, value) = (cell.clone(), Counted(dropped.clone()));
    let reader = the_loop.spawn(poll_fn(move |cx| cell.poll_take(cx)));
    let answer = thread::spawn(move || finish(&answering, value));
    let abort = thread::spawn(move || abort(&waker));
    the_loop.run();
    answer.join().unwrap();
    let came_in_time = abort.join().unwrap();
    let outcome = reader.let_go().try_result().unwrap().unwrap();
    assert_eq!(
        outcome.is_err(),
        came_in_time,
        "an abort in time is the outcome"
    );
    drop(outcome);
    assert_eq!(
        dropped.load(Ordering::Relaxed),
        1,
        "the value is dropped once"
    );
}

#[test]
fn m13_an_abort_against_the_answer_of_a_job_and_its_reader() {
    check("m13, job", Some(4), || {
        abort_against_answer(|cell, value| cell.finish_or_drop(Ok(value)));
    });
}

#[test]
#[should_panic(expected = "an abort in time is the outcome")]
fn m13_twin_an_answer_that_comes_although_the_job_was_given_up() {
    check("m13, job, twin", Some(3), || {
        abort_against_answer(|cell, value| cell.finish_after_the_look(Ok(value)));
    });
}

/// One thread aborts a task that waits and drops that handle; another drops the other handle. The
/// task ends, and nothing of it is kept.
fn abort_against_dropped_handle(abort: fn(&AbortHandle)) {
    let the_loop = Loop::new(RIGHT);
    let held = Arc::new(());
    let future = Arc::downgrade(&held);
    let handle = the_loop.spawn(poll_fn(move |_| {
        let _ = &held;
        Poll::<()>::Pending
    }));
    let cell = Arc::downgrade(handle.cell());
    let ends = handle.abort_handle();
    let handle = handle.let_go();
    let aborting = thread::spawn(move || abort(&ends));
    let dropping = thread::spawn(move || drop(handle));
    the_loop.run();
    aborting.join().unwrap();
    dropping.join().unwrap();
    assert!(future.upgrade().is_none(), "somebody keeps the future");
    assert!(cell.upgrade().is_none(), "somebody keeps the outcome");
}

#[test]
fn m19_an_abort_against_a_dropped_handle() {
    check("m19", Some(4), || {
        abort_against_dropped_handle(AbortHandle::abort)
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn m19_twin_an_abort_that_wakes_nobody() {
    check("m19, twin", None, || {
        abort_against_dropped_handle(AbortHandle::abort_silently);
    });
}
