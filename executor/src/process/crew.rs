//! The workers of a pool in one runtime, and the line of jobs before them.
//!
//! ```text
//!                    a free seat: start a worker
//!   submit ----+---> an idle worker              ---> a driver has both (`driver.rs`)
//!              |                                              |
//!              +---> the line, if all seats are taken ------->+ its next job
//! ```
//!
//! A worker that runs or is being started has a *seat*; there are as many as there may be
//! workers. How many are to be started is decided by who sits, and by nothing that is counted
//! beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};
use std::time::Duration;

use crate::engine::ready::Remote;
use crate::engine::shared::Shared;
use crate::engine::waker::Party;
use crate::pool::job::Times;
use crate::process::channel::Channel;
use crate::process::child::{Child, Launch};
use crate::process::error::ProcessError;
use crate::process::job::Work;
use crate::shim::{Mutex, lock};
use crate::sync::Event;

/// What the builder was told.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) workers: usize,
    pub(crate) jobs_per_worker: u32,
    pub(crate) retries: u32,
    pub(crate) start_limit: Duration,
    /// The call that every worker does first, as a frame.
    pub(crate) initializer: Option<Vec<u8>>,
    pub(crate) launch: Launch,
}

pub(crate) struct Crew {
    // Never changes.
    pub(crate) settings: Settings,
    pub(crate) shared: Arc<Shared>,
    /// The loop that its drivers live on.
    pub(crate) home: Arc<Remote>,

    // Any thread.
    /// It has closed, and nobody is left.
    pub(crate) gone: Event,

    // Any thread, under its lock.
    state: Mutex<State>,
}

struct State {
    /// By arrival.
    line: BTreeMap<u64, Work>,
    arrivals: u64,
    free: BTreeSet<usize>,
    /// The last to come is the first to go: what it needs is still in the processor's caches.
    idle: Vec<Worker>,
    /// Who runs, by seat.
    children: BTreeMap<usize, Arc<Child>>,
    /// What they do, by seat.
    running: BTreeMap<usize, Arc<Times>>,
    closing: Closing,
}

/// How far the end of a crew has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Closing {
    No,
    /// What is in the line is still done.
    WhenDone,
    Now,
}

/// A seat, and who sits there: nobody yet, or not any more, if there is no channel.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) seat: usize,
    pub(crate) channel: Option<Channel>,
}

/// A job, and when it came.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) work: Work,
    arrival: u64,
}

impl Crew {
    pub(crate) fn new(settings: Settings, shared: Arc<Shared>, home: Arc<Remote>) -> Arc<Self> {
        let free = (1..=settings.workers).collect();
        Arc::new(Crew {
            settings,
            shared,
            home,
            gone: Event::new(),
            state: Mutex::new(State {
                line: BTreeMap::new(),
                arrivals: 0,
                free,
                idle: Vec::new(),
                children: BTreeMap::new(),
                running: BTreeMap::new(),
                closing: Closing::No,
            }),
        })
    }

    // ANCHOR: admit
    /// Gives a job a worker, or a seat for one; if all are taken, lines it up. If the crew is
    /// closing, the job is dropped, and says "cancelled".
    pub(crate) fn admit(self: &Arc<Self>, work: Work) -> Option<(Worker, Next)> {
        let mut arrived = None;
        loop {
            let arrival = {
                let mut state = lock(&self.state);
                if state.closing != Closing::No {
                    drop(state);
                    drop(work);
                    return None;
                }
                // A number of its own, in line or not: it may yet be put there.
                let arrival = arrived.unwrap_or(state.arrivals);
                state.arrivals = state.arrivals.max(arrival + 1);
                if let Some(worker) = state.worker() {
                    return Some((worker, Next { work, arrival }));
                }
                if arrived.is_some() {
                    state.line.insert(arrival, work);
                    return None;
                }
                arrival
            };
            // Given up, it leaves the line at once, and with it its argument.
            let crew = Arc::downgrade(self);
            let leave = Waker::from(Arc::new(Leave { crew, arrival }));
            work.waker().on_abort(Party::Worker, &leave);
            arrived = Some(arrival);
        }
    }
    // ANCHOR_END: admit

    /// The next job in the line.
    pub(crate) fn next(&self) -> Option<Next> {
        lock(&self.state).next()
    }

    /// A worker without a job is idle now, unless there is a job after all, or the crew closes:
    /// then it comes back.
    pub(crate) fn rest(&self, worker: Worker) -> Option<(Worker, Option<Next>)> {
        let mut state = lock(&self.state);
        match state.next() {
            Some(next) => Some((worker, Some(next))),
            None if state.closing != Closing::No => Some((worker, None)),
            None => {
                state.idle.push(worker);
                None
            }
        }
    }

    /// Takes an idle worker out.
    pub(crate) fn take_idle(&self, seat: usize) -> Option<Worker> {
        let mut state = lock(&self.state);
        let place = state.idle.iter().position(|worker| worker.seat == seat)?;
        Some(state.idle.remove(place))
    }

