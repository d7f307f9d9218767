//! Looking up a name: the system is asked on a thread of the pool, for it blocks.

use std::future::Future;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::engine::context;
use crate::pool::spawn_blocking;
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
}

impl Future for Lookup {
    type Output = Found;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Found> {
        loop {
            match &mut *self {
                Lookup::Name(name, port) => {
                    context::expect("`lookup_host`");
                    let (name, port) = (mem::take(name), *port);
                    *self = Lookup::Asked(spawn_blocking(move || ask(&name, port)));
                }
                Lookup::Asked(answer) => {
                    let answer = ready!(Pin::new(answer).poll(cx));
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
