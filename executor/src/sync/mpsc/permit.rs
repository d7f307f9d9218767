//! Room that is kept for a message to come: who has a permit sends without waiting.

use std::fmt;
use std::iter::FusedIterator;

use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::error::TrySendError;
use crate::sync::mpsc::sender::Sender;
use crate::sync::permits::Closed;

/// Room for one message. From [`Sender::reserve`] and [`Sender::try_reserve`].
///
/// Dropping it gives the room back. tokio: `sync::mpsc::Permit`.
#[must_use = "a permit that is dropped at once keeps no room; send with it"]
pub struct Permit<'a, T> {
    channel: &'a Channel<T>,
}

/// Permits, one after the other. From [`Sender::reserve_many`] and [`Sender::try_reserve_many`].
///
/// Dropping it gives back those that were not taken out. tokio: `sync::mpsc::PermitIterator`.
#[must_use = "permits that are dropped at once keep no room; send with them"]
pub struct PermitIterator<'a, T> {
    channel: &'a Channel<T>,
    left: usize,
}

/// Room for one message, and the sender that keeps it. From [`Sender::reserve_owned`] and
/// [`Sender::try_reserve_owned`].
///
/// Dropping it gives the room back and drops the sender. tokio: `sync::mpsc::OwnedPermit`.
#[must_use = "a permit that is dropped at once keeps no room; send with it"]
pub struct OwnedPermit<T> {
    // None once it was used.
    sender: Option<Sender<T>>,
}

impl<T> Sender<T> {
    /// Keeps room for one message, if there is some.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] if there is no room or the channel is closed.
    pub fn try_reserve(&self) -> Result<Permit<'_, T>, TrySendError<()>> {
        self.take_room(1)?;
        Ok(Permit::new(self.channel()))
    }

    /// Keeps room for `n` messages, if there is so much.
    ///
    /// # Errors
    ///
    /// [`TrySendError::Full`] if there is not, also if the channel was made for fewer;
    /// [`TrySendError::Closed`] if it is closed.
    pub fn try_reserve_many(&self, n: usize) -> Result<PermitIterator<'_, T>, TrySendError<()>> {
        if n > self.max_capacity() {
            return Err(TrySendError::Full(()));
        }
        self.take_room(n)?;
        Ok(PermitIterator::new(self.channel(), n))
    }

    /// Keeps room for one message, and the sender with it, if there is some.
    ///
    /// # Errors
    ///
    /// [`TrySendError`], with the sender, if there is no room or the channel is closed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc;
    ///
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.try_reserve_owned().unwrap();
    /// let tx = permit.send("hello");
    /// assert!(tx.clone().try_reserve_owned().is_err());
    /// assert_eq!(rx.try_recv(), Ok("hello"));
    /// ```
    pub fn try_reserve_owned(self) -> Result<OwnedPermit<T>, TrySendError<Self>> {
        match self.take_room(1) {
            Ok(()) => Ok(OwnedPermit::new(self)),
            Err(TrySendError::Full(())) => Err(TrySendError::Full(self)),
            Err(TrySendError::Closed(())) => Err(TrySendError::Closed(self)),
        }
    }

    fn take_room(&self, permits: usize) -> Result<(), TrySendError<()>> {
        match self.channel().try_reserve(permits) {
            Ok(true) => Ok(()),
            Ok(false) => Err(TrySendError::Full(())),
            Err(Closed) => Err(TrySendError::Closed(())),
        }
    }
}

impl<'a, T> Permit<'a, T> {
    pub(crate) fn new(channel: &'a Channel<T>) -> Self {
        Permit { channel }
    }

    /// Sends a message into the room that was kept. It goes behind those sent before, not behind
    /// those for which room was kept before.
    ///
    /// It goes in also if the channel was closed meanwhile; if the receiver was dropped, the
    /// message is.
    pub fn send(self, value: T) {
        let channel = self.channel;
        // Its room is used, not given back.
        std::mem::forget(self);
        channel.send_reserved(value);
    }
}

impl<'a, T> PermitIterator<'a, T> {
    pub(crate) fn new(channel: &'a Channel<T>, left: usize) -> Self {
        PermitIterator { channel, left }
    }
}

impl<'a, T> Iterator for PermitIterator<'a, T> {
    type Item = Permit<'a, T>;

    fn next(&mut self) -> Option<Permit<'a, T>> {
        self.left = self.left.checked_sub(1)?;
        Some(Permit::new(self.channel))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for PermitIterator<'_, T> {}
impl<T> FusedIterator for PermitIterator<'_, T> {}

impl<T> OwnedPermit<T> {
    pub(crate) fn new(sender: Sender<T>) -> Self {
        OwnedPermit {
            sender: Some(sender),
        }
    }

    /// Sends a message into the room that was kept, as [`Permit::send`], and returns the sender.
    pub fn send(mut self, value: T) -> Sender<T> {
        let sender = self.take();
        sender.channel().send_reserved(value);
        sender
    }

    /// Gives the room back and returns the sender.
    pub fn release(mut self) -> Sender<T> {
        let sender = self.take();
        sender.channel().give_back(1);
        sender
    }

    fn take(&mut self) -> Sender<T> {
        self.sender
            .take()
            .expect("only what consumes the permit takes the sender out")
    }

    /// True if both send into the same channel.
    pub fn same_channel(&self, other: &Self) -> bool {
        self.sender
            .as_ref()
            .zip(other.sender.as_ref())
            .is_some_and(|(one, other)| one.same_channel(other))
    }

    /// True if both send into the same channel.
    pub fn same_channel_as_sender(&self, sender: &Sender<T>) -> bool {
        (self.sender.as_ref()).is_some_and(|own| own.same_channel(sender))
    }
}

impl<T> Drop for Permit<'_, T> {
    fn drop(&mut self) {
        self.channel.give_back(1);
    }
}

impl<T> Drop for PermitIterator<'_, T> {
    fn drop(&mut self) {
        if self.left > 0 {
            self.channel.give_back(self.left);
        }
    }
}

impl<T> Drop for OwnedPermit<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.channel().give_back(1);
        }
    }
}

impl<T> fmt::Debug for Permit<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for PermitIterator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitIterator")
            .field("capacity", &self.left)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for OwnedPermit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedPermit")
            .field("sender", &self.sender)
            .finish()
    }
}
