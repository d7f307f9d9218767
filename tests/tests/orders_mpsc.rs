//! mpsc in every order of {poll, drop, send, receive, close}, with a few who wait; and beside a
//! deque that does the same without waiting.

use std::collections::VecDeque;
use std::task::Poll;

use mainspring::sync::mpsc::error::{SendError, TryRecvError, TrySendError};
use mainspring::sync::mpsc::{self, OwnedPermit, Permit, Receiver, Reserve, Sender, Sending};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// Three senders, the last of which first keeps room, and the receiver.
const SENDERS: usize = 2;
/// Poll and drop of each sender; poll, drop and use of the permit; a send and a receive that do
/// not wait; a poll of the receiver; the close.
const KINDS: usize = 2 * SENDERS + 3 + 4;

fn play(capacity: usize, full: bool, sequence: &[usize]) {
    let (tx, mut rx) = mpsc::channel(capacity);
    let mut went_in: Vec<usize> = Vec::new();
    let mut came_out: Vec<usize> = Vec::new();
    if full {
        (0..capacity).for_each(|message| tx.try_send(message).unwrap());
        went_in.extend(0..capacity);
    }
    let mut sends: Vec<Seat<Sending<'_, usize>>> = (0..SENDERS)
        .map(|number| Seat::new(tx.send(10 + number)))
        .collect();
    let mut reserve: Seat<Reserve<'_, usize>> = Seat::new(tx.reserve());
    let mut permit: Option<Permit<'_, usize>> = None;
    // Numbers of seats in the order in which they came to wait; the one that keeps room is last.
    let mut line: Vec<usize> = Vec::new();
    let bell = Bell::new();
    let mut receiver_parked_at = None;
    let mut next_message = 100;

    for operation in sequence {
        let newcomers: Vec<bool> = (sends.iter().map(|seat| seat.parked_at.is_none()))
            .chain([reserve.parked_at.is_none()])
            .collect();
        match *operation {
            poll if poll < SENDERS => match sends[poll].poll() {
                Some(Ok(())) => {
                    assert!(!rx.is_closed(), "{sequence:?}: sent after the close");
                    went_in.push(10 + poll);
                    line.retain(|seat| *seat != poll);
                }
                Some(Err(SendError(back))) => {
                    assert!(rx.is_closed() && back == 10 + poll, "{sequence:?}");
                    line.retain(|seat| *seat != poll);
                }
                None if newcomers[poll] && sends[poll].future.is_some() => line.push(poll),
                None => {}
            },
            drop if drop < 2 * SENDERS => {
                sends[drop - SENDERS].leave();
                line.retain(|seat| *seat != drop - SENDERS);
            }
            rest => match rest - 2 * SENDERS {
                0 => match reserve.poll() {
                    Some(Ok(kept)) => {
                        permit = Some(kept);
                        line.retain(|seat| *seat != SENDERS);
                    }
                    Some(Err(SendError(()))) => {
                        assert!(rx.is_closed(), "{sequence:?}");
                        line.retain(|seat| *seat != SENDERS);
                    }
                    None if newcomers[SENDERS] && reserve.future.is_some() => line.push(SENDERS),
                    None => {}
                },
                1 => {
                    reserve.leave();
                    permit = None;
                    line.retain(|seat| *seat != SENDERS);
                }
                2 => {
                    if let Some(permit) = permit.take() {
                        permit.send(50);
                        went_in.push(50);
                    }
                }
                3 => {
                    next_message += 1;
                    match tx.try_send(next_message) {
                        Ok(()) => went_in.push(next_message),
                        Err(TrySendError::Full(back)) => assert_eq!(back, next_message),
                        Err(TrySendError::Closed(_)) => assert!(rx.is_closed(), "{sequence:?}"),
                    }
                }
                4 => came_out.extend(rx.try_recv()),
                5 => {
                    let rings = bell.rings();
                    receiver_parked_at = None;
                    match bell.poll(&mut rx.recv()) {
                        Poll::Ready(Some(message)) => came_out.push(message),
                        Poll::Ready(None) => {
                            assert!(rx.is_closed() && permit.is_none(), "{sequence:?}");
                        }
                        Poll::Pending => receiver_parked_at = Some(rings),
                    }
                }
                _ => rx.close(),
            },
        }

        let free = tx.capacity();
        let closed = rx.is_closed();
        let in_hand = usize::from(permit.is_some());
        assert!(free + in_hand + rx.len() <= capacity, "{sequence:?}");
        let all_seats = || {
            let asleep = sends.iter().map(|seat| (seat.asleep(), seat.called()));
            asleep
                .chain([(reserve.asleep(), reserve.called())])
                .collect::<Vec<_>>()
        };
        let seats = all_seats();
        assert!(
            !seats.iter().any(|(asleep, _)| *asleep) || (free == 0 && !closed),
            "{sequence:?}: a sender sleeps beside room, or after the close"
        );
        let called = seats.iter().filter(|(_, called)| *called).count();
        if !closed {
            assert_eq!(
                free + in_hand + rx.len() + called,
                capacity,
                "{sequence:?}: room was lost or doubled"
            );
        }
        // Those called stand before those who sleep.
        let first_asleep = line.iter().position(|seat| seats[*seat].0);
        let last_called = line.iter().rposition(|seat| seats[*seat].1);
        assert!(
            first_asleep.is_none() || last_called < first_asleep,
            "{sequence:?}: somebody was overtaken"
        );
        let receiver_sleeps = receiver_parked_at == Some(bell.rings());
        let is_over = closed && free == capacity;
        assert!(
            !receiver_sleeps || (rx.is_empty() && !is_over),
            "{sequence:?}: the receiver sleeps beside a message, or after the end"
        );
        assert_eq!(came_out, went_in[..came_out.len()], "{sequence:?}");
        assert_eq!(rx.len(), went_in.len() - came_out.len(), "{sequence:?}");
    }

    drop((sends, reserve, permit));
    came_out.extend(std::iter::from_fn(|| rx.try_recv().ok()));
    assert_eq!(came_out, went_in, "{sequence:?}: messages were lost");
    assert_eq!(tx.capacity(), capacity, "{sequence:?}: room was lost");
    let expected = match rx.is_closed() {
        true => TryRecvError::Disconnected,
        false => TryRecvError::Empty,
    };
    assert_eq!(rx.try_recv(), Err(expected), "{sequence:?}");
}

