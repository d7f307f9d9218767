//! The pool that programs hold.

use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::process::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::context;
use crate::future::create_future;
use crate::pool::simulated::Lanes;
use crate::process::child::{Child, DEEPEST, Launch};
use crate::process::crew::{Closing, Crew, Settings};
use crate::process::crews::{self, Crews};
use crate::process::driver::{self, Driver};
use crate::process::error::ProcessError;
use crate::process::frame;
use crate::process::function::{List, Remote, assert_captures_nothing};
use crate::process::submit::{NEVER_SERVED, listed, simulate, submit, unsent};
use crate::process::value;
use crate::process::worker::Summons;
use crate::task::JoinHandle;
use crate::time::timeout;

/// Worker processes that run functions which compute, beside the loop and beside each other.
///
/// A worker is this program again: its `main` must begin with [`serve`](crate::process::serve),
/// which is given the functions. It is started when a job finds none idle, up to the limit, and
/// kept for the next. Jobs begin in the order of submission; arguments and results travel by serde.
///
/// **A worker that dies costs one job**, whose handle says so
/// ([`JoinError::worker_died`](crate::task::JoinError::worker_died)), and is replaced. A panic comes
/// back as a panic, with its words. **[`abort`](JoinHandle::abort) takes a job that waits off the
/// line, and kills the worker of one that runs**: unlike a thread, a process can be stopped.
/// [`JoinHandle::report`] tells in which process a job ran, how long it waited, and how long the
/// function took. **Dropping the last clone of the pool ends every worker**, in the middle of its
/// job too; [`shutdown`](ProcessPool::shutdown) lets jobs end first. When the program ends, however
/// it ends, so do the workers.
///
/// The workers are driven by the loop, without a thread of their own. They belong to the runtime
/// that they are first needed in; a pool that is used in several has workers in each. Within a loop
/// whose clock is paused, the clock stands still while a job of a real pool is out.
///
/// asyncio: `concurrent.futures.ProcessPoolExecutor`, which the death of one worker ends for good.
/// tokio has no counterpart.
///
/// ```standalone_crate
/// use mainspring::process::{ProcessPool, function, serve};
///
/// fn fib(n: u32) -> u64 {
///     if n < 2 { n.into() } else { fib(n - 1) + fib(n - 2) }
/// }
///
/// fn main() -> std::io::Result<()> {
///     serve([function(fib)]);
///     mainspring::run(async {
///         let pool = ProcessPool::new(2)?;
///         let (one, two) = (pool.submit(fib, 10), pool.submit(fib, 20));
///         assert_eq!((one.await?, two.await?), (55, 6765));
///         Ok(())
///     })
/// }
/// ```
#[derive(Clone)]
pub struct ProcessPool {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Processes(Arc<Crews>),
    Simulated(Arc<Simulated>),
}

/// Lanes that end with the last clone of their pool.
struct Simulated(Arc<Lanes>);

