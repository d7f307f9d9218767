//! What is known of one source of events: may it be read, may it be written, and who waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// The readiness of one registered source, shared by its socket and the reactor.
///
/// The socket may be on any thread; clones are the same source. A user of it goes round in this
/// circle:
///
/// ```text
///            +---> poll_ready ----Pending----> (woken by an event) --+
///            |         |                                             |
///            |       Ready                                           |
///            |         v                                             |
///            |     the operation ---Ok---> done                      |
///            |         |                                             |
///            |     WouldBlock                                        |
///            |         v                                             |
///            +---- clear_ready                                       |
///            ^-------------------------------------------------------+
/// ```
///
/// A new source counts as ready for reading and writing: nobody has been told otherwise yet, and
/// the first operation mostly succeeds. Who wants to know what was really told asks
/// [`told`](Source::told).
///
/// Several tasks may wait for one direction; an event wakes all of them, in the order in which
/// they came. A wait that is given up leaves its waker behind until the next event,
/// [`release`](Source::release), or until the source is deregistered.
///
/// asyncio has `loop.add_reader` and `add_writer` in its place, tokio the registration inside
/// `AsyncFd`.
///
/// ```
/// use std::io::{ErrorKind, Read, Write};
/// use std::task::{Poll, Waker};
/// use mainspring_reactor::{Direction, Interest, Reactor, Source};
/// use mio::net::UnixStream;
///
/// /// Reads what there is; `Pending` if `waker` is to be called when there is more.
/// fn poll_read(
///     source: &Source,
///     mut stream: &UnixStream,
///     buffer: &mut [u8],
///     waker: &Waker,
/// ) -> Poll<std::io::Result<usize>> {
///     loop {
///         let Poll::Ready(ready) = source.poll_ready(Direction::Read, waker) else {
///             return Poll::Pending;
///         };
///         match stream.read(buffer) {
///             Err(error) if error.kind() == ErrorKind::WouldBlock && !ready.is_deregistered() => {
///                 source.clear_ready(Direction::Read, ready);
///             }
///             Err(error) if error.kind() == ErrorKind::Interrupted => {}
///             answer => return Poll::Ready(answer),
///         }
///     }
/// }
///
/// let mut reactor = Reactor::new()?;
/// let (mut ours, mut theirs) = UnixStream::pair()?;
/// let source = reactor.register(&mut ours, Interest::READABLE | Interest::WRITABLE)?;
/// let mut buffer = [0; 8];
/// assert!(poll_read(&source, &ours, &mut buffer, Waker::noop()).is_pending());
///
/// theirs.write_all(b"hello")?;
/// let mut due = Vec::new();
/// while due.is_empty() {
///     reactor.turn(None, &mut due)?;
/// }
/// let read = poll_read(&source, &ours, &mut buffer, Waker::noop());
/// assert!(matches!(read, Poll::Ready(Ok(5))));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Source {
    shared: Arc<Shared>,
}

/// The name of one registration: the late event of another one never bears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey {
    pub(crate) index: u32,
    pub(crate) serial: u32,
}

/// Reading or writing, and two that few ask for: each has a readiness, and waiters, of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Reading, and accepting connections.
    Read,
    /// Writing, and getting connected.
    Write,
    /// What is urgent, for sources that are registered for `Interest::PRIORITY`.
    Priority,
    /// Errors that come by themselves. They wake those who read and write, too.
    Error,
}

/// What [`Source::poll_ready`] knew when it said that an operation may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    events: u64,
    signs: u8,
}

/// What is known besides the count: one byte, since every operation asks.
mod sign {
    /// An event came that is not used up.
    pub(super) const TOLD: u8 = 1;
    pub(super) const CLOSED: u8 = 2;
    /// It was closed, or had an error.
    pub(super) const HUNG_UP: u8 = 4;
    pub(super) const DEREGISTERED: u8 = 8;
    /// Nothing is left, as a short read has it: nobody has tried.
    pub(super) const PRESUMED: u8 = 16;
    /// It stands in the list of those who are to prove it.
    pub(super) const LISTED: u8 = 32;
    /// It is being proved, and no event came.
    pub(super) const PROVED: u8 = 64;
    /// Something was left once: nothing is presumed any more.
    pub(super) const DISTRUSTED: u8 = 128;
}

/// Sources that are presumed to be empty.
pub(crate) type Presumed = Arc<Mutex<Vec<SourceKey>>>;

/// The event that a new source begins with, though nobody sent it.
const ASSUMED: u64 = 1;

#[derive(Debug)]
struct Shared {
    // Never changes.
    key: SourceKey,
    presumed: Presumed,

