//! The turn: run what is ready, wait for more, wake what is due.
//!
//! The one place where the loop waits, and the one place where time moves (law 5). A turn runs
//! exactly the tasks that were ready when it began, in order (law 9: FIFO, in batches).

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use mainspring_reactor::Tick;

use crate::branches;
use crate::engine::core::Engine;
use crate::engine::id::TaskId;
use crate::engine::ready::Letter;
use crate::engine::table::{Running, Taken};
use crate::leaf;
use crate::quietly::{quietly, wake_all};

/// Polls after which the loop looks at the clock, the inbox and the reactor although tasks are
/// ready.
///
/// Doubling it halves the price of looking (a clock read and a system call) and doubles the
/// lateness of timers and sockets beside busy tasks.
const POLLS_PER_LOOK: u32 = 128;

/// How long the loop waits for another thread, when nothing of its own can wake anybody, before
/// it asks itself who that might be.
///
/// Doubling it makes a certain report come that much later; at zero, every round trip to another
/// thread would count the threads of the process.
const ALONE: Duration = Duration::from_millis(20);

/// How a turn ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Go on.
    On,
    /// The main future has its output.
    Done,
    /// Nothing is ready, and nothing of ours will ever be: no timer, no socket, no job.
    Stalled,
}

/// The main future, as the turn sees it: polls it, and says whether it is done.
pub(crate) type Main<'a> = &'a mut dyn FnMut() -> Poll<()>;

// ANCHOR: turn
impl Engine {
    /// One turn.
    pub(crate) fn turn(self: &Rc<Self>, main: Main<'_>) -> Turned {
        if self.run_ready(main).is_break() {
            return Turned::Done;
        }
        self.rest()
    }

    /// The first half: does what other threads ask, then runs what is ready now. What becomes
    /// ready meanwhile waits for the next turn.
    pub(crate) fn run_ready(&self, main: Main<'_>) -> ControlFlow<()> {
        self.read_letters();
        if let Some(order) = &self.chance.order {
            self.ready.shuffle(|bound| order.below(bound));
        }
        let is_watched = self.is_watched();
        for _ in 0..self.ready.len() {
            let Some(task) = self.ready.pop() else { break };
            match is_watched {
                false => self.run(task, main)?,
                true => self.run_apart(task, main)?,
            }
            self.look_in_time();
        }
        ControlFlow::Continue(())
    }

    /// The second half: if nothing is ready, waits until something is.
    #[inline]
    pub(crate) fn rest(self: &Rc<Self>) -> Turned {
        match self.ready.len() {
            0 => self.rest_long(),
            _ => Turned::On,
        }
    }

    // Apart, so that the question whether there is any need stays small and costs no call.
    #[inline(never)]
    fn rest_long(self: &Rc<Self>) -> Turned {
        self.begin_rest();
        let turned = match (self.ready.len(), self.clock.is_paused()) {
            (0, false) => self.wait(),
            (0, true) => self.wait_paused(),
            // Whoever is told of each rest has found something to do: that must not keep the loop
            // from looking up.
            _ => {
                self.look(Some(Duration::ZERO));
                Turned::On
            }
        };
        self.end_rest();
        turned
    }

    fn begin_rest(&self) {
        let meter = &self.shared.meter;
        self.meter.tell_tasks(meter, self.tasks.len());
        self.meter.tell_park(meter);
        if let Some(hook) = &self.shared.settings.hooks.on_park {
            hook.call_quietly();
        }
        self.meter.end_busy(meter);
    }

    fn end_rest(&self) {
        let meter = &self.shared.meter;
        self.meter.begin_busy(meter);
        self.meter.tell_park(meter);
        if let Some(hook) = &self.shared.settings.hooks.on_unpark {
            hook.call_quietly();
        }
    }

    /// Counts what was run, and looks at the world now and then although there is more to run.
    fn look_in_time(&self) {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() >= POLLS_PER_LOOK {
            self.look(Some(Duration::ZERO));
            self.read_letters();
        }
    }
    // ANCHOR_END: turn

    /// Asks for a look before the next poll: the running one has made as many system calls as it
    /// may, which takes far longer than other polls.
    #[cold]
    pub(crate) fn look_soon(&self) {
        self.polls.set(POLLS_PER_LOOK);
    }

