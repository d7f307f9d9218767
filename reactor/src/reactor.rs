//! The reactor: where the loop waits for the world.

use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use mio::event;
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use crate::registrar::{Guests, Registrar};
use crate::source::{Direction, Presumed, Source, SourceKey, lock};
use crate::unpark::Unparker;

/// The longest wait, however long a limit is asked for: a day, as in asyncio.
///
/// Twice as long would still be told rightly to the kernel, which counts milliseconds in 31
/// bits; a wait ends at this limit as if nothing had happened, and its caller looks at the clock.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Events that are fetched from the kernel at once, in 12 bytes each.
///
/// What is left comes with the next turn. Half as many would make a busy server ask twice as
/// often; twice as many would make its timers wait for more wakers.
const BATCH: usize = 1024;

/// How long nothing happens before those who are presumed to be empty are to prove it.
///
/// Half as long would make a server that is asked now and then look twice for nothing more often;
/// twice as long makes the rare reader wait twice as long whose read something had cut short.
const SILENCE: Duration = Duration::from_millis(10);

/// Turns that bring something else before they are to prove it all the same: beside a busy
/// neighbour it is never silent.
const TURNS: u32 = 64;

/// The token of the unparker. No key has the index of its lower half.
const UNPARK: Token = Token(usize::MAX);

// A token is a key: two numbers of 32 bits.
const _: () = assert!(usize::BITS == 64, "mainspring needs a 64-bit machine");

/// Waits for sockets, and tells who waited for them.
///
/// It belongs to one thread. What other threads may touch are the [`Source`] of a socket, the
/// [`Unparker`] and the [`Registrar`]. The reactor wakes nobody itself: [`turn`](Reactor::turn) hands
/// the wakers over, so that its owner can wake them when he has let go of the reactor.
///
/// Sources are registered once, for both directions, edge-triggered.
///
/// asyncio has a `selectors` object in its place, tokio its private I/O driver.
///
/// ```
/// use std::task::Waker;
/// use std::time::Duration;
/// use mainspring_reactor::{Direction, Interest, Reactor};
/// use mio::net::UnixStream;
///
/// let mut reactor = Reactor::new()?;
/// let (mut stream, _peer) = UnixStream::pair()?;
/// let source = reactor.register(&mut stream, Interest::READABLE | Interest::WRITABLE)?;
///
/// let mut due = Vec::new();
/// let turned = reactor.turn(Some(Duration::from_secs(1)), &mut due)?;
/// assert_eq!(turned.events, 1, "the kernel tells that it may be written");
/// assert!(source.poll_ready(Direction::Write, Waker::noop()).is_ready());
///
/// reactor.deregister(&mut stream, &source)?;
/// assert!(reactor.is_empty());
/// # std::io::Result::Ok(())
/// ```
pub struct Reactor {
    poll: Poll,
    events: Events,
    unparker: Unparker,

    sources: Slab<Source>,

    /// Sources that other threads have registered, if they can.
    guests: Option<Arc<Guests>>,

    /// Those whose emptiness is to be proved, and for how many turns it was put off.
    presumed: Presumed,
    put_off: u32,

    /// The serial of the next source. When it starts anew after 2^32 sources, no event is so late
    /// as to be taken for another's.
    serial: u32,

    /// Wakers of sources that are gone; the next turn hands them over.
    released: Vec<Waker>,

    stale_events: u64,
}

/// What [`Reactor::turn`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// How many events of registered sources came.
    pub events: usize,

    /// Whether [`Unparker::unpark`] was called.
    pub unparked: bool,
}

