//! Many senders, one receiver. For many receivers there is `broadcast`.

use tokio::sync::mpsc;

#[tokio::main]
async fn main() {
    let (sender, mut receiver) = mpsc::channel(1);
    let mut second = receiver.clone();
    sender.send(1).await.unwrap();
    println!("{:?} {:?}", receiver.recv().await, second.recv().await);
}
