//! A loop's ear for one kind of signal: a pipe into which the handler writes, and a count.

use std::io::{self, Read};
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use mainspring_reactor::Direction;
use mio::unix::pipe::{self, Receiver};
use signal_hook::SigId;
use signal_hook::low_level;

use crate::engine::core::Engine;
use crate::engine::ready::Remote;
use crate::engine::shared::Lodger;
use crate::io::registered::Registered;
use crate::shim::atomic::{AtomicU64, Ordering};
use crate::shim::{Mutex, lock};
use crate::signal::kind::SignalKind;

/// All streams of a loop for one kind of signal listen through one of these. It stays when they
/// go, until the loop ends: what comes between two of them, before the loop has looked, is heard by
/// the second, as it is in tokio.
#[derive(Debug)]
pub(crate) struct Ear {
    // Never changes.
    /// The handler's part, which keeps the pipe's other end.
    action: SigId,

    // Any thread.
    pipe: Registered<Receiver>,
    /// How often something was found in the pipe.
    heard: AtomicU64,
}

/// The ears of a runtime's loops.
#[derive(Debug, Default)]
struct Ears(Mutex<Vec<Known>>);

#[derive(Debug)]
struct Known {
    home: Arc<Remote>,
    kind: SignalKind,
    ear: Arc<Ear>,
}

impl Ear {
    // ANCHOR: poll_heard
    /// Waits until something was heard that is not counted in `seen`.
    ///
    /// Whoever comes first empties the pipe and counts; the event has woken all who waited, and
    /// the others find the count changed.
    ///
    /// # Errors
    ///
    /// The runtime has ended.
    pub(crate) fn poll_heard(&self, cx: &mut Context<'_>, seen: &mut u64) -> Poll<io::Result<()>> {
        let mut heard = self.heard.load(Ordering::Acquire);
        if heard == *seen {
            ready!(self.pipe.poll_io(cx, Direction::Read, read))?;
            self.empty();
            heard = self.heard.fetch_add(1, Ordering::AcqRel) + 1;
        }
        *seen = heard;
        Poll::Ready(Ok(()))
    }
    // ANCHOR_END: poll_heard

    /// What has been heard until the loop looked last: whoever begins to listen is told of nothing
    /// older.
    pub(crate) fn heard(&self) -> u64 {
        // The others are to be told of it all the same.
        if self.empty() {
            self.heard.fetch_add(1, Ordering::AcqRel);
        }
        self.heard.load(Ordering::Acquire)
    }

    /// Takes out what is in the pipe, to the end: what comes from here on is an event of its own.
    /// Says whether there was anything.
    fn empty(&self) -> bool {
        let mut any = false;
        while self.pipe.try_io(Direction::Read, read).is_ok() {
            any = true;
        }
        any
    }

    /// A wait is given up.
    pub(crate) fn release(&self) {
        self.pipe.release(Direction::Read);
    }

    // ANCHOR: of
    /// This loop's ear for that kind.
    ///
    /// # Errors
    ///
    /// What the system answers, and if the runtime has ended.
    pub(crate) fn of(
        engine: &Engine,
        kind: SignalKind,
        place: &'static Location<'static>,
    ) -> io::Result<Arc<Ear>> {
        let ears = engine.shared.lodger(Ears::default);
        let ears = ears.ok_or_else(|| io::Error::other("the runtime has ended"))?;
        if let Some(ear) = ears.find(engine, kind) {
            return Ok(ear);
        }
        // Nobody else makes it meanwhile: only this thread makes them for this loop.
        let ear = Arc::new(Ear::new(engine, kind, place)?);
        lock(&ears.0).push(Known {
            home: engine.remote.clone(),
            kind,
            ear: ear.clone(),
        });
        Ok(ear)
    }

    fn new(
        engine: &Engine,
        kind: SignalKind,
        place: &'static Location<'static>,
    ) -> io::Result<Ear> {
        let (sender, receiver) = pipe::new()?;
        let pipe = Registered::new(engine, receiver, place)?;
        let action = low_level::pipe::register(kind.as_raw_value(), sender)?;
        Ok(Ear {
            action,
            pipe,
            heard: AtomicU64::new(0),
        })
    }
    // ANCHOR_END: of
}

/// Takes out a piece of what is in the pipe.
fn read(mut pipe: &Receiver) -> io::Result<usize> {
    pipe.read(&mut [0; 1024])
}

impl Drop for Ear {
    fn drop(&mut self) {
        low_level::unregister(self.action);
    }
}

impl Ears {
    fn find(&self, engine: &Engine, kind: SignalKind) -> Option<Arc<Ear>> {
        let mut known = lock(&self.0);
        let ended: Vec<Known> = known.extract_if(.., |it| it.home.is_closed()).collect();
        let is_it = |it: &&Known| it.kind == kind && Arc::ptr_eq(&it.home, &engine.remote);
        let ear = known.iter().find(is_it).map(|it| it.ear.clone());
        drop(known);
        drop(ended);
        ear
    }
}

impl Lodger for Ears {
    fn close(&self, _until: Instant) -> Vec<String> {
        let ended = std::mem::take(&mut *lock(&self.0));
        drop(ended);
        Vec::new()
    }
}
