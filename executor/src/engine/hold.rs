//! What makes the paused clock stand still: waits that end in real time.
//!
//! A paused clock jumps when nothing can happen any more *before* the next deadline. A peer
//! outside this loop may still answer, and a timeout that fires because the clock did not wait
//! for it would be a lie (tokio #4522). So every socket says here what it is connected to, and
//! the clock asks before it jumps.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use mainspring_reactor::SourceKey;

/// What a socket waits for when somebody waits on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    /// A connection that is being made: the kernel needs real time, and not for ever.
    Connecting(SocketAddr),
    /// A listener: it may wait for ever, so the clock does not.
    Listening(SocketAddr),
    /// A stream between two addresses.
    Stream { here: SocketAddr, there: SocketAddr },
    /// The end of a worker process that has no job: it may come or not, and nobody goes on then.
    Idle,
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
            Wire::Connecting(there) => Wire::Connecting(plain(there)),
            Wire::Listening(at) => Wire::Listening(plain(at)),
            Wire::Stream { here, there } => Wire::Stream {
                here: plain(here),
                there: plain(there),
            },
            Wire::Idle => Wire::Idle,
        }
    }

    /// The listeners that a connection to an address may come to.
    fn listening(there: SocketAddr) -> [Self; 3] {
        let any: [SocketAddr; 2] = [
            (Ipv4Addr::UNSPECIFIED, there.port()).into(),
            (Ipv6Addr::UNSPECIFIED, there.port()).into(),
        ];
        [there, any[0], any[1]].map(Wire::Listening)
    }
}

/// All sockets of a loop.
#[derive(Debug, Default)]
pub(crate) struct Wires {
    table: RefCell<Table>,
}

#[derive(Debug, Default)]
struct Table {
    by_source: HashMap<SourceKey, Wire>,
    /// How many sources have this one.
    counts: HashMap<Wire, usize>,
}

impl Wires {
    /// Says what a source is connected to, from now on.
    pub(crate) fn set(&self, source: SourceKey, wire: Wire) {
        let wire = wire.canonical();
        let mut table = self.table.borrow_mut();
        table.remove(source);
        table.by_source.insert(source, wire);
        *table.counts.entry(wire).or_default() += 1;
    }

    pub(crate) fn remove(&self, source: SourceKey) {
        self.table.borrow_mut().remove(source);
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        let table = self.table.borrow();
        table.by_source.is_empty() && table.counts.is_empty()
    }

    // ANCHOR: hold
    /// Does any of these sources, on which somebody waits, hold the clock?
    pub(crate) fn hold<Armed>(&self, armed: impl Fn() -> Armed) -> bool
    where
        Armed: Iterator<Item = SourceKey>,
    {
        let table = self.table.borrow();
        let wires = || armed().filter_map(|source| table.by_source.get(&source).copied());
        let is_listener = |wire: &Wire| matches!(wire, Wire::Listening(_));
        let accepting: HashSet<Wire> = wires().filter(is_listener).collect();
        let is_ours = |wire: Wire| table.counts.contains_key(&wire);
        wires().any(|wire| match wire {
            // A listener of ours whose line is full, because nobody accepts just now: that takes
            // no real time.
            Wire::Connecting(there) => {
                let listening = Wire::listening(there);
                let is_accepted = listening.iter().any(|wire| accepting.contains(wire));
                is_accepted || !listening.into_iter().any(is_ours)
            }
            // After a look at the reactor that found nothing, the kernel has delivered all that
            // the other end, which is ours too, has written.
            Wire::Stream { here, there } => {
                let other_end = Wire::Stream {
                    here: there,
                    there: here,
                };
                !is_ours(other_end) && !Wire::listening(there).into_iter().any(is_ours)
            }
            Wire::Listening(_) | Wire::Idle => false,
        })
    }
    // ANCHOR_END: hold

    /// Whether a wait for this source, on which somebody waits, may wake anybody who goes on.
    pub(crate) fn may_wake(&self, source: SourceKey) -> bool {
        self.table.borrow().by_source.get(&source) != Some(&Wire::Idle)
    }
}

impl Table {
    fn remove(&mut self, source: SourceKey) {
        let Some(wire) = self.by_source.remove(&source) else {
            return;
        };
        if let Some(count) = self.counts.get_mut(&wire) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&wire);
            }
        }
    }
}
