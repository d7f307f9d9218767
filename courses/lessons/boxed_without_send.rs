//! `dyn Future` alone promises nothing. What is to be spawned has to say `+ Send`.

use std::pin::Pin;

fn greet() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async { println!("hello") })
}

#[tokio::main]
async fn main() {
    tokio::spawn(greet()).await.unwrap();
}
