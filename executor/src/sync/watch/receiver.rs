//! The end of a watch channel that looks at the value.

use std::fmt;
use std::sync::Arc;

use crate::shim::atomic::Ordering;
use crate::sync::watch::error::RecvError;
use crate::sync::watch::shared::{Ref, Shared, Version};

/// Sees the value of a channel and hears of its changes. Clones see the same value, and each
/// remembers for itself what it has seen.
pub struct Receiver<T> {
    pub(crate) shared: Arc<Shared<T>>,
    pub(crate) seen: Version,
}

impl<T> Receiver<T> {
    /// One that has been counted.
    pub(crate) fn new(shared: Arc<Shared<T>>, seen: Version) -> Self {
        Receiver { shared, seen }
    }

    /// A look at the value, which does not count as seen by it.
    ///
    /// See [`Ref`]: while it lives, nobody can change the value.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.look(Some(self.seen)).0
    }

    /// A look at the value, which counts as seen: [`changed`](Receiver::changed) waits for the next.
    ///
    /// See [`Ref`]: while it lives, nobody can change the value.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::watch;
    ///
    /// let (sender, mut receiver) = watch::channel(1);
    /// sender.send(2).unwrap();
    /// assert!(receiver.borrow_and_update().has_changed());
    /// assert!(!receiver.borrow_and_update().has_changed());
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let (value, version) = self.shared.look(Some(self.seen));
        self.seen = version;
        value
    }

    /// True if there is a value that this one has not seen.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if the senders are gone, whether or not there is.
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        if self.is_closed() {
            return Err(RecvError(()));
        }
        Ok(self.seen != self.shared.version())
    }

    /// True if the senders are gone.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Counts the present value as not seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::watch;
    ///
    /// # mainspring::run(async {
    /// let (_sender, mut receiver) = watch::channel("first");
    /// receiver.mark_changed();
    /// receiver.changed().await.unwrap(); // also for the value that was there at the start
    /// assert_eq!(*receiver.borrow_and_update(), "first");
    /// # });
    /// ```
    pub fn mark_changed(&mut self) {
        self.seen = self.shared.version().before();
    }

    /// Counts the present value as seen.
    pub fn mark_unchanged(&mut self) {
        self.seen = self.shared.version();
    }

    /// True if both see the same value.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.receivers.fetch_add(1, Ordering::Relaxed);
        Receiver::new(self.shared.clone(), self.seen)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        if self.shared.receivers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.unwatched.notify_waiters();
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
