//! Waiting for a value of a broadcast channel.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::lock;
use crate::sync::blocking::wait_here;
use crate::sync::broadcast::error::{RecvError, TryRecvError};
use crate::sync::broadcast::receiver::Receiver;
use crate::sync::wait_queue::WaiterKey;
use crate::sync::wakers::{Outgoing, look_under};

impl<T: Clone> Receiver<T> {
    /// Waits for the next value.
    ///
    /// # Errors
    ///
    /// [`RecvError::Lagged`] if some were missed: this receiver goes on with the oldest that is
    /// left. [`RecvError::Closed`] if there will be none.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a value stays in the channel until the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    /// use mainspring::sync::broadcast::error::RecvError;
    ///
    /// # mainspring::run(async {
    /// let (sender, mut receiver) = broadcast::channel(2);
    /// for number in 0..5 {
    ///     sender.send(number).unwrap();
    /// }
    /// assert_eq!(receiver.recv().await, Err(RecvError::Lagged(3)));
    /// assert_eq!(receiver.recv().await, Ok(3));
    /// # });
    /// ```
    #[track_caller]
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv {
            receiver: self,
            key: None,
            place: Location::caller(),
        }
    }

    /// Parks this thread until there is a value: [`recv`](Receiver::recv) for code that is not
    /// async.
    ///
    /// # Errors
    ///
    /// As [`recv`](Receiver::recv).
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    ///
    /// let (sender, mut receiver) = broadcast::channel(2);
    /// let thread = std::thread::spawn(move || receiver.blocking_recv());
    /// sender.send("hello").unwrap();
    /// assert_eq!(thread.join().unwrap(), Ok("hello"));
    /// ```
    #[track_caller]
    pub fn blocking_recv(&mut self) -> Result<T, RecvError> {
        wait_here(self.recv())
    }
}

/// Waits for the next value. From [`Receiver::recv`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<T: Clone> Future for Recv<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        let (shared, next) = (&this.receiver.shared, &mut this.receiver.next);
        let mut out = Outgoing::new();
        let received = look_under(&shared.state, cx.waker(), false, |state, arrival| {
            state.receive_or_wait(next, &mut this.key, arrival, &mut out)
        });
        out.settle();
        let result = match received {
            Ok(parcel) => Ok(parcel.open()),
            Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
            Err(TryRecvError::Closed) => Err(RecvError::Closed),
            Err(TryRecvError::Empty) => {
                leaf::waiting_for("broadcast::Receiver::recv", this.place);
                return Poll::Pending;
            }
        };
        leaf::spend();
        Poll::Ready(result)
    }
}

impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        if self.key.is_some() {
            let mut out = Outgoing::new();
            lock(&self.receiver.shared.state).stop_waiting(&mut self.key, &mut out);
            out.settle();
        }
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv").finish_non_exhaustive()
    }
}
