//! One message from one to one: an answer, a signal, a result from another thread.
//!
//! The sender never waits. The receiver is a future by itself; it gets an error when the sender
//! is dropped without having sent.
//!
//! asyncio has a future that is set by hand for this, which is
//! [`create_future`](crate::future::create_future) here: its read end is a
//! [`JoinHandle`](crate::task::JoinHandle). This is tokio's form of it.
//!
//! # Examples
//!
//! ```
//! use mainspring::sync::{mpsc, oneshot};
//!
//! # mainspring::run(async {
//! let (questions, mut inbox) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(8);
//! mainspring::spawn(async move {
//!     while let Some((number, answer)) = inbox.recv().await {
//!         // Whoever asked may be gone by now: that is its own affair.
//!         let _ = answer.send(number * number);
//!     }
//! });
//!
//! let (answer, square) = oneshot::channel();
//! questions.send((7, answer)).await.unwrap();
//! assert_eq!(square.await, Ok(49));
//! # });
//! ```

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use crate::leaf;
use crate::shim::{Mutex, lock, lock_mut};
use crate::sync::blocking::wait_here;
use crate::sync::oneshot::error::{RecvError, TryRecvError};
use crate::sync::wakers::{Arrival, NeedsClone, look_under};

/// A channel for one message.
///
/// tokio: `sync::oneshot::channel`.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(State {
        message: None,
        is_closed: false,
        is_sender_done: false,
        receiver: None,
        sender: None,
    }));
    let sender = Sender {
        shared: Some(shared.clone()),
    };
    let receiver = Receiver {
        shared: Some(shared),
        has_slept: false,
        place: Location::caller(),
    };
    (sender, receiver)
}

/// Sends the one message. From [`channel`].
///
/// tokio: `sync::oneshot::Sender`.
pub struct Sender<T> {
    // None once it has sent.
    shared: Option<Arc<Mutex<State<T>>>>,
}

/// Waits for the one message: `.await` it. From [`channel`].
///
/// To wait and keep it for later, await `&mut receiver`.
///
/// tokio: `sync::oneshot::Receiver`.
///
/// # Cancel safety
///
/// **Strict**: `&mut receiver` can be polled, left, and polled again.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Receiver<T> {
    // None once it is ready.
    shared: Option<Arc<Mutex<State<T>>>>,
    // The next poll is not its first: its waker may be known.
    has_slept: bool,
    place: &'static Location<'static>,
}

struct State<T> {
    message: Option<T>,
    // The receiver wants nothing any more.
    is_closed: bool,
    // The sender has sent, or is gone.
    is_sender_done: bool,

    receiver: Option<Waker>,
    // Waits for the close.
    sender: Option<Waker>,
}

impl<T> Sender<T> {
    /// Sends the message; the receiver has it when it next looks.
    ///
    /// That it is sent does not say that it will be received: the receiver may be dropped before.
    ///
    /// # Errors
    ///
    /// The message, if the receiver is gone or [closed](Receiver::close).
    #[inline]
    pub fn send(mut self, t: T) -> Result<(), T> {
        let shared = self.shared.take().expect("`send` consumes the sender");
        end(&shared, |state| match state.is_closed {
            true => Err(t),
            false => {
                state.message = Some(t);
                Ok(())
            }
        })
    }

    /// Waits until the receiver is gone or [closed](Receiver::close): who makes the message may
    /// stop.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a closed channel stays closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::oneshot;
    ///
    /// # mainspring::run(async {
    /// let (mut tx, rx) = oneshot::channel::<u32>();
    /// let maker = mainspring::spawn(async move { tx.closed().await });
    /// drop(rx);
    /// maker.await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&mut self) -> Closed<'_, T> {
        Closed {
            sender: self,
            place: Location::caller(),
        }
    }

    /// True once the receiver is gone or [closed](Receiver::close).
    pub fn is_closed(&self) -> bool {
        lock(self.shared()).is_closed
    }

    /// [`closed`](Sender::closed) as a poll: the task of the last call is woken.
    #[track_caller]
    pub fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.closed()).poll(cx)
    }

    fn shared(&self) -> &Mutex<State<T>> {
        self.shared.as_ref().expect("`send` consumes the sender")
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            end(shared, |_state| ());
        }
    }
}

impl<T> Receiver<T> {
    /// Wants nothing any more: from now on the sender gets its message back. One that was sent
    /// before can still be received.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::oneshot;
    ///
    /// let (tx, mut rx) = oneshot::channel();
    /// rx.close();
    /// assert_eq!(tx.send("late"), Err("late"));
    /// ```
    pub fn close(&mut self) {
        if let Some(shared) = &self.shared {
            close(shared, |_message| ());
        }
    }

