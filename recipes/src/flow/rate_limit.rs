//! I want at most so many requests per second, whatever the callers do (rate limit).

use mainspring::asyncio::{gather, sleep};
use mainspring::sync::Mutex;
use mainspring::time::{Duration, Interval, MissedTickBehavior, interval};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: rate_limit
/// Lets its callers go on one by one, at most so many per second, in the order in which they came.
#[derive(Debug)]
pub struct RateLimit {
    ticks: Mutex<Interval>,
}

impl RateLimit {
    /// So many turns per second.
    ///
    /// # Panics
    ///
    /// If `per_second` is zero: nobody would ever have a turn.
    #[track_caller]
    pub fn new(per_second: u32) -> Self {
        assert!(
            per_second > 0,
            "with no turn per second nobody goes on: ask for at least 1"
        );
        let mut ticks = interval(Duration::from_secs(1) / per_second);
        // Turns that nobody took are lost: after a quiet minute there is no burst.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        RateLimit {
            ticks: Mutex::new(ticks),
        }
    }

    /// Waits for one's turn. Whoever is dropped meanwhile has not used it up.
    pub async fn turn(&self) {
        self.ticks.lock().await.tick().await;
    }
}

/// Five per second: five callers come at once, and two more after a quiet time.
pub async fn rate_limit() {
    let limit = RateLimit::new(5);
    let request = async |name: &str| {
        limit.turn().await;
        say!("request {name}");
        measured(sleep(0.3)).await;
    };
    gather(["a", "b", "c", "d", "e"].map(request)).await;
    sleep(0.5).await;
    say!("a quiet time is over");
    gather(["f", "g"].map(request)).await;
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(rate_limit());
}
// ANCHOR_END: rate_limit
