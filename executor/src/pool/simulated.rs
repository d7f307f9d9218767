//! Lanes on the loop's clock, in the place of workers: what a pool is in virtual time.
//!
//! A task on the loop drives each busy lane: it hands the baton to the lane's thread and stands
//! still until the thread gives it back. So one thread runs at a time, jobs take no time but what
//! they `block_for`, and a program prints the same on every machine.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::engine::context;
use crate::engine::shared::Shared;
use crate::pool::job::Work;
use crate::pool::lane::{Lane, Order, Said, now};
use crate::shim::{Mutex, lock};
use crate::sync::Event;
use crate::task::spawn::spawn_on;
use crate::time::sleep;

pub(crate) struct Lanes {
    // Never changes.
    count: usize,

    // Any thread.
    /// It has closed, and no lane has a job.
    pub(crate) gone: Event,

    // Any thread, under its lock.
    state: Mutex<State>,
}

struct State {
    /// What waits for a lane, in the order of submission.
    jobs: VecDeque<Work>,
    /// By number: the lowest is taken first.
    free: BTreeMap<usize, Lane>,
    is_closed: bool,
}

impl Lanes {
    pub(crate) fn new(count: usize) -> Arc<Self> {
        let lanes = (1..=count).map(|number| (number, Lane::new(number)));
        Arc::new(Lanes {
            count,
            gone: Event::new(),
            state: Mutex::new(State {
                jobs: VecDeque::new(),
                free: lanes.collect(),
                is_closed: false,
            }),
        })
    }

    /// Gives the job a free lane, or lines it up for one. If the pool has ended, the job is
    /// dropped, and says "cancelled".
    pub(crate) fn submit(
        self: &Arc<Self>,
        job: Work,
        shared: &Arc<Shared>,
        place: &'static Location<'static>,
    ) {
        let lane = {
            let mut state = lock(&self.state);
            if state.is_closed {
                drop(state);
                return drop(job);
            }
            match state.free.pop_first() {
                Some((_, lane)) => lane,
                None => return state.jobs.push_back(job),
            }
        };
        let driver = Driver {
            lanes: self.clone(),
            lane: Some(lane),
            asleep: None,
        };
        let drive = driver.drive(job);
        match context::find(shared).filter(|_| context::current().is_some()) {
            Some(engine) => drop(engine.spawn(drive, place)),
            // From inside another job, or from another thread.
            None => drop(spawn_on(shared, drive)),
        }
    }

    /// Nothing is accepted any more; with `cancel_queued` what waits for a lane says "cancelled".
    pub(crate) fn close(&self, cancel_queued: bool) {
        let (cancelled, is_last) = {
            let mut state = lock(&self.state);
            state.is_closed = true;
            let cancelled = match cancel_queued {
                true => std::mem::take(&mut state.jobs),
                false => VecDeque::new(),
            };
            (cancelled, self.is_last(&state))
        };
        drop(cancelled);
        if is_last {
            self.gone.set();
        }
    }

    fn is_last(&self, state: &State) -> bool {
        state.is_closed && state.free.len() == self.count
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Lanes that have a job.
    pub(crate) fn busy(&self) -> usize {
        self.count - lock(&self.state).free.len()
    }
}

/// The task that has a lane.
struct Driver {
    lanes: Arc<Lanes>,
    lane: Option<Lane>,
    /// The lane's thread is inside of `block_for`, in the job that was submitted there.
    asleep: Option<&'static Location<'static>>,
}

impl Driver {
    // ANCHOR: drive
    /// Runs a job, and then whatever waits for a lane.
    async fn drive(mut self, first: Work) {
        let mut next = Some(first);
        while let Some(job) = next {
            self.run(job).await;
            next = self.next_job();
        }
    }

    async fn run(&mut self, mut job: Work) {
        let Some(lane) = &mut self.lane else { return };
        if !job.begin(&lane.name, now()) {
            return;
        }
        if let Err(error) = lane.start() {
            return job.refuse(error);
        }
        let place = job.times().place();
        let mut said = lane.hand(Order::Run(job, now()), place);
        while let Some(Said::Sleeps(duration)) = said {
            self.asleep = Some(place);
            sleep(duration).await;
            self.asleep = None;
            said = lane.hand(Order::GoOn(now()), place);
        }
        if let Some(Said::Ended(mut job)) = said {
            job.answer(now());
        }
    }
    // ANCHOR_END: drive

    /// The next in the line; if there is none, the lane is free, and this task has none.
    fn next_job(&mut self) -> Option<Work> {
        let is_last = {
            let mut state = lock(&self.lanes.state);
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            state.take_back(self.lane.take());
            self.lanes.is_last(&state)
        };
        if is_last {
            self.lanes.gone.set();
        }
        None
    }
}

impl Drop for Driver {
    /// The loop ends in the middle of a job: the job unwinds from where it blocks.
    fn drop(&mut self) {
        let Some(lane) = self.lane.take() else { return };
        if let Some(place) = self.asleep {
            // The job is dropped, and says "cancelled".
            drop(lane.hand(Order::Stop, place));
        }
        let (forsaken, is_last) = {
            let mut state = lock(&self.lanes.state);
            state.take_back(Some(lane));
            let forsaken = match state.free.len() == self.lanes.count {
                // No task is left that would see to them.
                true => std::mem::take(&mut state.jobs),
                false => VecDeque::new(),
            };
            (forsaken, self.lanes.is_last(&state))
        };
        drop(forsaken);
        if is_last {
            self.lanes.gone.set();
        }
    }
}

impl State {
    fn take_back(&mut self, lane: Option<Lane>) {
        self.free.extend(lane.map(|lane| (lane.number, lane)));
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes")
            .field("count", &self.count)
            .field("busy", &self.busy())
            .finish_non_exhaustive()
    }
}
