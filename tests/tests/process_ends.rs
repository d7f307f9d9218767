//! The end of a process pool, and of the runtimes that it is used in, in every state.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mainspring::pool::{run_in_executor, set_default_executor, spawn_blocking};
use mainspring::process::{Function, ProcessPool, Processes, function, serve};
use mainspring::runtime::{Builder, Handle, LocalRuntime};
use mainspring::task::{JoinHandle, yield_now};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::processes::{children, is_alive, wait_gone};
use mainspring_tests::watchdog::watch;

const HOUR: Duration = Duration::from_secs(3600);
const NONE: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(20);

fn functions() -> [Function; 4] {
    [
        function(double),
        function(pid),
        function(hang),
        function(wait_for),
    ]
}

#[test]
fn worker() {
    serve(functions());
}

fn pool(workers: usize) -> ProcessPool {
    serve(functions());
    let builder = ProcessPool::builder().workers(workers);
    builder.worker_test("worker").build().unwrap()
}

fn double(n: u32) -> u32 {
    2 * n
}

fn pid(_: ()) -> u32 {
    std::process::id()
}

fn hang(_: ()) {
    loop {
        thread::park();
    }
}

/// Computes until this file is there.
fn wait_for(gate: PathBuf) -> u32 {
    while !gate.exists() {
        thread::yield_now();
    }
    std::process::id()
}

/// A file that is not there yet, for one test.
fn gate(name: &str) -> PathBuf {
    let file = format!("{name}-{}", std::process::id());
    let gate = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    let _ = std::fs::remove_file(&gate);
    gate
}

/// A job that a worker has taken up.
async fn hanging(pool: &ProcessPool) -> JoinHandle<()> {
    let job = pool.submit(hang, ());
    begun(&job).await;
    job
}

async fn begun<R>(job: &JoinHandle<R>) {
    while job.report().started.is_none() {
        yield_now().await;
    }
}

fn runtime() -> LocalRuntime {
    Builder::new_current_thread()
        .build_local(Default::default())
        .unwrap()
}

/// They have ended, and have been waited for.
#[track_caller]
fn assert_gone(pids: &[u32]) {
    let left = children();
    for pid in pids {
        assert!(!is_alive(*pid) && !left.contains(pid), "{pid} is left");
    }
}

#[mainspring::test]
async fn shutdown_lets_all_jobs_end_and_refuses_new_ones() {
    let _watch = watch();
    let pool = pool(2);
    let jobs: Vec<JoinHandle<u32>> = (0..100).map(|n| pool.submit(double, n)).collect();
    pool.warm_up().await.unwrap();
    let workers = pool.pids();
    let ending = pool.clone().shutdown(None, false);
    let late = pool.submit(double, 1);
    assert!(late.is_finished());
    assert_eq!(ending.await, [""; 0]);
    assert_gone(&workers);
    for (n, job) in (0..).zip(jobs) {
        assert!(job.is_finished());
        assert_eq!(job.await.unwrap(), 2 * n);
    }
    let error = late.await.unwrap_err();
    assert!(error.is_cancelled());
    assert!(error.to_string().contains("its pool has ended"), "{error}");
    assert_eq!(pool.pids(), []);
}

#[mainspring::test]
async fn shutdown_cancels_what_is_queued_and_waits_for_what_runs() {
    let _watch = watch();
    let gate = gate("cancels");
    let pool = pool(1);
    let running = pool.submit(wait_for, gate.clone());
    begun(&running).await;
    let queued = [1, 2].map(|n| pool.submit(double, n));
    let ending = pool.shutdown(Some(HOUR), true);
    for job in queued {
        assert!(job.await.unwrap_err().is_cancelled());
    }
    assert!(!running.is_finished());
    File::create(&gate).unwrap();
    assert_eq!(ending.await, [""; 0]);
    assert_gone(&[running.await.unwrap()]);
    std::fs::remove_file(gate).unwrap();
}

