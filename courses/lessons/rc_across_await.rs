//! A task may go from thread to thread wherever it waits. An `Rc` must not.

use std::rc::Rc;

#[tokio::main]
async fn main() {
    let task = tokio::spawn(async {
        let word = Rc::new("spring");
        tokio::task::yield_now().await;
        println!("{word}");
    });
    task.await.unwrap();
}
