//! I want to perform non-blocking processing in multiple processes.

use std::io;

use mainspring::asyncio::{Duration, Queue, run_in_executor, try_gather};
use mainspring::pool::block_for;

use crate::event_loop::run;
use crate::output::say;
use crate::pools::{counted, process_pool};

// ANCHOR: process
/// What the workers are asked for: it captures nothing, and is in the list of `serve`.
pub fn print_num(num: u32) {
    block_for(Duration::from_secs(1));
    say!("{num}");
}

/// As many coroutines as workers share one queue; each lets a process do what takes its time.
///
/// # Errors
///
/// A worker died, or there could be none.
pub async fn async_by_process(workers: usize) -> io::Result<()> {
    let executor = process_pool(workers)?;
    let queue: Queue<u32> = (0..10).collect();
    let proc = async || {
        while let Ok(num) = queue.get_nowait() {
            counted(run_in_executor(&executor, print_num, num)).await?;
        }
        io::Result::Ok(())
    };
    try_gather((0..workers).map(|_| proc())).await?;
    Ok(())
}

/// `if __name__ == "__main__"`, after its first line, which is `serve([function(print_num)])`.
///
/// # Errors
///
/// Those of [`async_by_process`].
pub fn main(workers: usize) -> io::Result<()> {
    run(async_by_process(workers))
}
// ANCHOR_END: process
