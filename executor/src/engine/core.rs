//! The engine: all parts of one loop together.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use mainspring_reactor::{Reactor, Wheel};

use crate::engine::chance::Chance;
use crate::engine::clock::Clock;
use crate::engine::hold::Wires;
use crate::engine::id::{Id, TaskId};
use crate::engine::meter::LoopMeter;
use crate::engine::ready::{ReadyQueue, Remote};
use crate::engine::shared::Shared;
use crate::engine::table::TaskTable;
use crate::quietly::{quietly, wake_all};

// ANCHOR: engine
/// One loop, confined to its thread.
///
/// Law 2 (no user code under a borrow): polling, dropping a future or an output, waking and
/// cloning a foreign waker happen after the `RefCell` guard is gone: take out under the borrow,
/// act after it. Beware that in `drop(cell.borrow_mut().remove(k))` the guard outlives the drop.
pub(crate) struct Engine {
    // Never changes.
    pub(crate) shared: Arc<Shared>,
    pub(crate) remote: Arc<Remote>,

    // The loop's thread.
    pub(crate) ready: Rc<ReadyQueue>,
    pub(crate) tasks: TaskTable,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) wheel: RefCell<Wheel>,
    pub(crate) reactor: RefCell<Reactor>,
    pub(crate) wires: Wires,
    /// A list for those who are due, kept so that no look allocates.
    pub(crate) due: Cell<Vec<Waker>>,
    /// Those who wait until nobody else can run.
    pub(crate) idlers: RefCell<VecDeque<Waker>>,
    /// How often they were released.
    pub(crate) idle_rounds: Cell<u64>,
    /// The round in which `advance` has moved the clock: once in each.
    pub(crate) advanced_in: Cell<u64>,
    /// The task that is being polled.
    pub(crate) current: Cell<Option<Id>>,
    /// What `block_on` was given, which is no task.
    pub(crate) main: Cell<Option<Id>>,
    /// Polls since the loop last looked at the clock, the inbox and the reactor.
    pub(crate) polls: Cell<u32>,
    pub(crate) meter: LoopMeter,
    /// `stop` was called: `run_forever` ends after this turn.
    pub(crate) stopping: Cell<bool>,
    /// It is being turned just now.
    pub(crate) is_turning: Cell<bool>,
    /// Nothing may be spawned any more, but for clean-ups.
    pub(crate) closing: Cell<bool>,
    /// Clean-ups neither.
    pub(crate) closed: Cell<bool>,
    /// While the last clean-ups run: no wait lasts longer than until then.
    pub(crate) ends_at: Cell<Option<Instant>>,
    /// The runtime was dropped inside of this loop, which sees to the pools when it comes home.
    pub(crate) owes_pools: Cell<bool>,
    /// Tasks that were woken while a poll of theirs has stepped aside.
    pub(crate) postponed: RefCell<Vec<TaskId>>,
    /// What is to be done when no task is left.
    pub(crate) when_empty: RefCell<Vec<Box<dyn FnOnce()>>>,
    /// A stall was told already.
    pub(crate) stall_told: Cell<bool>,
    /// Who is told of panics that nobody reads, if somebody was set for this loop (the room of
    /// tasks knows of which type it is).
    pub(crate) on_unhandled: RefCell<Option<Rc<dyn Any>>>,
}
// ANCHOR_END: engine

impl Engine {
    pub(crate) fn new(shared: Arc<Shared>, remote: Arc<Remote>, reactor: Reactor) -> Self {
        Engine {
            ready: ReadyQueue::new(remote.clone()),
            tasks: TaskTable::default(),
            clock: Clock::new(shared.settings.start_paused),
            chance: Chance::new(shared.settings.seed),
            wheel: RefCell::new(Wheel::new()),
            reactor: RefCell::new(reactor),
            wires: Wires::default(),
            due: Cell::new(Vec::new()),
            idlers: RefCell::new(VecDeque::new()),
            idle_rounds: Cell::new(0),
            advanced_in: Cell::new(0),
            current: Cell::new(None),
            main: Cell::new(None),
            meter: LoopMeter::default(),
            polls: Cell::new(0),
            stopping: Cell::new(false),
            is_turning: Cell::new(false),
            closing: Cell::new(false),
            closed: Cell::new(false),
            ends_at: Cell::new(None),
            owes_pools: Cell::new(false),
            postponed: RefCell::new(Vec::new()),
            when_empty: RefCell::new(Vec::new()),
            stall_told: Cell::new(false),
            on_unhandled: RefCell::new(None),
            shared,
            remote,
        }
    }

    /// Whether what other threads send to the runtime arrives here.
    pub(crate) fn is_home(&self) -> bool {
        self.shared.is_home(&self.remote)
    }

    /// Whether nothing lives on it: no task, no timer, no socket; and nobody turns it.
    pub(crate) fn is_deserted(&self) -> bool {
        !self.is_turning.get()
            && self.tasks.len() == 0
            && self.wheel.borrow().is_empty()
            && self.reactor.borrow().is_empty()
    }

    /// No more calls and tasks, and every task is dropped, in the order of spawning, but for
    /// clean-ups.
    pub(crate) fn drop_tasks(&self) {
        self.closing.set(true);
        for call in self.remote.refuse_calls() {
            quietly(|| drop(call));
        }
        for body in self.tasks.drain(|task| !task.is_clean_up()) {
            quietly(|| drop(body));
        }
    }

    /// No more letters, then every task is dropped, in the order of spawning, then the timers.
    pub(crate) fn drop_everything(&self) {
        self.closing.set(true);
        self.closed.set(true);
        for letter in self.remote.close() {
            quietly(|| drop(letter));
        }
        for body in self.tasks.drain(|_| true) {
            quietly(|| drop(body));
        }
        let idlers = self.idlers.take();
        quietly(|| drop(idlers));
        let timers = self.wheel.take();
        quietly(|| drop(timers));
        let mut due = Vec::new();
        self.reactor.borrow_mut().close(&mut due);
        wake_all(due);
        self.meter.tell_tasks(&self.shared.meter, 0);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("ready", &self.ready.len())
            .field("tasks", &self.tasks.len())
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A thread that ends with a loop of a runtime that lives on: whoever sends it something
        // must learn that nobody reads, or reach the next home.
        self.shared.vacate_seat(&self.remote);
        self.drop_everything();
    }
}
