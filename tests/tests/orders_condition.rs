//! Condition in every order of {wait, run, cancel, notify, lock}, with a few waiters, beside a
//! model that says exactly who has been notified: nobody else wakes, nobody is overtaken, no
//! notification is lost while anybody waits for one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use mainspring::sync::{Condition, ConditionGuard, ConditionWait};
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// The lock, if it can be had at once.
fn try_lock(condition: &Condition) -> Option<ConditionGuard<'_, ()>> {
    let mut lock = condition.lock();
    match Pin::new(&mut lock).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(guard) => Some(guard),
        Poll::Pending => None,
    }
}

#[derive(Default)]
struct Guest<'a> {
    seat: Option<Seat<ConditionWait<'a, ()>>>,
    guard: Option<ConditionGuard<'a, ()>>,
}

/// Who waits, in order of arrival, and who was notified and has not come back.
#[derive(Default)]
struct Model {
    line: Vec<usize>,
    notified: Vec<usize>,
}

impl Model {
    fn notify(&mut self, n: usize) {
        let called = self.line.drain(..n.min(self.line.len()));
        self.notified.extend(called);
    }

    /// Somebody goes away.
    fn leave(&mut self, guest: usize) {
        self.line.retain(|waits| *waits != guest);
        let before = self.notified.len();
        self.notified.retain(|called| *called != guest);
        self.notify(before - self.notified.len());
    }
}

/// Operations: each guest runs (comes to wait if it can have the lock, or is polled); each goes
/// (gives up, or unlocks); one or all are notified, if the lock can be had; and the lock is taken
/// from outside with a notification, or given back.
fn play(guests: usize, sequence: &[usize]) {
    let condition = Condition::new(());
    let mut guests: Vec<Guest<'_>> = (0..guests).map(|_| Guest::default()).collect();
    let mut outside: Option<ConditionGuard<'_, ()>> = None;
    let mut model = Model::default();

    for operation in sequence {
        let count = guests.len();
        match *operation {
            run if run < count => match &mut guests[run].seat {
                Some(seat) => {
                    if let Some(guard) = seat.poll() {
                        let called = model.notified.iter().position(|guest| *guest == run);
                        let called = called
                            .unwrap_or_else(|| panic!("{sequence:?}: woke without a notification"));
                        model.notified.remove(called);
                        guests[run] = Guest {
                            seat: None,
                            guard: Some(guard),
                        };
                    }
                }
                None => {
                    if let Some(guard) = guests[run].guard.take().or_else(|| try_lock(&condition)) {
                        let mut seat = Seat::new(guard.wait());
                        assert!(seat.poll().is_none());
                        guests[run].seat = Some(seat);
                        model.line.push(run);
                    }
                }
            },
            go if go < 2 * count => {
                guests[go - count] = Guest::default();
                model.leave(go - count);
            }
            rest => match (rest - 2 * count, outside.take()) {
                (2, Some(guard)) => drop(guard),
                (what, guard) => {
                    outside = guard;
                    if let Some(guard) = try_lock(&condition) {
                        let n = if what == 1 { usize::MAX } else { 1 };
                        guard.notify(n);
                        model.notify(n);
                        outside = (what == 2).then_some(guard);
                    }
                }
            },
        }
        look(&guests, outside.is_some(), &condition, &model, sequence);
    }

    // Everybody runs until nobody can: those notified come back, and those alone.
    outside.take();
    for guest in &mut guests {
        guest.guard = None;
    }
    let mut back = Vec::new();
    while back.len() < model.notified.len() {
        let before = back.len();
        for (number, guest) in guests.iter_mut().enumerate() {
            if guest
                .seat
                .as_mut()
                .is_some_and(|seat| seat.poll().is_some())
            {
                guest.seat = None;
                back.push(number);
            }
        }
        assert!(
            back.len() > before,
            "{sequence:?}: somebody who was notified never came back"
        );
    }
    back.sort_unstable();
    model.notified.sort_unstable();
    assert_eq!(back, model.notified, "{sequence:?}");
    let mut seats = guests.iter_mut().filter_map(|guest| guest.seat.as_mut());
    assert!(seats.all(|seat| seat.poll().is_none()), "{sequence:?}");
    drop(guests);
    assert!(!condition.locked(), "{sequence:?}: the lock was lost");
}

fn look(
    guests: &[Guest<'_>],
    held_outside: bool,
    condition: &Condition,
    model: &Model,
    sequence: &[usize],
) {
    let held = guests.iter().filter(|guest| guest.guard.is_some()).count();
    assert!(
        held + usize::from(held_outside) <= 1,
        "{sequence:?}: two have the lock"
    );
    let is_held = held_outside || held == 1;
    let seat = |guest: &usize| guests[*guest].seat.as_ref().expect("it waits");
    for guest in &model.line {
        assert!(
            seat(guest).asleep(),
            "{sequence:?}: {guest} was woken without a notification, or out of turn"
        );
    }
    let any_called = model.notified.iter().any(|guest| seat(guest).called());
    assert!(
        model.notified.is_empty() || is_held || any_called,
        "{sequence:?}: those notified sleep beside a free lock"
    );
    if !is_held && !any_called {
        assert!(!condition.locked(), "{sequence:?}: nobody has the lock");
    }
}

#[test]
fn a_condition_in_every_order_of_six_operations() {
    every_order(7, 6, |sequence| play(2, sequence));
    every_order(9, 5, |sequence| play(3, sequence));
    every_order(11, 4, |sequence| play(4, sequence));
}

#[test]
fn gh_112202_a_condition_survives_storms_of_forty_operations() {
    drawn_orders(9, 40, 10_000, |sequence| play(3, sequence));
    drawn_orders(11, 40, 10_000, |sequence| play(4, sequence));
}
