//! Unix: connections, datagrams and pipes between programs on one machine.

mod address;
mod credentials;

pub(crate) mod stream;
mod connect;
pub(crate) mod listener;

mod split;
mod split_owned;

pub(crate) mod datagram;
pub(crate) mod socket;

pub mod pipe;

pub use crate::net::unix::address::SocketAddr;
pub use crate::net::unix::credentials::{UCred, gid_t, pid_t, uid_t};
pub use crate::net::unix::split::{ReadHalf, WriteHalf};
pub use crate::net::unix::split_owned::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};

#[cfg(test)]
mod tests;
