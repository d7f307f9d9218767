//! Getting connected by the name of a socket.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::Location;
use std::path::Path;

use mainspring_reactor::Direction;

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::io::registered::Registered;
use crate::leaf;
use crate::net::unix::address::SocketAddr;
use crate::net::unix::stream::UnixStream;

impl UnixStream {
    /// Connects to the listener whose socket has this path. On Linux a path that begins with a
    /// zero byte is an abstract name.
    ///
    /// tokio: `UnixStream::connect`. asyncio: `open_unix_connection`.
    ///
    /// # Errors
    ///
    /// What the system answers: that there is no such file, that nobody listens there, or
    /// `WouldBlock` if the line of those who wait to be accepted is full. The system does not tell
    /// when it no longer is.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when polled.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a connection that is being made is closed, and the next call begins anew.
    #[track_caller]
    pub fn connect<P: AsRef<Path>>(path: P) -> impl Future<Output = io::Result<UnixStream>> {
        let place = Location::caller();
        async move {
            let address = SocketAddr::of(path.as_ref())?;
            let io = mio::net::UnixStream::connect_addr(&address.0)?;
            connected(io, place).await
        }
    }

    /// As [`connect`](UnixStream::connect), to an address.
    ///
    /// # Errors
    ///
    /// As [`connect`](UnixStream::connect).
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when polled.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a connection that is being made is closed, and the next call begins anew.
    #[track_caller]
    pub fn connect_addr(socket_addr: &SocketAddr) -> impl Future<Output = io::Result<UnixStream>> {
        let place = Location::caller();
        async move { connected(mio::net::UnixStream::connect_addr(&socket_addr.0)?, place).await }
    }
}

/// The stream, as soon as it has a peer.
pub(crate) async fn connected(
    io: mio::net::UnixStream,
    place: &'static Location<'static>,
) -> io::Result<UnixStream> {
    let (socket, wire) = register(io, place)?;
    let wait = poll_fn(|cx| {
        let polled = socket.poll_io(cx, Direction::Write, peer);
        if polled.is_pending() {
            leaf::waiting_for("a connection", place);
        }
        polled
    });
    wait.await?;
    socket.assume(Direction::Write);
    Ok(UnixStream::new(socket, wire))
}

fn register(
    io: mio::net::UnixStream,
    place: &'static Location<'static>,
) -> io::Result<(Registered<mio::net::UnixStream>, Wire)> {
    let engine = context::expect("`UnixStream::connect`");
    // At once: the listener may accept it before this task goes on.
    let wire = match peer(&io) {
        Ok(listener) => engine.wires.enter(&listener.bytes()),
        Err(_) => Wire::Stranger,
    };
    Ok((Registered::new(&engine, io, place)?, wire))
}

/// The name of the listener, once there is a connection; `WouldBlock` before.
fn peer(io: &mio::net::UnixStream) -> io::Result<SocketAddr> {
    match io.peer_addr() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            let refused = io.take_error()?;
            Err(refused.unwrap_or_else(|| io::ErrorKind::WouldBlock.into()))
        }
        result => result.map(SocketAddr),
    }
}
