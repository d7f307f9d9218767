//! Everyday life with worker processes.

use std::fs::File;
use std::io::{Read, Write};
use std::panic::{catch_unwind, panic_any};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mainspring::pool::{run_in_executor, set_default_executor};
use mainspring::process::{
    Function, ProcessError, ProcessPool, ProcessPoolBuilder, Processes, Remote, function, serve,
};
use mainspring::task::{JoinHandle, spawn, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::processes::{reason, strike, wait_gone};
use mainspring_tests::watchdog::watch;
use rustix::process::Signal;
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

fn functions() -> Vec<Function> {
    vec![
        function(double),
        function(area),
        function(triple()),
        function(pid),
        function(count),
        function(spend),
        function(hang),
        function(exit),
        function(die_once),
        function(panic_with),
        function(set),
        function(setting),
        function(set_badly),
        function(set_unwritable),
        function(pool_of_its_own),
        function(loop_of_its_own),
        function(read_input),
        function(start_program),
        function(is_worker_thread),
    ]
}

#[test]
fn worker() {
    serve(functions());
}

fn builder(workers: usize) -> ProcessPoolBuilder {
    serve(functions());
    ProcessPool::builder()
        .workers(workers)
        .worker_test("worker")
}

fn pool(workers: usize) -> ProcessPool {
    builder(workers).build().unwrap()
}

fn double(n: u32) -> u32 {
    2 * n
}

fn area((width, height): (u32, u32)) -> u32 {
    width * height
}

/// A closure that captures nothing is one type, whoever asks for it.
fn triple() -> impl Remote<u32, u32> {
    |n| 3 * n
}

fn pid(_: ()) -> u32 {
    std::process::id()
}

/// How often this worker was asked.
fn count(_: ()) -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed) + 1
}

/// Computes for so long.
fn spend(millis: u64) {
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_millis(millis) {}
}

fn hang(_: ()) {
    loop {
        std::thread::park();
    }
}

fn exit(code: i32) {
    std::process::exit(code);
}

/// The first process that comes leaves a mark, and dies.
fn die_once(mark: PathBuf) -> u32 {
    if File::create_new(mark).is_ok() {
        std::process::abort();
    }
    std::process::id()
}

/// A place for a mark that nobody else has.
fn mark(name: &str) -> PathBuf {
    let file = format!("{name}-{}", std::process::id());
    let mark = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    let _ = std::fs::remove_file(&mark);
    mark
}

fn panic_with(payload: u32) {
    match payload {
        0 => panic!("only words"),
        1 => panic!("words and {payload}"),
        _ => panic_any(payload),
    }
}

static SETTING: OnceLock<String> = OnceLock::new();

fn set(value: String) {
    SETTING.set(value).unwrap();
}

fn setting(_: ()) -> Option<String> {
    SETTING.get().cloned()
}

fn set_badly(_: ()) {
    panic!("the table is missing");
}

#[derive(Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _to: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it will not be written"))
    }
}

fn set_unwritable(_: Unwritable) {}

/// A pool in each worker, so many levels deep: how many workers there were, or why not.
fn pool_of_its_own(depth: u32) -> Result<u32, String> {
    if depth == 0 {
        return Ok(0);
    }
    mainspring::run(async {
        let built = ProcessPool::builder()
            .workers(1)
            .worker_test("worker")
            .build();
        let pool = built.map_err(|error| error.to_string())?;
        let below = pool.submit(pool_of_its_own, depth - 1).await;
        Ok(1 + below.map_err(|error| error.to_string())??)
    })
}

fn loop_of_its_own(n: u32) -> u32 {
    mainspring::run(async move {
        sleep(Duration::from_millis(1)).await;
        spawn(async move { 2 * n }).await.unwrap()
    })
}

fn read_input(_: ()) -> usize {
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap()
}

/// What a job starts inherits the environment of a worker, and with it the word that it is one.
fn start_program(is_piped: bool) -> String {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["worker", "--exact"]).stdout(Stdio::piped());
    if is_piped {
        program.stdin(Stdio::piped());
    }
    let mut program = program.spawn().unwrap();
    if let Some(mut stdin) = program.stdin.take() {
        let _ = stdin.write_all(b"nothing for a worker");
    }
    let output = program.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Jobs run on the thread that called `serve`, as if they stood there.
fn is_worker_thread(_: ()) -> bool {
    std::thread::current().name() == Some("worker")
}

