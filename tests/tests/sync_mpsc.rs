//! mpsc: messages in order, room in the order of arrival, and an end when one side is gone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mainspring::sync::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use mainspring::sync::{mpsc, oneshot};
use mainspring::task::{JoinHandle, idle, spawn, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

/// A task that sends one message, once it has its turn.
fn sender(tx: &mpsc::Sender<u32>, message: u32) -> JoinHandle<Result<(), SendError<u32>>> {
    let tx = tx.clone();
    spawn_local(async move { tx.send(message).await })
}

#[mainspring::test(start_paused = true)]
async fn messages_of_a_channel_whose_senders_are_gone_are_received_before_the_end() {
    let (tx, mut rx) = mpsc::channel(4);
    let other = tx.clone();
    tx.send(1).await.unwrap();
    other.send(2).await.unwrap();
    drop((tx, other));
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, Some(2));
    assert_eq!(rx.recv().await, None);
    assert_eq!(rx.recv().await, None);
}

#[mainspring::test(start_paused = true)]
async fn a_receiver_that_waits_is_woken_by_the_end_of_the_last_sender() {
    let (tx, mut rx) = mpsc::unbounded_channel::<u32>();
    let other = tx.clone();
    let waiting = spawn_local(async move { rx.recv().await });
    idle().await;
    drop(tx);
    idle().await;
    assert!(!waiting.is_finished());
    drop(other);
    assert_eq!(waiting.await.unwrap(), None);
}

#[mainspring::test(start_paused = true)]
async fn senders_get_room_in_the_order_of_arrival() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let waiting: Vec<_> = (1..=3).map(|message| sender(&tx, message)).collect();
    idle().await;
    for expected in 0..=3 {
        assert_eq!(rx.recv().await, Some(expected));
    }
    for sender in waiting {
        sender.await.unwrap().unwrap();
    }
}

#[mainspring::test(start_paused = true)]
async fn a_sender_that_is_dropped_leaves_its_room_to_the_next_at_each_of_three_moments() {
    // Before its first poll.
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    drop(tx.send(99));

    // While it waits.
    let first = sender(&tx, 1);
    let second = sender(&tx, 2);
    idle().await;
    first.abort();
    idle().await;

    // After it was called, and before it looks.
    let third = sender(&tx, 3);
    idle().await;
    assert_eq!(rx.recv().await, Some(0));
    second.abort();
    assert!(second.await.unwrap_err().is_cancelled());
    third.await.unwrap().unwrap();
    assert_eq!(rx.recv().await, Some(3));
    assert_eq!(tx.capacity(), 1);
}

#[mainspring::test(start_paused = true)]
async fn a_close_gives_those_who_wait_their_messages_back_and_keeps_what_is_in() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let waiting = sender(&tx, 1);
    idle().await;
    rx.close();
    assert_eq!(waiting.await.unwrap(), Err(SendError(1)));
    assert_eq!(tx.send(2).await, Err(SendError(2)));
    assert!(tx.reserve().await.is_err());
    assert_eq!(rx.recv().await, Some(0));
    assert_eq!(rx.recv().await, None);
}

#[mainspring::test(start_paused = true)]
async fn a_closed_channel_waits_for_the_permits_that_are_out() {
    let (tx, mut rx) = mpsc::channel(2);
    let sends = tx.reserve().await.unwrap();
    let gives_back = tx.clone().reserve_owned().await.unwrap();
    rx.close();
    let all = spawn_local(async move {
        let mut all = Vec::new();
        while let Some(message) = rx.recv().await {
            all.push(message);
        }
        all
    });
    idle().await;
    sends.send(1);
    idle().await;
    assert!(!all.is_finished());
    drop(gives_back);
    assert_eq!(all.await.unwrap(), [1]);
}

