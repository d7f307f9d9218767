//! What both ends of a channel share: its rules under a lock, which is taken once for each message
//! sent and at most once for each received.
//!
//! Who only passes (finds room, finds a message) goes *at once*: he needs no waker and no list of
//! those to wake. Everybody else goes the way that is written for all cases.

use std::collections::VecDeque;
use std::fmt;
use std::task::{Context, Poll};

use crate::shim::{Mutex, lock};
use crate::sync::mpsc::error::{TryRecvError, TrySendError};
use crate::sync::mpsc::state::State;
use crate::sync::permits::{Claim, Closed};
use crate::sync::semaphore::Semaphore;
use crate::sync::wait_queue::{Left, WaiterKey};
use crate::sync::wakers::{Outgoing, look_under};

/// The limit of a channel that has none: it has more permits than there can be messages.
const UNLIMITED: usize = Semaphore::MAX_PERMITS;

/// Messages that a buffer without a limit may have room for when it is used again.
///
/// Doubling it doubles what a channel keeps after a flood; half of it asks for memory more often,
/// each time for so many messages.
const KEPT: usize = 1024;

/// What both ends of a channel share.
pub(crate) struct Channel<T> {
    state: Mutex<State<T>>,
}

impl<T> Channel<T> {
    /// A channel of at most `limit` messages, which counts one sender and the receiver.
    pub(crate) fn new(limit: usize) -> Self {
        Channel {
            state: Mutex::new(State::new(limit)),
        }
    }

    /// A channel without a limit.
    pub(crate) fn unbounded() -> Self {
        Self::new(UNLIMITED)
    }

