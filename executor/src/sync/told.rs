//! A line whose waiters are told something when they are called: by which call, or as the how-many-th.
//!
//! [`WaitQueue`] forgets those that it has called. Here each place has an entry beside the line,
//! which is empty until its waiter is called and stays until the waiter has read it.

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

    /// Goes to the back of the line, with the waker of this poll if there is one.
    pub(crate) fn join(&mut self, arrival: Option<&mut Arrival<'_>>) -> Result<Place, NeedsClone> {
        let waker = arrival.map(Arrival::take).transpose()?;
        let entry = self.entries.insert(None);
        let key = self.line.join(entry, waker);
        Ok(Place { key, entry })
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

    /// Calls the first in line with `message`. False if the line is empty.
    pub(crate) fn call_first(&mut self, message: M, out: &mut Outgoing) -> bool {
        let entry = self.line.first_mut().copied();
        self.tell(entry, message);
        self.line.call_first(out)
    }

    /// Calls the last in line with `message`. False if the line is empty.
    pub(crate) fn call_last(&mut self, message: M, out: &mut Outgoing) -> bool {
        let entry = self.line.last_mut().copied();
        self.tell(entry, message);
        self.line.call_last(out)
    }

    /// Calls everybody who waits now with `message`, from first to last.
    pub(crate) fn call_all(&mut self, message: M, out: &mut Outgoing) {
        while self.call_first(message, out) {}
    }

    fn tell(&mut self, entry: Option<usize>, message: M) {
        if let Some(entry) = entry {
            self.entries[entry] = Some(message);
        }
    }

    /// Gives a place back: what its waiter was told, if it was called. The waker of one that was
    /// not goes out with the others.
    pub(crate) fn leave(&mut self, place: Place, out: &mut Outgoing) -> Option<M> {
        if let Left::Waiting(_, waker) = self.line.leave(place.key) {
            out.discard(waker);
        }
        self.entries.remove(place.entry)
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
