//! A program whose list of functions stands in the attribute. `process_entry` runs it.

use mainspring::process::ProcessPool;
use mainspring::time::{Duration, sleep};

/// Only outside of a runtime: so a worker must have gone its own way before there was one.
fn sleep_and_double(number: u32) -> u32 {
    mainspring::run(async move {
        sleep(Duration::from_millis(1)).await;
        2 * number
    })
}

fn pid(_: ()) -> u32 {
    std::process::id()
}

#[mainspring::main(serve = [sleep_and_double, pid])]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = ProcessPool::new(1)?;
    let doubled = pool.submit(sleep_and_double, 21).await?;
    let is_elsewhere = pool.submit(pid, ()).await? != std::process::id();
    println!("{doubled}, elsewhere: {is_elsewhere}");
    Ok(())
}
