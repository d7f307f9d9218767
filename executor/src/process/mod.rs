//! Other programs: [`Command`]; and calls that compute, in other processes of the same program.
//!
//! ```text
//!   pool.rs           driver.rs             child.rs, channel.rs        worker.rs
//!   submit  -------> a task that has  ----> a socket pair   ---------> this program again:
//!   (job.rs)         a worker, or           frames (frame.rs)          list[number](argument)
//!      |             starts one                  |
//!      v                 ^                       v
//!   JoinHandle <-- answer, or how it died <------+
//! ```
//!
//! | asyncio | here |
//! | --- | --- |
//! | `ProcessPoolExecutor(n)` | [`ProcessPool::new`] |
//! | `max_tasks_per_child`, `initializer` | [`ProcessPool::builder`] |
//! | `loop.run_in_executor(pool, f, x)` | [`run_in_executor(&pool, f, x)`](crate::pool::run_in_executor) |
//! | `if __name__ == "__main__":` | [`serve`], the first line of `main` |
//! | `BrokenProcessPool`, the end of the pool | [`JoinError::worker_died`](crate::task::JoinError::worker_died), of one job |
//! | `create_subprocess_exec`, `Process` | [`Command`], [`Child`] |
//!
//! tokio has [`Command`] and what belongs to it, and no counterpart of the rest.

mod frame;
mod value;
mod error;
mod function;
mod patience;
mod worker;
mod descriptor;
mod child;
mod exit;
mod channel;
mod job;
mod crew;
mod driver;
mod crews;
mod submit;
mod pool;
mod builder;
mod slot;

mod command;

pub use builder::ProcessPoolBuilder;
pub use command::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
pub use error::ProcessError;
pub use function::{Function, Remote, function};
pub use pool::{ProcessPool, Shutdown, WarmUp};
pub use slot::Processes;
pub use worker::serve;
