//! Mistakes that other runtimes made with channels of many senders or of one message, each as a
//! test that would find it here.
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | asyncio #256 (bpo-23812), tornado #2826 | a `get` cancelled after its item was assigned: item lost | here |
//! | gh-86296, bpo-37658 | a wait with a limit loses what came on the same tick | here |
//! | tokio #8260 | a half-filled `reserve_many` given up does not wake a receiver that waits for the end | here |
//! | tokio #8075 | `OwnedPermit::release` wakes nobody | here |
//! | tokio #7686, #8074 | `try_recv` says `Empty` or `Disconnected` wrongly, with permits out | here |
//! | tokio #8062, #6603 | `len` and `is_empty` wrong at the ends of blocks | `a_channel_behaves_like_…`, orders_mpsc |
//! | tokio #7991 | `recv_many` panics with a closed channel and a vector that is not empty | here |
//! | tokio #7094 | a destructor that panics leaves the other messages undropped | here |
//! | tokio #7886, #8095 | the waker of a receiver that is gone is kept | here |
//! | RUSTSEC-2021-0124 | a race of a oneshot's send and close | models m17 |
//! | crossbeam #972, RUSTSEC-2025-0024 | races in a channel without a lock | there is a lock |
//! | async-channel #49 | a permit or an end that is forgotten blocks others | here |

use std::future::Future;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mainspring::sync::mpsc::error::{TryRecvError, TrySendError};
use mainspring::sync::{mpsc, oneshot};
use mainspring::task::{idle, spawn_local};
use mainspring::time::{sleep, timeout};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

#[mainspring::test(start_paused = true)]
async fn bpo_23812_a_message_that_woke_a_receiver_that_goes_away_is_still_there() {
    let (tx, mut rx) = mpsc::channel(4);
    let bell = Bell::new();
    let mut recv = rx.recv();
    assert!(bell.poll(&mut recv).is_pending());
    tx.send(1).await.unwrap();
    assert_eq!(bell.rings(), 1);
    drop(recv); // woken, and never looks
    assert_eq!(rx.recv().await, Some(1));
}

#[mainspring::test(start_paused = true)]
async fn gh_86296_a_message_that_comes_on_the_tick_of_the_limit_is_received() {
    for _ in 0..200 {
        let (tx, mut rx) = mpsc::channel(1);
        let limit = Duration::from_millis(10);
        let sender = spawn_local(async move {
            sleep(limit).await;
            tx.send(1).await.unwrap();
        });
        idle().await;
        assert_eq!(timeout(limit, rx.recv()).await, Ok(Some(1)));
        sender.await.unwrap();
    }
}

#[mainspring::test(start_paused = true)]
async fn gh_86296_an_answer_that_comes_on_the_tick_of_the_limit_is_received() {
    for _ in 0..200 {
        let (tx, mut rx) = oneshot::channel();
        let limit = Duration::from_millis(10);
        let sender = spawn_local(async move {
            sleep(limit).await;
            tx.send(1).unwrap();
        });
        idle().await;
        assert_eq!(timeout(limit, &mut rx).await, Ok(Ok(1)));
        sender.await.unwrap();
    }
}

#[test]
fn tokio_8260_room_collected_by_a_claim_that_is_given_up_ends_a_closed_channel() {
    let (tx, mut rx) = mpsc::channel::<u32>(2);
    let permit = tx.try_reserve().unwrap();
    let mut both = tx.reserve_many(2);
    assert!(Bell::new().poll(&mut both).is_pending());
    assert_eq!(tx.capacity(), 0, "it has collected one");

    let bell = Bell::new();
    rx.close();
    assert!(bell.poll(&mut rx.recv()).is_pending());
    drop(permit);
    let rings = bell.rings();
    drop(both);
    assert_eq!(bell.rings(), rings + 1);
    assert_eq!(bell.poll(&mut rx.recv()), Poll::Ready(None));
}

#[test]
fn tokio_8260_a_claim_that_finds_the_channel_closed_ends_it_as_well() {
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    let permit = tx.try_reserve().unwrap();
    let mut reserve = tx.reserve();
    assert!(Bell::new().poll(&mut reserve).is_pending());
    drop(permit); // goes to `reserve`, which is called

    let bell = Bell::new();
    rx.close();
    assert!(bell.poll(&mut rx.recv()).is_pending());
    assert!(matches!(
        Bell::new().poll(&mut reserve),
        Poll::Ready(Err(_))
    ));
    assert_eq!(bell.rings(), 1);
    assert_eq!(bell.poll(&mut rx.recv()), Poll::Ready(None));
}