#[mainspring::test]
async fn shutdown_kills_what_is_late_and_says_what_it_was() {
    let _watch = watch();
    for (wait, cancel) in [(NONE, true), (NONE, false), (SHORT, true), (SHORT, false)] {
        let pool = pool(2);
        let running = [hanging(&pool).await, hanging(&pool).await];
        let queued = pool.submit(double, 1);
        let workers = pool.pids();
        let lines = pool.shutdown(Some(wait), cancel).await;
        assert_eq!(lines.len(), 2);
        for (line, worker) in lines.iter().zip(&workers) {
            assert!(
                line.contains(&format!("worker process {worker} (")),
                "{line}"
            );
            assert!(line.contains("process_ends.rs:"), "{line}");
        }
        assert_gone(&workers);
        for job in running {
            assert!(job.await.unwrap_err().is_cancelled());
        }
        assert!(queued.await.unwrap_err().is_cancelled());
    }
}

#[mainspring::test]
async fn a_pool_that_was_never_used_ends_at_once() {
    let _watch = watch();
    for wait in [None, Some(NONE), Some(HOUR)] {
        assert_eq!(pool(1).shutdown(wait, false).await, [""; 0]);
    }
}

#[mainspring::test]
async fn a_second_shutdown_may_be_less_patient_than_the_first() {
    let _watch = watch();
    let pool = pool(1);
    let running = hanging(&pool).await;
    let workers = pool.pids();
    let patient = mainspring::spawn(pool.clone().shutdown(None, false));
    yield_now().await;
    assert_eq!(pool.pids(), workers, "it still runs");
    assert_eq!(pool.shutdown(Some(NONE), true).await.len(), 1);
    assert_gone(&workers);
    assert!(running.await.unwrap_err().is_cancelled());
    patient.await.unwrap();
}

#[mainspring::test]
async fn a_shutdown_that_is_dropped_ends_the_workers_unless_there_is_a_clone() {
    let _watch = watch();
    let gate = gate("dropped");
    for is_cloned in [false, true] {
        let pool = pool(1);
        let running = pool.submit(wait_for, gate.clone());
        begun(&running).await;
        let workers = pool.pids();
        let clone = is_cloned.then(|| pool.clone());
        let mut ending = pool.shutdown(None, false);
        assert_eq!(Bell::new().poll(&mut ending), Poll::Pending);
        drop(ending);
        if is_cloned {
            assert!(!running.is_finished());
            File::create(&gate).unwrap();
            assert_eq!(running.await.unwrap(), workers[0]);
        } else {
            assert!(running.await.unwrap_err().is_cancelled());
        }
        wait_gone(&workers);
        drop(clone);
    }
    std::fs::remove_file(gate).unwrap();
}

#[mainspring::test]
async fn killed_workers_that_were_idle_cost_nothing() {
    let _watch = watch();
    let pool = pool(2);
    for round in 0..20 {
        pool.warm_up().await.unwrap();
        match round % 2 {
            0 => pool.kill_workers(),
            _ => pool.terminate_workers(),
        }
        let jobs = [1, 2, 3].map(|n| pool.submit(double, n));
        for (n, job) in (1..).zip(jobs) {
            assert_eq!(job.await.unwrap(), 2 * n);
        }
    }
}

#[mainspring::test]
async fn a_pool_dropped_with_jobs_in_line_running_and_starting_ends_them_all() {
    let _watch = watch();
    let pool = pool(2);
    let running = hanging(&pool).await;
    // This one has to wait until its worker has started.
    let starting = pool.submit(hang, ());
    let queued = pool.submit(double, 1);
    yield_now().await;
    let workers = pool.pids();
    drop(pool);
    assert!(queued.is_finished());
    for job in [running, starting] {
        assert!(job.await.unwrap_err().is_cancelled());
    }
    assert!(queued.await.unwrap_err().is_cancelled());
    wait_gone(&workers);
}

#[mainspring::test]
async fn a_pool_dropped_idle_or_warming_up_leaves_nobody() {
    let _watch = watch();
    let idle = pool(1);
    let worker = idle.submit(pid, ()).await.unwrap();
    drop(idle);
    wait_gone(&[worker]);

    let warming = pool(1);
    let warm = warming.warm_up();
    while warming.pids().is_empty() {
        yield_now().await;
    }
    let workers = warming.pids();
    drop(warming);
    // It has heard either.
    let _ = warm.await;
    wait_gone(&workers);
}

#[test]
fn a_pool_dropped_between_two_turns_leaves_nobody() {
    let _watch = watch();
    let runtime = runtime();
    let pool = pool(2);
    let worker = runtime.block_on(async {
        drop(hanging(&pool).await);
        pool.submit(pid, ()).await.unwrap()
    });
    let workers = pool.pids();
    assert!(workers.contains(&worker));
    drop(pool);
    assert_gone(&workers);
}

