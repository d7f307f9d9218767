//! The pool that programs hold.

use std::fmt;
use std::future::Future;
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
use crate::process::child::Child;
use crate::process::crew::{Closing, Crew, Settings};
use crate::process::crews::{self, Crews};
use crate::process::driver::{self, Driver};
use crate::process::error::ProcessError;
use crate::process::function::{Remote, assert_captures_nothing};
use crate::process::submit::{listed, simulate, submit};
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
    /// A pool with these settings. No worker is started before there is a job for it.
    pub(crate) fn of(settings: Settings) -> ProcessPool {
        ProcessPool {
            kind: Kind::Processes(Arc::new(Crews::new(settings))),
        }
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
    /// paused.start_paused(true).build_local(Default::default())?.block_on(async {
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
