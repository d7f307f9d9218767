//! `TcpStream`: one connection.

use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BufMut;
use mainspring_reactor::Direction;
use socket2::SockRef;

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::{Registered, Wait};
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::net::readiness::readiness;

/// A TCP connection between here and there.
///
/// Reading and writing are [`AsyncRead`] and [`AsyncWrite`]; the methods one calls are in
/// [`AsyncReadExt`](crate::io::AsyncReadExt) and [`AsyncWriteExt`](crate::io::AsyncWriteExt). It
/// is closed when it is dropped. It may be used on any thread, as long as the runtime it was made
/// in is driven.
///
/// While somebody reads from or writes to a peer outside this runtime, a paused clock stands
/// still: the peer's time is real.
///
/// tokio: `net::TcpStream`. asyncio: the pair that `open_connection` gives.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt};
/// use mainspring::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut here = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut there, _address) = listener.accept().await?;
///
/// here.write_all(b"tick").await?;
/// here.shutdown().await?;
/// let mut text = String::new();
/// there.read_to_string(&mut text).await?;
/// assert_eq!(text, "tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpStream {
    pub(crate) socket: Registered<mio::net::TcpStream>,
}

readiness!(TcpStream);

impl TcpStream {
    /// Takes over a socket of std's, and sets it to not block.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_std(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        let engine = context::expect("`TcpStream::from_std`");
        stream.set_nonblocking(true)?;
        let io = mio::net::TcpStream::from_std(stream);
        let socket = Registered::new(&engine, io, Location::caller())?;
        let io = socket.io();
        Ok(match (io.local_addr(), io.peer_addr()) {
            (Ok(here), Ok(there)) => TcpStream::new(socket, here, there),
            // One that is not connected, or was reset, has no peer to wait for.
            _ => TcpStream { socket },
        })
    }

    /// Gives the socket up to std. It is still set to not block.
    ///
    /// On another thread than its runtime's it works too, but the system goes on telling that
    /// runtime of it in vain, and refuses to register it there again.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_std(self) -> io::Result<std::net::TcpStream> {
        Ok(self.socket.into_inner().into())
    }

    /// A connected socket. From now on a paused clock knows who is at its ends.
    pub(crate) fn new(
        socket: Registered<mio::net::TcpStream>,
        here: SocketAddr,
        there: SocketAddr,
    ) -> Self {
        // One that came to an IPv6 listener by IPv4 has the same address written differently.
        let [here, there] =
            [here, there].map(|at| SocketAddr::new(at.ip().to_canonical(), at.port()));
        socket.set_wire(Wire::Stream { here, there });
        TcpStream { socket }
    }

    /// The address at this end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr()
    }

    /// The address at the other end.
    ///
    /// # Errors
    ///
    /// What the system answers: after a reset, `NotConnected`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr()
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.io().nodelay()
    }

    /// Sends small writes at once (`true`), or lets them wait a moment for more (`false`, as it
    /// is at first).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.socket.io().set_nodelay(nodelay)
    }

    /// Whether what was received is confirmed at once, for now (`TCP_QUICKACK`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn quickack(&self) -> io::Result<bool> {
        SockRef::from(self).tcp_quickack()
    }

    /// Confirms what was received at once, or when there is something to send along. The system
    /// goes back to its own judgement by itself.
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        SockRef::from(self).set_tcp_quickack(quickack)
    }

    /// How long closing the socket waits until what was written has been received (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self).linger()
    }

    /// Sets how long closing the socket waits until what was written has been received, and with
    /// it the whole loop.
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[deprecated = "closing the socket would block the loop; see `set_zero_linger`"]
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        SockRef::from(self).set_linger(linger)
    }

    /// Lets closing the socket reset the connection: what was not received yet is lost, and the
    /// other side reads an error.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        SockRef::from(self).set_linger(Some(Duration::ZERO))
    }

    /// How many routers a packet from here may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.io().ttl()
    }

    /// Sets how many routers a packet from here may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.io().set_ttl(ttl)
    }

    /// The error that came for this socket outside of any call, if one did; it is gone then.
    ///
    /// # Errors
    ///
    /// What the system answers to the question itself.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.io().take_error()
    }

    /// As [`readable`](TcpStream::readable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(cx)
    }

    /// As [`writable`](TcpStream::writable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_write_ready(cx)
    }

    /// Reads what there is now.
    ///
    /// ```
    /// # mainspring::run(async {
    /// # use mainspring::io::AsyncWriteExt;
    /// # use mainspring::net::{TcpListener, TcpStream};
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let mut there = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (stream, _) = listener.accept().await?;
    /// # there.write_all(b"tick").await?;
    /// let mut buf = [0; 64];
    /// let count = loop {
    ///     stream.readable().await?;
    ///     match stream.try_read(&mut buf) {
    ///         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
    ///         result => break result?,
    ///     }
    /// };
    /// assert_eq!(&buf[..count], b"tick");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Read, |mut io| io.read(buf))
    }

    /// Reads what there is now, into several buffers as if they were one.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let read = |mut io: &mio::net::TcpStream| io.read_vectored(bufs);
        self.socket.try_io(Direction::Read, read)
    }

    /// Reads what there is now, and appends it to `buf`.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_buf<B: BufMut + ?Sized>(&self, buf: &mut B) -> io::Result<usize> {
        // By way of a piece of stack: see `AsyncReadExt::read_buf`.
        let mut memory = [0; 8192];
        let room = memory.len().min(buf.chunk_mut().len());
        let count = self.try_read(&mut memory[..room])?;
        buf.put_slice(&memory[..count]);
        Ok(count)
    }

    /// Writes what there is room for now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise what the system answers.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Write, |mut io| io.write(buf))
    }

    /// Writes what there is room for now, out of several pieces of memory, one after the other.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise what the system answers.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let write = |mut io: &mio::net::TcpStream| io.write_vectored(bufs);
        self.socket.try_io(Direction::Write, write)
    }
    /// Waits for something to read, copies it into `buf`, and leaves it to be read. Says how much
    /// that was; zero is the end of the stream.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read in any case.
    #[track_caller]
    pub fn peek<'a, 'b>(&'a self, buf: &'b mut [u8]) -> Peek<'a, 'b> {
        Peek {
            wait: Wait::new(&self.socket, Direction::Read, "bytes to look at"),
            buf,
        }
    }

    /// As [`peek`](TcpStream::peek), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        let peek = |io: &mio::net::TcpStream| io.peek(buf.initialize_unfilled());
        let count = ready!(self.socket.poll_io(cx, Direction::Read, peek))?;
        buf.advance(count);
        Poll::Ready(Ok(count))
    }

    // What the stream and its halves share: none of it needs the stream for itself.

    pub(crate) fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.socket.poll_read(cx, buf, |mut io, room| io.read(room))
    }

    pub(crate) fn poll_write_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.socket
            .poll_io(cx, Direction::Write, |mut io| io.write(buf))
    }

    pub(crate) fn poll_write_vectored_shared(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &mio::net::TcpStream| io.write_vectored(bufs);
        self.socket.poll_io(cx, Direction::Write, write)
    }

    pub(crate) fn shutdown_shared(&self) -> io::Result<()> {
        match self.socket.io().shutdown(Shutdown::Write) {
            // The other side has ended it for both.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    pub(crate) fn release(&self, direction: Direction) {
        self.socket.release(direction);
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_shared(cx, buf)
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.release(Direction::Read);
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_shared(cx, buf)
    }

    /// Nothing is kept here: what was written is the system's.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown_shared())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.release(Direction::Write);
    }
}

/// As [`TcpStream::from_std`].
impl TryFrom<std::net::TcpStream> for TcpStream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(stream: std::net::TcpStream) -> io::Result<TcpStream> {
        TcpStream::from_std(stream)
    }
}

impl AsRef<TcpStream> for TcpStream {
    fn as_ref(&self) -> &TcpStream {
        self
    }
}

impl AsFd for TcpStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for TcpStream {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}

/// The future of [`TcpStream::peek`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Peek<'a, 'b> {
    wait: Wait<'a, mio::net::TcpStream>,
    buf: &'b mut [u8],
}

impl Future for Peek<'_, '_> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.wait.poll_io(cx, |io| io.peek(this.buf))
    }
}
