//! The end of a pool, with jobs queued, running and stuck, and what befalls jobs on the way.

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use mainspring::pool::{ThreadPool, spawn_blocking};
use mainspring::runtime::{Builder, Handle, LocalRuntime, Runtime};
use mainspring::task::JoinHandle;

/// Runs a test on a thread of its own: one that hangs fails.
fn within_limit(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = channel();
    let thread = thread::spawn(move || {
        test();
        done.send(()).unwrap();
    });
    match ended.recv_timeout(Duration::from_secs(20)) {
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        _ => thread.join().unwrap(),
    }
}

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

/// Waits until no thread of this process has a name that begins so; the names are cut at 15
/// bytes. (A thread that has been joined is shown a little longer.)
#[cfg(target_os = "linux")]
fn assert_gone(prefix: &str) {
    while threads_named(prefix) > 0 {
        thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
fn threads_named(prefix: &str) -> usize {
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(entry.ok()?.path().join("comm")).ok()
    };
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(name)
        .filter(|name| name.starts_with(prefix))
        .count()
}

/// Counts what is dropped.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[mainspring::test]
async fn tp_shutdown_refuses_what_comes_later() {
    let pool = ThreadPool::new(1);
    pool.clone().shutdown(None, false);
    let dropped = Arc::new(AtomicUsize::new(0));
    let captured = Counted(dropped.clone());
    let late = pool.submit(move || drop(captured));
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    let error = late.await.unwrap_err();
    assert!(error.is_cancelled());
    assert!(error.to_string().contains("its pool has ended"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn tp_shutdown_waits_until_all_jobs_and_threads_are_gone() {
    within_limit(|| {
        let ran = Arc::new(AtomicUsize::new(0));
        mainspring::run(async {
            let pool = ThreadPool::builder().workers(5).name("gone").build();
            for _ in 0..50 {
                let ran = ran.clone();
                drop(pool.submit(move || ran.fetch_add(1, Ordering::SeqCst)));
            }
            assert!(pool.shutdown(None, false).is_empty());
        });
        assert_eq!(ran.load(Ordering::SeqCst), 50);
        assert_gone("gone-");
    });
}

#[test]
fn tp_shutdown_cancel_queued_cancels_those_and_no_others() {
    within_limit(|| {
        mainspring::run(async {
            let pool = ThreadPool::new(2);
            let (first, let_first_go) = held(&pool);
            let (second, let_second_go) = held(&pool);
            let queued: Vec<_> = (0..48).map(|n| pool.submit(move || n)).collect();
            let none = pool.clone().shutdown(Some(Duration::ZERO), true);
            assert_eq!(none.len(), 2, "two jobs run: {none:?}");
            for job in queued {
                assert!(job.await.unwrap_err().is_cancelled());
            }
            drop((let_first_go, let_second_go));
            first.await.unwrap();
            second.await.unwrap();
            assert!(pool.shutdown(None, true).is_empty());
        });
    });
}

#[test]
fn tp_drop_shuts_down_when_the_jobs_have_ended() {
    within_limit(|| {
        mainspring::run(async {
            let pool = ThreadPool::builder().workers(2).name("dropped").build();
            let clone = pool.clone();
            let jobs: Vec<_> = (0..20).map(|n| pool.submit(move || n)).collect();
            drop(pool);
            let last = clone.submit(|| 20);
            drop(clone);
            for (n, job) in jobs.into_iter().enumerate() {
                assert_eq!(job.await.unwrap(), n);
            }
            assert_eq!(last.await.unwrap(), 20);
        });
        #[cfg(target_os = "linux")]
        assert_gone("dropped-");
    });
}

#[test]
fn a_stuck_job_is_named_when_the_wait_is_over() {
    within_limit(|| {
        mainspring::run(async {
            let pool = ThreadPool::builder().workers(2).name("stuck").build();
            let (job, let_go) = held(&pool);
            let named = pool.shutdown(Some(Duration::from_millis(5)), true);
            assert_eq!(named.len(), 1);
            let here = "thread stuck-1, spawned at tests/tests/pool_ends.rs:";
            assert!(named[0].starts_with(here), "{named:?}");
            assert!(named[0].contains(", running 0."), "{named:?}");
            drop(let_go);
            job.await.unwrap();
        });
    });
}

/// bpo-38267; cpython gh-82448, gh-111358: a blocked worker does not keep the program from
/// ending.
#[test]
fn exec_shutdown_timeout_ends_a_runtime_with_a_stuck_job() {
    within_limit(|| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder
            .shutdown_timeout(Duration::from_millis(5))
            .build()
            .unwrap();
        let (let_go, go) = channel::<()>();
        let (begun, begins) = channel();
        let stuck = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            go.recv().is_err()
        });
        begins.recv().unwrap();
        drop(runtime);
        assert!(!stuck.is_finished());
        drop(let_go);
        assert!(mainspring::run(stuck).unwrap());
    });
}

#[test]
fn a_runtime_that_ends_cancels_the_queued_and_waits_for_the_running() {
    within_limit(|| {
        let mut builder = Builder::new_current_thread();
        let runtime = builder
            .max_blocking_threads(1)
            .build_local(Default::default())
            .unwrap();
        let (let_go, go) = channel::<()>();
        let (begun, begins) = channel();
        let running = runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            go.recv().is_err()
        });
        let queued = runtime.spawn_blocking(|| 3);
        let handle = runtime.handle().clone();
        begins.recv().unwrap();
        // The queued job goes when the runtime ends; that lets the running one go.
        let watched = queued.abort_handle();
        thread::spawn(move || {
            while !watched.is_finished() {
                thread::yield_now();
            }
            drop(let_go);
        });
        drop(runtime);
        assert!(queued.try_result().unwrap().unwrap_err().is_cancelled());
        assert!(running.try_result().unwrap().unwrap());
        let late = handle.spawn_blocking(|| 4);
        assert!(late.try_result().unwrap().unwrap_err().is_cancelled());
    });
}

