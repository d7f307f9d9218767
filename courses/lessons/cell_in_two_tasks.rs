//! `Arc` alone makes nothing safe to share: a `Cell` is for a single thread.

use std::cell::Cell;
use std::sync::Arc;

#[tokio::main]
async fn main() {
    let count = Arc::new(Cell::new(0));
    let task = tokio::spawn({
        let count = Arc::clone(&count);
        async move { count.set(1) }
    });
    task.await.unwrap();
    println!("{}", count.get());
}
