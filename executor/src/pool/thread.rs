//! Worker threads: started on demand, reused, named, retired when idle.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::engine::hooks::{Hook, ThreadName};
use crate::pool::job::{Times, Work};
use crate::pool::queue::{JobQueue, Taken};
use crate::runtime::stall::IDLE_THREADS;
use crate::shim::{Mutex, lock};

/// What every worker of a pool has in common.
#[derive(Clone)]
pub(crate) struct Hiring {
    pub(crate) name: ThreadName,
    /// How long a worker waits for a job before it retires.
    pub(crate) keep_alive: Duration,
    pub(crate) stack_size: Option<usize>,
    /// Runs first on every new thread.
    pub(crate) initializer: Option<Hook>,
    /// Runs last on every thread whose initializer did not panic.
    pub(crate) finalizer: Option<Hook>,
}

/// The workers of a pool, and their line of jobs.
pub(crate) struct Crew {
    // Never changes.
    hiring: Hiring,

    // Any thread.
    queue: JobQueue,

    // Any thread, under its lock: worker n has the n-th seat, counted from one.
    seats: Mutex<Vec<Option<Member>>>,
}

/// What the crew keeps of a worker.
struct Member {
    seat: Arc<Seat>,
    /// To be joined when the pool ends.
    thread: Option<thread::JoinHandle<()>>,
}

/// What a worker shows to the others.
struct Seat {
    // Never changes.
    number: usize,
    name: Arc<str>,

    // Written by the worker, once.
    thread: OnceLock<ThreadId>,

    // Any thread, under its lock.
    job: Mutex<Option<Arc<Times>>>,
}

impl Crew {
    pub(crate) fn new(workers: usize, hiring: Hiring) -> Arc<Self> {
        Arc::new(Crew {
            hiring,
            queue: JobQueue::new(workers),
            seats: Mutex::new(Vec::new()),
        })
    }

    /// Lines a job up. If the crew has ended, the job is dropped, and says "cancelled".
    pub(crate) fn submit(self: &Arc<Self>, job: Work) {
        match self.queue.submit(job) {
            Ok(true) => self.start(),
            Ok(false) => {}
            Err(job) => drop(job),
        }
    }

    // ANCHOR: worker
    /// A worker's life.
    fn work(self: Arc<Self>, seat: &Seat) {
        let _ = seat.thread.set(thread::current().id());
        if let Err(error) = self.set_up() {
            self.vacate(seat);
            refuse(self.queue.start_failed(), &error);
            return;
        }
        // Idle is said before the last job is back, and working before the next one runs: while
        // a loop waits for a job, somebody is seen to work.
        IDLE_THREADS.fetch_add(1, Ordering::AcqRel);
        let mut is_new = true;
        while let Some(Taken { job, start }) = self.queue.take(is_new, self.hiring.keep_alive) {
            IDLE_THREADS.fetch_sub(1, Ordering::AcqRel);
            is_new = false;
            if start {
                self.start();
            }
            self.run(job, seat);
        }
        IDLE_THREADS.fetch_sub(1, Ordering::AcqRel);
        if let Some(finalizer) = &self.hiring.finalizer {
            finalizer.call_quietly();
        }
        if !self.queue.is_closed() {
            self.vacate(seat);
        }
    }
    // ANCHOR_END: worker

    // ANCHOR: run
    /// Runs one job. Its panic is its handle's answer, and nobody else's concern.
    fn run(&self, mut job: Work, seat: &Seat) {
        if job.begin(&seat.name, Instant::now()) {
            *lock(&seat.job) = Some(job.times().clone());
            job.run();
            job.answer(Instant::now());
            let before = lock(&seat.job).take();
            drop(before);
        }
        IDLE_THREADS.fetch_add(1, Ordering::AcqRel);
        // Only now is the job back: its waiter has been woken.
        drop(job);
    }
    // ANCHOR_END: run

    /// Starts a worker that the queue has counted already.
    fn start(self: &Arc<Self>) {
        let seat = self.take_seat();
        let mut builder = thread::Builder::new().name(seat.name.to_string());
        if let Some(bytes) = self.hiring.stack_size {
            builder = builder.stack_size(bytes);
        }
        let started = builder.spawn({
            let (crew, seat) = (self.clone(), seat.clone());
            move || crew.work(&seat)
        });
        match started {
            Ok(thread) => self.keep(&seat, thread),
            Err(error) => {
                self.vacate(&seat);
                refuse(self.queue.start_failed(), &error);
            }
        }
    }

