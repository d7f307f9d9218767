//! The line of jobs and the count of workers, under one lock: the part of a pool that threads
//! meet in.
//!
//! ```text
//!   submit --> [ jobs ] --> take
//!                 |
//!                 +-- work is left and nobody is on the way to it: call one worker,
//!                     an idle one if there is one, else a new one
//! ```
//!
//! *One worker is called at a time.* The one that was called takes a job and, if more are left,
//! calls the next before it begins. So a burst of short jobs wakes one thread and not sixty-four,
//! while long jobs still get a thread each, at the latest when the one before has begun.
//!
//! Why no job is forgotten: after every change under the lock, jobs are left only if a worker is
//! on its way to them or every worker that may exist is busy, and whoever becomes free looks at
//! the line before it waits.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use crate::pool::job::{Duty, Work};
use crate::shim::{Condvar, Mutex, MutexGuard, lock, wait_for};

pub(crate) struct JobQueue {
    // Never changes.
    limit: usize,

    // Any thread, under its lock.
    state: Mutex<State>,

    // Any thread: where idle workers wait for work.
    work: Condvar,

    // Any thread: where whoever ends the pool waits for the workers.
    left: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Work>,
    /// Workers there are, from the decision to start one to its last look at the line.
    workers: usize,
    /// Those of them that wait for work.
    idle: usize,
    /// Those of them whose job waits for the workers to leave: nobody of them waits for another.
    ending: usize,
    /// One was called and has not been here yet.
    is_one_coming: bool,
    /// Nothing is accepted any more; workers leave when the line is empty.
    is_closed: bool,
}

/// What was decided under the lock, to be done after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Nobody,
    Idle,
    New,
}

/// A job that was taken from the line.
pub(crate) struct Taken {
    pub(crate) job: Work,
    /// The taker is to start a worker before it begins: work is left.
    pub(crate) start: bool,
}

impl JobQueue {
    /// A line for at most `limit` workers.
    pub(crate) fn new(limit: usize) -> Self {
        JobQueue {
            limit,
            state: Mutex::new(State::default()),
            work: Condvar::new(),
            left: Condvar::new(),
        }
    }

    // ANCHOR: submit
    /// Puts a job into the line. `true`: the caller is to start a worker.
    ///
    /// # Errors
    ///
    /// The job comes back if the pool has ended.
    pub(crate) fn submit(&self, job: Work) -> Result<bool, Work> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(job);
        }
        state.jobs.push_back(job);
        Ok(self.call(state))
    }

    /// Calls a worker if one is needed, idle ones here and now. `true`: a new one is needed.
    fn call(&self, mut state: MutexGuard<'_, State>) -> bool {
        let call = state.next_call(self.limit);
        drop(state);
        if call == Call::Idle {
            self.work.notify_one();
        }
        call == Call::New
    }
    // ANCHOR_END: submit

    // ANCHOR: take
    /// A worker's side: the next job; waits for one, for at most `keep_alive`. `None`: the
    /// worker is no longer counted, and leaves.
    pub(crate) fn take(&self, is_new: bool, keep_alive: Duration) -> Option<Taken> {
        let mut state = lock(&self.state);
        let mut has_waited_out = false;
        if is_new {
            state.is_one_coming = false;
        }
        loop {
            if let Some(job) = state.jobs.pop_front() {
                let start = self.call(state);
                return Some(Taken { job, start });
            }
            if state.is_closed || has_waited_out {
                self.leave(state);
                return None;
            }
            state.idle += 1;
            (state, has_waited_out) = wait_for(&self.state, &self.work, state, keep_alive);
            state.idle -= 1;
            // Whoever of the idle was meant: one of them has come.
            state.is_one_coming = false;
        }
    }
    // ANCHOR_END: take

    /// A worker that was to come could not be started, or could not begin. What comes back waits
    /// in vain, for no worker lives; while one does, the line stays, and it will see to it.
    pub(crate) fn start_failed(&self) -> VecDeque<Work> {
        let mut state = lock(&self.state);
        state.is_one_coming = false;
        let forsaken = match state.workers {
            1 => std::mem::take(&mut state.jobs),
            _ => VecDeque::new(),
        };
        let idle_is_needed = state.idle > 0 && !state.jobs.is_empty();
        state.is_one_coming = idle_is_needed;
        self.leave(state);
        if idle_is_needed {
            self.work.notify_one();
        }
        forsaken
    }

    fn leave(&self, mut state: MutexGuard<'_, State>) {
        state.workers -= 1;
        let is_closed = state.is_closed;
        drop(state);
        if is_closed {
            self.left.notify_all();
        }
    }

    /// Shuts the door. With `cancel_queued` the line comes back, to be dropped by the caller, but
    /// for what is mandatory; without, the workers see all of it through.
    pub(crate) fn close(&self, cancel_queued: bool) -> VecDeque<Work> {
        let mut state = lock(&self.state);
        state.is_closed = true;
        let cancelled = match cancel_queued {
            true => state.take_optional(),
            false => VecDeque::new(),
        };
        drop(state);
        self.work.notify_all();
        cancelled
    }

    /// After `close`: waits until no worker is left, or until the time is up. Says whether they
    /// have left.
    ///
    /// A worker's job that asks waits for the others only, and not for those who ask as well.
    pub(crate) fn wait_until_left(&self, is_worker: bool, until: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        if is_worker {
            state.ending += 1;
            self.left.notify_all();
        }
        let have_left = loop {
            let stay = if is_worker { state.ending } else { 0 };
            if state.workers <= stay {
                break true;
            }
            let limit = match until {
                Some(until) => until.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if limit.is_zero() {
                break false;
            }
            (state, _) = wait_for(&self.state, &self.left, state, limit);
        };
        if is_worker {
            state.ending -= 1;
        }
        have_left
    }

    /// Workers there are.
    pub(crate) fn workers(&self) -> usize {
        lock(&self.state).workers
    }

    /// Workers there may be.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state).is_closed
    }
}

