//! The receiving ends of channels with and without a limit, and waiting for a message.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::blocking::wait_here;
use crate::sync::mpsc::error::TryRecvError;
use crate::sync::mpsc::side::ReceiverSide;

/// The receiving end of a channel with a limit. From [`channel`](crate::sync::mpsc::channel).
///
/// There is one, and it gets the messages in the order in which they went in. Dropping it drops
/// what is in; senders get their messages back from then on.
///
/// tokio: `sync::mpsc::Receiver`.
pub struct Receiver<T> {
    side: ReceiverSide<T>,
}

/// The receiving end of a channel without a limit. From
/// [`unbounded_channel`](crate::sync::mpsc::unbounded_channel).
///
/// tokio: `sync::mpsc::UnboundedReceiver`.
pub struct UnboundedReceiver<T> {
    side: ReceiverSide<T>,
}

/// Both ends receive alike. For the examples: `$make` makes a channel, and `$wait` is what a send
/// into it needs.
macro_rules! receiver {
    ($receiver:ident, $name:literal, $make:literal, $wait:literal) => {
        impl<T> $receiver<T> {
            pub(crate) fn new(side: ReceiverSide<T>) -> Self {
                $receiver { side }
            }

            /// Waits for the next message; `None` once there is none and none can come any more:
            /// all senders are gone, or the channel was [closed](Self::close) and every permit
            /// that was out has come back or sent.
            ///
            /// # Cancel safety
            ///
            /// **Strict**: a message stays in the channel until the poll that returns it.
            ///
            /// # Examples
            ///
            /// ```
            /// # mainspring::run(async {
            #[doc = concat!("let (tx, mut rx) = mainspring::sync::mpsc::", $make, ";")]
            /// mainspring::spawn(async move {
            #[doc = concat!("    tx.send(\"hello\")", $wait, ".unwrap();")]
            /// });
            /// assert_eq!(rx.recv().await, Some("hello"));
            /// assert_eq!(rx.recv().await, None);
            /// # });
            /// ```
            #[track_caller]
            pub fn recv(&mut self) -> Recv<'_, T> {
                Recv {
                    side: &mut self.side,
                    place: Location::caller(),
                }
            }

            /// Waits for messages and puts up to `limit` of them at the end of `buffer`; returns
            /// how many. Zero says what `None` says in [`recv`](Self::recv), or that `limit` is
            /// zero.
            ///
            /// It does not wait for `limit` messages: one is enough. All come under one lock.
            ///
            /// # Cancel safety
            ///
            /// **Strict**: messages stay in the channel until the poll that returns their number.
            ///
            /// # Examples
            ///
            /// ```
            /// # mainspring::run(async {
            #[doc = concat!("let (tx, mut rx) = mainspring::sync::mpsc::", $make, ";")]
            /// for number in 0..4 {
            #[doc = concat!("    tx.send(number)", $wait, ".unwrap();")]
            /// }
            /// drop(tx);
            ///
            /// let mut numbers = Vec::new();
            /// assert_eq!(rx.recv_many(&mut numbers, 3).await, 3);
            /// assert_eq!(rx.recv_many(&mut numbers, 3).await, 1);
            /// assert_eq!(rx.recv_many(&mut numbers, 3).await, 0);
            /// assert_eq!(numbers, [0, 1, 2, 3]);
            /// # });
            /// ```
            #[track_caller]
            pub fn recv_many<'a>(
                &'a mut self,
                buffer: &'a mut Vec<T>,
                limit: usize,
            ) -> RecvMany<'a, T> {
                RecvMany {
                    side: &mut self.side,
                    buffer,
                    limit,
                    place: Location::caller(),
                }
            }

            /// Takes a message if there is one.
            ///
            /// # Errors
            ///
            /// [`TryRecvError::Empty`] if there is none yet, [`TryRecvError::Disconnected`] if
            /// none can come any more. A permit that is out may still send, and so counts for the
            /// former.
            pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
                self.side.try_recv()
            }

            /// Parks this thread until there is a message: [`recv`](Self::recv) for code that is
            /// not async.
            ///
            /// # Panics
            ///
            /// Inside a task, where it would stop the loop.
            #[track_caller]
            pub fn blocking_recv(&mut self) -> Option<T> {
                wait_here(self.recv())
            }

            /// Parks this thread until there are messages: [`recv_many`](Self::recv_many) for
            /// code that is not async.
            ///
            /// # Panics
            ///
            /// Inside a task, where it would stop the loop.
            #[track_caller]
            pub fn blocking_recv_many(&mut self, buffer: &mut Vec<T>, limit: usize) -> usize {
                wait_here(self.recv_many(buffer, limit))
            }

            /// [`recv`](Self::recv) as a poll: the task of the last call is woken.
            #[track_caller]
            pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
                Pin::new(&mut self.recv()).poll(cx)
            }

            /// [`recv_many`](Self::recv_many) as a poll: the task of the last call is woken.
            #[track_caller]
            pub fn poll_recv_many(
                &mut self,
                cx: &mut Context<'_>,
                buffer: &mut Vec<T>,
                limit: usize,
            ) -> Poll<usize> {
                Pin::new(&mut self.recv_many(buffer, limit)).poll(cx)
            }

            /// Closes the channel: nothing can be sent any more, save with permits that are out.
            ///
            /// What is in can still be received; to lose nothing, receive until `None`.
            pub fn close(&mut self) {
                self.side.channel().close();
            }

            /// True if the channel was [closed](Self::close) or all senders are gone.
            pub fn is_closed(&self) -> bool {
                let channel = self.side.channel();
                channel.is_closed() || channel.senders() == 0
            }

            /// True if no message is in the channel.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// How many messages are in the channel.
            pub fn len(&self) -> usize {
                self.side.len()
            }

            /// How many senders there are.
            pub fn sender_strong_count(&self) -> usize {
                self.side.channel().senders()
            }

            /// How many weak senders there are.
            pub fn sender_weak_count(&self) -> usize {
                self.side.channel().weak_senders()
            }
        }

        impl<T> fmt::Debug for $receiver<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.side.channel().describe($name, f)
            }
        }
    };
}

