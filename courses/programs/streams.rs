//! Streams: values that come one after another, each of which is awaited.
//!
//! They are in a crate of their own, `tokio-stream`, until the standard library has them.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};
use tokio_stream::{Stream, StreamExt};

#[tokio::main]
async fn main() {
    // There is no `for await`: `while let` it is.
    let mut numbers = tokio_stream::iter([1, 2, 3]);
    while let Some(number) = numbers.next().await {
        println!("number {number}");
    }

    // Adapters are those of iterators. Nothing happens before the result is awaited.
    let even = Countdown(10).filter(|number| number % 2 == 0);
    let squares: Vec<_> = even.map(|number| number * number).take(3).collect().await;
    println!("squares {squares:?}");

    // A receiver is a stream, once it is wrapped.
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        for word in ["tick", "tock", "tick"] {
            sender.send(word).await.expect("somebody listens");
        }
    });
    let words = ReceiverStream::new(receiver).fold(String::new(), |said, word| said + word + " ");
    println!("{}", words.await);

    // Everybody hears everything; who is too slow misses the oldest and is told so.
    let (news, slow) = broadcast::channel(2);
    for number in 1..=5 {
        news.send(number).expect("somebody listens");
    }
    drop(news);
    let mut heard = BroadcastStream::new(slow);
    while let Some(number) = heard.next().await {
        match number {
            Ok(number) => println!("heard {number}"),
            Err(BroadcastStreamRecvError::Lagged(missed)) => println!("missed {missed}"),
        }
    }

    // What an `async` block makes can be pinned on the heap, too; then it may move about.
    let mut both = Box::pin(Countdown(3).chain(once()));
    println!(
        "{:?}, {:?}",
        both.next().await,
        both.as_mut().collect::<Vec<_>>().await
    );
}

fn once() -> impl Stream<Item = u32> {
    tokio_stream::once(100)
}

/// A stream by hand: `poll_next` is to a stream what `poll` is to a future.
struct Countdown(u32);

impl Stream for Countdown {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        Poll::Ready(Some(self.0 + 1))
    }
}
