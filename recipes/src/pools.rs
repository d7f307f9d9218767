//! Pools for the clock that was asked for: workers on the real one, lanes on the paused one.
//!
//! In a program of your own, write `ProcessPool::new(n)` for [`process_pool`]`(n)` and
//! `ThreadPool::new(n)` for [`thread_pool`]`(n)`, and leave [`counted`] out.

use std::io;
use std::time::SystemTime;

use mainspring::asyncio::{ProcessPool, ThreadPool};
use mainspring::task::{JoinHandle, Outcome};

use crate::stage::{Stage, follow};

// ANCHOR: process_pool
/// A pool of worker processes; on the paused clock, of the stage's lanes.
///
/// # Errors
///
/// The program has not called `serve`.
pub fn process_pool(workers: usize) -> io::Result<ProcessPool> {
    let stage = Stage::current();
    if stage.setting.paused {
        return Ok(ProcessPool::simulated(stage.setting.lanes));
    }
    // A moment that another process can make sense of.
    let began = SystemTime::now().checked_sub(stage.time());
    ProcessPool::builder()
        .workers(workers)
        .initializer(follow, began.filter(|_| stage.setting.times))
        .build()
}
// ANCHOR_END: process_pool

/// A pool of threads; on the paused clock, of the stage's lanes.
pub fn thread_pool(workers: usize) -> ThreadPool {
    let stage = Stage::current();
    match stage.setting.paused {
        true => ThreadPool::simulated(stage.setting.lanes),
        false => ThreadPool::new(workers),
    }
}

/// Waits for a job of a pool, and counts it as one of the recipe's, by its own report.
pub async fn counted<T>(mut job: JoinHandle<T>) -> Outcome<T> {
    let outcome = (&mut job).await;
    Stage::current().meter.ran(&job.report());
    outcome
}
