//! Steps that took too long: while one lasts, nobody else runs.
//!
//! This is what is told of one; `watch` measures.

use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::id::Id;

/// What a step may take in debug mode if nothing else is said. It is asyncio's.
///
/// Doubling it lets a loop stand still for longer before anybody hears of it.
pub(crate) const SLOW_STEP: Duration = Duration::from_millis(100);

/// A step that took longer than it may: what [`Builder::on_slow_step`] is told.
///
/// Its `Display` is one line: which task, spawned where, how long.
///
/// asyncio: what it logs of `slow_callback_duration` in debug mode. tokio has none (its console
/// shows busy times).
///
/// [`Builder::on_slow_step`]: crate::runtime::Builder::on_slow_step
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SlowStep {
    /// The task or callback; `None` for a call from another thread.
    pub task: Option<Id>,
    /// The name it was given.
    pub name: Option<Arc<str>>,
    /// Where it was spawned, or the callback asked for.
    pub spawned_at: Option<&'static Location<'static>>,
    /// It is the future that `block_on` was given.
    pub is_main: bool,
    /// What the step took, on the machine's clock.
    pub took: Duration,
    /// What it may take.
    pub limit: Duration,
}

/// Who is told.
#[derive(Clone)]
pub(crate) struct OnSlowStep(pub(crate) Arc<dyn Fn(&SlowStep) + Send + Sync>);

/// What its panic leaves behind is its own business.
impl UnwindSafe for OnSlowStep {}
impl RefUnwindSafe for OnSlowStep {}

impl fmt::Debug for OnSlowStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl fmt::Display for SlowStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task {
            Some(id) => write!(f, "task {id}")?,
            None => f.write_str("a call from another thread")?,
        }
        match (&self.name, self.is_main) {
            (Some(name), _) => write!(f, " {name}")?,
            (None, true) => f.write_str(" main")?,
            (None, false) => {}
        }
        if let Some(place) = self.spawned_at {
            write!(f, " (spawned at {place})")?;
        }
        write!(
            f,
            " held the loop for {:.1?}, and may for {:?}: let it give way with `yield_now`, or do \
             what blocks in `spawn_blocking`",
            self.took, self.limit
        )
    }
}
