//! What both ends of a channel of one message share, under its lock.

use std::task::{Poll, Waker};

use crate::shim::{Mutex, lock};
use crate::sync::oneshot::error::RecvError;
use crate::sync::wakers::{Arrival, NeedsClone};

pub(crate) struct State<T> {
    pub(crate) message: Option<T>,
    // The receiver wants nothing any more.
    pub(crate) is_closed: bool,
    // The sender has sent, or is gone.
    pub(crate) is_sender_done: bool,

    pub(crate) receiver: Option<Waker>,
    // Waits for the close.
    pub(crate) sender: Option<Waker>,
}

impl<T> State<T> {
    pub(crate) fn new() -> Self {
        State {
            message: None,
            is_closed: false,
            is_sender_done: false,
            receiver: None,
            sender: None,
        }
    }

    /// What a receiver gets, if it is known.
    #[inline]
    pub(crate) fn outcome(&mut self) -> Option<Result<T, RecvError>> {
        match self.message.take() {
            Some(message) => Some(Ok(message)),
            None if self.is_sender_done || self.is_closed => Some(Err(RecvError(()))),
            None => None,
        }
    }

    #[inline]
    pub(crate) fn poll_recv(
        &mut self,
        arrival: &mut Arrival<'_>,
    ) -> Result<Poll<Result<T, RecvError>>, NeedsClone> {
        if let Some(outcome) = self.outcome() {
            return Ok(Poll::Ready(outcome));
        }
        arrival.refresh(&mut self.receiver)?;
        Ok(Poll::Pending)
    }
}

/// The sender does the last thing it does, and the receiver is woken.
#[inline]
pub(crate) fn end<T, R>(shared: &Mutex<State<T>>, act: impl FnOnce(&mut State<T>) -> R) -> R {
    let mut state = lock(shared);
    state.is_sender_done = true;
    let result = act(&mut state);
    let (sender, receiver) = (state.sender.take(), state.receiver.take());
    drop(state);
    drop(sender);
    if let Some(receiver) = receiver {
        receiver.wake();
    }
    result
}

/// The receiver closes, doing something with the message, and the sender is woken.
pub(crate) fn close<T, R>(shared: &Mutex<State<T>>, act: impl FnOnce(&mut Option<T>) -> R) -> R {
    let mut state = lock(shared);
    state.is_closed = true;
    let result = act(&mut state.message);
    // The receiver's waker too: while the sender lives, it would keep a task that has ended.
    let (sender, receiver) = (state.sender.take(), state.receiver.take());
    drop(state);
    drop(receiver);
    if let Some(sender) = sender {
        sender.wake();
    }
    result
}
