//! Tasks that are aborted wherever they stand, the same way in each run of a seed.

use mainspring::runtime::{Builder, LocalRuntime, OnStall};
use mainspring::task::{JoinHandle, yield_now};

use crate::chopped::Die;

/// A loop on the paused clock that panics when nothing can wake it any more: what got lost shows
/// as a report of who waits for what.
pub fn paused() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    let builder = builder.start_paused(true).on_stall(OnStall::Panic);
    builder.build_local(Default::default()).unwrap()
}

/// Lets some turns pass, aborts somebody, and so on; then waits for those that are left.
pub async fn storm(die: &mut Die, tasks: Vec<JoinHandle<()>>) {
    for _ in 0..tasks.len() / 2 {
        for _ in 0..die.throw(6) {
            yield_now().await;
        }
        tasks[die.throw(tasks.len())].abort();
    }
    for task in tasks {
        if let Err(error) = task.await {
            assert!(error.is_cancelled(), "{error}");
        }
    }
}