#[mainspring::test]
async fn results_come_back_whatever_the_function_is_called() {
    let _watch = watch();
    let pool = pool(2);
    assert_eq!(pool.submit(double, 21).await.unwrap(), 42);
    assert_eq!(pool.submit(area, (6, 7)).await.unwrap(), 42);
    assert_eq!(pool.submit(triple(), 14).await.unwrap(), 42);
    assert_eq!(run_in_executor(&pool, double, 21).await.unwrap(), 42);
    assert!(pool.submit(is_worker_thread, ()).await.unwrap());
}

#[mainspring::test]
async fn a_panic_comes_back_with_its_words_and_spares_the_worker() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    let all = ["only words", "words and 1", "a panic without words"];
    for (payload, words) in (0..).zip(all) {
        let error = pool.submit(panic_with, payload).await.unwrap_err();
        assert!(error.is_panic());
        assert!(error.worker_died().is_none());
        assert!(error.to_string().contains(words), "{error}");
        let payload = error.into_panic().downcast::<String>().unwrap();
        assert_eq!(*payload, words);
    }
    assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
}

#[mainspring::test]
async fn a_report_says_where_a_job_ran_and_for_how_long() {
    let _watch = watch();
    let pool = pool(1);
    pool.warm_up().await.unwrap();
    let mut first = pool.submit(spend, 50);
    let mut second = pool.submit(pid, ());
    let report = second.report();
    assert_eq!(report.pid, std::process::id(), "it waits here");
    assert_eq!((report.thread.as_str(), report.started), ("", None));
    (&mut first).await.unwrap();
    let worker = (&mut second).await.unwrap();
    let (first, second) = (first.report(), second.report());
    for report in [&first, &second] {
        assert_eq!((report.pid, report.thread.as_str()), (worker, "worker-1"));
        assert!(report.started.unwrap() <= report.finished.unwrap());
        assert!(report.ran <= report.finished.unwrap() - report.started.unwrap());
    }
    assert!(first.ran >= Duration::from_millis(50));
    assert!(second.queued >= first.ran);
    assert!(second.started >= first.finished);
}

#[mainspring::test]
async fn workers_come_on_demand_and_are_used_again() {
    let _watch = watch();
    let pool = pool(3);
    assert_eq!(pool.pids(), []);
    for expected in 1..10 {
        assert_eq!(pool.submit(count, ()).await.unwrap(), expected);
    }
    assert_eq!(pool.pids().len(), 1);
    let many: Vec<JoinHandle<u32>> = (0..100).map(|_| pool.submit(pid, ())).collect();
    for job in many {
        let worker = job.await.unwrap();
        assert!(pool.pids().contains(&worker));
    }
    assert_eq!((pool.pids().len(), pool.max_workers()), (3, 3));
}

#[mainspring::test]
async fn a_warm_pool_has_all_its_workers() {
    let _watch = watch();
    let pool = pool(2);
    pool.warm_up().await.unwrap();
    let before = pool.pids();
    assert_eq!(before.len(), 2);
    pool.warm_up().await.unwrap();
    // Nobody waits for this one.
    drop(pool.warm_up());
    assert_eq!(pool.pids(), before);
    let both = [pool.submit(pid, ()), pool.submit(pid, ())];
    for job in both {
        assert!(before.contains(&job.await.unwrap()));
    }
    pool.clone().shutdown(None, false).await;
    pool.warm_up().await.unwrap();
    assert_eq!(pool.pids(), []);
}

#[mainspring::test]
async fn a_pool_warms_up_although_nobody_waits_and_jobs_come_meanwhile() {
    let _watch = watch();
    let pool = pool(2);
    drop(pool.warm_up());
    let jobs = [1, 2, 3].map(|n| pool.submit(double, n));
    for (n, job) in (1..).zip(jobs) {
        assert_eq!(job.await.unwrap(), 2 * n);
    }
    assert_eq!(pool.pids().len(), 2);
}

#[mainspring::test]
async fn every_job_finds_the_effect_of_the_initializer() {
    let _watch = watch();
    let builder = builder(2).initializer(set, "blue".to_owned());
    let pool = builder.max_jobs_per_worker(2).build().unwrap();
    for job in [(); 9].map(|()| pool.submit(setting, ())) {
        assert_eq!(job.await.unwrap().as_deref(), Some("blue"));
    }
}

#[mainspring::test]
async fn an_initializer_that_panics_fails_the_jobs_with_its_words() {
    let _watch = watch();
    let pool = builder(1).initializer(set_badly, ()).build().unwrap();
    for job in [pool.submit(double, 1), pool.submit(double, 2)] {
        let error = job.await.unwrap_err();
        assert!(matches!(reason(&error), ProcessError::NotReady { .. }));
        let words = "the initializer panicked: the table is missing";
        assert!(error.to_string().contains(words), "{error}");
    }
    let error = pool.warm_up().await.unwrap_err();
    assert!(error.to_string().contains("the table is missing"));
    assert_eq!(pool.pids(), []);
}