impl ProcessPool {
    /// A pool of at most so many workers. None is started before there is a job for it.
    ///
    /// # Errors
    ///
    /// The program has not called [`serve`](crate::process::serve): its copies would not know that
    /// they are workers, and start copies of themselves without end.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn new(workers: usize) -> io::Result<ProcessPool> {
        ProcessPool::builder().workers(workers).build()
    }

    /// A pool with settings of one's own.
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::default()
    }

    /// A pool in virtual time, without processes: its functions run on threads of this process,
    /// one at a time, and cost what they [`block_for`](crate::pool::block_for), so that a program
    /// on the paused clock prints the same on every machine. Arguments and results travel by serde
    /// all the same.
    ///
    /// See [`ThreadPool::simulated`](crate::pool::ThreadPool::simulated) for the rest.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// ```
    /// use mainspring::pool::block_for;
    /// use mainspring::process::{ProcessPool, function, serve};
    /// use mainspring::time::{Duration, Instant};
    ///
    /// fn nap(seconds: u64) {
    ///     block_for(Duration::from_secs(seconds));
    /// }
    ///
    /// serve([function(nap)]);
    /// let mut paused = mainspring::runtime::Builder::new_current_thread();
    /// paused.start_paused(true).build_local()?.block_on(async {
    ///     let start = Instant::now();
    ///     let pool = ProcessPool::simulated(2);
    ///     for job in [pool.submit(nap, 3), pool.submit(nap, 2), pool.submit(nap, 5)] {
    ///         job.await.unwrap();
    ///     }
    ///     assert_eq!(start.elapsed(), Duration::from_secs(7)); // 3 beside 2 + 5
    /// });
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn simulated(lanes: usize) -> ProcessPool {
        assert!(
            lanes > 0,
            "a pool of zero lanes runs no job, and its handles would wait for ever: give \
             `ProcessPool::simulated` at least 1"
        );
        ProcessPool {
            kind: Kind::Simulated(Arc::new(Simulated(Lanes::new(lanes)))),
        }
    }

    // ANCHOR: submit
    /// Gives a call to the pool. Once the pool has ended, the handle says "cancelled".
    ///
    /// A job that takes too long is ended by its handle: keep it, as in
    /// `timeout(limit, &mut handle)`, and [`abort`](JoinHandle::abort) it then.
    ///
    /// asyncio: `Executor.submit`.
    ///
    /// # Errors
    ///
    /// Awaiting the handle gives a [`JoinError`](crate::task::JoinError) if the job was cancelled,
    /// if the function panicked, if its worker died; and for anything else one whose source is a
    /// [`ProcessError`].
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the call go on.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, and if the function is not in the list that
    /// [`serve`](crate::process::serve) was given. A function that captures something does not
    /// compile.
    #[track_caller]
    pub fn submit<F, A, R>(&self, _function: F, argument: A) -> JoinHandle<R>
    where
        F: Remote<A, R>,
        A: Serialize,
        R: DeserializeOwned + Send + 'static,
    {
        const { assert_captures_nothing::<F>() };
        let Some(shared) = context::current_shared() else {
            panic!("{}", context::outside("`submit` of a process pool"));
        };
        let (number, function) = listed::<F>();
        match &self.kind {
            Kind::Processes(crews) => submit(crews, &shared, number, &argument),
            Kind::Simulated(pool) => simulate(&pool.0, &shared, function, &argument),
        }
    }
    // ANCHOR_END: submit

    /// Starts all workers that are not there yet, and waits until they are ready.
    ///
    /// Workers start on demand as well: this is for those who would rather wait now.
    ///
    /// # Errors
    ///
    /// One of them did not get ready. The others did, or did not either.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the workers are started all the same.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn warm_up(&self) -> WarmUp {
        let Some(shared) = context::current_shared() else {
            panic!("{}", context::outside("`warm_up` of a process pool"));
        };
        let place = Location::caller();
        let crew = match &self.kind {
            Kind::Processes(crews) => crews.of(&shared),
            Kind::Simulated(_) => None,
        };
        let starting = crew.map_or_else(Vec::new, |crew| {
            let start = |worker| {
                let (started, ready) = create_future();
                let driver = Driver::new(&crew, worker, place);
                driver::spawn(&crew, driver.warm_up(started), place);
                ready
            };
            crew.take_free().into_iter().map(start).collect()
        });
        WarmUp { starting }
    }

    /// The numbers of the processes that are workers just now. A simulated pool has none.
    pub fn pids(&self) -> Vec<u32> {
        self.children().iter().map(|child| child.pid).collect()
    }

    /// Kills every worker (`SIGKILL`). The pool lives on: jobs that run fail, those that wait get
    /// new workers.
    ///
    /// asyncio: `kill_workers`, upon which the pool has ended.
    pub fn kill_workers(&self) {
        for child in self.children() {
            child.kill();
        }
    }

    /// Asks every worker to end (`SIGTERM`), which it does, unless a function has arranged
    /// something else. Otherwise like [`kill_workers`](Self::kill_workers).
    pub fn terminate_workers(&self) {
        for child in self.children() {
            child.signal(Signal::TERM);
        }
    }

    fn children(&self) -> Vec<Arc<Child>> {
        match &self.kind {
            Kind::Processes(crews) => crews
                .all()
                .iter()
                .flat_map(|crew| crew.children())
                .collect(),
            Kind::Simulated(_) => Vec::new(),
        }
    }

    /// How many workers, or lanes, there may be.
    pub fn max_workers(&self) -> usize {
        match &self.kind {
            Kind::Processes(crews) => crews.settings.workers,
            Kind::Simulated(pool) => pool.0.count(),
        }
    }

    /// Ends the pool, for all its clones: nothing is accepted any more. With `cancel_queued` the
    /// jobs in the line say "cancelled" and never run; without, they do run.
    ///
    /// The future is ready when every worker has ended. When `wait` is over, what still runs is
    /// killed; `None` waits as long as it takes, a wait of zero not at all. It returns a line for
    /// each job that was killed: in which process, spawned where, since when. It does not block,
    /// as [`ThreadPool::shutdown`](crate::pool::ThreadPool::shutdown) does, for it is the loop
    /// that hears the workers. (A job in a simulated pool cannot be killed. When `wait` is over it
    /// goes on, and is not waited for.)
    ///
    /// On the paused clock, which stands still while a job is out, `wait` is not over before that
    /// job is.
    ///
    /// asyncio: `Executor.shutdown(wait, cancel_futures)`.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: dropped before it is ready, it ends the workers at once, unless there is
    /// another clone of the pool.
    #[track_caller]
    pub fn shutdown(self, wait: Option<Duration>, cancel_queued: bool) -> Shutdown {
        let place = Location::caller();
        let closing = match wait {
            Some(Duration::ZERO) => Closing::Now,
            _ => Closing::WhenDone,
        };
        let mut ended = match closing {
            Closing::Now => self.running(),
            _ => Vec::new(),
        };
        let (crews, lanes) = match &self.kind {
            Kind::Processes(crews) => (crews.close(closing, cancel_queued), None),
            Kind::Simulated(pool) => {
                pool.0.close(cancel_queued);
                (Vec::new(), Some(pool.0.clone()))
            }
        };
        let end = async move {
            let gone = async {
                for crew in &crews {
                    crew.gone.wait().await;
                }
                if let Some(lanes) = &lanes {
                    lanes.gone.wait().await;
                }
            };
            let is_late = match wait {
                Some(Duration::ZERO) => {
                    all_ended(&crews).await;
                    false
                }
                Some(wait) => timeout(wait, gone).await.is_err(),
                None => {
                    gone.await;
                    false
                }
            };
            if is_late {
                ended = crews.iter().flat_map(|crew| crew.running()).collect();
                for crew in &crews {
                    crews::end(crew, Closing::Now, true, place);
                }
                all_ended(&crews).await;
            }
            // Until here it keeps the workers alive.
            drop(self);
            ended
        };
        Shutdown { end: Box::pin(end) }
    }

    /// Ends the pool and every worker at once.
    pub(crate) fn end_now(&self) {
        match &self.kind {
            Kind::Processes(crews) => drop(crews.close(Closing::Now, true)),
            Kind::Simulated(pool) => pool.0.close(true),
        }
    }

    fn running(&self) -> Vec<String> {
        match &self.kind {
            Kind::Processes(crews) => crews.all().iter().flat_map(|crew| crew.running()).collect(),
            Kind::Simulated(_) => Vec::new(),
        }
    }
}