#[mainspring::test(start_paused = true)]
async fn who_wants_much_room_is_not_overtaken() {
    let (tx, mut rx) = mpsc::channel(3);
    for message in 0..3 {
        tx.send(message).await.unwrap();
    }
    let many = spawn_local({
        let tx = tx.clone();
        async move {
            for (permit, message) in tx.reserve_many(2).await.unwrap().zip(10..) {
                permit.send(message);
            }
        }
    });
    idle().await;
    let one = sender(&tx, 20);
    idle().await;
    assert_eq!(rx.recv().await, Some(0));
    idle().await;
    assert!(!one.is_finished(), "the first in line collects");
    assert_eq!(rx.recv().await, Some(1));
    assert_eq!(rx.recv().await, Some(2));
    many.await.unwrap();
    one.await.unwrap().unwrap();
    let mut rest = Vec::new();
    assert_eq!(rx.recv_many(&mut rest, 9).await, 3);
    assert_eq!(rest, [10, 11, 20]);
}

#[mainspring::test(start_paused = true)]
async fn more_room_than_there_can_be_is_refused_at_once() {
    let (tx, mut rx) = mpsc::channel::<u32>(2);
    assert!(tx.reserve_many(3).await.is_err());
    assert_eq!(tx.try_reserve_many(3).unwrap_err(), TrySendError::Full(()));
    let mut permits = tx.reserve_many(2).await.unwrap();
    assert_eq!(permits.len(), 2);
    permits.next().unwrap().send(1);
    assert_eq!((permits.len(), tx.capacity()), (1, 0));
    drop(permits);
    assert_eq!(tx.capacity(), 1);
    assert_eq!(tx.try_reserve_many(0).unwrap().count(), 0);
    assert_eq!(rx.recv().await, Some(1));
}

#[mainspring::test(start_paused = true)]
async fn a_send_with_a_limit_gives_the_message_back_on_time_and_leaves_the_line() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let began = Instant::now();
    let limit = Duration::from_millis(50);
    let late = tx.send_timeout(1, limit).await;
    assert_eq!(late, Err(SendTimeoutError::Timeout(1)));
    assert_eq!(began.elapsed(), limit);
    assert_eq!(rx.recv().await, Some(0));
    assert_eq!(tx.capacity(), 1, "nobody stands in line");
    assert_eq!(tx.send_timeout(2, limit).await, Ok(()));
    rx.close();
    let closed = tx.send_timeout(3, limit).await;
    assert_eq!(closed, Err(SendTimeoutError::Closed(3)));
}

#[mainspring::test(start_paused = true)]
async fn room_that_comes_on_the_tick_of_the_limit_is_used() {
    let (tx, mut rx) = mpsc::channel(1);
    tx.send(0).await.unwrap();
    let limit = Duration::from_millis(50);
    let receiver = spawn_local(async move {
        sleep(limit).await;
        (rx.recv().await, rx)
    });
    idle().await;
    assert_eq!(tx.send_timeout(1, limit).await, Ok(()));
    let (first, mut rx) = receiver.await.unwrap();
    assert_eq!((first, rx.recv().await), (Some(0), Some(1)));
}

#[mainspring::test(start_paused = true)]
async fn a_free_place_is_taken_at_once_beside_one_who_was_called() {
    let (tx, mut rx) = mpsc::channel(2);
    tx.try_send(0).unwrap();
    tx.try_send(1).unwrap();
    let waiting = sender(&tx, 2);
    idle().await;
    rx.recv().await;
    rx.recv().await; // one place is kept for the sender that waited, one is free
    assert_eq!(tx.capacity(), 1);
    let bell = Bell::new();
    assert_eq!(bell.poll(&mut tx.send(3)), Poll::Ready(Ok(())));
    waiting.await.unwrap().unwrap();
    assert_eq!((rx.recv().await, rx.recv().await), (Some(3), Some(2)));
}

