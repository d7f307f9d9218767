//! The sending end of a channel with a limit, and all of it that does not wait.

use std::fmt;

use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::error::TrySendError;
use crate::sync::mpsc::receive::Receiver;
use crate::sync::mpsc::side::{self, SenderSide};
use crate::sync::semaphore::Semaphore;

/// A channel that holds at most `buffer` messages: who sends more waits until some were received.
///
/// tokio: `sync::mpsc::channel`.
///
/// # Panics
///
/// If `buffer` is zero, or more than [`Semaphore::MAX_PERMITS`].
///
/// # Examples
///
/// ```
/// use mainspring::sync::mpsc;
///
/// # mainspring::run(async {
/// let (tx, mut rx) = mpsc::channel(1);
/// mainspring::spawn(async move {
///     for number in 0..3 {
///         tx.send(number).await.unwrap(); // waits for the receiver in between
///     }
/// });
/// while let Some(number) = rx.recv().await {
///     println!("got {number}");
/// }
/// # });
/// ```
#[track_caller]
pub fn channel<T>(buffer: usize) -> (Sender<T>, Receiver<T>) {
    assert!(
        buffer > 0,
        "a channel of size 0 never has room: mpsc bounded channel requires buffer > 0; for one \
         without a limit call `mpsc::unbounded_channel`"
    );
    assert!(
        buffer <= Semaphore::MAX_PERMITS,
        "a channel holds at most `Semaphore::MAX_PERMITS` messages; ask for fewer, or call \
         `mpsc::unbounded_channel`"
    );
    let (sender, receiver) = side::open(Channel::new(buffer));
    (Sender::new(sender), Receiver::new(receiver))
}

/// The sending end of a channel with a limit. From [`channel`].
///
/// Clones send into the same channel; when the last one is dropped, the receiver gets what is in,
/// and then `None`. Who waits for room is served in the order of arrival.
///
/// tokio: `sync::mpsc::Sender`.
pub struct Sender<T> {
    pub(crate) side: SenderSide<T>,
}

impl<T> Sender<T> {
    pub(crate) fn new(side: SenderSide<T>) -> Self {
        Sender { side }
    }

    pub(crate) fn channel(&self) -> &Channel<T> {
        self.side.channel()
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    ///
    /// [`TrySendError`], with the message, if there is no room or the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc::{self, error::TrySendError};
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// assert_eq!(tx.try_send(1), Ok(()));
    /// assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    /// assert_eq!(rx.try_recv(), Ok(1));
    ///
    /// drop(rx);
    /// assert_eq!(tx.try_send(3), Err(TrySendError::Closed(3)));
    /// ```
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.channel().try_send(message)
    }

    /// True once the receiver is gone or has closed the channel.
    pub fn is_closed(&self) -> bool {
        self.channel().is_closed()
    }

    /// True if both send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.side.is_of(&other.side)
    }

    /// How many messages can be sent at once, without waiting.
    ///
    /// Room that is kept by a permit does not count: neither a [`Permit`]'s nor that of a sender
    /// that waits and was called.
    ///
    /// [`Permit`]: crate::sync::mpsc::Permit
    pub fn capacity(&self) -> usize {
        self.channel().free_permits()
    }

    /// How many messages the channel was made for.
    pub fn max_capacity(&self) -> usize {
        self.channel().limit()
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        self.channel().senders()
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        self.channel().weak_senders()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender::new(self.side.clone())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.channel().describe("Sender", f)
    }
}
