//! Jobs on a pool of real threads: where they run, what their handles say, and what the paused
//! clock does meanwhile.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::Future;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use mainspring::pool::{ThreadPool, Threads, block_for, run_in_executor, spawn_blocking};
use mainspring::runtime::{Builder, Handle, Runtime};
use mainspring::sync::mpsc;
use mainspring::task::{JoinHandle, yield_now};
use mainspring::time::{Deadline, Instant, interval, sleep, sleep_until, timeout, timeout_at};

/// A job that runs until it is let go.
fn held(pool: &ThreadPool) -> (JoinHandle<()>, Sender<()>) {
    let (let_go, go) = channel();
    let (begun, begins) = channel();
    let job = pool.submit(move || {
        begun.send(()).unwrap();
        let _ = go.recv();
    });
    begins.recv().unwrap();
    (job, let_go)
}

#[mainspring::test]
async fn exec_runs_elsewhere_while_the_loop_turns() {
    let turns = Rc::new(Cell::new(0));
    let counted = turns.clone();
    let (let_go, go) = channel::<()>();
    mainspring::task::spawn_local(async move {
        while counted.get() < 100 {
            counted.set(counted.get() + 1);
            yield_now().await;
        }
        let_go.send(()).unwrap();
    });
    let job = spawn_blocking(move || {
        go.recv().unwrap();
        thread::current().id()
    });
    assert_ne!(job.await.unwrap(), thread::current().id());
    assert_eq!(turns.get(), 100);
}

#[mainspring::test]
async fn exec_error_comes_back_as_a_value_and_a_panic_as_a_join_error() {
    let failed = spawn_blocking(|| "twelve".parse::<u32>());
    assert!(failed.await.unwrap().is_err());
    let panicked = spawn_blocking(|| -> u32 { panic!("no number") });
    let error = panicked.await.unwrap_err();
    assert!(error.is_panic());
    assert!(error.to_string().contains("no number"), "{error}");
}

