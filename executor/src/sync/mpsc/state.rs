//! The rules of a channel, as a plain structure that lives under its lock.
//!
//! Room is counted in permits, by the rules of [`Permits`]: a message needs one to go in, and its
//! permit is free again when it is received.
//!
//! **Invariant M1: messages, free permits and permits in somebody's hands add up to the limit.** So
//! a closed channel whose permits are all free has no message, and nobody can send one any more.
//!
//! **Invariant M2: a receiver that sleeps has its waker here, and whoever changes what it sleeps
//! for takes it out**: with a message, as the last sender, or with the last permit to come back
//! after the close.
//!
//! A permit that is free is taken at once, also before those who were called and have not run:
//! theirs are in their hands. That is tokio's rule, and not that of a semaphore here, which keeps
//! the order of arrival as asyncio's does.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use crate::sync::permits::{Claim, Closed, Permits};
use crate::sync::wait_queue::WaitQueue;
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing};

pub(crate) struct State<T> {
    pub(crate) messages: VecDeque<T>,
    pub(crate) permits: Permits,
    // Never changes: how many permits there are.
    pub(crate) limit: usize,

    pub(crate) senders: usize,
    pub(crate) weak_senders: usize,

    // False when it was dropped: a message would never be received.
    pub(crate) has_receiver: bool,
    pub(crate) receiver: Option<Waker>,

    // Senders that wait for the close.
    pub(crate) watchers: WaitQueue<()>,
}

impl<T> State<T> {
    /// One sender, the receiver, and nothing in.
    pub(crate) fn new(limit: usize) -> Self {
        State {
            messages: VecDeque::new(),
            permits: Permits::new(limit),
            limit,
            senders: 1,
            weak_senders: 0,
            has_receiver: true,
            receiver: None,
            watchers: WaitQueue::new(),
        }
    }

    /// Puts a message in, for which a permit was taken. The receiver is to be woken.
    #[must_use = "the receiver may sleep"]
    #[inline]
    pub(crate) fn push(&mut self, message: T) -> Option<Waker> {
        self.messages.push_back(message);
        self.receiver.take()
    }

    /// Has the receiver woken, if it sleeps.
    #[inline]
    pub(crate) fn call_receiver(&mut self, out: &mut Outgoing) {
        if let Some(receiver) = self.receiver.take() {
            out.call(receiver);
        }
    }

    /// Takes the next message out; its permit goes to a sender that waits, or is free.
    #[inline]
    pub(crate) fn pop(&mut self, out: &mut Outgoing) -> Option<T> {
        let message = self.messages.pop_front()?;
        self.permits.add(1, out);
        Some(message)
    }

    /// Moves all messages into `taken`, which is empty, where no sender waits for their room.
    pub(crate) fn take_all(&mut self, taken: &mut VecDeque<T>) {
        std::mem::swap(&mut self.messages, taken);
        self.permits.free += taken.len();
    }

    /// One poll of a sender that wants permits.
    #[inline]
    pub(crate) fn reserve(
        &mut self,
        claim: &mut Claim,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Poll<Result<(), Closed>>, NeedsClone> {
        if claim.is_new() && self.permits.take_free(claim.permits) == Ok(true) {
            return Ok(Poll::Ready(Ok(())));
        }
        let poll = self.permits.poll_line(claim, arrival, out)?;
        self.tell_if_over(out);
        Ok(poll)
    }

    /// No permit is given any more; who waits for one is told, and who waits for the close.
    pub(crate) fn close(&mut self, out: &mut Outgoing) {
        self.permits.close(out);
        self.watchers.rouse(out);
    }

    /// True if there is no message and none can come any more.
    pub(crate) fn is_over(&self) -> bool {
        let nobody_can_send =
            self.senders == 0 || (self.permits.closed && self.permits.free == self.limit);
        nobody_can_send && self.messages.is_empty()
    }

    /// What a receiver does that finds no message.
    pub(crate) fn sleep_unless_over<R>(
        &mut self,
        arrival: &mut Arrival<'_>,
        over: R,
    ) -> Result<Poll<R>, NeedsClone> {
        if self.is_over() {
            return Ok(Poll::Ready(over));
        }
        arrival.refresh(&mut self.receiver)?;
        Ok(Poll::Pending)
    }

    /// Permits that come back to a closed channel may be what its receiver waits for.
    pub(crate) fn tell_if_over(&mut self, out: &mut Outgoing) {
        if self.permits.closed && self.is_over() {
            self.call_receiver(out);
        }
    }
}
