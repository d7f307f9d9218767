//! Receiving datagrams.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use mainspring_reactor::Direction;

use crate::io::ReadBuf;
use crate::io::registered::Wait;
use crate::net::operation::receive_into;
use crate::net::udp::socket::UdpSocket;

/// What a task waits for that receives.
const DATAGRAM: &str = "a datagram";

impl UdpSocket {
    /// Receives a datagram from the peer the socket is [connected](UdpSocket::connect) to, or
    /// from anybody if it is not. Says how many bytes are in `buf`; what has no room there is
    /// lost.
    ///
    /// tokio: `UdpSocket::recv`. asyncio: `loop.sock_recv_into`.
    ///
    /// # Errors
    ///
    /// What the system answers: that nobody was there to receive one sent before.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: no datagram was taken before it is ready.
    #[track_caller]
    pub fn recv(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        Wait::new(&self.socket, Direction::Read, DATAGRAM).io(|io| io.recv(buf))
    }

    /// As [`recv`](UdpSocket::recv), for those who poll by hand. It fills what is unfilled.
    ///
    /// # Errors
    ///
    /// As [`recv`](UdpSocket::recv).
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let receive = |io: &mio::net::UdpSocket| io.recv(buf.initialize_unfilled());
        let count = ready!(self.socket.poll_io(cx, Direction::Read, receive))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }

    /// As [`recv`](UdpSocket::recv), if a datagram is there now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if none is; otherwise as [`recv`](UdpSocket::recv).
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Read, |io| io.recv(buf))
    }

    /// As [`recv`](UdpSocket::recv), behind what `buf` has already. A `Vec` does not grow: what
    /// it has no capacity for is lost.
    ///
    /// # Errors
    ///
    /// As [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// **Strict**: no datagram was taken before it is ready.
    #[track_caller]
    pub fn recv_buf<B: BufMut>(&self, buf: &mut B) -> impl Future<Output = io::Result<usize>> {
        let wait = Wait::new(&self.socket, Direction::Read, DATAGRAM);
        wait.io(|io| receive_into(buf, |memory| io.recv(memory)))
    }

    /// As [`try_recv`](UdpSocket::try_recv), behind what `buf` has already.
    ///
    /// # Errors
    ///
    /// As [`try_recv`](UdpSocket::try_recv).
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let receive = |io: &mio::net::UdpSocket| receive_into(buf, |memory| io.recv(memory));
        self.socket.try_io(Direction::Read, receive)
    }

    /// Receives a datagram. Says how many bytes are in `buf`, and from whom it came; what has no
    /// room there is lost.
    ///
    /// tokio: `UdpSocket::recv_from`. asyncio: `loop.sock_recvfrom_into`.
    ///
    /// # Errors
    ///
    /// As [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// **Strict**: no datagram was taken before it is ready.
    #[track_caller]
    pub fn recv_from(
        &self,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> {
        Wait::new(&self.socket, Direction::Read, DATAGRAM).io(|io| io.recv_from(buf))
    }

    /// As [`recv_from`](UdpSocket::recv_from), for those who poll by hand. It fills what is
    /// unfilled.
    ///
    /// # Errors
    ///
    /// As [`recv`](UdpSocket::recv).
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let receive = |io: &mio::net::UdpSocket| io.recv_from(buf.initialize_unfilled());
        let (count, from) = ready!(self.socket.poll_io(cx, Direction::Read, receive))?;
        buf.advance(count);
        Poll::Ready(Ok(from))
    }

    /// As [`recv_from`](UdpSocket::recv_from), if a datagram is there now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if none is; otherwise as [`recv`](UdpSocket::recv).
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.try_io(Direction::Read, |io| io.recv_from(buf))
    }

    /// As [`recv_from`](UdpSocket::recv_from), behind what `buf` has already. A `Vec` does not
    /// grow: what it has no capacity for is lost.
    ///
    /// # Errors
    ///
    /// As [`recv`](UdpSocket::recv).
    ///
    /// # Cancel safety
    ///
    /// **Strict**: no datagram was taken before it is ready.
    #[track_caller]
    pub fn recv_buf_from<B: BufMut>(
        &self,
        buf: &mut B,
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> {
        let wait = Wait::new(&self.socket, Direction::Read, DATAGRAM);
        wait.io(|io| receive_into(buf, |memory| io.recv_from(memory)))
    }

    /// As [`try_recv_from`](UdpSocket::try_recv_from), behind what `buf` has already.
    ///
    /// # Errors
    ///
    /// As [`try_recv_from`](UdpSocket::try_recv_from).
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let receive = |io: &mio::net::UdpSocket| receive_into(buf, |memory| io.recv_from(memory));
        self.socket.try_io(Direction::Read, receive)
    }

    /// As [`readable`](UdpSocket::readable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(cx)
    }
}
