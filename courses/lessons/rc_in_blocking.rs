//! `spawn_blocking` runs its closure on another thread, always.

use std::rc::Rc;

#[tokio::main]
async fn main() {
    let word = Rc::new("spring");
    let task = tokio::task::spawn_blocking(move || word.len());
    println!("{}", task.await.unwrap());
}
