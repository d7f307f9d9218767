//! A job: a closure on its way to a thread, its answer on the way back.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::engine::context;
use crate::engine::ready::Remote;
use crate::engine::shared::Shared;
use crate::engine::waker::TaskWaker;
use crate::quietly::quietly;
use crate::runtime::stall::{JOBS_BEGUN, JOBS_ENDED};
use crate::shim::{Mutex, lock};
use crate::task::cell::{JoinCell, Reporter};
use crate::task::{JobReport, JoinError, JoinHandle, Outcome};

/// What a pool does with a job, whatever its closure is.
///
/// A job that is dropped unanswered says "cancelled", after its closure is gone.
pub(crate) trait Job: Send {
    /// A thread takes it up. `false`: nobody wants it any more, and its closure is gone.
    fn begin(&mut self, thread: &Arc<str>, now: Instant) -> bool;

    /// Runs the closure, and keeps what comes of it.
    fn run(&mut self);

    /// Puts the outcome in place and wakes who waits for it.
    fn answer(&mut self, now: Instant);

    /// No thread could be had: that is the answer.
    fn refuse(&mut self, error: io::Error);

    fn times(&self) -> &Arc<Times>;

    fn duty(&self) -> Duty;
}

/// A job in the line.
pub(crate) type Work = Box<dyn Job>;

/// What a job unwinds with when its simulated pool ends in the middle of it: no panic of its own.
pub(crate) struct Stopped;

/// What a job unwinds with when it fails with an error, and not by a panic.
pub(crate) struct Failed(pub(crate) Box<dyn Error + Send + Sync>);

/// How a pool treats the clock of the loop that its jobs come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Jobs take real time, and the paused clock stands still for them.
    Real,
    /// Jobs live on the loop's clock.
    Simulated,
}

/// What becomes of a job that still stands in the line when its pool ends with its runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// It says "cancelled": whoever would read the answer has gone.
    Optional,
    /// It runs: somebody has been told already that it is as good as done.
    Mandatory,
}

/// Makes a job of a closure, for the runtime that it was submitted from, if from any.
pub(crate) fn job<F, R>(
    call: F,
    shared: Option<&Arc<Shared>>,
    place: &'static Location<'static>,
    pace: Pace,
    duty: Duty,
    now: Instant,
) -> (Work, JoinHandle<R>)
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let remote = shared.map(context::remote_here);
    let waker = Arc::new(TaskWaker::elsewhere(place, remote.clone()));
    let times = Arc::new(Times::new(place, pace, now));
    let cell = JoinCell::with_reporter(waker, times.clone());
    let handle = JoinHandle::new(cell.clone());
    let work = Closure {
        call: Some(call),
        outcome: None,
        is_answered: false,
        duty,
        cell,
        times,
        shared: shared.cloned(),
        _out: match pace {
            Pace::Real => Some(Out::new(remote)),
            // The loop has a timer for it, or stands still anyway.
            Pace::Simulated => None,
        },
    };
    (Box::new(work), handle)
}

struct Closure<F, R> {
    call: Option<F>,
    outcome: Option<Outcome<R>>,
    is_answered: bool,
    duty: Duty,
    cell: Arc<JoinCell<R>>,
    times: Arc<Times>,
    shared: Option<Arc<Shared>>,
    /// The last to be dropped: the job is back when its waiter has been woken, not before.
    _out: Option<Out>,
}

// ANCHOR: job
impl<F, R> Job for Closure<F, R>
where
    F: FnOnce() -> R + Send,
    R: Send,
{
    fn begin(&mut self, thread: &Arc<str>, now: Instant) -> bool {
        if self.cell.waker.is_aborted() {
            let call = self.call.take();
            quietly(|| drop(call));
            return false;
        }
        self.times.begin(thread, now);
        true
    }

    fn run(&mut self) {
        let Some(call) = self.call.take() else { return };
        let enter = |shared| context::enter_job(shared, self.cell.waker.id);
        let _inside = self.shared.as_ref().map(enter);
        // The closure is consumed: whatever it captured is gone before anybody is told.
        self.outcome = match catch_unwind(AssertUnwindSafe(call)) {
            Ok(value) => Some(Ok(value)),
            Err(payload) if payload.is::<Stopped>() => None,
            Err(payload) => Some(Err(self.error(payload))),
        };
    }

    fn answer(&mut self, now: Instant) {
        self.times.end(now);
        self.is_answered = true;
        let outcome = self.outcome.take();
        let outcome = outcome.unwrap_or_else(|| Err(self.cell.cancelled()));
        // The outcome may be nobody's, and whoever is woken may be anybody's.
        quietly(|| self.cell.finish_or_drop(outcome));
    }

    fn refuse(&mut self, error: io::Error) {
        let call = self.call.take();
        quietly(|| drop(call));
        self.is_answered = true;
        let error = JoinError::no_thread(self.cell.waker.id, error);
        quietly(|| self.cell.finish_or_drop(Err(error)));
    }

    fn times(&self) -> &Arc<Times> {
        &self.times
    }

    fn duty(&self) -> Duty {
        self.duty
    }
}
// ANCHOR_END: job

