//! A handle that takes its task along when it is dropped.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::engine::waker::AbortRequest;
use crate::task::error::Outcome;
use crate::task::join::JoinHandle;

impl<T> JoinHandle<T> {
    /// Ties the task to this handle: dropping it aborts the task. So cancelling whoever awaits it
    /// cancels the task, too.
    ///
    /// tokio-util: `AbortOnDropHandle`. asyncio: what awaiting a task always does.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the task is aborted with the wait that owns this, and its output is gone.
    /// Await `&mut handle` to keep it.
    ///
    /// ```
    /// # mainspring::run(async {
    /// let task = mainspring::spawn(std::future::pending::<()>());
    /// let abort = task.abort_handle();
    /// drop(task.abort_on_drop());
    /// mainspring::task::idle().await;
    /// assert!(abort.is_finished());
    /// # });
    /// ```
    #[track_caller]
    pub fn abort_on_drop(self) -> AbortOnDrop<T> {
        AbortOnDrop {
            handle: Some(self),
            place: Location::caller(),
        }
    }
}

/// A [`JoinHandle`] that aborts its task when it is dropped: see [`JoinHandle::abort_on_drop`].
///
/// All methods of the handle can be called on it.
#[must_use = "the task is aborted as soon as this is dropped"]
pub struct AbortOnDrop<T> {
    /// `None` only after `detach`.
    handle: Option<JoinHandle<T>>,
    place: &'static Location<'static>,
}

impl<T> AbortOnDrop<T> {
    /// The plain handle again, whose task goes on when it is dropped.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a wait that is dropped takes nothing.
    pub fn detach(mut self) -> JoinHandle<T> {
        self.handle.take().expect("only this takes it out")
    }
}

impl<T> Deref for AbortOnDrop<T> {
    type Target = JoinHandle<T>;

    fn deref(&self) -> &JoinHandle<T> {
        self.handle.as_ref().expect("only `detach` takes it out")
    }
}

impl<T> AsRef<JoinHandle<T>> for AbortOnDrop<T> {
    fn as_ref(&self) -> &JoinHandle<T> {
        self
    }
}

impl<T> Future for AbortOnDrop<T> {
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        let handle = self.handle.as_mut().expect("only `detach` takes it out");
        Pin::new(handle).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            let message = Some("its `AbortOnDrop` was dropped".into());
            let by = self.place;
            handle.cell().waker.abort(AbortRequest { by, message });
        }
    }
}

impl<T> fmt::Debug for AbortOnDrop<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AbortOnDrop").field(&**self).finish()
    }
}
