//! The end that sends the one message, and waits at most for nobody to want it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, lock};
use crate::sync::oneshot::state::{State, end};
use crate::sync::wakers::look_under;

/// Sends the one message. From [`channel`](crate::sync::oneshot::channel).
///
/// tokio: `sync::oneshot::Sender`.
pub struct Sender<T> {
    // None once it has sent.
    shared: Option<Arc<Mutex<State<T>>>>,
}

impl<T> Sender<T> {
    pub(crate) fn new(shared: Arc<Mutex<State<T>>>) -> Self {
        Sender {
            shared: Some(shared),
        }
    }

    /// Sends the message; the receiver has it when it next looks.
    ///
    /// That it is sent does not say that it will be received: the receiver may be dropped before.
    ///
    /// # Errors
    ///
    /// The message, if the receiver is gone or [closed](crate::sync::oneshot::Receiver::close).
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

    /// Waits until the receiver is gone or [closed](crate::sync::oneshot::Receiver::close): who makes the message may
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

    /// True once the receiver is gone or [closed](crate::sync::oneshot::Receiver::close).
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

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("closed", &self.is_closed())
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
