//! `ReadHalf` and `WriteHalf`: a borrowed stream, to be read and written at the same time.

use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BufMut;
use mainspring_reactor::Direction;

use crate::io::readiness::{Readiness, WhatIsReady};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use crate::net::unix::address::SocketAddr;
use crate::net::unix::stream::UnixStream;

impl UnixStream {
    /// Two halves that borrow the stream: one reads while the other writes, in the same task.
    ///
    /// It costs nothing. For halves in different tasks there is
    /// [`into_split`](UnixStream::into_split).
    ///
    /// tokio: the same. asyncio gives a reader and a writer from the first.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(self), WriteHalf(self))
    }
}

/// The half of a borrowed [`UnixStream`] that reads, from [`UnixStream::split`].
///
/// tokio: `net::unix::ReadHalf`.
#[derive(Debug)]
pub struct ReadHalf<'a>(&'a UnixStream);

/// The half of a borrowed [`UnixStream`] that writes, from [`UnixStream::split`].
///
/// tokio: `net::unix::WriteHalf`.
#[derive(Debug)]
pub struct WriteHalf<'a>(&'a UnixStream);

impl ReadHalf<'_> {
    /// As [`UnixStream::ready`].
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read or written.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        self.0.ready(interest)
    }

    /// As [`UnixStream::readable`].
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read.
    #[track_caller]
    pub fn readable(&self) -> Readiness<'_> {
        self.0.readable()
    }

    /// As [`UnixStream::try_read`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }

    /// As [`UnixStream::try_read_vectored`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(bufs)
    }

    /// As [`UnixStream::try_read_buf`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.0.try_read_buf(buf)
    }

    /// The address at this end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The address at the other end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl WriteHalf<'_> {
    /// As [`UnixStream::ready`].
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read or written.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        self.0.ready(interest)
    }

    /// As [`UnixStream::writable`].
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is written.
    #[track_caller]
    pub fn writable(&self) -> Readiness<'_> {
        self.0.writable()
    }

    /// As [`UnixStream::try_write`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; otherwise what the system answers.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    /// As [`UnixStream::try_write_vectored`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; otherwise what the system answers.
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(buf)
    }

    /// The address at this end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The address at the other end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl AsRef<UnixStream> for ReadHalf<'_> {
    fn as_ref(&self) -> &UnixStream {
        self.0
    }
}

impl AsRef<UnixStream> for WriteHalf<'_> {
    fn as_ref(&self) -> &UnixStream {
        self.0
    }
}

impl AsyncRead for ReadHalf<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read_shared(cx, buf)
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.0.release(Direction::Read);
    }
}

impl AsyncWrite for WriteHalf<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_shared(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown_shared())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.0.release(Direction::Write);
    }
}
