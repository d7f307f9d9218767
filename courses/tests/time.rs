//! Testing: time that stands still, and leaps when everybody waits for it.
//!
//! With `start_paused` a test of a minute takes no time, and `elapsed` is exact.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, advance, interval, sleep, timeout};

/// Tries until it succeeds, and waits twice as long after every failure.
async fn persist<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let mut pause = Duration::from_secs(1);
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        sleep(pause).await;
        pause *= 2;
    }
}

#[tokio::test(start_paused = true)]
async fn the_pauses_grow() {
    let began = Instant::now();
    let mut attempts = 0;
    let value = persist(async || {
        attempts += 1;
        (attempts == 5).then_some("done")
    });
    assert_eq!(value.await, "done");
    assert_eq!(began.elapsed(), Duration::from_secs(1 + 2 + 4 + 8));
}

#[tokio::test(start_paused = true)]
async fn patience_has_an_end() {
    let limit = Duration::from_secs(60);
    let began = Instant::now();
    timeout(limit, persist(async || None::<()>))
        .await
        .expect_err("it never succeeds");
    assert_eq!(began.elapsed(), limit);
}

#[tokio::test(start_paused = true)]
async fn an_interval_ticks_at_once_and_then_regularly() {
    let began = Instant::now();
    let mut ticks = interval(Duration::from_secs(10));
    for number in 0..4 {
        ticks.tick().await;
        assert_eq!(began.elapsed(), Duration::from_secs(10 * number));
    }
}

#[tokio::test(start_paused = true)]
async fn time_can_be_moved_by_hand() {
    let task = tokio::spawn(sleep(Duration::from_secs(5)));
    // Let it begin to sleep.
    tokio::task::yield_now().await;
    advance(Duration::from_secs(4)).await;
    assert!(!task.is_finished());
    advance(Duration::from_secs(1)).await;
    task.await.unwrap();
}

/// No socket is needed to test what talks to one: a pipe in memory will do.
#[tokio::test]
async fn both_ends_of_a_conversation() {
    let (mut client, mut server) = tokio::io::duplex(64);
    let task = tokio::spawn(async move {
        let mut question = String::new();
        server.read_to_string(&mut question).await.unwrap();
        server
            .write_all(question.to_uppercase().as_bytes())
            .await
            .unwrap();
    });
    client.write_all(b"is anybody there?").await.unwrap();
    client.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "IS ANYBODY THERE?");
    task.await.unwrap();
}
