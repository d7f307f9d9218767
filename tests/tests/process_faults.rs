//! What befalls worker processes, fault by fault, and the bugs of other pools: each is provoked
//! here, and costs at most the one job that it befell.
//!
//! Names that begin with a letter and a number are faults of our list; the others are the threads
//! in which somebody else's bug was reported.

use std::error::Error;
use std::fs::{self, File};
use std::future::Future;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use mainspring::process::{ProcessError, ProcessPool, ProcessPoolBuilder, function, serve};
use mainspring::runtime::LocalRuntime;
use mainspring::task::{JoinError, JoinHandle, yield_now};
use mainspring::time::timeout;
use mainspring_tests::processes::{descriptors, is_alive, strike, wait_gone};
use mainspring_tests::watchdog::watch;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, WaitOptions, getpgid, getpid,
    kill_process_group, setrlimit, waitid, waitpid,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MIB: usize = 1024 * 1024;

/// What a copy of this program runs, which is then a worker.
#[test]
fn worker() {
    serve([
        function(add_one),
        function(pid),
        function(hang),
        function(exit),
        function(abort),
        function(panic),
        function(die_of),
        function(allocate),
        function(length),
        function(zeros),
        function(open),
        function(write_refused),
        function(read_refused),
        function(return_refused),
        function(die_while_there_is),
        function(panic_while_there_is),
        function(nap),
        function(start_pools_without_end),
    ]);
}

/// Runs a test in a runtime of its own, with a pool's builder, for so long that a hang is noticed.
fn run<F: Future<Output = ()>>(test: impl FnOnce(ProcessPoolBuilder) -> F) {
    worker();
    let _watch = watch();
    let builder = ProcessPool::builder().worker_test("worker");
    LocalRuntime::new().unwrap().block_on(test(builder));
}

fn one(builder: ProcessPoolBuilder) -> ProcessPool {
    builder.workers(1).build().unwrap()
}

// Functions.

fn add_one(n: u64) -> u64 {
    n + 1
}

fn pid(_: ()) -> u32 {
    std::process::id()
}

fn hang(_: ()) {
    loop {
        thread::park();
    }
}

fn nap(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

fn exit(code: i32) {
    std::process::exit(code)
}

fn abort(_: ()) {
    std::process::abort()
}

fn panic(words: String) {
    panic!("{words}")
}

fn die_of(signal: i32) {
    kill(
        std::process::id(),
        Signal::from_named_raw(signal).expect("a signal"),
    );
}

/// Takes memory that the system does not give.
fn allocate(bytes: usize) -> usize {
    let limit = Some(bytes as u64);
    let (current, maximum) = (limit, limit);
    setrlimit(Resource::As, Rlimit { current, maximum }).unwrap();
    std::hint::black_box(vec![1_u8; bytes]).len()
}

fn length(bytes: Vec<u8>) -> usize {
    bytes.len()
}

fn zeros(count: usize) -> Vec<u8> {
    vec![0; count]
}

fn open(_: ()) -> Vec<(u32, PathBuf)> {
    descriptors().unwrap()
}

fn write_refused(_: Refused) {}

fn read_refused(_: Unreadable) {}

fn return_refused(_: ()) -> Refused {
    Refused
}

/// As long as one of these files can be removed, the worker dies.
fn die_while_there_is(files: Vec<PathBuf>) {
    if files.iter().any(|file| fs::remove_file(file).is_ok()) {
        die_of(Signal::KILL.as_raw());
    }
}

/// The same, with a panic.
fn panic_while_there_is(files: Vec<PathBuf>) {
    let is_there = files.iter().any(|file| fs::remove_file(file).is_ok());
    assert!(!is_there, "not yet");
}

/// Returns how it ends, at the depth where it does.
fn start_pools_without_end(depth: u32) -> (u32, String) {
    let pool = match ProcessPool::builder()
        .worker_test("worker")
        .workers(1)
        .build()
    {
        Ok(pool) => pool,
        Err(error) => return (depth, error.to_string()),
    };
    let deeper = async { pool.submit(start_pools_without_end, depth + 1).await };
    LocalRuntime::new().unwrap().block_on(deeper).unwrap()
}

/// What cannot be written; what reads as this, can be.
#[derive(Debug)]
struct Refused;

impl Serialize for Refused {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not this"))
    }
}