#[test]
fn exec_cancel_then_shutdown_leaves_the_loop_alone() {
    let runtime = mainspring::runtime::LocalRuntime::new().unwrap();
    let pool = ThreadPool::new(1);
    let (job, let_go) = runtime.block_on(async {
        let (job, let_go) = held(&pool);
        job.abort();
        (job, let_go)
    });
    drop(runtime);
    drop(let_go);
    assert!(pool.shutdown(None, false).is_empty());
    assert!(job.try_result().unwrap().unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn exec_parallel_in_wall_time_if_both_are_started_first() {
    let pool = ThreadPool::simulated(4);
    let start = Instant::now();
    let jobs = [(); 2].map(|()| pool.submit(|| block_for(Duration::from_millis(200))));
    for job in jobs {
        job.await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::from_millis(200));
}

#[mainspring::test(start_paused = true)]
async fn exec_sequential_if_awaited_one_by_one() {
    let pool = ThreadPool::simulated(4);
    let start = Instant::now();
    for _ in 0..2 {
        pool.submit(|| block_for(Duration::from_millis(200)))
            .await
            .unwrap();
    }
    assert_eq!(start.elapsed(), Duration::from_millis(400));
}

#[mainspring::test]
async fn exec_report_says_thread_wait_and_run_time() {
    let pool = ThreadPool::builder().workers(1).name("clerk").build();
    let (first, let_go) = held(&pool);
    let mut second = pool.submit(|| thread::current().name().map(str::to_owned));
    assert_eq!(first.report().thread, "clerk-1");
    assert!(first.report().started.is_some() && first.report().finished.is_none());
    assert_eq!(second.report().thread, "");
    assert!(second.report().started.is_none());
    drop(let_go);
    assert_eq!((&mut second).await.unwrap().as_deref(), Some("clerk-1"));
    let report = second.report();
    assert_eq!(
        (report.pid, report.thread.as_str()),
        (std::process::id(), "clerk-1")
    );
    let (started, finished) = (report.started.unwrap(), report.finished.unwrap());
    assert_eq!(report.ran, finished - started);
    assert!(
        first.report().finished.unwrap() <= started,
        "one thread, one job at a time"
    );
}

#[mainspring::test]
async fn tp_submit_takes_a_function_and_its_argument() {
    let pool = ThreadPool::new(2);
    assert_eq!(run_in_executor(&pool, str::len, "four").await.unwrap(), 4);
    let two = |(base, exponent): (u64, u32)| base.pow(exponent);
    assert_eq!(run_in_executor(&Threads, two, (2, 10)).await.unwrap(), 1024);
}

#[mainspring::test]
async fn tp_map_order_and_tp_map_error_in_place() {
    let pool = ThreadPool::new(3);
    let jobs: Vec<_> = (0..10)
        .map(|n| run_in_executor(&pool, |n: u32| 12 / (n % 7), n))
        .collect();
    let mut outcomes = Vec::new();
    for job in jobs {
        outcomes.push(job.await.ok());
    }
    let wanted = [
        None,
        Some(12),
        Some(6),
        Some(4),
        Some(3),
        Some(2),
        Some(2),
        None,
        Some(12),
        Some(6),
    ];
    assert_eq!(outcomes, wanted);
}

#[mainspring::test]
async fn tp_map_starts_eagerly_although_nobody_reads() {
    let ran = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPool::new(2);
    for _ in 0..20 {
        let ran = ran.clone();
        drop(pool.submit(move || ran.fetch_add(1, Ordering::SeqCst)));
    }
    pool.shutdown(None, false);
    assert_eq!(ran.load(Ordering::SeqCst), 20);
}

#[mainspring::test]
async fn tp_map_current_future_cancel_takes_the_rest_out_of_the_line() {
    let pool = ThreadPool::new(1);
    let (first, let_go) = held(&pool);
    let ran = Arc::new(AtomicUsize::new(0));
    let rest: Vec<_> = (0..5)
        .map(|_| {
            let ran = ran.clone();
            pool.submit(move || ran.fetch_add(1, Ordering::SeqCst))
        })
        .collect();
    for job in rest {
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
    }
    drop(let_go);
    first.await.unwrap();
    pool.shutdown(None, false);
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

#[mainspring::test]
async fn tp_saturation_starts_no_more_threads_than_the_limit() {
    let pool = ThreadPool::new(4);
    let threads = Arc::new(Mutex::new(HashSet::<ThreadId>::new()));
    let jobs: Vec<_> = (0..60)
        .map(|_| {
            let threads = threads.clone();
            pool.submit(move || {
                thread::yield_now();
                threads.lock().unwrap().insert(thread::current().id());
            })
        })
        .collect();
    assert!(pool.workers() <= 4);
    for job in jobs {
        job.await.unwrap();
    }
    assert!(pool.workers() <= 4);
    assert!(threads.lock().unwrap().len() <= 4);
}

#[mainspring::test]
async fn tp_lazy_threads_come_with_the_jobs_and_are_used_again() {
    let pool = ThreadPool::new(512);
    assert_eq!(pool.workers(), 0);
    for _ in 0..1000 {
        // The worker that ended the job before is idle, or nearly: then a second one comes.
        pool.submit(|| ()).await.unwrap();
    }
    assert!(pool.workers() < 100, "{pool:?}");
}

#[mainspring::test]
async fn idle_threads_retire() {
    let pool = ThreadPool::builder()
        .workers(2)
        .keep_alive(Duration::ZERO)
        .build();
    for round in 0..20 {
        assert_eq!(pool.submit(move || round).await.unwrap(), round);
    }
    while pool.workers() > 0 {
        thread::yield_now();
    }
    assert_eq!(pool.submit(|| 5).await.unwrap(), 5);
}

#[mainspring::test]
async fn tp_cancel_running_releases_the_waiter_and_shows_that_it_runs_on() {
    let pool = ThreadPool::new(1);
    let (mut job, let_go) = held(&pool);
    job.abort();
    let error = (&mut job).await.unwrap_err();
    assert!(error.is_cancelled());
    assert!(error.cancelled_at().is_some());
    let report = job.report();
    assert!(
        report.started.is_some() && report.finished.is_none(),
        "{report:?}"
    );
    drop(let_go);
    pool.shutdown(None, false);
    assert!(job.report().finished.is_some());
}

#[mainspring::test]
async fn tp_no_stale_references_are_left_when_the_waiter_is_woken() {
    let pool = ThreadPool::new(2);
    for _ in 0..200 {
        let captured = Arc::new(());
        let seen = captured.clone();
        pool.submit(move || drop(Arc::clone(&captured)))
            .await
            .unwrap();
        assert_eq!(Arc::strong_count(&seen), 1);
    }
}

#[mainspring::test]
async fn tp_panicking_job_keeps_worker() {
    let pool = ThreadPool::new(1);
    let before = pool.submit(|| thread::current().id()).await.unwrap();
    assert!(pool.submit(|| panic!("bad")).await.unwrap_err().is_panic());
    assert_eq!(
        pool.submit(|| thread::current().id()).await.unwrap(),
        before
    );
    assert_eq!(pool.workers(), 1);
}

#[mainspring::test]
async fn tp_initializer_is_seen_by_every_job() {
    thread_local!(static READY: Cell<bool> = const { Cell::new(false) });
    let pool = ThreadPool::builder()
        .workers(3)
        .initializer(|| READY.set(true))
        .build();
    let jobs: Vec<_> = (0..30).map(|_| pool.submit(|| READY.get())).collect();
    for job in jobs {
        assert!(job.await.unwrap());
    }
}

/// libuv 490, 1845; node 23089: as many jobs as threads get a thread each, however they come.
#[mainspring::test]
async fn libuv_490_jobs_that_need_each_other_all_get_threads() {
    for threads in [2, 3, 8] {
        let pool = ThreadPool::new(threads);
        for _ in 0..50 {
            let all = Arc::new(Barrier::new(threads));
            let jobs: Vec<_> = (0..threads)
                .map(|_| {
                    let all = all.clone();
                    pool.submit(move || all.wait().is_leader())
                })
                .collect();
            for job in jobs {
                job.await.unwrap();
            }
        }
    }
}

/// The clock would jump over the hour at once if it did not wait for the job.
#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_while_a_job_is_out() {
    let start = Instant::now();
    let hour = Duration::from_secs(3600);
    let job = spawn_blocking(|| {
        block_for(Duration::from_millis(20));
        7
    });
    assert_eq!(timeout(hour, job).await.unwrap().unwrap(), 7);
    assert_eq!(start.elapsed(), Duration::ZERO);
    // And goes on after it.
    sleep(hour).await;
    assert_eq!(start.elapsed(), hour);
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_waits_for_a_job_whose_handle_was_dropped() {
    let (let_go, go) = channel::<()>();
    let start = Instant::now();
    drop(spawn_blocking(move || {
        block_for(Duration::from_millis(20));
        drop(let_go);
    }));
    sleep(Duration::from_secs(1)).await;
    assert!(
        go.try_recv()
            .is_err_and(|error| error == std::sync::mpsc::TryRecvError::Disconnected)
    );
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[mainspring::test]
async fn a_job_finds_its_runtime_and_can_block_on_it() {
    let job = spawn_blocking(|| {
        let handle = Handle::current();
        let on_the_loop = handle.spawn(async { thread::current().id() });
        let here = handle.block_on(async { thread::current().id() });
        (
            handle.block_on(on_the_loop).unwrap(),
            here,
            thread::current().id(),
        )
    });
    let (on_the_loop, here, job) = job.await.unwrap();
    assert_eq!(on_the_loop, thread::current().id());
    assert_eq!(here, job);
}

#[mainspring::test]
async fn a_job_that_spawns_without_a_loop_is_told_what_to_do() {
    let job = spawn_blocking(|| drop(mainspring::task::spawn_local(async {})));
    let error = job.await.unwrap_err().to_string();
    assert!(error.contains("`Handle::current().spawn`"), "{error}");
}

/// A job has no loop, but may well make a timer for one: the argument of `block_on` is made before
/// a loop turns.
#[mainspring::test]
async fn a_job_may_make_timers_for_the_loop_that_it_blocks_on_or_spawns_on() {
    let never = std::future::pending::<()>;
    let moment = Duration::from_millis(2);
    spawn_blocking(move || {
        let here = Handle::current();
        let begin = Instant::now();
        here.block_on(sleep(moment));
        here.block_on(sleep_until(begin + moment * 2));
        assert!(begin.elapsed() >= moment * 2);
        assert!(here.block_on(timeout(moment, never())).is_err());
        assert!(here.block_on(timeout_at(begin, never())).is_err());
        let deadline = Deadline::after(moment);
        assert!(here.block_on(deadline.scope(never())).is_err());
        let (full, _messages) = mpsc::channel(1);
        full.try_send(1).unwrap();
        assert!(here.block_on(full.send_timeout(2, moment)).is_err());
        let mut ticks = interval(moment);
        let first = here.block_on(ticks.tick());
        assert!(here.block_on(ticks.tick()) >= first + moment);
        here.spawn(sleep(moment))
    })
    .await
    .unwrap()
    .await
    .unwrap();
}

/// Nothing would ever wake it: that is a panic, and no silence.
#[mainspring::test]
async fn a_timer_that_is_polled_in_a_job_without_a_loop_says_so() {
    let job = spawn_blocking(|| {
        let mut never = Box::pin(sleep(Duration::from_secs(1)));
        let _ = never.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    });
    let told = job.await.unwrap_err().to_string();
    assert!(told.contains("`Handle::current().block_on`"), "{told}");
}

#[mainspring::test]
async fn a_job_may_spawn_blocking_in_its_turn() {
    let job = spawn_blocking(|| spawn_blocking(|| 3));
    assert_eq!(job.await.unwrap().await.unwrap(), 3);
}

#[test]
fn jobs_can_be_given_from_outside_of_the_loop() {
    let runtime = Runtime::new().unwrap();
    let three = runtime.spawn_blocking(|| 3);
    let four = runtime.handle().spawn_blocking(|| 4);
    let five = {
        let _inside = runtime.enter();
        spawn_blocking(|| 5)
    };
    let sum = async { three.await.unwrap() + four.await.unwrap() + five.await.unwrap() };
    assert_eq!(runtime.block_on(sum), 12);
}

#[mainspring::test]
#[should_panic(expected = "write `sleep(1s).await`")]
async fn block_for_on_the_loops_own_thread_is_refused() {
    block_for(Duration::from_secs(1));
}

#[test]
#[should_panic(expected = "outside a runtime")]
fn spawn_blocking_outside_of_a_runtime_is_refused() {
    drop(spawn_blocking(|| ()));
}

#[test]
#[should_panic(expected = "give `ThreadPool::new` at least 1")]
fn a_pool_of_zero_threads_is_refused() {
    let _ = ThreadPool::new(0);
}

/// The first job would panic in its caller, and those after it wait for ever.
#[test]
fn a_name_that_no_thread_may_bear_is_refused_at_once() {
    let name = || "two\0words";
    for told in [
        catch_unwind(|| drop(ThreadPool::builder().name(name()))),
        catch_unwind(|| {
            Builder::new_current_thread().thread_name(name());
        }),
    ] {
        let told = told.unwrap_err();
        assert!(told.downcast_ref::<String>().unwrap().contains("zero byte"));
    }
}

/// The stop is heard although a timer is far and a job is out.
#[test]
fn a_stop_is_heard_while_a_job_is_out() {
    let runtime = mainspring::runtime::LocalRuntime::new().unwrap();
    let (let_go, go) = channel::<()>();
    drop(runtime.spawn_blocking(move || go.recv().is_err()));
    runtime.spawn_local(async { sleep(Duration::from_secs(3600)).await });
    runtime.handle().stop();
    assert!(matches!(
        runtime.run_forever(),
        mainspring::runtime::RunEnd::Stopped
    ));
    drop(let_go);
}

#[test]
fn a_pool_needs_no_runtime_and_a_simulated_one_does() {
    let job = ThreadPool::new(1).submit(|| 3);
    assert_eq!(mainspring::run(job).unwrap(), 3);
    let submit = || drop(ThreadPool::simulated(1).submit(|| 3));
    let panic = std::panic::catch_unwind(submit).unwrap_err();
    let words = panic.downcast_ref::<String>().unwrap();
    assert!(words.contains("outside a runtime"), "{words}");
}

/// Recipe 5: the callback looks first, then the awaiting task goes on, both on the loop's thread.
#[mainspring::test]
async fn exec_callback_before_awaiter() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let job = spawn_blocking(|| thread::current().id());
    let said = log.clone();
    job.add_done_callback(move |outcome| {
        assert_ne!(*outcome.as_ref().unwrap(), thread::current().id());
        said.borrow_mut().push("callback");
    });
    job.await.unwrap();
    log.borrow_mut().push("awaiter");
    assert_eq!(*log.borrow(), ["callback", "awaiter"]);
}

#[mainspring::test]
async fn a_callback_hears_of_an_abort_while_the_job_runs() {
    let pool = ThreadPool::new(1);
    let (job, let_go) = held(&pool);
    let heard = Rc::new(Cell::new(false));
    let hears = heard.clone();
    job.add_done_callback(move |outcome| {
        hears.set(outcome.as_ref().is_err_and(|error| error.is_cancelled()));
    });
    assert!(job.cancel());
    assert!(job.await.unwrap_err().is_cancelled());
    assert!(heard.get());
    drop(let_go);
}
