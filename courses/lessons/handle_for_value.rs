//! A handle is not yet the value. Nor is what it gives: the task may have panicked.

#[tokio::main]
async fn main() {
    let task = tokio::spawn(async { 6 * 7 });
    let answer: u32 = task;
    let answer: u32 = task.await;
    let answer: u32 = task.await.unwrap();
    println!("{answer}");
}
