//! `Shared` in every order of {poll, leave, end} for four who wait: all get the output, whoever waits
//! is woken when it comes and not before, in the order of arrival.

use std::sync::Arc;

use mainspring::future::create_future;
use mainspring::task::Shared;
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

const SEATS: usize = 4;
const KINDS: usize = 2 * SEATS + 2;

fn play(sequence: &[usize]) {
    let (resolver, answer) = create_future::<Arc<u8>>();
    let mut resolver = Some(resolver);
    let shared = answer.shared();
    let mut seats: Vec<Seat<Shared<Arc<u8>>>> =
        (0..SEATS).map(|_| Seat::new(shared.clone())).collect();
    let output = Arc::new(7);
    let mut is_set = false;
    for &kind in sequence {
        match kind {
            8 => {
                if let Some(resolver) = resolver.take() {
                    resolver.set_result(output.clone()).unwrap();
                    is_set = true;
                }
            }
            // Dropped without a result: all are told.
            9 => is_set |= resolver.take().is_some(),
            kind => {
                let seat = &mut seats[kind / 2];
                match kind % 2 {
                    0 => {
                        let is_there = seat.future.is_some();
                        let polled = seat.poll();
                        assert_eq!(polled.is_some(), is_set && is_there);
                        if let Some(Err(error)) = polled {
                            assert!(error.is_abandoned());
                        }
                    }
                    _ => seat.leave(),
                }
            }
        }
        assert_eq!(shared.is_finished(), is_set);
        for seat in &seats {
            assert!(!seat.called() || is_set, "woken for nothing");
            assert!(!seat.asleep() || !is_set, "left waiting");
        }
    }
    drop((seats, shared, resolver));
    assert_eq!(Arc::strong_count(&output), 1);
}

#[test]
fn every_order_of_five_steps() {
    every_order(KINDS, 5, play);
}

#[test]
fn drawn_orders_of_thirty_steps() {
    drawn_orders(KINDS, 30, 20_000, play);
}