#[mainspring::test(start_paused = true)]
async fn who_makes_messages_hears_that_nobody_wants_them() {
    let (tx, rx) = mpsc::channel::<u32>(1);
    let (other, mut unbounded) = mpsc::unbounded_channel::<u32>();
    let told = spawn_local(async move { tx.closed().await });
    let also = spawn_local(async move {
        let second = other.clone();
        timeout(Duration::from_secs(1), other.closed())
            .await
            .unwrap_err();
        second.closed().await;
        second.closed().await; // closed stays closed
    });
    sleep(Duration::from_secs(2)).await;
    assert!(!told.is_finished() && !also.is_finished());
    drop(rx);
    unbounded.close();
    told.await.unwrap();
    also.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn whoever_asked_a_receiver_that_goes_away_hears_of_it() {
    type Question = oneshot::Sender<u32>;
    let (ask, questions) = mpsc::channel::<Question>(4);
    let (in_the_channel, first) = oneshot::channel();
    let (with_a_permit, second) = oneshot::channel();
    ask.send(in_the_channel).await.unwrap();
    let permit = ask.reserve().await.unwrap();
    drop(questions);
    permit.send(with_a_permit);
    // Both, while a sender lives.
    assert!(first.await.is_err());
    assert!(second.await.is_err());
    assert_eq!(ask.capacity(), 4);
}

#[mainspring::test(start_paused = true)]
async fn a_channel_that_always_has_a_message_does_not_hold_the_loop() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    (0..1_000).for_each(|message| tx.send(message).unwrap());
    let seen = Rc::new(Cell::new(0));
    let greedy = spawn_local({
        let seen = seen.clone();
        async move {
            for message in 0..1_000 {
                assert_eq!(rx.recv().await, Some(message));
                seen.set(message + 1);
            }
        }
    });
    yield_now().await;
    let so_far = seen.get();
    assert!((1..1_000).contains(&so_far), "{so_far} without giving way");
    greedy.await.unwrap();
    assert_eq!(seen.get(), 1_000);
}

#[test]
fn a_weak_sender_keeps_nothing_open_and_becomes_a_real_one_while_there_is_one() {
    let (tx, mut rx) = mpsc::channel(1);
    let weak = tx.downgrade();
    assert_eq!((weak.strong_count(), weak.weak_count()), (1, 1));
    let second = weak.upgrade().unwrap();
    assert!(second.same_channel(&tx));
    assert_eq!((tx.strong_count(), rx.sender_strong_count()), (2, 2));
    drop((tx, second));
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.try_recv(), Err::<u32, _>(TryRecvError::Disconnected));
    assert!(rx.is_closed());
    let copy = weak.clone();
    assert_eq!((weak.weak_count(), rx.sender_weak_count()), (2, 2));
    drop((weak, copy));
    assert_eq!(rx.sender_weak_count(), 0);
}

