//! I want a fast producer to wait for its consumers (back-pressure).

use mainspring::asyncio::{Queue, create_task, gather, sleep};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: back_pressure
/// Makes six parts, one every 0.1 seconds, unless there is nowhere to put them.
pub async fn producer(queue: Queue<u32>) {
    for part in 1..=6 {
        measured(sleep(0.1)).await;
        if queue.full() {
            say!("producer: made {part}, and waits");
        }
        queue.put(part).await.unwrap();
        say!("producer: put {part}");
    }
    // What is in there can still be got; then `get` tells that there will be no more.
    queue.shutdown(false);
}

/// Uses parts, so many seconds for each, until there will be no more.
pub async fn consumer(name: &str, seconds: f64, queue: Queue<u32>) {
    while let Ok(part) = queue.get().await {
        measured(sleep(seconds)).await;
        say!("{name}: used {part}");
    }
}

/// There is room for two parts between those who make and those who use.
pub async fn back_pressure() {
    let queue = Queue::bounded(2);
    let producer = create_task(producer(queue.clone()));
    let consumers = [("left", 0.6), ("right", 0.8)];
    gather(consumers.map(|(name, seconds)| consumer(name, seconds, queue.clone()))).await;
    producer.await.unwrap();
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(back_pressure());
}
// ANCHOR_END: back_pressure
