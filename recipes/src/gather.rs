//! I want to process in parallel (fixed length), and have the results in the order I asked.

use mainspring::asyncio::gather;

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::{SECONDS, sleeping};

// ANCHOR: gather
/// The three run side by side, in place: they may borrow `notify`.
pub async fn parallel_by_gather() -> Vec<&'static str> {
    let notify = |order: &str| say!("{order} has just finished.");
    gather(SECONDS.map(|(order, seconds)| sleeping(order, seconds, Some(&notify)))).await
}

/// `if __name__ == "__main__"`
pub fn main() {
    for result in run(parallel_by_gather()) {
        say!("asyncio.gather result: {result}");
    }
}
// ANCHOR_END: gather