    /// Seats that nobody has.
    pub(crate) fn take_free(&self) -> Vec<Worker> {
        let mut state = lock(&self.state);
        match state.closing {
            Closing::No => std::mem::take(&mut state.free)
                .into_iter()
                .map(Worker::empty)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A process runs in a seat from now on.
    ///
    /// # Errors
    ///
    /// The crew has ended meanwhile.
    pub(crate) fn sit(&self, seat: usize, child: &Arc<Child>) -> Result<(), Ended> {
        let mut state = lock(&self.state);
        if state.closing == Closing::Now {
            return Err(Ended);
        }
        state.children.insert(seat, child.clone());
        Ok(())
    }

    /// It has ended; the seat is still taken.
    pub(crate) fn stand_up(&self, seat: usize) {
        let child = lock(&self.state).children.remove(&seat);
        drop(child);
    }

    /// The seat is free again; or there is one more job for whoever has it.
    pub(crate) fn leave(&self, seat: usize) -> Option<Next> {
        let is_last = {
            let mut state = lock(&self.state);
            if let Some(next) = state.next() {
                return Some(next);
            }
            state.free.insert(seat);
            self.is_last(&state)
        };
        if is_last {
            self.gone.set();
        }
        None
    }

    /// The loop has ended, and with it whoever had the seat. The last to go drops the jobs that
    /// nobody is left to see to.
    pub(crate) fn forsake(&self, seat: usize) {
        let (child, forsaken, is_last) = {
            let mut state = lock(&self.state);
            let child = state.children.remove(&seat);
            state.running.remove(&seat);
            state.free.insert(seat);
            let forsaken = match state.free.len() == self.settings.workers {
                true => std::mem::take(&mut state.line),
                false => BTreeMap::new(),
            };
            (child, forsaken, self.is_last(&state))
        };
        drop((child, forsaken));
        if is_last {
            self.gone.set();
        }
    }

    fn is_last(&self, state: &State) -> bool {
        state.closing != Closing::No && state.free.len() == self.settings.workers
    }

    /// In this seat no worker could be started for this job. The seat is given up; whoever else
    /// works here does the job: an idle worker, which comes back with it, or one that has a job
    /// now. If there is nobody, the job fails, and with it all that wait: each would only be told
    /// the same.
    pub(crate) fn hand_over(
        &self,
        seat: usize,
        next: Next,
        error: &ProcessError,
    ) -> Option<(Worker, Next)> {
        let (failed, is_last) = {
            let mut state = lock(&self.state);
            state.free.insert(seat);
            if let Some(worker) = state.idle.pop() {
                return Some((worker, next));
            }
            state.line.insert(next.arrival, next.work);
            match state.free.len() == self.settings.workers {
                true => (std::mem::take(&mut state.line), self.is_last(&state)),
                false => return None,
            }
        };
        for mut work in failed.into_values() {
            work.fail(error.clone());
        }
        if is_last {
            self.gone.set();
        }
        None
    }

    pub(crate) fn closing(&self) -> Closing {
        lock(&self.state).closing
    }

    /// Accepts nothing any more. Whoever was idle comes back, to be told; all are killed first, if
    /// it closes `Now`.
    pub(crate) fn close(&self, closing: Closing, cancel_queued: bool) -> Vec<Worker> {
        let (idle, cancelled, children, is_empty) = {
            let mut state = lock(&self.state);
            state.closing = state.closing.max(closing);
            let is_now = state.closing == Closing::Now;
            let cancelled = match cancel_queued || is_now {
                true => std::mem::take(&mut state.line),
                false => BTreeMap::new(),
            };
            let children = match is_now {
                true => state.children.values().cloned().collect(),
                false => Vec::new(),
            };
            let is_empty = state.free.len() == self.settings.workers;
            (
                std::mem::take(&mut state.idle),
                cancelled,
                children,
                is_empty,
            )
        };
        drop(cancelled);
        for child in &children {
            child.kill();
        }
        if is_empty {
            self.gone.set();
        }
        idle
    }

    /// Who runs just now.
    pub(crate) fn children(&self) -> Vec<Arc<Child>> {
        lock(&self.state).children.values().cloned().collect()
    }

    /// What the worker in a seat does from now on.
    pub(crate) fn begin(&self, seat: usize, job: &Arc<Times>) {
        lock(&self.state).running.insert(seat, job.clone());
    }

    /// It is done, or will not be.
    pub(crate) fn done(&self, seat: usize) {
        let job = lock(&self.state).running.remove(&seat);
        drop(job);
    }

    /// A line for each job that runs.
    pub(crate) fn running(&self) -> Vec<String> {
        let state = lock(&self.state);
        let line = |(seat, job): (&usize, &Arc<Times>)| {
            let pid = state.children.get(seat)?.pid;
            Some(format!("worker process {pid} ({job})"))
        };
        state.running.iter().filter_map(line).collect()
    }
}

impl State {
    /// An idle worker, or a seat for a new one.
    fn worker(&mut self) -> Option<Worker> {
        // Whoever comes now comes after those in the line.
        if !self.line.is_empty() {
            return None;
        }
        match self.idle.pop() {
            Some(worker) => Some(worker),
            None => Some(Worker::empty(self.free.pop_first()?)),
        }
    }

    fn next(&mut self) -> Option<Next> {
        let (arrival, work) = self.line.pop_first()?;
        Some(Next { work, arrival })
    }
}

impl Worker {
    fn empty(seat: usize) -> Self {
        let channel = None;
        Worker { seat, channel }
    }
}

/// The crew has ended: no worker may start.
#[derive(Debug)]
pub(crate) struct Ended;

/// Takes a job that was given up out of the line.
struct Leave {
    crew: Weak<Crew>,
    arrival: u64,
}

impl Wake for Leave {
    fn wake(self: Arc<Self>) {
        let Some(crew) = self.crew.upgrade() else {
            return;
        };
        let work = lock(&crew.state).line.remove(&self.arrival);
        drop(work);
    }
}
