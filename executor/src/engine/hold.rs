//! What makes the paused clock stand still: waits that end in real time.
//!
//! A paused clock jumps when nothing can happen any more *before* the next deadline. A peer
//! outside this loop may still answer, and a timeout that fires because the clock did not wait
//! for it would be a lie (tokio #4522). So every socket says here what it is connected to, and
//! the clock asks before it jumps.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
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
    /// A stream whose other end was once here, too.
    End(End),
    /// One end of a pipe, which the system calls by two numbers.
    Pipe {
        device: u64,
        inode: u64,
        writes: bool,
    },
    /// Somebody outside of this loop, who answers in real time: at a stream's other end, a child
    /// process, a pipe to it.
    Stranger,
    /// A listener by the name of a file: as `Listening`, and it closes its line when it goes.
    Door,
    /// Something of which nobody goes on, should it come: the end of a worker process that has no
    /// job, or of a child that nobody waits for; a Ctrl-C.
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
            other => other,
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

/// One end of a pair. Ends that have no addresses are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct End {
    pair: u64,
    is_first: bool,
}

impl End {
    fn other(self) -> End {
        End {
            is_first: !self.is_first,
            ..self
        }
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
    /// How many pairs were numbered.
    pairs: u64,
    /// Listeners by the name of a file.
    doors: HashMap<Box<[u8]>, Door>,
}

/// Who connects by the name of a file is unnamed, so its two ends are matched by their place in
/// the line, which the kernel keeps in the same order.
#[derive(Debug)]
struct Door {
    listener: SourceKey,
    /// The ends that wait to be accepted. They count as ours.
    line: VecDeque<End>,
}

impl Wires {
    /// Says what a source is connected to, from now on.
    pub(crate) fn set(&self, source: SourceKey, wire: Wire) {
        let wire = wire.canonical();
        let mut table = self.table.borrow_mut();
        table.remove(source);
        table.by_source.insert(source, wire);
        table.add(wire);
    }

    /// Two ends of a new pair.
    pub(crate) fn pair(&self) -> [Wire; 2] {
        self.table.borrow_mut().pair().map(Wire::End)
    }

    /// A listener has this name from now on.
    pub(crate) fn open_door(&self, listener: SourceKey, name: Box<[u8]>) {
        self.set(listener, Wire::Door);
        let line = VecDeque::new();
        let mut table = self.table.borrow_mut();
        if let Some(former) = table.doors.insert(name, Door { listener, line }) {
            // Whoever stands in its line is found by nobody any more.
            table.close(former);
        }
    }

    /// Somebody here was connected to the listener of this name: what with?
    pub(crate) fn enter(&self, name: &[u8]) -> Wire {
        let mut table = self.table.borrow_mut();
        let [here, there] = table.pair();
        let Some(door) = table.doors.get_mut(name) else {
            return Wire::Stranger;
        };
        door.line.push_back(there);
        table.add(Wire::End(there));
        Wire::End(here)
    }

    /// The first in line was accepted here: what is it connected to?
    pub(crate) fn leave(&self, name: &[u8]) -> Wire {
        let mut table = self.table.borrow_mut();
        let first = table.doors.get_mut(name).and_then(|it| it.line.pop_front());
        let Some(end) = first.map(Wire::End) else {
            return Wire::Stranger;
        };
        table.subtract(end);
        end
    }

    pub(crate) fn remove(&self, source: SourceKey) {
        self.table.borrow_mut().remove(source);
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        let table = self.table.borrow();
        table.by_source.is_empty() && table.counts.is_empty() && table.doors.is_empty()
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
            Wire::End(end) => !is_ours(Wire::End(end.other())),
            Wire::Pipe {
                device,
                inode,
                writes,
            } => !is_ours(Wire::Pipe {
                device,
                inode,
                writes: !writes,
            }),
            Wire::Stranger => true,
            Wire::Listening(_) | Wire::Door | Wire::Idle => false,
        })
    }
    // ANCHOR_END: hold

    /// Whether a wait for this source, on which somebody waits, may wake anybody who goes on.
    pub(crate) fn may_wake(&self, source: SourceKey) -> bool {
        self.table.borrow().by_source.get(&source) != Some(&Wire::Idle)
    }
}

impl Table {
    fn add(&mut self, wire: Wire) {
        *self.counts.entry(wire).or_default() += 1;
    }

    fn subtract(&mut self, wire: Wire) {
        if let Some(count) = self.counts.get_mut(&wire) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&wire);
            }
        }
    }

    fn remove(&mut self, source: SourceKey) {
        let Some(wire) = self.by_source.remove(&source) else {
            return;
        };
        self.subtract(wire);
        if wire == Wire::Door {
            let mut closed = self.doors.extract_if(|_, door| door.listener == source);
            if let Some((_, door)) = closed.next() {
                drop(closed);
                self.close(door);
            }
        }
    }

    fn close(&mut self, door: Door) {
        for end in door.line {
            self.subtract(Wire::End(end));
        }
    }

    fn pair(&mut self) -> [End; 2] {
        self.pairs += 1;
        let pair = self.pairs;
        [true, false].map(|is_first| End { pair, is_first })
    }
}
