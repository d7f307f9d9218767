//! Notify and SetOnce in every order of {run, cancel, call one, call all}, with a few waiters.
//!
//! A call for one must be used by one: it is in the hands of who was called, or kept. A call for all
//! must reach all who were there.

use std::collections::VecDeque;
use std::pin::Pin;

use mainspring::sync::futures::Notified;
use mainspring::sync::{Notify, SetOnce, SetOnceWait};
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// What the rules say, in the simplest words: who has been called by what.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Guest {
    Fresh,
    InLine,
    Called(Call),
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    First,
    Last,
    All,
}

struct Model {
    guests: Vec<Guest>,
    line: VecDeque<usize>,
    permit: bool,
}

impl Model {
    fn call(&mut self, call: Call) {
        let next = match call {
            Call::Last => self.line.pop_back(),
            _ => self.line.pop_front(),
        };
        match next {
            Some(guest) => self.guests[guest] = Guest::Called(call),
            None => self.permit = true,
        }
    }

    fn call_all(&mut self) {
        self.line.clear();
        for guest in &mut self.guests {
            if matches!(guest, Guest::Fresh | Guest::InLine) {
                *guest = Guest::Called(Call::All);
            }
        }
    }

    /// Whether this one is ready.
    fn poll(&mut self, guest: usize) -> bool {
        match self.guests[guest] {
            Guest::Fresh if !std::mem::take(&mut self.permit) => {
                self.guests[guest] = Guest::InLine;
                self.line.push_back(guest);
                false
            }
            Guest::InLine => false,
            Guest::Fresh | Guest::Called(_) => {
                self.guests[guest] = Guest::Gone;
                true
            }
            Guest::Gone => false,
        }
    }

    fn leave(&mut self, guest: usize) {
        self.line.retain(|other| *other != guest);
        let was = std::mem::replace(&mut self.guests[guest], Guest::Gone);
        if let Guest::Called(call @ (Call::First | Call::Last)) = was {
            self.call(call);
        }
    }
}

/// Operations: poll and drop of each waiter, a call for the first, for the last, for all.
fn play_notify(count: usize, sequence: &[usize]) {
    let notify = Notify::new();
    let mut seats: Vec<Seat<Pin<Box<Notified<'_>>>>> = (0..count)
        .map(|_| Seat::new(Box::pin(notify.notified())))
        .collect();
    let mut model = Model {
        guests: vec![Guest::Fresh; count],
        line: VecDeque::new(),
        permit: false,
    };

    for operation in sequence {
        match *operation {
            poll if poll < count => {
                let is_ready = seats[poll].poll().is_some();
                assert_eq!(is_ready, model.poll(poll), "{sequence:?}: guest {poll}");
            }
            leave if leave < 2 * count => {
                seats[leave - count].leave();
                model.leave(leave - count);
            }
            rest => match rest - 2 * count {
                0 => {
                    notify.notify_one();
                    model.call(Call::First);
                }
                1 => {
                    notify.notify_last();
                    model.call(Call::Last);
                }
                _ => {
                    notify.notify_waiters();
                    model.call_all();
                }
            },
        }
        for (guest, seat) in seats.iter().enumerate() {
            let is_in_line = model.guests[guest] == Guest::InLine;
            assert_eq!(seat.asleep(), is_in_line, "{sequence:?}: guest {guest}");
        }
        let shown = format!(
            "Notify {{ permit: {}, waiting: {} }}",
            model.permit,
            model.line.len()
        );
        assert_eq!(format!("{notify:?}"), shown, "{sequence:?}");
    }
}

#[test]
fn a_notify_in_every_order_of_six_operations() {
    every_order(7, 6, |sequence| play_notify(2, sequence));
    every_order(9, 5, |sequence| play_notify(3, sequence));
}

#[test]
fn a_notify_survives_storms_of_twenty_operations() {
    drawn_orders(15, 20, 20_000, |sequence| play_notify(6, sequence));
}

/// Operations: poll and drop of each waiter, and setting the value.
fn play_set_once(count: usize, sequence: &[usize]) {
    let cell = SetOnce::new();
    let mut seats: Vec<Seat<SetOnceWait<'_, usize>>> =
        (0..count).map(|_| Seat::new(cell.wait())).collect();
    let mut first_set = None;
    for (step, operation) in sequence.iter().enumerate() {
        match *operation {
            poll if poll < count => {
                let is_there = seats[poll].future.is_some();
                let value = seats[poll].poll();
                assert_eq!(value.is_some(), is_there && first_set.is_some());
                assert!(value.is_none() || value == first_set.as_ref());
            }
            leave if leave < 2 * count => seats[leave - count].leave(),
            _ => assert_eq!(cell.set(step).is_ok(), first_set.replace(step).is_none()),
        }
        first_set = cell.get().copied();
        let asleep = seats.iter().filter(|seat| seat.asleep()).count();
        assert!(first_set.is_none() || asleep == 0, "{sequence:?}");
    }
}

#[test]
fn a_value_that_is_set_once_in_every_order_of_six_operations() {
    every_order(7, 6, |sequence| play_set_once(3, sequence));
}
