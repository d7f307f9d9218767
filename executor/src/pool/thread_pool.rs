//! The pool that programs hold.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::context;
use crate::engine::hooks::{Hook, ThreadName};
use crate::engine::shared::{Settings, Shared};
use crate::pool::job::{Duty, Pace, job};
use crate::pool::lane;
use crate::pool::simulated::Lanes;
use crate::pool::thread::{Crew, Hiring};
use crate::task::JoinHandle;

/// Threads that run what blocks, beside the loop.
///
/// A thread is started when a job finds none idle, up to the limit, and retires after some
/// seconds without work. Jobs begin in the order of submission. A job that panics fails its own
/// handle and nothing else. A clone is the same pool; when the last one is dropped, the jobs that
/// were submitted still run, and then the threads end.
///
/// A job is stopped by [`JoinHandle::abort`] only as long as it waits in the line. One that runs
/// goes on, for nothing can stop a thread from outside: its handle says "cancelled" at once, and
/// [`JoinHandle::report`] shows that it runs. A job that waits for another job of the same pool
/// can wait for ever, as soon as every thread does.
///
/// Inside a job, `Handle::current()` is the runtime it was submitted from. Within a loop whose
/// clock is paused, the clock stands still while a job of a real pool is out.
///
/// asyncio: `concurrent.futures.ThreadPoolExecutor`. tokio has one pool, behind
/// `spawn_blocking`.
///
/// ```
/// use mainspring::pool::ThreadPool;
///
/// # mainspring::run(async {
/// let pool = ThreadPool::new(2);
/// let one = pool.submit(|| 1);
/// let two = pool.submit(|| 2);
/// assert_eq!(one.await.unwrap() + two.await.unwrap(), 3);
/// # });
/// ```
#[derive(Clone)]
pub struct ThreadPool {
    owner: Arc<Owner>,
}

/// What all clones of a pool share; jobs and workers hold on to what is inside only.
struct Owner {
    kind: Kind,
}

enum Kind {
    Threads(Arc<Crew>),
    Simulated(Arc<Lanes>),
}

impl ThreadPool {
    /// A pool of at most so many threads. None is started before there is a job for it.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn new(workers: usize) -> ThreadPool {
        ThreadPool::builder().workers(workers).build()
    }

    /// A pool with settings of one's own.
    pub fn builder() -> ThreadPoolBuilder {
        ThreadPoolBuilder::default()
    }

    /// A pool in virtual time: its jobs live on the loop's clock, cost what they
    /// [`block_for`](crate::pool::block_for) and nothing else, and run one at a time, so that a
    /// program on the paused clock prints the same on every machine.
    ///
    /// Each of the lanes runs one job after the other, on a thread of its own. While a job runs
    /// the loop's thread stands still; while it blocks with `block_for` the loop turns. A job that
    /// blocks in another way, waiting for a task, stops the loop and waits for ever. If the runtime
    /// ends while a job blocks, the job ends there, as by a panic that nobody is told of.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// ```
    /// use mainspring::pool::{ThreadPool, block_for};
    /// use mainspring::time::{Duration, Instant};
    ///
    /// let mut paused = mainspring::runtime::Builder::new_current_thread();
    /// paused.start_paused(true).build_local(Default::default())?.block_on(async {
    ///     let start = Instant::now();
    ///     let pool = ThreadPool::simulated(2);
    ///     let jobs = [3, 2, 5].map(|seconds| {
    ///         pool.submit(move || block_for(Duration::from_secs(seconds)))
    ///     });
    ///     for job in jobs {
    ///         job.await.unwrap();
    ///     }
    ///     assert_eq!(start.elapsed(), Duration::from_secs(7)); // 3 beside 2 + 5
    /// });
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn simulated(lanes: usize) -> ThreadPool {
        assert_some("lanes", "ThreadPool::simulated", lanes);
        ThreadPool::of(Kind::Simulated(Lanes::new(lanes)))
    }

    /// The default pool of a runtime.
    pub(crate) fn of_runtime(settings: &Settings) -> ThreadPool {
        let hiring = Hiring {
            name: match &settings.thread_name {
                Some(name) => name.clone(),
                None => ThreadName::Given("mainspring-worker".into()),
            },
            keep_alive: settings.thread_keep_alive,
            stack_size: settings.thread_stack_size,
            initializer: settings.hooks.on_thread_start.clone(),
            finalizer: settings.hooks.on_thread_stop.clone(),
        };
        ThreadPool::of(Kind::Threads(Crew::new(
            settings.max_blocking_threads,
            hiring,
        )))
    }

    fn of(kind: Kind) -> ThreadPool {
        ThreadPool {
            owner: Arc::new(Owner { kind }),
        }
    }

    /// Gives a call to the pool. Once the pool has ended, the handle says "cancelled".
    ///
    /// Outside of a runtime it works as well: whoever has the handle may await it anywhere.
    ///
    /// asyncio: `Executor.submit`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    ///
    /// # Panics
    ///
    /// If the pool is a simulated one, outside of a runtime: its jobs live on a loop's clock.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    #[track_caller]
    pub fn submit<R: Send + 'static>(
        &self,
        call: impl FnOnce() -> R + Send + 'static,
    ) -> JoinHandle<R> {
        let shared = context::current_shared();
        self.submit_for(shared.as_ref(), call, Duty::Optional, Location::caller())
    }

    /// Gives a call to the pool, for a runtime.
    #[track_caller]
    pub(crate) fn submit_for<R: Send + 'static>(
        &self,
        shared: Option<&Arc<Shared>>,
        call: impl FnOnce() -> R + Send + 'static,
        duty: Duty,
        place: &'static Location<'static>,
    ) -> JoinHandle<R> {
        match &self.owner.kind {
            Kind::Threads(crew) => {
                let (job, handle) = job(call, shared, place, Pace::Real, duty, Instant::now());
                crew.submit(job);
                handle
            }
            Kind::Simulated(lanes) => {
                let Some(shared) = shared else {
                    panic!("{}", context::outside("`submit` of a simulated pool"));
                };
                let now = lane::now();
                let (job, handle) = job(call, Some(shared), place, Pace::Simulated, duty, now);
                lanes.submit(job, shared, place);
                handle
            }
        }
    }

    /// How many threads there are just now; of a simulated pool, how many lanes have a job.
    pub fn workers(&self) -> usize {
        match &self.owner.kind {
            Kind::Threads(crew) => crew.workers(),
            Kind::Simulated(lanes) => lanes.busy(),
        }
    }

    /// How many threads, or lanes, there may be.
    pub fn max_workers(&self) -> usize {
        match &self.owner.kind {
            Kind::Threads(crew) => crew.limit(),
            Kind::Simulated(lanes) => lanes.count(),
        }
    }

    /// Ends the pool, for all its clones: nothing is accepted any more. With `cancel_queued` the
    /// jobs in the line say "cancelled" and never run; without, they do run.
    ///
    /// Blocks until every job has ended and every thread is gone, or until `wait` is over; `None`
    /// waits as long as it takes, a wait of zero not at all. Returns a line for each job that
    /// still runs then: on which thread, spawned where, since when. A job that ends its own pool
    /// is not waited for.
    ///
    /// A simulated pool is not waited for: its time passes only while the loop turns.
    ///
    /// asyncio: `Executor.shutdown(wait, cancel_futures)`.
    pub fn shutdown(self, wait: Option<Duration>, cancel_queued: bool) -> Vec<String> {
        self.close(
            wait.map(|wait| far_ahead(Instant::now(), wait)),
            cancel_queued,
        )
    }

    pub(crate) fn close(&self, until: Option<Instant>, cancel_queued: bool) -> Vec<String> {
        match &self.owner.kind {
            Kind::Threads(crew) => {
                crew.close(cancel_queued);
                crew.wait_until_left(until)
            }
            Kind::Simulated(lanes) => {
                lanes.close(cancel_queued);
                Vec::new()
            }
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        match &self.kind {
            Kind::Threads(crew) => crew.close(false),
            Kind::Simulated(lanes) => lanes.close(false),
        }
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple("ThreadPool");
        match &self.owner.kind {
            Kind::Threads(crew) => shown.field(crew),
            Kind::Simulated(lanes) => shown.field(lanes),
        };
        shown.finish()
    }
}

