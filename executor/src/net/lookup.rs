//! Looking up a name: the system is asked on a thread of the pool, for it blocks.

use std::future::Future;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::engine::context;
use crate::leaf;
use crate::pool::blocking::spawn_blocking_on;
use crate::task::JoinHandle;

/// Addresses, found or being found.
#[derive(Debug)]
#[doc(hidden)]
pub enum Lookup {
    /// To be looked up: asking begins with the first poll.
    Name(String, u16),
    /// A thread of the pool asks the system.
    Asked(JoinHandle<Found>),
    /// `None` after it was told.
    Known(Option<Found>),
}

/// What comes of it.
type Found = io::Result<Vec<SocketAddr>>;

impl Lookup {
    pub(crate) fn found(addresses: Vec<SocketAddr>) -> Self {
        Lookup::Known(Some(Ok(addresses)))
    }

    /// Waits for the addresses, for a call at `place`.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        place: &'static Location<'static>,
    ) -> Poll<Found> {
        loop {
            match self {
                Lookup::Name(name, port) => {
                    let engine = context::expect("`lookup_host`");
                    let (name, port) = (mem::take(name), *port);
                    let ask = move || ask(&name, port);
                    *self = Lookup::Asked(spawn_blocking_on(&engine.shared, ask, place));
                }
                Lookup::Asked(answer) => {
                    let polled = Pin::new(answer).poll(cx);
                    if polled.is_pending() {
                        leaf::waiting_for("a name to be looked up", place);
                    }
                    let answer = ready!(polled);
                    // The runtime has ended, or there is no thread to ask.
                    let answer = answer.unwrap_or_else(|error| Err(io::Error::other(error)));
                    *self = Lookup::Known(Some(answer));
                }
                Lookup::Known(found) => {
                    let found = found.take();
                    return Poll::Ready(found.expect("`Lookup` was polled after it was ready"));
                }
            }
        }
    }
}

/// Asks the system, and blocks meanwhile.
fn ask(name: &str, port: u16) -> Found {
    std::net::ToSocketAddrs::to_socket_addrs(&(name, port)).map(Iterator::collect)
}
