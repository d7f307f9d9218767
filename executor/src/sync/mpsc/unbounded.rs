//! The sending end of a channel without a limit: it never waits.

use std::fmt;

use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::error::SendError;
use crate::sync::mpsc::receive::UnboundedReceiver;
use crate::sync::mpsc::side::{self, SenderSide};

/// A channel without a limit.
///
/// If messages come faster than they are received, they pile up until memory ends;
/// [`channel`](crate::sync::mpsc::channel) makes senders wait instead.
///
/// tokio: `sync::mpsc::unbounded_channel`.
///
/// # Examples
///
/// ```
/// use mainspring::sync::mpsc;
///
/// # mainspring::run(async {
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// tx.send("no await").unwrap();
/// assert_eq!(rx.recv().await, Some("no await"));
/// # });
/// ```
pub fn unbounded_channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    let (sender, receiver) = side::open(Channel::unbounded());
    let sender = UnboundedSender::new(sender);
    (sender, UnboundedReceiver::new(receiver))
}

/// The sending end of a channel without a limit. From [`unbounded_channel`].
///
/// Clones send into the same channel. tokio: `sync::mpsc::UnboundedSender`.
pub struct UnboundedSender<T> {
    pub(crate) side: SenderSide<T>,
}

impl<T> UnboundedSender<T> {
    pub(crate) fn new(side: SenderSide<T>) -> Self {
        UnboundedSender { side }
    }

    pub(crate) fn channel(&self) -> &Channel<T> {
        self.side.channel()
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// [`SendError`], with the message, once the receiver is gone or has closed the channel.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        let sent = self.channel().try_send(message);
        sent.map_err(|error| SendError(error.into_inner()))
    }

    /// True once the receiver is gone or has closed the channel.
    pub fn is_closed(&self) -> bool {
        self.channel().is_closed()
    }

    /// True if both send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.side.is_of(&other.side)
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

impl<T> Clone for UnboundedSender<T> {
    fn clone(&self) -> Self {
        UnboundedSender::new(self.side.clone())
    }
}

impl<T> fmt::Debug for UnboundedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.channel().describe("UnboundedSender", f)
    }
}
