//! The branches of `select!` wait at the same time: two of them cannot both change one thing.

async fn fill(text: &mut String) {
    tokio::task::yield_now().await;
    text.push('x');
}

#[tokio::main]
async fn main() {
    let mut text = String::new();
    tokio::select! {
        () = fill(&mut text) => {}
        () = fill(&mut text) => {}
    }
    println!("{text}");
}
