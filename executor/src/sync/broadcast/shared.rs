//! The values that a broadcast channel keeps, and who has not got them: the rules, under one lock.
//!
//! ```text
//!   position      7     8     9     10          sent = 11
//!              +-----+-----+-----+-----+
//!   unseen by  |  1  |  1  |  2  |  3  |        the next one sent has position 11
//!              +-----+-----+-----+-----+
//!               oldest             newest
//! ```
//!
//! **Invariant B1: what has not seen an older value has not seen a newer one**, so the number of
//! those who have not seen it never falls from one value to the next, and the values that all have
//! seen go from the front.
//!
//! **Invariant B2: a receiver whose position is older than the oldest value has missed those in
//! between**, for what all have seen, it has seen, too.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use crate::shim::{Mutex, lock};
use crate::sync::broadcast::error::TryRecvError;
use crate::sync::notify::Notify;
use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing};

pub(crate) struct Shared<T> {
    // Any thread, under its lock.
    pub(crate) state: Mutex<State<T>>,

    // Any thread: called when the last receiver goes.
    pub(crate) unheard: Notify,

    // Never changes: a power of two.
    capacity: usize,
}

pub(crate) struct State<T> {
    kept: VecDeque<Kept<T>>,
    /// How many were ever sent: the position of the next one.
    pub(crate) sent: u64,
    pub(crate) receivers: usize,
    pub(crate) senders: usize,
    pub(crate) weak_senders: usize,
    line: WaitQueue<()>,
}

/// A value, and how many receivers have not got it.
struct Kept<T> {
    value: Arc<Mutex<T>>,
    unseen: usize,
}

/// A value on its way to several receivers.
///
/// They clone it after the channel's lock, for `Clone` is user code; but one after the other, for
/// the value need not be `Sync`. So it has a lock of its own.
pub(crate) struct Parcel<T> {
    value: Arc<Mutex<T>>,
    is_last: bool,
}

impl<T: Clone> Parcel<T> {
    /// The value itself for the last who wants it, a clone for the others.
    #[inline]
    pub(crate) fn open(self) -> T {
        if !self.is_last {
            return lock(&self.value).clone();
        }
        match Arc::try_unwrap(self.value) {
            Ok(value) => value.into_inner().unwrap_or_else(PoisonError::into_inner),
            // Another thread is still cloning.
            Err(shared) => lock(&shared).clone(),
        }
    }
}

impl<T> Shared<T> {
    /// A channel with one sender, and so many receivers.
    #[track_caller]
    pub(crate) fn new(capacity: usize, receivers: usize) -> Self {
        assert!(
            capacity > 0,
            "a broadcast channel of capacity 0 could never deliver anything; give it 1 or more"
        );
        assert!(
            capacity <= usize::MAX >> 1,
            "a broadcast channel's capacity is at most `usize::MAX / 2`"
        );
        Shared {
            state: Mutex::new(State {
                kept: VecDeque::new(),
                sent: 0,
                receivers,
                senders: 1,
                weak_senders: 0,
                line: WaitQueue::new(),
            }),
            unheard: Notify::new(),
            capacity: capacity.next_power_of_two(),
        }
    }

    /// Keeps a value for those who listen now, and says how many those are.
    pub(crate) fn send(&self, value: T) -> Result<usize, T> {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        if state.receivers == 0 {
            return Err(value);
        }
        let receivers = state.receivers;
        let overwritten = match state.kept.len() == self.capacity {
            true => state.kept.pop_front(),
            false => None,
        };
        state.kept.push_back(Kept {
            value: Arc::new(Mutex::new(value)),
            unseen: receivers,
        });
        state.sent += 1;
        state.line.call_all(&mut out);
        drop(state);
        out.settle();
        // Last, for it is user code, and may panic.
        drop(overwritten);
        Ok(receivers)
    }

    /// A sender is gone; with the last one, those who wait wait no longer.
    pub(crate) fn drop_sender(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.senders -= 1;
        if state.senders == 0 {
            state.line.call_all(&mut out);
        }
        drop(state);
        out.settle();
    }

    /// A receiver begins to listen: its first position.
    pub(crate) fn add_receiver(&self) -> u64 {
        let mut state = lock(&self.state);
        state.receivers += 1;
        state.sent
    }

    /// A receiver is gone, and what only it had not seen goes with it.
    pub(crate) fn drop_receiver(&self, next: u64) {
        let mut state = lock(&self.state);
        state.receivers -= 1;
        let is_last = state.receivers == 0;
        let unwanted = state.forget(next);
        drop(state);
        if is_last {
            self.unheard.notify_waiters();
        }
        drop(unwanted);
    }
}

impl<T> State<T> {
    /// The next value of a receiver whose position is `next`.
    pub(crate) fn receive(&mut self, next: &mut u64) -> Result<Parcel<T>, TryRecvError> {
        if *next == self.sent {
            return Err(match self.senders {
                0 => TryRecvError::Closed,
                _ => TryRecvError::Empty,
            });
        }
        let oldest = self.oldest();
        if *next < oldest {
            let missed = oldest - *next;
            *next = oldest;
            return Err(TryRecvError::Lagged(missed));
        }
        let index = (*next - oldest) as usize;
        *next += 1;
        let kept = &mut self.kept[index];
        kept.unseen -= 1;
        if kept.unseen > 0 {
            let value = kept.value.clone();
            let is_last = false;
            return Ok(Parcel { value, is_last });
        }
        // By B1 it is the oldest.
        let kept = self.kept.pop_front();
        let value = kept.expect("it was looked at a line ago").value;
        let is_last = true;
        Ok(Parcel { value, is_last })
    }

    /// The same, and waits if there is nothing yet.
    pub(crate) fn receive_or_wait(
        &mut self,
        next: &mut u64,
        key: &mut Option<WaiterKey>,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Result<Parcel<T>, TryRecvError>, NeedsClone> {
        let received = self.receive(next);
        if let Err(TryRecvError::Empty) = received {
            self.line.leave_if_called(key);
            self.line.wait(key, (), arrival)?;
        } else {
            self.stop_waiting(key, out);
        }
        Ok(received)
    }

    /// Leaves the line. A call need not be passed on: all were called.
    pub(crate) fn stop_waiting(&mut self, key: &mut Option<WaiterKey>, out: &mut Outgoing) {
        if let Some(key) = key.take()
            && let Left::Waiting((), waker) = self.line.leave(key)
        {
            out.discard(waker);
        }
    }

    /// Takes one receiver off the values from `next` on: those that nobody else wants.
    fn forget(&mut self, next: u64) -> Vec<Kept<T>> {
        let seen = next.saturating_sub(self.oldest()) as usize;
        for kept in self.kept.iter_mut().skip(seen) {
            kept.unseen -= 1;
        }
        let unwanted = self.kept.iter().take_while(|kept| kept.unseen == 0).count();
        self.kept.drain(..unwanted).collect()
    }

    fn oldest(&self) -> u64 {
        self.sent - self.kept.len() as u64
    }

    /// How many values are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}