impl<'de> Deserialize<'de> for Refused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer).map(|()| Refused)
    }
}

/// What can be written and not be read.
#[derive(Debug, Serialize)]
struct Unreadable(u32);

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer)?;
        Err(serde::de::Error::custom("not this"))
    }
}

// What is looked at.

/// The signal that the worker of this job died of.
fn signal_of<T: std::fmt::Debug>(answer: Result<T, JoinError>) -> Option<i32> {
    let died = answer.unwrap_err().worker_died().expect("a death");
    died.status.expect("its status").signal()
}

fn reason(error: &JoinError) -> &ProcessError {
    let Some(source) = error.source() else {
        panic!("{error:?} has no reason");
    };
    source.downcast_ref().expect("a reason of a pool's")
}

/// Sends a signal until it has been fatal: of `SIGSEGV`, the standard library takes the first for a
/// stack that may have overflowed.
fn kill(pid: u32, signal: Signal) {
    while is_alive(pid) {
        strike(pid, signal);
        thread::yield_now();
    }
}

/// Blocks until all of a worker has ended, and leaves its zombie to the pool.
fn wait_ended(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    assert!(waitid(WaitId::Pid(pid), options).unwrap().is_some());
}

/// Waits until the worker has the job.
async fn begun<T>(job: &JoinHandle<T>) -> u32 {
    while job.report().started.is_none() {
        yield_now().await;
    }
    job.report().pid
}

/// Waits until the pool has workers, and none of them is this one.
async fn replaced(pool: &ProcessPool, old: u32) -> u32 {
    loop {
        match pool.pids()[..] {
            [pid, ..] if pid != old => return pid,
            _ => yield_now().await,
        }
    }
}

// F60: a worker is killed.

#[test]
fn f60_a_worker_killed_in_the_middle_of_a_job_costs_that_job() {
    run(async |builder| {
        let pool = one(builder);
        for signal in [Signal::KILL, Signal::SEGV, Signal::ABORT, Signal::TERM] {
            let job = pool.submit(hang, ());
            let next = pool.submit(add_one, 1);
            let pid = begun(&job).await;
            kill(pid, signal);
            assert_eq!(signal_of(job.await), Some(signal.as_raw()));
            assert_eq!(next.await.unwrap(), 2);
            assert!(!is_alive(pid));
        }
    });
}

#[test]
fn f60_a_worker_that_kills_itself_costs_one_job_by_the_signals_name() {
    run(async |builder| {
        let pool = one(builder);
        for signal in [Signal::KILL, Signal::SEGV, Signal::ABORT, Signal::TERM] {
            let died = pool.submit(die_of, signal.as_raw()).await;
            assert_eq!(signal_of(died), Some(signal.as_raw()));
        }
        assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
    });
}

/// gh-87615: the death of an idle worker was never noticed.
#[test]
fn cpython_gh_87615_f60_a_worker_killed_between_jobs_is_replaced_and_costs_none() {
    run(async |builder| {
        let pool = one(builder);
        let first = pool.submit(pid, ()).await.unwrap();
        strike(first, Signal::KILL);
        let second = replaced(&pool, first).await;
        assert_eq!(pool.submit(pid, ()).await.unwrap(), second);
        // And when there is a job before it could be noticed.
        strike(second, Signal::KILL);
        wait_ended(second);
        let third = pool.submit(pid, ()).await.unwrap();
        assert_ne!(third, second);
    });
}

#[test]
fn f60_a_worker_killed_while_it_starts_is_started_anew() {
    run(async |builder| {
        let files = Files::new(2);
        let pool = one(builder.initializer(die_while_there_is, files.0.clone()));
        assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
    });
}

/// Those that waited for the same worker used to fail, too.
#[test]
fn f60_workers_killed_while_they_start_cost_the_job_they_were_for_and_no_other() {
    run(async |builder| {
        let files = Files::new(3);
        let pool = one(builder.initializer(die_while_there_is, files.0.clone()));
        let jobs: Vec<_> = (0..10).map(|n| pool.submit(add_one, n)).collect();
        let mut errors = Vec::new();
        for (n, job) in (0..).zip(jobs) {
            match job.await {
                Ok(value) => assert_eq!(value, n + 1),
                Err(error) => errors.push(error),
            }
        }
        let [error] = &errors[..] else {
            panic!("{errors:?}");
        };
        let ProcessError::NotReady { why, .. } = reason(error) else {
            panic!("{error:?}");
        };
        assert!(why.contains("signal: 9"), "{why}");
    });
}

