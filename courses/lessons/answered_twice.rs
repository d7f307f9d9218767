//! A `oneshot` sends one value: sending takes the sender.

use tokio::sync::oneshot;

#[tokio::main]
async fn main() {
    let (sender, receiver) = oneshot::channel();
    sender.send(1).unwrap();
    sender.send(2).unwrap();
    println!("{}", receiver.await.unwrap());
}
