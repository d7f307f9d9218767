//! asyncio's behaviour of waiting for what a pool does: one test for each behaviour, named after it.
//!
//! The pools themselves are in `pool_jobs.rs` and `pool_ends.rs`.

use std::collections::HashSet;
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use mainspring::future::wait;
use mainspring::pool::{ThreadPool, block_for};
use mainspring::time::{Instant, timeout_at};
use mainspring_tests::watchdog::watch;

#[mainspring::test]
async fn cw_race_of_100() {
    let _watch = watch();
    let pool = ThreadPool::new(100);
    for _ in 0..10 {
        // None of them ends before the last has begun.
        let together = Arc::new(Barrier::new(100));
        let jobs = (0..100).map(|number| {
            let together = together.clone();
            pool.submit(move || {
                together.wait();
                number
            })
        });
        let (done, pending) = wait(jobs.collect::<Vec<_>>()).await;
        assert!(pending.is_empty());
        let numbers: HashSet<u32> = done.into_iter().map(|job| job.result().unwrap()).collect();
        assert_eq!(numbers.len(), 100);
    }
}

#[mainspring::test]
async fn cw_timeout() {
    let _watch = watch();
    let pool = ThreadPool::new(3);
    let (let_go, go) = channel::<()>();
    let blocked = pool.submit(move || {
        let _ = go.recv();
        0
    });
    // A limit of zero takes along what has ended, so no time need pass.
    let quick = [1, 2].map(|number| pool.submit(move || number));
    while !quick.iter().all(|job| job.is_finished()) {
        mainspring::task::yield_now().await;
    }
    let [first, second] = quick;
    let jobs = [first, blocked, second];
    let (done, mut pending) = wait(jobs).timeout(Duration::ZERO).await;
    let places: HashSet<usize> = done.iter().map(|job| job.index).collect();
    assert_eq!(places, HashSet::from([0, 2]));
    let blocked = pending.pop().unwrap();
    assert!(pending.is_empty() && !blocked.is_finished());
    drop(let_go);
    assert_eq!(blocked.await.unwrap(), 0);
}

#[mainspring::test]
async fn cw_states() {
    let _watch = watch();
    let pool = ThreadPool::new(1);
    let (begun, begins) = channel();
    let (let_go, go) = channel::<()>();
    let mut running = pool.submit(move || {
        begun.send(()).unwrap();
        let _ = go.recv();
        1
    });
    let mut queued = pool.submit(|| 2);
    let cancelled = pool.submit(|| 3);
    begins.recv().unwrap();
    cancelled.abort();

    // Whether it has begun, and whether it has ended.
    assert!(running.report().started.is_some() && !running.is_finished());
    assert!(queued.report().started.is_none() && !queued.is_finished());
    assert!(cancelled.await.unwrap_err().is_cancelled());

    drop(let_go);
    assert_eq!((&mut running).await.unwrap(), 1);
    assert_eq!((&mut queued).await.unwrap(), 2);
    for ended in [running, queued] {
        assert!(ended.is_finished() && ended.report().finished.is_some());
        assert!(!ended.cancel(), "too late");
    }
}

#[mainspring::test(start_paused = true)]
async fn tp_map_timeout() {
    const LIMIT: Duration = Duration::from_millis(100);
    let pool = ThreadPool::simulated(3);
    let jobs = [10, 20, 1000].map(|millis| {
        pool.submit(move || {
            block_for(Duration::from_millis(millis));
            millis
        })
    });
    let start = Instant::now();
    let mut outcomes = Vec::new();
    for job in jobs {
        let outcome = timeout_at(start + LIMIT, job).await;
        outcomes.push(outcome.map(|value| value.unwrap()).ok());
    }
    assert_eq!(outcomes, [Some(10), Some(20), None]);
    assert_eq!(start.elapsed(), LIMIT);
}
