//! Simulated pools: jobs on the loop's clock, exactly and in order.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use mainspring::pool::{
    ThreadPool, block_for, run_in_executor, set_default_executor, spawn_blocking,
};
use mainspring::runtime::Builder;
use mainspring::task::JoinHandle;
use mainspring::time::{Duration, Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Lines with the loop's time in front.
#[derive(Clone)]
struct Transcript {
    start: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Transcript {
    fn begin() -> Self {
        Transcript {
            start: Instant::now(),
            lines: Arc::default(),
        }
    }

    fn say(&self, line: impl AsRef<str>) {
        let at = self.start.elapsed().as_secs_f64();
        let line = format!("[{at:.1}s] {}", line.as_ref());
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn fetch(name: &'static str) -> &'static str {
    block_for(match name {
        "google" => SECOND * 3,
        "yahoo" => SECOND * 2,
        _ => SECOND / 2,
    });
    name
}

/// The article's queue recipe: two workers, three addresses, two lanes, callbacks.
#[mainspring::test(start_paused = true)]
async fn the_queue_recipe_has_its_exact_transcript() {
    let transcript = Transcript::begin();
    let pool = ThreadPool::simulated(2);
    let names = Rc::new(RefCell::new(vec!["github", "yahoo", "google"]));
    let results = Rc::new(RefCell::new(Vec::new()));
    let worker = |number: usize| {
        let (names, pool) = (names.clone(), pool.clone());
        let (transcript, results) = (transcript.clone(), results.clone());
        mainspring::spawn(async move {
            loop {
                let Some(name) = names.borrow_mut().pop() else {
                    break;
                };
                let fetching = run_in_executor(&pool, fetch, name);
                let (told, results) = (transcript.clone(), results.clone());
                fetching.add_done_callback(move |fetched| {
                    let fetched = fetched.as_ref().unwrap();
                    told.say(format!("callback {fetched}"));
                    results.borrow_mut().push(*fetched);
                });
                let fetched = fetching.await.unwrap();
                transcript.say(format!("worker {number} goes on after {fetched}"));
            }
        })
    };
    let workers = [worker(0), worker(1)];
    for worker in workers {
        worker.await.unwrap();
    }
    for result in results.take() {
        transcript.say(format!("queue execution: {result}"));
    }
    assert_eq!(
        transcript.lines(),
        [
            "[2.0s] callback yahoo",
            "[2.0s] worker 1 goes on after yahoo",
            "[2.5s] callback github",
            "[2.5s] worker 1 goes on after github",
            "[3.0s] callback google",
            "[3.0s] worker 0 goes on after google",
            "[3.0s] queue execution: yahoo",
            "[3.0s] queue execution: github",
            "[3.0s] queue execution: google",
        ]
    );
}

#[mainspring::test(start_paused = true)]
async fn jobs_wait_for_a_lane_in_the_order_of_submission() {
    let pool = ThreadPool::simulated(2);
    let start = Instant::now();
    let jobs: Vec<_> = (0..10)
        .map(|number| {
            pool.submit(move || {
                block_for(SECOND);
                number
            })
        })
        .collect();
    assert_eq!((pool.workers(), pool.max_workers()), (2, 2));
    for (number, job) in jobs.into_iter().enumerate() {
        assert_eq!(job.await.unwrap(), number);
        assert_eq!(start.elapsed(), SECOND * (number as u32 / 2 + 1));
    }
    assert_eq!(pool.workers(), 0);
}

#[mainspring::test(start_paused = true)]
async fn the_loop_turns_while_a_job_blocks() {
    let transcript = Transcript::begin();
    let ticker = transcript.clone();
    mainspring::spawn(async move {
        loop {
            sleep(SECOND).await;
            ticker.say("tick");
        }
    });
    let pool = ThreadPool::simulated(1);
    pool.submit(|| block_for(SECOND * 5 / 2)).await.unwrap();
    transcript.say("job");
    assert_eq!(
        transcript.lines(),
        ["[1.0s] tick", "[2.0s] tick", "[2.5s] job"]
    );
}

#[mainspring::test(start_paused = true)]
async fn one_thread_runs_at_a_time() {
    let running = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPool::simulated(8);
    let jobs: Vec<_> = (0..8)
        .map(|_| {
            let running = running.clone();
            pool.submit(move || {
                for _ in 0..10 {
                    assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
                    std::thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    block_for(SECOND);
                }
            })
        })
        .collect();
    for job in jobs {
        job.await.unwrap();
    }
}

#[mainspring::test(start_paused = true)]
async fn a_panicking_job_fails_its_own_handle_and_leaves_the_lane_to_the_next() {
    let pool = ThreadPool::simulated(1);
    let bad = pool.submit(|| {
        block_for(SECOND);
        panic!("the job is bad");
    });
    let good = pool.submit(|| 5);
    assert!(bad.await.unwrap_err().is_panic());
    assert_eq!(good.await.unwrap(), 5);
}

#[mainspring::test(start_paused = true)]
async fn an_aborted_job_never_runs_if_it_waits_and_runs_on_if_it_runs() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPool::simulated(1);
    let start = Instant::now();
    let count = |ran: &Arc<AtomicUsize>| {
        let ran = ran.clone();
        move || {
            block_for(SECOND);
            ran.fetch_add(1, Ordering::SeqCst);
        }
    };
    let mut running = pool.submit(count(&ran));
    let queued = pool.submit(count(&ran));
    sleep(SECOND / 2).await;
    running.abort();
    queued.abort();
    assert!((&mut running).await.unwrap_err().is_cancelled());
    assert!(queued.await.unwrap_err().is_cancelled());
    assert_eq!(start.elapsed(), SECOND / 2);
    let report = running.report();
    assert!(
        report.started.is_some() && report.finished.is_none(),
        "{report:?}"
    );
    sleep(SECOND * 5).await;
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    assert!(running.report().finished.is_some());
}

#[mainspring::test(start_paused = true)]
async fn the_report_is_in_the_loops_time() {
    let pool = ThreadPool::simulated(1);
    let first = pool.submit(|| block_for(SECOND * 2));
    let mut second = pool.submit(|| block_for(SECOND * 3));
    sleep(SECOND).await;
    assert_eq!(first.report().ran, SECOND);
    assert_eq!(
        (second.report().queued, second.report().ran),
        (SECOND, Duration::ZERO)
    );
    (&mut second).await.unwrap();
    let report = second.report();
    assert_eq!((report.queued, report.ran), (SECOND * 2, SECOND * 3));
    assert_eq!(report.thread, "mainspring-lane-1");
    assert_eq!(report.pid, std::process::id());
}

#[mainspring::test(start_paused = true)]
async fn a_job_may_submit_to_its_own_pool() {
    let pool = ThreadPool::simulated(1);
    let again = pool.clone();
    let job = pool.submit(move || {
        block_for(SECOND);
        again.submit(|| block_for(SECOND))
    });
    let mut inner = job.await.unwrap();
    let start = Instant::now();
    (&mut inner).await.unwrap();
    assert_eq!(start.elapsed(), SECOND);
    assert_eq!(inner.report().ran, SECOND);
    assert_eq!(inner.report().queued, Duration::ZERO);
}

#[mainspring::test(start_paused = true)]
async fn a_simulated_pool_may_be_the_default() {
    set_default_executor(ThreadPool::simulated(1));
    let start = Instant::now();
    spawn_blocking(|| block_for(SECOND)).await.unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

/// Says that it is dropped, and blocks while it is.
struct Guard(Arc<AtomicUsize>);

impl Drop for Guard {
    fn drop(&mut self) {
        block_for(SECOND);
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_runtime_that_ends_unwinds_the_jobs_that_block() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPool::simulated(1);
    let runtime = Builder::new_current_thread()
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let (guard, waiting) = (Guard(dropped.clone()), dropped.clone());
    let handles = runtime.block_on(async {
        let stopped = pool.submit(move || {
            let _guard = guard;
            block_for(SECOND * 10);
            unreachable!("the loop has ended");
        });
        let queued = pool.submit(move || waiting.store(100, Ordering::SeqCst));
        sleep(SECOND).await;
        (stopped, queued)
    });
    drop(runtime);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    // The pool serves the next runtime.
    let next = Builder::new_current_thread()
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    next.block_on(async {
        assert!(handles.0.await.unwrap_err().is_cancelled());
        assert!(handles.1.await.unwrap_err().is_cancelled());
        assert_eq!(pool.submit(|| 3).await.unwrap(), 3);
    });
}

#[mainspring::test(start_paused = true)]
async fn a_job_that_catches_the_end_unwinds_again() {
    let pool = ThreadPool::simulated(1);
    let runtime = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread()
            .start_paused(true)
            .build_local(Default::default())
            .unwrap();
        let mut handle = None;
        runtime.block_on(async {
            handle = Some(pool.submit(|| {
                let _ = std::panic::catch_unwind(|| block_for(SECOND));
                block_for(SECOND);
                unreachable!("the loop has ended");
            }));
            mainspring::task::idle().await;
        });
        drop(runtime);
        let handle: JoinHandle<()> = handle.unwrap();
        handle.try_result().unwrap().unwrap_err().is_cancelled()
    });
    assert!(runtime.join().unwrap());
}

#[mainspring::test(start_paused = true)]
async fn a_shut_down_pool_refuses_and_lets_its_jobs_end() {
    let pool = ThreadPool::simulated(1);
    let running = pool.submit(|| block_for(SECOND));
    let queued = pool.submit(|| block_for(SECOND));
    assert!(pool.clone().shutdown(None, false).is_empty());
    assert!(pool.submit(|| ()).await.unwrap_err().is_cancelled());
    running.await.unwrap();
    queued.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn a_pool_that_is_shut_down_with_cancel_cancels_what_is_queued() {
    let pool = ThreadPool::simulated(1);
    let running = pool.submit(|| block_for(SECOND));
    let queued = pool.submit(|| block_for(SECOND));
    pool.shutdown(None, true);
    assert!(queued.await.unwrap_err().is_cancelled());
    running.await.unwrap();
}

#[test]
#[should_panic(expected = "give `ThreadPool::simulated` at least 1")]
fn a_pool_of_zero_lanes_is_refused() {
    let _ = ThreadPool::simulated(0);
}
