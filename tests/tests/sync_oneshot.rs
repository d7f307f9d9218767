//! oneshot: one message, or word that there will be none.

use std::task::Poll;
use std::thread;

use mainspring::sync::oneshot;
use mainspring::sync::oneshot::error::TryRecvError;
use mainspring::task::{idle, spawn_local};
use mainspring_tests::by_hand::Bell;

#[mainspring::test(start_paused = true)]
async fn a_message_reaches_who_waits_and_who_comes_later() {
    let (tx, rx) = oneshot::channel();
    let waiting = spawn_local(rx);
    idle().await;
    tx.send(1).unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(1));

    let (tx, rx) = oneshot::channel();
    tx.send(2).unwrap();
    assert_eq!(rx.await, Ok(2));
}

#[mainspring::test(start_paused = true)]
async fn a_sender_that_is_dropped_says_so() {
    let (tx, rx) = oneshot::channel::<u32>();
    let waiting = spawn_local(rx);
    idle().await;
    drop(tx);
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "channel closed");
}

#[mainspring::test(start_paused = true)]
async fn a_receiver_that_goes_away_is_noticed_by_who_makes_the_message() {
    let (mut tx, rx) = oneshot::channel::<u32>();
    assert!(!tx.is_closed());
    let maker = spawn_local(async move {
        tx.closed().await;
        assert!(tx.is_closed());
        tx.send(1)
    });
    idle().await;
    drop(rx);
    assert_eq!(maker.await.unwrap(), Err(1));
}

#[test]
fn try_recv_tells_what_may_still_come_and_what_was() {
    let (tx, mut rx) = oneshot::channel();
    assert!(rx.is_empty() && !rx.is_terminated());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    tx.send(1).unwrap();
    assert!(!rx.is_empty());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(rx.is_empty() && rx.is_terminated());
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));

    let (tx, mut rx) = oneshot::channel::<u32>();
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(TryRecvError::Closed.to_string(), "channel closed");
    assert_eq!(TryRecvError::Empty.to_string(), "channel empty");
}

#[test]
fn a_message_that_was_sent_before_the_close_is_received() {
    let (tx, mut rx) = oneshot::channel();
    tx.send(1).unwrap();
    rx.close();
    rx.close();
    assert_eq!(rx.blocking_recv(), Ok(1));

    let (tx, mut rx) = oneshot::channel::<u32>();
    rx.close();
    assert!(Bell::new().poll(&mut rx).is_ready());
    assert!(tx.is_closed());
}

#[test]
#[should_panic(expected = "`oneshot::Receiver` was polled after it was ready")]
fn a_receiver_that_was_ready_is_not_polled_again() {
    let (tx, mut rx) = oneshot::channel();
    tx.send(1).unwrap();
    assert_eq!(Bell::new().poll(&mut rx), Poll::Ready(Ok(1)));
    let _ = Bell::new().poll(&mut rx);
}

#[test]
fn a_message_that_nobody_receives_is_dropped_with_the_receiver_and_may_use_the_channel() {
    let (tx, rx) = oneshot::channel();
    let (inner, mut reply) = oneshot::channel::<u32>();
    assert!(tx.send(inner).is_ok());
    drop(rx);
    assert_eq!(reply.try_recv(), Err(TryRecvError::Closed));
}

/// A message, and where the next one will come.
struct Link(u32, oneshot::Receiver<Link>);

#[test]
fn threads_pass_messages_one_by_one() {
    let (mut tx, mut next) = oneshot::channel();
    let thread = thread::spawn(move || {
        for number in 0..1_000 {
            let (following, receiver) = oneshot::channel();
            assert!(tx.send(Link(number, receiver)).is_ok());
            tx = following;
        }
    });
    let mut count = 0;
    while let Ok(Link(number, receiver)) = next.blocking_recv() {
        assert_eq!(number, count);
        count += 1;
        next = receiver;
    }
    assert_eq!(count, 1_000);
    thread.join().unwrap();
}
