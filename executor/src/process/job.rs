//! A job for a worker process: an argument on its way there, an answer on its way back.

use std::fmt;
use std::panic::{Location, catch_unwind};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::engine::waker::TaskWaker;
use crate::pool::job::{Out, Pace, Times};
use crate::process::error::ProcessError;
use crate::process::frame::{Frame, Kind};
use crate::process::value;
use crate::quietly::quietly;
use crate::task::cell::JoinCell;
use crate::task::{JoinError, JoinHandle, Outcome};

/// What a crew does with a job, whatever its function returns.
///
/// A job that is dropped unanswered says "cancelled".
pub(crate) trait Job: Send {
    /// A worker takes it up. `None`: nobody wants it any more. Returns the call, as a frame; it
    /// is given back if another worker is to have it.
    fn begin(&mut self, pid: u32, worker: &Arc<str>) -> Option<Vec<u8>>;

    fn give_back(&mut self, call: Vec<u8>);

    /// Reads an answer. It is given to the handle by [`answer`](Job::answer).
    ///
    /// # Errors
    ///
    /// What it is, if it is no answer to this job.
    fn read(&mut self, frame: &Frame<'_>, largest: usize) -> Result<(), String>;

    /// The answer that was read goes to the handle.
    fn answer(&mut self);

    fn died(&mut self, pid: u32, status: Option<ExitStatus>);

    fn fail(&mut self, error: ProcessError);

    /// What hears of its being given up.
    fn waker(&self) -> &Arc<TaskWaker>;

    /// Where in the program it was submitted.
    fn place(&self) -> &'static Location<'static>;

    fn times(&self) -> &Arc<Times>;
}

/// A job in the line.
pub(crate) type Work = Box<dyn Job>;

/// A job whose call is still to be written, and its handle.
pub(crate) struct Order<R> {
    cell: Arc<JoinCell<R>>,
    times: Arc<Times>,
    out: Out,
}

impl<R: DeserializeOwned + Send + 'static> Order<R> {
    pub(crate) fn new(out: Out, place: &'static Location<'static>) -> (Self, JoinHandle<R>) {
        let waker = Arc::new(TaskWaker::elsewhere(place, out.remote().cloned()));
        let times = Arc::new(Times::new(place, Pace::Real, Instant::now()));
        let cell = JoinCell::with_reporter(waker, times.clone());
        let handle = JoinHandle::new(cell.clone());
        (Order { cell, times, out }, handle)
    }

    /// The number that its answer must bear.
    pub(crate) fn id(&self) -> u64 {
        self.cell.waker.id.number()
    }

    /// With its call, it is a job.
    pub(crate) fn job(self, call: Vec<u8>) -> Work {
        Box::new(Remote {
            call,
            outcome: None,
            is_answered: false,
            cell: self.cell,
            times: self.times,
            _out: self.out,
        })
    }

    pub(crate) fn refuse(self, error: ProcessError) {
        let error = JoinError::not_done(self.cell.waker.id, error);
        self.cell.finish_or_drop(Err(error));
    }
}

struct Remote<R> {
    /// The frame, while no worker has it.
    call: Vec<u8>,
    outcome: Option<Outcome<R>>,
    is_answered: bool,
    cell: Arc<JoinCell<R>>,
    times: Arc<Times>,
    /// The last to be dropped: the job is back when its waiter has been woken, not before.
    _out: Out,
}

// ANCHOR: job
impl<R: DeserializeOwned + Send> Job for Remote<R> {
    fn begin(&mut self, pid: u32, worker: &Arc<str>) -> Option<Vec<u8>> {
        if self.cell.waker.is_aborted() {
            return None;
        }
        self.times.begin_in(pid, worker, Instant::now());
        Some(std::mem::take(&mut self.call))
    }

    fn give_back(&mut self, call: Vec<u8>) {
        self.call = call;
    }

    fn read(&mut self, frame: &Frame<'_>, largest: usize) -> Result<(), String> {
        let id = self.cell.waker.id;
        if frame.id != id.number() {
            return Err(format!("an answer to job {}", frame.id));
        }
        let words = || String::from_utf8_lossy(frame.value).into_owned();
        let outcome = match frame.kind {
            // User code: its panic is this job's, and not the driver's.
            Kind::Value => match catch_unwind(|| value::read(frame.value)) {
                Ok(read) => read.map_err(|why| JoinError::not_done(id, ProcessError::Result(why))),
                Err(payload) => Err(JoinError::panicked(id, payload)),
            },
            Kind::Panicked => Err(JoinError::panicked(id, Box::new(words()))),
            Kind::BadArgument => Err(JoinError::not_done(id, ProcessError::Argument(words()))),
            Kind::BadResult => Err(JoinError::not_done(id, ProcessError::Result(words()))),
            Kind::TooLarge => {
                let error = ProcessError::ResultTooLarge { largest };
                Err(JoinError::not_done(id, error))
            }
            Kind::Hello | Kind::Call => {
                return Err(format!("a frame of the kind {:?}", frame.kind));
            }
        };
        self.outcome = Some(outcome);
        self.times.took(Duration::from_nanos(frame.number));
        Ok(())
    }

    fn answer(&mut self) {
        if let Some(outcome) = self.outcome.take() {
            self.finish(outcome);
        }
    }
    // ANCHOR_END: job

    fn died(&mut self, pid: u32, status: Option<ExitStatus>) {
        let error = JoinError::worker_died_of(self.cell.waker.id, pid, status);
        self.finish(Err(error));
    }

    fn fail(&mut self, error: ProcessError) {
        self.finish(Err(JoinError::not_done(self.cell.waker.id, error)));
    }

    fn waker(&self) -> &Arc<TaskWaker> {
        &self.cell.waker
    }

    fn place(&self) -> &'static Location<'static> {
        self.times.place()
    }

    fn times(&self) -> &Arc<Times> {
        &self.times
    }
}

impl<R> Remote<R> {
    fn finish(&mut self, outcome: Outcome<R>) {
        self.times.end(Instant::now());
        self.is_answered = true;
        // The outcome may be nobody's, and whoever is woken may be anybody's.
        quietly(|| self.cell.finish_or_drop(outcome));
    }
}

impl<R> Drop for Remote<R> {
    fn drop(&mut self) {
        if !self.is_answered {
            let outcome = self.outcome.take();
            quietly(|| drop(outcome));
            quietly(|| self.cell.finish_or_drop(Err(self.cell.cancelled())));
        }
    }
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a job {}", self.times())
    }
}
