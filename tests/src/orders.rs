//! A primitive in every order of what can happen to it: each sequence of operations is played from
//! the start, by hand, and looked at after every step.

use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use crate::by_hand::Bell;

/// Plays every sequence of `steps` operations out of `kinds`.
pub fn every_order(kinds: usize, steps: usize, play: impl Fn(&[usize])) {
    let mut sequence = vec![0; steps];
    loop {
        play(&sequence);
        let Some(step) = sequence.iter().rposition(|kind| kind + 1 < kinds) else {
            return;
        };
        sequence[step] += 1;
        sequence[step + 1..].fill(0);
    }
}

/// Plays `rounds` sequences that a small generator draws.
pub fn drawn_orders(kinds: usize, steps: usize, rounds: usize, play: impl Fn(&[usize])) {
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut sequence = vec![0; steps];
    for _ in 0..rounds {
        for kind in &mut sequence {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            *kind = (dice % kinds as u64) as usize;
        }
        play(&sequence);
    }
}

/// A future, and what is known of it from outside.
#[derive(Debug)]
pub struct Seat<F> {
    /// `None` when it is ready, or was dropped.
    pub future: Option<F>,
    bell: Arc<Bell>,
    /// How often the bell had rung when the future was last found pending.
    pub parked_at: Option<usize>,
}

impl<F: Future + Unpin> Seat<F> {
    /// Not polled yet.
    pub fn new(future: F) -> Self {
        Seat {
            future: Some(future),
            bell: Bell::new(),
            parked_at: None,
        }
    }

    /// Polls it, if it is there: its output, if it is ready.
    pub fn poll(&mut self) -> Option<F::Output> {
        let rings = self.bell.rings();
        let Poll::Ready(output) = self.bell.poll(self.future.as_mut()?) else {
            // A ring within the poll counts as one after it: it asks for another poll.
            self.parked_at = Some(rings);
            return None;
        };
        self.future = None;
        self.parked_at = None;
        Some(output)
    }

    /// Drops it.
    pub fn leave(&mut self) {
        self.future = None;
        self.parked_at = None;
    }

    /// Parked, and nobody has rung.
    pub fn asleep(&self) -> bool {
        self.parked_at == Some(self.bell.rings())
    }

    /// Parked, rung for, and not run since.
    pub fn called(&self) -> bool {
        self.parked_at
            .is_some_and(|rings| rings < self.bell.rings())
    }
}