/// Nobody waits for himself.
#[test]
fn a_job_may_drop_the_last_of_its_runtime() {
    within_limit(|| {
        for driven in [false, true] {
            let mut builder = match driven {
                true => Builder::new_multi_thread(),
                false => Builder::new_current_thread(),
            };
            let runtime = builder
                .shutdown_timeout(Duration::from_secs(3600))
                .build()
                .unwrap();
            let shelf = Arc::new(Mutex::new(None::<Runtime>));
            let (begun, begins) = channel();
            let taken = shelf.clone();
            let (put, is_put) = channel::<()>();
            let job = runtime.spawn_blocking(move || {
                is_put.recv().unwrap();
                drop(taken.lock().unwrap().take());
                begun.send(()).unwrap();
                5
            });
            *shelf.lock().unwrap() = Some(runtime);
            put.send(()).unwrap();
            begins.recv().unwrap();
            assert_eq!(mainspring::run(job).unwrap(), 5);
        }
    });
}

#[test]
fn a_job_may_shut_its_own_pool_down() {
    within_limit(|| {
        mainspring::run(async {
            let pool = ThreadPool::new(2);
            let own = pool.clone();
            let job = pool.submit(move || own.shutdown(None, false));
            assert!(job.await.unwrap().is_empty());
            assert!(pool.submit(|| ()).await.unwrap_err().is_cancelled());
        });
    });
}

#[test]
fn two_jobs_may_shut_their_own_pool_down_at_once() {
    within_limit(|| {
        let pool = ThreadPool::new(2);
        let both = Arc::new(Barrier::new(2));
        let jobs = [(); 2].map(|()| {
            let (own, both) = (pool.clone(), both.clone());
            pool.submit(move || {
                both.wait();
                own.shutdown(None, false)
            })
        });
        assert!(pool.shutdown(None, false).is_empty());
        for job in jobs {
            assert!(mainspring::run(job).unwrap().is_empty());
        }
    });
}

#[test]
fn a_job_may_shut_its_own_pool_down_after_somebody_gave_up_waiting_for_it() {
    within_limit(|| {
        let pool = ThreadPool::new(1);
        let (let_go, go) = channel::<()>();
        let own = pool.clone();
        let job = pool.submit(move || {
            let _ = go.recv();
            own.shutdown(None, false)
        });
        pool.shutdown(Some(Duration::ZERO), false);
        drop(let_go);
        assert!(mainspring::run(job).unwrap().is_empty());
    });
}

#[test]
fn whoever_shuts_a_pool_down_again_is_told_again_what_runs() {
    within_limit(|| {
        let pool = ThreadPool::new(1);
        let (job, let_go) = held(&pool);
        for _ in 0..2 {
            assert_eq!(pool.clone().shutdown(Some(Duration::ZERO), false).len(), 1);
        }
        drop(let_go);
        assert!(pool.shutdown(None, false).is_empty());
        mainspring::run(job).unwrap();
    });
}

