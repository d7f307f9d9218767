//! Building a pool: how many workers, what they may do, and how they are started.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use serde::Serialize;

use crate::process::child::{DEEPEST, Launch};
use crate::process::crew::Settings;
use crate::process::error::ProcessError;
use crate::process::frame;
use crate::process::function::{List, Remote, assert_captures_nothing};
use crate::process::pool::ProcessPool;
use crate::process::submit::{NEVER_SERVED, listed, unsent};
use crate::process::value;
use crate::process::worker::Summons;

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
        Ok(ProcessPool::of(self.settings))
    }
}
