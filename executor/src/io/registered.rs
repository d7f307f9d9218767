//! A socket and its place in the reactor: try, and wait only if it would have blocked.
//!
//! ```text
//!   poll_io ---> poll_ready --Pending--> (the reactor's event wakes the task) ---+
//!     ^              | Ready                                                     |
//!     |              v                                                           |
//!     |          operation --Ok, Err--> done                                     |
//!     |              | WouldBlock                                                |
//!     |              v                                                           |
//!     +------ poll_ready_again <-------------------------------------------------+
//! ```
//!
//! A stream that gave less than there was room for is presumed to be empty, which spares the attempt
//! that would say so: see `Source::presume_empty`.

use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use mainspring_reactor::{Direction, Interest, Ready, Source};
use mio::event;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::hold::Wire;
use crate::engine::ready::Remote;
use crate::engine::shared::HasEnded;
use crate::io::pace::proceed;
use crate::io::read_buf::ReadBuf;
use crate::leaf;
use crate::quietly::wake_all;

/// A socket that is registered with a loop's reactor as long as it lives.
///
/// It may be used and dropped on any thread; the tasks that wait for it are woken by the loop it
/// was made in.
#[derive(Debug)]
pub(crate) struct Registered<S: event::Source> {
    /// `None` only after `into_inner`.
    io: Option<S>,

    // Any thread.
    source: Source,

    // Never changes.
    /// The loop whose reactor knows it.
    home: Arc<Remote>,
    /// Where it was made, for those who wait without a place of their own.
    place: &'static Location<'static>,
}