#[test]
fn an_initializer_whose_argument_cannot_be_written_is_refused_with_the_pool() {
    let builder = builder(1).initializer(set_unwritable, Unwritable);
    let error = builder.build().unwrap_err();
    assert!(
        error.to_string().contains("could not be carried"),
        "{error}"
    );
}

#[test]
#[should_panic(expected = "unlisted")]
fn an_initializer_that_is_not_listed_is_refused_with_its_name() {
    fn unlisted(_: ()) {}
    let _ = builder(1).initializer(unlisted, ());
}

#[mainspring::test]
#[should_panic(expected = "::unlisted` was submitted")]
async fn a_function_that_is_not_listed_is_refused_with_its_name() {
    fn unlisted(_: ()) {}
    drop(pool(1).submit(unlisted, ()));
}

#[test]
#[should_panic(expected = "outside a runtime")]
fn a_job_submitted_outside_of_a_runtime_is_refused() {
    drop(pool(1).submit(double, 1));
}

#[test]
#[should_panic(expected = "outside a runtime")]
fn a_pool_warmed_up_outside_of_a_runtime_is_refused() {
    drop(pool(1).warm_up());
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let refused = |build: fn() -> ProcessPoolBuilder| catch_unwind(build).is_err();
    assert!(refused(|| ProcessPool::builder().workers(0)));
    assert!(refused(|| ProcessPool::builder().max_jobs_per_worker(0)));
    assert!(catch_unwind(|| ProcessPool::simulated(0)).is_err());
}

#[test]
fn the_same_list_may_be_served_again_and_another_may_not() {
    serve(functions());
    serve(functions());
    let another = catch_unwind(|| serve([function(double)]));
    let words = another.unwrap_err().downcast::<String>().unwrap();
    assert!(words.contains("called with two lists"), "{words}");
}

/// gh-115634: no worker was replaced any more.
#[mainspring::test]
async fn f73_a_worker_that_has_done_its_jobs_is_replaced() {
    let _watch = watch();
    for jobs in [1, 2] {
        let pool = builder(2).max_jobs_per_worker(jobs).build().unwrap();
        for job in [(); 60].map(|()| pool.submit(count, ())) {
            assert!(job.await.unwrap() <= jobs);
        }
        assert!(pool.pids().len() <= 2);
    }
}

#[mainspring::test]
async fn a_worker_that_dies_costs_its_job_and_says_how() {
    let _watch = watch();
    let pool = pool(1);
    for code in [0, 3] {
        let error = pool.submit(exit, code).await.unwrap_err();
        let died = error.worker_died().unwrap();
        assert_eq!(died.status.unwrap().code(), Some(code));
        assert!(!error.is_panic() && !error.is_cancelled());
    }
    assert_eq!(pool.submit(double, 21).await.unwrap(), 42);
}

#[mainspring::test]
async fn a_job_is_tried_again_as_often_as_it_was_allowed_to() {
    let _watch = watch();
    let mark = mark("die-once");
    let once = builder(1).retries(1).build().unwrap();
    let mut job = once.submit(die_once, mark.clone());
    let worker = (&mut job).await.unwrap();
    assert_eq!(job.report().pid, worker);
    std::fs::remove_file(&mark).unwrap();
    assert!(
        once.submit(exit, 3)
            .await
            .unwrap_err()
            .worker_died()
            .is_some()
    );

    let never = pool(1);
    let error = never.submit(die_once, mark.clone()).await.unwrap_err();
    assert!(error.to_string().contains("SIGABRT"), "{error}");
    std::fs::remove_file(&mark).unwrap();
}

/// A job that a worker has taken up.
async fn hanging(pool: &ProcessPool) -> JoinHandle<()> {
    let job = pool.submit(hang, ());
    while job.report().started.is_none() {
        yield_now().await;
    }
    job
}

#[mainspring::test]
async fn killed_or_terminated_workers_cost_what_runs_and_the_pool_lives_on() {
    let _watch = watch();
    let pool = pool(2);
    for (strike, signal) in [
        (ProcessPool::kill_workers as fn(&ProcessPool), "SIGKILL"),
        (ProcessPool::terminate_workers, "SIGTERM"),
    ] {
        let running = [hanging(&pool).await, hanging(&pool).await];
        let waiting = pool.submit(double, 21);
        let before = pool.pids();
        strike(&pool);
        for job in running {
            let error = job.await.unwrap_err();
            assert!(error.to_string().contains(signal), "{error}");
        }
        assert_eq!(waiting.await.unwrap(), 42);
        wait_gone(&before);
    }
}

