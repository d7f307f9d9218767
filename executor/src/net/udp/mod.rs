//! UDP: datagrams to anybody, and from anybody, which may get lost.

mod socket;
mod send;
mod receive;
mod peek;
mod options;

pub use crate::net::udp::socket::UdpSocket;