    /// True if the receiver was ready: polled again, it would panic.
    pub fn is_terminated(&self) -> bool {
        self.shared.is_none()
    }

    /// True if there is no message to be received now.
    pub fn is_empty(&self) -> bool {
        let Some(shared) = &self.shared else {
            return true;
        };
        lock(shared).message.is_none()
    }

    /// Takes the message if it was sent.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if it may still come, [`TryRecvError::Closed`] if not.
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let Some(shared) = &self.shared else {
            return Err(TryRecvError::Closed);
        };
        let outcome = lock(shared).outcome();
        let outcome = outcome.ok_or(TryRecvError::Empty)?;
        self.shared = None;
        outcome.map_err(|RecvError(())| TryRecvError::Closed)
    }

    /// The outcome without a lock, if the sender is gone: then nobody else looks.
    #[inline]
    fn take_alone(&mut self) -> Option<Result<T, RecvError>> {
        let shared = (self.shared).take_if(|shared| Arc::strong_count(shared) == 1)?;
        let mut state = Arc::into_inner(shared).expect("nobody clones the receiver's");
        lock_mut(&mut state).outcome()
    }

    /// Parks this thread until there is an outcome: for code that is not async.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the sender was dropped without having sent.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::oneshot;
    ///
    /// let (tx, rx) = oneshot::channel();
    /// let thread = std::thread::spawn(move || rx.blocking_recv());
    /// tx.send("from afar").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("from afar"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(self) -> Result<T, RecvError> {
        wait_here(self)
    }
}

impl<T> Future for Receiver<T> {
    type Output = Result<T, RecvError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        assert!(
            this.shared.is_some(),
            "`oneshot::Receiver` was polled after it was ready"
        );
        ready!(leaf::proceed(cx));
        if let Some(outcome) = this.take_alone() {
            leaf::spend();
            return Poll::Ready(outcome);
        }
        let shared = this.shared.as_ref().expect("it was there a line ago");
        let poll = look_under(shared, cx.waker(), !this.has_slept, State::poll_recv);
        match poll {
            Poll::Ready(_) => {
                leaf::spend();
                this.shared = None;
            }
            Poll::Pending => {
                this.has_slept = true;
                leaf::waiting_for("oneshot::Receiver", this.place);
            }
        }
        poll
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            // Dropped here, without the lock: a message that nobody received.
            let message = close(shared, Option::take);
            drop(message);
        }
    }
}

/// The sender does the last thing it does, and the receiver is woken.
#[inline]
fn end<T, R>(shared: &Mutex<State<T>>, act: impl FnOnce(&mut State<T>) -> R) -> R {
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
fn close<T, R>(shared: &Mutex<State<T>>, act: impl FnOnce(&mut Option<T>) -> R) -> R {
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

impl<T> State<T> {
    /// What a receiver gets, if it is known.
    #[inline]
    fn outcome(&mut self) -> Option<Result<T, RecvError>> {
        match self.message.take() {
            Some(message) => Some(Ok(message)),
            None if self.is_sender_done || self.is_closed => Some(Err(RecvError(()))),
            None => None,
        }
    }

    #[inline]
    fn poll_recv(
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

/// Waits for the end of the receiver. From [`Sender::closed`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Closed<'a, T> {
    sender: &'a mut Sender<T>,
    place: &'static Location<'static>,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(leaf::proceed(cx));
        let shared = self.sender.shared();
        let poll = look_under(shared, cx.waker(), false, |state, arrival| {
            if state.is_closed {
                return Ok(Poll::Ready(()));
            }
            arrival.refresh(&mut state.sender)?;
            Ok(Poll::Pending)
        });
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("oneshot::Sender::closed", self.place),
        }
        poll
    }
}

/// What a channel answers instead of a message. Names and texts are tokio's.
pub mod error {
    use std::error::Error;
    use std::fmt;

    /// The sender was dropped without having sent.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RecvError(pub(crate) ());

    /// Why no message could be received at once.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum TryRecvError {
        /// It may still come.
        Empty,
        /// The sender was dropped without having sent, or the message was received before.
        Closed,
    }

    impl fmt::Display for RecvError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("channel closed")
        }
    }

    impl fmt::Display for TryRecvError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                TryRecvError::Empty => "channel empty",
                TryRecvError::Closed => "channel closed",
            })
        }
    }

    impl Error for RecvError {}
    impl Error for TryRecvError {}
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("closed", &self.is_closed())
            .finish()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("empty", &self.is_empty())
            .field("terminated", &self.is_terminated())
            .field("place", self.place)
            .finish()
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed")
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
