//! Waiting for a moment: sleep, time limits, intervals, and the clock that can be paused.

mod instant;
pub(crate) mod sleep;
mod timeout;
mod interval;
mod pause;
mod deadline;
pub(crate) mod call;

pub use std::time::Duration;

// Upstairs, because it is for code on a pool's threads; it is about time all the same.
pub use crate::pool::block_for;

pub use deadline::{Deadline, Scope};
pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, Tick, interval, interval_at};
pub use pause::{Advance, advance, pause, resume};
pub use sleep::{Delay, Sleep, sleep, sleep_secs, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at, wait_for};

/// The error of this module, under tokio's path.
pub mod error {
    pub use crate::time::timeout::Elapsed;
}
