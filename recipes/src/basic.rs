//! Basic: how do I write non-blocking processing?

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::{SECONDS, sleeping};

// ANCHOR: basic
/// One coroutine and three waits, one after the other: 5 + 0 + 3 seconds.
pub async fn basic_async() {
    for (order, seconds) in SECONDS {
        let order = sleeping(order, seconds, None).await;
        say!("{order} is finished.");
    }
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(basic_async());
}
// ANCHOR_END: basic
