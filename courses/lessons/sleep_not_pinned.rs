//! A `Sleep`, too: it cannot be moved once it has been polled.

use std::time::Duration;

use tokio::time::sleep;

#[tokio::main]
async fn main() {
    let mut limit = sleep(Duration::from_millis(1));
    (&mut limit).await;
}
