//! `Receiver`: the end of a pipe that reads.

use std::fs::File;
use std::io::{self, IoSliceMut, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use mainspring_reactor::Direction;
use mio::unix::pipe;

use crate::io::readiness::{Readiness, WhatIsReady};
use crate::io::registered::Registered;
use crate::io::{AsyncRead, Interest, ReadBuf};
use crate::net::operation::receive_into;
use crate::net::unix::pipe::file::{Side, check, register};

/// The end of a pipe that reads: of [`pipe`](crate::net::unix::pipe::pipe), of a FIFO, of what a
/// child process writes.
///
/// It reads the end of the stream when all that write are gone.
///
/// While somebody waits for what a sender outside this runtime writes, a paused clock stands still.
///
/// tokio: `net::unix::pipe::Receiver`.
#[derive(Debug)]
pub struct Receiver {
    socket: Registered<pipe::Receiver>,
}

impl Receiver {
    /// Takes over a file that is the end of a pipe.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is no pipe, or not open for reading; what the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Receiver> {
        check(&file, Side::Reads)?;
        Receiver::from_file_unchecked(file)
    }

    /// As [`from_file`](Receiver::from_file), of a descriptor.
    ///
    /// # Errors
    ///
    /// As [`from_file`](Receiver::from_file).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::from_file(owned_fd.into())
    }

    /// As [`from_file`](Receiver::from_file), and looks at nothing. It is set to not block.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Receiver> {
        let socket = register(file, Side::Reads, Location::caller())?;
        Ok(Receiver { socket })
    }

    /// As [`from_file_unchecked`](Receiver::from_file_unchecked), of a descriptor.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Receiver::from_file_unchecked(owned_fd.into())
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
    /// **Strict**: nothing is read.
    #[track_caller]
    pub fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        self.socket.ready(interest)
    }

    /// Waits until there is something to read, or nobody who writes.
    ///
    /// # Errors
    ///
    /// If the runtime the pipe was made in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is read.
    #[track_caller]
    pub fn readable(&self) -> Readiness<'_> {
        self.socket.readable()
    }

    /// As [`readable`](Receiver::readable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the pipe was made in has ended.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(cx)
    }

    /// Reads what there is now. Zero is the end: nobody writes.
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
        let read = |mut io: &pipe::Receiver| io.read_vectored(bufs);
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

    /// Tries an operation of one's own on the pipe, once, if it was told that there is something. If
    /// the operation would have blocked, that readiness is used up.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it was not told; otherwise what the operation answers.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.socket.try_told(Interest::READABLE, f)
    }
}

impl AsyncRead for Receiver {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let read = |mut io: &pipe::Receiver| io.read(buf.initialize_unfilled());
        let count = ready!(self.socket.poll_io(cx, Direction::Read, read))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.socket.release(Direction::Read);
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}
