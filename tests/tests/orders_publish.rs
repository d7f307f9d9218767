//! Watch and broadcast channels in every order of {run, cancel, send, come, go, close}.

use std::collections::VecDeque;

use mainspring::sync::broadcast::error::TryRecvError;
use mainspring::sync::{broadcast, watch};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::orders::{drawn_orders, every_order};

/// A receiver, and what it has seen. Its wait is made anew for each poll, and dropped after it: a
/// wait that is dropped must lose nothing.
struct Watcher {
    receiver: watch::Receiver<usize>,
    seen: usize,
}

/// Operations: a wait of each receiver, polled and dropped; each receiver goes and another comes; a
/// value is sent; the sender goes.
fn play_watch(count: usize, sequence: &[usize]) {
    let (sender, receiver) = watch::channel(0);
    let mut sender = Some(sender);
    let mut watchers: Vec<Watcher> = (0..count)
        .map(|_| Watcher {
            receiver: receiver.clone(),
            seen: 0,
        })
        .collect();
    drop(receiver);
    let mut latest = 0;
    for operation in sequence {
        match *operation {
            wait if wait < count => {
                let watcher = &mut watchers[wait];
                let answer = Bell::new().poll(&mut watcher.receiver.changed());
                match (watcher.seen < latest, &sender) {
                    (true, _) => assert!(matches!(answer, std::task::Poll::Ready(Ok(())))),
                    (false, Some(_)) => assert!(answer.is_pending(), "{sequence:?}"),
                    (false, None) => assert!(matches!(answer, std::task::Poll::Ready(Err(_)))),
                }
                watcher.seen = latest;
                assert_eq!(*watcher.receiver.borrow(), latest);
            }
            come if come < 2 * count => {
                if let Some(sender) = &sender {
                    watchers[come - count] = Watcher {
                        receiver: sender.subscribe(),
                        seen: latest,
                    };
                }
            }
            send if send == 2 * count => {
                if let Some(sender) = &sender {
                    latest += 1;
                    // All who wait at this moment are woken, and see it.
                    let bells: Vec<_> = (0..count).map(|_| Bell::new()).collect();
                    let mut waits: Vec<_> = (watchers.iter_mut())
                        .map(|watcher| watcher.receiver.changed())
                        .collect();
                    let polls = bells.iter().zip(&mut waits);
                    let pending: Vec<bool> = polls
                        .map(|(bell, wait)| bell.poll(wait).is_pending())
                        .collect();
                    sender.send(latest).unwrap();
                    for (bell, is_pending) in bells.iter().zip(&pending) {
                        assert_eq!(bell.rings(), usize::from(*is_pending), "{sequence:?}");
                    }
                    drop(waits);
                    for watcher in &mut watchers {
                        watcher.seen = latest - 1;
                    }
                }
            }
            _ => drop(sender.take()),
        }
        for watcher in &watchers {
            let has_changed = watcher.receiver.has_changed();
            match sender {
                Some(_) => assert_eq!(has_changed.unwrap(), watcher.seen < latest),
                None => assert!(has_changed.is_err()),
            }
        }
    }
}

#[test]
fn a_watch_channel_in_every_order_of_six_operations() {
    every_order(6, 6, |sequence| play_watch(2, sequence));
}

/// A receiver as the model sees it: what was sent to it and not received, of which the channel keeps
/// the newest.
struct Listener {
    receiver: broadcast::Receiver<usize>,
    owed: VecDeque<usize>,
}

/// Operations: each receiver receives, goes and comes back, waits while something is sent; the
/// sender goes.
fn play_broadcast(capacity: usize, count: usize, sequence: &[usize]) {
    let sender = broadcast::Sender::new(capacity);
    let listen = |sender: &broadcast::Sender<usize>| Listener {
        receiver: sender.subscribe(),
        owed: VecDeque::new(),
    };
    let mut listeners: Vec<Listener> = (0..count).map(|_| listen(&sender)).collect();
    let mut sender = Some(sender);
    let mut number = 0;
    for operation in sequence {
        match *operation {
            receive if receive < count => {
                let Listener { receiver, owed } = &mut listeners[receive];
                let missed = owed.len().saturating_sub(capacity);
                let expected = match (missed, owed.is_empty(), &sender) {
                    (0, false, _) => Ok(owed.pop_front().unwrap()),
                    (0, true, Some(_)) => Err(TryRecvError::Empty),
                    (0, true, None) => Err(TryRecvError::Closed),
                    (missed, ..) => {
                        owed.drain(..missed);
                        Err(TryRecvError::Lagged(missed as u64))
                    }
                };
                assert_eq!(receiver.try_recv(), expected, "{sequence:?}");
            }
            come if come < 2 * count => {
                if let Some(sender) = &sender {
                    listeners[come - count] = listen(sender);
                }
            }
            send if send < 3 * count => {
                // One of them waits, if there is nothing for it, and hears the value.
                if let Some(sender) = &sender {
                    let bell = Bell::new();
                    let Listener { receiver, owed } = &mut listeners[send - 2 * count];
                    let is_idle = owed.is_empty();
                    let mut wait = receiver.recv();
                    if is_idle {
                        assert!(bell.poll(&mut wait).is_pending());
                    }
                    assert_eq!(sender.send(number).unwrap(), count);
                    assert_eq!(bell.rings(), usize::from(is_idle), "{sequence:?}");
                    drop(wait);
                    for listener in &mut listeners {
                        listener.owed.push_back(number);
                    }
                    number += 1;
                }
            }
            _ => drop(sender.take()),
        }
        let kept = listeners.iter().map(|listener| listener.owed.len()).max();
        if let Some(sender) = &sender {
            let kept = kept.unwrap_or(0).min(capacity);
            assert_eq!(sender.len(), kept, "{sequence:?}");
        }
        for listener in &listeners {
            assert_eq!(listener.receiver.len(), listener.owed.len(), "{sequence:?}");
        }
    }
}

#[test]
fn a_broadcast_channel_in_every_order_of_six_operations() {
    every_order(7, 6, |sequence| play_broadcast(2, 2, sequence));
    every_order(7, 6, |sequence| play_broadcast(1, 2, sequence));
}

#[test]
fn a_broadcast_channel_survives_storms_of_sixty_operations() {
    drawn_orders(13, 60, 5_000, |sequence| {
        let open: Vec<usize> = sequence
            .iter()
            .enumerate()
            .map(|(step, kind)| if *kind == 12 && step < 50 { 11 } else { *kind })
            .collect();
        play_broadcast(4, 4, &open);
    });
}
