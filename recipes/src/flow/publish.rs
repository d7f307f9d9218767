//! I want to tell many tasks of what happens (publish and subscribe).

use mainspring::asyncio::{create_task, gather, sleep};
use mainspring::sync::broadcast::error::RecvError;
use mainspring::sync::broadcast::{Receiver, channel};
use mainspring::time::{Duration, interval};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: publish
/// Reads each issue that comes, so many seconds long, until there will be no more.
pub async fn reader(name: &str, seconds: f64, mut news: Receiver<u32>) {
    loop {
        match news.recv().await {
            Ok(issue) => {
                say!("{name}: reads {issue}");
                measured(sleep(seconds)).await;
            }
            // Nobody waits for a slow reader: it goes on with the oldest issue that is left.
            Err(RecvError::Lagged(missed)) => say!("{name}: has missed {missed}"),
            Err(RecvError::Closed) => break,
        }
    }
    say!("{name}: no more news");
}

/// Four issues, of which the last two are kept for those who are behind.
pub async fn publish() {
    let (press, quick) = channel(2);
    let mut readers = vec![
        create_task(reader("quick", 0.1, quick)),
        create_task(reader("slow", 1.05, press.subscribe())),
    ];
    let mut ticks = interval(Duration::from_millis(300));
    for issue in 1..=4 {
        ticks.tick().await;
        if issue == 3 {
            // Who comes late gets what comes later.
            readers.push(create_task(reader("late", 0.15, press.subscribe())));
        }
        press.send(issue).unwrap();
    }
    ticks.tick().await;
    drop(press);
    gather(readers).await;
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(publish());
}
// ANCHOR_END: publish
