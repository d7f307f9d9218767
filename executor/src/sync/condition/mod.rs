//! A lock, and a line of those who wait until what it guards has changed.

mod guard;
mod wait;

pub use crate::sync::condition::guard::{Condition, ConditionGuard, ConditionLock};
pub use crate::sync::condition::wait::{ConditionWait, ConditionWaitFor, ConditionWaitUntil};