#[test]
fn f60_with_retries_more_workers_may_be_killed_while_they_start() {
    run(async |builder| {
        let files = Files::new(7);
        let builder = builder.retries(2);
        let pool = one(builder.initializer(die_while_there_is, files.0.clone()));
        assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
    });
}

/// gh-94777: the parent waited for ever, in the middle of a write.
#[test]
fn cpython_gh_94777_f60_a_worker_killed_while_it_reads_a_large_argument_costs_that_job() {
    run(async |builder| {
        let pool = one(builder);
        let worker = pool.submit(pid, ()).await.unwrap();
        strike(worker, Signal::STOP);
        let job = pool.submit(length, vec![7; 16 * MIB]);
        let next = pool.submit(add_one, 1);
        begun(&job).await;
        // All that fits has been written by now.
        for _ in 0..10 {
            yield_now().await;
        }
        assert!(!job.is_finished());
        strike(worker, Signal::KILL);
        assert_eq!(signal_of(job.await), Some(Signal::KILL.as_raw()));
        assert_eq!(next.await.unwrap(), 2);
    });
}

#[test]
fn f60_a_worker_killed_while_it_writes_a_large_result_costs_that_job() {
    run(async |builder| {
        let pool = one(builder);
        let job = pool.submit(zeros, 16 * MIB);
        let next = pool.submit(add_one, 1);
        let worker = begun(&job).await;
        // As long as this loop does not read, the worker cannot write it all.
        while resident(worker) < 16 * MIB {
            thread::yield_now();
        }
        strike(worker, Signal::KILL);
        assert_eq!(signal_of(job.await), Some(Signal::KILL.as_raw()));
        assert_eq!(next.await.unwrap(), 2);
    });
}

/// temporal 245: one dead worker disabled the pool.
#[test]
fn temporal_245_f60_one_of_four_dies_and_the_others_do_not_notice() {
    run(async |builder| {
        let pool = builder.workers(4).build().unwrap();
        pool.warm_up().await.unwrap();
        let jobs: Vec<_> = (0..4).map(|_| pool.submit(hang, ())).collect();
        let mut pids = Vec::new();
        for job in &jobs {
            pids.push(begun(job).await);
        }
        kill(pids[2], Signal::SEGV);
        let [first, second, third, fourth] = jobs.try_into().unwrap();
        assert_eq!(signal_of(third.await), Some(Signal::SEGV.as_raw()));
        let new = pool.submit(pid, ()).await.unwrap();
        assert!(!pids.contains(&new));
        for job in [first, second, fourth] {
            assert!(!job.is_finished());
            job.abort();
            assert!(job.await.unwrap_err().is_cancelled());
        }
        pool.warm_up().await.unwrap();
        assert_eq!(pool.pids().len(), 4);
    });
}

// F61: a function ends its process.

