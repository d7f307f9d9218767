//! The end that waits for the one message: a future by itself.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, lock, lock_mut};
use crate::sync::blocking::wait_here;
use crate::sync::oneshot::error::{RecvError, TryRecvError};
use crate::sync::oneshot::sender::Sender;
use crate::sync::oneshot::state::{State, close};
use crate::sync::wakers::look_under;

/// A channel for one message.
///
/// tokio: `sync::oneshot::channel`.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Mutex::new(State::new()));
    let receiver = Receiver {
        shared: Some(shared.clone()),
        has_slept: false,
        place: Location::caller(),
    };
    (Sender::new(shared), receiver)
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

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("empty", &self.is_empty())
            .field("terminated", &self.is_terminated())
            .field("place", self.place)
            .finish()
    }
}