#[test]
fn messages_that_nobody_receives_are_dropped_in_their_order() {
    let dropped = Rc::new(RefCell::new(Vec::new()));
    let (tx, mut rx) = mpsc::unbounded_channel();
    let message = |number| {
        let dropped = dropped.clone();
        on_drop(move || dropped.borrow_mut().push(number))
    };
    (0..3).for_each(|number| assert!(tx.send(message(number)).is_ok()));
    // A receiver that was woken takes all at once.
    let bell = Bell::new();
    assert!(bell.poll(&mut rx.recv()).is_ready());
    assert!(bell.poll(&mut rx.recv()).is_ready());
    (3..6).for_each(|number| assert!(tx.send(message(number)).is_ok()));
    assert_eq!(rx.len(), 4);
    drop(rx);
    assert_eq!(*dropped.borrow(), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_flood_of_messages_is_received_in_order_however_large() {
    let (tx, mut rx) = mpsc::unbounded_channel();
    for flood in [10, 5_000, 3, 20_000, 1] {
        (0..flood).for_each(|number| tx.send(number).unwrap());
        assert_eq!(rx.len(), flood);
        (0..flood).for_each(|number| assert_eq!(rx.blocking_recv(), Some(number)));
        assert!(rx.is_empty());
    }
}

#[test]
fn permits_know_their_channel() {
    let (tx, _rx) = mpsc::channel::<u32>(3);
    let (other, _other_rx) = mpsc::channel::<u32>(3);
    assert!(!tx.same_channel(&other));
    let one = tx.clone().try_reserve_owned().unwrap();
    let two = tx.clone().try_reserve_owned().unwrap();
    let foreign = other.try_reserve_owned().unwrap();
    assert!(one.same_channel(&two) && !one.same_channel(&foreign));
    assert!(one.same_channel_as_sender(&tx) && !foreign.same_channel_as_sender(&tx));
}

#[test]
fn errors_say_what_tokios_say() {
    let texts = [
        SendError(1).to_string(),
        TrySendError::Full(1).to_string(),
        TrySendError::from(SendError(1)).to_string(),
        SendTimeoutError::Timeout(1).to_string(),
        SendTimeoutError::Closed(1).to_string(),
        TryRecvError::Empty.to_string(),
        TryRecvError::Disconnected.to_string(),
    ];
    assert_eq!(
        texts,
        [
            "channel closed",
            "no available capacity",
            "channel closed",
            "timed out waiting on send operation",
            "channel closed",
            "receiving on an empty channel",
            "receiving on a closed channel",
        ]
    );
    assert_eq!(TrySendError::Full(1).into_inner(), 1);
    assert_eq!(SendTimeoutError::Timeout(2).into_inner(), 2);
    struct Silent;
    assert_eq!(format!("{:?}", SendError(Silent)), "SendError { .. }");
    assert_eq!(format!("{:?}", TrySendError::Full(Silent)), "Full(..)");
}

#[test]
#[should_panic(expected = "mpsc bounded channel requires buffer > 0")]
fn a_channel_without_room_is_refused_with_the_remedy() {
    let _ = mpsc::channel::<u32>(0);
}

#[mainspring::test]
#[should_panic(expected = "`.await` the form that is not blocking")]
async fn a_blocking_receive_inside_a_task_is_refused_with_the_remedy() {
    let (_tx, mut rx) = mpsc::channel::<u32>(1);
    rx.blocking_recv();
}

#[test]
fn threads_send_and_receive_without_a_runtime() {
    const EACH: u32 = 2_000;
    let (tx, mut rx) = mpsc::channel(3);
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let tx = tx.clone();
            thread::spawn(move || {
                for message in 0..EACH {
                    // Some ask and go away, called or not.
                    let mut given_up = tx.reserve();
                    let _ = Bell::new().poll(&mut given_up);
                    drop(given_up);
                    tx.blocking_send((number, message)).unwrap();
                }
            })
        })
        .collect();
    drop(tx);
    let mut next = [0; 3];
    let mut batch = Vec::new();
    while rx.blocking_recv_many(&mut batch, 2) > 0 {
        batch.extend(rx.blocking_recv());
        for (number, message) in batch.drain(..) {
            let expected: &mut u32 = &mut next[number];
            assert_eq!(message, *expected, "the order of a sender is kept");
            *expected += 1;
        }
    }
    assert_eq!(next, [EACH; 3]);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[mainspring::test]
async fn a_task_receives_what_a_thread_sends_and_answers() {
    let (tx, mut rx) = mpsc::unbounded_channel::<(u32, oneshot::Sender<u32>)>();
    let thread = thread::spawn(move || {
        let answers = (0..500).map(|number| {
            let (answer, answered) = oneshot::channel();
            tx.send((number, answer)).unwrap();
            answered.blocking_recv().unwrap()
        });
        answers.sum::<u32>()
    });
    let server = spawn(async move {
        while let Some((number, answer)) = rx.recv().await {
            answer.send(number * 2).unwrap();
        }
    });
    server.await.unwrap();
    assert_eq!(thread.join().unwrap(), (0..500).sum::<u32>() * 2);
}
