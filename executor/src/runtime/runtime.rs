//! The runtime that may be sent and shared.

use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::hooks::ThreadName;
use crate::engine::ready::Letter;
use crate::engine::shared::{HasEnded, Shared};
use crate::engine::turning::Turning;
use crate::runtime::builder::Builder;
use crate::runtime::drive::RunEnd;
use crate::runtime::handle::{EnterGuard, Handle};
use crate::runtime::shutdown::{ComesHome, shut_down};
use crate::task::JoinHandle;

/// A runtime. It is `Send` and `Sync`: it owns what a loop shares with other threads, while the
/// loop itself stays on the thread that first drives it.
///
/// Every thread that blocks on the runtime turns a loop of its own, for what it spawns with
/// `spawn`. What is sent to the runtime ([`Runtime::spawn`], [`Handle::spawn`]) runs on its
/// *home* loop: on the driver thread, if it has one ([`Runtime::new`]), or else on the thread that
/// drove it first (when that has ended, on the next one). A socket belongs to the loop in which it
/// was made, and hears of events while that turns; with a driver thread, all of them belong to that.
///
/// Dropping it ends it: tasks are dropped in the order of spawning, queued jobs are answered
/// "cancelled", running ones waited for, at most 10 s ([`Builder::shutdown_timeout`]). It may be
/// dropped on any thread, also inside of one of its own tasks. A loop on another thread that does
/// not turn just then is not waited for: its thread drops its tasks when it next asks for a loop,
/// or ends.
///
/// tokio: `runtime::Runtime`.
///
/// ```
/// use mainspring::runtime::Runtime;
///
/// let runtime = Runtime::new()?;
/// let task = runtime.spawn(async { 6 * 7 }); // begins at once, on the driver thread
/// assert_eq!(runtime.block_on(task).unwrap(), 42);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    shutdown_limit: Duration,
    driver: Option<Driver>,
}

/// The thread that turns the home loop of a runtime built as a multi-thread one.
#[derive(Debug)]
struct Driver {
    id: ThreadId,
    /// Something comes for each `stop`.
    stops: Receiver<()>,
    /// Closed when the thread has ended its loop.
    ended: Receiver<()>,
}

impl Runtime {
    /// A runtime with a driver thread: tasks run between two calls of `block_on`, too.
    ///
    /// # Errors
    ///
    /// The operating system refused a reactor or a thread.
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().build()
    }

    fn start(shared: Arc<Shared>) -> io::Result<Runtime> {
        let driver = match shared.settings.has_driver {
            true => Some(Driver::start(shared.clone())?),
            false => None,
        };
        Ok(Runtime {
            shutdown_limit: shared.settings.shutdown_limit,
            handle: Handle::new(shared),
            driver,
        })
    }

    /// Blocks this thread until the future is done.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already, or if the future panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Spawns a task on the home loop, from any thread.
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
        self.handle.spawn(future)
    }

    /// Turns the loop until [`Handle::stop`]; on the paused clock also until nothing can happen
    /// any more. A runtime with a driver thread turns anyway: this waits for the stop.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already.
    #[track_caller]
    pub fn run_forever(&self) -> RunEnd {
        match &self.driver {
            Some(driver) => {
                Turning::forbid();
                let _ = driver.stops.recv();
                RunEnd::Stopped
            }
            None => self.home().run_forever(),
        }
    }

    /// Turns the loop until no task is left, or until nothing can wake those that are left. A
    /// runtime with a driver thread turns anyway: this waits until it has no task.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already.
    #[track_caller]
    pub fn run_until_idle(&self) -> RunEnd {
        if self.driver.is_none() {
            return self.home().run_until_idle();
        }
        Turning::forbid();
        let (idle, became_idle) = bounded::<()>(1);
        let watch = Letter::Call(Box::new(move || {
            if let Some(engine) = context::current() {
                engine
                    .when_empty
                    .borrow_mut()
                    .push(Box::new(move || drop(idle)));
            }
        }));
        let _ = self.handle.shared().home().send(watch);
        let _ = became_idle.recv();
        RunEnd::Idle
    }

    #[track_caller]
    fn home(&self) -> Rc<Engine> {
        match context::engine_of(self.handle.shared()) {
            Ok(engine) => engine,
            Err(error) => panic!("the operating system refused this thread a reactor: {error}"),
        }
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

impl Builder {
    /// Builds the runtime.
    ///
    /// # Errors
    ///
    /// The operating system refused a reactor (out of file descriptors) or the driver thread.
    pub fn build(&mut self) -> io::Result<Runtime> {
        Runtime::start(self.shared()?)
    }
}

/// Whether an operation on a socket failed because the runtime in which the socket was made has
/// ended.
///
/// tokio: `runtime::is_rt_shutdown_err`.
///
/// ```
/// use mainspring::net::TcpListener;
/// use mainspring::runtime::{LocalRuntime, is_rt_shutdown_err};
///
/// let first = LocalRuntime::new()?;
/// let listener = first.block_on(TcpListener::bind("127.0.0.1:0"))?;
/// drop(first);
/// let error = mainspring::run(async { listener.accept().await.unwrap_err() });
/// assert!(is_rt_shutdown_err(&error));
/// # std::io::Result::Ok(())
/// ```
pub fn is_rt_shutdown_err(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|error| error.is::<HasEnded>())
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // Nobody waits for the driver if one of its own tasks drops this.
        let is_elsewhere = |driver: &&Driver| driver.id != thread::current().id();
        let driver = self.driver.as_ref().filter(is_elsewhere);
        shut_down(
            self.handle.shared(),
            self.shutdown_limit,
            driver.map(|driver| &driver.ended),
        );
    }
}

impl Driver {
    fn start(shared: Arc<Shared>) -> io::Result<Driver> {
        let name = shared.settings.thread_name.as_ref();
        let name = name.map_or_else(|| "mainspring-driver".to_owned(), ThreadName::of_one);
        let mut thread = thread::Builder::new().name(name);
        if let Some(bytes) = shared.settings.thread_stack_size {
            thread = thread.stack_size(bytes);
        }
        let (stopped, stops) = bounded(1);
        let (ending, ended) = bounded(0);
        let (ready, is_ready) = bounded::<io::Result<()>>(1);
        let drive = move || {
            let _ending = ending;
            let hooks = &shared.settings.hooks;
            if let Some(hook) = &hooks.on_thread_start {
                hook.call();
            }
            let engine = match context::engine_of(&shared) {
                Ok(engine) => engine,
                Err(error) => return drop(ready.send(Err(error))),
            };
            let _ = ready.send(Ok(()));
            let comes_home = ComesHome(&engine);
            while !shared.is_ended() {
                engine.run_until_stopped();
                let _ = stopped.try_send(());
            }
            drop(comes_home);
            if let Some(hook) = &hooks.on_thread_stop {
                hook.call_quietly();
            }
        };
        let thread = thread.spawn(drive)?;
        is_ready
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("the driver thread panicked")))?;
        Ok(Driver {
            id: thread.thread().id(),
            stops,
            ended,
        })
    }
}
