//! The ends of a channel as it counts them: as long as one of these lives, it is there.

use std::fmt;
use std::sync::Arc;

use crate::sync::mpsc::channel::Channel;

/// A sender; the channel ends when the last one is dropped.
pub(crate) struct SenderSide<T> {
    channel: Arc<Channel<T>>,
}

/// One who may become a sender again.
pub(crate) struct WeakSide<T> {
    channel: Arc<Channel<T>>,
}

/// The receiver.
pub(crate) struct ReceiverSide<T> {
    channel: Arc<Channel<T>>,
}

/// Both ends of a new channel.
pub(crate) fn open<T>(channel: Channel<T>) -> (SenderSide<T>, ReceiverSide<T>) {
    let channel = Arc::new(channel);
    let sender = SenderSide {
        channel: channel.clone(),
    };
    (sender, ReceiverSide { channel })
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
        self.channel.remove_receiver();
    }
}

impl<T> fmt::Debug for SenderSide<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.channel.describe("SenderSide", f)
    }
}
