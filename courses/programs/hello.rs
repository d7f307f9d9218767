//! Hello: an `async fn` does nothing until it is awaited.
//!
//! `#[tokio::main]` makes an ordinary `main` of an `async` one: it builds a runtime and blocks on
//! the future.

#[tokio::main]
async fn main() {
    // The call makes a future, which is a value that says what is to be done. Nothing is printed.
    let world = say("world");

    say("hello").await;

    // Awaiting it does it.
    world.await;
}

async fn say(word: &str) {
    println!("{word}");
}
