//! To go on with the same future in a loop, it has to stay in one place: `tokio::pin!(work)`.

async fn work() {
    tokio::task::yield_now().await;
}

#[tokio::main]
async fn main() {
    let mut work = work();
    loop {
        tokio::select! {
            () = &mut work => break,
            () = tokio::task::yield_now() => println!("still at it"),
        }
    }
}
