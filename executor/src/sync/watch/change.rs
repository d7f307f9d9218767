//! Waiting at a watch channel: for a change, for a certain value, for the receivers to go.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::notify::Claim;
use crate::sync::watch::error::RecvError;
use crate::sync::watch::receiver::Receiver;
use crate::sync::watch::sender::Sender;
use crate::sync::watch::shared::{Ref, Shared, Version};

impl<T> Receiver<T> {
    /// Waits for a value that has not been seen, and counts it as seen; returns at once if there is
    /// one.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the senders are gone and the last value has been seen.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a wait that is dropped has seen nothing.
    #[track_caller]
    pub fn changed(&mut self) -> Changed<'_, T> {
        Changed {
            claim: self.shared.changed.claim(),
            shared: &self.shared,
            seen: &mut self.seen,
            place: Location::caller(),
        }
    }

    /// Waits for a value that `accept` accepts, beginning with the present one, and returns a look
    /// at it. What was tried counts as seen.
    ///
    /// See [`Ref`]: while it lives, and while `accept` runs, nobody can change the value.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the senders are gone and the last value was not accepted.
    ///
    /// # Panics
    ///
    /// If `accept` does.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the value stays; the next wait begins with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::watch;
    ///
    /// # mainspring::run(async {
    /// let (level, mut watcher) = watch::channel(0);
    /// mainspring::task::spawn_local(async move {
    ///     for water in 0..10 {
    ///         level.send_replace(water);
    ///         mainspring::yield_now().await;
    ///     }
    /// });
    /// let reached = watcher.wait_for(|water| *water >= 7).await;
    /// assert_eq!(*reached.unwrap(), 7);
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_for<F>(&mut self, accept: F) -> WaitFor<'_, T, F>
    where
        F: FnMut(&T) -> bool,
    {
        WaitFor {
            accept,
            has_tried: false,
            changed: self.changed(),
        }
    }
}

/// Waits for a value that has not been seen. From [`Receiver::changed`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Changed<'a, T> {
    shared: &'a Shared<T>,
    seen: &'a mut Version,
    claim: Claim,
    place: &'static Location<'static>,
}

impl<T> Changed<'_, T> {
    fn poll_news(
        &mut self,
        what: &'static str,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), RecvError>> {
        let changed = &self.shared.changed;
        let poll = changed.poll_until(&mut self.claim, cx, || self.shared.news(self.seen));
        match poll {
            Poll::Ready(_) => leaf::spend(),
            Poll::Pending => leaf::waiting_for(what, self.place),
        }
        poll
    }
}

impl<T> Future for Changed<'_, T> {
    type Output = Result<(), RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(leaf::proceed(cx));
        self.poll_news("watch::Receiver::changed", cx)
    }
}

impl<T> Drop for Changed<'_, T> {
    fn drop(&mut self) {
        self.shared.changed.give_up(&mut self.claim);
    }
}

impl<T> fmt::Debug for Changed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").finish_non_exhaustive()
    }
}

/// Waits for a value that is accepted. From [`Receiver::wait_for`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct WaitFor<'a, T, F> {
    accept: F,
    has_tried: bool,
    changed: Changed<'a, T>,
}

// `accept` is called, and never pinned.
impl<T, F> Unpin for WaitFor<'_, T, F> {}

impl<'a, T, F> Future for WaitFor<'a, T, F>
where
    F: FnMut(&T) -> bool,
{
    type Output = Result<Ref<'a, T>, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            // Not between the news and the try: a value would pass untried.
            ready!(leaf::proceed(cx));
            if this.has_tried {
                ready!(this.changed.poll_news("watch::Receiver::wait_for", cx))?;
                this.changed.claim = this.changed.shared.changed.claim();
            }
            this.has_tried = true;
            let (value, version) = this.changed.shared.look(Some(*this.changed.seen));
            *this.changed.seen = version;
            if (this.accept)(&value) {
                leaf::spend();
                return Poll::Ready(Ok(value));
            }
        }
    }
}

impl<T, F> fmt::Debug for WaitFor<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitFor").finish_non_exhaustive()
    }
}

impl<T> Sender<T> {
    /// Waits until there is no receiver; returns at once if there is none.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::watch;
    ///
    /// # mainspring::run(async {
    /// let (sender, receiver) = watch::channel(());
    /// mainspring::task::spawn_local(async move { drop(receiver) });
    /// sender.closed().await;
    /// assert!(sender.is_closed());
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> Closed<'_, T> {
        Closed {
            sender: self,
            claim: self.shared.unwatched.claim(),
            place: Location::caller(),
        }
    }
}

/// Waits until nobody watches. From [`Sender::closed`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Closed<'a, T> {
    sender: &'a Sender<T>,
    claim: Claim,
    place: &'static Location<'static>,
}

impl<T> Future for Closed<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        let unwatched = &this.sender.shared.unwatched;
        let is_closed = || this.sender.is_closed().then_some(());
        let poll = unwatched.poll_until(&mut this.claim, cx, is_closed);
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("watch::Sender::closed", this.place),
        }
        poll
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.sender.shared.unwatched.give_up(&mut self.claim);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
