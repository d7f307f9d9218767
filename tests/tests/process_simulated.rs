//! Simulated process pools: no process, exact order and times, and all that serde asks for.

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use mainspring::pool::{block_for, run_in_executor, set_default_executor};
use mainspring::process::{Function, ProcessError, ProcessPool, Processes, function, serve};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::processes::reason;
use mainspring_tests::watchdog::watch;
use serde::de::{Deserializer, Error as _};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

fn functions() -> [Function; 7] {
    [
        function(nap),
        function(print_num),
        function(pid),
        function(fail),
        function(take),
        function(give),
        function(unwritable),
    ]
}

fn pool(lanes: usize) -> ProcessPool {
    serve(functions());
    ProcessPool::simulated(lanes)
}

fn nap(seconds: u32) -> u32 {
    block_for(SECOND * seconds);
    seconds
}

static PRINTED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn print_num(number: u32) {
    block_for(SECOND);
    PRINTED.lock().unwrap().push(number);
}

fn pid(_: ()) -> u32 {
    std::process::id()
}

fn fail(words: String) {
    block_for(SECOND);
    panic!("{words}");
}

/// Written, but never read.
#[derive(Debug, Serialize)]
struct OneWay;

impl<'de> Deserialize<'de> for OneWay {
    fn deserialize<D: Deserializer<'de>>(_from: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("it will not be read"))
    }
}

/// Never written.
#[derive(Debug, Deserialize)]
struct NoWay;

impl Serialize for NoWay {
    fn serialize<S: Serializer>(&self, _to: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it will not be written"))
    }
}

fn take(_: OneWay) {}

fn give(_: ()) -> OneWay {
    OneWay
}

fn unwritable(_: NoWay) -> NoWay {
    NoWay
}

#[mainspring::test(start_paused = true)]
async fn jobs_begin_in_order_and_take_what_they_block_for() {
    let _watch = watch();
    let pool = pool(2);
    let start = Instant::now();
    let jobs: Vec<_> = (0..10)
        .map(|number| pool.submit(print_num, number))
        .collect();
    for (number, job) in (0..).zip(jobs) {
        job.await.unwrap();
        assert_eq!(start.elapsed(), SECOND * (number / 2 + 1));
    }
    assert_eq!(*PRINTED.lock().unwrap(), Vec::from_iter(0..10));
    assert_eq!((pool.pids(), pool.max_workers()), (Vec::new(), 2));
}

#[mainspring::test(start_paused = true)]
async fn a_report_counts_on_the_loops_clock() {
    let _watch = watch();
    let pool = pool(1);
    let first = pool.submit(nap, 3);
    let mut second = pool.submit(nap, 2);
    assert_eq!(first.await.unwrap(), 3);
    assert_eq!((&mut second).await.unwrap(), 2);
    let report = second.report();
    assert_eq!((report.queued, report.ran), (3 * SECOND, 2 * SECOND));
    assert_eq!(report.pid, std::process::id());
}

#[mainspring::test(start_paused = true)]
async fn jobs_run_in_this_process_and_workers_cannot_be_killed() {
    let _watch = watch();
    let pool = pool(1);
    pool.warm_up().await.unwrap();
    let job = pool.submit(pid, ());
    pool.kill_workers();
    pool.terminate_workers();
    assert_eq!(job.await.unwrap(), std::process::id());
}

