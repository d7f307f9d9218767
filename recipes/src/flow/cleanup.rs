//! I want what I started to end with me, and to clean up (structured concurrency).

use mainspring::asyncio::{Duration, sleep, task_group, wait_for};
use mainspring::task::ErrorGroup;

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: cleanup
/// What is cleared when it is dropped, however its user ends.
struct Desk(&'static str);

impl Drop for Desk {
    fn drop(&mut self) {
        say!("{}: clears the desk", self.0);
    }
}

/// Works for so many seconds; then it is done, or what it tried has failed.
async fn work(name: &'static str, seconds: f64, succeeds: bool) -> Result<(), String> {
    let _desk = Desk(name);
    measured(sleep(seconds)).await;
    if !succeeds {
        return Err(format!("{name} is stuck"));
    }
    say!("{name}: done");
    Ok(())
}

/// Three at work: the first who fails ends the others, and nobody is left when this is over.
pub async fn team(bob_succeeds: bool) -> Result<(), ErrorGroup<String>> {
    let group = task_group(async |group| {
        group.spawn(work("Ann", 0.2, true));
        group.spawn(work("Bob", 0.4, bob_succeeds));
        group.spawn(work("Cid", 0.7, true));
        Ok(())
    });
    group.await
}

/// One team fails, and one has too little time.
pub async fn cleanup() {
    match team(false).await {
        Ok(()) => say!("the first team is done"),
        Err(failed) => say!("the first team: {}", failed.errors.join(", ")),
    }
    match wait_for(team(true), Duration::from_millis(500)).await {
        Ok(_) => say!("the second team is done"),
        Err(_) => say!("the second team: out of time"),
    }
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(cleanup());
}
// ANCHOR_END: cleanup