#[test]
fn f61_a_worker_that_exits_costs_one_job_and_its_status_is_told() {
    run(async |builder| {
        let pool = one(builder);
        for code in [0, 3, 255] {
            let error = pool.submit(exit, code).await.unwrap_err();
            let status = error.worker_died().unwrap().status.unwrap();
            assert_eq!(status.code(), Some(code));
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
        assert_eq!(signal_of(pool.submit(abort, ()).await), Some(6));
        assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
    });
}

#[test]
fn f61_what_kills_every_worker_is_tried_as_often_as_was_asked_for() {
    run(async |builder| {
        for retries in [0, 1, 3] {
            let files = Files::new(retries + 1);
            let pool = one(builder.clone().retries(retries.try_into().unwrap()));
            let died = pool.submit(die_while_there_is, files.0.clone()).await;
            assert_eq!(signal_of(died), Some(Signal::KILL.as_raw()));
            assert!(files.0.iter().all(|file| !file.exists()));
            pool.submit(die_while_there_is, files.0.clone())
                .await
                .unwrap();
        }
    });
}

#[test]
fn f61_a_panic_costs_no_worker() {
    run(async |builder| {
        let pool = one(builder.retries(5));
        let worker = pool.submit(pid, ()).await.unwrap();
        let error = pool
            .submit(panic, "out of tea".to_owned())
            .await
            .unwrap_err();
        assert!(error.is_panic() && error.to_string().contains("out of tea"));
        assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
    });
}

// F62: memory.

#[test]
fn f62_a_worker_without_memory_costs_one_job() {
    run(async |builder| {
        let pool = one(builder);
        let next = [pool.submit(allocate, 1024 * MIB), pool.submit(allocate, 1)];
        let [large, small] = next;
        assert_eq!(signal_of(large.await), Some(Signal::ABORT.as_raw()));
        assert!(small.await.is_ok_and(|length| length == 1), "a new worker");
    });
}

// F63: a worker hangs.

#[test]
fn f63_a_job_that_hangs_is_given_up_and_its_worker_killed_and_replaced() {
    run(async |builder| {
        let pool = builder.workers(2).build().unwrap();
        let mut stuck = pool.submit(hang, ());
        let other = pool.submit(hang, ());
        let (worker, untouched) = (begun(&stuck).await, begun(&other).await);
        let limit = Duration::from_millis(10);
        assert!(timeout(limit, &mut stuck).await.is_err());
        stuck.abort();
        assert!(stuck.await.unwrap_err().is_cancelled());
        let new = pool.submit(pid, ()).await.unwrap();
        assert!(new != worker && new != untouched);
        assert!(!is_alive(worker) && is_alive(untouched));
        assert!(!other.is_finished());
    });
}

#[test]
fn f63_a_stopped_worker_is_killed_by_whoever_gives_its_job_up() {
    run(async |builder| {
        let pool = one(builder);
        let worker = pool.submit(pid, ()).await.unwrap();
        strike(worker, Signal::STOP);
        let job = pool.submit(add_one, 1);
        let next = pool.submit(pid, ());
        begun(&job).await;
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
        assert_ne!(next.await.unwrap(), worker);
        assert!(!is_alive(worker));
    });
}

#[test]
fn f63_a_stopped_worker_does_not_outlive_its_pool() {
    run(async |builder| {
        let pool = one(builder);
        let worker = pool.submit(pid, ()).await.unwrap();
        strike(worker, Signal::STOP);
        assert!(pool.shutdown(None, false).await.is_empty());
        assert!(!is_alive(worker));
    });
}

// A worker cannot be had, and others can.

/// Two jobs without end, of which one has a worker; the other's did not get ready.
async fn one_of_two(builder: ProcessPoolBuilder) -> (ProcessPool, [JoinHandle<()>; 2]) {
    let files = Files::new(1);
    let builder = builder.initializer(panic_while_there_is, files.0.clone());
    let pool = builder.workers(2).build().unwrap();
    let [first, second] = [pool.submit(hang, ()), pool.submit(hang, ())];
    let has_begun = |job: &JoinHandle<()>| job.report().started.is_some();
    while pool.pids().len() != 1 || has_begun(&first) == has_begun(&second) {
        yield_now().await;
    }
    match has_begun(&first) {
        true => (pool, [first, second]),
        false => (pool, [second, first]),
    }
}

#[test]
fn a_job_whose_worker_could_not_be_had_waits_for_another_and_disturbs_nobody_in_the_line() {
    run(async |builder| {
        let files = Files::new(1);
        let builder = builder.initializer(panic_while_there_is, files.0.clone());
        let pool = builder.workers(2).build().unwrap();
        let jobs: Vec<_> = (0..4).map(|_| pool.submit(nap, 30)).collect();
        for job in jobs {
            job.await.unwrap();
        }
    });
}

#[test]
fn a_job_whose_worker_could_not_be_had_can_be_given_up_while_all_others_hang() {
    run(async |builder| {
        let (_pool, [running, waiting]) = one_of_two(builder).await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert!(!running.is_finished());
    });
}

#[test]
fn a_seat_where_no_worker_could_be_had_is_tried_again_by_the_next_job() {
    run(async |builder| {
        let (pool, [_running, waiting]) = one_of_two(builder).await;
        let next = pool.submit(add_one, 1);
        // In the order of their arrival.
        begun(&waiting).await;
        assert!(!next.is_finished());
        waiting.abort();
        assert_eq!(next.await.unwrap(), 2);
    });
}

#[test]
fn a_seat_where_no_worker_could_be_had_is_tried_again_while_jobs_wait() {
    run(async |builder| {
        let files = Files::new(1);
        let builder = builder.initializer(panic_while_there_is, files.0.clone());
        let pool = builder.workers(2).build().unwrap();
        let jobs: Vec<_> = (0..10_000).map(|_| pool.submit(nap, 5)).collect();
        begun(&jobs[9]).await;
        while pool.pids().len() < 2 {
            yield_now().await;
        }
        assert!(!jobs[9_999].is_finished());
    });
}

// F72: the pool ends first.

#[test]
fn f72_a_pool_dropped_with_jobs_in_flight_answers_them_all() {
    run(async |builder| {
        let pool = builder.workers(2).build().unwrap();
        let jobs: Vec<_> = (0..10).map(|_| pool.submit(hang, ())).collect();
        let pids = [begun(&jobs[0]).await, begun(&jobs[1]).await];
        drop(pool);
        for job in jobs {
            assert!(job.await.unwrap_err().is_cancelled());
        }
        wait_gone(&pids);
    });
}

#[test]
fn f72_a_loop_that_panics_takes_its_workers_with_it() {
    worker();
    let _watch = watch();
    let mut pids = Vec::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        LocalRuntime::new().unwrap().block_on(async {
            let pool = one(ProcessPool::builder().worker_test("worker"));
            let job = pool.submit(hang, ());
            pids.push(begun(&job).await);
            panic!("in the parent");
        });
    }));
    assert!(panicked.is_err());
    assert!(!is_alive(pids[0]));
}

