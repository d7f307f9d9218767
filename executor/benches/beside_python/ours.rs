//! The workloads, in mainspring's words; jobs.py has them in Python's. Each does `n` operations
//! and returns what they took.

use std::time::{Duration, Instant};

use mainspring::process::{Function, ProcessPool, function};
use mainspring::runtime::LocalRuntime;
use serde_bytes::ByteBuf;

const LARGE: usize = 64 * 1024 * 1024;

/// What the workers are asked for.
pub(crate) fn functions() -> [Function; 4] {
    [
        function(empty),
        function(same),
        function(same_bytes),
        function(process_id),
    ]
}

fn empty((): ()) {}

fn same(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

fn same_bytes(bytes: ByteBuf) -> ByteBuf {
    bytes
}

fn process_id((): ()) -> u32 {
    std::process::id()
}

/// An empty job there and back, one at a time.
pub(crate) fn round_trip(n: usize) -> Duration {
    block_on(async {
        let pool = warm_pool(1).await;
        let start = Instant::now();
        for _ in 0..n {
            pool.submit(empty, ()).await.expect("an answer");
        }
        start.elapsed()
    })
}

/// 100 bytes there and back, all jobs submitted at once, to one worker.
pub(crate) fn jobs_1_worker(n: usize) -> Duration {
    jobs(n, 1)
}

/// The same, to two.
pub(crate) fn jobs_2_workers(n: usize) -> Duration {
    jobs(n, 2)
}

fn jobs(n: usize, workers: usize) -> Duration {
    block_on(async {
        let pool = warm_pool(workers).await;
        let argument = vec![0; 100];
        let start = Instant::now();
        let calls: Vec<_> = (0..n)
            .map(|_| pool.submit(same, argument.clone()))
            .collect();
        for call in calls {
            assert_eq!(call.await.expect("an answer").len(), 100);
        }
        start.elapsed()
    })
}

/// From a pool without workers to the first answer.
pub(crate) fn start_worker(n: usize) -> Duration {
    block_on(async {
        let mut spent = Duration::ZERO;
        for _ in 0..n {
            let start = Instant::now();
            let pool = ProcessPool::new(1).expect("a pool");
            pool.submit(empty, ()).await.expect("an answer");
            spent += start.elapsed();
            pool.shutdown(None, false).await;
        }
        spent
    })
}

/// From the death of the only worker to the answer of the next.
pub(crate) fn replace_worker(n: usize) -> Duration {
    block_on(async {
        let pool = warm_pool(1).await;
        let mut spent = Duration::ZERO;
        for _ in 0..n {
            let pid = pool.submit(process_id, ()).await.expect("an answer");
            let start = Instant::now();
            pool.kill_workers();
            // A job that the old worker had is lost.
            while pool.submit(process_id, ()).await.unwrap_or(pid) == pid {}
            spent += start.elapsed();
        }
        spent
    })
}

/// 64 MiB there and back, of a type that serde knows to be bytes.
pub(crate) fn large_bytes(n: usize) -> Duration {
    block_on(async {
        let pool = warm_pool(1).await;
        let argument = ByteBuf::from(vec![0; LARGE]);
        let start = Instant::now();
        for _ in 0..n {
            let answer = pool.submit(same_bytes, argument.clone()).await;
            assert_eq!(answer.expect("an answer").len(), LARGE);
        }
        start.elapsed()
    })
}

/// The same of a `Vec<u8>`, which serde takes for a list of numbers.
pub(crate) fn large_vec(n: usize) -> Duration {
    block_on(async {
        let pool = warm_pool(1).await;
        let argument = vec![0; LARGE];
        let start = Instant::now();
        for _ in 0..n {
            let answer = pool.submit(same, argument.clone()).await;
            assert_eq!(answer.expect("an answer").len(), LARGE);
        }
        start.elapsed()
    })
}

async fn warm_pool(workers: usize) -> ProcessPool {
    let pool = ProcessPool::builder()
        .workers(workers)
        .largest_frame(2 * LARGE)
        .build()
        .expect("a pool");
    pool.warm_up().await.expect("workers");
    pool
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = LocalRuntime::new().expect("a runtime");
    runtime.block_on(work)
}