/// Builds a [`ThreadPool`], step by step.
///
/// ```
/// use std::time::Duration;
/// use mainspring::pool::ThreadPool;
///
/// let pool = ThreadPool::builder()
///     .workers(4)
///     .name("resolver")
///     .keep_alive(Duration::from_secs(1))
///     .build();
/// assert_eq!((pool.workers(), pool.max_workers()), (0, 4));
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct ThreadPoolBuilder {
    workers: usize,
    hiring: Hiring,
}

impl Default for ThreadPoolBuilder {
    fn default() -> Self {
        // Python's default: for what blocks, some more than there are processors.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        ThreadPoolBuilder {
            workers: (processors + 4).min(32),
            hiring: Hiring {
                name: ThreadName::Given("mainspring-pool".into()),
                keep_alive: Duration::from_secs(10),
                stack_size: None,
                initializer: None,
                finalizer: None,
            },
        }
    }
}

impl ThreadPoolBuilder {
    /// At most so many threads. The default is four more than there are processors, at most 32.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn workers(mut self, workers: usize) -> Self {
        assert_some("threads", "ThreadPool::new", workers);
        self.workers = workers;
        self
    }

    /// The name of the threads, to which each adds its number. The default is `mainspring-pool`.
    ///
    /// # Panics
    ///
    /// If it contains a zero byte: the system takes no such name.
    #[track_caller]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.hiring.name = ThreadName::given(name.into());
        self
    }

    /// How long a thread waits for a job before it retires. The default is 10 s.
    pub fn keep_alive(mut self, duration: Duration) -> Self {
        self.hiring.keep_alive = duration;
        self
    }

    /// The size of the threads' stacks, in bytes. The default is the standard library's.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.hiring.stack_size = Some(bytes);
        self
    }

    /// Runs first on every new thread, so that each job finds its effect. A thread in which it
    /// panics ends; if no other is left, the jobs in the line are answered with that error.
    pub fn initializer(mut self, call: impl Fn() + Send + Sync + 'static) -> Self {
        self.hiring.initializer = Some(Hook::new(call));
        self
    }

    /// Builds the pool; its threads come with its jobs.
    pub fn build(self) -> ThreadPool {
        ThreadPool::of(Kind::Threads(Crew::new(self.workers, self.hiring)))
    }
}

impl fmt::Debug for ThreadPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("workers", &self.workers)
            .field("name", &self.hiring.name)
            .field("keep_alive", &self.hiring.keep_alive)
            .finish_non_exhaustive()
    }
}

#[track_caller]
fn assert_some(what: &str, call: &str, count: usize) {
    assert!(
        count > 0,
        "a pool of zero {what} runs no job, and its handles would wait for ever: give \
         `{call}` at least 1"
    );
}

/// The moment when `wait` is over; beyond what the clock can express, a year is for ever.
fn far_ahead(now: Instant, wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    now.checked_add(wait).unwrap_or(now + YEAR)
}
