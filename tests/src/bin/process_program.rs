//! Programs that have a pool of worker processes: the tests of whole programs run them, run them
//! short of something, and kill them.

use std::cell::RefCell;
use std::fs;
use std::future::pending;
use std::os::unix::process::ExitStatusExt;
use std::thread;

use mainspring::process::{ProcessError, ProcessPool, function, serve};
use mainspring::task::JoinError;
use mainspring_tests::processes::{children, descriptors, strike};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};

/// A worker is started without arguments: what it is, it hears from `serve`.
fn main() {
    let scenario = std::env::args().nth(1);
    match scenario.as_deref() {
        Some("pool-before-serve") => return refused(),
        Some("serve-unless-worker") => {}
        // As a worker it forgets to serve, and goes the way of its parent.
        None if fs::exists(forgetful()).unwrap() => return refused(),
        _ => {}
    }
    serve([
        function(add_one),
        function(pid),
        function(hang),
        function(start_deeper),
        function(end_never),
    ]);
    match scenario.as_deref() {
        Some("serve-unless-worker") => mainspring::run(without_serve()),
        Some("busy") => mainspring::run(busy()),
        Some("exit") => mainspring::run(exit()),
        Some("nested") => mainspring::run(nested()),
        Some("stuck-end") => mainspring::run(stuck_end()),
        Some("deleted") => mainspring::run(deleted()),
        Some("children-ignored") => mainspring::run(children_ignored()),
        Some("few-files") => mainspring::run(few_files()),
        Some("few-processes") => mainspring::run(few_processes()),
        other => panic!("there is no scenario {other:?}"),
    }
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

/// A worker with a worker.
fn start_deeper(_: ()) {
    mainspring::run(busy());
}

/// Leaves something behind in its thread whose end does not come.
fn end_never(_: ()) -> u32 {
    struct Endless;
    impl Drop for Endless {
        fn drop(&mut self) {
            hang(());
        }
    }
    thread_local! {
        static ENDLESS: RefCell<Option<Endless>> = const { RefCell::new(None) };
    }
    ENDLESS.set(Some(Endless));
    std::process::id()
}

// F70.

fn refused() {
    println!("{}", ProcessPool::new(1).unwrap_err());
}

/// A file whose presence makes a worker forget to call `serve`.
fn forgetful() -> std::path::PathBuf {
    let program = std::env::current_exe().unwrap();
    program.with_file_name("forgetful")
}

async fn without_serve() {
    fs::write(forgetful(), "").unwrap();
    let pool = ProcessPool::new(2).unwrap();
    for _ in 0..3 {
        println!("{}", reason(&pool.submit(add_one, 1).await.unwrap_err()));
        assert_eq!(children(), []);
    }
    fs::remove_file(forgetful()).unwrap();
    assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
}

// F69, F72: they tell the numbers of their workers, and are killed.

async fn busy() {
    let _pool = busy_pool().await;
    pending::<()>().await;
}

async fn exit() {
    let _pool = busy_pool().await;
    std::process::exit(7);
}

/// Two workers that are busy, one that is idle; it prints who they are.
async fn busy_pool() -> ProcessPool {
    let pool = ProcessPool::new(3).unwrap();
    pool.warm_up().await.unwrap();
    for _ in 0..2 {
        let job = pool.submit(hang, ());
        while job.report().started.is_none() {
            mainspring::task::yield_now().await;
        }
    }
    println!("{:?}", pool.pids());
    pool
}

async fn nested() {
    let pool = ProcessPool::new(1).unwrap();
    drop(pool.submit(start_deeper, ()));
    pending::<()>().await;
}

async fn stuck_end() {
    let pool = ProcessPool::new(2).unwrap();
    let idle = pool.submit(end_never, ()).await.unwrap();
    println!("[{idle}]");
    pending::<()>().await;
}

// F71: nothing to start, or nothing to start it with.

async fn deleted() {
    let pool = ProcessPool::new(2).unwrap();
    let program = std::env::current_exe().unwrap();
    fs::remove_file(&program).unwrap();
    assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
    // Another program of the same name is not started in its place.
    fs::write(&program, "#!/bin/sh\nexit 3\n").unwrap();
    let [one, two] = [pool.submit(add_one, 1), pool.submit(add_one, 2)];
    assert_eq!((one.await.unwrap(), two.await.unwrap()), (2, 3));
    assert_eq!(pool.submit(add_one, 3).await.unwrap(), 4);
}

/// The system reaps its children itself, and tells nobody how they ended.
async fn children_ignored() {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    assert!(
        ignored >> (Signal::CHILD.as_raw() - 1) & 1 == 1,
        "it ignores SIGCHLD"
    );
    let pool = ProcessPool::builder()
        .workers(2)
        .max_jobs_per_worker(3)
        .build();
    let pool = pool.unwrap();
    for n in 0..20 {
        assert_eq!(pool.submit(add_one, n).await.unwrap(), n + 1);
    }
    let job = pool.submit(hang, ());
    while job.report().started.is_none() {
        mainspring::task::yield_now().await;
    }
    let worker = job.report().pid;
    strike(worker, Signal::KILL);
    let died = job.await.unwrap_err().worker_died().unwrap();
    assert_eq!(
        (died.pid, died.status.map(|status| status.signal())),
        (worker, None)
    );
    let given_up = pool.submit(hang, ());
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    assert_eq!(pool.submit(add_one, 1).await.unwrap(), 2);
    assert!(pool.shutdown(None, false).await.is_empty());
    assert_eq!(children(), []);
    drop(ProcessPool::new(1).unwrap().submit(hang, ()));
}

/// With each number of descriptors from none on, until there are enough. (It is the largest number
/// that is limited: those that are open stay.)
async fn few_files() {
    let open = descriptors().unwrap();
    let mut refusals = 0;
    let mut is_enough = false;
    for files in 0..40 {
        limit(Resource::Nofile, files);
        is_enough = try_all(&mut refusals).await;
        limit(Resource::Nofile, 1000);
        assert_eq!(children(), []);
        assert_eq!(descriptors().unwrap(), open, "{files}");
    }
    assert!(is_enough && refusals > 0);
    limit(Resource::Nofile, 0);
    a_thousand_refusals().await;
    limit(Resource::Nofile, 1000);
    assert_eq!(descriptors().unwrap(), open);
    assert!(try_all(&mut refusals).await);
}

/// The same with processes and threads.
async fn few_processes() {
    let open = descriptors().unwrap();
    let mut refusals = 0;
    for processes in 1..8 {
        limit(Resource::Nproc, processes);
        try_all(&mut refusals).await;
        assert_eq!(children(), []);
        assert_eq!(descriptors().unwrap(), open, "{processes}");
    }
    assert!(refusals > 0);
    limit(Resource::Nproc, 1);
    a_thousand_refusals().await;
    limit(Resource::Nproc, 1000);
    assert!(try_all(&mut refusals).await);
}

/// Whether four jobs are all done; those that are not, are refused with a reason.
async fn try_all(refusals: &mut u32) -> bool {
    let pool = ProcessPool::new(2).unwrap();
    let jobs: Vec<_> = (0..4).map(|n| pool.submit(add_one, n)).collect();
    let mut all = true;
    for (n, job) in (0..).zip(jobs) {
        match job.await {
            Ok(value) => assert_eq!(value, n + 1),
            Err(error) => {
                all = false;
                *refusals += 1;
                let reason = reason(&error);
                let is_known = matches!(
                    reason,
                    ProcessError::NotStarted(_) | ProcessError::NotReady { .. }
                );
                assert!(is_known, "{reason}");
            }
        }
    }
    assert!(pool.shutdown(None, false).await.is_empty());
    all
}

/// libuv 887, 4980: what could not be started was used all the same.
async fn a_thousand_refusals() {
    let pool = ProcessPool::new(2).unwrap();
    for n in 0..1000 {
        let error = pool.submit(add_one, n).await.unwrap_err();
        assert!(
            matches!(reason(&error), ProcessError::NotStarted(_)),
            "{error}"
        );
        assert_eq!(pool.pids(), []);
    }
    assert!(pool.warm_up().await.is_err());
}

fn limit(resource: Resource, current: u64) {
    let maximum = getrlimit(resource).maximum;
    let current = Some(current);
    setrlimit(resource, Rlimit { current, maximum }).unwrap();
}

fn reason(error: &JoinError) -> &ProcessError {
    match std::error::Error::source(error).and_then(|source| source.downcast_ref()) {
        Some(reason) => reason,
        None => panic!("{error:?} has no reason"),
    }
}
