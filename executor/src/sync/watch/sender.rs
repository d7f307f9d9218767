//! The end of a watch channel that changes the value.

use std::fmt;
use std::mem;
use std::sync::Arc;

use crate::shim::atomic::Ordering;
use crate::sync::watch::error::SendError;
use crate::sync::watch::receiver::Receiver;
use crate::sync::watch::shared::{Ref, Shared, Version};

/// A channel that holds `initial`, which the receiver counts as seen.
///
/// # Examples
///
/// ```
/// use mainspring::sync::watch;
///
/// let (sender, receiver) = watch::channel("calm");
/// assert!(!receiver.has_changed().unwrap());
/// sender.send("storm").unwrap();
/// assert!(receiver.has_changed().unwrap());
/// assert_eq!(*receiver.borrow(), "storm");
/// ```
pub fn channel<T>(initial: T) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(initial, 1));
    let receiver = Receiver::new(shared.clone(), Version::FIRST);
    (Sender { shared }, receiver)
}

/// Changes the value that receivers watch. Clones change the same value.
///
/// When the last one is dropped, the channel is closed.
pub struct Sender<T> {
    pub(crate) shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel without receivers; they come by [`subscribe`](Sender::subscribe).
    pub fn new(initial: T) -> Self {
        Sender {
            shared: Arc::new(Shared::new(initial, 0)),
        }
    }

    /// Replaces the value and wakes all who wait for a change.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value if there is no receiver. ([`send_replace`](Sender::send_replace)
    /// sets it all the same.)
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        self.send_replace(value);
        Ok(())
    }

    /// Changes the value in place and wakes all who wait for a change, receivers or not.
    ///
    /// # Panics
    ///
    /// If `modify` does. Nobody is woken then, and what it has changed stays changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(vec![1]);
    /// sender.send_modify(|list| list.push(2));
    /// assert_eq!(*receiver.borrow(), [1, 2]);
    /// ```
    pub fn send_modify<F>(&self, modify: F)
    where
        F: FnOnce(&mut T),
    {
        self.send_if_modified(|value| {
            modify(value);
            true
        });
    }

    /// Changes the value in place, and wakes all who wait for a change if `modify` says that it is
    /// one. Returns what `modify` said.
    ///
    /// # Panics
    ///
    /// If `modify` does. Nobody is woken then, and what it has changed stays changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::watch;
    ///
    /// let (sender, receiver) = watch::channel(1);
    /// let raise_to = |goal: i32| {
    ///     sender.send_if_modified(|value| {
    ///         let is_more = goal > *value;
    ///         *value = goal.max(*value);
    ///         is_more
    ///     })
    /// };
    /// assert!(!raise_to(0));
    /// assert!(raise_to(5));
    /// assert_eq!(*receiver.borrow(), 5);
    /// ```
    pub fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        self.shared.change(modify)
    }

    /// Replaces the value, receivers or not, and returns the one that was there.
    pub fn send_replace(&self, mut value: T) -> T {
        // The old one comes out, to be dropped without the lock.
        self.send_modify(|old| mem::swap(old, &mut value));
        value
    }

    /// A look at the value. See [`Ref`]: while it lives, nobody can change it.
    pub fn borrow(&self) -> Ref<'_, T> {
        self.shared.look(None).0
    }

    /// True if there is no receiver.
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// A new receiver, which counts the present value as seen.
    pub fn subscribe(&self) -> Receiver<T> {
        self.shared.receivers.fetch_add(1, Ordering::Relaxed);
        Receiver::new(self.shared.clone(), self.shared.version())
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        self.shared.receivers.load(Ordering::Relaxed)
    }

    /// How many senders there are.
    pub fn sender_count(&self) -> usize {
        self.shared.senders.load(Ordering::Relaxed)
    }

    /// True if both change the same value.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.senders.fetch_add(1, Ordering::Relaxed);
        Sender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        if self.shared.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.shared.close();
        }
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Sender::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("shared", &self.shared)
            .finish()
    }
}
