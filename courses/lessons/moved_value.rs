//! What one task owns, no other can have. `Arc` makes several owners of one value.

#[tokio::main]
async fn main() {
    let words = vec!["one", "two"];
    let first = tokio::spawn(async move { words[0].len() });
    let second = tokio::spawn(async move { words[1].len() });
    println!("{}", first.await.unwrap() + second.await.unwrap());
}
