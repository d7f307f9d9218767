//! `OwnedReadHalf` and `OwnedWriteHalf`: a stream that two tasks share.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BufMut;
use mainspring_reactor::Direction;

use crate::io::readiness::{Readiness, WhatIsReady};
use crate::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use crate::net::unix::address::SocketAddr;
use crate::net::unix::stream::UnixStream;

impl UnixStream {
    /// Two halves that own the stream together: each may go to a task of its own.
    ///
    /// To drop the half that writes ends the stream in that direction. The socket is closed when
    /// both are gone.
    ///
    /// tokio: the same. asyncio gives a reader and a writer from the first.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let stream = Arc::new(self);
        let write_half = OwnedWriteHalf {
            stream: stream.clone(),
            ends_stream: true,
        };
        (OwnedReadHalf { stream }, write_half)
    }
}

/// The half of a [`UnixStream`] that reads, from [`UnixStream::into_split`].
///
/// tokio: `net::unix::OwnedReadHalf`.
#[derive(Debug)]
pub struct OwnedReadHalf {
    stream: Arc<UnixStream>,
}

/// The half of a [`UnixStream`] that writes, from [`UnixStream::into_split`].
///
/// When it is dropped, the other side reads the end of the stream; see
/// [`forget`](OwnedWriteHalf::forget).
///
/// tokio: `net::unix::OwnedWriteHalf`.
#[derive(Debug)]
pub struct OwnedWriteHalf {
    stream: Arc<UnixStream>,
    ends_stream: bool,
}

/// The two halves are not of one stream: here they are again.
///
/// tokio: `net::unix::ReuniteError`.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of one stream")
    }
}

impl Error for ReuniteError {}

impl OwnedReadHalf {
    /// Makes one stream of both halves again.
    ///
    /// # Errors
    ///
    /// If they are not of one stream.
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        if !Arc::ptr_eq(&self.stream, &other.stream) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        let stream = Arc::into_inner(self.stream);
        Ok(stream.expect("a stream has two halves, and both are here"))
    }

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
        self.stream.ready(interest)
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
        self.stream.readable()
    }

    /// As [`UnixStream::try_read`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buf)
    }

    /// As [`UnixStream::try_read_vectored`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_vectored(&self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.stream.try_read_vectored(bufs)
    }

    /// As [`UnixStream::try_read_buf`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is nothing; otherwise what the system answers.
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        self.stream.try_read_buf(buf)
    }

    /// The address at this end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// The address at the other end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl OwnedWriteHalf {
    /// Makes one stream of both halves again.
    ///
    /// # Errors
    ///
    /// If they are not of one stream.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        other.reunite(self)
    }

    /// Drops this half without ending the stream: that happens when the other is dropped.
    pub fn forget(mut self) {
        self.ends_stream = false;
    }

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
        self.stream.ready(interest)
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
        self.stream.writable()
    }

    /// As [`UnixStream::try_write`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; otherwise what the system answers.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.stream.try_write(buf)
    }

    /// As [`UnixStream::try_write_vectored`].
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is no room; otherwise what the system answers.
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(buf)
    }

    /// The address at this end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// The address at the other end.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.ends_stream {
            // The other side may have ended it before; then there is nobody left to tell.
            let _ = self.stream.shutdown_shared();
        }
    }
}

impl AsRef<UnixStream> for OwnedReadHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.stream
    }
}

impl AsRef<UnixStream> for OwnedWriteHalf {
    fn as_ref(&self) -> &UnixStream {
        &self.stream
    }
}

impl AsyncRead for OwnedReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.poll_read_shared(cx, buf)
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.stream.release(Direction::Read);
    }
}

impl AsyncWrite for OwnedWriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.poll_write_shared(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// After it there is nothing left to end when this half is dropped.
    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.stream.shutdown_shared();
        self.ends_stream &= ended.is_err();
        Poll::Ready(ended)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.poll_write_vectored_shared(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.stream.release(Direction::Write);
    }
}
