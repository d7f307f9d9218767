//! The ends of a channel as it counts them: as long as one of these lives, it is there.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::shim::{Mutex, lock, lock_mut};
use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::error::TryRecvError;

/// A sender; the channel ends when the last one is dropped.
pub(crate) struct SenderSide<T> {
    channel: Arc<Channel<T>>,
}

/// One who may become a sender again.
pub(crate) struct WeakSide<T> {
    channel: Arc<Channel<T>>,
}

/// The receiver, and the messages that it took out of the channel together.
pub(crate) struct ReceiverSide<T> {
    channel: Arc<Channel<T>>,

    // Older than what is in the channel; always empty for a channel with a limit. The mutex makes
    // the receiver `Sync` for messages that are not; the owner goes past it.
    taken: Mutex<VecDeque<T>>,
    // The last message left none behind.
    expects_none: bool,
}

// Messages are moved, never pinned.
impl<T> Unpin for ReceiverSide<T> {}

/// Both ends of a new channel.
pub(crate) fn open<T>(channel: Channel<T>) -> (SenderSide<T>, ReceiverSide<T>) {
    let channel = Arc::new(channel);
    let sender = SenderSide {
        channel: channel.clone(),
    };
    let receiver = ReceiverSide {
        channel,
        taken: Mutex::new(VecDeque::new()),
        expects_none: true,
    };
    (sender, receiver)
}

impl<T> SenderSide<T> {
    pub(crate) fn channel(&self) -> &Channel<T> {
        &self.channel
    }

    pub(crate) fn is_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.channel, &other.channel)
    }

    pub(crate) fn downgrade(&self) -> WeakSide<T> {
        self.channel.add_weak_sender();
        WeakSide {
            channel: self.channel.clone(),
        }
    }
}

impl<T> WeakSide<T> {
    pub(crate) fn channel(&self) -> &Channel<T> {
        &self.channel
    }

    pub(crate) fn upgrade(&self) -> Option<SenderSide<T>> {
        self.channel.revive_sender().then(|| SenderSide {
            channel: self.channel.clone(),
        })
    }
}

impl<T> ReceiverSide<T> {
    #[inline]
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let taken = lock_mut(&mut self.taken);
        if let Some(message) = taken.pop_front() {
            self.expects_none = taken.is_empty();
            return Poll::Ready(Some(message));
        }
        self.channel.poll_recv(taken, &mut self.expects_none, cx)
    }

    pub(crate) fn poll_recv_many(
        &mut self,
        buffer: &mut Vec<T>,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<usize> {
        let taken = lock_mut(&mut self.taken);
        let count = most.min(taken.len());
        buffer.extend(taken.drain(..count));
        self.channel.poll_recv_many(buffer, most, count, cx)
    }

    pub(crate) fn try_recv(&mut self) -> Result<T, TryRecvError> {
        match lock_mut(&mut self.taken).pop_front() {
            Some(message) => Ok(message),
            None => self.channel.try_recv(),
        }
    }

    /// How many messages wait to be received.
    pub(crate) fn len(&self) -> usize {
        lock(&self.taken).len() + self.channel.len()
    }

    pub(crate) fn channel(&self) -> &Channel<T> {
        &self.channel
    }
}

impl<T> Clone for SenderSide<T> {
    fn clone(&self) -> Self {
        self.channel.add_sender();
        SenderSide {
            channel: self.channel.clone(),
        }
    }
}

impl<T> Clone for WeakSide<T> {
    fn clone(&self) -> Self {
        self.channel.add_weak_sender();
        WeakSide {
            channel: self.channel.clone(),
        }
    }
}

impl<T> Drop for SenderSide<T> {
    fn drop(&mut self) {
        self.channel.remove_sender();
    }
}

impl<T> Drop for WeakSide<T> {
    fn drop(&mut self) {
        self.channel.remove_weak_sender();
    }
}

impl<T> Drop for ReceiverSide<T> {
    fn drop(&mut self) {
        let taken = std::mem::take(lock_mut(&mut self.taken));
        self.channel.remove_receiver(taken);
    }
}

impl<T> fmt::Debug for SenderSide<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.channel.describe("SenderSide", f)
    }
}
