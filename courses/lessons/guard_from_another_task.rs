//! A guard borrows its lock. What is to go into a task owns: `lock_owned`.

use tokio::sync::Mutex;

#[tokio::main]
async fn main() {
    let diary = Mutex::new(Vec::new());
    let mut pages = diary.lock().await;
    let task = tokio::spawn(async move { pages.push("dear diary") });
    task.await.unwrap();
}