impl Reactor {
    /// A reactor without sources.
    ///
    /// # Errors
    ///
    /// What the system answers, mostly that the process has too many files open.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let unparker = Unparker::new(&poll, UNPARK)?;
        Ok(Reactor {
            poll,
            events: Events::with_capacity(BATCH),
            unparker,
            sources: Slab::new(),
            guests: None,
            presumed: Presumed::default(),
            put_off: 0,
            serial: 0,
            released: Vec::new(),
            stale_events: 0,
        })
    }

    // ANCHOR: turn
    /// Waits until something happens, for at most `limit`, and appends the wakers of those who
    /// are to look again to `due`, in the order in which the kernel told it.
    ///
    /// asyncio's counterpart is `selector.select(timeout)` with `_process_events`.
    ///
    /// Without a limit it waits for ever, with a limit of zero not at all. A limit is rounded up
    /// to whole milliseconds, and a wait never lasts longer than 24 hours. It may end early, with
    /// nothing found: after a signal, for example. So a caller who waits for a moment compares
    /// with the clock afterwards.
    ///
    /// # Errors
    ///
    /// What the system answers. An interrupted wait is no error.
    pub fn turn(&mut self, limit: Option<Duration>, due: &mut Vec<Waker>) -> io::Result<Turned> {
        let limit = if self.released.is_empty() {
            limit.map(|limit| limit.min(LONGEST))
        } else {
            Some(Duration::ZERO)
        };
        due.append(&mut self.released);

        if lock(&self.presumed).is_empty() {
            return self.fetch(limit, due);
        }
        let silence = limit.map_or(SILENCE, |limit| limit.min(SILENCE));
        let turned = self.fetch(Some(silence), due)?;
        self.put_off += 1;
        let is_silent = turned == Turned::default();
        if is_silent || self.put_off >= TURNS {
            self.prove(is_silent && !silence.is_zero(), due);
        }
        Ok(turned)
    }

    fn fetch(&mut self, limit: Option<Duration>, due: &mut Vec<Waker>) -> io::Result<Turned> {
        match self.poll.poll(&mut self.events, limit) {
            Ok(()) => Ok(self.dispatch(due)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Turned::default()),
            Err(error) => Err(error),
        }
    }

    fn dispatch(&mut self, due: &mut Vec<Waker>) -> Turned {
        let mut turned = Turned::default();
        for event in &self.events {
            if event.token() == UNPARK {
                turned.unparked = true;
                continue;
            }
            let key = SourceKey::from_token(event.token());
            match self.sources.get(key.index as usize) {
                Some(source) if source.key() == key => {
                    source.set_ready(event, due);
                    turned.events += 1;
                }
                _ => match self.guest(key) {
                    Some(source) => {
                        source.set_ready(event, due);
                        turned.events += 1;
                    }
                    None => self.stale_events += 1,
                },
            }
        }
        turned
    }
    // ANCHOR_END: turn

    #[cold]
    fn guest(&self, key: SourceKey) -> Option<Source> {
        self.guests.as_ref()?.get(key)
    }

    /// Lets those try who wait for what is only presumed to be empty.
    fn prove(&mut self, is_silent: bool, due: &mut Vec<Waker>) {
        self.put_off = 0;
        // Not under its lock, which is taken under that of a source.
        let listed = mem::take(&mut *lock(&self.presumed));
        for key in listed {
            match self.sources.get(key.index as usize) {
                Some(source) if source.key() == key => source.prove(is_silent, due),
                _ => {
                    if let Some(source) = self.guest(key) {
                        source.prove(is_silent, due);
                    }
                }
            }
        }
    }

    /// Registers `io`, for both directions as a rule:
    /// `Interest::READABLE | Interest::WRITABLE`.
    ///
    /// `io` must not block: sockets made by `mio` do not, others have to be told. Events of a file
    /// that is registered already come to the new source from now on.
    ///
    /// # Errors
    ///
    /// What the system answers: too many registrations, or a file that cannot be waited for.
    /// Nothing is registered then.
    pub fn register(
        &mut self,
        io: &mut (impl event::Source + ?Sized),
        interest: Interest,
    ) -> io::Result<Source> {
        let place = self.sources.vacant_entry();
        let key = SourceKey {
            // Below the index of `UNPARK`: a process has fewer files than that.
            index: place.key() as u32,
            serial: self.serial,
        };
        let registry = self.poll.registry();
        match io.register(registry, key.token(), interest) {
            // As after `forget`, for a file that was not closed but goes on elsewhere.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                io.reregister(registry, key.token(), interest)?;
            }
            registered => registered?,
        }
        self.serial = self.serial.wrapping_add(1);
        let source = Source::new(key, self.presumed.clone());
        Ok(place.insert(source).clone())
    }

    /// Takes back a registration. Whoever still waits for `source` is handed over by the next
    /// [`turn`](Reactor::turn), and finds it deregistered.
    ///
    /// This comes before `io` is closed. To close it without, and to call
    /// [`forget`](Reactor::forget), does the same, as long as no copy of the file is open
    /// elsewhere, in a child process for example.
    ///
    /// # Errors
    ///
    /// What the system answers, if `io` was closed or deregistered before. The source is
    /// forgotten all the same.
    pub fn deregister(
        &mut self,
        io: &mut (impl event::Source + ?Sized),
        source: &Source,
    ) -> io::Result<()> {
        self.forget(source.key());
        io.deregister(self.poll.registry())
    }

    /// Forgets a source whose socket has been closed elsewhere. Events for it that come late reach
    /// nobody; those who still wait are handed over by the next [`turn`](Reactor::turn).
    ///
    /// A key that has been forgotten already does nothing.
    pub fn forget(&mut self, key: SourceKey) {
        let index = key.index as usize;
        if self.sources.get(index).is_some_and(|it| it.key() == key) {
            // No waker is dropped with it, since it has none when it is deregistered.
            let source = self.sources.remove(index);
            source.set_deregistered(&mut self.released);
        } else if key.is_guest()
            && let Some(source) = self.guests.as_ref().and_then(|guests| guests.remove(key))
        {
            source.set_deregistered(&mut self.released);
        }
    }

    /// The way to register sources from other threads.
    ///
    /// # Errors
    ///
    /// What the system answers, mostly that the process has too many files open.
    pub fn registrar(&mut self) -> io::Result<Registrar> {
        let guests = self.guests.get_or_insert_default();
        Registrar::new(self.poll.registry(), guests.clone(), self.presumed.clone())
    }

    /// The way to end a wait from another thread.
    pub fn unparker(&self) -> Unparker {
        self.unparker.clone()
    }

    /// How many sources are registered.
    pub fn len(&self) -> usize {
        self.sources.len() + self.guests.as_ref().map_or(0, |guests| guests.len())
    }

    /// Whether no source is registered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The directions of sources that somebody waits for.
    ///
    /// A wait that was given up counts until the next event of its source. This looks at each
    /// source: it is for clocks that stand still and for reports, not for every turn.
    pub fn armed(&self) -> impl Iterator<Item = (SourceKey, Direction)> + '_ {
        let guests = self.guests.as_ref().map(|guests| guests.all());
        let guests = guests.into_iter().flatten();
        let armed = |source: &Source| {
            [Direction::Read, Direction::Write].map(|direction| {
                let is_armed = source.is_armed(direction);
                is_armed.then_some((source.key(), direction))
            })
        };
        let own = self.sources.iter().map(|(_, source)| source);
        let own = own.flat_map(armed);
        own.chain(guests.flat_map(move |source| armed(&source)))
            .flatten()
    }

    /// How many events came too late, for sources that were forgotten.
    pub fn stale_events(&self) -> u64 {
        self.stale_events
    }

    /// Forgets all sources, as at the end of a runtime, and appends the wakers of all that wait to
    /// `due`: they find their sources deregistered.
    ///
    /// To drop the reactor does the same, and wakes them.
    pub fn close(&mut self, due: &mut Vec<Waker>) {
        due.append(&mut self.released);
        for source in self.sources.drain() {
            source.set_deregistered(due);
        }
        if let Some(guests) = &self.guests {
            guests.close(due);
        }
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        let mut due = Vec::new();
        self.close(&mut due);
        due.into_iter().for_each(Waker::wake);
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("sources", &self.len())
            .field("stale_events", &self.stale_events)
            .finish_non_exhaustive()
    }
}

impl SourceKey {
    /// The index of a source that another thread has registered has this bit.
    const GUEST: u32 = 1 << 31;

    /// The key of the guest with this number. (Its count does not live to see the key of `UNPARK`.)
    pub(crate) fn guest(number: u64) -> Self {
        SourceKey {
            index: number as u32 | SourceKey::GUEST,
            serial: (number >> 31) as u32,
        }
    }

    fn is_guest(self) -> bool {
        self.index & SourceKey::GUEST != 0
    }

    pub(crate) fn token(self) -> Token {
        Token(self.index as usize | (self.serial as usize) << 32)
    }

    fn from_token(token: Token) -> Self {
        SourceKey {
            index: token.0 as u32,
            serial: (token.0 >> 32) as u32,
        }
    }
}
