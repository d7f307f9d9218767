//! Sending datagrams within this machine.

use std::future::Future;
use std::io;
use std::path::Path;
use std::task::{Context, Poll};

use mainspring_reactor::Direction;
use socket2::{SockAddr, SockRef};

use crate::io::registered::Wait;
use crate::net::unix::datagram::socket::UnixDatagram;

/// What a task waits for whose datagram does not go out at once.
const ROOM: &str = "room for a datagram";

impl UnixDatagram {
    /// Sends a datagram to the socket that this one is connected to. Says how long it was: all of
    /// `buf`. It waits while the receiver's line is full.
    ///
    /// # Errors
    ///
    /// What the system answers: that nobody is there any more, that it is too long, or that the
    /// socket is not connected.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing was sent before it is ready.
    #[track_caller]
    pub fn send(&self, buf: &[u8]) -> impl Future<Output = io::Result<usize>> {
        Wait::new(&self.socket, Direction::Write, ROOM).io(|io| io.send(buf))
    }

    /// As [`send`](UnixDatagram::send), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`send`](UnixDatagram::send).
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.socket.poll_io(cx, Direction::Write, |io| io.send(buf))
    }

    /// As [`send`](UnixDatagram::send), if there is room now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise as [`send`](UnixDatagram::send).
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.socket.try_io(Direction::Write, |io| io.send(buf))
    }

    /// Sends a datagram to the socket of this name. Says how long it was: all of `buf`.
    ///
    /// It waits while the receiver's line is full, and goes on when one that this socket sent
    /// has been received: the system tells of no other. [`send`](UnixDatagram::send) on a
    /// connected socket is told of all.
    ///
    /// # Errors
    ///
    /// What the system answers: that there is no such file, or no socket at it.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing was sent before it is ready.
    #[track_caller]
    pub fn send_to<P: AsRef<Path>>(
        &self,
        buf: &[u8],
        target: P,
    ) -> impl Future<Output = io::Result<usize>> {
        let wait = Wait::new(&self.socket, Direction::Write, ROOM);
        wait.io(move |io| send_to(io, buf, target.as_ref()))
    }

    /// As [`send_to`](UnixDatagram::send_to), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`send_to`](UnixDatagram::send_to).
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>> {
        let send = |io: &mio::net::UnixDatagram| send_to(io, buf, target.as_ref());
        self.socket.poll_io(cx, Direction::Write, send)
    }

    /// As [`send_to`](UnixDatagram::send_to), if there is room now.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if there is none; otherwise as [`send_to`](UnixDatagram::send_to).
    pub fn try_send_to<P: AsRef<Path>>(&self, buf: &[u8], target: P) -> io::Result<usize> {
        let send = |io: &mio::net::UnixDatagram| send_to(io, buf, target.as_ref());
        self.socket.try_io(Direction::Write, send)
    }

    /// As [`writable`](UnixDatagram::writable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the socket was made in has ended.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_write_ready(cx)
    }
}

fn send_to(io: &mio::net::UnixDatagram, buf: &[u8], target: &Path) -> io::Result<usize> {
    // Unlike std's call it takes abstract names, too.
    SockRef::from(io).send_to(buf, &SockAddr::unix(target)?)
}
