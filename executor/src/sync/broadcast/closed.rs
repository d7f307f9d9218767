//! Waiting until nobody listens to a broadcast channel.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::broadcast::sender::Sender;
use crate::sync::notify::Claim;

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
    /// use mainspring::sync::broadcast;
    ///
    /// # mainspring::run(async {
    /// let (sender, receiver) = broadcast::channel::<u8>(1);
    /// mainspring::task::spawn_local(async move { drop(receiver) });
    /// sender.closed().await;
    /// assert_eq!(sender.receiver_count(), 0);
    /// # });
    /// ```
    #[track_caller]
    pub fn closed(&self) -> Closed<'_, T> {
        Closed {
            sender: self,
            claim: self.shared.unheard.claim(),
            place: Location::caller(),
        }
    }
}

/// Waits until nobody listens. From [`Sender::closed`].
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
        let is_unheard = || (this.sender.receiver_count() == 0).then_some(());
        let unheard = &this.sender.shared.unheard;
        let poll = unheard.poll_until(&mut this.claim, cx, is_unheard);
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("broadcast::Sender::closed", this.place),
        }
        poll
    }
}

impl<T> Drop for Closed<'_, T> {
    fn drop(&mut self) {
        self.sender.shared.unheard.give_up(&mut self.claim);
    }
}

impl<T> fmt::Debug for Closed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closed").finish_non_exhaustive()
    }
}
