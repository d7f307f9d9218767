//! asyncio's behaviour of the loop itself, of callbacks on it and of running it: one test for each
//! behaviour, named after it.
//!
//! `call_soon` and `call_later` are a spawned closure here; calls from other threads have a door
//! of their own. What is different on purpose is said beside the test. What concerns handlers,
//! slow callbacks, debug switches and Ctrl-C comes with those.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, Closed, Handle, LocalRuntime, RunEnd, Runtime};
use mainspring::task::{idle, spawn_blocking, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, sleep_until, timeout};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

type Log = Arc<Mutex<Vec<u32>>>;

#[mainspring::test]
async fn loop_call_soon_fifo() {
    let log = Log::default();
    for number in 0..10 {
        let log = log.clone();
        drop(spawn_local(async move { log.lock().unwrap().push(number) }));
    }
    assert!(log.lock().unwrap().is_empty());
    yield_now().await;
    assert!(log.lock().unwrap().iter().copied().eq(0..10));
    // The same through the door for other threads.
    log.lock().unwrap().clear();
    for number in 0..10 {
        let log = log.clone();
        let call = move || log.lock().unwrap().push(number);
        Handle::current().call_soon_threadsafe(call).unwrap();
    }
    assert!(log.lock().unwrap().is_empty());
    idle().await;
    assert!(log.lock().unwrap().iter().copied().eq(0..10));
}

#[mainspring::test(start_paused = true)]
async fn loop_call_at() {
    let start = Instant::now();
    let called = spawn_local(async move {
        sleep_until(start + SECOND).await;
        start.elapsed()
    });
    assert_eq!(called.await.unwrap(), SECOND);
}

/// Different on purpose: asyncio leaves it open.
#[mainspring::test(start_paused = true)]
async fn loop_timers_equal_deadline_fifo() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let moment = Instant::now() + SECOND;
    for number in 0..12 {
        let log = log.clone();
        drop(spawn_local(async move {
            sleep_until(moment).await;
            log.borrow_mut().push(number);
        }));
    }
    sleep(2 * SECOND).await;
    assert!(log.borrow().iter().copied().eq(0..12));
}

#[mainspring::test(start_paused = true)]
async fn loop_cancelled_timers_are_freed() {
    let start = Instant::now();
    let alive = Rc::new(());
    for _ in 0..1000 {
        let timers: Vec<_> = (0..100)
            .map(|_| {
                let alive = alive.clone();
                spawn_local(async move {
                    sleep(HOUR).await;
                    drop(alive);
                })
            })
            .collect();
        yield_now().await;
        timers.iter().for_each(|timer| timer.abort());
        idle().await;
        assert_eq!(Rc::strong_count(&alive), 1);
    }
    sleep(2 * HOUR).await;
    assert_eq!(start.elapsed(), 2 * HOUR);
}

#[mainspring::test]
async fn loop_cancelled_callback() {
    let ran = Rc::new(Cell::new(false));
    let tell = ran.clone();
    let callback = spawn_local(async move { tell.set(true) });
    assert!(callback.cancel());
    idle().await;
    assert!(!ran.get());
}

#[mainspring::test]
async fn loop_failing_callback_reported() {
    let handle = Handle::current();
    handle
        .call_soon_threadsafe(|| panic!("told by the panic hook"))
        .unwrap();
    let failing = spawn_local(async { panic!("told by the panic hook and the handle") });
    let error = failing.await.unwrap_err();
    assert!(error.to_string().contains("and the handle"));
    assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
}

#[test]
fn loop_threadsafe_wakes_sleeping_loop() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let (parks, parked) = channel();
    let calls = thread::spawn(move || {
        parked.recv().unwrap();
        let stops = handle.clone();
        handle.call_soon_threadsafe(move || stops.stop()).unwrap();
    });
    runtime.spawn_local(async move { parks.send(()) });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    calls.join().unwrap();
}

#[test]
fn loop_threadsafe_burst() {
    const THREADS: u32 = 10;
    const CALLS: u32 = 10_000;
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let log = Log::default();
    let threads: Vec<_> = (0..THREADS)
        .map(|number| {
            let (handle, log) = (runtime.handle().clone(), log.clone());
            thread::spawn(move || {
                for call in 0..CALLS {
                    let log = log.clone();
                    let call = move || log.lock().unwrap().push(number * CALLS + call);
                    handle.call_soon_threadsafe(call).unwrap();
                }
            })
        })
        .collect();
    let handle = runtime.handle().clone();
    let ends = thread::spawn(move || {
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        handle.stop();
    });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    ends.join().unwrap();
    let log = std::mem::take(&mut *log.lock().unwrap());
    assert_eq!(log.len() as u32, THREADS * CALLS);
    let mut next = [0; THREADS as usize];
    for entry in log {
        let (thread, call) = (entry / CALLS, entry % CALLS);
        assert_eq!(call, next[thread as usize], "each thread's own order");
        next[thread as usize] += 1;
    }
}

#[test]
fn loop_threadsafe_after_close() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let guard = Arc::new(());
    let held = guard.clone();
    let refused = thread::spawn(move || handle.call_soon_threadsafe(move || drop(held)));
    let refused = refused.join().unwrap();
    assert_eq!(refused, Err(Closed));
    assert!(refused.unwrap_err().to_string().contains("has ended"));
    assert_eq!(Arc::strong_count(&guard), 1, "the call was dropped");
}

/// Different on purpose: the loop ends when it comes home.
#[test]
fn loop_close_while_running() {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    let value = handle.block_on(async move {
        drop(runtime);
        5
    });
    assert_eq!(value, 5);
}

