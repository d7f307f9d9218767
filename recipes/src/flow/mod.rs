//! Values that flow from task to task: queues, pipelines, limits, and what tasks share.

pub mod back_pressure; // who waits for whom
pub mod pipeline; // stages
pub mod rate_limit; // so many per second
pub mod sharing; // with a lock, and without
pub mod threads; // from outside
pub mod question; // an actor
pub mod publish; // each value to everybody
pub mod cleanup; // nothing outlives its block
pub mod latest; // only the newest value
