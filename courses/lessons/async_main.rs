//! `main` cannot be `async` by itself: somebody has to run the future. `#[tokio::main]` does.

async fn main() {
    tokio::task::yield_now().await;
}
