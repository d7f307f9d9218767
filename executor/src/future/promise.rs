//! A result that is set by hand: the two ends of `create_future`.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::engine::waker::TaskWaker;
use crate::leaf;
use crate::task::cell::JoinCell;
use crate::task::{Id, JoinError, JoinHandle};

/// Makes a result that will be set by hand: an end that sets it, and the ordinary handle that
/// reads it, with `cancel`, done callbacks and all.
///
/// Both ends are `Send` whenever `T` is. It may be made outside of a runtime.
///
/// asyncio: `loop.create_future`. tokio: `sync::oneshot`, whose reading end is of a type of its
/// own.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::create_future;
///
/// let (resolver, answer) = create_future();
/// mainspring::spawn(async move { resolver.set_result(42) });
/// assert_eq!(answer.await.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn create_future<T>() -> (Resolver<T>, JoinHandle<T>) {
    let waker = TaskWaker::elsewhere(Location::caller(), None);
    let cell = JoinCell::new(Arc::new(waker));
    let resolver = Resolver { cell: cell.clone() };
    (resolver, JoinHandle::new(cell))
}

/// Sets the result of [`create_future`], once.
///
/// Dropped without setting one, it lets the reader know: the handle gives a [`JoinError`] that
/// [`is_abandoned`](JoinError::is_abandoned).
///
/// asyncio: the writing end of `Future`; there is no `set_exception`, for `T` may be a `Result`.
pub struct Resolver<T> {
    cell: Arc<JoinCell<T>>,
}

impl<T> Resolver<T> {
    /// Sets the result.
    ///
    /// # Errors
    ///
    /// The value comes back if it is in vain: the handle was cancelled or is gone.
    pub fn set_result(self, value: T) -> Result<(), T> {
        match self.cell.finish(Ok(value)) {
            Err(Ok(value)) => Err(value),
            _ => Ok(()),
        }
    }

    /// Whether a result would be in vain: the handle was cancelled or is gone.
    pub fn is_cancelled(&self) -> bool {
        self.cell.is_unwanted()
    }

    /// Waits until a result would be in vain, so that the work for it can be given up.
    ///
    /// tokio: `oneshot::Sender::closed`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is lost.
    ///
    /// ```
    /// # mainspring::run(async {
    /// let (mut resolver, answer) = mainspring::future::create_future::<i32>();
    /// assert!(answer.cancel());
    /// resolver.cancelled().await;
    /// assert_eq!(resolver.set_result(42), Err(42));
    /// # });
    /// ```
    #[track_caller]
    pub fn cancelled(&mut self) -> Cancelled<'_, T> {
        Cancelled {
            resolver: self,
            place: Location::caller(),
        }
    }

    /// The name of the result, the same as its handle's.
    pub fn id(&self) -> Id {
        self.cell.waker.id
    }
}

impl<T> Drop for Resolver<T> {
    fn drop(&mut self) {
        // After a result was set this one comes back, and that is that.
        let error = JoinError::abandoned(self.id());
        self.cell.finish_or_drop(Err(error));
    }
}

impl<T> fmt::Debug for Resolver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("id", &self.id())
            .field("is_cancelled", &self.is_cancelled())
            .finish()
    }
}

/// The future of [`Resolver::cancelled`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Cancelled<'a, T> {
    resolver: &'a mut Resolver<T>,
    place: &'static Location<'static>,
}

impl<T> Future for Cancelled<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(leaf::proceed(cx));
        if self.resolver.cell.poll_unwanted(cx).is_pending() {
            leaf::waiting_for("a result to be cancelled", self.place);
            return Poll::Pending;
        }
        leaf::spend();
        Poll::Ready(())
    }
}
