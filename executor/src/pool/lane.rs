//! A lane of a simulated pool: a thread that runs only while the loop waits for it.
//!
//! ```text
//!   the loop's thread                      the lane's thread
//!   -----------------                      -----------------
//!   hand(Run(job))  ---- the baton ----->  runs the job
//!   (stands still)                         ...
//!   Sleeps(2 s)     <--- the baton ------  block_for(2 s)
//!   turns on; 2 s later on its clock       (stands still)
//!   hand(GoOn)      ---- the baton ----->  goes on
//!   (stands still)                         ...
//!   Ended(job)      <--- the baton ------  the job has ended
//! ```

use std::cell::{Cell, RefCell};
use std::io;
use std::panic::{Location, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::engine::context;
use crate::engine::turning::Turning;
use crate::pool::job::{Stopped, Work};
use crate::runtime::stall::IDLE_THREADS;

/// How long a loop stands still for a simulated job before it says so.
///
/// Doubling it keeps a program that hangs silent for longer; halving it blames jobs that compute.
const PATIENCE: Duration = Duration::from_secs(10);

/// The baton on its way to a lane's thread, with the time on the loop's clock.
pub(crate) enum Order {
    Run(Work, Instant),
    /// `block_for` is over.
    GoOn(Instant),
    /// The loop ends: so does the job, from within `block_for`.
    Stop,
}

/// The baton on its way back.
pub(crate) enum Said {
    /// The job wants to block for so long.
    Sleeps(Duration),
    Ended(Work),
}

/// The loop's side of a lane.
pub(crate) struct Lane {
    // Never changes.
    pub(crate) number: usize,
    pub(crate) name: Arc<str>,

    // Whoever has the lane.
    thread: Option<Baton<Order, Said>>,
}

/// One end of the two channels between the loop and a lane's thread.
struct Baton<Out, In> {
    out: Sender<Out>,
    back: Receiver<In>,
}

thread_local! {
    /// The lane whose thread this is.
    static HERE: RefCell<Option<Rc<Here>>> = const { RefCell::new(None) };
}

/// The thread's side of a lane.
struct Here {
    baton: Baton<Said, Order>,
    /// The loop's time when the baton came last.
    now: Cell<Option<Instant>>,
    is_stopped: Cell<bool>,
}

/// Blocks the thread that it is called on: the way to wait inside a job.
///
/// In a job of a simulated pool ([`ThreadPool::simulated`](crate::pool::ThreadPool::simulated))
/// it is a sleep on the loop's clock; everywhere else it is `std::thread::sleep`. So a recipe
/// that is written with it runs for real, and at once and exactly on the paused clock.
///
/// asyncio's recipes have `time.sleep` there.
///
/// # Panics
///
/// On a thread whose loop is turning: it would stand still, and with it every task. Write
/// `sleep(..).await` there.
///
/// ```
/// use mainspring::pool::{block_for, spawn_blocking};
/// use std::time::Duration;
///
/// # mainspring::run(async {
/// let answer = spawn_blocking(|| {
///     block_for(Duration::from_millis(2));
///     42
/// });
/// assert_eq!(answer.await.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn block_for(duration: Duration) {
    if Turning::is_on() {
        panic!(
            "`block_for` was called on a loop's own thread, and would stop every task on it: \
             write `sleep({duration:?}).await`, or move the call into `spawn_blocking`"
        );
    }
    match HERE.with_borrow(Option::clone) {
        Some(lane) => lane.block_for(duration),
        None => thread::sleep(duration),
    }
}

/// The time on the loop's clock: on a loop's thread, and in a lane's job, which sees the time at
/// which it got the baton.
pub(crate) fn now() -> Instant {
    if let Some(engine) = context::current() {
        return engine.clock.instant(engine.clock.now());
    }
    let time = HERE.with_borrow(|here| here.as_ref()?.now.get());
    time.unwrap_or_else(Instant::now)
}

impl Lane {
    pub(crate) fn new(number: usize) -> Self {
        Lane {
            number,
            name: format!("mainspring-lane-{number}").into(),
            thread: None,
        }
    }

    /// Hands the baton over, and waits until it comes back. `None`: the thread is gone, and with
    /// it the job, which was submitted at `place`.
    pub(crate) fn hand(&self, order: Order, place: &Location<'_>) -> Option<Said> {
        let thread = self.thread.as_ref()?;
        thread.out.send(order).ok()?;
        match thread.back.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Timeout) => {}
            said => return said.ok(),
        }
        eprintln!(
            "mainspring: the simulated job that was submitted at {place} has kept its loop \
             waiting for {PATIENCE:?} of real time. If it waits for a task it waits for ever, for \
             the loop stands still meanwhile: give it to a real pool"
        );
        thread.back.recv().ok()
    }

    /// Starts the thread, unless it has been started before. It ends with the lane.
    ///
    /// # Errors
    ///
    /// The operating system refused a thread.
    pub(crate) fn start(&mut self) -> io::Result<()> {
        if self.thread.is_some() {
            return Ok(());
        }
        let (out, orders) = bounded(1);
        let (said, back) = bounded(1);
        let live = move || {
            let here = Rc::new(Here {
                baton: Baton {
                    out: said,
                    back: orders,
                },
                now: Cell::new(None),
                is_stopped: Cell::new(false),
            });
            HERE.set(Some(here.clone()));
            here.live();
        };
        thread::Builder::new()
            .name(self.name.to_string())
            .spawn(live)?;
        self.thread = Some(Baton { out, back });
        Ok(())
    }
}

impl Here {
    fn live(&self) {
        while let Some(order) = self.wait() {
            let Order::Run(mut job, now) = order else {
                continue;
            };
            self.now.set(Some(now));
            self.is_stopped.set(false);
            job.run();
            self.say(Said::Ended(job));
        }
    }

    fn block_for(&self, duration: Duration) {
        if !self.is_stopped.get() {
            self.say(Said::Sleeps(duration));
            match self.wait() {
                Some(Order::GoOn(now)) => return self.now.set(Some(now)),
                _ => self.is_stopped.set(true),
            }
        }
        // Destructors that run because of it may block again: for no time.
        if !thread::panicking() {
            resume_unwind(Box::new(Stopped));
        }
    }

    fn say(&self, said: Said) {
        // A pool that is gone hears nothing; then the job is dropped here.
        let _ = self.baton.out.send(said);
    }

    /// Without the baton the thread is idle: it wakes nobody.
    fn wait(&self) -> Option<Order> {
        IDLE_THREADS.fetch_add(1, Ordering::AcqRel);
        let order = self.baton.back.recv().ok();
        IDLE_THREADS.fetch_sub(1, Ordering::AcqRel);
        order
    }
}