#[test]
fn a_channel_in_every_order_of_five_operations() {
    every_order(KINDS, 5, |sequence| play(1, true, sequence));
    every_order(KINDS, 4, |sequence| play(1, false, sequence));
    every_order(KINDS, 4, |sequence| play(2, true, sequence));
}

#[test]
fn a_channel_survives_storms_of_forty_operations() {
    drawn_orders(KINDS, 40, 5_000, |sequence| {
        // A close too often ends the storm early: then it is a receive, until near the end.
        let open: Vec<usize> = (sequence.iter().enumerate())
            .map(|(step, kind)| match *kind == KINDS - 1 && step < 30 {
                true => KINDS - 2,
                false => *kind,
            })
            .collect();
        play(2, true, &open);
    });
}

/// Marsaglia's xorshift: a test wants the same numbers everywhere, not good ones.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    /// One of them, if there is one.
    fn pick<T>(&mut self, items: &mut Vec<T>) -> Option<T> {
        match items.len() {
            0 => None,
            count => Some(items.swap_remove(self.roll(count))),
        }
    }
}

/// What is known of a channel from outside.
struct Model {
    messages: VecDeque<u32>,
    capacity: usize,
    closed: bool,
}

impl Model {
    fn is_over(&self, senders: usize, permits: usize) -> bool {
        self.messages.is_empty() && (senders == 0 || (self.closed && permits == 0))
    }
}

#[test]
fn tokio_7991_8075_a_channel_behaves_like_a_deque_under_random_operations() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2_000 {
        let capacity = 1 + dice.roll(4);
        let (tx, rx) = mpsc::channel(capacity);
        one_life(&mut dice, capacity, tx, rx);
    }
}