    // Any thread, under its lock, which is held for a few moves and never while a waker is
    // cloned, dropped or called: that is user code, and might come back here.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    read: Half,
    write: Half,
    /// Most sources never have it.
    rare: Option<Box<Rare>>,
    deregistered: bool,
}

#[derive(Debug)]
struct Rare {
    priority: Half,
    error: Half,
}

#[derive(Debug)]
struct Half {
    /// How many events came; the registration is the first. A count of each half, not of the
    /// reactor: an event must not be taken for one that an operation has already seen
    /// (tokio #6133).
    events: u64,

    /// How many of them the operations have used up.
    used: u64,

    signs: u8,

    // One waiter is the rule, and needs no list.
    waiter: Option<Waker>,
    more: Vec<Waker>,
}

impl Source {
    // ANCHOR: poll_ready
    /// Tells that an operation in this direction may be tried, or keeps `waker` until it may.
    ///
    /// Ready is a hint: the operation may still answer `WouldBlock`, upon which the caller calls
    /// [`clear_ready`](Source::clear_ready) with what it got here, and asks again.
    ///
    /// A source that has been deregistered is ready for ever, since no event will come for it:
    /// see [`Ready::is_deregistered`].
    ///
    /// asyncio has no counterpart; tokio has `AsyncFd::poll_read_ready` and `poll_write_ready`,
    /// which know one waiter each.
    #[inline]
    pub fn poll_ready(&self, direction: Direction, waker: &Waker) -> Poll<Ready> {
        match self.ready(direction) {
            Some(ready) => Poll::Ready(ready),
            None => self.wait(direction, waker, State::ready),
        }
    }

    fn wait(
        &self,
        direction: Direction,
        waker: &Waker,
        ready: impl Fn(&mut State, Direction) -> Option<Ready>,
    ) -> Poll<Ready> {
        // The clone is user code, so it is made without the lock. The event may come meanwhile.
        let waker = waker.clone();
        let mut state = self.lock();
        let ready = ready(&mut state, direction);
        keep(state, direction, ready, waker)
    }
    // ANCHOR_END: poll_ready

    // ANCHOR: clear_ready
    /// Notes that an operation in this direction would have blocked, though `ready` had been
    /// told before it was tried. If an event came since, it counts, and nothing is cleared.
    ///
    /// Only `WouldBlock` is proof. After a short read there is
    /// [`presume_empty`](Source::presume_empty).
    pub fn clear_ready(&self, direction: Direction, ready: Ready) {
        self.lock().half(direction).clear(ready);
    }

    /// Notes that a read upon `tried` got less than it had room for: so nothing is left, as
    /// `epoll(7)` has it, and whoever reads next waits for an event.
    ///
    /// Something may be left all the same, if it was not the end of the data that cut the read
    /// short, but an urgent byte, or a tool between the program and the system. So the reactor has
    /// it proved: when nothing has happened for a while, whoever waits is to try; and a source that
    /// had something left then is not believed again. After a hang-up nothing is presumed: the end
    /// of the stream, for which no further event comes, may stand behind the data.
    ///
    /// This is for the reactor's own thread: on another it would be noted while the reactor waits,
    /// which looks only before it does.
    ///
    /// asyncio has no counterpart; tokio presumes the same inside, and does not look again.
    pub fn presume_empty(&self, tried: Ready) {
        let mut state = self.lock();
        if state.read.presume(tried) && state.read.signs & sign::LISTED == 0 {
            state.read.signs |= sign::LISTED;
            lock(&self.shared.presumed).push(self.shared.key);
        }
    }

    /// Whoever waits upon a mere presumption is moved to `due`. `is_silent`: no event came for a
    /// while, so that what is found now was left.
    pub(crate) fn prove(&self, is_silent: bool, due: &mut Vec<Waker>) {
        let mut state = self.lock();
        let half = &mut state.read;
        half.signs &= !sign::LISTED;
        if half.signs & sign::PRESUMED != 0 {
            half.signs &= !sign::PRESUMED;
            half.signs |= if is_silent { sign::PROVED } else { 0 };
            half.events += 1;
            half.call(due);
        }
    }

    /// [`clear_ready`](Source::clear_ready) and [`poll_ready`](Source::poll_ready) in one step, for
    /// those who wait as soon as there is nothing left.
    ///
    /// asyncio and tokio have no counterpart.
    pub fn poll_ready_again(
        &self,
        direction: Direction,
        tried: Ready,
        waker: &Waker,
    ) -> Poll<Ready> {
        let waker = waker.clone();
        let mut state = self.lock();
        state.half(direction).clear(tried);
        let ready = state.ready(direction);
        keep(state, direction, ready, waker)
    }
    // ANCHOR_END: clear_ready

