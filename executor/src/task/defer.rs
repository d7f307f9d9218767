//! A clean-up that has to wait: run by the loop, after whoever armed it was dropped.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use crate::engine::context;
use crate::engine::core::Engine;
use crate::quietly::quietly;

/// Arms an async clean-up: when what this returns is dropped, `clean_up` runs as a task of its
/// own.
///
/// Cancellation drops a future, and a destructor cannot wait. So say goodbye to the peer, or give
/// the lease back, in a clean-up: it runs however its block is left, by the end, by `?`, by a
/// panic or by being cancelled. Several are started in the order in which they were dropped.
///
/// When the runtime ends, clean-ups get a chance, also those armed by tasks that are dropped only
/// then: the loop turns until they have ended, at most for the limit of the shutdown
/// ([`Builder::shutdown_timeout`](crate::runtime::Builder::shutdown_timeout); on the paused clock
/// by that clock), and until nothing can wake them any more. What is left is dropped, and named on
/// standard error. They can spawn nothing then (it would be cancelled), but may `defer`, use
/// `spawn_blocking`, and run futures side by side in place. There is no such chance if the runtime
/// is dropped inside of another one's task, or on another thread while nobody turns this loop, or
/// if this thread ends first.
///
/// asyncio: an `await` in a `finally`. tokio has none.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::task::{defer, idle};
///
/// let (told, mut goodbye) = mainspring::future::create_future();
/// let session = mainspring::task::spawn_local(async {
///     let _goodbye = defer(async {
///         mainspring::task::yield_now().await;
///         told.set_result("goodbye").unwrap();
///     });
///     std::future::pending::<()>().await;
/// });
/// idle().await;
/// session.abort();
/// assert_eq!((&mut goodbye).await.unwrap(), "goodbye");
/// # });
/// ```
#[track_caller]
pub fn defer<F>(clean_up: F) -> Defer
where
    F: Future<Output = ()> + 'static,
{
    Defer {
        engine: Rc::downgrade(&context::expect("`defer`")),
        clean_up: Some(Box::pin(clean_up)),
        place: Location::caller(),
        _confined: PhantomData,
    }
}

/// An armed clean-up of [`defer`]: dropping it starts the clean-up, on the loop it was armed on.
///
/// It stays on its thread.
#[must_use = "the clean-up starts as soon as this is dropped: bind it, as in `let _clean_up = defer(..)`"]
pub struct Defer {
    /// Weak, so that one that outlives its loop keeps nothing of it.
    engine: Weak<Engine>,
    clean_up: Option<Pin<Box<dyn Future<Output = ()>>>>,
    place: &'static Location<'static>,
    _confined: PhantomData<Rc<()>>,
}

impl Defer {
    /// Drops the clean-up, which is not needed any more.
    pub fn disarm(mut self) {
        self.clean_up = None;
    }
}

impl Drop for Defer {
    fn drop(&mut self) {
        let Some(clean_up) = self.clean_up.take() else {
            return;
        };
        match self.engine.upgrade() {
            Some(engine) => engine.spawn_clean_up(clean_up, self.place),
            None => quietly(|| drop(clean_up)),
        }
    }
}

impl fmt::Debug for Defer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Defer(armed at {})", self.place)
    }
}
