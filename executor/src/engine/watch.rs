//! How long each step takes, in debug mode.
//!
//! A step is what the loop does in one go: a poll of a task, a callback, a call from another
//! thread. It is measured by the machine's clock, whatever the loop's own shows.

use std::time::{Duration, Instant};

use crate::engine::core::Engine;
use crate::engine::slow_step::SlowStep;
use crate::engine::waker::TaskWaker;
use crate::lines::Lines;
use crate::quietly::quietly;

/// A step that is being measured.
#[derive(Debug)]
pub(crate) struct Watch {
    began: Instant,
    limit: Duration,
}

impl Engine {
    /// Whether steps are measured.
    pub(crate) fn is_watched(&self) -> bool {
        self.shared.settings.slow_step.is_some()
    }

    /// A step begins: is it to be measured?
    pub(crate) fn watch(&self) -> Option<Watch> {
        let limit = self.shared.settings.slow_step?;
        let began = Instant::now();
        Some(Watch { began, limit })
    }

    /// The step has ended; `task` took it, if it was one.
    #[cold]
    pub(crate) fn end_watch(&self, watch: Watch, task: Option<&TaskWaker>, is_main: bool) {
        let took = watch.began.elapsed();
        if took <= watch.limit {
            return;
        }
        let step = SlowStep {
            task: task.map(|task| task.id),
            name: task.and_then(TaskWaker::name),
            spawned_at: task.map(|task| task.spawned_at),
            is_main,
            took,
            limit: watch.limit,
        };
        static LINES: Lines = Lines::of("slow steps");
        match &self.shared.settings.on_slow_step {
            Some(tell) => quietly(|| tell.0(&step)),
            None => LINES.print(&step),
        }
    }
}
