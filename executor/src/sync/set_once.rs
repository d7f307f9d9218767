//! A value that is set once, by anybody, and waited for by all.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::notify::{Claim, Notify};
use crate::sync::once_value::OnceValue;

/// A value that may be set once, and that any number of tasks wait for and read.
///
/// Nobody computes it on demand; for that there is [`OnceCell`](crate::sync::OnceCell).
///
/// This is tokio's `SetOnce`. asyncio has a `Future` that is awaited many times; a value that is
/// moved out by one reader is [`create_future`](crate::future::create_future) here.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
///
/// use mainspring::sync::SetOnce;
///
/// # mainspring::run(async {
/// let port = Rc::new(SetOnce::new());
/// let client = mainspring::task::spawn_local({
///     let port = port.clone();
///     async move { *port.wait().await }
/// });
///
/// port.set(8080).unwrap();
/// assert_eq!(client.await.unwrap(), 8080);
/// assert!(port.set(8081).is_err());
/// # });
/// ```
pub struct SetOnce<T> {
    value: OnceValue<T>,
    is_set: Notify,
}

impl<T> SetOnce<T> {
    /// One that is not set.
    pub fn new() -> Self {
        SetOnce::new_with(None)
    }

    const_fn! {
        /// [`new`](SetOnce::new), for a `static`.
        pub fn const_new() -> Self {
            SetOnce {
                value: OnceValue::empty(),
                is_set: Notify::const_new(),
            }
        }
    }

    /// One that is set already, if there is a value.
    pub fn new_with(value: Option<T>) -> Self {
        SetOnce {
            value: value.into(),
            is_set: Notify::new(),
        }
    }

    const_fn! {
        /// One that is set already, for a `static`.
        pub fn const_new_with(value: T) -> Self {
            SetOnce {
                value: OnceValue::Given(value),
                is_set: Notify::const_new(),
            }
        }
    }

    /// True once it is set.
    pub fn initialized(&self) -> bool {
        self.get().is_some()
    }

    /// The value, if it is set.
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Sets the value and wakes all who wait for it, in order of arrival.
    ///
    /// # Errors
    ///
    /// [`SetOnceError`] with this value if there is one already.
    pub fn set(&self, value: T) -> Result<(), SetOnceError<T>> {
        self.value.set(value).map_err(SetOnceError)?;
        self.is_set.notify_waiters();
        Ok(())
    }

    /// The value, if it was set.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Waits until the value is set; returns at once if it is.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the value stays.
    #[track_caller]
    pub fn wait(&self) -> SetOnceWait<'_, T> {
        SetOnceWait {
            cell: self,
            claim: self.is_set.claim(),
            place: Location::caller(),
        }
    }
}

/// Waits until a value is set. From [`SetOnce::wait`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct SetOnceWait<'a, T> {
    cell: &'a SetOnce<T>,
    claim: Claim,
    place: &'static Location<'static>,
}

impl<'a, T> Future for SetOnceWait<'a, T> {
    type Output = &'a T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'a T> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        let poll = (this.cell.is_set).poll_until(&mut this.claim, cx, || this.cell.get());
        match poll {
            Poll::Ready(_) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("SetOnce::wait", this.place),
        }
        poll
    }
}

impl<T> Drop for SetOnceWait<'_, T> {
    fn drop(&mut self) {
        self.cell.is_set.give_up(&mut self.claim);
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        SetOnce::new()
    }
}

impl<T> From<T> for SetOnce<T> {
    fn from(value: T) -> Self {
        SetOnce::new_with(Some(value))
    }
}

/// A new one that is set to a clone of the value, if there is one. Nobody waits for it yet.
impl<T: Clone> Clone for SetOnce<T> {
    fn clone(&self) -> Self {
        SetOnce::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for SetOnce<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for SetOnce<T> {}

impl<T: fmt::Debug> fmt::Debug for SetOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetOnce")
            .field("value", &self.get())
            .finish()
    }
}

/// There was a value already: this one comes back.
#[derive(Debug, PartialEq, Eq)]
pub struct SetOnceError<T>(pub T);

impl<T> fmt::Display for SetOnceError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetOnceError")
    }
}

impl<T: fmt::Debug> std::error::Error for SetOnceError<T> {}