    /// Runs one task that is not next in line, or any in debug mode: says so if it takes too long.
    #[cold]
    fn run_apart(&self, task: TaskId, main: Main<'_>) -> ControlFlow<()> {
        let watch = self.watch();
        let whose = watch.as_ref().and_then(|_| self.tasks.waker(task));
        let ran = self.run(task, main);
        if let (Some(watch), Some((waker, is_main))) = (watch, whose) {
            self.end_watch(watch, Some(&waker), is_main);
        }
        ran
    }

    // ANCHOR: run
    /// Polls one task. Its panic is its handle's answer, and nobody else's concern.
    //
    // Inlined, with what it calls, into `run_ready`: a call is a tenth of the price of a turn.
    #[inline(always)]
    fn run(&self, task: TaskId, main: Main<'_>) -> ControlFlow<()> {
        match self.tasks.take(task) {
            Taken::Task(mut body) => {
                self.current.set(Some(task.id));
                leaf::begin_poll();
                let polled = catch_unwind(AssertUnwindSafe(|| body.as_mut().step()));
                let note = leaf::end_poll();
                match polled {
                    Ok(Poll::Pending) => self.tasks.put_back(task, body, note),
                    Ok(Poll::Ready(())) => self.retire(task, body),
                    Err(payload) => {
                        quietly(|| body.as_mut().panicked(payload));
                        self.retire(task, body);
                    }
                }
                self.current.set(None);
            }
            // Who waits for a poll of its own that is further up, or is further up itself.
            Taken::Seat if self.main.get() != Some(task.id) => self.postpone(task),
            Taken::Busy => self.postpone(task),
            Taken::Seat => {
                self.current.set(Some(task.id));
                leaf::begin_poll();
                let polled = main();
                self.tasks.note(task, leaf::end_poll());
                self.current.set(None);
                if polled.is_ready() {
                    return ControlFlow::Break(());
                }
            }
            // A wake that came late: the task has ended.
            Taken::Nobody => {}
        }
        ControlFlow::Continue(())
    }
    // ANCHOR_END: run

    #[cold]
    fn postpone(&self, task: TaskId) {
        self.postponed.borrow_mut().push(task);
    }

    /// Polls a task at once, from within the poll of another or from outside of any.
    pub(crate) fn run_within(&self, task: TaskId) {
        let outer = self.current.get();
        let aside = (leaf::set_aside(), branches::set_aside());
        let _never_done = self.run_apart(task, &mut || Poll::Pending);
        leaf::go_on(aside.0);
        branches::go_on(aside.1);
        self.current.set(outer);
    }

    /// The task has ended: its place is free, and what is left of it is dropped.
    fn retire(&self, task: TaskId, body: Running) {
        self.tasks.remove(task);
        quietly(|| drop(body));
    }

    #[inline]
    fn read_letters(&self) {
        if self.remote.has_letters() {
            self.open_letters();
        }
    }

    #[cold]
    fn open_letters(&self) {
        let mut letters = Vec::new();
        self.remote.read_letters(&mut letters);
        for letter in letters {
            match letter {
                Letter::Wake(task) => self.ready.push(task),
                Letter::Call(call) => {
                    // User code on the loop's thread, as a poll is: to block here would stop the
                    // loop, and whoever is asked to can see that.
                    leaf::begin_poll();
                    let watch = self.watch();
                    quietly(call);
                    let _nobody_waits = leaf::end_poll();
                    if let Some(watch) = watch {
                        self.end_watch(watch, None, false);
                    }
                }
            }
        }
    }

    // ANCHOR: wait
    /// Waits in the reactor until something comes or the next timer is due.
    fn wait(self: &Rc<Self>) -> Turned {
        if self.release_idlers() {
            return Turned::On;
        }
        // From here on a letter interrupts the wait; one that is there already forbids it.
        if !self.remote.begin_park() {
            // Letters that never cease must not keep the loop from looking up.
            self.look_in_time();
            return Turned::On;
        }
        let bound = self.wheel.borrow().bound();
        let is_alone = bound.is_none() && self.is_alone();
        let limit = match is_alone {
            true => Some(ALONE),
            false => bound.map(|bound| bound.saturating_since(self.clock.now())),
        };
        let any = self.look(limit);
        self.remote.end_park();
        match is_alone && !any && self.remote.is_quiet() {
            true => Turned::Stalled,
            false => Turned::On,
        }
    }
    // ANCHOR_END: wait

