//! Waiting for the receiver to go, or to close the channel.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::sender::Sender;
use crate::sync::mpsc::unbounded::UnboundedSender;
use crate::sync::wait_queue::WaiterKey;

impl<T> Sender<T> {
    /// Waits until the receiver is gone or has closed the channel: who makes messages may stop.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a closed channel stays closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc;
    ///
    /// # mainspring::run(async {
    /// let (tx, rx) = mpsc::channel::<u32>(1);
    /// let maker = mainspring::spawn(async move { tx.closed().await });
    /// drop(rx);
    /// maker.await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> Closed<'_, T> {
        Closed::new(self.channel())
    }
}

impl<T> UnboundedSender<T> {
    /// Waits until the receiver is gone or has closed the channel: who makes messages may stop.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a closed channel stays closed.
    #[track_caller]
    pub fn closed(&self) -> Closed<'_, T> {
        Closed::new(self.channel())
    }
}

/// Waits for the end of the receiver. From [`Sender::closed`] and [`UnboundedSender::closed`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Closed<'a, T> {
    channel: &'a Channel<T>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<'a, T> Closed<'a, T> {
    #[track_caller]
    fn new(channel: &'a Channel<T>) -> Self {
        Closed {
            channel,
            key: None,
            place: Location::caller(),
        }
    }
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        let poll = this.channel.poll_closed(&mut this.key, cx);
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("mpsc::Sender::closed", this.place),
        }
        poll
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.channel.stop_watching(&mut self.key);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed")
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
