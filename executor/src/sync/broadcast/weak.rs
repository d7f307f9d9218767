//! A sender that does not keep its channel open.

use std::fmt;
use std::sync::Arc;

use crate::shim::lock;
use crate::sync::broadcast::sender::Sender;
use crate::sync::broadcast::shared::Shared;

/// The way to a channel that is closed when its senders are gone, this one notwithstanding. From
/// [`Sender::downgrade`].
pub struct WeakSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// A sender that does not keep the channel open.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    ///
    /// let (sender, _receiver) = broadcast::channel::<u8>(8);
    /// let weak = sender.downgrade();
    /// assert!(weak.upgrade().is_some());
    /// drop(sender);
    /// assert!(weak.upgrade().is_none());
    /// ```
    #[must_use = "the sender is still there; drop it to let the channel close"]
    pub fn downgrade(&self) -> WeakSender<T> {
        WeakSender::count(&self.shared)
    }
}

impl<T> WeakSender<T> {
    fn count(shared: &Arc<Shared<T>>) -> Self {
        lock(&shared.state).weak_senders += 1;
        WeakSender {
            shared: shared.clone(),
        }
    }

    /// A sender, unless all are gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Sender<T>> {
        let mut state = lock(&self.shared.state);
        if state.senders == 0 {
            return None;
        }
        state.senders += 1;
        drop(state);
        Some(Sender {
            shared: self.shared.clone(),
        })
    }

    /// How many senders there are.
    pub fn strong_count(&self) -> usize {
        lock(&self.shared.state).senders
    }

    /// How many weak senders there are.
    pub fn weak_count(&self) -> usize {
        lock(&self.shared.state).weak_senders
    }
}

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        WeakSender::count(&self.shared)
    }
}

impl<T> Drop for WeakSender<T> {
    fn drop(&mut self) {
        lock(&self.shared.state).weak_senders -= 1;
    }
}

impl<T> fmt::Debug for WeakSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::WeakSender")
    }
}
