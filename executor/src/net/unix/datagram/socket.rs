//! `UnixDatagram`: where datagrams of this machine go out and come in.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::net;
use std::panic::Location;
use std::path::Path;

use mainspring_reactor::Direction;
use socket2::{SockAddr, SockRef};

use crate::engine::context;
use crate::io::registered::Registered;
use crate::net::readiness::readiness;
use crate::net::unix::address::SocketAddr;

/// A Unix socket for datagrams: none gets lost and their order is kept, so who sends waits while
/// the receiver's line is full.
///
/// All its methods take `&self`, so several tasks may share it in an `Arc` or an `Rc`, and wait at
/// once, each for a datagram of its own. It may be used and dropped on any thread. A datagram that
/// is longer than the memory it is received into is cut short, and the rest of it is gone.
///
/// The file it made stays when it is dropped. On Linux a path that begins with a zero byte is an
/// abstract name, and no file is made.
///
/// A paused clock does not stand still for a datagram: anybody may send one, or nobody. What was
/// sent in this program is there before the clock jumps.
///
/// tokio: `net::UnixDatagram`. asyncio: `loop.sock_sendto` and its like.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::net::UnixDatagram;
///
/// let (here, there) = UnixDatagram::pair()?;
/// here.send(b"tick").await?;
/// here.send(b"tock").await?;
/// let mut buf = [0; 16];
/// assert_eq!(there.recv(&mut buf).await?, 4);
/// assert_eq!(&buf[..4], b"tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct UnixDatagram {
    pub(crate) socket: Registered<mio::net::UnixDatagram>,
}

readiness!(UnixDatagram);

impl UnixDatagram {
    /// Makes a file for a socket, which must not be there: others send to it.
    ///
    /// # Errors
    ///
    /// What the system answers: `AddrInUse` if there is such a file.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixDatagram> {
        UnixDatagram::new("`UnixDatagram::bind`", || {
            let address = SocketAddr::of(path.as_ref())?;
            mio::net::UnixDatagram::bind_addr(&address.0)
        })
    }

    /// Two sockets that are connected to each other, without names.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let call = "`UnixDatagram::pair`";
        context::expect(call);
        let (here, there) = mio::net::UnixDatagram::pair()?;
        let here = UnixDatagram::new(call, || Ok(here))?;
        let there = UnixDatagram::new(call, || Ok(there))?;
        here.socket.assume(Direction::Write);
        there.socket.assume(Direction::Write);
        Ok((here, there))
    }

    /// A socket without a name: it sends, and nobody can answer.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        UnixDatagram::new("`UnixDatagram::unbound`", mio::net::UnixDatagram::unbound)
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
    pub fn from_std(datagram: net::UnixDatagram) -> io::Result<UnixDatagram> {
        UnixDatagram::new("`UnixDatagram::from_std`", || {
            datagram.set_nonblocking(true)?;
            Ok(mio::net::UnixDatagram::from_std(datagram))
        })
    }

    #[track_caller]
    pub(crate) fn new(
        call: &'static str,
        open: impl FnOnce() -> io::Result<mio::net::UnixDatagram>,
    ) -> io::Result<UnixDatagram> {
        let engine = context::expect(call);
        let socket = Registered::new(&engine, open()?, Location::caller())?;
        Ok(UnixDatagram { socket })
    }

    /// Gives the socket up to std. It is still set to not block.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        Ok(self.socket.into_inner().into())
    }

    /// From now on sends to the socket of this name and receives from it alone.
    ///
    /// # Errors
    ///
    /// What the system answers: that there is no such file, or no socket at it.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        SockRef::from(self).connect(&SockAddr::unix(path)?)
    }

    /// The address of this socket.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr().map(SocketAddr)
    }

    /// The address it is connected to.
    ///
    /// # Errors
    ///
    /// `NotConnected` if it is not; otherwise what the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr().map(SocketAddr)
    }

    /// The error that came for this socket outside of any call, if one did; it is gone then.
    ///
    /// # Errors
    ///
    /// What the system answers to the question itself.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.io().take_error()
    }

    /// Ends sending, receiving, or both. Whoever is connected to it is told when he sends. A receive
    /// that waits goes on waiting: the system has no word for the end of datagrams.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.io().shutdown(how)
    }
}

impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    /// As [`UnixDatagram::from_std`].
    #[track_caller]
    fn try_from(datagram: net::UnixDatagram) -> io::Result<Self> {
        UnixDatagram::from_std(datagram)
    }
}

impl AsFd for UnixDatagram {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for UnixDatagram {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.io().fmt(f)
    }
}
