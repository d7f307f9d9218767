//! asyncio's behaviour of worker processes: one test for each behaviour, named after it, where no
//! test in the files `process_*.rs` shows it already.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use mainspring::process::{Function, ProcessPool, ProcessPoolBuilder, function, serve};
use mainspring::task::yield_now;
use mainspring_tests::processes::children;
use mainspring_tests::watchdog::watch;
use serde::{Deserialize, Serialize};

fn functions() -> [Function; 7] {
    [
        function(pid),
        function(meet),
        function(wait_for),
        function(exit),
        function(set_up),
        function(set_ups),
        function(kept),
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

fn pid(_: ()) -> u32 {
    std::process::id()
}

/// Computes until so many processes are in this folder.
fn meet((folder, processes): (PathBuf, usize)) -> u32 {
    std::fs::write(folder.join(pid(()).to_string()), "").unwrap();
    while std::fs::read_dir(&folder).unwrap().count() < processes {
        std::thread::yield_now();
    }
    pid(())
}

/// Computes until this file is there.
fn wait_for(gate: PathBuf) -> u32 {
    while !gate.exists() {
        std::thread::yield_now();
    }
    pid(())
}

fn exit(code: i32) {
    std::process::exit(code);
}

static SET_UPS: AtomicUsize = AtomicUsize::new(0);

fn set_up(_: ()) {
    SET_UPS.fetch_add(1, Ordering::SeqCst);
}

fn set_ups(_: ()) -> usize {
    SET_UPS.load(Ordering::SeqCst)
}

/// How many tokens this process has.
static TOKENS: AtomicUsize = AtomicUsize::new(0);

#[derive(Serialize, Deserialize)]
#[serde(from = "()", into = "()")]
struct Token;

impl From<()> for Token {
    fn from((): ()) -> Self {
        TOKENS.fetch_add(1, Ordering::SeqCst);
        Token
    }
}

impl From<Token> for () {
    fn from(_: Token) {}
}

impl Clone for Token {
    fn clone(&self) -> Self {
        Token::from(())
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        TOKENS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How many there are beside the one that is given.
fn kept(_given: Token) -> usize {
    TOKENS.load(Ordering::SeqCst) - 1
}

/// A folder for one test, empty.
fn folder(name: &str) -> PathBuf {
    let name = format!("{name}-{}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    folder
}

#[mainspring::test]
async fn pp_all_cores() {
    let _watch = watch();
    let pool = pool(4);
    let folder = folder("all-cores");
    // None of them ends before the last has begun: they run at the same time, or for ever.
    let jobs = [(); 4].map(|()| pool.submit(meet, (folder.clone(), 4)));
    let mut pids = HashSet::from([std::process::id()]);
    for job in jobs {
        pids.insert(job.await.unwrap());
    }
    assert_eq!(pids.len(), 5);
}

#[mainspring::test]
async fn pp_saturation() {
    let _watch = watch();
    let pool = pool(2);
    let gate = folder("saturation").join("gate");
    let jobs: Vec<_> = (0..30)
        .map(|_| pool.submit(wait_for, gate.clone()))
        .collect();
    while jobs.iter().filter(|job| is_running(job)).count() < 2 {
        yield_now().await;
    }
    let workers = pool.pids();
    assert_eq!(workers.len(), 2);
    std::fs::write(gate, "").unwrap();
    for job in jobs {
        assert!(workers.contains(&job.await.unwrap()));
        assert_eq!(pool.pids(), workers);
    }
}

fn is_running<T>(job: &mainspring::task::JoinHandle<T>) -> bool {
    job.report().started.is_some()
}

#[mainspring::test]
async fn pp_max_jobs_per_worker() {
    let _watch = watch();
    let pool = builder(1).max_jobs_per_worker(3).build().unwrap();
    let mut pids = Vec::new();
    for _ in 0..6 {
        pids.push(pool.submit(pid, ()).await.unwrap());
        assert!(pool.pids().len() <= 1);
    }
    let (first, second) = (pids[0], pids[3]);
    assert_ne!(first, second);
    assert_eq!(pids, [first, first, first, second, second, second]);
}

#[mainspring::test]
async fn pp_initializer() {
    let _watch = watch();
    let pool = builder(2).initializer(set_up, ()).build().unwrap();
    for job in [(); 20].map(|()| pool.submit(set_ups, ())) {
        assert_eq!(job.await.unwrap(), 1);
    }
}

#[mainspring::test]
async fn pp_no_zombies() {
    let _watch = watch();
    let pool = pool(2);
    let mut dead = HashSet::new();
    for job in [(); 20].map(|()| pool.submit(exit, 3)) {
        dead.insert(job.await.unwrap_err().worker_died().unwrap().pid);
    }
    assert_eq!(dead.len(), 20);
    let left: Vec<u32> = children();
    let zombies: Vec<_> = left.iter().filter(|child| dead.contains(child)).collect();
    assert!(zombies.is_empty(), "{zombies:?}");
}

#[mainspring::test]
async fn pp_resources_freed_in_worker() {
    let _watch = watch();
    let pool = pool(1);
    for _ in 0..5 {
        assert_eq!(pool.submit(kept, Token::from(())).await.unwrap(), 0);
    }
}
