//! What may come instead of a value, or of sending one.

use std::fmt;

/// Nobody listens: the value comes back.
#[derive(Debug)]
pub struct SendError<T>(pub T);

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl<T: fmt::Debug> std::error::Error for SendError<T> {}

/// What [`recv`](crate::sync::broadcast::Receiver::recv) may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecvError {
    /// The senders are gone, and this receiver has every value.
    Closed,
    /// So many values were dropped before this receiver got them. The next one is the oldest that
    /// is left.
    Lagged(u64),
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Closed => f.write_str("channel closed"),
            RecvError::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl std::error::Error for RecvError {}

/// What [`try_recv`](crate::sync::broadcast::Receiver::try_recv) may say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// This receiver has every value that was sent so far.
    Empty,
    /// The senders are gone, and this receiver has every value.
    Closed,
    /// So many values were dropped before this receiver got them. The next one is the oldest that
    /// is left.
    Lagged(u64),
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => f.write_str("channel empty"),
            TryRecvError::Closed => f.write_str("channel closed"),
            TryRecvError::Lagged(missed) => write!(f, "channel lagged by {missed}"),
        }
    }
}

impl std::error::Error for TryRecvError {}