impl<S: event::Source> Registered<S> {
    // ANCHOR: poll_io
    /// Tries the operation as soon as it may succeed, until it does something else than block.
    pub(crate) fn poll_io<T>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        self.poll_tried(cx, direction, operation)
            .map_ok(|(done, _)| done)
    }

    /// The same, and says upon what it was tried.
    fn poll_tried<T>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<(T, Ready)>> {
        ready!(proceed(cx));
        let polled = self.source.poll_ready(direction, cx.waker());
        let mut ready = ready!(self.note(direction, polled));
        loop {
            match operation(self.io()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if ready.is_deregistered() {
                        return Poll::Ready(Err(homeless()));
                    }
                    let polled = (self.source).poll_ready_again(direction, ready, cx.waker());
                    ready = ready!(self.note(direction, polled));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    leaf::spend();
                    return Poll::Ready(result.map(|done| (done, ready)));
                }
            }
        }
    }
    // ANCHOR_END: poll_io

    /// Reads from a stream what there is. If that is less than there is room for, it was all, and
    /// the next read waits for an event.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        read: impl Fn(&S, &mut [u8]) -> io::Result<usize>,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        if room == 0 {
            return Poll::Ready(Ok(()));
        }
        let read = |io: &S| read(io, buf.initialize_unfilled());
        let (count, tried) = ready!(self.poll_tried(cx, Direction::Read, read))?;
        buf.advance(count);
        if 0 < count && count < room && context::here(&self.home).is_some() {
            self.source.presume_empty(tried);
        }
        Poll::Ready(Ok(()))
    }

    /// Notes what is waited for, if it is.
    fn note(&self, direction: Direction, polled: Poll<Ready>) -> Poll<Ready> {
        if polled.is_pending() {
            let what = match direction {
                Direction::Read => "a socket to be readable",
                Direction::Write => "a socket to be writable",
                Direction::Priority | Direction::Error => "a socket to be ready",
            };
            leaf::waiting_for(what, self.place);
        }
        polled
    }

    /// Tries the operation now, if it may succeed, and waits for nothing. If it would have blocked,
    /// the readiness it was tried upon is used up; an event that came meanwhile is not.
    pub(crate) fn try_io<T>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(ready) = self.source.ready(direction) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        loop {
            match operation(self.io()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.source.clear_ready(direction, ready);
                    return Err(error);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// A wait for this direction is given up. Its waker goes; whoever else waits asks again.
    pub(crate) fn release(&self, direction: Direction) {
        release(&self.source, direction);
    }

    /// Registers a socket, which must not block, with the loop this thread is inside of, or with the
    /// runtime's driver thread, if it has one: that one turns always.
    ///
    /// # Errors
    ///
    /// What the system answers. The socket is closed then.
    pub(crate) fn new(
        engine: &Engine,
        io: S,
        place: &'static Location<'static>,
    ) -> io::Result<Self> {
        let both = Interest::READABLE | Interest::WRITABLE;
        Registered::register(engine, io, both, place).map_err(|(_, error)| error)
    }

    /// As [`new`](Registered::new), but what cannot be registered is given back.
    pub(crate) fn register(
        engine: &Engine,
        mut io: S,
        interest: Interest,
        place: &'static Location<'static>,
    ) -> Result<Self, (S, io::Error)> {
        let (home, registered) = match engine.shared.home_for_sockets(&engine.remote) {
            Some((home, registrar)) => (home, registrar.register(&mut io, interest)),
            None => {
                let registered = engine.reactor.borrow_mut().register(&mut io, interest);
                (engine.remote.clone(), registered)
            }
        };
        match registered {
            Ok(source) => Ok(Registered {
                io: Some(io),
                source,
                home,
                place,
            }),
            Err(error) => Err((io, error)),
        }
    }

    /// Says what the socket is connected to: the paused clock asks.
    pub(crate) fn set_wire(&self, wire: Wire) {
        let source = self.source.key();
        context::at_home(&self.home, move |engine| engine.wires.set(source, wire));
    }

    /// Takes it for told that an operation may be tried: what was connected just now may be read
    /// and written as a rule.
    pub(crate) fn assume(&self, direction: Direction) {
        let mut due = Vec::new();
        self.source.renew(direction, &mut due);
        wake_all(due);
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    pub(crate) fn home(&self) -> &Arc<Remote> {
        &self.home
    }

    /// Whether this loop's reactor knows it.
    pub(crate) fn is_of(&self, engine: &Engine) -> bool {
        Arc::ptr_eq(&self.home, &engine.remote)
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    pub(crate) fn io(&self) -> &S {
        let io = self.io.as_ref();
        io.expect("a socket that was taken out is used by nobody")
    }

    /// Both, for those who need the socket for themselves.
    pub(crate) fn parts_mut(&mut self) -> (&mut S, &Source) {
        let io = self.io.as_mut();
        let io = io.expect("a socket that was taken out is used by nobody");
        (io, &self.source)
    }

    /// The socket, no longer registered.
    pub(crate) fn into_inner(mut self) -> S {
        let io = self.deregister();
        io.expect("a socket is taken out once")
    }

    fn deregister(&mut self) -> Option<S> {
        let mut io = self.io.take()?;
        let key = self.source.key();
        match context::here(&self.home) {
            Some(engine) => {
                engine.wires.remove(key);
                // A socket that the system does not know any more is deregistered, too.
                let _ = engine
                    .reactor
                    .borrow_mut()
                    .deregister(&mut io, &self.source);
            }
            // Whatever event still comes for it bears a key that reaches nobody.
            None => context::at_home(&self.home, move |engine| {
                engine.wires.remove(key);
                engine.reactor.borrow_mut().forget(key);
            }),
        }
        Some(io)
    }
}

impl<S: event::Source> Drop for Registered<S> {
    fn drop(&mut self) {
        // Closed after it was deregistered.
        drop(self.deregister());
    }
}

pub(crate) fn release(source: &Source, direction: Direction) {
    let mut due = Vec::new();
    source.release(direction, &mut due);
    wake_all(due);
}

/// The runtime has ended: no event will come any more.
pub(crate) fn homeless() -> io::Error {
    io::Error::other(HasEnded)
}

/// One future's wait for a socket. The waker it left there goes with it.
#[derive(Debug)]
pub(crate) struct Wait<'a, S: event::Source> {
    socket: &'a Registered<S>,
    direction: Direction,
    /// What it waits for, in a report's words.
    what: &'static str,
    place: &'static Location<'static>,
    is_waiting: bool,
}

impl<'a, S: event::Source> Wait<'a, S> {
    #[track_caller]
    pub(crate) fn new(socket: &'a Registered<S>, direction: Direction, what: &'static str) -> Self {
        Wait {
            socket,
            direction,
            what,
            place: Location::caller(),
            is_waiting: false,
        }
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }

    pub(crate) fn poll_io<T>(
        &mut self,
        cx: &mut Context<'_>,
        operation: impl FnMut(&S) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let polled = self.socket.poll_io(cx, self.direction, operation);
        self.is_waiting = polled.is_pending();
        if self.is_waiting {
            leaf::waiting_for(self.what, self.place);
        }
        polled
    }
}

impl<S: event::Source> Drop for Wait<'_, S> {
    fn drop(&mut self) {
        if self.is_waiting {
            self.socket.release(self.direction);
        }
    }
}
