//! How do two tasks share one loop?

use mainspring::runtime::RunEnd;

use crate::aside::aside;
use crate::event_loop::EventLoop;
use crate::output::say;
use crate::sleeping::{SECONDS, sleeping};

// ANCHOR: two-tasks
/// While one of them waits, the other runs.
pub async fn basic_async(number: u32) {
    for (order, seconds) in SECONDS {
        let order = sleeping(order, seconds, None).await;
        say!("{number}'s {order} is finished.");
    }
}

/// `if __name__ == "__main__"`
pub fn main() {
    let event_loop = EventLoop::new();
    event_loop.spawn_local(basic_async(1));
    event_loop.spawn_local(basic_async(2));
    // `run_forever` would wait for the next task, which nobody is left to spawn.
    if let RunEnd::Idle = event_loop.run_until_idle() {
        aside!("two-tasks: idle: nothing can happen any more");
    }
}
// ANCHOR_END: two-tasks
