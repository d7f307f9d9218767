//! Pipes: one end writes, the other reads; also by the name of a file, a FIFO.

mod file;
mod sender;
mod receiver;
mod open;

pub use crate::net::unix::pipe::open::{OpenOptions, pipe};
pub use crate::net::unix::pipe::receiver::Receiver;
pub use crate::net::unix::pipe::sender::Sender;