#[test]
fn f72_a_runtime_that_ends_before_the_pool_answers_all_its_jobs() {
    worker();
    let _watch = watch();
    let pool = one(ProcessPool::builder().worker_test("worker"));
    let runtime = LocalRuntime::new().unwrap();
    let (jobs, worker) = runtime.block_on(async {
        let jobs = [(); 3].map(|()| pool.submit(hang, ()));
        let worker = begun(&jobs[0]).await;
        (jobs, worker)
    });
    drop(runtime);
    assert!(!is_alive(worker));
    for job in jobs {
        assert!(job.try_result().unwrap().unwrap_err().is_cancelled());
    }
    // The next loop gets workers of its own.
    let runtime = LocalRuntime::new().unwrap();
    let answer = runtime.block_on(async { pool.submit(add_one, 1).await });
    assert_eq!(answer.unwrap(), 2);
}

// F73: workers that wear out.

/// gh-115634: a worker that had done its share was not replaced.
#[test]
fn cpython_gh_115634_f73_workers_that_may_do_one_job_do_a_thousand() {
    worn(1, 500);
    worn(2, 500);
}

fn worn(jobs_per_worker: u32, jobs: u64) {
    run(async |builder| {
        let builder = builder.workers(2).max_jobs_per_worker(jobs_per_worker);
        let pool = builder.build().unwrap();
        let jobs: Vec<_> = (0..jobs).map(|_| pool.submit(pid, ())).collect();
        let mut done = std::collections::HashMap::<u32, u32>::new();
        for job in jobs {
            *done.entry(job.await.unwrap()).or_default() += 1;
        }
        assert!(done.values().all(|&done| done <= jobs_per_worker));
        assert!(pool.shutdown(None, false).await.is_empty());
    });
}

#[test]
fn f73_a_pool_that_is_shut_down_replaces_workers_as_long_as_jobs_wait() {
    run(async |builder| {
        let pool = one(builder.max_jobs_per_worker(1));
        let jobs: Vec<_> = (0..20).map(|n| pool.submit(add_one, n)).collect();
        assert!(pool.shutdown(None, false).await.is_empty());
        for (n, job) in (0..).zip(jobs) {
            assert_eq!(job.await.unwrap(), n + 1);
        }
    });
}

// What does not fit through the pipe.

/// gh-74192: an argument or a result that could not be pickled stopped the pool.
#[test]
fn bpo_31699_what_cannot_be_written_or_read_costs_one_job_and_no_worker() {
    run(async |builder| {
        let pool = one(builder);
        let worker = pool.submit(pid, ()).await.unwrap();
        for _ in 0..20 {
            let error = pool.submit(write_refused, Refused).await.unwrap_err();
            assert!(matches!(reason(&error), ProcessError::Argument(_)));
            let error = pool.submit(read_refused, Unreadable(7)).await.unwrap_err();
            assert!(matches!(reason(&error), ProcessError::Argument(_)));
            let error = pool.submit(return_refused, ()).await.unwrap_err();
            assert!(matches!(reason(&error), ProcessError::Result(_)));
            assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
        }
    });
}