/// After they were closed `Now`: where no loop turns, the workers have ended already, and whoever
/// drives them hears of it when it does.
async fn all_ended(crews: &[Arc<Crew>]) {
    for crew in crews.iter().filter(|crew| crew.home.is_attended()) {
        crew.gone.wait().await;
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.0.close(false);
    }
}

impl fmt::Debug for ProcessPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ProcessPool");
        match &self.kind {
            Kind::Processes(_) => shown
                .field("max_workers", &self.max_workers())
                .field("pids", &self.pids()),
            Kind::Simulated(pool) => shown.field("lanes", &pool.0),
        };
        shown.finish()
    }
}

/// The future of [`ProcessPool::warm_up`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WarmUp {
    starting: Vec<JoinHandle<Result<(), ProcessError>>>,
}

impl Future for WarmUp {
    type Output = Result<(), ProcessError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        while let Some(worker) = self.starting.last_mut() {
            match Pin::new(worker).poll(cx) {
                Poll::Ready(Ok(Err(error))) => return Poll::Ready(Err(error)),
                // One whose starter is gone has gone with its pool.
                Poll::Ready(_) => drop(self.starting.pop()),
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The future of [`ProcessPool::shutdown`].
#[must_use = "dropped before it is ready, it ends the workers in the middle of their jobs"]
pub struct Shutdown {
    end: Pin<Box<dyn Future<Output = Vec<String>> + Send + Sync>>,
}

impl Future for Shutdown {
    type Output = Vec<String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.end.as_mut().poll(cx)
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown").finish_non_exhaustive()
    }
}

/// Builds a [`ProcessPool`], step by step.
///
/// ```
/// use std::time::Duration;
/// use mainspring::process::{ProcessPool, function, serve};
///
/// fn set_up(language: String) {
///     // what every worker needs: a table, a connection
/// }
///
/// serve([function(set_up)]);
/// let pool = ProcessPool::builder()
///     .workers(4)
///     .initializer(set_up, "en".to_owned())
///     .max_jobs_per_worker(1000)
///     .retries(1)
///     .start_limit(Duration::from_secs(5))
///     .largest_frame(1 << 20)
///     .build()?;
/// assert_eq!((pool.max_workers(), pool.pids().len()), (4, 0));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ProcessPoolBuilder {
    settings: Settings,
    /// Why there can be no pool: the initializer's argument could not be written.
    refused: Option<ProcessError>,
}

impl Default for ProcessPoolBuilder {
    fn default() -> Self {
        ProcessPoolBuilder {
            settings: Settings {
                // Python's default: what computes wants a processor each.
                workers: std::thread::available_parallelism().map_or(1, usize::from),
                jobs_per_worker: u32::MAX,
                retries: 0,
                start_limit: Duration::from_secs(10),
                initializer: None,
                launch: Launch {
                    arguments: Vec::new(),
                    largest: 256 * 1024 * 1024,
                },
            },
            refused: None,
        }
    }
}

impl ProcessPoolBuilder {
    /// At most so many workers. The default is the number of processors.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn workers(mut self, workers: usize) -> Self {
        assert!(
            workers > 0,
            "a pool of zero processes runs no job, and its handles would wait for ever: give \
             `ProcessPool::new` at least 1"
        );
        self.settings.workers = workers;
        self
    }

