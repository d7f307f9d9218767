//! The job that most recipes give their loop: to sleep for a while, then say who slept.

use std::future::Future;

use mainspring::asyncio::sleep;
use mainspring::time::Instant;

use crate::stage::Stage;

// ANCHOR: sleeping
/// Who sleeps, and for how many seconds.
pub const SECONDS: [(&str, i32); 3] = [("first", 5), ("second", 0), ("third", 3)];

/// Sleeps, calls the hook, and says who slept.
pub async fn sleeping<'a>(order: &'a str, seconds: i32, hook: Option<&dyn Fn(&str)>) -> &'a str {
    measured(sleep(seconds)).await;
    if let Some(hook) = hook {
        hook(order);
    }
    order
}
// ANCHOR_END: sleeping

/// Counts a future as a job of the recipe, from its first poll to its end.
pub async fn measured<F: Future>(job: F) -> F::Output {
    let counted = Stage::current().meter.job();
    let began = Instant::now();
    let output = job.await;
    counted.took(began.elapsed());
    output
}
