//! `Sender`: the end of a pipe that writes.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use mainspring_reactor::Direction;
use mio::unix::pipe;

use crate::io::readiness::{Readiness, WhatIsReady};
use crate::io::registered::Registered;
use crate::io::{AsyncWrite, Interest};
use crate::net::unix::pipe::file::{Side, check, register};

/// The end of a pipe that writes: of [`pipe`](crate::net::unix::pipe::pipe), of a FIFO, of what a
/// child process reads.
///
/// When it is dropped, and no copy of it is left, the other end reads the end of the stream. When
/// the other end is gone, writing is an error (`BrokenPipe`), and no signal.
///
/// While somebody waits to write for a receiver outside this runtime, a paused clock stands still.
///
/// tokio: `net::unix::pipe::Sender`.
#[derive(Debug)]
pub struct Sender {
    pub(crate) socket: Registered<pipe::Sender>,
}

impl Sender {
    /// Takes over a file that is the end of a pipe.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is no pipe, or not open for writing; what the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Sender> {
        check(&file, Side::Writes)?;
        Sender::from_file_unchecked(file)
    }

    /// As [`from_file`](Sender::from_file), of a descriptor.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Sender::from_file).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Sender> {
        Sender::from_file(owned_fd.into())
    }

    /// As [`from_file`](Sender::from_file), and looks at nothing. It is set to not block.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Sender> {
        let socket = register(file, Side::Writes, Location::caller())?;
        Ok(Sender { socket })
    }

    /// As [`from_file_unchecked`](Sender::from_file_unchecked), of a descriptor.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        Sender::from_file_unchecked(owned_fd.into())
    }

    /// Gives the descriptor up, set to block.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        let io = self.socket.into_inner();
        io.set_nonblocking(false)?;
        Ok(io.into())
    }

    /// Gives the descriptor up, still set to not block.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        Ok(self.socket.into_inner().into())
    }

    /// Waits for any of what `interest` says, and tells which of it there is. A hint: what is
    /// tried upon it may still find nothing.
    ///
    /// # Errors
    ///
    /// If the runtime the pipe was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is written.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        self.socket.ready(interest)
    }

    /// Waits until there is room to write, or nobody who reads.
    ///
    /// # Errors
    ///
    /// If the runtime the pipe was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is written.
    #[track_caller]
    pub fn writable(&self) -> Readiness<'_> {
        self.socket.writable()
    }

    /// As [`writable`](Sender::writable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the pipe was made in has ended.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_write_ready(cx)
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
        let write = |mut io: &pipe::Sender| io.write_vectored(buf);
        self.socket.try_io(Direction::Write, write)
    }

    /// Tries an operation of one's own on the pipe, once, if it was told that there is room. If
    /// the operation would have blocked, that readiness is used up.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it was not told; otherwise what the operation answers.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.socket.try_told(Interest::WRITABLE, f)
    }
}

impl AsyncWrite for Sender {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &pipe::Sender| io.write(buf);
        self.socket.poll_io(cx, Direction::Write, write)
    }

    /// Nothing is kept here: what was written is the system's.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing: a pipe ends when this end is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = |mut io: &pipe::Sender| io.write_vectored(bufs);
        self.socket.poll_io(cx, Direction::Write, write)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.socket.release(Direction::Write);
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}
