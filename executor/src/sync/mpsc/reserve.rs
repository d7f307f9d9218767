//! Waiting for room in a channel, to keep it for a message to come.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::mpsc::channel::Channel;
use crate::sync::mpsc::error::SendError;
use crate::sync::mpsc::permit::{OwnedPermit, Permit, PermitIterator};
use crate::sync::mpsc::sender::Sender;
use crate::sync::permits::Claim;

impl<T> Sender<T> {
    /// Waits for room and keeps it: the message is made when it is certain to go in.
    ///
    /// # Errors
    ///
    /// [`SendError`] once the receiver is gone or has closed the channel.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: one that is dropped leaves the line. Room that was kept for it
    /// already goes to the next.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::mpsc;
    ///
    /// # mainspring::run(async {
    /// let (tx, mut rx) = mpsc::channel(1);
    /// let permit = tx.reserve().await.unwrap();
    /// assert_eq!(tx.capacity(), 0);
    /// permit.send("dear");
    /// assert_eq!(rx.recv().await, Some("dear"));
    /// # });
    /// ```
    #[track_caller]
    pub fn reserve(&self) -> Reserve<'_, T> {
        Reserve {
            room: Room::new(self.channel(), 1),
        }
    }

    /// Waits for room for `n` messages and keeps it.
    ///
    /// Who wants much is not overtaken by those who come later and want little.
    ///
    /// # Errors
    ///
    /// [`SendError`] once the receiver is gone or has closed the channel, and if the channel was
    /// made for fewer than `n`.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`reserve`](Sender::reserve).
    #[track_caller]
    pub fn reserve_many(&self, n: usize) -> ReserveMany<'_, T> {
        ReserveMany {
            room: Room::new(self.channel(), n),
        }
    }

    /// Waits for room and keeps it, and the sender with it: the permit may travel.
    ///
    /// # Errors
    ///
    /// [`SendError`] once the receiver is gone or has closed the channel. The sender is dropped
    /// then.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the sender is dropped with the future. Give it a clone.
    #[track_caller]
    pub fn reserve_owned(self) -> ReserveOwned<T> {
        ReserveOwned {
            sender: Some(self),
            claim: Claim::new(1),
            place: Location::caller(),
        }
    }
}

/// Waits for room for one message. From [`Sender::reserve`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct Reserve<'a, T> {
    room: Room<'a, T>,
}

/// Waits for room for several messages. From [`Sender::reserve_many`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct ReserveMany<'a, T> {
    room: Room<'a, T>,
}

/// Waits for room for one message, and holds the sender. From [`Sender::reserve_owned`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct ReserveOwned<T> {
    // None once it is ready: the permit has it, or it was dropped.
    sender: Option<Sender<T>>,
    claim: Claim,
    place: &'static Location<'static>,
}

impl<'a, T> Future for Reserve<'a, T> {
    type Output = Result<Permit<'a, T>, SendError<()>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.room.poll(cx))?;
        Poll::Ready(Ok(Permit::new(self.room.channel)))
    }
}

impl<'a, T> Future for ReserveMany<'a, T> {
    type Output = Result<PermitIterator<'a, T>, SendError<()>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let permits = self.room.claim.permits;
        if permits > self.room.channel.limit() {
            return Poll::Ready(Err(SendError(())));
        }
        ready!(self.room.poll(cx))?;
        Poll::Ready(Ok(PermitIterator::new(self.room.channel, permits)))
    }
}

impl<T> Future for ReserveOwned<T> {
    type Output = Result<OwnedPermit<T>, SendError<()>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let sender = this
            .sender
            .as_ref()
            .expect("`ReserveOwned` was polled after it was ready");
        let result = ready!(poll_room(sender.channel(), &mut this.claim, this.place, cx));
        let sender = this.sender.take().expect("it was there a line ago");
        Poll::Ready(result.map(|()| OwnedPermit::new(sender)))
    }
}

impl<T> Drop for ReserveOwned<T> {
    fn drop(&mut self) {
        if let Some(sender) = &self.sender {
            sender.channel().give_up(&mut self.claim);
        }
    }
}

/// A claim to room in a channel.
struct Room<'a, T> {
    channel: &'a Channel<T>,
    claim: Claim,
    place: &'static Location<'static>,
}

impl<'a, T> Room<'a, T> {
    #[track_caller]
    fn new(channel: &'a Channel<T>, permits: usize) -> Self {
        Room {
            channel,
            claim: Claim::new(permits),
            place: Location::caller(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError<()>>> {
        poll_room(self.channel, &mut self.claim, self.place, cx)
    }
}

impl<T> Drop for Room<'_, T> {
    fn drop(&mut self) {
        self.channel.give_up(&mut self.claim);
    }
}

fn poll_room<T>(
    channel: &Channel<T>,
    claim: &mut Claim,
    place: &'static Location<'static>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), SendError<()>>> {
    ready!(leaf::proceed(cx));
    let poll = channel.poll_reserve(claim, cx);
    match poll {
        Poll::Ready(_) => leaf::spend(),
        Poll::Pending => leaf::waiting_for("mpsc::Sender::reserve", place),
    }
    poll.map_err(|_closed| SendError(()))
}

impl<T> fmt::Debug for Room<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("permits", &self.claim.permits)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for ReserveOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReserveOwned")
            .field("sender", &self.sender)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
