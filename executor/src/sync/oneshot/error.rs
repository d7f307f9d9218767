//! What a channel of one message answers instead of it. Names and texts are tokio's.

use std::error::Error;
use std::fmt;

/// The sender was dropped without having sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecvError(pub(crate) ());

/// Why no message could be received at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TryRecvError {
    /// It may still come.
    Empty,
    /// The sender was dropped without having sent, or the message was received before.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("channel closed")
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryRecvError::Empty => "channel empty",
            TryRecvError::Closed => "channel closed",
        })
    }
}

impl Error for RecvError {}
impl Error for TryRecvError {}
