//! oneshot in every order of {poll, drop, send, close}.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use mainspring::sync::oneshot::error::TryRecvError;
use mainspring::sync::oneshot::{self, Receiver, Sender};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::orders::every_order;

/// Send, drop of the sender, poll of its `closed`; poll, try_recv, close, drop of the receiver.
const KINDS: usize = 7;

fn play(sequence: &[usize]) {
    let (tx, rx) = oneshot::channel();
    let mut sender: Option<Sender<u32>> = Some(tx);
    let mut receiver: Option<Receiver<u32>> = Some(rx);
    let (sender_bell, receiver_bell) = (Bell::new(), Bell::new());
    let mut sender_parked_at = None;
    let mut receiver_parked_at = None;
    let mut sent = 0;
    let mut received = 0;
    let mut dropped_with_receiver = false;
    let mut closed = false;

    for operation in sequence {
        match *operation {
            0 => {
                if let Some(tx) = sender.take() {
                    sender_parked_at = None;
                    let wanted = !closed;
                    assert_eq!(tx.is_closed(), closed, "{sequence:?}");
                    assert_eq!(tx.send(7), wanted.then_some(()).ok_or(7), "{sequence:?}");
                    sent += usize::from(wanted);
                }
            }
            1 => {
                sender = None;
                sender_parked_at = None;
            }
            2 => {
                if let Some(tx) = &mut sender {
                    let rings = sender_bell.rings();
                    let poll = sender_bell.poll(&mut tx.closed());
                    assert_eq!(poll.is_ready(), closed, "{sequence:?}");
                    sender_parked_at = poll.is_pending().then_some(rings);
                }
            }
            3 | 4 => {
                let Some(rx) = receiver.as_mut().filter(|rx| !rx.is_terminated()) else {
                    continue;
                };
                let rings = receiver_bell.rings();
                let outcome = match operation {
                    3 => match receiver_bell.poll(rx) {
                        Poll::Ready(outcome) => Some(outcome.ok()),
                        Poll::Pending => {
                            receiver_parked_at = Some(rings);
                            None
                        }
                    },
                    _ => match rx.try_recv() {
                        Ok(message) => Some(Some(message)),
                        Err(TryRecvError::Closed) => Some(None),
                        Err(TryRecvError::Empty) => None,
                    },
                };
                match outcome {
                    Some(Some(message)) => {
                        assert_eq!(message, 7);
                        received += 1;
                    }
                    Some(None) => assert!(sender.is_none() || closed, "{sequence:?}"),
                    None => assert!(sender.is_some() && !closed, "{sequence:?}"),
                }
                if outcome.is_some() {
                    receiver_parked_at = None;
                    assert!(rx.is_terminated(), "{sequence:?}");
                    // It is gone for the sender, too.
                    closed |= sender.is_some();
                }
            }
            5 => {
                if let Some(rx) = receiver.as_mut().filter(|rx| !rx.is_terminated()) {
                    rx.close();
                    closed = true;
                    receiver_parked_at = None;
                }
            }
            _ => {
                if let Some(rx) = receiver.take() {
                    dropped_with_receiver |= !rx.is_empty();
                    closed |= !rx.is_terminated();
                    receiver_parked_at = None;
                }
            }
        }
        assert!(
            sender_parked_at.is_none_or(|rings| !closed || rings < sender_bell.rings()),
            "{sequence:?}: the sender sleeps after the close"
        );
        assert!(
            receiver_parked_at
                .is_none_or(|rings| sender.is_some() || rings < receiver_bell.rings()),
            "{sequence:?}: the receiver sleeps beside its message, or after the end"
        );
        assert!(received <= sent, "{sequence:?}: received twice");
    }

    let mut left = 0;
    if let Some(rx) = &mut receiver {
        left = usize::from(rx.try_recv().is_ok());
    }
    let lost = sent - received - left;
    assert_eq!(lost, usize::from(dropped_with_receiver), "{sequence:?}");
}

#[test]
fn a_oneshot_in_every_order_of_six_operations() {
    every_order(KINDS, 6, play);
}

#[test]
fn a_oneshot_is_polled_by_the_task_that_has_it_last() {
    let (tx, mut rx) = oneshot::channel();
    let (first, second) = (Bell::new(), Bell::new());
    assert!(first.poll(&mut rx).is_pending());
    assert!(second.poll(&mut rx).is_pending());
    tx.send(1).unwrap();
    assert_eq!((first.rings(), second.rings()), (0, 1));

    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(
        std::pin::Pin::new(&mut rx).as_mut().poll(&mut cx),
        Poll::Ready(Ok(1))
    );
}