    fn set_up(&self) -> io::Result<()> {
        let Some(initializer) = &self.hiring.initializer else {
            return Ok(());
        };
        catch_unwind(AssertUnwindSafe(|| initializer.call())).map_err(|payload| {
            // What it carried is not dropped, for that may panic again.
            std::mem::forget(payload);
            io::Error::other("the pool's initializer panicked")
        })
    }

    /// The first free seat.
    fn take_seat(&self) -> Arc<Seat> {
        // Law 2 (no user code under a lock): the name may be made by a call of the user's.
        let name = self.hiring.name.of_many();
        let mut seats = lock(&self.seats);
        let place = match seats.iter().position(Option::is_none) {
            Some(place) => place,
            None => {
                seats.push(None);
                seats.len() - 1
            }
        };
        let seat = Arc::new(Seat {
            number: place + 1,
            name: name.with(place + 1).into(),
            thread: OnceLock::new(),
            job: Mutex::new(None),
        });
        let thread = None;
        seats[place] = Some(Member {
            seat: seat.clone(),
            thread,
        });
        seat
    }

    /// Keeps a started thread, to be joined; it may have come and gone by now.
    fn keep(&self, seat: &Arc<Seat>, thread: thread::JoinHandle<()>) {
        let mut seats = lock(&self.seats);
        match seats.get_mut(seat.number - 1) {
            Some(Some(member)) if Arc::ptr_eq(&member.seat, seat) => member.thread = Some(thread),
            _ => {}
        }
    }

    fn vacate(&self, seat: &Seat) {
        let left = lock(&self.seats)
            .get_mut(seat.number - 1)
            .and_then(Option::take);
        drop(left);
    }

    /// Ends the crew: nothing is accepted any more; with `cancel_queued` what waits in the line
    /// says "cancelled", without, it is seen through. Returns at once.
    pub(crate) fn close(&self, cancel_queued: bool) {
        let cancelled = self.queue.close(cancel_queued);
        drop(cancelled);
    }

    /// After `close`: waits for the workers, `None`: as long as it takes. Returns what still
    /// runs then.
    ///
    /// A job of this very crew may call it: its own worker is not waited for.
    pub(crate) fn wait_until_left(&self, until: Option<Instant>) -> Vec<String> {
        let here = thread::current().id();
        let is_here = |member: &Member| member.seat.thread.get() == Some(&here);
        let is_worker = lock(&self.seats).iter().flatten().any(is_here);
        let have_left = self.queue.wait_until_left(is_worker, until);
        if !have_left {
            let seats = lock(&self.seats);
            let others = seats.iter().flatten().filter(|member| !is_here(member));
            let others: Vec<_> = others.map(|member| member.seat.clone()).collect();
            drop(seats);
            return others.iter().filter_map(|seat| seat.describe()).collect();
        }
        // They have seen the door; a moment later the threads are gone, too. Two jobs that end
        // their own pool would wait here for each other.
        if !is_worker {
            let members = std::mem::take(&mut *lock(&self.seats));
            for thread in members.into_iter().flatten().filter_map(|it| it.thread) {
                let _ = thread.join();
            }
        }
        Vec::new()
    }

    /// Threads there are just now.
    pub(crate) fn workers(&self) -> usize {
        self.queue.workers()
    }

    /// Threads there may be.
    pub(crate) fn limit(&self) -> usize {
        self.queue.limit()
    }
}

impl Seat {
    /// "thread mainspring-worker-1, spawned at src/main.rs:12:5, running 10.0 s", if it runs a
    /// job.
    fn describe(&self) -> Option<String> {
        let job = lock(&self.job).clone()?;
        Some(format!("thread {}, {job}", self.name))
    }
}

/// Answers jobs that no thread will ever run.
fn refuse(jobs: VecDeque<Work>, error: &io::Error) {
    for mut job in jobs {
        job.refuse(match error.raw_os_error() {
            Some(code) => io::Error::from_raw_os_error(code),
            None => io::Error::new(error.kind(), error.to_string()),
        });
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew")
            .field("name", &self.hiring.name)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}
