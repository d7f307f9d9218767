//! The end of a broadcast channel that sends.

use std::fmt;
use std::sync::Arc;

use crate::shim::lock;
use crate::sync::broadcast::error::SendError;
use crate::sync::broadcast::receiver::Receiver;
use crate::sync::broadcast::shared::Shared;

/// A channel that keeps the latest `capacity` values, rounded up to a power of two, for those who
/// have not got them.
///
/// # Panics
///
/// If `capacity` is 0, or more than `usize::MAX / 2`.
#[track_caller]
pub fn channel<T: Clone>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared::new(capacity, 1));
    let sender = Sender {
        shared: shared.clone(),
    };
    (sender, Receiver { shared, next: 0 })
}

/// Sends values to all receivers. Clones send to the same ones.
///
/// When the last one is dropped, the channel is closed: receivers get what is left.
pub struct Sender<T> {
    pub(crate) shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A channel without receivers; they come by [`subscribe`](Sender::subscribe).
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, or more than `usize::MAX / 2`.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        Sender {
            shared: Arc::new(Shared::new(capacity, 0)),
        }
    }

    /// Sends a value to all who listen now, and says how many those are. It never waits.
    ///
    /// That a receiver listens does not mean that it will look.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value if nobody listens. Later somebody may: see
    /// [`subscribe`](Sender::subscribe).
    pub fn send(&self, value: T) -> Result<usize, SendError<T>> {
        self.shared.send(value).map_err(SendError)
    }

    /// A new receiver, for what is sent from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    ///
    /// # mainspring::run(async {
    /// let sender = broadcast::Sender::new(8);
    /// assert!(sender.send("nobody hears it").is_err());
    /// let mut receiver = sender.subscribe();
    /// assert_eq!(sender.send("hello").unwrap(), 1);
    /// assert_eq!(receiver.recv().await.unwrap(), "hello");
    /// # });
    /// ```
    pub fn subscribe(&self) -> Receiver<T> {
        Receiver::subscribe(&self.shared)
    }

    /// How many values are kept for receivers that have not got them.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    ///
    /// let (sender, mut receiver) = broadcast::channel(8);
    /// sender.send(1).unwrap();
    /// sender.send(2).unwrap();
    /// assert_eq!(sender.len(), 2);
    /// receiver.try_recv().unwrap();
    /// assert_eq!(sender.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        lock(&self.shared.state).len()
    }

    /// True if every receiver has every value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many receivers there are.
    pub fn receiver_count(&self) -> usize {
        lock(&self.shared.state).receivers
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        lock(&self.shared.state).senders
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        lock(&self.shared.state).weak_senders
    }

    /// True if both send to the same receivers.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        lock(&self.shared.state).senders += 1;
        Sender {
            shared: self.shared.clone(),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.shared.drop_sender();
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Sender")
    }
}
