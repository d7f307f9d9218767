//! Channels between threads, in every interleaving, by loom; each model with a twin that must fail.
//!
//! Handles are counted by std's `Arc`, whose counts loom takes for granted: what is modelled is what
//! happens under the lock, and that nobody sleeps beside it.

use std::future::Future;
use std::mem::forget;
use std::pin::Pin;
use std::task::{Context, Waker};

use crate::shim::thread;
use crate::sync::models::is_woken_and_ready;
use crate::sync::mpsc::error::TryRecvError;
use crate::sync::mpsc::{OwnedPermit, ReserveOwned, Sender, channel, unbounded_channel};
use crate::sync::oneshot;

/// A message and the end of the last sender, while the receiver looks, goes away and comes again.
fn m14(end: fn(Sender<u32>)) {
    loom::model(move || {
        let (tx, mut rx) = channel(1);
        let sender = thread::spawn(move || {
            tx.try_send(7).unwrap();
            end(tx);
        });
        // One look whose future is dropped: what wakes it is there for the next.
        let given_up = rx.poll_recv(&mut Context::from_waker(Waker::noop()));
        let mut received = match given_up.is_pending() {
            true => is_woken_and_ready(|cx| rx.poll_recv(cx), vec![sender]),
            false => {
                sender.join().unwrap();
                Some(Some(7))
            }
        };
        if received == Some(Some(7)) {
            received = is_woken_and_ready(|cx| rx.poll_recv(cx), Vec::new());
            assert_eq!(received, Some(None), "the end was lost");
            return;
        }
        panic!("the message was lost: {received:?}");
    });
}

#[test]
fn m14_a_message_and_the_end_reach_a_receiver_that_went_away_and_came_again() {
    m14(drop);
}

#[test]
#[should_panic(expected = "the end was lost")]
fn m14_twin_a_sender_that_is_kept_is_found() {
    m14(forget);
}

/// A receive, the first in line goes away, and the second looks, all at once.
fn m14_line(go_away: fn(ReserveOwned<u32>)) {
    loom::model(move || {
        let (tx, mut rx) = channel(1);
        tx.try_send(1).unwrap();
        let mut first = tx.clone().reserve_owned();
        let mut second = tx.clone().reserve_owned();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut first).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut second).poll(&mut cx).is_pending());

        let others = vec![
            thread::spawn(move || go_away(first)),
            thread::spawn(move || {
                assert_eq!(rx.try_recv(), Ok(1));
                // The room is what is asked for, not that somebody is there to use it.
                forget(rx);
            }),
        ];
        let permit = is_woken_and_ready(|cx| Pin::new(&mut second).poll(cx), others);
        drop(second);
        let has_room = permit.is_some_and(|permit| permit.is_ok());
        assert!(has_room, "the room was lost");
        assert_eq!(tx.capacity(), 1);
    });
}

#[test]
fn m14_room_reaches_the_sender_that_stays() {
    m14_line(drop);
}

#[test]
#[should_panic(expected = "the room was lost")]
fn m14_twin_a_sender_that_keeps_what_it_was_called_for_is_found() {
    m14_line(forget);
}

/// The last permit comes back to a closed channel while its receiver goes to sleep.
fn m14_close(give_back: fn(OwnedPermit<u32>)) {
    loom::model(move || {
        let (tx, mut rx) = channel(1);
        let permit = tx.clone().try_reserve_owned().unwrap();
        rx.close();
        let others = vec![thread::spawn(move || give_back(permit))];
        let received = is_woken_and_ready(|cx| rx.poll_recv(cx), others);
        drop((tx, rx));
        assert_eq!(received, Some(None), "the end was lost");
    });
}

#[test]
fn m14_the_last_permit_ends_a_closed_channel() {
    m14_close(drop);
}

#[test]
#[should_panic(expected = "the end was lost")]
fn m14_twin_a_permit_that_is_kept_is_found() {
    m14_close(forget);
}

/// Two send without a limit while the receiver takes all that is there.
#[test]
fn m14_messages_that_are_taken_together_keep_their_order() {
    loom::model(|| {
        let (tx, mut rx) = unbounded_channel();
        let other = tx.clone();
        let threads = vec![
            thread::spawn(move || {
                tx.send(1).unwrap();
                tx.send(2).unwrap();
            }),
            thread::spawn(move || other.send(10).unwrap()),
        ];
        let first = is_woken_and_ready(|cx| rx.poll_recv(cx), threads);
        let mut all = vec![first.flatten().expect("the wake-up was lost")];
        let end = loop {
            match rx.try_recv() {
                Ok(message) => all.push(message),
                Err(end) => break end,
            }
        };
        assert_eq!(end, TryRecvError::Disconnected);
        assert_eq!(all.len(), 3);
        all.retain(|message| *message < 10);
        assert_eq!(all, [1, 2]);
    });
}

/// A message while its receiver goes to sleep.
fn m17(send: fn(oneshot::Sender<u32>)) {
    loom::model(move || {
        let (tx, mut rx) = oneshot::channel();
        let others = vec![thread::spawn(move || send(tx))];
        let received = is_woken_and_ready(|cx| Pin::new(&mut rx).poll(cx), others);
        drop(rx);
        assert!(received.is_some(), "the outcome was lost");
    });
}

#[test]
fn m17_a_message_reaches_who_comes_meanwhile() {
    m17(|tx| tx.send(7).unwrap());
}

#[test]
fn m17_a_sender_that_is_dropped_reaches_who_comes_meanwhile() {
    m17(drop);
}

#[test]
#[should_panic(expected = "the outcome was lost")]
fn m17_twin_a_sender_that_is_kept_is_found() {
    m17(forget);
}

/// A message while its receiver closes: it is with one of the two.
fn m17_close(close: fn(&mut oneshot::Receiver<u32>)) {
    loom::model(move || {
        let (tx, mut rx) = oneshot::channel();
        let sender = thread::spawn(move || tx.send(7).err());
        close(&mut rx);
        let came_back = sender.join().unwrap();
        let received = rx.try_recv().ok();
        drop(rx);
        assert_eq!(came_back.or(received), Some(7), "the message was lost");
        assert!(came_back.is_none() || received.is_none());
    });
}

#[test]
fn m17_a_message_is_received_or_comes_back() {
    m17_close(oneshot::Receiver::close);
}

#[test]
#[should_panic(expected = "the message was lost")]
fn m17_twin_a_receiver_that_takes_and_closes_is_found() {
    m17_close(|rx| {
        let _ = rx.try_recv();
        rx.close();
    });
}

/// The receiver goes away while the sender waits for that.
fn m17_closed(go_away: fn(oneshot::Receiver<u32>)) {
    loom::model(move || {
        let (mut tx, rx) = oneshot::channel();
        let others = vec![thread::spawn(move || go_away(rx))];
        let closed = is_woken_and_ready(|cx| tx.poll_closed(cx), others);
        drop(tx);
        assert!(closed.is_some(), "the close was lost");
    });
}

#[test]
fn m17_the_end_of_a_receiver_reaches_a_sender_that_comes_meanwhile() {
    m17_closed(drop);
}

#[test]
#[should_panic(expected = "the close was lost")]
fn m17_twin_a_receiver_that_is_kept_is_found() {
    m17_closed(forget);
}
