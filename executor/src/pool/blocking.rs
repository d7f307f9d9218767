//! The default pool of a runtime, and one way to give work to any pool.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Instant;

use crate::engine::context;
use crate::engine::shared::{Lodger, Shared};
use crate::future::JoinSet;
use crate::pool::job::Duty;
use crate::pool::thread_pool::ThreadPool;
use crate::runtime::{Handle, LocalRuntime, Runtime};
use crate::task::{AbortHandle, JoinHandle};

/// Runs a call that blocks on a thread of the runtime's default pool, and gives a handle to its
/// outcome.
///
/// The call starts at once, whether or not the handle is awaited or kept. The pool starts threads
/// as it needs them, at most 512
/// ([`Builder::max_blocking_threads`](crate::runtime::Builder::max_blocking_threads)); see
/// [`ThreadPool`] for what it does with jobs.
///
/// tokio: `task::spawn_blocking`. asyncio: `to_thread`, `run_in_executor(None, ..)`.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the call go on.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// let sum = mainspring::pool::spawn_blocking(|| (1..=100).sum::<u32>());
/// assert_eq!(sum.await.unwrap(), 5050);
/// # });
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(call: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    match context::current_shared() {
        Some(shared) => spawn_blocking_on(&shared, call, Location::caller()),
        None => panic!("{}", context::outside("`spawn_blocking`")),
    }
}

/// Runs `call(argument)` on a pool, and gives a handle to its outcome.
///
/// [`&Threads`](Threads) is the runtime's default pool. A call of several arguments takes them as
/// a tuple.
///
/// asyncio: `loop.run_in_executor`. tokio has [`spawn_blocking`] alone.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the call go on.
///
/// # Panics
///
/// Outside of a runtime, if the executor needs one: the default pool and a simulated one do.
///
/// ```
/// use mainspring::pool::{ThreadPool, Threads, run_in_executor};
///
/// # mainspring::run(async {
/// let pool = ThreadPool::new(2);
/// let length = run_in_executor(&pool, str::len, "twelve chars");
/// let square = run_in_executor(&Threads, |n| n * n, 12);
/// assert_eq!((length.await.unwrap(), square.await.unwrap()), (12, 144));
/// # });
/// ```
#[track_caller]
pub fn run_in_executor<E, F, A, R>(executor: &E, call: F, argument: A) -> JoinHandle<R>
where
    E: Executor<F, A, R> + ?Sized,
    F: FnOnce(A) -> R,
{
    executor.execute(call, argument)
}

/// What [`run_in_executor`] takes: a pool that can run such a call.
pub trait Executor<F, A, R> {
    /// Runs `call(argument)` there.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    #[track_caller]
    fn execute(&self, call: F, argument: A) -> JoinHandle<R>;
}

/// The runtime's default pool of threads, as an [`Executor`]. Python's `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Threads;

impl<F, A, R> Executor<F, A, R> for Threads
where
    F: FnOnce(A) -> R + Send + 'static,
    A: Send + 'static,
    R: Send + 'static,
{
    #[track_caller]
    fn execute(&self, call: F, argument: A) -> JoinHandle<R> {
        spawn_blocking(move || call(argument))
    }
}

impl<F, A, R> Executor<F, A, R> for ThreadPool
where
    F: FnOnce(A) -> R + Send + 'static,
    A: Send + 'static,
    R: Send + 'static,
{
    #[track_caller]
    fn execute(&self, call: F, argument: A) -> JoinHandle<R> {
        self.submit(move || call(argument))
    }
}

/// Makes a pool the default of the runtime this thread is inside of: the one that
/// [`spawn_blocking`] and [`Threads`] use. The runtime ends it when it ends itself.
///
/// The pool that was the default before finishes its jobs.
///
/// asyncio: `loop.set_default_executor`.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// use mainspring::pool::{ThreadPool, set_default_executor, spawn_blocking};
///
/// # mainspring::run(async {
/// set_default_executor(ThreadPool::builder().workers(1).name("mine").build());
/// let name = spawn_blocking(|| std::thread::current().name().map(str::to_owned));
/// assert_eq!(name.await.unwrap().as_deref(), Some("mine-1"));
/// # });
/// ```
#[track_caller]
pub fn set_default_executor(pool: impl DefaultSlot) {
    pool.install();
}

/// What [`set_default_executor`] takes: each kind of pool has a slot of its own.
pub trait DefaultSlot {
    /// Puts it into its slot.
    #[track_caller]
    fn install(self);
}

impl DefaultSlot for ThreadPool {
    #[track_caller]
    fn install(self) {
        match context::current_shared() {
            Some(shared) => drop(shared.replace_lodger(DefaultPool(self))),
            None => panic!("{}", context::outside("`set_default_executor`")),
        }
    }
}

/// A runtime's default pool, which ends with it.
struct DefaultPool(ThreadPool);

impl Lodger for DefaultPool {
    fn close(&self, until: Instant) -> Vec<String> {
        self.0.close(Some(until), true)
    }
}

impl fmt::Debug for DefaultPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// [`spawn_blocking`] for a runtime, on behalf of a call at `place`.
pub(crate) fn spawn_blocking_on<F, R>(
    shared: &Arc<Shared>,
    call: F,
    place: &'static Location<'static>,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    spawn_on(shared, call, Duty::Optional, place)
}

/// The same, with a say on what becomes of it when the runtime ends.
pub(crate) fn spawn_on<F, R>(
    shared: &Arc<Shared>,
    call: F,
    duty: Duty,
    place: &'static Location<'static>,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let make = || DefaultPool(ThreadPool::of_runtime(&shared.settings));
    match shared.lodger(make) {
        Some(pool) => pool.0.submit_for(Some(shared), call, duty, place),
        // The runtime has ended: so has the pool that says so.
        None => {
            let ended = ThreadPool::of_runtime(&shared.settings);
            ended.close(None, true);
            ended.submit_for(Some(shared), call, duty, place)
        }
    }
}

impl Handle {
    /// Runs a call that blocks on the runtime's default pool, from any thread; see
    /// [`spawn_blocking`].
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, call: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        spawn_blocking_on(self.shared(), call, Location::caller())
    }
}

impl<T: 'static> JoinSet<T> {
    /// Runs a call that blocks on the runtime's default pool, as [`spawn_blocking`] does, and takes
    /// the job into the set.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, call: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(spawn_blocking(call))
    }

    /// The same on another runtime's default pool.
    #[track_caller]
    pub fn spawn_blocking_on<F>(&mut self, call: F, handle: &Handle) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn_blocking(call))
    }
}

impl Runtime {
    /// Runs a call that blocks on the runtime's default pool; see [`spawn_blocking`].
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, call: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle().spawn_blocking(call)
    }
}

impl LocalRuntime {
    /// Runs a call that blocks on the runtime's default pool; see [`spawn_blocking`].
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, call: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle().spawn_blocking(call)
    }
}
