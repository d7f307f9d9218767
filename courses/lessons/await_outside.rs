//! Only what is `async` can wait without holding up its thread.

fn pause() {
    tokio::task::yield_now().await;
}

#[tokio::main]
async fn main() {
    pause();
}
