//! I want to do something periodically, also when one time takes too long.

use mainspring::asyncio::{Duration, sleep};
use mainspring::time::{MissedTickBehavior, interval};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: periodic
/// Runs four times, every 0.2 seconds; the second run takes 0.5.
pub async fn periodically(name: &str, missed: MissedTickBehavior) {
    let mut ticks = interval(Duration::from_millis(200));
    ticks.set_missed_tick_behavior(missed);
    for number in 1..=4 {
        let due = ticks.tick().await;
        let late = if due.elapsed() > ticks.period() / 4 {
            ", late"
        } else {
            ""
        };
        say!("{name}: run {number}{late}");
        measured(sleep(if number == 2 { 0.5 } else { 0.0 })).await;
    }
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(async {
        periodically("burst", MissedTickBehavior::Burst).await;
        periodically("delay", MissedTickBehavior::Delay).await;
        periodically("skip", MissedTickBehavior::Skip).await;
    });
}
// ANCHOR_END: periodic