    // ANCHOR: wait_paused
    /// The same on the paused clock, which jumps to the next deadline when nothing else can
    /// happen before it (rules A1 to A5: nothing is ready; a look at the reactor and then at the
    /// inbox finds nothing; no job and no wait on a real peer is out; nobody waits for idleness).
    fn wait_paused(self: &Rc<Self>) -> Turned {
        if self.look(Some(Duration::ZERO)) || self.release_idlers() {
            return Turned::On;
        }
        // A job that leaves or comes back from here on is seen by `is_quiet`.
        let is_held = self.holds_clock();
        if !is_held {
            let next = self.wheel.borrow_mut().next();
            if let Some(next) = next {
                if self.remote.is_quiet() {
                    self.clock.jump(next);
                    self.fire(next);
                }
                return Turned::On;
            }
        }
        if !self.remote.begin_park() {
            return Turned::On;
        }
        // What somebody hoped for may have come since.
        if !is_held && self.is_alone() && self.remote.is_quiet() {
            self.remote.end_park();
            return Turned::Stalled;
        }
        self.look(None);
        self.remote.end_park();
        Turned::On
    }
    // ANCHOR_END: wait_paused

    // ANCHOR: look
    /// One look at the reactor, for at most `limit`, and at the clock. Says whether anything
    /// came of it.
    pub(crate) fn look(&self, limit: Option<Duration>) -> bool {
        self.polls.set(0);
        let limit = match self.ends_at.get() {
            None => limit,
            Some(end) => {
                let left = end.saturating_duration_since(Instant::now());
                Some(limit.map_or(left, |limit| limit.min(left)))
            }
        };
        let mut due = self.due.take();
        let turned = self.reactor.borrow_mut().turn(limit, &mut due);
        if let Err(error) = turned {
            // EINTR is the reactor's business; what is left means that its descriptor is gone.
            panic!("the reactor can wait no longer: {error}");
        }
        // Also on the paused clock: what is due at this very moment needs no jump, and neither
        // busy tasks nor whatever holds the clock keep it waiting.
        let now = self.clock.now();
        self.wheel.borrow_mut().advance(now, &mut due);
        self.wake(due)
    }
    // ANCHOR_END: look

    /// Wakes the timers that are due at `now`.
    pub(crate) fn fire(&self, now: Tick) {
        let mut due = self.due.take();
        self.wheel.borrow_mut().advance(now, &mut due);
        self.wake(due);
    }

    /// Wakes everybody in the list, which is kept for the next time.
    fn wake(&self, mut due: Vec<Waker>) -> bool {
        let any = !due.is_empty();
        wake_all(due.drain(..));
        self.due.set(due);
        any
    }

    /// Nobody can run: those who waited for that go on.
    fn release_idlers(&self) -> bool {
        if self.idlers.borrow().is_empty() {
            return false;
        }
        // What the reactor has is somebody's turn, too.
        if self.look(Some(Duration::ZERO)) || !self.remote.begin_park() {
            return true;
        }
        self.remote.end_park();
        self.idle_rounds.set(self.idle_rounds.get() + 1);
        let idlers = self.idlers.take();
        self.wake(idlers.into())
    }

    /// Whether something that ends in real time keeps the paused clock where it is.
    fn holds_clock(&self) -> bool {
        if self.remote.jobs() > 0 {
            return true;
        }
        let reactor = self.reactor.borrow();
        self.wires
            .hold(|| reactor.armed().map(|(source, _)| source))
    }

    /// Whether nothing of this loop's own can wake anybody: no job, no socket and no standard input
    /// is waited for.
    fn is_alone(&self) -> bool {
        let reactor = self.reactor.borrow();
        let mut armed = reactor.armed();
        !self.remote.is_awaiting() && !armed.any(|(source, _)| self.wires.may_wake(source))
    }
}