/// tokio 8406: the thread cannot be had, and the job was queued for ever.
#[cfg(target_os = "linux")]
#[test]
fn tokio_8406_a_job_is_answered_if_no_thread_can_be_started() {
    within_limit(|| {
        mainspring::run(async {
            // More stack than there are addresses.
            let pool = ThreadPool::builder().workers(2).stack_size(1 << 48).build();
            let dropped = Arc::new(AtomicUsize::new(0));
            for round in 1..4 {
                let captured = Counted(dropped.clone());
                let error = pool.submit(move || drop(captured)).await.unwrap_err();
                assert!(!error.is_cancelled() && !error.is_panic());
                assert!(std::error::Error::source(&error).is_some(), "{error}");
                assert_eq!(dropped.load(Ordering::SeqCst), round);
                assert_eq!(pool.workers(), 0);
            }
            pool.shutdown(None, false);
        });
    });
}

/// tokio 8406, the other half: while a thread lives, the line stays, and it will see to it.
#[test]
fn tokio_8406_a_job_stays_queued_while_a_thread_lives() {
    within_limit(|| {
        mainspring::run(async {
            let begun = AtomicUsize::new(0);
            let only_one =
                move || assert!(begun.fetch_add(1, Ordering::SeqCst) == 0, "one is enough");
            let pool = ThreadPool::builder()
                .workers(4)
                .initializer(only_one)
                .build();
            let (first, let_go) = held(&pool);
            let jobs: Vec<_> = (0..10).map(|n| pool.submit(move || n)).collect();
            while pool.workers() > 1 {
                thread::yield_now();
            }
            assert!(jobs.iter().all(|job| !job.is_finished()));
            drop(let_go);
            first.await.unwrap();
            for (n, job) in jobs.into_iter().enumerate() {
                assert_eq!(job.await.unwrap(), n);
            }
        });
    });
}

#[test]
fn an_initializer_that_panics_is_the_answer_if_no_thread_lives() {
    within_limit(|| {
        mainspring::run(async {
            let pool = ThreadPool::builder()
                .workers(1)
                .initializer(|| panic!("no"))
                .build();
            let error = pool.submit(|| 5).await.unwrap_err();
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(source.contains("initializer panicked"), "{source}");
        });
    });
}

/// tokio 7910, 7918, 7922: an idle worker was taken off the count twice.
#[test]
fn tokio_7910_idle_workers_are_counted_once_at_shutdown() {
    within_limit(|| {
        for _ in 0..200 {
            mainspring::run(async {
                let pool = ThreadPool::new(4);
                let jobs: Vec<_> = (0..4).map(|n| pool.submit(move || n)).collect();
                for job in jobs {
                    job.await.unwrap();
                }
                let clone = pool.clone();
                assert!(pool.shutdown(None, false).is_empty());
                assert_eq!(clone.workers(), 0);
            });
        }
    });
}

/// tokio 8056: a queue in several parts hung.
#[test]
fn tokio_8056_a_hundred_thousand_jobs_from_four_threads_all_end() {
    within_limit(|| {
        let runtime = Runtime::new().unwrap();
        let submit = |handle: Handle| {
            thread::spawn(move || {
                let _inside = handle.enter();
                let pool = ThreadPool::new(4);
                (0..25_000)
                    .map(|n| pool.submit(move || n))
                    .collect::<Vec<_>>()
            })
        };
        let threads: Vec<_> = (0..4).map(|_| submit(runtime.handle().clone())).collect();
        for thread in threads {
            for (n, job) in thread.join().unwrap().into_iter().enumerate() {
                assert_eq!(runtime.block_on(job).unwrap(), n);
            }
        }
    });
}

/// tokio 1853, 1875, 1978: what is submitted while the pool ends either runs or is answered.
#[test]
fn tokio_1853_a_job_submitted_during_shutdown_is_run_or_answered() {
    within_limit(|| {
        for cancel_queued in [false, true] {
            for _ in 0..50 {
                let runtime = LocalRuntime::new().unwrap();
                let pool = ThreadPool::new(2);
                let ran = Arc::new(AtomicUsize::new(0));
                let submit = {
                    let (pool, ran, handle) = (pool.clone(), ran.clone(), runtime.handle().clone());
                    move || {
                        let _inside = handle.enter();
                        let job = || {
                            let ran = ran.clone();
                            pool.submit(move || ran.fetch_add(1, Ordering::SeqCst))
                        };
                        (0..200).map(|_| job()).collect::<Vec<_>>()
                    }
                };
                let submitter = thread::spawn(submit);
                while ran.load(Ordering::SeqCst) == 0 {
                    thread::yield_now();
                }
                pool.shutdown(None, cancel_queued);
                let handles = submitter.join().unwrap();
                let outcomes = handles
                    .into_iter()
                    .map(|handle| handle.try_result().unwrap());
                let ended = outcomes.filter(Result::is_ok).count();
                assert_eq!(ended, ran.load(Ordering::SeqCst));
            }
        }
    });
}