#[test]
fn tokio_8075_a_permit_that_is_released_wakes_who_waits_for_it() {
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    let permit = tx.clone().try_reserve_owned().unwrap();
    let sender = Bell::new();
    let mut send = tx.send(1);
    assert!(sender.poll(&mut send).is_pending());
    let other = permit.release();
    assert_eq!(sender.rings(), 1);
    assert_eq!(sender.poll(&mut send), Poll::Ready(Ok(())));
    drop(send);
    assert_eq!(rx.try_recv(), Ok(1));

    // And the receiver of a closed channel, for whom it was the last.
    let permit = other.try_reserve_owned().unwrap();
    let receiver = Bell::new();
    rx.close();
    assert!(receiver.poll(&mut rx.recv()).is_pending());
    let _other = permit.release();
    assert_eq!(receiver.rings(), 1);
    assert_eq!(receiver.poll(&mut rx.recv()), Poll::Ready(None));
}

#[test]
fn tokio_7686_try_recv_of_a_closed_channel_is_empty_while_a_permit_is_out() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send(1).unwrap();
    let permit = tx.try_reserve().unwrap();
    rx.close();
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    permit.send(2);
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
}

#[test]
fn tokio_7991_recv_many_of_a_closed_channel_leaves_what_is_in_the_vector() {
    let (tx, mut rx) = mpsc::channel::<u32>(2);
    drop(tx);
    let mut buffer = vec![1, 2, 3];
    assert_eq!(rx.blocking_recv_many(&mut buffer, 10), 0);
    let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
    tx.send(4).unwrap();
    drop(tx);
    assert_eq!(rx.blocking_recv_many(&mut buffer, 10), 1);
    assert_eq!(rx.blocking_recv_many(&mut buffer, 10), 0);
    assert_eq!(buffer, [1, 2, 3, 4]);
}

#[test]
fn tokio_7094_a_message_that_panics_when_dropped_leaves_the_others_dropped() {
    let dropped = AtomicUsize::new(0);
    let (tx, rx) = mpsc::unbounded_channel();
    for number in 0..5 {
        let dropped = &dropped;
        let message = on_drop(move || {
            dropped.fetch_add(1, Ordering::Relaxed);
            assert_ne!(number, 2, "the third does not want to go");
        });
        assert!(tx.send(message).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(rx))).is_err());
    assert_eq!(dropped.load(Ordering::Relaxed), 5);
    assert!(tx.is_closed());
}

/// A waker, and what is to be its only reference once a channel has let go of it.
fn counted() -> (Arc<Bell>, Waker) {
    let bell = Bell::new();
    (bell.clone(), Waker::from(bell))
}

#[test]
fn tokio_7886_the_waker_of_a_receiver_that_is_gone_is_dropped() {
    let (bell, waker) = counted();
    let mut cx = Context::from_waker(&waker);

    let (tx, mut rx) = mpsc::channel::<u32>(1);
    assert!(rx.poll_recv(&mut cx).is_pending());
    assert_eq!(Arc::strong_count(&bell), 3);
    drop(rx);
    assert_eq!(Arc::strong_count(&bell), 2);
    drop(tx);

    let (tx, mut rx) = oneshot::channel::<u32>();
    assert!(Pin::new(&mut rx).poll(&mut cx).is_pending());
    rx.close();
    assert_eq!(Arc::strong_count(&bell), 2);
    drop((tx, rx));

    let (tx, mut rx) = oneshot::channel::<u32>();
    assert!(Pin::new(&mut rx).poll(&mut cx).is_pending());
    drop(rx);
    assert_eq!(Arc::strong_count(&bell), 2);
    drop(tx);
}

#[test]
fn tokio_8095_the_waker_of_a_sender_that_is_gone_is_dropped() {
    let (bell, waker) = counted();
    let mut cx = Context::from_waker(&waker);
    let (mut tx, rx) = oneshot::channel::<u32>();
    assert!(tx.poll_closed(&mut cx).is_pending());
    assert_eq!(Arc::strong_count(&bell), 3);
    tx.send(1).unwrap();
    assert_eq!(Arc::strong_count(&bell), 2);
    assert_eq!(rx.blocking_recv(), Ok(1));
    assert_eq!(
        bell.rings(),
        0,
        "the receiver took the message: nothing was closed"
    );
}

#[test]
fn async_channel_49_what_is_forgotten_takes_its_room_and_nothing_else() {
    let (tx, mut rx) = mpsc::channel(2);
    forget(tx.try_reserve().unwrap());
    assert_eq!(tx.capacity(), 1);

    // A called sender that is forgotten keeps what it was called for; the others go on.
    tx.try_send(1).unwrap();
    let mut first = tx.send(2);
    assert!(Bell::new().poll(&mut first).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    forget(first);
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));

    // With the last sender it ends, whoever has permits.
    let bell = Bell::new();
    rx.close();
    assert!(bell.poll(&mut rx.recv()).is_pending());
    drop(tx);
    assert_eq!(bell.rings(), 1);
    assert_eq!(bell.poll(&mut rx.recv()), Poll::Ready(None));

    // A receiver that is forgotten takes nothing, and lets others send as far as there is room.
    let (tx, rx) = mpsc::channel(1);
    forget(rx);
    assert_eq!(tx.try_send(1), Ok(()));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
}