impl<F, R> Closure<F, R> {
    /// What it unwound with, as its handle's answer.
    fn error(&self, payload: Box<dyn Any + Send>) -> JoinError {
        let id = self.cell.waker.id;
        match payload.downcast::<Failed>() {
            Ok(failed) => JoinError::not_done(id, failed.0),
            Err(payload) => JoinError::panicked(id, payload),
        }
    }
}

impl<F, R> Drop for Closure<F, R> {
    fn drop(&mut self) {
        if self.is_answered {
            return;
        }
        let left = (self.call.take(), self.outcome.take());
        quietly(|| drop(left));
        quietly(|| self.cell.finish_or_drop(Err(self.cell.cancelled())));
    }
}

impl fmt::Debug for dyn Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a job {}", self.times())
    }
}

/// While it lives, a call is out: the paused clock of the loop it comes from, if from any, stands
/// still, and no loop is stuck for certain.
pub(crate) struct Out {
    remote: Option<Arc<Remote>>,
}

impl Out {
    pub(crate) fn new(remote: Option<Arc<Remote>>) -> Self {
        JOBS_BEGUN.fetch_add(1, Ordering::SeqCst);
        if let Some(remote) = &remote {
            remote.job_leaves();
        }
        Out { remote }
    }

    /// The way to the loop that the call comes from.
    #[cfg(feature = "process")]
    pub(crate) fn remote(&self) -> Option<&Arc<Remote>> {
        self.remote.as_ref()
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        // Before the loop looks again because of it.
        JOBS_ENDED.fetch_add(1, Ordering::SeqCst);
        if let Some(remote) = &self.remote {
            remote.job_is_back();
        }
    }
}

/// Where and when a job ran: what its handle reports.
pub(crate) struct Times {
    // Never changes.
    place: &'static Location<'static>,
    pace: Pace,
    submitted: Instant,

    // Any thread, under its lock.
    run: Mutex<Run>,
}

#[derive(Clone, Default)]
struct Run {
    /// `None`: in this process.
    pid: Option<u32>,
    thread: Option<Arc<str>>,
    started: Option<Instant>,
    finished: Option<Instant>,
    /// What the job itself took, where another process says so.
    took: Option<Duration>,
}

impl Times {
    pub(crate) fn new(place: &'static Location<'static>, pace: Pace, submitted: Instant) -> Self {
        Times {
            place,
            pace,
            submitted,
            run: Mutex::new(Run::default()),
        }
    }

    /// Where in the program the job was submitted.
    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    fn begin(&self, thread: &Arc<str>, now: Instant) {
        let mut run = lock(&self.run);
        run.thread = Some(thread.clone());
        run.started = Some(now);
    }

    /// A worker process takes it up; it may be the second to do so.
    #[cfg(feature = "process")]
    pub(crate) fn begin_in(&self, pid: u32, worker: &Arc<str>, now: Instant) {
        *lock(&self.run) = Run {
            pid: Some(pid),
            thread: Some(worker.clone()),
            started: Some(now),
            ..Run::default()
        };
    }

    #[cfg(feature = "process")]
    pub(crate) fn took(&self, took: Duration) {
        lock(&self.run).took = Some(took);
    }

    pub(crate) fn end(&self, now: Instant) {
        lock(&self.run).finished = Some(now);
    }

    /// How long it has run, or ran.
    fn ran(&self, run: &Run) -> Duration {
        match run.started {
            _ if run.took.is_some() => run.took.unwrap_or_default(),
            Some(started) => run
                .finished
                .unwrap_or_else(|| self.now())
                .saturating_duration_since(started),
            None => Duration::ZERO,
        }
    }

    /// Now, on the clock that the job lives by.
    fn now(&self) -> Instant {
        match (self.pace, context::current()) {
            (Pace::Simulated, Some(engine)) => engine.clock.instant(engine.clock.now()),
            _ => Instant::now(),
        }
    }
}

impl Reporter for Times {
    fn report(&self) -> JobReport {
        let run = lock(&self.run).clone();
        let started = run.started.unwrap_or_else(|| self.now());
        JobReport {
            pid: run.pid.unwrap_or_else(std::process::id),
            thread: run.thread.as_deref().unwrap_or_default().to_owned(),
            queued: started.saturating_duration_since(self.submitted),
            ran: self.ran(&run),
            started: run.started,
            finished: run.finished,
        }
    }
}

/// As shutdown names it: "spawned at src/main.rs:12:5, running 10.0 s".
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = lock(&self.run).clone();
        write!(f, "spawned at {}", self.place)?;
        match run.started {
            Some(_) => write!(f, ", running {:.1} s", self.ran(&run).as_secs_f64()),
            None => f.write_str(", waiting for a thread"),
        }
    }
}
