//! I want to ask a task something and wait for its answer (an actor).

use mainspring::asyncio::{Duration, create_task, gather, sleep, wait_for};
use mainspring::sync::mpsc::{Receiver, channel};
use mainspring::sync::oneshot;

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: question
/// What is asked, and the way for the answer: a seat, or `None` if there is none left.
#[derive(Debug)]
pub struct Question {
    /// Who asks.
    pub name: &'static str,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Option<u32>>,
}

/// The clerk owns the seats: nobody else can touch them, so there is nothing to lock.
pub async fn clerk(mut questions: Receiver<Question>) -> Vec<u32> {
    let mut free = vec![2, 1];
    while let Some(Question { name, answer }) = questions.recv().await {
        measured(sleep(0.2)).await;
        // An answer that nobody waits for any more comes back.
        if let Err(Some(seat)) = answer.send(free.pop()) {
            say!("clerk: {name} has gone, seat {seat} is free again");
            free.push(seat);
        }
    }
    free
}

/// Four people ask at once, and Bob is in a hurry.
pub async fn question() {
    let (questions, asked) = channel(4);
    let clerk = create_task(clerk(asked));
    let ask = async |(name, patience)| {
        let (answer, answered) = oneshot::channel();
        questions.send(Question { name, answer }).await.unwrap();
        match wait_for(answered, Duration::from_millis(patience)).await {
            Ok(Ok(Some(seat))) => say!("{name}: seat {seat}"),
            Ok(Ok(None)) => say!("{name}: sold out"),
            Ok(Err(_)) => say!("{name}: the clerk has ended"),
            Err(_) => say!("{name}: that takes too long"),
        }
    };
    gather([("Ann", 2000), ("Bob", 300), ("Cid", 2000), ("Dan", 2000)].map(ask)).await;
    // Nobody can ask any more, and so the clerk ends.
    drop(questions);
    say!("clerk: {} seats left", clerk.await.unwrap().len());
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(question());
}
// ANCHOR_END: question