    /// The name of the registration, for [`Reactor::forget`](crate::Reactor::forget) and
    /// [`Reactor::armed`](crate::Reactor::armed).
    pub fn key(&self) -> SourceKey {
        self.shared.key
    }

    /// Tells that an operation in this direction may be tried, and keeps nobody waiting.
    ///
    /// asyncio has no counterpart; tokio's `try_io` asks the same inside.
    #[inline]
    pub fn ready(&self, direction: Direction) -> Option<Ready> {
        self.lock().ready(direction)
    }

    /// As [`ready`](Source::ready), but not because the source is new: tells of events that came
    /// and are not used up, and, for ever, of a side that is closed.
    ///
    /// It is for those who ask what there is. Whoever has an operation to try had better ask
    /// `ready`.
    ///
    /// asyncio has no counterpart; tokio's `Ready` is made of it.
    pub fn told(&self, direction: Direction) -> Option<Ready> {
        self.lock().told(direction)
    }

    /// As [`poll_ready`](Source::poll_ready), for [`told`](Source::told).
    pub fn poll_told(&self, direction: Direction, waker: &Waker) -> Poll<Ready> {
        match self.told(direction) {
            Some(ready) => Poll::Ready(ready),
            None => self.wait(direction, waker, State::told),
        }
    }

    /// Hands over whoever waits for this direction, as an event would: for a wait that is given
    /// up. Nobody knows here whose a waker was, so all of them are to be woken, and those who
    /// still want to wait ask again.
    pub fn release(&self, direction: Direction, due: &mut Vec<Waker>) {
        self.lock().half(direction).call(due);
    }

    /// Tells of readiness by itself, as an event would: for what the system does not tell of.
    pub fn renew(&self, direction: Direction, due: &mut Vec<Waker>) {
        self.lock().half(direction).set_ready(false, false, due);
    }

    /// Whether somebody waits for this direction. Reading includes the two that few ask for, which
    /// come by the same way.
    #[inline]
    pub fn is_armed(&self, direction: Direction) -> bool {
        let state = self.lock();
        match direction {
            Direction::Read => {
                state.read.waiter.is_some() || state.rare.is_some() && state.is_rare_armed()
            }
            Direction::Write => state.write.waiter.is_some(),
            Direction::Priority | Direction::Error => state.is_rare_armed(),
        }
    }

    pub(crate) fn new(key: SourceKey, presumed: Presumed) -> Self {
        let state = Mutex::new(State {
            read: Half::new(),
            write: Half::new(),
            rare: None,
            deregistered: false,
        });
        Source {
            shared: Arc::new(Shared {
                key,
                presumed,
                state,
            }),
        }
    }

    /// An event came: whoever waits is moved to `due`.
    pub(crate) fn set_ready(&self, event: &mio::event::Event, due: &mut Vec<Waker>) {
        let mut state = self.lock();
        let failed = event.is_error();

        let closed = event.is_read_closed();
        if event.is_readable() || closed || failed {
            state.read.set_ready(closed, failed, due);
        }

        let closed = event.is_write_closed();
        if event.is_writable() || closed || failed {
            state.write.set_ready(closed, failed, due);
        }

        if event.is_priority() || event.is_read_closed() || failed {
            state.set_rare_ready(event, due);
        }
    }

    /// No event will come any more: whoever waits is moved to `due`.
    pub(crate) fn set_deregistered(&self, due: &mut Vec<Waker>) {
        let mut state = self.lock();
        state.deregistered = true;
        state.read.call(due);
        state.write.call(due);
        if let Some(rare) = &mut state.rare {
            rare.priority.call(due);
            rare.error.call(due);
        }
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }
}

#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks panics half way, so a poisoned one is whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps the waker if nothing is ready, unless it is kept already. One that is not needed is
/// dropped after the lock.
fn keep(
    mut state: MutexGuard<'_, State>,
    direction: Direction,
    ready: Option<Ready>,
    waker: Waker,
) -> Poll<Ready> {
    let half = state.half(direction);
    if ready.is_none() && !half.is_waiting(&waker) {
        half.keep(waker);
        return Poll::Pending;
    }
    drop(state);
    drop(waker);
    ready.map_or(Poll::Pending, Poll::Ready)
}

impl Ready {
    /// Whether the other side was once reported to have closed, or an error to be pending.
    ///
    /// It is not the end of the stream: there may be data to be read before that. It says that a
    /// short read or write proves nothing, and that one has to go on until `WouldBlock`, zero or
    /// an error.
    pub fn is_hung_up(self) -> bool {
        self.signs & sign::HUNG_UP != 0
    }

    /// Whether this side is closed: nothing will come, or nothing be taken, after what is there.
    pub fn is_closed(self) -> bool {
        self.signs & sign::CLOSED != 0
    }

