//! I want a pipeline: stages that work at the same time, and end one after the other.

use mainspring::asyncio::{create_task, sleep};
use mainspring::sync::mpsc::{Receiver, channel};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: pipeline
/// A stage takes what the one before it gives, and gives what the next one takes.
///
/// It ends when there is nothing left to take, or nobody left to give to.
pub fn stage<T: 'static, U: 'static>(
    name: &'static str,
    seconds: f64,
    mut input: Receiver<T>,
    work: impl Fn(T) -> U + 'static,
) -> Receiver<U> {
    let (output, next) = channel(1);
    create_task(async move {
        while let Some(item) = input.recv().await {
            measured(sleep(seconds)).await;
            if output.send(work(item)).await.is_err() {
                break;
            }
        }
        say!("{name}: ends");
    });
    next
}

/// Four numbers go through three stages.
pub async fn pipeline() {
    let (numbers, input) = channel(4);
    for number in 1..=4 {
        numbers.send(number).await.unwrap();
    }
    // There will be no more: this is what ends the first stage, and the first the second.
    drop(numbers);

    let fetched = stage("fetch", 0.2, input, |number| format!("page {number}"));
    let parsed = stage("parse", 0.3, fetched, |page| format!("words of {page}"));
    let mut stored = stage("store", 0.5, parsed, |words| format!("{words}, stored"));
    while let Some(stored) = stored.recv().await {
        say!("{stored}");
    }
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(pipeline());
}
// ANCHOR_END: pipeline
