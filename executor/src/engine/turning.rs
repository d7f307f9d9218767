//! One loop turns on a thread at a time.

use std::cell::Cell;
use std::rc::Rc;

use crate::engine::core::Engine;

thread_local! {
    /// Whether a loop is turning on this thread.
    static TURNING: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a loop turns on this thread, and no other may.
#[derive(Debug)]
pub(crate) struct Turning {
    engine: Rc<Engine>,
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
        engine.is_turning.set(true);
        engine.meter.begin_busy(&engine.shared.meter);
        Some(Turning {
            engine: engine.clone(),
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
                 a task just now, and would stand still. `.await` the future, or `spawn` it; from \
                 code that blocks, use `spawn_blocking` and `Handle::block_on` there"
            );
        }
    }

    /// Whether a loop is turning on this thread.
    pub(crate) fn is_on() -> bool {
        TURNING.get()
    }
}

impl Drop for Turning {
    fn drop(&mut self) {
        TURNING.set(false);
        self.engine.is_turning.set(false);
        let meter = &self.engine.shared.meter;
        self.engine.meter.end_busy(meter);
        self.engine.meter.tell_tasks(meter, self.engine.tasks.len());
        self.engine.remote.leave();
    }
}