#[mainspring::test(start_paused = true)]
async fn a_panic_comes_back_with_its_words_and_the_lane_goes_on() {
    let _watch = watch();
    let pool = pool(1);
    let bad = pool.submit(fail, "the job is bad".to_owned());
    let good = pool.submit(nap, 1);
    let error = bad.await.unwrap_err();
    assert!(error.is_panic());
    assert!(error.to_string().contains("the job is bad"), "{error}");
    assert_eq!(good.await.unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn what_cannot_travel_does_not_travel_here_either() {
    let _watch = watch();
    let pool = pool(1);
    let error = pool.submit(unwritable, NoWay).await.unwrap_err();
    assert!(
        matches!(reason(&error), ProcessError::Argument(_)),
        "{error}"
    );
    let error = pool.submit(take, OneWay).await.unwrap_err();
    assert!(
        matches!(reason(&error), ProcessError::Argument(_)),
        "{error}"
    );
    let error = pool.submit(give, ()).await.unwrap_err();
    assert!(matches!(reason(&error), ProcessError::Result(_)), "{error}");
    assert_eq!(pool.submit(nap, 1).await.unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
#[should_panic(expected = "workers do not know it")]
async fn a_function_that_is_not_listed_is_refused_here_too() {
    fn unlisted(_: ()) {}
    drop(pool(1).submit(unlisted, ()));
}

#[mainspring::test(start_paused = true)]
async fn an_aborted_job_never_runs_if_it_waits() {
    let _watch = watch();
    let pool = pool(1);
    let start = Instant::now();
    let jobs = [1, 10, 1].map(|seconds| pool.submit(nap, seconds));
    jobs[1].abort();
    for (job, wanted) in jobs.into_iter().zip([Some(1), None, Some(1)]) {
        assert_eq!(job.await.ok(), wanted);
    }
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_timeout_is_told_from_a_job_that_takes_longer() {
    let _watch = watch();
    let pool = pool(2);
    assert!(timeout(SECOND, pool.submit(nap, 2)).await.is_err());
    assert!(timeout(3 * SECOND, pool.submit(nap, 2)).await.is_ok());
}

#[mainspring::test(start_paused = true)]
async fn the_loop_turns_while_a_job_blocks() {
    let _watch = watch();
    let start = Instant::now();
    let ticker = mainspring::spawn(async {
        for _ in 0..4 {
            sleep(SECOND / 2).await;
        }
        Instant::now()
    });
    let pool = pool(1);
    pool.submit(nap, 5).await.unwrap();
    assert_eq!(ticker.await.unwrap() - start, 2 * SECOND);
    assert_eq!(start.elapsed(), 5 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_simulated_pool_is_a_default_for_processes() {
    let _watch = watch();
    set_default_executor(pool(1));
    let start = Instant::now();
    assert_eq!(run_in_executor(&Processes, nap, 7).await.unwrap(), 7);
    assert_eq!(start.elapsed(), 7 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_pool_that_was_shut_down_says_cancelled() {
    let _watch = watch();
    for cancel_queued in [true, false] {
        let pool = pool(1);
        let running = pool.submit(nap, 1);
        let queued = pool.submit(nap, 2);
        sleep(SECOND / 2).await;
        let ended = pool.clone().shutdown(None, cancel_queued).await;
        assert_eq!(ended, [""; 0]);
        assert!(pool.submit(nap, 1).await.unwrap_err().is_cancelled());
        assert_eq!(running.await.unwrap(), 1);
        match queued.await {
            Ok(slept) => assert!(!cancel_queued && slept == 2),
            Err(error) => assert!(cancel_queued && error.is_cancelled()),
        }
    }
}

/// The future of `shutdown` is ready when the last job is back, as with processes.
#[mainspring::test(start_paused = true)]
async fn shutdown_waits_for_what_runs() {
    let _watch = watch();
    let pool = pool(1);
    let start = Instant::now();
    let job = pool.submit(nap, 3);
    sleep(SECOND).await;
    let limited = pool.clone().shutdown(Some(SECOND), false);
    assert_eq!(limited.await, [""; 0]);
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert!(!job.is_finished());
    pool.shutdown(None, false).await;
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert!(job.is_finished());
}

#[mainspring::test(start_paused = true)]
async fn a_dropped_pool_refuses_nothing_that_it_has_begun() {
    let _watch = watch();
    let pool = pool(1);
    let job = pool.submit(nap, 1);
    sleep(SECOND / 2).await;
    drop(pool);
    assert_eq!(job.await.unwrap(), 1);
    assert!(timeout(SECOND, pending::<()>()).await.is_err());
}
