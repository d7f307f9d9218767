//! Sockets: streams of bytes to elsewhere.
//!
//! | asyncio | tokio | here |
//! | --- | --- | --- |
//! | `open_connection` | `TcpStream::connect` | [`TcpStream::connect`] |
//! | `start_server` | `TcpListener` and a task for each connection | [`TcpListener`] |
//! | `loop.getaddrinfo` | `lookup_host` | [`lookup_host`] |
//!
//! A socket belongs to the loop it was made in, and may be used and dropped on any thread. Errors
//! are the system's, passed on as they come.

mod lookup;
mod addr;
pub(crate) mod line;

pub mod tcp;

pub use crate::net::addr::{LookupHost, ToSocketAddrs, lookup_host};
pub use crate::net::tcp::listener::TcpListener;
pub use crate::net::tcp::socket::TcpSocket;
pub use crate::net::tcp::stream::TcpStream;