/// gh-105829: with many jobs submitted at once, both sides waited for the other to read.
#[test]
fn cpython_gh_105829_fifty_thousand_jobs_are_submitted_before_the_loop_turns() {
    run(async |builder| {
        let pool = builder.workers(2).build().unwrap();
        let jobs: Vec<_> = (0..50_000).map(|n| pool.submit(add_one, n)).collect();
        for (n, job) in (0..).zip(jobs) {
            assert_eq!(job.await.unwrap(), n + 1);
        }
    });
}

/// gh-125451: what fails while it is sent, and a shutdown, waited for each other.
#[test]
fn cpython_gh_125451_a_job_that_fails_and_a_shutdown_at_once_both_end() {
    run(async |builder| {
        for cancel_queued in [false, true] {
            let pool = one(builder.clone());
            let fine = pool.submit(add_one, 1);
            let refused = pool.submit(write_refused, Refused);
            let dead = pool.submit(exit, 3);
            let unread = pool.submit(read_refused, Unreadable(7));
            let ended = pool.clone().shutdown(None, cancel_queued);
            assert!(pool.submit(add_one, 1).await.unwrap_err().is_cancelled());
            assert!(ended.await.is_empty());
            assert!(fine.is_finished() && dead.is_finished() && unread.is_finished());
            let error = refused.await.unwrap_err();
            assert!(matches!(reason(&error), ProcessError::Argument(_)));
            assert_eq!(unread.await.unwrap_err().is_cancelled(), cancel_queued);
        }
    });
}

/// More than fits into the pipe at once: the worker was waited for before it was read from.
#[test]
fn loky_2_2_0_64k_a_little_less_and_a_little_more_come_through_both_ways() {
    run(async |builder| {
        let pool = one(builder.max_jobs_per_worker(5));
        for size in [65_535, 65_536, 65_537, 212_992, MIB] {
            assert_eq!(pool.submit(length, vec![1; size]).await.unwrap(), size);
            assert_eq!(pool.submit(zeros, size).await.unwrap().len(), size);
        }
        // While the pool ends.
        let last = pool.submit(zeros, MIB);
        assert!(pool.shutdown(None, false).await.is_empty());
        assert_eq!(last.await.unwrap().len(), MIB);
    });
}

// Whose process is it.

/// gh-87744, gh-127049: two wait for one process, or a number is killed that is another's by now.
#[test]
fn cpython_gh_87744_gh_127049_somebody_else_waits_for_a_worker() {
    run(async |builder| {
        let pool = one(builder);
        let job = pool.submit(hang, ());
        let next = pool.submit(pid, ());
        let worker = begun(&job).await;
        strike(worker, Signal::KILL);
        let stolen = waitpid(Pid::from_raw(worker.cast_signed()), WaitOptions::empty());
        assert!(stolen.unwrap().is_some());
        // The number is nobody's now, and the pool does not know it yet.
        assert_eq!(pool.pids(), [worker]);
        pool.kill_workers();
        pool.terminate_workers();
        let died = job.await.unwrap_err().worker_died().unwrap();
        assert_eq!((died.pid, died.status), (worker, None));
        assert_ne!(next.await.unwrap(), worker);
        assert!(!pool.pids().contains(&worker));
    });
}

/// uvloop 40: descriptors that were not meant for a child were inherited by it.
#[test]
fn uvloop_40_a_worker_has_its_own_descriptors_and_none_of_its_parents() {
    run(async |builder| {
        let mut file = tempfile();
        file.write_all(b"mine").unwrap();
        let listener = mainspring::net::TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap();
        let pool = builder.workers(2).build().unwrap();
        let first = pool.submit(hang, ());
        begun(&first).await;
        let theirs = pool.submit(open, ()).await.unwrap();
        let ours = descriptors().unwrap();
        drop((file, listener));
        assert_eq!(theirs[0], (0, PathBuf::from("/dev/null")));
        assert_eq!(theirs[1..3], ours[1..3], "output and error are shared");
        let mut own: Vec<String> = theirs[3..]
            .iter()
            // What our own parent left to us, it leaves to everybody.
            .filter(|(number, _)| !is_inherited(*number))
            .map(|(_, file)| file.display().to_string())
            .collect();
        let waits = ["anon_inode:[eventpoll]", "anon_inode:[eventfd]"];
        own.retain(|file| !waits.contains(&file.as_str()) && !file.starts_with("/proc/"));
        // One socket, for the thread that works and for the one that watches.
        own.dedup();
        assert_eq!(own.len(), 1, "{theirs:?}");
        assert!(own[0].starts_with("socket:"), "{theirs:?}");
        let is_ours = ours.iter().any(|(_, file)| *file == theirs[3].1);
        assert!(!is_ours, "{theirs:?}, {ours:?}");
    });
}

