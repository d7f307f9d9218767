//! `UnixSocket`: one that is bound before it is known what becomes of it.

use std::future::Future;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::panic::Location;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use crate::net::unix::connect::connected;
use crate::net::unix::datagram::socket::UnixDatagram;
use crate::net::unix::listener::UnixListener;
use crate::net::unix::stream::UnixStream;

/// A Unix socket that is not yet a listener, a stream or a datagram socket: for those who bind a
/// stream before they connect it, or choose how long a listener's line is.
///
/// tokio: `net::UnixSocket`.
///
/// ```
/// # mainspring::run(async {
/// # let path = std::env::temp_dir().join(format!("mainspring-doc-{}", std::process::id()));
/// use mainspring::net::UnixSocket;
///
/// let socket = UnixSocket::new_stream()?;
/// socket.bind(&path)?;
/// let listener = socket.listen(16)?;
/// let client = UnixSocket::new_stream()?.connect(&path).await?;
/// # std::fs::remove_file(&path)?;
/// # drop((listener, client));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct UnixSocket {
    inner: Socket,
}

impl UnixSocket {
    /// A socket for datagrams.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn new_datagram() -> io::Result<UnixSocket> {
        UnixSocket::new(Type::DGRAM)
    }

    /// A socket for a listener or a stream.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn new_stream() -> io::Result<UnixSocket> {
        UnixSocket::new(Type::STREAM)
    }

    fn new(kind: Type) -> io::Result<UnixSocket> {
        let inner = Socket::new(Domain::UNIX, kind, None)?;
        inner.set_nonblocking(true)?;
        Ok(UnixSocket { inner })
    }

    /// Makes a file for it, which must not be there. On Linux a path that begins with a zero byte
    /// is an abstract name, and no file is made.
    ///
    /// # Errors
    ///
    /// What the system answers: `AddrInUse` if there is such a file.
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.bind(&SockAddr::unix(path)?)
    }

    /// Listens. At most `backlog` connections wait in line to be accepted.
    ///
    /// # Errors
    ///
    /// What the system answers; if it is a socket for datagrams.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.expect(Type::STREAM, "a socket for datagrams does not listen")?;
        UnixListener::new("`UnixSocket::listen`", || {
            let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
            self.inner.listen(backlog)?;
            Ok(mio::net::UnixListener::from(OwnedFd::from(self.inner)))
        })
    }

    /// Connects to the listener whose socket has this path.
    ///
    /// # Errors
    ///
    /// As [`UnixStream::connect`]; if it is a socket for datagrams.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when polled.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the socket goes with the call, and its name with it.
    #[track_caller]
    pub fn connect(self, path: impl AsRef<Path>) -> impl Future<Output = io::Result<UnixStream>> {
        let place = Location::caller();
        async move {
            let told = "a socket for datagrams becomes no stream: see `datagram`";
            self.expect(Type::STREAM, told)?;
            self.inner.connect(&SockAddr::unix(path)?)?;
            let io = mio::net::UnixStream::from(OwnedFd::from(self.inner));
            connected(io, place).await
        }
    }

    /// A datagram socket of it.
    ///
    /// # Errors
    ///
    /// What the system answers; if it is a socket for streams.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.expect(Type::DGRAM, "a socket for streams has no datagrams")?;
        UnixDatagram::new("`UnixSocket::datagram`", || {
            Ok(mio::net::UnixDatagram::from(OwnedFd::from(self.inner)))
        })
    }

    fn expect(&self, kind: Type, told: &'static str) -> io::Result<()> {
        match self.inner.r#type()? == kind {
            true => Ok(()),
            false => Err(io::Error::other(told)),
        }
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }
}

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.inner.as_raw_fd()
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.inner.into_raw_fd()
    }
}
