//! Senders that do not keep a channel open, and become real ones while somebody else does.

use std::fmt;

use crate::sync::mpsc::sender::Sender;
use crate::sync::mpsc::side::WeakSide;
use crate::sync::mpsc::unbounded::UnboundedSender;

/// A [`Sender`] that does not keep its channel open. From [`Sender::downgrade`].
///
/// tokio: `sync::mpsc::WeakSender`.
pub struct WeakSender<T> {
    side: WeakSide<T>,
}

/// An [`UnboundedSender`] that does not keep its channel open. From
/// [`UnboundedSender::downgrade`].
///
/// tokio: `sync::mpsc::WeakUnboundedSender`.
pub struct WeakUnboundedSender<T> {
    side: WeakSide<T>,
}

/// Both kinds are alike. `$make` makes a channel, for the example.
macro_rules! weak_sender {
    ($weak:ident of $sender:ident, $name:literal, $make:literal) => {
        impl<T> $sender<T> {
            /// A sender that does not keep the channel open: when only such ones are left, the
            /// receiver gets `None`.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("let (tx, _rx) = mainspring::sync::mpsc::", $make, ";")]
            /// let weak = tx.downgrade();
            /// assert!(weak.upgrade().is_some());
            /// drop(tx);
            /// assert!(weak.upgrade().is_none());
            /// ```
            #[must_use = "it makes a weak sender beside this one, which stays as it is"]
            pub fn downgrade(&self) -> $weak<T> {
                $weak {
                    side: self.side.downgrade(),
                }
            }
        }

        impl<T> $weak<T> {
            /// A real sender, unless the last one is gone.
            pub fn upgrade(&self) -> Option<$sender<T>> {
                self.side.upgrade().map($sender::new)
            }

            /// How many real senders there are.
            pub fn strong_count(&self) -> usize {
                self.side.channel().senders()
            }

            /// How many weak senders there are.
            pub fn weak_count(&self) -> usize {
                self.side.channel().weak_senders()
            }
        }

        impl<T> Clone for $weak<T> {
            fn clone(&self) -> Self {
                $weak {
                    side: self.side.clone(),
                }
            }
        }

        impl<T> fmt::Debug for $weak<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.side.channel().describe($name, f)
            }
        }
    };
}

weak_sender!(WeakSender of Sender, "WeakSender", "channel::<u8>(1)");
weak_sender!(
    WeakUnboundedSender of UnboundedSender,
    "WeakUnboundedSender",
    "unbounded_channel::<u8>()"
);
