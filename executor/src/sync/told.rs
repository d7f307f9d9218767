//! A line whose waiters are told something when they are called: by which call, or as the how-many-th.
//!
//! [`WaitQueue`] forgets those that it has called. Here each place has an entry beside the line,
//! which is empty until its waiter is called and stays until the waiter has read it.

use std::task::Waker;

use slab::Slab;

use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing};

/// A line of waiters, each to be called with an `M` of plain data.
#[derive(Debug)]
pub(crate) struct ToldQueue<M> {
    // A waiter's data is the key of its entry.
    line: WaitQueue<usize>,
    entries: Slab<Option<M>>,
}

/// A waiter's place in such a line. It is given back by [`ToldQueue::leave`].
#[derive(Debug)]
pub(crate) struct Place {
    key: WaiterKey,
    entry: usize,
}

impl<M: Copy> ToldQueue<M> {
    pub(crate) const fn new() -> Self {
        ToldQueue {
            line: WaitQueue::new(),
            entries: Slab::new(),
        }
    }

    /// Goes to the back of the line; without a waker, if it will be polled later.
    #[inline]
    pub(crate) fn join(&mut self, waker: Option<Waker>) -> Place {
        let entry = self.entries.insert(None);
        let key = self.line.join(entry, waker);
        Place { key, entry }
    }

    /// Stays where it stands, with the waker of this poll.
    pub(crate) fn stay(
        &mut self,
        place: &Place,
        arrival: &mut Arrival<'_>,
    ) -> Result<(), NeedsClone> {
        self.line.stay(&place.key, arrival)
    }

    /// True until the waiter is called.
    pub(crate) fn still_waits(&self, place: &Place) -> bool {
        self.entries[place.entry].is_none()
    }

    /// Calls the first in line with `message`, if there is one: its waker, to be woken after the
    /// lock.
    #[inline]
    pub(crate) fn take_first(&mut self, message: M) -> Option<Option<Waker>> {
        let entry = *self.line.first_mut()?;
        self.entries[entry] = Some(message);
        self.line.take_first()
    }

    /// The same with the last in line.
    pub(crate) fn take_last(&mut self, message: M) -> Option<Option<Waker>> {
        let entry = *self.line.last_mut()?;
        self.entries[entry] = Some(message);
        self.line.take_last()
    }

    /// Calls everybody who waits now with `message`, from first to last.
    pub(crate) fn call_all(&mut self, message: M, out: &mut Outgoing) {
        out.reserve(self.len());
        while let Some(waker) = self.take_first(message) {
            waker.into_iter().for_each(|waker| out.call(waker));
        }
    }

    /// Gives a place back: what its waiter was told, or the waker of one that was not called, to be
    /// dropped after the lock.
    #[inline]
    pub(crate) fn leave(&mut self, place: Place) -> Result<M, Option<Waker>> {
        let told = self.entries.remove(place.entry);
        match self.line.leave(place.key) {
            Left::Waiting(_, waker) => Err(waker),
            Left::Called => Ok(told.expect("who is called is told something")),
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.line.len()
    }

    /// How many were called and have not run since.
    pub(crate) fn called(&self) -> usize {
        self.line.called()
    }
}