    /// After so many jobs a worker ends, and a new one takes its place: for functions that leave
    /// memory behind. The default is no limit.
    ///
    /// asyncio: `max_tasks_per_child`.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn max_jobs_per_worker(mut self, jobs: u32) -> Self {
        assert!(
            jobs > 0,
            "a worker that may do zero jobs is of no use: allow at least 1"
        );
        self.settings.jobs_per_worker = jobs;
        self
    }

    /// Runs first in every new worker, so that each job finds its effect. It must be in the list
    /// of [`serve`](crate::process::serve). A worker in which it panics does not get ready, and
    /// the job that it was started for fails.
    ///
    /// asyncio: `initializer`, `initargs`.
    ///
    /// # Panics
    ///
    /// If it is not in the list.
    #[track_caller]
    pub fn initializer<F, A>(mut self, _function: F, argument: A) -> Self
    where
        F: Remote<A, ()>,
        A: Serialize,
    {
        const { assert_captures_nothing::<F>() };
        let (number, _) = listed::<F>();
        // Jobs are numbered from one.
        let mut call = frame::open(frame::Kind::Call, 0, number);
        self.refused = value::append(&mut call, &argument, frame::LARGEST)
            .err()
            .map(|why| unsent(why, frame::LARGEST));
        frame::seal(&mut call);
        self.settings.initializer = Some(call);
        self
    }

    /// Runs a job again, in a new worker, if its worker dies in the middle of it: up to so many
    /// times. The default is zero, for a function may have done half of its work.
    pub fn retries(mut self, retries: u32) -> Self {
        self.settings.retries = retries;
        self
    }

    /// How long a worker may take to get ready: to reach [`serve`](crate::process::serve), and to
    /// run the initializer. The default is 10 s, of real time: on the paused clock it never comes.
    pub fn start_limit(mut self, limit: Duration) -> Self {
        self.settings.start_limit = limit;
        self
    }

    /// How many bytes a serialised argument or result may have. The default is 256 MiB, the most
    /// about 4 GiB.
    pub fn largest_frame(mut self, bytes: usize) -> Self {
        self.settings.launch.largest = bytes.min(frame::LARGEST);
        self
    }

    /// In a test program: the path of a test that calls [`serve`](crate::process::serve), which is
    /// all that a copy of the program is to run.
    ///
    /// A test program has a `main` of its own, so a worker enters by a test: `#[test] fn worker() {
    /// serve(functions()); }` in a module `tests` is `worker_test("tests::worker")`. (That is the
    /// path which `cargo test -- --list` shows; what `module_path!` says begins with the name of
    /// the crate, and is not.) Run as an ordinary test it returns at once. The other tests call
    /// `serve(functions())`, too, before they build the pool; `functions` is one function that
    /// returns the list, and `main` calls it as well.
    ///
    /// Each worker is a test program that runs one test, and says so: "running 1 test".
    ///
    /// Not needed with `harness = false`, where `main` is yours, nor in examples and doc tests.
    ///
    /// ```
    /// # use mainspring::process::{ProcessPool, function, serve};
    /// # fn double(n: u32) -> u32 { 2 * n }
    /// serve([function(double)]);
    /// let pool = ProcessPool::builder().worker_test("tests::worker").build()?;
    /// # std::io::Result::Ok(())
    /// ```
    pub fn worker_test(mut self, path: impl Into<String>) -> Self {
        let arguments = [&path.into(), "--exact", "--nocapture", "-q"];
        self.settings.launch.arguments = arguments.map(OsString::from).to_vec();
        self
    }

    /// Builds the pool; its workers come with its jobs.
    ///
    /// # Errors
    ///
    /// The program has not called [`serve`](crate::process::serve); or it is a worker's worker's
    /// worker, and so on for eight times: a function that starts a pool for itself. Or the
    /// initializer's argument cannot be written, or is larger than may be sent.
    pub fn build(self) -> io::Result<ProcessPool> {
        if List::get().is_none() {
            let text = format!("a process pool was built, and {NEVER_SERVED}");
            return Err(io::Error::other(text));
        }
        if Summons::depth() >= DEEPEST {
            return Err(io::Error::other(format!(
                "a process pool was built in a worker of a worker, {DEEPEST} deep: does a \
                 function that runs in a worker start a pool for itself? Or has `main` replaced \
                 the standard input before it called `serve`?"
            )));
        }
        if let Some(refused) = self.refused {
            return Err(refused.into());
        }
        let largest = self.settings.launch.largest;
        let initializer = self.settings.initializer.as_ref();
        // No worker would take it.
        if initializer.is_some_and(|call| call.len() > frame::HEAD + largest) {
            return Err(ProcessError::ArgumentTooLarge { largest }.into());
        }
        let crews = Arc::new(Crews::new(self.settings));
        Ok(ProcessPool {
            kind: Kind::Processes(crews),
        })
    }
}
