//! Sockets: streams of bytes to elsewhere, and datagrams.
//!
//! | asyncio | tokio | here |
//! | --- | --- | --- |
//! | `open_connection` | `TcpStream::connect` | [`TcpStream::connect`] |
//! | `start_server` | `TcpListener` and a task for each connection | [`TcpListener`] |
//! | `open_unix_connection`, `start_unix_server` | `UnixStream`, `UnixListener` | [`UnixStream`], [`UnixListener`] |
//! | `loop.create_datagram_endpoint` | `UdpSocket`, `UnixDatagram` | [`UdpSocket`], [`UnixDatagram`] |
//! | `loop.connect_read_pipe`, `connect_write_pipe` | `unix::pipe` | [`unix::pipe`] |
//! | `loop.getaddrinfo` | `lookup_host` | [`lookup_host`] |
//!
//! A socket belongs to the loop it was made in, and may be used and dropped on any thread. Errors
//! are the system's, passed on as they come.

mod lookup;
mod addr;
pub(crate) mod line;

mod operation;
mod readiness;

pub mod tcp;
mod udp;
pub mod unix;

pub use crate::net::addr::{LookupHost, ToSocketAddrs, lookup_host};
pub use crate::net::tcp::listener::TcpListener;
pub use crate::net::tcp::socket::TcpSocket;
pub use crate::net::tcp::stream::TcpStream;
pub use crate::net::udp::UdpSocket;
pub use crate::net::unix::datagram::socket::UnixDatagram;
pub use crate::net::unix::listener::UnixListener;
pub use crate::net::unix::socket::UnixSocket;
pub use crate::net::unix::stream::UnixStream;
