//! I want worker processes by default, without handing a pool around.

use std::io;

use mainspring::asyncio::{Processes, Threads, run_in_executor, set_default_executor, try_gather};

use crate::event_loop::run;
use crate::output::say;
use crate::pools::{counted, process_pool};
use crate::process::print_num;

// ANCHOR: default_executor
/// Functions go to the default processes; closures still go to the default threads.
///
/// # Errors
///
/// A worker died, or there could be none.
pub async fn by_default(workers: usize) -> io::Result<()> {
    set_default_executor(process_pool(workers)?);
    try_gather((0..4).map(|num| counted(run_in_executor(&Processes, print_num, num)))).await?;

    let name = "a closure".to_owned();
    let closure = move |place| say!("{name}, on a {place}");
    counted(run_in_executor(&Threads, closure, "thread")).await?;
    Ok(())
}

/// `if __name__ == "__main__"`, after its first line, which is `serve([function(print_num)])`.
///
/// # Errors
///
/// Those of [`by_default`].
pub fn main(workers: usize) -> io::Result<()> {
    run(by_default(workers))
}
// ANCHOR_END: default_executor
