//! One loop turns on a thread at a time.

use std::cell::Cell;
use std::rc::Rc;

use crate::engine::core::Engine;
use crate::leaf::{self, OtherBudget};

thread_local! {
    /// Whether a loop is turning on this thread.
    static TURNING: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a loop turns on this thread, and no other may.
#[derive(Debug)]
pub(crate) struct Turning {
    engine: Rc<Engine>,
    /// It turned before: this is a turn within a poll that stepped aside.
    was_turning: bool,
}

impl Turning {
    /// `None`: the runtime was dropped on another thread, and the loop's door is shut.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already.
    #[track_caller]
    pub(crate) fn begin(engine: &Rc<Engine>) -> Option<Self> {
        Turning::forbid();
        if !engine.remote.attend() {
            return None;
        }
        TURNING.set(true);
        let was_turning = engine.is_turning.replace(true);
        engine.meter.begin_busy(&engine.shared.meter);
        if !was_turning {
            engine.chance.swap_branch();
        }
        Some(Turning {
            engine: engine.clone(),
            was_turning,
        })
    }

    /// # Panics
    ///
    /// If a loop is turning on this thread: whoever calls this is going to block it.
    #[track_caller]
    pub(crate) fn forbid() {
        if TURNING.get() {
            panic!(
                "a runtime cannot be driven from within a runtime: this thread's loop is inside \
                 a task just now, and would stand still. `.await` the future, or `spawn` it; code \
                 that cannot be async goes into `spawn_blocking` or, where it stands, into \
                 `block_in_place`, and may call `Handle::block_on` there"
            );
        }
    }

    /// Whether a loop is turning on this thread.
    pub(crate) fn is_on() -> bool {
        TURNING.get()
    }
}

/// While it lives, the poll that made it has stepped aside: it may block its thread, and may turn
/// the loop meanwhile.
///
/// That loop can be turned within a turn because a task that is polled is out of the table: the
/// others run beside it. Itself it cannot, and neither can an outer main future: whoever wakes these
/// finds them again when the inner turn is over.
#[derive(Debug)]
pub(crate) struct StepAside {
    was_turning: bool,
    _budget: OtherBudget,
}

impl StepAside {
    pub(crate) fn begin() -> Self {
        StepAside {
            was_turning: TURNING.replace(false),
            _budget: leaf::no_budget(),
        }
    }
}

impl Drop for StepAside {
    fn drop(&mut self) {
        TURNING.set(self.was_turning);
    }
}

impl Drop for Turning {
    fn drop(&mut self) {
        TURNING.set(false);
        self.engine.is_turning.set(self.was_turning);
        // Those who could not be polled within their own poll.
        let postponed = self.engine.postponed.take();
        postponed
            .into_iter()
            .for_each(|task| self.engine.ready.push(task));
        let meter = &self.engine.shared.meter;
        self.engine.meter.end_busy(meter);
        self.engine.meter.tell_tasks(meter, self.engine.tasks.len());
        if !self.was_turning {
            self.engine.chance.swap_branch();
            self.engine.remote.leave();
        }
    }
}