    /// Sends a message if there is room.
    pub(crate) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        let mut message = Some(message);
        match (self.send_at_once(&mut message), message) {
            (_, None) => Ok(()),
            (Ok(_), Some(message)) => Err(TrySendError::Full(message)),
            (Err(Closed), Some(message)) => Err(TrySendError::Closed(message)),
        }
    }

    /// The way of nearly everybody: there is room, and `message` is taken.
    ///
    /// A free permit is taken also before those who were called and have not run: theirs are in
    /// their hands.
    #[inline]
    fn send_at_once(&self, message: &mut Option<T>) -> Result<bool, Closed> {
        let mut state = lock(&self.state);
        if state.permits.take_free(1)?
            && let Some(message) = message.take()
        {
            let receiver = state.push(message);
            drop(state);
            if let Some(receiver) = receiver {
                receiver.wake();
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes permits if so many are free: `Ok(false)` if not.
    pub(crate) fn try_reserve(&self, permits: usize) -> Result<bool, Closed> {
        lock(&self.state).permits.take_free(permits)
    }

    /// Waits for the permits of `claim` and takes them.
    pub(crate) fn poll_reserve(
        &self,
        claim: &mut Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), false, |state, arrival| {
            state.reserve(claim, arrival, &mut out)
        });
        out.settle();
        poll
    }

    /// Waits for a permit and sends `message` with it, under the same lock.
    #[inline]
    pub(crate) fn poll_send(
        &self,
        message: &mut Option<T>,
        claim: &mut Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        if claim.is_new() && self.send_at_once(message) == Ok(true) {
            return Poll::Ready(Ok(()));
        }
        self.poll_send_in_line(message, claim, cx)
    }

    fn poll_send_in_line(
        &self,
        message: &mut Option<T>,
        claim: &mut Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        let mut out = Outgoing::new();
        let newcomer = claim.is_new();
        let poll = look_under(&self.state, cx.waker(), newcomer, |state, arrival| {
            let poll = state.reserve(claim, arrival, &mut out)?;
            if poll == Poll::Ready(Ok(()))
                && let Some(message) = message.take()
                && let Some(receiver) = state.push(message)
            {
                out.call(receiver);
            }
            Ok(poll)
        });
        out.settle();
        poll
    }

    /// Gives up the place of a claim in the line, and what it has in its hands.
    pub(crate) fn give_up(&self, claim: &mut Claim) {
        if let Some(key) = claim.key.take() {
            let mut out = Outgoing::new();
            let mut state = lock(&self.state);
            state.permits.withdraw(key, &mut out);
            state.tell_if_over(&mut out);
            drop(state);
            out.settle();
        }
    }

    /// Sends a message with a permit that was taken before.
    pub(crate) fn send_reserved(&self, message: T) {
        let (mut receiver, mut unwanted) = (None, None);
        let mut state = lock(&self.state);
        if state.has_receiver {
            receiver = state.push(message);
        } else {
            // Whoever waits for an answer to it must not wait until the last sender is gone.
            state.permits.free += 1;
            unwanted = Some(message);
        }
        drop(state);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        drop(unwanted);
    }

    /// Gives back permits that were taken and not used.
    pub(crate) fn give_back(&self, permits: usize) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.permits.add(permits, &mut out);
        state.tell_if_over(&mut out);
        drop(state);
        out.settle();
    }

    /// Waits for a message; `None` if none can come any more.
    ///
    /// `taken` is empty, and may get more of them. `expects_none` says that a first look would be
    /// in vain: who has to sleep needs a clone of its waker, and comes with it.
    #[inline]
    pub(crate) fn poll_recv(
        &self,
        taken: &mut VecDeque<T>,
        expects_none: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        if !*expects_none && let Some(message) = self.recv_at_once(taken, expects_none) {
            return Poll::Ready(Some(message));
        }
        self.poll_recv_asleep(expects_none, cx)
    }

    /// The way of nearly everybody: there is a message, and no sender waits for its room.
    ///
    /// Without a limit nobody counts what is in. So the receiver takes all of it, and the next
    /// messages cost no lock.
    #[inline]
    fn recv_at_once(&self, taken: &mut VecDeque<T>, expects_none: &mut bool) -> Option<T> {
        if taken.capacity() > KEPT {
            *taken = VecDeque::new();
        }
        let mut state = lock(&self.state);
        if state.limit == UNLIMITED {
            state.take_all(taken);
            *expects_none = taken.len() < 2;
            return taken.pop_front();
        }
        if state.permits.line.len() > 0 {
            return None;
        }
        let message = state.messages.pop_front()?;
        state.permits.free += 1;
        *expects_none = state.messages.is_empty();
        Some(message)
    }

    fn poll_recv_asleep(&self, expects_none: &mut bool, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut out = Outgoing::new();
        let clone_first = *expects_none;
        let poll = look_under(&self.state, cx.waker(), clone_first, |state, arrival| {
            let message = state.pop(&mut out);
            // Who sleeps is woken when there is one.
            *expects_none = message.is_some() && state.messages.is_empty();
            match message {
                Some(message) => Ok(Poll::Ready(Some(message))),
                None => state.sleep_unless_over(arrival, None),
            }
        });
        out.settle();
        poll
    }

    /// Waits for messages and moves them into `buffer`, until with the `count` that are in it
    /// there are `most`; zero if none can come any more, or none is wanted.
    pub(crate) fn poll_recv_many(
        &self,
        buffer: &mut Vec<T>,
        most: usize,
        count: usize,
        cx: &mut Context<'_>,
    ) -> Poll<usize> {
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), false, |state, arrival| {
            let more = (most - count).min(state.messages.len());
            buffer.extend(state.messages.drain(..more));
            state.permits.add(more, &mut out);
            if count + more > 0 || most == 0 {
                return Ok(Poll::Ready(count + more));
            }
            state.sleep_unless_over(arrival, 0)
        });
        out.settle();
        poll
    }

    /// Takes a message if there is one.
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        let message = state.pop(&mut out);
        let is_over = state.is_over();
        drop(state);
        out.settle();
        message.ok_or(match is_over {
            true => TryRecvError::Disconnected,
            false => TryRecvError::Empty,
        })
    }

    /// Nothing is sent any more, save with permits that are out. What is in may be received.
    pub(crate) fn close(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.close(&mut out);
        // A task that polled the receiver before it went to another hears of it, too.
        state.tell_if_over(&mut out);
        drop(state);
        out.settle();
    }

    /// The receiver is dropped, and with it what nobody will receive: `taken`, and what is in.
    pub(crate) fn remove_receiver(&self, taken: VecDeque<T>) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.close(&mut out);
        state.has_receiver = false;
        let mut messages = VecDeque::new();
        state.take_all(&mut messages);
        let receiver = state.receiver.take();
        drop(state);
        out.settle();
        // Last, as dropping a message runs its owner's code.
        drop(receiver);
        drop(taken);
        drop(messages);
    }

    /// Waits for the close.
    pub(crate) fn poll_closed(
        &self,
        key: &mut Option<WaiterKey>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let poll = look_under(&self.state, cx.waker(), false, |state, arrival| {
            if state.permits.closed {
                return Ok(Poll::Ready(()));
            }
            state.watchers.wait(key, (), arrival)?;
            Ok(Poll::Pending)
        });
        if poll.is_ready() {
            self.stop_watching(key);
        }
        poll
    }

    /// Gives up the place of one that waits for the close.
    pub(crate) fn stop_watching(&self, key: &mut Option<WaiterKey>) {
        if let Some(key) = key.take() {
            let left: Left<()> = lock(&self.state).watchers.leave(key);
            // Dropped here, without the lock: the waker, if there is one.
            drop(left);
        }
    }

    pub(crate) fn add_sender(&self) {
        lock(&self.state).senders += 1;
    }

    /// One more sender, unless there is none left.
    pub(crate) fn revive_sender(&self) -> bool {
        let mut state = lock(&self.state);
        let is_alive = state.senders > 0;
        if is_alive {
            state.senders += 1;
        }
        is_alive
    }

    pub(crate) fn remove_sender(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.senders -= 1;
        if state.senders == 0 {
            state.call_receiver(&mut out);
        }
        drop(state);
        out.settle();
    }

    pub(crate) fn add_weak_sender(&self) {
        lock(&self.state).weak_senders += 1;
    }

    pub(crate) fn remove_weak_sender(&self) {
        lock(&self.state).weak_senders -= 1;
    }

    pub(crate) fn senders(&self) -> usize {
        lock(&self.state).senders
    }

    pub(crate) fn weak_senders(&self) -> usize {
        lock(&self.state).weak_senders
    }

    /// How many messages are in.
    pub(crate) fn len(&self) -> usize {
        lock(&self.state).messages.len()
    }

    pub(crate) fn free_permits(&self) -> usize {
        lock(&self.state).permits.free
    }

    pub(crate) fn limit(&self) -> usize {
        lock(&self.state).limit
    }

    /// True once the receiver is gone or has closed the channel.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state).permits.closed
    }

    /// The `Debug` of every handle, under the handle's name.
    pub(crate) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Numbers first: whoever is written to may use the channel.
        let state = lock(&self.state);
        let (len, free, senders) = (state.messages.len(), state.permits.free, state.senders);
        let (waiting, closed) = (state.permits.line.len(), state.permits.closed);
        drop(state);
        f.debug_struct(name)
            .field("len", &len)
            .field("capacity", &free)
            .field("waiting", &waiting)
            .field("senders", &senders)
            .field("closed", &closed)
            .finish()
    }
}
