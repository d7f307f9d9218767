//! `TcpListener`: where connections come in.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use mainspring_reactor::Direction;

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::{Registered, Wait};
use crate::net::addr::ToSocketAddrs;
use crate::net::line::Line;
use crate::net::lookup::Lookup;
use crate::net::tcp::connect::no_address;
use crate::net::tcp::stream::TcpStream;

/// A TCP socket that waits for connections.
///
/// Several tasks may wait in [`accept`](TcpListener::accept) at once.
///
/// A paused clock does not stand still for `accept`: servers accept for ever.
///
/// tokio: `net::TcpListener`. asyncio: `start_server`.
///
/// ```no_run
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt};
/// use mainspring::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:7777").await?;
/// loop {
///     let (mut stream, _address) = listener.accept().await?;
///     mainspring::spawn(async move {
///         let mut buf = [0; 1024];
///         loop {
///             let count = stream.read(&mut buf).await?;
///             if count == 0 {
///                 return std::io::Result::Ok(());
///             }
///             stream.write_all(&buf[..count]).await?;
///         }
///     });
/// }
/// # #[allow(unreachable_code)]
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpListener {
    socket: Registered<mio::net::TcpListener>,
    address: SocketAddr,
    line: Line,
}

impl TcpListener {
    /// Listens at an address; at the first of several that is free. Port 0 lets the system
    /// choose one: see [`local_addr`](TcpListener::local_addr).
    ///
    /// The address may have been in use a moment ago (`SO_REUSEADDR`). At most 128 connections
    /// wait in line to be accepted, as with std.
    ///
    /// tokio: `TcpListener::bind`.
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
    pub fn bind<A: ToSocketAddrs>(address: A) -> Bind {
        Bind {
            lookup: address.look_up(),
            place: Location::caller(),
        }
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
    pub fn from_std(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        let engine = context::expect("`TcpListener::from_std`");
        listener.set_nonblocking(true)?;
        let io = mio::net::TcpListener::from_std(listener);
        TcpListener::new(Registered::new(&engine, io, Location::caller())?)
    }

    /// Gives the listener up to std. It is still set to not block.
    ///
    /// On another thread than its runtime's it works too, but the system goes on telling that
    /// runtime of it in vain, and refuses to register it there again.
    ///
    /// # Errors
    ///
    /// None today; the signature is tokio's.
    pub fn into_std(self) -> io::Result<std::net::TcpListener> {
        Ok(self.socket.into_inner().into())
    }

    pub(crate) fn new(socket: Registered<mio::net::TcpListener>) -> io::Result<Self> {
        let address = socket.io().local_addr()?;
        socket.set_wire(Wire::Listening(address));
        let line = Line::new(&socket);
        Ok(TcpListener {
            socket,
            address,
            line,
        })
    }

    /// Waits for a connection. Says who is at its other end.
    ///
    /// A connection that was given up while it stood in line is passed over.
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
    pub fn accept(&self) -> Accept<'_> {
        Accept {
            listener: self,
            wait: Wait::new(&self.socket, Direction::Read, "a connection to accept"),
        }
    }

    /// As [`accept`](TcpListener::accept), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`accept`](TcpListener::accept).
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let take = |_: &_| self.take();
        let accepted = ready!(self.socket.poll_io(cx, Direction::Read, take))?;
        Poll::Ready(self.register(accepted, Location::caller()))
    }

    fn take(&self) -> io::Result<(mio::net::TcpStream, SocketAddr)> {
        self.line.take(&self.socket, || self.socket.io().accept())
    }

    fn register(
        &self,
        (io, there): (mio::net::TcpStream, SocketAddr),
        place: &'static Location<'static>,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        let engine = context::expect("`TcpListener::accept`");
        // Who listens everywhere learns by which of its addresses this one came.
        let here = match self.address.ip().is_unspecified() {
            false => self.address,
            true => io.local_addr()?,
        };
        let socket = Registered::new(&engine, io, place)?;
        // Whoever connected mostly has something to say.
        socket.assume(Direction::Read);
        socket.assume(Direction::Write);
        Ok((TcpStream::new(socket, here, there), there))
    }

    /// The address it listens at.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.io().local_addr()
    }

    /// How many routers a packet from here may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.io().ttl()
    }

    /// Sets how many routers a packet from here may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.io().set_ttl(ttl)
    }
}

/// As [`TcpListener::from_std`].
impl TryFrom<std::net::TcpListener> for TcpListener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(listener)
    }
}

impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.io().as_fd()
    }
}

impl AsRawFd for TcpListener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.io().as_raw_fd()
    }
}

/// The future of [`TcpListener::bind`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Bind {
    lookup: Lookup,
    place: &'static Location<'static>,
}

impl Future for Bind {
    type Output = io::Result<TcpListener>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<TcpListener>> {
        let engine = context::expect("`TcpListener::bind`");
        let place = self.place;
        let addresses = ready!(self.lookup.poll(cx, place))?;
        let mut refused = None;
        for address in addresses {
            let bound = mio::net::TcpListener::bind(address)
                .and_then(|io| Registered::new(&engine, io, place))
                .and_then(TcpListener::new);
            match bound {
                Ok(listener) => return Poll::Ready(Ok(listener)),
                Err(error) => refused = Some(error),
            }
        }
        Poll::Ready(Err(refused.unwrap_or_else(no_address)))
    }
}

/// The future of [`TcpListener::accept`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<'a> {
    listener: &'a TcpListener,
    wait: Wait<'a, mio::net::TcpListener>,
}

impl Future for Accept<'_> {
    type Output = io::Result<(TcpStream, SocketAddr)>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let accepted = ready!(this.wait.poll_io(cx, |_| this.listener.take()))?;
        Poll::Ready(this.listener.register(accepted, this.wait.place()))
    }
}
