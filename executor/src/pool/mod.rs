//! Calls that block, on threads beside the loop.
//!
//! ```text
//!   spawn_blocking          job.rs       queue.rs        thread.rs
//!   run_in_executor  ----> a closure --> the line, --> a worker runs it
//!   ThreadPool::submit     and a cell    one lock          |
//!        |                     ^                           |
//!        v                     +---- outcome, then a wake--+
//!   JoinHandle  <--- read -----+
//! ```
//!
//! A simulated pool has lanes in the workers' place (`simulated.rs`): threads of which one runs
//! at a time, and whose [`block_for`] is a sleep on the loop's clock.

pub(crate) mod job;
pub(crate) mod queue;
mod thread;
pub(crate) mod lane;
pub(crate) mod simulated;
pub(crate) mod thread_pool;
pub(crate) mod blocking;

pub use blocking::{
    DefaultSlot, Executor, Threads, run_in_executor, set_default_executor, spawn_blocking,
};
pub use lane::block_for;
pub use thread_pool::{ThreadPool, ThreadPoolBuilder};
