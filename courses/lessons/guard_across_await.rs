//! The guard of a standard `Mutex` must be dropped before the next `.await`: it belongs to the
//! thread that locked it, and whoever else wants the lock would block a whole thread meanwhile.

use std::sync::{Arc, Mutex};

#[tokio::main]
async fn main() {
    let counter = Arc::new(Mutex::new(0));
    let task = tokio::spawn(async move {
        let mut count = counter.lock().unwrap();
        *count += 1;
        tokio::task::yield_now().await;
        println!("{count}");
    });
    task.await.unwrap();
}