#[test]
fn loop_run_nested() {
    let outer = LocalRuntime::new().unwrap();
    outer.block_on(async {
        let nested = catch_unwind(|| mainspring::run(async {}));
        let text = nested.unwrap_err();
        let text = text.downcast_ref::<&str>().unwrap();
        assert!(text.contains("within a runtime"), "{text}");
        yield_now().await;
        assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
    });
}

#[test]
fn loop_reused_after_panic() {
    let runtime = LocalRuntime::new().unwrap();
    let log = Rc::new(Cell::new(0));
    let count = log.clone();
    let background = runtime.spawn_local(async move {
        for _ in 0..10 {
            count.set(count.get() + 1);
            yield_now().await;
        }
    });
    for _ in 0..3 {
        let broken = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async {
                yield_now().await;
                panic!("on purpose");
            });
        }));
        assert!(broken.is_err());
    }
    runtime.block_on(background).unwrap();
    assert_eq!(log.get(), 10);
}

#[test]
fn loop_stop_before_run() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let ran = Rc::new(Cell::new(false));
    let tell = ran.clone();
    runtime.spawn_local(async move { tell.set(true) });
    runtime.spawn_local(async { sleep(HOUR).await });
    runtime.handle().stop();
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    assert!(ran.get(), "one turn");
}

#[test]
fn loop_stop_finishes_turn() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let log = Rc::new(RefCell::new(Vec::new()));
    let handle = runtime.handle().clone();
    let first = log.clone();
    runtime.spawn_local(async move {
        handle.stop();
        first.borrow_mut().push("stops");
        let next = first.clone();
        drop(spawn_local(async move {
            for _ in 0..10 {
                next.borrow_mut().push("another turn");
                yield_now().await;
            }
        }));
    });
    let second = log.clone();
    runtime.spawn_local(async move { second.borrow_mut().push("same turn") });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    let ran = log.borrow().len();
    assert_eq!(log.borrow()[..2], ["stops", "same turn"]);
    assert!(ran < 12, "what was left stays for the next run");
    assert!(matches!(runtime.run_until_idle(), RunEnd::Idle));
    assert_eq!(log.borrow().len(), 12);
}

#[test]
fn loop_running_loop_lookup() {
    let error = Handle::try_current().unwrap_err();
    assert!(error.to_string().contains("outside a runtime"));
    assert!(catch_unwind(Handle::current).is_err());
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let task = Handle::current().spawn(async { 1 });
        assert_eq!(task.await.unwrap(), 1);
    });
    {
        let _inside = runtime.enter();
        assert!(Handle::try_current().is_ok());
    }
    assert!(Handle::try_current().is_err());
}

#[test]
fn loop_stall_detected() {
    let runtime = LocalRuntime::new().unwrap();
    let stuck = runtime.spawn_local(pending::<()>());
    let line = line!() - 1;
    let RunEnd::Stalled(tasks) = runtime.run_until_idle() else {
        panic!("it must be stalled");
    };
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].id, stuck.id());
    assert_eq!(tasks[0].spawned_at.line(), line);
}

#[mainspring::test(start_paused = true)]
async fn loop_virtual_time_jumps() {
    let start = Instant::now();
    let log = Rc::new(RefCell::new(Vec::new()));
    for seconds in [5, 3] {
        let log = log.clone();
        drop(spawn_local(async move {
            sleep(seconds * SECOND).await;
            log.borrow_mut().push(start.elapsed());
        }));
    }
    sleep(6 * SECOND).await;
    assert_eq!(*log.borrow(), [3 * SECOND, 5 * SECOND]);
}

#[mainspring::test(start_paused = true)]
async fn loop_virtual_time_waits_for_jobs() {
    let start = Instant::now();
    let job = spawn_blocking(|| thread::sleep(Duration::from_millis(2)));
    timeout(SECOND, job).await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[test]
fn loop_fair_ready_queue() {
    let _watchdog = watch();
    LocalRuntime::new().unwrap().block_on(async {
        drop(spawn_local(async {
            loop {
                yield_now().await;
            }
        }));
        let start = Instant::now();
        sleep(Duration::from_millis(5)).await;
        assert!(start.elapsed() >= Duration::from_millis(5));
    });
}

// run, Runner

#[test]
fn run_leftover_errors_reported() {
    let told = Arc::new(Mutex::new(0));
    let tell = told.clone();
    let value = mainspring::run(async move {
        drop(spawn_local(async move {
            let _guard = on_drop(move || {
                *tell.lock().unwrap() += 1;
                panic!("told by the panic hook");
            });
            pending::<()>().await;
        }));
        yield_now().await;
        5
    });
    assert_eq!(value, 5);
    assert_eq!(*told.lock().unwrap(), 1);
}

#[test]
fn run_leftover_streams_closed() {
    let closed = Arc::new(Mutex::new(false));
    let tell = closed.clone();
    let broken = catch_unwind(AssertUnwindSafe(|| {
        mainspring::run(async move {
            let leftover = async move {
                let _stream = on_drop(move || *tell.lock().unwrap() = true);
                pending::<()>().await;
            };
            drop(spawn_local(leftover));
            yield_now().await;
            panic!("main fails");
        })
    }));
    assert!(broken.is_err());
    assert!(*closed.lock().unwrap());
}

#[test]
fn run_again_and_again() {
    for round in 0..10 {
        assert_eq!(mainspring::run(async move { round }), round);
    }
    let runner = LocalRuntime::new().unwrap();
    let task = runner.block_on(async {
        let task = spawn_local(async {
            yield_now().await;
            5
        });
        task.abort_handle()
    });
    assert!(!task.is_finished(), "it waits for the next run");
    runner.block_on(idle());
    assert!(task.is_finished());
    drop(Builder::new_current_thread());
}