#[test]
fn a_runtime_dropped_with_jobs_in_flight_leaves_nobody_and_the_pool_lives_on() {
    let _watch = watch();
    let pool = pool(2);
    let first = runtime();
    let (jobs, workers) = first.block_on(async {
        let jobs = [
            hanging(&pool).await,
            hanging(&pool).await,
            pool.submit(hang, ()),
        ];
        (jobs, pool.pids())
    });
    assert_eq!(workers.len(), 2);
    drop(first);
    assert_gone(&workers);
    for job in jobs {
        assert!(job.try_result().unwrap().unwrap_err().is_cancelled());
    }
    assert_eq!(
        runtime().block_on(async { pool.submit(double, 21).await.unwrap() }),
        42
    );
}

#[test]
fn a_default_pool_ends_with_its_runtime() {
    let _watch = watch();
    let runtime = runtime();
    let worker = runtime.block_on(async {
        set_default_executor(pool(1));
        run_in_executor(&Processes, pid, ()).await.unwrap()
    });
    assert!(is_alive(worker));
    drop(runtime);
    assert_gone(&[worker]);
}

#[test]
fn two_runtimes_have_a_pool_in_common_and_workers_of_their_own() {
    let _watch = watch();
    let pool = pool(1);
    let (one, two) = (runtime(), runtime());
    let first = one.block_on(async { pool.submit(pid, ()).await.unwrap() });
    let second = two.block_on(async { pool.submit(pid, ()).await.unwrap() });
    assert_ne!(first, second);
    assert_eq!(
        one.block_on(async { pool.submit(pid, ()).await.unwrap() }),
        first
    );
    drop(one);
    assert_gone(&[first]);
    assert_eq!(
        two.block_on(async { pool.submit(pid, ()).await.unwrap() }),
        second
    );
    two.block_on(pool.shutdown(None, false));
    assert_gone(&[second]);
}

/// The other loop does not turn, and cannot see to its workers.
#[test]
fn a_pool_ends_although_another_loop_that_used_it_stands_still() {
    let _watch = watch();
    for wait in [Some(NONE), Some(SHORT), None] {
        let pool = pool(1);
        let other = runtime();
        let worker = other.block_on(async { pool.submit(pid, ()).await.unwrap() });
        let lines = runtime().block_on(pool.shutdown(wait, false));
        assert_eq!(lines, [""; 0]);
        wait_gone(&[worker]);
        drop(other);
        assert_gone(&[worker]);
    }
}

#[test]
fn jobs_come_from_the_driver_from_threads_and_from_other_loops() {
    let _watch = watch();
    let pool = pool(2);
    let runtime = Builder::new_multi_thread().build().unwrap();
    let doubled = |pool: &ProcessPool| {
        let pool = pool.clone();
        async move { pool.submit(double, 21).await.unwrap() }
    };
    assert_eq!(runtime.block_on(doubled(&pool)), 42);
    let handle: Handle = runtime.handle().clone();
    assert_eq!(handle.block_on(handle.spawn(doubled(&pool))).unwrap(), 42);
    let threads = [(); 4].map(|()| {
        let (handle, doubled) = (handle.clone(), doubled(&pool));
        thread::spawn(move || handle.block_on(doubled))
    });
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 42);
    }
    let blocking = pool.clone();
    let submitted = runtime.block_on(async {
        let submit = move || blocking.submit(double, 21);
        spawn_blocking(submit).await.unwrap().await.unwrap()
    });
    assert_eq!(submitted, 42);
    let workers = pool.pids();
    assert!(workers.len() <= 2);
    drop(runtime);
    assert_gone(&workers);
}

#[test]
fn a_pool_is_dropped_on_another_thread_while_its_loop_turns() {
    let _watch = watch();
    let pool = pool(1);
    let (send, receive) = channel::<ProcessPool>();
    let dropper = thread::spawn(move || drop(receive.recv()));
    runtime().block_on(async move {
        let job = hanging(&pool).await;
        let workers = pool.pids();
        send.send(pool).unwrap();
        assert!(job.await.unwrap_err().is_cancelled());
        wait_gone(&workers);
    });
    dropper.join().unwrap();
}