    /// Whether an event told it that no operation has used up. If none did, the source is new,
    /// closed, or deregistered.
    pub fn is_told(self) -> bool {
        self.signs & sign::TOLD != 0
    }

    /// Whether the source is no longer registered: no event will ever come, and after
    /// `WouldBlock` there is nothing to wait for.
    pub fn is_deregistered(self) -> bool {
        self.signs & sign::DEREGISTERED != 0
    }
}

impl State {
    #[inline]
    fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
            Direction::Priority | Direction::Error => self.rare_half(direction),
        }
    }

    #[cold]
    fn is_rare_armed(&self) -> bool {
        let rare = self.rare.as_ref();
        rare.is_some_and(|rare| rare.priority.waiter.is_some() || rare.error.waiter.is_some())
    }

    #[cold]
    fn rare_half(&mut self, direction: Direction) -> &mut Half {
        let rare = self.rare();
        match direction {
            Direction::Priority => &mut rare.priority,
            _ => &mut rare.error,
        }
    }

    fn rare(&mut self) -> &mut Rare {
        let closed = self.read.signs & sign::CLOSED;
        self.rare.get_or_insert_with(|| Box::new(Rare::new(closed)))
    }

    #[inline]
    fn ready(&mut self, direction: Direction) -> Option<Ready> {
        let deregistered = self.deregistered;
        let half = self.half(direction);
        let is_ready = deregistered || half.used < half.events;
        is_ready.then_some(half.known(deregistered))
    }

    fn told(&mut self, direction: Direction) -> Option<Ready> {
        let deregistered = self.deregistered;
        let half = self.half(direction);
        let is_ready = deregistered || half.signs & (sign::TOLD | sign::CLOSED) != 0;
        is_ready.then_some(half.known(deregistered))
    }

    /// What is urgent ends with what is read. Where nobody ever asked for either, that is told to
    /// the first who does, see `rare`.
    #[cold]
    fn set_rare_ready(&mut self, event: &mio::event::Event, due: &mut Vec<Waker>) {
        if event.is_priority() || event.is_error() {
            self.rare();
        }
        if let Some(rare) = &mut self.rare {
            let closed = event.is_read_closed();
            if event.is_priority() || closed {
                rare.priority.set_ready(closed, false, due);
            }
            if event.is_error() {
                rare.error.set_ready(false, true, due);
            }
        }
    }
}

impl Rare {
    fn new(closed: u8) -> Self {
        let half = |signs| Half {
            used: ASSUMED,
            signs,
            ..Half::new()
        };
        Rare {
            priority: half(closed),
            error: half(0),
        }
    }
}

impl Half {
    fn new() -> Self {
        Half {
            events: ASSUMED,
            used: 0,
            signs: 0,
            waiter: None,
            more: Vec::new(),
        }
    }

    fn is_waiting(&self, waker: &Waker) -> bool {
        let mut waiters = self.waiter.iter().chain(&self.more);
        waiters.any(|waiter| waiter.will_wake(waker))
    }

    #[inline]
    fn known(&self, deregistered: bool) -> Ready {
        Ready {
            events: self.events,
            signs: self.signs | if deregistered { sign::DEREGISTERED } else { 0 },
        }
    }

    #[inline]
    fn clear(&mut self, tried: Ready) {
        if tried.events >= self.events {
            self.used = self.events;
            self.signs &= !(sign::TOLD | sign::PRESUMED | sign::PROVED);
        }
    }

    #[inline]
    fn presume(&mut self, tried: Ready) -> bool {
        self.signs |= if tried.signs & sign::PROVED != 0 {
            sign::DISTRUSTED
        } else {
            0
        };
        let is_last = tried.events >= self.events;
        if !is_last || self.signs & (sign::HUNG_UP | sign::DISTRUSTED) != 0 {
            return false;
        }
        self.clear(tried);
        self.signs |= sign::PRESUMED;
        true
    }

    #[inline]
    fn keep(&mut self, waker: Waker) {
        match self.waiter {
            None => self.waiter = Some(waker),
            Some(_) => self.more.push(waker),
        }
    }

    #[inline]
    fn set_ready(&mut self, closed: bool, failed: bool, due: &mut Vec<Waker>) {
        self.events += 1;
        self.signs &= !(sign::PRESUMED | sign::PROVED);
        self.signs |= sign::TOLD;
        if closed || failed {
            self.signs |= sign::HUNG_UP | if closed { sign::CLOSED } else { 0 };
        }
        self.call(due);
    }

    #[inline]
    fn call(&mut self, due: &mut Vec<Waker>) {
        // Nobody is in the list without a waiter before it.
        if let Some(waiter) = self.waiter.take() {
            due.push(waiter);
            due.append(&mut self.more);
        }
    }
}
