//! `TcpSocket`: a socket before it is a stream or a listener, to be set up.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, RawFd};
use std::panic::Location;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::engine::context;
use crate::io::registered::Registered;
use crate::net::tcp::connect::Connect;
use crate::net::tcp::listener::TcpListener;

/// A TCP socket that is neither connected nor listens: for what must be set before it does.
///
/// tokio: `net::TcpSocket`. asyncio: a `socket` that is given to `create_server` or
/// `create_connection`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::net::TcpSocket;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(1024)?;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_nodelay(true)?;
/// let stream = socket.connect(listener.local_addr()?).await?;
/// assert!(stream.nodelay()?);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpSocket {
    socket: Socket,
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    ///
    /// What the system answers, mostly that there are too many open files.
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV4)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    ///
    /// What the system answers: mostly that there are too many open files, or no IPv6.
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV6)
    }

    fn new(domain: Domain) -> io::Result<TcpSocket> {
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        Ok(TcpSocket { socket })
    }

    /// Takes over a socket of std's, which is not connected: it was made and set up by something
    /// else that knows more options. It is set to not block before it connects or listens.
    pub fn from_std_stream(stream: std::net::TcpStream) -> TcpSocket {
        TcpSocket {
            socket: stream.into(),
        }
    }

    /// Takes an address at this end. Port 0 lets the system choose one.
    ///
    /// # Errors
    ///
    /// What the system answers, mostly that the address is in use.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        self.socket.bind(&address.into())
    }

    /// Connects to an address.
    ///
    /// There is no limit of time but the system's (minutes):
    /// [`timeout`](crate::time::timeout) sets one.
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when polled.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the socket, and what was set on it, goes with the future.
    #[track_caller]
    pub fn connect(self, address: SocketAddr) -> Connect {
        Connect::prepared(self.socket, address)
    }

    /// Waits for connections from now on: at most `backlog` of them stand in line to be accepted
    /// (and no more than the system's `somaxconn`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let engine = context::expect("`TcpSocket::listen`");
        self.socket.set_nonblocking(true)?;
        self.socket.listen(backlog.try_into().unwrap_or(i32::MAX))?;
        let io = mio::net::TcpListener::from_std(self.socket.into());
        TcpListener::new(Registered::new(&engine, io, Location::caller())?)
    }

    /// The address at this end; port 0 before [`bind`](TcpSocket::bind).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = self.socket.local_addr()?.as_socket();
        address.ok_or_else(|| io::Error::other("the socket's address is none of IPv4 or IPv6"))
    }

    /// The error that came for this socket outside of any call, if one did; it is gone then.
    ///
    /// # Errors
    ///
    /// What the system answers to the question itself.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }
}

// Options, each as the system has it.
impl TcpSocket {
    /// Whether a silent peer is asked now and then if it is still there (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn keepalive(&self) -> io::Result<bool> {
        self.socket.keepalive()
    }

    /// Asks a silent peer now and then if it is still there (`SO_KEEPALIVE`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_keepalive(&self, value: bool) -> io::Result<()> {
        self.socket.set_keepalive(value)
    }

    /// Whether an address may be taken that was in use a moment ago (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn reuseaddr(&self) -> io::Result<bool> {
        self.socket.reuse_address()
    }

    /// Lets an address be taken that was in use a moment ago (`SO_REUSEADDR`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_reuseaddr(&self, value: bool) -> io::Result<()> {
        self.socket.set_reuse_address(value)
    }

    /// Whether several sockets may have one address, so that the system shares connections out
    /// between them (`SO_REUSEPORT`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn reuseport(&self) -> io::Result<bool> {
        self.socket.reuse_port()
    }

    /// Lets several sockets have one address, so that the system shares connections out between
    /// them (`SO_REUSEPORT`). All of them must have said so.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_reuseport(&self, value: bool) -> io::Result<()> {
        self.socket.set_reuse_port(value)
    }

    /// How many bytes the system keeps that were written and not yet received (`SO_SNDBUF`). Linux
    /// says twice what was set: half of it is for its own books.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        Ok(self.socket.send_buffer_size()? as u32)
    }

    /// Sets how many bytes the system keeps that were written and not yet received (`SO_SNDBUF`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_send_buffer_size(&self, value: u32) -> io::Result<()> {
        self.socket.set_send_buffer_size(value as usize)
    }

    /// How many bytes the system keeps that were received and not yet read (`SO_RCVBUF`). Linux
    /// says twice what was set: half of it is for its own books.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        Ok(self.socket.recv_buffer_size()? as u32)
    }

    /// Sets how many bytes the system keeps that were received and not yet read (`SO_RCVBUF`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_recv_buffer_size(&self, value: u32) -> io::Result<()> {
        self.socket.set_recv_buffer_size(value as usize)
    }

    /// How long closing the socket waits until what was written has been received (`SO_LINGER`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.socket.linger()
    }

    /// Sets how long closing the socket waits until what was written has been received
    /// (`SO_LINGER`), and with it the whole loop.
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[deprecated = "closing the socket would block the loop; see `set_zero_linger`"]
    pub fn set_linger(&self, value: Option<Duration>) -> io::Result<()> {
        self.socket.set_linger(value)
    }

    /// Lets closing the socket reset the connection: what was not received yet is lost, and the
    /// other side reads an error.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.socket.set_linger(Some(Duration::ZERO))
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.socket.tcp_nodelay()
    }

    /// Sends small writes at once (`true`), or lets them wait a moment for more (`TCP_NODELAY`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_nodelay(&self, value: bool) -> io::Result<()> {
        self.socket.set_tcp_nodelay(value)
    }

    /// The type of service that packets of IPv4 bear (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn tos_v4(&self) -> io::Result<u32> {
        self.socket.tos_v4()
    }

    /// Sets the type of service that packets of IPv4 bear (`IP_TOS`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_tos_v4(&self, value: u32) -> io::Result<()> {
        self.socket.set_tos_v4(value)
    }

    /// The older name of [`tos_v4`](TcpSocket::tos_v4).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[deprecated = "it is called `tos_v4` now"]
    #[doc(hidden)]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// The older name of [`set_tos_v4`](TcpSocket::set_tos_v4).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[deprecated = "it is called `set_tos_v4` now"]
    #[doc(hidden)]
    pub fn set_tos(&self, value: u32) -> io::Result<()> {
        self.set_tos_v4(value)
    }

    /// The traffic class that packets of IPv6 bear (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn tclass_v6(&self) -> io::Result<u32> {
        self.socket.tclass_v6()
    }

    /// Sets the traffic class that packets of IPv6 bear (`IPV6_TCLASS`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_tclass_v6(&self, value: u32) -> io::Result<()> {
        self.socket.set_tclass_v6(value)
    }

    /// The network interface that it is bound to, if it is to one (`SO_BINDTODEVICE`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        self.socket.device()
    }

    /// Binds it to a network interface (`"eth0"`), or to none again (`SO_BINDTODEVICE`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        self.socket.bind_device(interface)
    }
}

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for TcpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl IntoRawFd for TcpSocket {
    fn into_raw_fd(self) -> RawFd {
        self.socket.into_raw_fd()
    }
}