fn one_life(dice: &mut Dice, capacity: usize, tx: Sender<u32>, rx: Receiver<u32>) {
    let mut model = Model {
        messages: VecDeque::new(),
        capacity,
        closed: false,
    };
    let mut senders = vec![tx];
    let mut weak = Vec::new();
    let mut permits: Vec<OwnedPermit<u32>> = Vec::new();
    let mut receiver = Some(rx);
    let bell = Bell::new();

    for number in 0..60 {
        let free = model.capacity - model.messages.len() - permits.len();
        let refusal = match (model.closed, free) {
            (true, _) => Some("channel closed"),
            (false, 0) => Some("no available capacity"),
            (false, _) => None,
        };
        let over = model.is_over(senders.len() + permits.len(), permits.len());
        match dice.roll(15) {
            0..3 => {
                if let Some(tx) = senders.first() {
                    let sent = tx.try_send(number);
                    assert_eq!(sent.err().map(|e| e.to_string()).as_deref(), refusal);
                    if refusal.is_none() {
                        model.messages.push_back(number);
                    }
                }
            }
            3 => {
                if let Some(tx) = senders.first().cloned() {
                    match tx.try_reserve_owned() {
                        Ok(permit) => {
                            assert_eq!(refusal, None);
                            permits.push(permit);
                        }
                        Err(error) => assert_eq!(Some(error.to_string().as_str()), refusal),
                    }
                }
            }
            4 => {
                if let Some(permit) = dice.pick(&mut permits) {
                    senders.push(permit.send(number));
                    if receiver.is_some() {
                        model.messages.push_back(number);
                    }
                }
            }
            5 => {
                let released = dice.pick(&mut permits).map(OwnedPermit::release);
                senders.extend(released);
            }
            6 => drop(dice.pick(&mut permits)),
            7 => senders.extend(senders.first().cloned()),
            8 => drop(dice.pick(&mut senders)),
            9 => weak.extend(senders.first().map(Sender::downgrade)),
            10 => {
                if let Some(weak) = dice.pick(&mut weak) {
                    let alive = !senders.is_empty() || !permits.is_empty();
                    let upgraded = weak.upgrade();
                    assert_eq!(upgraded.is_some(), alive);
                    senders.extend(upgraded);
                }
            }
            11 => {
                if let Some(rx) = &mut receiver {
                    let expected = match (model.messages.pop_front(), over) {
                        (Some(message), _) => Ok(message),
                        (None, true) => Err(TryRecvError::Disconnected),
                        (None, false) => Err(TryRecvError::Empty),
                    };
                    assert_eq!(rx.try_recv(), expected);
                }
            }
            12 => {
                if let Some(rx) = &mut receiver {
                    let expected = match (model.messages.pop_front(), over) {
                        (None, false) => Poll::Pending,
                        (message, _) => Poll::Ready(message),
                    };
                    assert_eq!(bell.poll(&mut rx.recv()), expected);
                }
            }
            13 => {
                if let Some(rx) = &mut receiver {
                    let limit = dice.roll(4);
                    let count = limit.min(model.messages.len());
                    let expected = match count == 0 && limit > 0 && !over {
                        true => Poll::Pending,
                        false => Poll::Ready(count),
                    };
                    let mut buffer = vec![1_000];
                    assert_eq!(bell.poll(&mut rx.recv_many(&mut buffer, limit)), expected);
                    assert!(buffer[1..].iter().eq(model.messages.iter().take(count)));
                    model.messages.drain(..count);
                }
            }
            _ => match dice.roll(4) {
                0 => {
                    receiver = None;
                    model.messages.clear();
                    model.closed = true;
                }
                1 => {
                    let closed = receiver.as_mut().map(Receiver::close);
                    model.closed |= closed.is_some();
                }
                _ => {}
            },
        }

        let strong = senders.len() + permits.len();
        let free = model.capacity - model.messages.len() - permits.len();
        if let Some(tx) = senders.first() {
            assert_eq!(tx.is_closed(), model.closed);
            assert_eq!(tx.capacity(), free);
            assert_eq!(tx.max_capacity(), model.capacity);
            assert_eq!((tx.strong_count(), tx.weak_count()), (strong, weak.len()));
        }
        if let Some(rx) = &receiver {
            assert_eq!(rx.len(), model.messages.len());
            assert_eq!(rx.is_empty(), model.messages.is_empty());
            assert_eq!(rx.capacity(), free);
            assert_eq!(rx.is_closed(), model.closed || strong == 0);
            let counts = (rx.sender_strong_count(), rx.sender_weak_count());
            assert_eq!(counts, (strong, weak.len()));
        }
        if let Some(weak) = weak.first() {
            assert_eq!(weak.strong_count(), strong);
        }
    }
}

#[test]
fn a_channel_without_a_limit_behaves_like_a_deque_however_its_messages_are_taken() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let bell = Bell::new();
    for _ in 0..1_000 {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let mut model = VecDeque::new();
        let mut closed = false;
        for number in 0..60 {
            match dice.roll(12) {
                0..5 => {
                    assert_eq!(tx.send(number).is_err(), closed);
                    if !closed {
                        model.push_back(number);
                    }
                }
                5..8 => match (bell.poll(&mut rx.recv()), model.pop_front()) {
                    (Poll::Pending, None) => assert!(!closed),
                    (Poll::Ready(None), None) => assert!(closed),
                    (received, expected) => assert_eq!(received, Poll::Ready(expected)),
                },
                8 => assert_eq!(rx.try_recv().ok(), model.pop_front()),
                9..11 => {
                    let limit = dice.roll(6);
                    let count = limit.min(model.len());
                    let mut buffer = vec![1_000];
                    let poll = bell.poll(&mut rx.recv_many(&mut buffer, limit));
                    match count == 0 && limit > 0 && !closed {
                        true => assert_eq!(poll, Poll::Pending),
                        false => assert_eq!(poll, Poll::Ready(count)),
                    }
                    assert!(buffer[1..].iter().copied().eq(model.drain(..count)));
                }
                _ if dice.roll(10) == 0 => {
                    rx.close();
                    closed = true;
                }
                _ => {}
            }
            assert_eq!(rx.len(), model.len());
            assert_eq!(tx.is_closed(), closed);
        }
    }
}