#[mainspring::test]
async fn an_idle_worker_that_is_killed_costs_nothing() {
    let _watch = watch();
    let pool = pool(1);
    for _ in 0..5 {
        let worker = pool.submit(pid, ()).await.unwrap();
        strike(worker, Signal::KILL);
        wait_gone(&[worker]);
        assert_ne!(pool.submit(pid, ()).await.unwrap(), worker);
    }
}

#[mainspring::test]
async fn the_slot_for_processes_has_the_pool_that_was_put_there_last() {
    let _watch = watch();
    let first = pool(1);
    set_default_executor(first.clone());
    let worker = run_in_executor(&Processes, pid, ()).await.unwrap();
    assert_eq!(first.pids(), [worker]);

    let second = pool(1);
    set_default_executor(second.clone());
    let other = run_in_executor(&Processes, pid, ()).await.unwrap();
    assert_eq!(second.pids(), [other]);
    // It was replaced, and not ended: there is another clone.
    assert_eq!(first.submit(pid, ()).await.unwrap(), worker);
}

#[mainspring::test]
async fn a_pool_in_the_slot_ends_when_it_is_replaced() {
    let _watch = watch();
    set_default_executor(pool(1));
    let worker = run_in_executor(&Processes, pid, ()).await.unwrap();
    set_default_executor(pool(1));
    wait_gone(&[worker]);
}

/// In a test program, the default pool lacks the name of the test that serves: it says so.
#[mainspring::test]
async fn a_slot_for_processes_that_is_empty_is_filled() {
    let _watch = watch();
    serve(functions());
    let error = run_in_executor(&Processes, double, 21).await.unwrap_err();
    assert!(error.to_string().contains("worker_test"), "{error}");
}

#[mainspring::test]
async fn a_job_starts_a_pool_of_its_own() {
    let _watch = watch();
    let pool = pool(1);
    assert_eq!(pool.submit(pool_of_its_own, 2).await.unwrap(), Ok(2));
}

#[mainspring::test]
async fn f70_pools_within_pools_come_to_an_end() {
    let _watch = watch();
    let pool = pool(1);
    let refused = pool.submit(pool_of_its_own, 1000).await.unwrap();
    let words = refused.unwrap_err();
    assert!(words.contains("a worker of a worker, 8 deep"), "{words}");
}

#[mainspring::test]
async fn a_job_runs_a_loop_of_its_own() {
    let _watch = watch();
    let pool = pool(1);
    for _ in 0..2 {
        assert_eq!(pool.submit(loop_of_its_own, 21).await.unwrap(), 42);
    }
}

#[mainspring::test]
async fn a_job_that_reads_its_standard_input_finds_it_empty() {
    let _watch = watch();
    let pool = pool(1);
    assert_eq!(pool.submit(read_input, ()).await.unwrap(), 0);
    assert_eq!(pool.submit(double, 21).await.unwrap(), 42);
}

#[mainspring::test]
async fn a_program_that_a_job_starts_does_not_believe_that_it_is_a_worker() {
    let _watch = watch();
    let pool = pool(1);
    for is_piped in [false, true] {
        let said = pool.submit(start_program, is_piped).await.unwrap();
        assert!(said.contains("1 passed"), "{said}");
    }
}

/// The clock stands still while a job is out, and goes on when it is back.
#[mainspring::test(start_paused = true)]
async fn on_a_paused_clock_jobs_take_no_time() {
    let _watch = watch();
    let pool = pool(2);
    let start = Instant::now();
    pool.warm_up().await.unwrap();
    let hour = Duration::from_secs(3600);
    let jobs = [50, 20, 10].map(|millis| pool.submit(spend, millis));
    for job in jobs {
        timeout(hour, job).await.expect("the clock ran").unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    // Idle workers do not hold it.
    sleep(hour).await;
    assert_eq!(start.elapsed(), hour);
    assert_eq!(pool.submit(double, 21).await.unwrap(), 42);
}

#[mainspring::test]
async fn the_loop_turns_while_jobs_compute() {
    let _watch = watch();
    let pool = pool(1);
    let job = pool.submit(spend, 50);
    let mut turns = 0;
    while !job.is_finished() {
        yield_now().await;
        turns += 1;
    }
    job.await.unwrap();
    assert!(turns > 10, "{turns} turns");
}
