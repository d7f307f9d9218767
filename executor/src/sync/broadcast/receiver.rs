//! The end of a broadcast channel that receives.

use std::fmt;
use std::sync::Arc;

use crate::shim::lock;
use crate::sync::broadcast::error::TryRecvError;
use crate::sync::broadcast::shared::Shared;

/// Gets each value that is sent while it exists.
///
/// It cannot be cloned: [`resubscribe`](Receiver::resubscribe) makes another one, which begins with
/// what is sent from then on.
pub struct Receiver<T> {
    pub(crate) shared: Arc<Shared<T>>,
    /// The position of the value that it gets next.
    pub(crate) next: u64,
}

impl<T> Receiver<T> {
    /// One that listens from now on.
    pub(crate) fn subscribe(shared: &Arc<Shared<T>>) -> Self {
        Receiver {
            next: shared.add_receiver(),
            shared: shared.clone(),
        }
    }

    /// How many values were sent that this receiver has not got, those included that it has missed.
    ///
    /// If that is more than the channel's capacity (rounded up to a power of two), the next receive
    /// says so.
    pub fn len(&self) -> usize {
        (lock(&self.shared.state).sent - self.next) as usize
    }

    /// True if this receiver has every value that was sent so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True if both belong to the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// How many senders there are.
    pub fn sender_strong_count(&self) -> usize {
        lock(&self.shared.state).senders
    }

    /// How many weak senders there are.
    pub fn sender_weak_count(&self) -> usize {
        lock(&self.shared.state).weak_senders
    }

    /// True if the senders are gone. There may be values left.
    pub fn is_closed(&self) -> bool {
        self.sender_strong_count() == 0
    }
}

impl<T: Clone> Receiver<T> {
    /// Another receiver of the same channel, for what is sent from now on.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    ///
    /// let (sender, mut first) = broadcast::channel(4);
    /// sender.send(1).unwrap();
    /// let mut second = first.resubscribe();
    /// sender.send(2).unwrap();
    /// assert_eq!(first.try_recv(), Ok(1));
    /// assert_eq!(second.try_recv(), Ok(2));
    /// ```
    pub fn resubscribe(&self) -> Self {
        Receiver::subscribe(&self.shared)
    }

    /// The next value, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`] if there is none yet, [`TryRecvError::Lagged`] if some were missed,
    /// [`TryRecvError::Closed`] if there will be none.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::broadcast;
    /// use mainspring::sync::broadcast::error::TryRecvError;
    ///
    /// let (sender, mut receiver) = broadcast::channel(2);
    /// for number in 0..5 {
    ///     sender.send(number).unwrap();
    /// }
    /// drop(sender);
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(3)));
    /// assert_eq!(receiver.try_recv(), Ok(3));
    /// assert_eq!(receiver.try_recv(), Ok(4));
    /// assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    /// ```
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        let received = lock(&self.shared.state).receive(&mut self.next);
        Ok(received?.open())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.drop_receiver(self.next);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("broadcast::Receiver")
    }
}
