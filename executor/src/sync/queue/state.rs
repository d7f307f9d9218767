//! The rules of a queue, as a plain structure that lives under its lock.
//!
//! Items stay in the store until the poll that returns them. A getter that is *called* holds a
//! right to an item and not the item, and a putter that is called holds a right to room; so when
//! one is dropped before it runs, nothing is lost but its place, and the right goes to the next.
//!
//! **Invariant Q1: no more getters are called than items are in, nor more putters than there is
//! room**, until a shutdown.
//!
//! **Invariant Q2: while a getter waits, every item is promised** to one that was called; while a
//! putter waits, all room is. A shutdown ends all promises.

use std::marker::PhantomData;
use std::task::Poll;

use crate::sync::queue::error::{QueueShutDown, TooManyTaskDone, TryGetError, TryPutError};
use crate::sync::queue::store::Store;
use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing};

#[derive(Debug)]
pub(crate) struct State<T, S> {
    items: S,
    limit: Option<usize>,
    unfinished: usize,
    shut_down: bool,

    getters: WaitQueue<()>,
    putters: WaitQueue<()>,
    joiners: WaitQueue<()>,

    // `S` holds the items; by itself `T` says nothing about threads.
    item: PhantomData<fn() -> T>,
}

impl<T, S: Store<T>> State<T, S> {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        State {
            items: S::default(),
            limit,
            unfinished: 0,
            shut_down: false,
            getters: WaitQueue::new(),
            putters: WaitQueue::new(),
            joiners: WaitQueue::new(),
            item: PhantomData,
        }
    }

    /// The way of nearly everybody: no getter before me, and an item is in.
    #[inline]
    pub(crate) fn get_at_once(&mut self, out: &mut Outgoing) -> Option<T> {
        if !self.getters.is_idle() {
            return None;
        }
        let item = self.items.pop()?;
        self.call_putters(out);
        Some(item)
    }

    /// The way of those who find nothing, those who have to wait, and those who waited.
    pub(crate) fn get(
        &mut self,
        key: &mut Option<WaiterKey>,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Poll<Result<T, QueueShutDown>>, NeedsClone> {
        if self.getters.leave_if_called(key).is_some() {
            // There is one, unless a shutdown took it away or gave it to another.
            if let Some(item) = self.items.pop() {
                self.call_putters(out);
                return Ok(Poll::Ready(Ok(item)));
            }
        }
        if self.shut_down && self.unpromised_items() == 0 {
            self.stop_getting(key, out);
            return Ok(Poll::Ready(Err(QueueShutDown(()))));
        }
        self.getters.wait(key, (), arrival)?;
        // Who comes while somebody called has not run yet may find an item all the same: it is
        // called on the spot, and runs behind the other.
        self.call_getters(out);
        Ok(Poll::Pending)
    }

    pub(crate) fn get_nowait(&mut self, out: &mut Outgoing) -> Result<T, TryGetError> {
        if self.unpromised_items() > 0
            && let Some(item) = self.items.pop()
        {
            self.call_putters(out);
            return Ok(item);
        }
        Err(match self.shut_down {
            true => TryGetError::ShutDown,
            false => TryGetError::Empty,
        })
    }

    /// The way of nearly everybody: no putter before me, and there is room. `item` is taken.
    #[inline]
    pub(crate) fn put_at_once(&mut self, item: &mut Option<T>, out: &mut Outgoing) -> bool {
        let may_put = !self.shut_down && self.putters.is_idle() && self.unpromised_room() > 0;
        if may_put && let Some(item) = item.take() {
            self.push(item, out);
        }
        may_put
    }

    /// The way of all other putters. Ready without having taken `item`: it was shut down.
    pub(crate) fn put(
        &mut self,
        item: &mut Option<T>,
        key: &mut Option<WaiterKey>,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Poll<()>, NeedsClone> {
        if self.shut_down {
            self.stop_putting(key, out);
            return Ok(Poll::Ready(()));
        }
        if self.putters.leave_if_called(key).is_some() {
            if let Some(item) = item.take() {
                self.push(item, out);
            }
            return Ok(Poll::Ready(()));
        }
        self.putters.wait(key, (), arrival)?;
        self.call_putters(out);
        Ok(Poll::Pending)
    }

    pub(crate) fn put_nowait(&mut self, item: T, out: &mut Outgoing) -> Result<(), TryPutError<T>> {
        if self.shut_down {
            return Err(TryPutError::ShutDown(item));
        }
        if self.unpromised_room() == 0 {
            return Err(TryPutError::Full(item));
        }
        self.push(item, out);
        Ok(())
    }

    pub(crate) fn push(&mut self, item: T, out: &mut Outgoing) {
        self.items.push(item);
        self.unfinished += 1;
        self.call_getters(out);
    }

    /// Shuts down; with `immediate` the items are taken away and returned, to be dropped outside
    /// the lock.
    pub(crate) fn shut_down(&mut self, immediate: bool, out: &mut Outgoing) -> S {
        self.shut_down = true;
        let mut taken = S::default();
        if immediate {
            std::mem::swap(&mut taken, &mut self.items);
            // Somebody may have reported items done that nobody got.
            self.unfinished = self.unfinished.saturating_sub(taken.len());
            if self.unfinished == 0 {
                self.joiners.call_all(out);
            }
        }
        self.getters.rouse(out);
        self.putters.rouse(out);
        taken
    }

    /// A getter gives up: its right, if it had one, goes to the next.
    pub(crate) fn stop_getting(&mut self, key: &mut Option<WaiterKey>, out: &mut Outgoing) {
        match key.take().map(|key| self.getters.leave(key)) {
            Some(Left::Waiting((), waker)) => out.discard(waker),
            Some(Left::Called(_)) => self.call_getters(out),
            None => {}
        }
    }

    /// A putter gives up.
    pub(crate) fn stop_putting(&mut self, key: &mut Option<WaiterKey>, out: &mut Outgoing) {
        match key.take().map(|key| self.putters.leave(key)) {
            Some(Left::Waiting((), waker)) => out.discard(waker),
            Some(Left::Called(_)) => self.call_putters(out),
            None => {}
        }
    }

    fn call_getters(&mut self, out: &mut Outgoing) {
        while self.unpromised_items() > 0 && self.getters.call_first(out) {}
    }

    fn call_putters(&mut self, out: &mut Outgoing) {
        while self.unpromised_room() > 0 && self.putters.call_first(out) {}
    }

    /// After a shutdown no promise holds: whoever comes takes what is left. So nobody is sent away
    /// for an item that was called for a getter who gave up then.
    fn unpromised_items(&self) -> usize {
        let promised = match self.shut_down {
            true => 0,
            false => self.getters.called(),
        };
        self.items.len().saturating_sub(promised)
    }

    fn unpromised_room(&self) -> usize {
        let spoken_for = self.items.len() + self.putters.called();
        self.limit
            .map_or(usize::MAX, |limit| limit.saturating_sub(spoken_for))
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
}

impl<T, S> State<T, S> {
    pub(crate) fn task_done(&mut self, out: &mut Outgoing) -> Result<(), TooManyTaskDone> {
        self.unfinished = self.unfinished.checked_sub(1).ok_or(TooManyTaskDone)?;
        if self.unfinished == 0 {
            self.joiners.call_all(out);
        }
        Ok(())
    }

    /// One poll of a joiner. The call decides for those who wait: items may have come since.
    pub(crate) fn join(
        &mut self,
        key: &mut Option<WaiterKey>,
        arrival: &mut Arrival<'_>,
    ) -> Result<Poll<()>, NeedsClone> {
        if self.joiners.leave_if_called(key).is_some() {
            return Ok(Poll::Ready(()));
        }
        if self.unfinished == 0 {
            return Ok(Poll::Ready(()));
        }
        self.joiners.wait(key, (), arrival)?;
        Ok(Poll::Pending)
    }

    pub(crate) fn stop_joining(&mut self, key: &mut Option<WaiterKey>, out: &mut Outgoing) {
        if let Some(Left::Waiting((), waker)) = key.take().map(|key| self.joiners.leave(key)) {
            out.discard(waker);
        }
    }

    pub(crate) fn limit(&self) -> Option<usize> {
        self.limit
    }

    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.shut_down
    }

    pub(crate) fn parked_getters(&self) -> usize {
        self.getters.len()
    }

    pub(crate) fn parked_putters(&self) -> usize {
        self.putters.len()
    }
}
