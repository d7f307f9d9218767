//! Looking at the datagram that comes next, and leaving it to be received.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use mainspring_reactor::Direction;
use socket2::SockRef;

use crate::io::ReadBuf;
use crate::io::registered::Wait;
use crate::net::udp::socket::UdpSocket;

/// What a task waits for that looks.
const DATAGRAM: &str = "a datagram to look at";

impl UdpSocket {
    /// Copies the beginning of the next datagram, and leaves it to be received. Says how many
    /// bytes are in `buf`.
    ///
    /// tokio: `UdpSocket::peek`.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is received in any case.
    #[track_caller]
    pub fn peek(&self, buf: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        Wait::new(&self.socket, Direction::Read, DATAGRAM).io(|io| io.peek(buf))
    }

    /// As [`peek`](UdpSocket::peek), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let peek = |io: &mio::net::UdpSocket| io.peek(buf.initialize_unfilled());
        let count = ready!(self.socket.poll_io(cx, Direction::Read, peek))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }

    /// As [`peek`](UdpSocket::peek), if a datagram is there now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if none is; otherwise what the system answers.
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Read, |io| io.peek(buf))
    }

    /// As [`peek`](UdpSocket::peek), and says who sent it.
    ///
    /// tokio: `UdpSocket::peek_from`.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is received in any case.
    #[track_caller]
    pub fn peek_from(
        &self,
        buf: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> {
        Wait::new(&self.socket, Direction::Read, DATAGRAM).io(|io| io.peek_from(buf))
    }

    /// As [`peek_from`](UdpSocket::peek_from), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let peek = |io: &mio::net::UdpSocket| io.peek_from(buf.initialize_unfilled());
        let (count, from) = ready!(self.socket.poll_io(cx, Direction::Read, peek))?;
        buf.advance(count);
        Poll::Ready(Ok(from))
    }

    /// As [`peek_from`](UdpSocket::peek_from), if a datagram is there now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if none is; otherwise what the system answers.
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket.try_io(Direction::Read, |io| io.peek_from(buf))
    }

    /// Who sent the next datagram, which stays.
    ///
    /// tokio: `UdpSocket::peek_sender`.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is received in any case.
    #[track_caller]
    pub fn peek_sender(&self) -> impl Future<Output = io::Result<SocketAddr>> {
        Wait::new(&self.socket, Direction::Read, DATAGRAM).io(sender)
    }

    /// As [`peek_sender`](UdpSocket::peek_sender), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.socket.poll_io(cx, Direction::Read, sender)
    }

    /// As [`peek_sender`](UdpSocket::peek_sender), if a datagram is there now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if none is; otherwise what the system answers.
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.socket.try_io(Direction::Read, sender)
    }
}

fn sender(io: &mio::net::UdpSocket) -> io::Result<SocketAddr> {
    let sender = SockRef::from(io).peek_sender()?.as_socket();
    sender.ok_or_else(|| io::Error::other("the system does not say who sent the datagram"))
}