receiver!(Receiver, "Receiver", "channel(4)", ".await");
receiver!(
    UnboundedReceiver,
    "UnboundedReceiver",
    "unbounded_channel()",
    ""
);

impl<T> Receiver<T> {
    /// How many messages can be sent at once, without waiting.
    pub fn capacity(&self) -> usize {
        self.side.channel().free_permits()
    }

    /// How many messages the channel was made for.
    pub fn max_capacity(&self) -> usize {
        self.side.channel().limit()
    }
}

/// Waits for a message. From [`Receiver::recv`] and [`UnboundedReceiver::recv`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Recv<'a, T> {
    side: &'a mut ReceiverSide<T>,
    place: &'static Location<'static>,
}

impl<T> Future for Recv<'_, T> {
    type Output = Option<T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        ready!(leaf::proceed(cx));
        let poll = self.side.poll_recv(cx);
        note(poll.is_ready(), self.place);
        poll
    }
}

/// Waits for messages. From [`Receiver::recv_many`] and [`UnboundedReceiver::recv_many`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct RecvMany<'a, T> {
    side: &'a mut ReceiverSide<T>,
    buffer: &'a mut Vec<T>,
    limit: usize,
    place: &'static Location<'static>,
}

impl<T> Future for RecvMany<'_, T> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        let poll = this.side.poll_recv_many(this.buffer, this.limit, cx);
        note(poll.is_ready(), this.place);
        poll
    }
}

#[inline]
fn note(is_ready: bool, place: &'static Location<'static>) {
    match is_ready {
        true => leaf::spend(),
        false => leaf::waiting_for("mpsc::Receiver::recv", place),
    }
}

impl<T> fmt::Debug for Recv<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recv")
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for RecvMany<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMany")
            .field("limit", &self.limit)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
