//! Driving a loop: until a future is done, until it is stopped, until it is idle.

use std::future::Future;
use std::panic::Location;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::id::{Id, TaskId};
use crate::engine::turn::Turned;
use crate::engine::turning::Turning;
use crate::engine::waker::TaskWaker;
use crate::leaf;
use crate::runtime::stall;
use crate::task::{TaskInfo, local};

/// Why `run_forever` or `run_until_idle` came back.
#[derive(Debug)]
pub enum RunEnd {
    /// `stop` was called.
    Stopped,
    /// No task is left.
    Idle,
    /// Tasks are left, but nothing can wake them any more.
    Stalled(Vec<TaskInfo>),
}

impl Engine {
    /// Turns the loop until the future is done.
    ///
    /// The future may borrow, so it stays on this stack; it has a seat in the table and waits in
    /// the same queue as everybody else.
    #[track_caller]
    pub(crate) fn block_on<F: Future>(self: &Rc<Self>, _turning: Turning, future: F) -> F::Output {
        let place = Location::caller();
        let _inside = context::enter_engine(self);
        let seat = Seat::take(self, place);
        let waker = Waker::from(seat.waker.clone());
        let mut future = pin!(future);
        let mut output = None;
        // What is in force where this was called is the main future's alone.
        let mut aside = local::set_aside();
        let mut main = || {
            let _back = aside.bring_back();
            seat.waker.begin_poll();
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            polled.map(|value| output = Some(value))
        };
        loop {
            match self.turn(&mut main) {
                Turned::On => {}
                Turned::Done => break,
                Turned::Stalled => stall::met(self),
            }
        }
        output.expect("the turn said that the main future is done")
    }

    /// Turns the loop until `stop`; on the paused clock also until nothing can happen any more.
    #[track_caller]
    pub(crate) fn run_forever(self: &Rc<Self>) -> RunEnd {
        self.run_until(|is_stalled| match is_stalled && self.clock.is_paused() {
            true => self.ended(is_stalled),
            false => None,
        })
    }

    /// Turns the loop until no task is left, or nothing can wake those that are.
    #[track_caller]
    pub(crate) fn run_until_idle(self: &Rc<Self>) -> RunEnd {
        self.run_until(|is_stalled| self.ended(is_stalled))
    }

    /// Turns the loop until `stop`, whatever happens.
    pub(crate) fn run_until_stopped(self: &Rc<Self>) {
        self.run_until(|_| None);
    }

    /// `ended` is asked after each turn, before and after the loop waited; it is told whether the
    /// loop can go on only if another thread wakes it.
    #[track_caller]
    fn run_until(self: &Rc<Self>, ended: impl Fn(bool) -> Option<RunEnd>) -> RunEnd {
        let Some(_turning) = Turning::begin(self) else {
            return RunEnd::Stopped;
        };
        let _inside = context::enter_engine(self);
        let _aside = local::set_aside();
        loop {
            let _no_main = self.run_ready(&mut || Poll::Pending);
            if self.tasks.len() == 0 {
                let calls = self.when_empty.take();
                calls.into_iter().for_each(|call| call());
            }
            if self.stopping.take() {
                return RunEnd::Stopped;
            }
            if let Some(end) = ended(false) {
                return end;
            }
            if self.rest() == Turned::Stalled {
                match ended(true) {
                    Some(end) => return end,
                    None => {
                        stall::park(self, None);
                    }
                }
            }
        }
    }

    fn ended(self: &Rc<Self>, is_stalled: bool) -> Option<RunEnd> {
        match self.tasks.len() {
            0 => Some(RunEnd::Idle),
            _ if is_stalled => stall::certain(self).map(RunEnd::Stalled),
            _ => None,
        }
    }
}

/// The main future's place among the tasks, while `block_on` lasts.
struct Seat<'a> {
    engine: &'a Engine,
    waker: Arc<TaskWaker>,
    task: TaskId,
    /// The main future and the task within whose poll this one is driven, if that has stepped aside.
    outer: (Option<Id>, Option<Id>),
}

impl<'a> Seat<'a> {
    fn take(engine: &'a Engine, place: &'static Location<'static>) -> Self {
        let waker = Arc::new(TaskWaker::new(place, engine.remote.clone()));
        let task = engine.tasks.insert_seat(waker.clone());
        let outer = (engine.main.replace(Some(waker.id)), engine.current.get());
        engine.ready.push(task);
        Seat {
            engine,
            waker,
            task,
            outer,
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.waker.finish();
        self.engine.tasks.remove(self.task);
        // The poll may have ended in a panic.
        leaf::end_poll();
        let (main, current) = self.outer;
        self.engine.main.set(main);
        self.engine.current.set(current);
    }
}
