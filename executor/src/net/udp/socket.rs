//! `UdpSocket`: where datagrams go out and come in.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;

use crate::engine::context;
use crate::io::registered::Registered;
use crate::net::addr::{ToSocketAddrs, first_that_works, lookup_host};
use crate::net::readiness::readiness;

/// A UDP socket: it sends datagrams to anybody and receives them from anybody, or from one peer
/// alone after [`connect`](UdpSocket::connect).
///
/// All its methods take `&self`, so several tasks may share it in an `Arc` or an `Rc`, and wait at
/// once, each for a datagram of its own. It may be used and dropped on any thread.
///
/// Datagrams may get lost, come twice and out of order. One that is longer than the memory it is
/// received into is cut short, and the rest of it is gone.
///
/// A paused clock does not stand still for a datagram, which may never come: when all tasks wait,
/// the timeout around a receive passes at once. What a socket of this program has sent over
/// loopback is there before that.
///
/// tokio: `net::UdpSocket`. asyncio: `loop.create_datagram_endpoint`, and `loop.sock_sendto` with
/// its like.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::net::UdpSocket;
///
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(server.local_addr()?).await?;
/// client.send(b"tick").await?;
///
/// let mut buf = [0; 1024];
/// let (count, from) = server.recv_from(&mut buf).await?;
/// server.send_to(&buf[..count], from).await?;
///
/// assert_eq!(client.recv(&mut buf).await?, 4);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct UdpSocket {
    pub(crate) socket: Registered<mio::net::UdpSocket>,
}

readiness!(UdpSocket);

impl UdpSocket {
    /// A socket at an address; at the first of several that is free. Port 0 lets the system
    /// choose one: see [`local_addr`](UdpSocket::local_addr).
    ///
    /// tokio: `UdpSocket::bind`.
    ///
    /// # Errors
    ///
    /// What the system answered for the last address; `InvalidInput` if there is none.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when polled.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: only names are waited for, and the next call looks them up again.
    #[track_caller]
    pub fn bind<A: ToSocketAddrs>(addr: A) -> impl Future<Output = io::Result<UdpSocket>> {
        let place = Location::caller();
        let addresses = lookup_host(addr);
        async move {
            first_that_works(addresses.await?, |address| {
                let engine = context::expect("`UdpSocket::bind`");
                let io = mio::net::UdpSocket::bind(address)?;
                let socket = Registered::new(&engine, io, place)?;
                Ok(UdpSocket { socket })
            })
        }
    }

    /// From now on sends to this address and receives from it alone: [`send`](UdpSocket::send)
    /// and [`recv`](UdpSocket::recv) need no address. Of several addresses the first that the
    /// system accepts is taken; nobody there is asked.
    ///
    /// tokio: `UdpSocket::connect`.
    ///
    /// # Errors
    ///
    /// What the system answered for the last address; `InvalidInput` if there is none.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: only names are waited for, and the next call looks them up again.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(&self, addr: A) -> impl Future<Output = io::Result<()>> {
        let addresses = lookup_host(addr);
        async move {
            first_that_works(addresses.await?, |address| {
                self.socket.io().connect(address)
            })
        }
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
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        let engine = context::expect("`UdpSocket::from_std`");
        socket.set_nonblocking(true)?;
        let io = mio::net::UdpSocket::from_std(socket);
        let socket = Registered::new(&engine, io, Location::caller())?;
        Ok(UdpSocket { socket })
    }

    /// Gives the socket up to std. It is still set to not block.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_std(self) -> io::Result<std::net::UdpSocket> {
        Ok(self.socket.into_inner().into())
    }

    /// The address of this socket.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr()
    }

    /// The address it is connected to.
    ///
    /// # Errors
    ///
    /// `NotConnected` if it is not; otherwise what the system answers.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().peer_addr()
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

impl TryFrom<std::net::UdpSocket> for UdpSocket {
    type Error = io::Error;

    /// As [`UdpSocket::from_std`].
    #[track_caller]
    fn try_from(socket: std::net::UdpSocket) -> io::Result<Self> {
        UdpSocket::from_std(socket)
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for UdpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.io().fmt(f)
    }
}
