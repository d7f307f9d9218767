//! Waiting to be notified: the futures behind `Notify::notified` and `Notify::notified_owned`.

use std::future::Future;
use std::marker::PhantomPinned;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::leaf;
use crate::sync::notify::{Claim, Notify};

impl Notify {
    /// Waits to be called.
    ///
    /// From the moment it is made the future hears of [`notify_waiters`](Notify::notify_waiters);
    /// its place in the line, for [`notify_one`](Notify::notify_one), it takes when it is first
    /// polled, or by [`enable`](Notified::enable).
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. If `notify_one` had called it
    /// already, the call goes to the next in line, or is kept.
    ///
    /// # Examples
    ///
    /// Made before looking, the future misses nothing that happens after the look:
    ///
    /// ```
    /// use std::cell::Cell;
    /// use std::rc::Rc;
    ///
    /// use mainspring::sync::Notify;
    ///
    /// # mainspring::run(async {
    /// let shared = Rc::new((Cell::new(0), Notify::new()));
    /// let three = mainspring::task::spawn_local({
    ///     let shared = shared.clone();
    ///     async move {
    ///         let (count, changed) = &*shared;
    ///         loop {
    ///             let notified = changed.notified();
    ///             if count.get() == 3 {
    ///                 return;
    ///             }
    ///             notified.await;
    ///         }
    ///     }
    /// });
    ///
    /// let (count, changed) = &*shared;
    /// for _ in 0..3 {
    ///     count.set(count.get() + 1);
    ///     changed.notify_waiters();
    ///     mainspring::yield_now().await;
    /// }
    /// three.await.unwrap();
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn notified(&self) -> Notified<'_> {
        Notified {
            notify: self,
            claim: self.claim(),
            place: Location::caller(),
            pinned: PhantomPinned,
        }
    }

    /// [`notified`](Notify::notified) with a future that keeps the `Notify` alive.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`notified`](Notify::notified).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mainspring::sync::Notify;
    ///
    /// # mainspring::run(async {
    /// let notify = Arc::new(Notify::new());
    /// let guest = mainspring::spawn(notify.clone().notified_owned());
    /// notify.notify_waiters();
    /// guest.await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> OwnedNotified {
        OwnedNotified {
            claim: self.claim(),
            notify: self,
            place: Location::caller(),
            pinned: PhantomPinned,
        }
    }
}

/// Both futures have the same insides, and differ in how they hold the `Notify`.
macro_rules! notified {
    ($(#[$attribute:meta])* $future:ident <$($lifetime:lifetime)?>, $held:ty) => {
        pin_project! {
            $(#[$attribute])*
            #[must_use = "futures do nothing unless you `.await` or poll them"]
            #[derive(Debug)]
            pub struct $future<$($lifetime)?> {
                notify: $held,
                claim: Claim,
                place: &'static Location<'static>,
                // tokio's is not `Unpin` either: who relied on it here could not go back.
                #[pin]
                pinned: PhantomPinned,
            }

            impl<$($lifetime)?> PinnedDrop for $future<$($lifetime)?> {
                fn drop(this: Pin<&mut Self>) {
                    let this = this.project();
                    this.notify.give_up(this.claim);
                }
            }
        }

        impl<$($lifetime)?> $future<$($lifetime)?> {
            /// Takes a place in the line without waiting; true if it has been called already, and
            /// the future is ready.
            ///
            /// So a [`notify_one`](Notify::notify_one) between this and the first poll reaches it.
            /// No waker is registered: poll it, too.
            pub fn enable(self: Pin<&mut Self>) -> bool {
                let this = self.project();
                this.notify.enable(this.claim)
            }
        }

        impl<$($lifetime)?> Future for $future<$($lifetime)?> {
            type Output = ();

            #[inline]
            fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
                ready!(leaf::proceed(cx));
                let this = self.project();
                let poll = this.notify.poll_claim(this.claim, cx);
                match poll {
                    Poll::Ready(()) => leaf::spend(),
                    Poll::Pending => leaf::waiting_for("Notify::notified", this.place),
                }
                poll
            }
        }
    };
}

notified! {
    /// Waits to be called by a [`Notify`]. From [`Notify::notified`].
    Notified<'a>, &'a Notify
}

notified! {
    /// Waits to be called by a shared [`Notify`]. From [`Notify::notified_owned`].
    OwnedNotified<>, Arc<Notify>
}