impl State {
    /// Takes out of the line what nobody needs once the pool has ended.
    fn take_optional(&mut self) -> VecDeque<Work> {
        let jobs = std::mem::take(&mut self.jobs).into_iter();
        let (mandatory, optional) = jobs.partition(|job| job.duty() == Duty::Mandatory);
        self.jobs = mandatory;
        optional
    }

    /// Whom to call to the line.
    fn next_call(&mut self, limit: usize) -> Call {
        if self.jobs.is_empty() || self.is_one_coming {
            return Call::Nobody;
        }
        let call = match (self.idle, self.workers) {
            (1.., _) => Call::Idle,
            (0, workers) if workers < limit => Call::New,
            _ => return Call::Nobody,
        };
        self.is_one_coming = true;
        self.workers += usize::from(call == Call::New);
        call
    }
}

impl fmt::Debug for JobQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("JobQueue")
            .field("jobs", &state.jobs.len())
            .field("workers", &state.workers)
            .field("idle", &state.idle)
            .field("limit", &self.limit)
            .field("closed", &state.is_closed)
            .finish_non_exhaustive()
    }
}

/// Wrong on purpose: the steps that the models must find fault with.
#[cfg(all(test, mainspring_loom))]
impl JobQueue {
    /// Looks at the door before it looks at the line.
    pub(crate) fn take_unless_closed(&self, is_new: bool) -> Option<Taken> {
        let state = lock(&self.state);
        if state.is_closed {
            self.leave(state);
            return None;
        }
        drop(state);
        self.take(is_new, Duration::MAX)
    }

    /// Shuts the door and tells nobody.
    pub(crate) fn close_silently(&self) {
        lock(&self.state).is_closed = true;
    }

    /// Leaves when the time is up, whatever has come meanwhile.
    pub(crate) fn take_hastily(&self) -> Option<Taken> {
        let mut state = lock(&self.state);
        state.is_one_coming = false;
        if let Some(job) = state.jobs.pop_front() {
            let start = self.call(state);
            return Some(Taken { job, start });
        }
        state.idle += 1;
        (state, _) = wait_for(&self.state, &self.work, state, Duration::ZERO);
        state.idle -= 1;
        self.leave(state);
        None
    }
}
