//! The runtime as other threads see it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::engine::context::{self, Inside};
use crate::engine::ready::Letter;
use crate::engine::shared::{Shared, next_id};
use crate::engine::turning::Turning;
use crate::runtime::shutdown::ComesHome;
use crate::task::JoinHandle;
use crate::task::spawn::spawn_on;

/// The runtime as other threads see it: `Send`, `Sync`, and cheap to clone.
///
/// tokio: `runtime::Handle`. asyncio: the event loop object, as far as other threads may use it.
///
/// ```
/// # let runtime = mainspring::runtime::LocalRuntime::new()?;
/// let handle = runtime.handle().clone();
/// let thread = std::thread::spawn(move || handle.spawn(async { 5 }));
/// assert_eq!(runtime.block_on(thread.join().unwrap()).unwrap(), 5);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// There is no runtime here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TryCurrentError {
    what: String,
    is_thread_ending: bool,
}

impl TryCurrentError {
    /// This thread is not inside of a runtime.
    pub fn is_missing_context(&self) -> bool {
        !self.is_thread_ending
    }

    /// This thread is ending, and nobody can tell any more: asked in the destructor of a
    /// thread-local.
    pub fn is_thread_local_destroyed(&self) -> bool {
        self.is_thread_ending
    }
}

/// What kind of runtime it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// Its tasks run on the thread that blocks on it.
    CurrentThread,
    /// Its tasks run on a driver thread.
    MultiThread,
}

/// A runtime's number. tokio: `runtime::Id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(NonZeroU64);

impl Id {
    /// A number that nothing else in the process bears.
    pub(crate) fn next() -> Id {
        Id(next_id())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Handle { shared }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The runtime this thread is inside of. asyncio: `get_running_loop`.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn current() -> Handle {
        match Handle::try_current() {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// The runtime this thread is inside of.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        match context::current_shared() {
            Some(shared) => Ok(Handle { shared }),
            None => Err(TryCurrentError {
                what: context::outside("`Handle::current`"),
                is_thread_ending: context::is_thread_ending(),
            }),
        }
    }

    /// Spawns a task on the runtime, from any thread. Once the runtime has ended, the handle
    /// says "cancelled".
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the task go on.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn_on(&self.shared, future)
    }

    /// Blocks this thread until the future is done. What the future spawns with `spawn` runs on
    /// this thread, too, while it blocks on the runtime.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already, or if the future panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        // Before a loop is made for nothing.
        Turning::forbid();
        loop {
            let engine = match context::engine_of(&self.shared) {
                Ok(engine) => engine,
                Err(error) => panic!(
                    "the operating system refused this thread a reactor: {error}; raise the \
                     limit of open files, or block on the runtime from fewer threads"
                ),
            };
            // `None`: the runtime has been dropped since, and the next one is a loop of its own.
            if let Some(turning) = Turning::begin(&engine) {
                let _comes_home = ComesHome(&engine);
                return engine.block_on(turning, future);
            }
        }
    }

    /// Enters the runtime on this thread: until the guard is dropped, `spawn`, `sleep` and their
    /// like find it. Guards may be dropped in any order.
    ///
    /// What they find is this thread's own loop of the runtime, which turns while this thread
    /// blocks on it, and at no other time. Do not hold the guard across an `.await`: whatever
    /// else runs on this thread meanwhile would find that loop instead of its own.
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard {
            _inside: context::enter(&self.shared),
            _handle: self,
        }
    }

    /// Ends `run_forever` after the turn it is in. asyncio: `loop.stop`.
    ///
    /// Does nothing once the runtime has ended.
    pub fn stop(&self) {
        let stop = || {
            if let Some(engine) = context::current() {
                engine.stopping.set(true);
            }
        };
        let _ = self.shared.home().send(Letter::Call(Box::new(stop)));
    }

    /// The runtime's number, which no other of this process bears.
    pub fn id(&self) -> Id {
        Id(self.shared.id)
    }

    /// The runtime's name, if [`Builder::name`](crate::runtime::Builder::name) gave it one.
    pub fn name(&self) -> Option<&str> {
        self.shared.settings.name.as_deref()
    }

    /// What kind of runtime it is.
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        match self.shared.settings.has_driver {
            true => RuntimeFlavor::MultiThread,
            false => RuntimeFlavor::CurrentThread,
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("flavor", &self.runtime_flavor())
            .finish_non_exhaustive()
    }
}

/// While it lives, its thread is inside of a runtime. tokio: `runtime::EnterGuard`.
#[derive(Debug)]
#[must_use = "dropping the guard leaves the runtime"]
pub struct EnterGuard<'a> {
    _inside: Inside,
    _handle: &'a Handle,
}

/// The runtime has ended: nobody will run the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the runtime has ended, so nobody will run the call")
    }
}

impl Error for Closed {}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for TryCurrentError {}
