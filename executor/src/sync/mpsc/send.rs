//! Waiting for room in a channel, and sending a message into it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::leaf;
use crate::sync::blocking::wait_here;
use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::error::{SendError, SendTimeoutError};
use crate::sync::mpsc::sender::Sender;
use crate::sync::permits::Claim;
use crate::time::sleep::{Sleep, on_clock};

impl<T> Sender<T> {
    /// Waits for room, and sends the message.
    ///
    /// That it is sent does not say that it will be received: the receiver may be dropped before.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message, once the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the message that still waits for room is dropped with the future, and is
    /// never received. To keep it, wait with [`reserve`](Sender::reserve) first.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc::{self, error::SendError};
    ///
    /// # mainspring::run(async {
    /// let (tx, mut rx) = mpsc::channel(1);
    /// tx.send(1).await.unwrap();
    /// rx.close();
    /// assert_eq!(tx.send(2).await, Err(SendError(2)));
    /// assert_eq!(rx.recv().await, Some(1));
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn send(&self, value: T) -> Sending<'_, T> {
        Sending {
            channel: self.channel(),
            message: Some(value),
            claim: Claim::new(1),
            place: Location::caller(),
        }
    }

    /// Waits for room for at most `timeout`, and sends the message.
    ///
    /// # Errors
    ///
    /// [`SendTimeoutError`], with the message, if there was no room in time, or the receiver is
    /// gone or has closed the channel.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**, as [`send`](Sender::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc::{self, error::SendTimeoutError};
    /// use mainspring::time::Duration;
    ///
    /// # mainspring::run(async {
    /// let (tx, _rx) = mpsc::channel(1);
    /// let limit = Duration::from_millis(2);
    /// assert_eq!(tx.send_timeout(1, limit).await, Ok(()));
    /// assert_eq!(tx.send_timeout(2, limit).await, Err(SendTimeoutError::Timeout(2)));
    /// # });
    /// ```
    #[track_caller]
    pub fn send_timeout(&self, value: T, timeout: Duration) -> SendTimeout<'_, T> {
        let place = Location::caller();
        let limit = on_clock("`send_timeout`", |clock| {
            Sleep::new(clock, clock.now().saturating_add(timeout), place)
        });
        SendTimeout {
            sending: self.send(value),
            limit,
        }
    }

    /// Parks this thread until there is room, and sends the message: [`send`](Sender::send) for
    /// code that is not async.
    ///
    /// # Errors
    ///
    /// As [`send`](Sender::send).
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let thread = std::thread::spawn(move || {
    ///     (1..=3).for_each(|number| tx.blocking_send(number).unwrap());
    /// });
    /// let mut sum = 0;
    /// while let Some(number) = rx.blocking_recv() {
    ///     sum += number;
    /// }
    /// assert_eq!(sum, 6);
    /// thread.join().unwrap();
    /// ```
    #[track_caller]
    pub fn blocking_send(&self, value: T) -> Result<(), SendError<T>> {
        wait_here(self.send(value))
    }
}

/// Waits for room and sends a message. From [`Sender::send`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sending<'a, T> {
    channel: &'a Channel<T>,
    // None once it is in the channel or back with the caller.
    message: Option<T>,
    claim: Claim,
    place: &'static Location<'static>,
}

// The message is moved, never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        assert!(
            this.message.is_some(),
            "`Sending` was polled after it was ready"
        );
        ready!(leaf::proceed(cx));
        let poll = this
            .channel
            .poll_send(&mut this.message, &mut this.claim, cx);
        if poll.is_pending() {
            leaf::waiting_for("mpsc::Sender::send", this.place);
            return Poll::Pending;
        }
        leaf::spend();
        // What could not be sent is still here.
        Poll::Ready(match this.message.take() {
            Some(message) => Err(SendError(message)),
            None => Ok(()),
        })
    }
}

impl<T> Drop for Sending<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.channel.give_up(&mut self.claim);
    }
}

pin_project! {
    /// Waits for room within a limit and sends a message. From [`Sender::send_timeout`].
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    #[derive(Debug)]
    pub struct SendTimeout<'a, T> {
        sending: Sending<'a, T>,
        #[pin]
        limit: Sleep,
    }
}

impl<T> Future for SendTimeout<'_, T> {
    type Output = Result<(), SendTimeoutError<T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = Pin::new(&mut *this.sending).poll(cx) {
            return Poll::Ready(
                result.map_err(|SendError(message)| SendTimeoutError::Closed(message)),
            );
        }
        ready!(this.limit.poll_elapsed(cx));
        let message = this.sending.message.take();
        let message = message.expect("a message that was not sent is still here");
        // Its place in the line goes to the next now, not when the caller drops this.
        this.sending.channel.give_up(&mut this.sending.claim);
        Poll::Ready(Err(SendTimeoutError::Timeout(message)))
    }
}

impl<T> fmt::Debug for Sending<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending")
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
