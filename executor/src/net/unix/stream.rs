//! `UnixStream`: one connection within this machine.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use mainspring_reactor::Direction;

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::Registered;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};
use crate::net::operation::receive_into;
use crate::net::readiness::readiness;
use crate::net::unix::address::SocketAddr;
use crate::net::unix::credentials::UCred;

/// A connection between two programs on one machine, or between two places in one program.
///
/// Reading and writing are [`AsyncRead`] and [`AsyncWrite`]; the methods one calls are in
/// [`AsyncReadExt`](crate::io::AsyncReadExt) and [`AsyncWriteExt`](crate::io::AsyncWriteExt). It
/// is closed when it is dropped. It may be used on any thread, as long as the runtime it was made
/// in is driven.
///
/// While somebody reads from or writes to a peer outside this runtime, a paused clock stands
/// still: the peer's time is real. The peer counts as outside if it came from std by
/// [`from_std`](UnixStream::from_std).
///
/// tokio: `net::UnixStream`. asyncio: the pair that `open_unix_connection` gives.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt};
/// use mainspring::net::UnixStream;
///
/// let (mut here, mut there) = UnixStream::pair()?;
/// here.write_all(b"tick").await?;
/// here.shutdown().await?;
/// let mut text = String::new();
/// there.read_to_string(&mut text).await?;
/// assert_eq!(text, "tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct UnixStream {
    pub(crate) socket: Registered<mio::net::UnixStream>,
}

readiness!(UnixStream);

impl UnixStream {
    /// Two ends of a new connection, without names.
    ///
    /// tokio: `UnixStream::pair`. asyncio takes what `socket.socketpair` gives.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let engine = context::expect("`UnixStream::pair`");
        let place = Location::caller();
        let (here, there) = mio::net::UnixStream::pair()?;
        let here = Registered::new(&engine, here, place)?;
        let there = Registered::new(&engine, there, place)?;
        here.assume(Direction::Write);
        there.assume(Direction::Write);
        let [first, second] = engine.wires.pair();
        Ok((UnixStream::new(here, first), UnixStream::new(there, second)))
    }

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
    pub fn from_std(stream: net::UnixStream) -> io::Result<UnixStream> {
        let engine = context::expect("`UnixStream::from_std`");
        stream.set_nonblocking(true)?;
        let io = mio::net::UnixStream::from_std(stream);
        let socket = Registered::new(&engine, io, Location::caller())?;
        Ok(UnixStream::new(socket, Wire::Stranger))
    }

    /// Gives the socket up to std. It is still set to not block.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        Ok(self.socket.into_inner().into())
    }

    /// A connected socket. From now on a paused clock knows who is at its other end.
    pub(crate) fn new(socket: Registered<mio::net::UnixStream>, wire: Wire) -> Self {
        socket.set_wire(wire);
        UnixStream { socket }
    }

    /// The address at this end: unnamed where it was connected, the listener's where it was
    /// accepted.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr().map(SocketAddr)
    }

    /// The address at the other end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr().map(SocketAddr)
    }

    /// Who is at the other end, as the system knows it.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        UCred::of_peer(self.socket.io())
    }

    /// The error that came for this socket outside of any call, if one did; it is gone then.
    ///
    /// # Errors
    ///
    /// What the system answers to the question itself.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.io().take_error()
    }

    /// As [`readable`](UnixStream::readable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(cx)
    }

    /// As [`writable`](UnixStream::writable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_write_ready(cx)
    }

    /// Reads what there is now. Zero is the end of the stream.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Read, |mut io| io.read(buf))
    }

    /// Reads what there is now into several buffers, one after the other.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let read = |mut io: &mio::net::UnixStream| io.read_vectored(bufs);
        self.socket.try_io(Direction::Read, read)
    }

    /// Reads what there is now, behind what `buf` has already.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        receive_into(buf, |memory| self.try_read(memory))
    }

    /// Writes what there is room for now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise what the system answers.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Write, |mut io| io.write(buf))
    }

    /// Writes what there is room for now, from several buffers as if they were one.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise what the system answers.
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        let write = |mut io: &mio::net::UnixStream| io.write_vectored(buf);
        self.socket.try_io(Direction::Write, write)
    }

    // What the stream and its halves share: none of it needs the stream for itself.

    pub(crate) fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let read = |mut io: &mio::net::UnixStream| io.read(buf.initialize_unfilled());
        let count = ready!(self.socket.poll_io(cx, Direction::Read, read))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }

    pub(crate) fn poll_write_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &mio::net::UnixStream| io.write(buf);
        self.socket.poll_io(cx, Direction::Write, write)
    }

    pub(crate) fn poll_write_vectored_shared(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &mio::net::UnixStream| io.write_vectored(bufs);
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

impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    /// As [`UnixStream::from_std`].
    #[track_caller]
    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        UnixStream::from_std(stream)
    }
}

impl AsyncRead for UnixStream {
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

impl AsyncWrite for UnixStream {
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

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for UnixStream {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.io().fmt(f)
    }
}
