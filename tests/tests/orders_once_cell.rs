//! OnceCell in every order of {ask, run, cancel, make, fail, set}, with a few guests: one makes the
//! value at a time, it is made once, and nobody sleeps beside a value or a free right to make it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use mainspring::sync::OnceCell;
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// What all makers do: wait until they are told how it ends.
#[derive(Default)]
struct Workshop {
    verdict: Cell<Option<Result<u32, ()>>>,
    at_work: Cell<usize>,
}

struct Making<'a> {
    shop: &'a Workshop,
    is_begun: bool,
}

impl Future for Making<'_> {
    type Output = Result<u32, ()>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.is_begun {
            self.is_begun = true;
            self.shop.at_work.set(self.shop.at_work.get() + 1);
        }
        match self.shop.verdict.take() {
            Some(verdict) => Poll::Ready(verdict),
            None => Poll::Pending,
        }
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        if self.is_begun {
            self.shop.at_work.set(self.shop.at_work.get() - 1);
        }
    }
}

type Guest<'a> = Seat<Pin<Box<dyn Future<Output = Option<u32>> + 'a>>>;

/// Operations: a poll of each guest; each gives up, or asks again; the maker is told to succeed, or
/// to fail; and somebody sets the cell from outside.
fn play(guests: usize, sequence: &[usize]) {
    let (cell, shop) = (OnceCell::new(), Workshop::default());
    let guest = || -> Guest<'_> {
        Seat::new(Box::pin(async {
            let make = || Making {
                shop: &shop,
                is_begun: false,
            };
            cell.get_or_try_init(make).await.ok().copied()
        }))
    };
    let mut guests: Vec<Guest<'_>> = (0..guests).map(|_| guest()).collect();
    let mut first_value = None;

    for operation in sequence {
        let count = guests.len();
        shop.verdict.set(None);
        match *operation {
            poll if poll < count => {
                let answer = guests[poll].poll();
                if let Some(Some(value)) = answer {
                    assert_eq!(cell.get(), Some(&value), "{sequence:?}");
                }
            }
            turn if turn < 2 * count => match guests[turn - count].future {
                Some(_) => guests[turn - count].leave(),
                None => guests[turn - count] = guest(),
            },
            told if told < 2 * count + 2 => {
                // Whoever is at work hears of it, and nobody else is polled.
                let verdict = if told == 2 * count { Ok(7) } else { Err(()) };
                for guest in guests.iter_mut().filter(|guest| guest.asleep()) {
                    let before = shop.at_work.get();
                    shop.verdict.set((before > 0).then_some(verdict));
                    guest.poll();
                }
            }
            _ => {
                let is_free = shop.at_work.get() == 0 && !guests.iter().any(Seat::called);
                let is_set = cell.set(9).is_ok();
                assert!(!is_set || is_free, "{sequence:?}: set while one makes it");
            }
        }

        first_value = first_value.or(cell.get().copied());
        assert_eq!(cell.get().copied(), first_value, "{sequence:?}: made twice");
        let at_work = shop.at_work.get();
        let asleep = guests.iter().filter(|guest| guest.asleep()).count();
        assert!(at_work <= 1, "{sequence:?}: two make it");
        if cell.initialized() {
            assert_eq!(at_work, 0, "{sequence:?}: made although it is there");
            assert_eq!(asleep, 0, "{sequence:?}: somebody sleeps beside a value");
        } else if at_work == 0 && !guests.iter().any(Seat::called) {
            assert_eq!(
                asleep, 0,
                "{sequence:?}: somebody sleeps and nobody makes it"
            );
        }
    }
}

#[test]
fn a_once_cell_in_every_order_of_its_operations() {
    every_order(7, 6, |sequence| play(2, sequence));
    every_order(9, 5, |sequence| play(3, sequence));
    every_order(11, 5, |sequence| play(4, sequence));
}

#[test]
fn a_once_cell_survives_storms_of_forty_operations() {
    drawn_orders(11, 40, 20_000, |sequence| play(4, sequence));
}
