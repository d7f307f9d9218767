//! The pipes to and from a child.

use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::process::{self, Stdio};
use std::task::{Context, Poll, ready};

use mainspring_reactor::Direction;
use mio::event::Source;
use mio::unix::pipe::{Receiver, Sender};

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::Registered;
use crate::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The writing end of a child's standard input. The child reads the end of it when this is dropped.
///
/// A paused clock stands still while somebody waits for room in it.
///
/// tokio: `process::ChildStdin`. asyncio: `Process.stdin`.
#[derive(Debug)]
pub struct ChildStdin(Registered<Sender>);

/// The reading end of a child's standard output.
///
/// A paused clock stands still while somebody waits for what the child writes.
///
/// tokio: `process::ChildStdout`. asyncio: `Process.stdout`.
#[derive(Debug)]
pub struct ChildStdout(Registered<Receiver>);

/// The reading end of a child's standard error.
///
/// A paused clock stands still while somebody waits for what the child writes.
///
/// tokio: `process::ChildStderr`. asyncio: `Process.stderr`.
#[derive(Debug)]
pub struct ChildStderr(Registered<Receiver>);

#[track_caller]
fn register<P: Source>(pipe: P) -> io::Result<Registered<P>> {
    let engine = context::expect("a child's pipe");
    let pipe = Registered::new(&engine, pipe, Location::caller())?;
    // Whoever is at the other end takes real time.
    pipe.set_wire(Wire::Stranger);
    Ok(pipe)
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        (self.0).poll_io(cx, Direction::Write, |mut pipe| pipe.write(buf))
    }

    /// Nothing is kept here: what was written is the system's.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Does nothing, as tokio's: a pipe ends when it is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (self.0).poll_io(cx, Direction::Write, |mut pipe| pipe.write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.0.release(Direction::Write);
    }
}

macro_rules! readers {
    ($($pipe:ident)*) => {$(
        impl AsyncRead for $pipe {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                if buf.remaining() == 0 {
                    return Poll::Ready(Ok(()));
                }
                let read = |mut pipe: &Receiver| pipe.read(buf.initialize_unfilled());
                let count = ready!(self.0.poll_io(cx, Direction::Read, read))?;
                buf.advance(count);
                Poll::Ready(Ok(()))
            }

            fn abandon_read(self: Pin<&mut Self>) {
                self.0.release(Direction::Read);
            }
        }
    )*};
}

macro_rules! pipes {
    ($($pipe:ident is $end:ident;)*) => {$(
        impl $pipe {
            /// Takes over a pipe of std's, and sets it to not block.
            ///
            /// # Errors
            ///
            /// What the system answers.
            ///
            /// # Panics
            ///
            /// Outside of a runtime.
            #[track_caller]
            pub fn from_std(inner: process::$pipe) -> io::Result<Self> {
                let pipe = $end::from(inner);
                pipe.set_nonblocking(true)?;
                Ok(Self(register(pipe)?))
            }

            /// Gives the pipe up, set to block again.
            ///
            /// # Errors
            ///
            /// What the system answers.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                let pipe = self.0.into_inner();
                pipe.set_nonblocking(false)?;
                Ok(pipe.into())
            }
        }

        impl AsFd for $pipe {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.io().as_fd()
            }
        }

        impl AsRawFd for $pipe {
            fn as_raw_fd(&self) -> RawFd {
                self.0.io().as_raw_fd()
            }
        }

        /// One child's pipe becomes another's standard stream, set to block as programs expect.
        impl TryFrom<$pipe> for Stdio {
            type Error = io::Error;

            fn try_from(pipe: $pipe) -> io::Result<Stdio> {
                pipe.into_owned_fd().map(Stdio::from)
            }
        }
    )*};
}

readers! { ChildStdout ChildStderr }

pipes! {
    ChildStdin is Sender;
    ChildStdout is Receiver;
    ChildStderr is Receiver;
}
