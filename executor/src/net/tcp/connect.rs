//! Getting connected: to the first of several addresses that answers.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use mainspring_reactor::Direction;
use socket2::Socket;

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::Registered;
use crate::leaf;
use crate::net::addr::ToSocketAddrs;
use crate::net::lookup::Lookup;
use crate::net::tcp::stream::TcpStream;

/// `EINPROGRESS`, which has no stable name in std: the connection is being made.
const IN_PROGRESS: i32 = if cfg!(target_os = "linux") { 115 } else { 36 };

impl TcpStream {
    /// Connects to an address; to several, one after the other, until one answers.
    ///
    /// There is no limit of time but the system's (minutes):
    /// [`timeout`](crate::time::timeout) sets one.
    ///
    /// tokio: `TcpStream::connect`. asyncio: `open_connection`.
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
    /// **Strict**: a connection that is being made is closed, and the next call begins anew.
    #[track_caller]
    pub fn connect<A: ToSocketAddrs>(address: A) -> Connect {
        Connect {
            step: Step::LookingUp(address.look_up()),
            refused: None,
            place: Location::caller(),
        }
    }
}

/// The future of [`TcpStream::connect`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Connect {
    step: Step,
    /// What the last address answered.
    refused: Option<io::Error>,
    place: &'static Location<'static>,
}

impl Connect {
    /// Connects a socket that was made before.
    #[track_caller]
    pub(crate) fn prepared(socket: Socket, address: SocketAddr) -> Connect {
        Connect {
            step: Step::Prepared(Some(socket), address),
            refused: None,
            place: Location::caller(),
        }
    }
}

#[derive(Debug)]
enum Step {
    LookingUp(Lookup),
    /// A socket of the caller's, for one address.
    Prepared(Option<Socket>, SocketAddr),
    /// The connection that is being made, and the addresses to be tried after it.
    Trying(
        Option<Registered<mio::net::TcpStream>>,
        vec::IntoIter<SocketAddr>,
    ),
}

impl Future for Connect {
    type Output = io::Result<TcpStream>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let place = self.place;
        loop {
            match &mut self.step {
                Step::LookingUp(lookup) => {
                    let addresses = ready!(lookup.poll(cx, place))?;
                    self.step = Step::Trying(None, addresses.into_iter());
                }
                Step::Prepared(socket, address) => {
                    let socket = socket.take();
                    let socket = socket.expect("a step is left when it is done");
                    let begun = begin_with(socket, *address, place)?;
                    self.step = Step::Trying(Some(begun), Vec::new().into_iter());
                }
                Step::Trying(attempt @ Some(_), _) => {
                    let socket = attempt.as_ref().expect("matched");
                    let polled = socket.poll_io(cx, Direction::Write, peer);
                    if polled.is_pending() {
                        leaf::waiting_for("a connection", place);
                    }
                    let connected = ready!(polled);
                    let socket = attempt.take().expect("matched");
                    match connected {
                        Ok(there) => {
                            let here = socket.io().local_addr()?;
                            socket.assume(Direction::Write);
                            return Poll::Ready(Ok(TcpStream::new(socket, here, there)));
                        }
                        Err(error) => self.refused = Some(error),
                    }
                }
                Step::Trying(attempt @ None, addresses) => {
                    let Some(address) = addresses.next() else {
                        let refused = self.refused.take();
                        return Poll::Ready(Err(refused.unwrap_or_else(no_address)));
                    };
                    match begin(address, place) {
                        Ok(socket) => *attempt = Some(socket),
                        Err(error) => self.refused = Some(error),
                    }
                }
            }
        }
    }
}

fn begin(
    address: SocketAddr,
    place: &'static Location<'static>,
) -> io::Result<Registered<mio::net::TcpStream>> {
    let engine = context::expect("`TcpStream::connect`");
    let io = mio::net::TcpStream::connect(address)?;
    let socket = Registered::new(&engine, io, place)?;
    socket.set_wire(Wire::Connecting(address));
    Ok(socket)
}

fn begin_with(
    socket: Socket,
    address: SocketAddr,
    place: &'static Location<'static>,
) -> io::Result<Registered<mio::net::TcpStream>> {
    let engine = context::expect("`TcpSocket::connect`");
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(IN_PROGRESS) => return Err(error),
        _ => {}
    }
    let io = mio::net::TcpStream::from_std(socket.into());
    let socket = Registered::new(&engine, io, place)?;
    socket.set_wire(Wire::Connecting(address));
    Ok(socket)
}

/// The other end, once there is a connection; `WouldBlock` before.
fn peer(io: &mio::net::TcpStream) -> io::Result<SocketAddr> {
    match io.peer_addr() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            let refused = io.take_error()?;
            Err(refused.unwrap_or_else(|| io::ErrorKind::WouldBlock.into()))
        }
        result => result,
    }
}

/// The slice of addresses was empty, or a name has none.
pub(crate) fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no address to try")
}
