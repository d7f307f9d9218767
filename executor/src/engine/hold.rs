//! What makes the paused clock stand still: waits that end in real time.
//!
//! A paused clock jumps when nothing can happen any more *before* the next deadline. A peer
//! outside this loop may still answer, and a timeout that fires because the clock did not wait
//! for it would be a lie (tokio #4522). So every socket says here what it is connected to, and
//! the clock asks before it jumps.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;

use mainspring_reactor::SourceKey;

/// What a socket waits for when somebody waits on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A connection that is being made: the kernel needs real time, and not for ever.
    Connecting,
    /// A listener: it may wait for ever, so the clock does not.
    Listening(SocketAddr),
    /// A stream between two addresses.
    Stream { here: SocketAddr, there: SocketAddr },
}

impl Wire {
    /// Both ends of a connection call an address the same: a socket for IPv6 that takes IPv4, too,
    /// says `::ffff:127.0.0.1` where its peer says `127.0.0.1`.
    fn canonical(self) -> Self {
        let plain = |at: SocketAddr| match at.ip().to_canonical() {
            ip if ip != at.ip() => SocketAddr::new(ip, at.port()),
            _ => at,
        };
        match self {
            Wire::Connecting => Wire::Connecting,
            Wire::Listening(at) => Wire::Listening(plain(at)),
            Wire::Stream { here, there } => Wire::Stream {
                here: plain(here),
                there: plain(there),
            },
        }
    }
}

/// All sockets of a loop.
#[derive(Debug, Default)]
pub(crate) struct Wires {
    by_source: RefCell<HashMap<SourceKey, Wire>>,
}

impl Wires {
    /// Says what a source is connected to, from now on.
    pub(crate) fn set(&self, source: SourceKey, wire: Wire) {
        self.by_source.borrow_mut().insert(source, wire.canonical());
    }

    pub(crate) fn remove(&self, source: SourceKey) {
        self.by_source.borrow_mut().remove(&source);
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_source.borrow().is_empty()
    }

    // ANCHOR: hold
    /// Does any of these sources, on which somebody waits, hold the clock?
    pub(crate) fn hold(&self, armed: impl IntoIterator<Item = SourceKey>) -> bool {
        let wires = self.by_source.borrow();
        armed.into_iter().any(|source| match wires.get(&source) {
            Some(Wire::Connecting) => true,
            Some(Wire::Stream { here, there }) => !wires.values().any(|other| match other {
                // After a look at the reactor that found nothing, the kernel has delivered all
                // that the other end, which is ours too, has written.
                Wire::Stream { here: a, there: b } => a == there && b == here,
                Wire::Listening(at) => {
                    at == there || at.ip().is_unspecified() && at.port() == there.port()
                }
                Wire::Connecting => false,
            }),
            Some(Wire::Listening(_)) | None => false,
        })
    }
    // ANCHOR_END: hold
}
