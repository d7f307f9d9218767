//! I want to process in parallel (fixed length), and know which is done and which is not.

use mainspring::asyncio::{create_task, wait};
use mainspring::future::Finished;

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::{SECONDS, sleeping};

// ANCHOR: wait
/// `wait` takes tasks; `done` comes in the order of ending, `pending` in the order given.
pub async fn parallel_by_wait() -> Vec<Finished<&'static str>> {
    fn notify(order: &str) {
        say!("{order} has just finished.");
    }
    let tasks =
        SECONDS.map(|(order, seconds)| create_task(sleeping(order, seconds, Some(&notify))));
    let (done, _pending) = wait(tasks).await;
    done
}

/// `if __name__ == "__main__"`
pub fn main() {
    for task in run(parallel_by_wait()) {
        // Had the task panicked, its `result()` would say so here.
        say!("asyncio.wait result: {}", task.result().unwrap());
    }
}
// ANCHOR_END: wait
