//! The way to register a source from another thread.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use mio::{Interest, Registry, event};

use crate::source::{Presumed, Source, SourceKey};

/// Registers sources with a [`Reactor`](crate::Reactor), from any thread.
///
/// Their keys are none of the reactor's own table, which belongs to its thread; so these sources stand
/// in a table of their own, under a lock, and are in it before the first event can come.
///
/// ```
/// use std::task::Waker;
/// use mainspring_reactor::{Direction, Interest, Reactor};
/// use mio::net::UnixStream;
///
/// let mut reactor = Reactor::new()?;
/// let registrar = reactor.registrar()?;
/// let thread = std::thread::spawn(move || {
///     let (mut stream, peer) = UnixStream::pair()?;
///     let source = registrar.register(&mut stream, Interest::READABLE | Interest::WRITABLE)?;
///     std::io::Result::Ok((stream, peer, source))
/// });
/// let (_stream, _peer, source) = thread.join().unwrap()?;
/// assert_eq!(reactor.turn(None, &mut Vec::new())?.events, 1);
/// assert!(source.poll_ready(Direction::Write, Waker::noop()).is_ready());
/// # std::io::Result::Ok(())
/// ```
pub struct Registrar {
    // Never changes.
    registry: Registry,

    // Any thread.
    next: AtomicU64,

    // Any thread, under their locks.
    guests: Arc<Guests>,
    presumed: Presumed,
}

/// The sources that were registered from other threads.
#[derive(Debug, Default)]
pub(crate) struct Guests(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    sources: HashMap<SourceKey, Source>,
    /// The reactor is gone.
    is_closed: bool,
}

impl Registrar {
    pub(crate) fn new(
        registry: &Registry,
        guests: Arc<Guests>,
        presumed: Presumed,
    ) -> io::Result<Self> {
        Ok(Registrar {
            registry: registry.try_clone()?,
            next: AtomicU64::new(0),
            guests,
            presumed,
        })
    }

    /// Registers a source, as [`Reactor::register`](crate::Reactor::register) does.
    ///
    /// It goes by [`Reactor::deregister`](crate::Reactor::deregister) or
    /// [`forget`](crate::Reactor::forget). If the reactor is gone, the source says so at once.
    ///
    /// # Errors
    ///
    /// What the system answers. Nothing is registered then.
    pub fn register(
        &self,
        io: &mut (impl event::Source + ?Sized),
        interest: Interest,
    ) -> io::Result<Source> {
        let key = SourceKey::guest(self.next.fetch_add(1, Ordering::Relaxed));
        let source = Source::new(key, self.presumed.clone());
        if !self.guests.insert(source.clone()) {
            source.set_deregistered(&mut Vec::new());
            return Ok(source);
        }
        let registered = match io.register(&self.registry, key.token(), interest) {
            // As in `Reactor::register`.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                io.reregister(&self.registry, key.token(), interest)
            }
            registered => registered,
        };
        if let Err(error) = registered {
            self.guests.remove(key);
            return Err(error);
        }
        Ok(source)
    }
}

impl Guests {
    /// `false`: the reactor is gone.
    fn insert(&self, source: Source) -> bool {
        let mut book = self.lock();
        if !book.is_closed {
            book.sources.insert(source.key(), source);
        }
        !book.is_closed
    }

    pub(crate) fn get(&self, key: SourceKey) -> Option<Source> {
        self.lock().sources.get(&key).cloned()
    }

    pub(crate) fn remove(&self, key: SourceKey) -> Option<Source> {
        self.lock().sources.remove(&key)
    }

    pub(crate) fn all(&self) -> Vec<Source> {
        self.lock().sources.values().cloned().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().sources.len()
    }

    pub(crate) fn close(&self, due: &mut Vec<Waker>) {
        let sources = {
            let mut book = self.lock();
            book.is_closed = true;
            std::mem::take(&mut book.sources)
        };
        sources
            .into_values()
            .for_each(|source| source.set_deregistered(due));
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Nothing under this lock panics half way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar")
            .field("guests", &self.guests.len())
            .finish_non_exhaustive()
    }
}
