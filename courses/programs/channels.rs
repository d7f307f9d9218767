//! Channels: one task owns a thing, the others send it their wishes.
//!
//! Many senders and one receiver: `mpsc`. Each wish carries its own way back for the answer, a
//! channel for a single value: `oneshot`.

use std::collections::HashMap;

use tokio::sync::{mpsc, oneshot};

enum Wish {
    Get {
        key: String,
        answer: oneshot::Sender<Option<String>>,
    },
    Set {
        key: String,
        value: String,
        answer: oneshot::Sender<Option<String>>,
    },
}

#[tokio::main]
async fn main() {
    // Room for 8 wishes; whoever sends a ninth waits until the owner has caught up.
    let (wishes, inbox) = mpsc::channel(8);
    let owner = tokio::spawn(own(inbox));

    // Each client has a sender of its own. An answer is awaited before the next wish is made.
    let writer = tokio::spawn({
        let wishes = wishes.clone();
        async move {
            let mut before = Vec::new();
            for value in ["red", "green", "blue"] {
                let (answer, answered) = oneshot::channel();
                let key = "colour".to_owned();
                let value = value.to_owned();
                let wish = Wish::Set { key, value, answer };
                // Fails only when the owner is gone.
                wishes.send(wish).await.expect("the owner listens");
                before.push(answered.await.expect("the owner answers"));
            }
            before
        }
    });
    println!("it was {:?}", writer.await.expect("no panic"));

    let reader = tokio::spawn(async move {
        let (answer, answered) = oneshot::channel();
        let key = "colour".to_owned();
        wishes
            .send(Wish::Get { key, answer })
            .await
            .expect("the owner listens");
        answered.await.expect("the owner answers")
    });
    println!("it is {:?}", reader.await.expect("no panic"));

    // The last sender went with the reader. That is how the owner learns that nobody is left.
    println!(
        "the owner has served {} wishes",
        owner.await.expect("no panic")
    );

    full().await;
}

/// Owns the map, so that nobody needs a lock.
async fn own(mut inbox: mpsc::Receiver<Wish>) -> usize {
    let mut values = HashMap::new();
    let mut served = 0;
    while let Some(wish) = inbox.recv().await {
        // Nobody may be interested in the answer any more: that is no error.
        let _ = match wish {
            Wish::Get { key, answer } => answer.send(values.get(&key).cloned()),
            Wish::Set { key, value, answer } => answer.send(values.insert(key, value)),
        };
        served += 1;
    }
    served
}

/// A channel with a limit pushes back.
async fn full() {
    let (sender, mut receiver) = mpsc::channel(2);
    for number in 1.. {
        if let Err(error) = sender.try_send(number) {
            println!("number {number}: {error}");
            break;
        }
    }
    println!("received {:?}", receiver.recv().await);
    println!("and now there is room: {}", sender.try_send(3).is_ok());
}
