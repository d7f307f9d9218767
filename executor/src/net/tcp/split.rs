//! `ReadHalf` and `WriteHalf`: a borrowed stream, to be read and written at the same time.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BufMut;
use mainspring_reactor::Direction;

use crate::io::readiness::{Readiness, WhatIsReady};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use crate::net::tcp::stream::{Peek, TcpStream};

impl TcpStream {
    /// Two halves that borrow the stream: one reads while the other writes, in the same task.
    ///
    /// It costs nothing. For halves in different tasks there is
    /// [`into_split`](TcpStream::into_split).
    ///
    /// tokio: the same. asyncio gives a reader and a writer from the first.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        (ReadHalf(self), WriteHalf(self))
    }
}

/// The half of a borrowed [`TcpStream`] that reads, from [`TcpStream::split`].
///
/// tokio: `net::tcp::ReadHalf`.
#[derive(Debug)]
pub struct ReadHalf<'a>(&'a TcpStream);

/// The half of a borrowed [`TcpStream`] that writes, from [`TcpStream::split`].
///
/// tokio: `net::tcp::WriteHalf`.
#[derive(Debug)]
pub struct WriteHalf<'a>(&'a TcpStream);

impl ReadHalf<'_> {
    /// As [`TcpStream::readable`].
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

    /// As [`TcpStream::ready`].
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        self.0.ready(interest)
    }

    /// As [`TcpStream::try_read`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buf)
    }

    /// As [`TcpStream::try_read_vectored`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(bufs)
    }

    /// As [`TcpStream::try_read_buf`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_buf<B: BufMut + ?Sized>(&self, buf: &mut B) -> io::Result<usize> {
        self.0.try_read_buf(buf)
    }

    /// As [`TcpStream::peek`].
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read in any case.
    #[track_caller]
    pub fn peek<'a, 'b>(&'a mut self, buf: &'b mut [u8]) -> Peek<'a, 'b> {
        self.0.peek(buf)
    }

    /// As [`TcpStream::poll_peek`].
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn poll_peek(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_peek(cx, buf)
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
    /// As [`TcpStream::writable`].
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

    /// As [`TcpStream::ready`].
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is written.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        self.0.ready(interest)
    }

    /// As [`TcpStream::try_write`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; otherwise what the system answers.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.0.try_write(buf)
    }

    /// As [`TcpStream::try_write_vectored`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; otherwise what the system answers.
    pub fn try_write_vectored(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(bufs)
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

impl AsRef<TcpStream> for ReadHalf<'_> {
    fn as_ref(&self) -> &TcpStream {
        self.0
    }
}

impl AsRef<TcpStream> for WriteHalf<'_> {
    fn as_ref(&self) -> &TcpStream {
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
