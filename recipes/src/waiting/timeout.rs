//! I want a time limit for one step.

use mainspring::asyncio::{Duration, TimeoutError, create_task, sleep, timeout};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: timeout
/// Closes when it is dropped, whatever the reason.
struct Connection(&'static str);

impl Drop for Connection {
    fn drop(&mut self) {
        say!("{}: connection closed", self.0);
    }
}

/// Five parts a second; those that have come belong to the caller.
async fn download(name: &'static str, parts: u32, received: &mut Vec<u32>) {
    let _connection = Connection(name);
    for part in 1..=parts {
        measured(sleep(0.2)).await;
        received.push(part);
    }
}

/// A time limit for a step, and one for waiting only.
pub async fn time_limits(limit: Duration) {
    for (name, parts) in [("quick", 2), ("slow", 5)] {
        let mut received = Vec::new();
        match timeout(limit, download(name, parts, &mut received)).await {
            Ok(()) => say!("{name}: complete"),
            // The step is gone by now, and with it what it held.
            Err(TimeoutError { .. }) => say!("{name}: too late, has {received:?} of {parts}"),
        }
    }
    let mut task = create_task(async {
        let mut received = Vec::new();
        download("patient", 4, &mut received).await;
        received
    });
    // The handle is borrowed: what is dropped when it gets too late is the wait.
    if timeout(limit, &mut task).await.is_err() {
        say!("patient: not yet, and goes on");
    }
    say!("patient: has {:?}", task.await.unwrap());
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(time_limits(Duration::from_millis(500)));
}
// ANCHOR_END: timeout
