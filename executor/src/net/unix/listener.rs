//! `UnixListener`: where connections from this machine come in.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net;
use std::panic::Location;
use std::path::Path;
use std::process;
use std::task::{Context, Poll, ready};

use mainspring_reactor::Direction;

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::{Registered, Wait};
use crate::net::line::Line;
use crate::net::unix::address::SocketAddr;
use crate::net::unix::credentials::UCred;
use crate::net::unix::stream::UnixStream;

/// A Unix socket that waits for connections.
///
/// Several tasks may wait in [`accept`](UnixListener::accept) at once. The file it made stays
/// when it is dropped: whoever binds anew removes it before.
///
/// A paused clock does not stand still for `accept`: servers accept for ever.
///
/// tokio: `net::UnixListener`. asyncio: `start_unix_server`.
///
/// ```no_run
/// # mainspring::run(async {
/// use mainspring::io::AsyncWriteExt;
/// use mainspring::net::UnixListener;
///
/// let listener = UnixListener::bind("/tmp/clock.sock")?;
/// loop {
///     let (mut stream, _address) = listener.accept().await?;
///     mainspring::spawn(async move { stream.write_all(b"tick").await });
/// }
/// # #[allow(unreachable_code)]
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct UnixListener {
    socket: Registered<mio::net::UnixListener>,
    line: Line,
    /// By which those who connect know it.
    name: Box<[u8]>,
}

impl UnixListener {
    /// Makes a file for a socket, which must not be there, and listens. On Linux a path that
    /// begins with a zero byte is an abstract name, and no file is made.
    ///
    /// tokio: `UnixListener::bind`.
    ///
    /// # Errors
    ///
    /// What the system answers: `AddrInUse` if there is such a file.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        UnixListener::bind_addr(&SocketAddr::of(path.as_ref())?)
    }

    /// As [`bind`](UnixListener::bind), for an address.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::new("`UnixListener::bind`", || {
            mio::net::UnixListener::bind_addr(&socket_addr.0)
        })
    }

    /// Takes over a listener of std's, and sets it to not block.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<UnixListener> {
        UnixListener::new("`UnixListener::from_std`", || {
            listener.set_nonblocking(true)?;
            Ok(mio::net::UnixListener::from_std(listener))
        })
    }

    #[track_caller]
    pub(crate) fn new(
        call: &'static str,
        open: impl FnOnce() -> io::Result<mio::net::UnixListener>,
    ) -> io::Result<UnixListener> {
        let engine = context::expect(call);
        let socket = Registered::new(&engine, open()?, Location::caller())?;
        let name = socket.io().local_addr().map(SocketAddr)?.bytes();
        let name = name.into_boxed_slice();
        if socket.is_of(&engine) {
            engine.wires.open_door(socket.source().key(), name.clone());
        }
        Ok(UnixListener {
            line: Line::new(&socket),
            socket,
            name,
        })
    }

    /// Gives the listener up to std. It is still set to not block.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        Ok(self.socket.into_inner().into())
    }

    /// Waits for a connection. Says who is at its other end: mostly somebody unnamed.
    ///
    /// # Errors
    ///
    /// What the system answers, mostly that there are too many open files. That is told once: the
    /// connection stays in line, and the next call waits until there are files again, from
    /// wherever they come.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when a connection has come.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: no connection is accepted before the call returns it.
    #[track_caller]
    pub fn accept(&self) -> impl Future<Output = io::Result<(UnixStream, SocketAddr)>> {
        let place = Location::caller();
        let wait = Wait::new(&self.socket, Direction::Read, "a connection to accept");
        async move {
            let accepted = wait.io(|_| self.take()).await?;
            self.register(accepted, place)
        }
    }

    /// As [`accept`](UnixListener::accept), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`accept`](UnixListener::accept).
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let take = |_: &_| self.take();
        let accepted = ready!(self.socket.poll_io(cx, Direction::Read, take))?;
        Poll::Ready(self.register(accepted, Location::caller()))
    }

    fn take(&self) -> io::Result<(mio::net::UnixStream, net::SocketAddr)> {
        self.line.take(&self.socket, || self.socket.io().accept())
    }

    fn register(
        &self,
        (io, there): (mio::net::UnixStream, net::SocketAddr),
        place: &'static Location<'static>,
    ) -> io::Result<(UnixStream, SocketAddr)> {
        let engine = context::expect("`UnixListener::accept`");
        let this_process = process::id().try_into().ok();
        let wire = match UCred::of_peer(&io) {
            Ok(peer) if peer.pid() == this_process => engine.wires.leave(&self.name),
            _ => Wire::Stranger,
        };
        let socket = Registered::new(&engine, io, place)?;
        // Whoever connected mostly has something to say.
        socket.assume(Direction::Read);
        socket.assume(Direction::Write);
        Ok((UnixStream::new(socket, wire), SocketAddr(there)))
    }

    /// The address it listens at.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr().map(SocketAddr)
    }

    /// The error that came for this socket outside of any call, if one did; it is gone then.
    ///
    /// # Errors
    ///
    /// What the system answers to the question itself.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.io().take_error()
    }
}

impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    /// As [`UnixListener::from_std`].
    #[track_caller]
    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        UnixListener::from_std(listener)
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.io().fmt(f)
    }
}
