//! asyncio's behaviour of the loop itself, of callbacks on it and of running it: one test for each
//! behaviour, named after it.
//!
//! What is different on purpose is said beside the test. What concerns slow callbacks, debug switches
//! and Ctrl-C comes with those.

use std::cell::{Cell, RefCell};
use std::future::{IntoFuture, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{
    Builder, CallbackHandle, Closed, Handle, LocalRuntime, RunEnd, Runtime, call_at, call_later,
    call_soon, reset_exception_handler, set_exception_handler,
};
use mainspring::sync::Queue;
use mainspring::task::{all_tasks, idle, spawn_blocking, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, timeout};
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
        call_soon(move || log.lock().unwrap().push(number));
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

/// A callback stands in one queue with the tasks.
#[mainspring::test]
async fn loop_call_soon_fifo_among_tasks() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let (first, second, third) = (log.clone(), log.clone(), log.clone());
    drop(spawn_local(async move { first.borrow_mut().push("task") }));
    call_soon(move || {
        second.borrow_mut().push("call");
        let later = second.clone();
        call_soon(move || later.borrow_mut().push("call of a call"));
    });
    drop(spawn_local(async move {
        third.borrow_mut().push("another task")
    }));
    yield_now().await;
    assert_eq!(*log.borrow(), ["task", "call", "another task"], "one turn");
    yield_now().await;
    assert_eq!(log.borrow()[3..], ["call of a call"]);
}

/// A delay is a `Duration`: there is no call without one. None at all is the next turn.
#[mainspring::test(start_paused = true)]
async fn loop_call_later_none() {
    let start = Instant::now();
    let called = Rc::new(Cell::new(None));
    let tell = called.clone();
    let handle = call_later(Duration::ZERO, move || tell.set(Some(start.elapsed())));
    assert_eq!(handle.when(), Some(start));
    assert_eq!(called.get(), None);
    idle().await;
    assert_eq!(called.get(), Some(Duration::ZERO));
}

#[mainspring::test(start_paused = true)]
async fn loop_call_at() {
    let start = Instant::now();
    let log = Rc::new(RefCell::new(Vec::new()));
    for seconds in [2, 1] {
        let log = log.clone();
        let handle = call_at(start + seconds * SECOND, move || {
            log.borrow_mut().push(start.elapsed());
        });
        assert_eq!(handle.when(), Some(start + seconds * SECOND));
    }
    sleep(SECOND / 2).await;
    assert!(log.borrow().is_empty());
    sleep(3 * SECOND).await;
    assert_eq!(*log.borrow(), [SECOND, 2 * SECOND]);
    assert_eq!(Handle::current().time(), Instant::now());
    // A moment that has passed is the next turn.
    let late = log.clone();
    call_at(start, move || late.borrow_mut().push(start.elapsed()));
    idle().await;
    assert_eq!(log.borrow()[2..], [3 * SECOND + SECOND / 2]);
}

/// Different on purpose: asyncio leaves it open.
#[mainspring::test(start_paused = true)]
async fn loop_timers_equal_deadline_fifo() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let moment = Instant::now() + SECOND;
    for number in 0..12 {
        let log = log.clone();
        call_at(moment, move || log.borrow_mut().push(number));
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
                call_later(HOUR, move || drop(alive))
            })
            .collect();
        assert!(timers.iter().all(|timer| timer.cancel()));
        assert_eq!(Rc::strong_count(&alive), 1, "at once");
        assert!(all_tasks().len() <= 1, "nothing is left in the table");
    }
    // Nor in the wheel: the clock has nowhere to go but here.
    sleep(2 * HOUR).await;
    assert_eq!(start.elapsed(), 2 * HOUR);
}

#[mainspring::test]
async fn loop_cancelled_callback() {
    let ran = Rc::new(Cell::new(0));
    let ask = |by: u32| {
        let ran = ran.clone();
        call_soon(move || ran.set(ran.get() + by))
    };
    let (dropped, cancelled, called) = (ask(1), ask(10), ask(100));
    drop(dropped);
    assert!(!cancelled.cancelled());
    assert!(cancelled.cancel());
    assert!(cancelled.cancelled() && !cancelled.cancel());
    idle().await;
    assert_eq!(ran.get(), 101);
    assert!(!called.cancel(), "too late");
    assert!(!called.cancelled());
}

#[mainspring::test]
async fn loop_cancelled_callback_by_itself() {
    let handle = Rc::new(RefCell::new(None::<CallbackHandle>));
    let own = handle.clone();
    let seen = Rc::new(Cell::new(None));
    let tell = seen.clone();
    let callback = call_soon(move || {
        let own = own.borrow();
        tell.set(own.as_ref().map(|own| own.cancel()));
    });
    *handle.borrow_mut() = Some(callback);
    idle().await;
    assert_eq!(seen.get(), Some(false), "it runs already");
}

/// What the handler was told, in order.
fn told() -> Rc<RefCell<Vec<(String, u32)>>> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = told.clone();
    set_exception_handler(move |unhandled| {
        let line = unhandled.spawned_at.unwrap().line();
        log.borrow_mut().push((unhandled.error.to_string(), line));
    });
    told
}

