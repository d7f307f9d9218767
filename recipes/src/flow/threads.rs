//! I have threads beside the loop: how do they talk to it?

use std::thread;

use mainspring::asyncio::{Handle, Threads, run_in_executor};
use mainspring::sync::mpsc::{Sender, channel};
use mainspring::sync::oneshot;
use mainspring::time::{Duration, block_for};

use crate::event_loop::run;
use crate::output::say;
use crate::pools::counted;

// ANCHOR: threads
/// Blocks its thread, as a driver or a library would: one reading every 0.3 seconds.
fn sensor(readings: Sender<u32>) {
    for reading in [20, 21, 23] {
        block_for(Duration::from_millis(300));
        // While the channel is full this thread waits. The loop never does.
        readings.blocking_send(reading).unwrap();
    }
}

/// A thread of its own, which has to ask the loop for something.
fn stranger(home: &Handle, greeting: &'static str) -> String {
    let (answer, asked) = oneshot::channel();
    // Only the loop's thread runs tasks: the handle sends this one there.
    home.spawn(async move {
        say!("on the loop: {greeting}");
        let _ = answer.send(format!("{greeting} yourself"));
    });
    asked.blocking_recv().unwrap()
}

/// The loop awaits both.
pub async fn threads() {
    let (sender, mut readings) = channel(8);
    let sensor = run_in_executor(&Threads, sensor, sender);
    while let Some(reading) = readings.recv().await {
        say!("from the sensor: {reading}");
    }
    counted(sensor).await.unwrap();

    let home = Handle::current();
    let (done, is_done) = oneshot::channel();
    let stranger = thread::spawn(move || done.send(stranger(&home, "hello")));
    say!("to the stranger: {}", is_done.await.unwrap());
    stranger.join().unwrap().unwrap();
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(threads());
}
// ANCHOR_END: threads
