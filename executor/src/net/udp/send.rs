//! Sending datagrams.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use mainspring_reactor::Direction;

use crate::io::registered::Wait;
use crate::net::addr::{ToSocketAddrs, lookup_host, no_address};
use crate::net::udp::socket::UdpSocket;

/// What a task waits for whose datagram does not go out at once.
const ROOM: &str = "room for a datagram";

impl UdpSocket {
    /// Sends a datagram to the address that the socket is
    /// [connected](UdpSocket::connect) to. Says how long it was: all of `buf`.
    ///
    /// It waits while the system has no room for it. That it was sent does not mean that it
    /// arrives.
    ///
    /// tokio: `UdpSocket::send`. asyncio: `loop.sock_sendall`.
    ///
    /// # Errors
    ///
    /// What the system answers: that nobody is there to receive one sent before, that it is too
    /// long, or that the socket is not connected.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing was sent before it is ready.
    #[track_caller]
    pub fn send(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> {
        Wait::new(&self.socket, Direction::Write, ROOM).io(|io| io.send(buf))
    }

    /// As [`send`](UdpSocket::send), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`send`](UdpSocket::send).
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let send = |io: &mio::net::UdpSocket| io.send(buf);
        self.socket.poll_io(cx, Direction::Write, send)
    }

    /// As [`send`](UdpSocket::send), if there is room now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise as [`send`](UdpSocket::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Write, |io| io.send(buf))
    }

    /// Sends a datagram to an address; to the first, if a name has several. Says how long it was:
    /// all of `buf`.
    ///
    /// tokio: `UdpSocket::send_to`. asyncio: `loop.sock_sendto`.
    ///
    /// # Errors
    ///
    /// What the system answers; `InvalidInput` if there is no address.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing was sent before it is ready.
    #[track_caller]
    pub fn send_to<A: ToSocketAddrs>(
        &self,
        buf: &[u8],
        addr: A,
    ) -> impl Future<Output = io::Result<usize>> {
        let addresses = lookup_host(addr);
        let wait = Wait::new(&self.socket, Direction::Write, ROOM);
        async move {
            let target = addresses.await?.next().ok_or_else(no_address)?;
            wait.io(|io| io.send_to(buf, target)).await
        }
    }

    /// As [`send_to`](UdpSocket::send_to), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`send_to`](UdpSocket::send_to).
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let send = |io: &mio::net::UdpSocket| io.send_to(buf, target);
        self.socket.poll_io(cx, Direction::Write, send)
    }

    /// As [`send_to`](UdpSocket::send_to), if there is room now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise as [`send_to`](UdpSocket::send_to).
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        let send = |io: &mio::net::UdpSocket| io.send_to(buf, target);
        self.socket.try_io(Direction::Write, send)
    }

    /// As [`writable`](UdpSocket::writable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_write_ready(cx)
    }
}