/// A panic whose payload panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("the payload blew up");
        }
    }
}

#[mainspring::test(unhandled_panic = "ignore")]
async fn a_payload_that_panics_when_dropped_harms_nobody() {
    let pool = ThreadPool::new(1);
    drop(pool.submit(|| panic_any(Bomb)));
    assert_eq!(pool.submit(|| 5).await.unwrap(), 5);
    let error = pool.submit(|| panic_any(Bomb)).await.unwrap_err();
    assert!(error.is_panic());
    std::mem::forget(error);
    assert_eq!(pool.submit(|| 6).await.unwrap(), 6);
    assert_eq!(pool.workers(), 1);
}

/// A value that panics when it is dropped, for nobody takes it.
#[mainspring::test]
async fn an_output_that_panics_when_dropped_harms_nobody() {
    let pool = ThreadPool::new(1);
    drop(pool.submit(|| Bomb));
    assert_eq!(pool.submit(|| 5).await.unwrap(), 5);
    assert_eq!(pool.workers(), 1);
}

#[mainspring::test]
async fn a_value_is_dropped_once_whenever_its_handle_is_dropped() {
    let pool = ThreadPool::new(1);
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = |dropped: &Arc<AtomicUsize>| {
        let dropped = dropped.clone();
        move || Counted(dropped)
    };
    // Before it runs.
    let (held_job, let_go) = held(&pool);
    drop(pool.submit(count(&dropped)));
    drop(let_go);
    held_job.await.unwrap();
    pool.submit(|| ()).await.unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    // While it runs.
    let (begun, begins) = channel();
    let (let_go, go) = channel::<()>();
    let make = count(&dropped);
    let job = pool.submit(move || {
        begun.send(()).unwrap();
        let _ = go.recv();
        make()
    });
    begins.recv().unwrap();
    drop(job);
    drop(let_go);
    pool.submit(|| ()).await.unwrap();
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    // After it ran.
    let job = pool.submit(count(&dropped));
    pool.submit(|| ()).await.unwrap();
    assert!(job.is_finished());
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    drop(job);
    assert_eq!(dropped.load(Ordering::SeqCst), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn three_hundred_runtimes_leave_no_thread_behind() {
    within_limit(|| {
        for _ in 0..300 {
            let mut builder = Builder::new_current_thread();
            let runtime = builder
                .thread_name("leftover")
                .build_local(Default::default())
                .unwrap();
            assert_eq!(
                runtime.block_on(async { spawn_blocking(|| 1).await.unwrap() }),
                1
            );
        }
        assert_gone("leftover");
    });
}

/// The loop that would have to end the task is not waited for by that very task.
#[test]
fn a_task_may_drop_the_last_of_its_runtime() {
    within_limit(|| {
        for driven in [false, true] {
            let mut builder = match driven {
                true => Builder::new_multi_thread(),
                false => Builder::new_current_thread(),
            };
            let runtime = builder
                .shutdown_timeout(Duration::from_secs(3600))
                .build()
                .unwrap();
            let handle = runtime.handle().clone();
            let ran = runtime.spawn_blocking(|| 3);
            let task = handle.spawn(async move {
                assert_eq!(ran.await.unwrap(), 3);
                drop(runtime);
                4
            });
            if driven {
                assert_eq!(mainspring::run(task).unwrap(), 4);
                continue;
            }
            assert_eq!(handle.block_on(task).unwrap(), 4);
            // The loop has come home and ended: what is spawned now is answered.
            let late = handle.spawn_blocking(|| 5);
            assert!(late.try_result().unwrap().unwrap_err().is_cancelled());
        }
    });
}

/// An idle worker wakes nobody, so that the verdict is certain and the program ends with it.
#[cfg(target_os = "linux")]
#[test]
fn an_idle_worker_does_not_hide_a_deadlock() {
    within_limit(|| {
        let program = env!("CARGO_BIN_EXE_stall_beside_an_idle_worker");
        let output = std::process::Command::new(program).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(13), "{told}");
        assert!(told.contains("no other thread"), "{told}");
    });
}
