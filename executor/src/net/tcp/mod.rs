//! TCP: connections, and where they come in.

pub(crate) mod stream;
mod connect;
pub(crate) mod listener;
pub(crate) mod socket;

mod split;
mod split_owned;

pub use crate::net::tcp::split::{ReadHalf, WriteHalf};
pub use crate::net::tcp::split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};

/// The futures of the methods, by name.
pub mod futures {
    pub use crate::io::readiness::{AsyncIo, Readiness, WhatIsReady};
    pub use crate::net::tcp::connect::Connect;
    pub use crate::net::tcp::listener::{Accept, Bind};
    pub use crate::net::tcp::stream::Peek;
}

#[cfg(test)]
mod tests;