/// gh-94454, libuv 3483: a child's signals reached its parent. And the other way round: what is
/// typed at the terminal goes to the parent alone.
#[test]
fn cpython_gh_94454_a_signal_to_a_worker_and_its_group_does_not_reach_the_parent() {
    run(async |builder| {
        let pool = one(builder);
        for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::USR1] {
            let job = pool.submit(hang, ());
            let worker = Pid::from_raw(begun(&job).await.cast_signed()).unwrap();
            let group = getpgid(Some(worker)).unwrap();
            assert_eq!(group, worker);
            assert_ne!(group, getpgid(Some(getpid())).unwrap());
            kill_process_group(group, signal).unwrap();
            assert_eq!(signal_of(job.await), Some(signal.as_raw()));
        }
    });
}

// F70: a worker that starts workers.

#[test]
fn f70_a_function_that_starts_pools_without_end_is_refused_in_the_end() {
    run(async |builder| {
        let pool = one(builder);
        let (depth, error) = pool.submit(start_pools_without_end, 1).await.unwrap();
        assert_eq!(depth, 8);
        assert!(error.contains("8 deep"), "{error}");
    });
}

#[test]
fn f70_a_test_that_is_not_there_is_no_worker_and_the_error_says_so() {
    run(async |builder| {
        let pool = one(builder.worker_test("there::is::no::such::test"));
        let error = pool.submit(add_one, 1).await.unwrap_err();
        let ProcessError::NotReady { why, .. } = reason(&error) else {
            panic!("{error:?}");
        };
        assert!(why.contains("full path of a test"), "{why}");
        assert_eq!(pool.pids(), []);
    });
}

/// The copy runs all the tests, this one among them: those that come to `serve` stop there.
#[test]
fn f70_a_test_program_without_a_worker_test_starts_no_crowd_and_the_error_names_the_remedy() {
    run(async |_| {
        let pool = ProcessPool::new(1).unwrap();
        let jobs: Vec<_> = (0..5).map(|n| pool.submit(add_one, n)).collect();
        for job in jobs {
            let error = job.await.unwrap_err();
            let ProcessError::NotReady { why, pid } = reason(&error) else {
                panic!("{error:?}");
            };
            assert!(why.contains(".worker_test("), "{why}");
            assert!(!is_alive(*pid));
        }
    });
}

// Help.

/// Files that are there until somebody removes them.
struct Files(Vec<PathBuf>);

impl Files {
    fn new(count: usize) -> Self {
        let folder = tempfolder();
        let name = |at: usize| folder.join(format!("{at}"));
        let files: Vec<PathBuf> = (0..count).map(name).collect();
        for file in &files {
            File::create(file).unwrap();
        }
        Files(files)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        if let Some(folder) = self.0.first().and_then(|file| file.parent()) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn tempfolder() -> PathBuf {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("mainspring-faults-{}-{count}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir(&folder).unwrap();
    folder
}

/// A file without a name.
fn tempfile() -> File {
    let folder = tempfolder();
    let file = File::create(folder.join("file")).unwrap();
    fs::remove_dir_all(folder).unwrap();
    file
}

/// Whether one of our descriptors is handed on to every program that we start.
fn is_inherited(descriptor: u32) -> bool {
    let told = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = told.lines().find_map(|line| line.strip_prefix("flags:"));
    // `O_CLOEXEC`
    flags.is_some_and(|flags| u32::from_str_radix(flags.trim(), 8).unwrap() & 0o2_000_000 == 0)
}

/// How much memory a process has, in bytes.
fn resident(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.unwrap_or(0_usize) * 1024
}
