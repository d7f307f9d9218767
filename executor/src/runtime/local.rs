//! The plain form of a runtime: everything on this thread, nothing `Send`.

use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::shared::{OnStall, Shared};
use crate::engine::turning::Turning;
use crate::runtime::builder::Builder;
use crate::runtime::drive::RunEnd;
use crate::runtime::handle::{EnterGuard, Handle};
use crate::runtime::shutdown::shut_down;
use crate::task::JoinHandle;

/// A runtime that stays on the thread that built it.
///
/// Dropping it ends it: tasks are dropped in the order of spawning, pools wait for what runs.
///
/// tokio: `runtime::LocalRuntime`. asyncio: `Runner`, `new_event_loop`.
///
/// ```
/// use mainspring::runtime::{LocalRuntime, RunEnd};
///
/// let runtime = LocalRuntime::new()?;
/// runtime.spawn_local(async { println!("a task") });
/// assert!(matches!(runtime.run_until_idle(), RunEnd::Idle));
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct LocalRuntime {
    handle: Handle,
    engine: Rc<Engine>,
    shutdown_limit: Duration,
    _confined: PhantomData<Rc<()>>,
}

impl LocalRuntime {
    /// A runtime with the default settings.
    ///
    /// # Errors
    ///
    /// The operating system refused a reactor (out of file descriptors).
    pub fn new() -> io::Result<LocalRuntime> {
        Builder::new_current_thread().build_local(LocalOptions::default())
    }

    fn start(shared: Arc<Shared>) -> io::Result<LocalRuntime> {
        Ok(LocalRuntime {
            engine: context::engine_of(&shared)?,
            shutdown_limit: shared.settings.shutdown_limit,
            handle: Handle::new(shared),
            _confined: PhantomData,
        })
    }

    /// Blocks this thread until the future is done, turning the loop meanwhile.
    /// asyncio: `run_until_complete`.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already, or if the future panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let turning = Turning::begin(&self.engine);
        let turning = turning.expect("nobody but this thread can end a `LocalRuntime`");
        self.engine.block_on(turning, future)
    }

    /// Spawns a task, which runs whenever this runtime is driven.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the task go on.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.engine.spawn(future, Location::caller())
    }

    /// Turns the loop until [`Handle::stop`]; on the paused clock also until nothing can happen
    /// any more. asyncio: `loop.run_forever`.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already.
    #[track_caller]
    pub fn run_forever(&self) -> RunEnd {
        self.engine.run_forever()
    }

    /// Turns the loop until no task is left, or until nothing can wake those that are left.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already.
    #[track_caller]
    pub fn run_until_idle(&self) -> RunEnd {
        self.engine.run_until_idle()
    }

    /// The runtime as other threads see it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Enters the runtime: until the guard is dropped, `spawn`, `sleep` and their like find it.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Ends the runtime, and waits at most so long for jobs that run.
    pub fn shutdown_timeout(mut self, limit: Duration) {
        self.shutdown_limit = limit;
    }

    /// Ends the runtime and waits for no job.
    pub fn shutdown_background(self) {
        self.shutdown_timeout(Duration::ZERO);
    }
}

/// What only a [`LocalRuntime`] can be told: nothing so far. tokio: `runtime::LocalOptions`.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    // As in tokio, so that hooks that are not `Send` can come.
    _confined: PhantomData<Rc<()>>,
}

impl Builder {
    /// Builds the confined form, whose `spawn_local` and `block_on` need no `Send`.
    ///
    /// # Errors
    ///
    /// The operating system refused a reactor (out of file descriptors).
    pub fn build_local(&mut self, _options: LocalOptions) -> io::Result<LocalRuntime> {
        LocalRuntime::start(self.without_driver().shared()?)
    }
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        shut_down(self.handle.shared(), self.shutdown_limit, None);
    }
}

/// Runs a future to its end on a fresh runtime with these settings, then ends the runtime.
#[track_caller]
pub(crate) fn run_with<F: Future>(builder: &mut Builder, on_stall: OnStall, main: F) -> F::Output {
    match builder
        .on_stall(on_stall)
        .build_local(LocalOptions::default())
    {
        Ok(runtime) => runtime.block_on(main),
        Err(error) => {
            panic!("the operating system refused a reactor: {error}; raise the limit of open files")
        }
    }
}