#[mainspring::test(start_paused = true)]
async fn loop_failing_callback_reported() {
    let told = told();
    let line = line!();
    call_soon(|| panic!("soon"));
    call_later(SECOND, || panic!("later"));
    let call = || panic!("from a thread");
    Handle::current().call_soon_threadsafe(call).unwrap();
    let went_on = Rc::new(Cell::new(false));
    let tell = went_on.clone();
    call_soon(move || tell.set(true));
    sleep(2 * SECOND).await;
    assert!(went_on.get());
    let mut told = told.take();
    told.sort_by_key(|(_, line)| *line);
    let places: Vec<u32> = told.iter().map(|(_, line)| *line).collect();
    assert_eq!(places, [line + 1, line + 2, line + 4]);
    for ((text, _), words) in told.iter().zip(["soon", "later", "from a thread"]) {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn loop_custom_handler() {
    let (tell, common) = channel();
    let runtime = Builder::new_current_thread()
        .on_unhandled(move |unhandled| tell.send(unhandled.to_string()).unwrap())
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        let own = told();
        call_soon(|| panic!("to its own"));
        idle().await;
        assert_eq!(own.take().len(), 1);
        assert!(common.try_recv().is_err());
        reset_exception_handler();
        call_soon(|| panic!("to the one for all"));
        idle().await;
        assert!(own.borrow().is_empty());
        assert!(common.try_recv().unwrap().contains("to the one for all"));
    });
}

#[mainspring::test]
async fn loop_broken_handler() {
    set_exception_handler(|_| panic!("told by the panic hook, and the rest on standard error"));
    call_soon(|| panic!("what the handler cannot bear"));
    idle().await;
    // It may be replaced inside of itself.
    let told = Rc::new(Cell::new(0));
    let count = told.clone();
    set_exception_handler(move |_| {
        let count = count.clone();
        set_exception_handler(move |_| count.set(count.get() + 1));
    });
    for _ in 0..3 {
        call_soon(|| panic!("on purpose"));
    }
    idle().await;
    assert_eq!(told.get(), 2);
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

/// A callback runs on the loop's thread: what blocks there would wait for itself.
#[test]
fn a_threadsafe_call_that_blocks_is_told_so() {
    let _watchdog = watch();
    LocalRuntime::new().unwrap().block_on(async {
        let queue = Queue::<u8>::unbounded();
        let (told, hears) = channel();
        let block = move || {
            let blocked = catch_unwind(AssertUnwindSafe(|| queue.get_blocking()));
            told.send(blocked.is_err()).unwrap();
        };
        Handle::current().call_soon_threadsafe(block).unwrap();
        idle().await;
        assert_eq!(hears.try_recv(), Ok(true));
    });
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
    let refused = refused.join().unwrap().unwrap_err();
    assert_eq!(refused, Closed);
    assert!(refused.to_string().contains("has ended"));
    assert_eq!(Arc::strong_count(&guard), 1, "the call was dropped");
}

#[mainspring::test]
async fn loop_threadsafe_cancel_before() {
    let handle = Handle::current();
    let dropped = Arc::new(());
    let kept = dropped.clone();
    let made = Arc::new(Mutex::new(0));
    let count = made.clone();
    let (revoked, other) = thread::spawn(move || {
        let call = handle.call_soon_threadsafe(move || drop(kept)).unwrap();
        let other = move || *count.lock().unwrap() += 1;
        let other = handle.call_soon_threadsafe(other).unwrap();
        assert!(call.cancel());
        assert!(!call.cancel(), "once");
        (call, other)
    })
    .join()
    .unwrap();
    assert_eq!(
        Arc::strong_count(&dropped),
        1,
        "dropped where it was taken back"
    );
    idle().await;
    assert_eq!(*made.lock().unwrap(), 1);
    assert!(!revoked.cancel() && !other.cancel());
}

#[mainspring::test]
async fn loop_threadsafe_cancel_during() {
    let (start, started) = channel::<()>();
    let (go_on, may_go_on) = channel::<()>();
    let handle = Handle::current();
    let call = handle
        .call_soon_threadsafe(move || {
            start.send(()).unwrap();
            may_go_on.recv().unwrap();
        })
        .unwrap();
    let cancels = thread::spawn(move || {
        started.recv().unwrap();
        let too_late = !call.cancel();
        go_on.send(()).unwrap();
        too_late
    });
    idle().await;
    assert!(cancels.join().unwrap());
}

/// A call that nobody makes any more goes with its runtime, also if its handle stays.
#[test]
fn loop_threadsafe_after_close_drops_what_was_sent() {
    let runtime = LocalRuntime::new().unwrap();
    let guard = Arc::new(());
    let held = guard.clone();
    let call = runtime.handle().call_soon_threadsafe(move || drop(held));
    drop(runtime);
    assert_eq!(Arc::strong_count(&guard), 1);
    assert!(!call.unwrap().cancel());
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

/// Different on purpose: any loop may wait for another's task, which runs where it lives.
#[test]
fn loop_run_other_loops_future() {
    let _watchdog = watch();
    let (home, visitor) = (Runtime::new().unwrap(), LocalRuntime::new().unwrap());
    let task = home.spawn(async {
        yield_now().await;
        thread::current().id()
    });
    let there = visitor.block_on(task).unwrap();
    assert_ne!(there, thread::current().id());
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
    let (tell, told) = channel();
    let runtime = Builder::new_current_thread()
        .on_unhandled(move |unhandled| tell.send(unhandled.to_string()).unwrap())
        .build_local(Default::default())
        .unwrap();
    let value = runtime.block_on(async {
        drop(spawn_local(async {
            let _guard = on_drop(|| panic!("while it is cancelled"));
            pending::<()>().await;
        }));
        yield_now().await;
        5
    });
    drop(runtime);
    assert_eq!(value, 5);
    assert!(told.recv().unwrap().contains("while it is cancelled"));
    assert!(told.recv().is_err(), "once");
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
fn run_awaitable_and_future() {
    struct Awaitable;
    impl IntoFuture for Awaitable {
        type Output = u8;
        type IntoFuture = std::future::Ready<u8>;

        fn into_future(self) -> Self::IntoFuture {
            std::future::ready(5)
        }
    }
    assert_eq!(mainspring::run(Awaitable), 5);
    assert_eq!(mainspring::run(async { 6 }), 6);
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
