//! Mistakes that other runtimes made with wakers, queues and the state of tasks, each as a test
//! that would find it here.
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | tokio #7622 | a wake of a queued task did not hand over what was written before | here; models m01 to m04 |
//! | tokio #6091, #6148 | a wake when the thread-locals are gone | `tokio_6091_…`, fault_wakers |
//! | tokio #1972, #1929, #1886 | a wake at the end ran the task's destructor | here |
//! | tokio #4129 | a waker cloned under a lock | `tokio_4129_…`, sync_wakers; `f07_…`, fault_leaves |
//! | tokio #5471, #5475 | a waker dropped under a lock | `tokio_5471_…`, sync_wakers and readiness; the same |
//! | tokio #5578 | a waker called under a lock | `tokio_5578_…`, sync_wakers; the same |
//! | tokio #7886, #8095 | the waker of a reader that is gone is kept | here |
//! | tokio #7835, #8222 | a hook schedules work and the loop parks | there are no hooks |
//! | tokio #2045 | `will_wake` false for the same task | here |
//! | async-executor #163 | wakes against the end of the executor | here; model m05 |
//! | async-executor #61, #106 | a queue of one thread lost tasks that others woke | here |
//! | async-executor #136, #147 | user code that panics poisons a lock | here |
//! | glommio #194 | wakers that are not `Send` | cannot be written: `std::task::Wake` |
//! | monoio #117 | a wake on a thread without a runtime | here |
//! | monoio #241 | a handle awaited on another runtime blocks for ever | here |
//! | monoio #292, glommio #379, #671 | counts of references | cannot be written: no `unsafe` |
//! | compio #1044 | a wake that waits for room | `f01_a_million_…`, fault_wakers |
//! | event-listener 2.3.3, 5.3.1 | notifications lost between lists | models of sync; `sync_orders` |
//! | crossbeam-deque, RUSTSEC-2021-0093 | a task popped twice | no stealing |
//! | uvloop #408 | a loop that is called believes itself idle | here |
//! | libuv #2226, #2231 | a race between flag and write | models m01, m03; `f01_each_…`, fault_wakers |

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use mainspring::runtime::{LocalRuntime, RunEnd, Runtime};
use mainspring::task::{JoinHandle, idle, spawn_local, yield_now};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

#[test]
fn tokio_7622_what_was_written_before_a_wake_is_seen_by_the_poll() {
    const LAST: u64 = 20_000;
    let _watchdog = watch();
    let written = Arc::new(AtomicU64::new(0));
    let mut writer = None;
    LocalRuntime::new().unwrap().block_on(poll_fn(|cx| {
        // Wakes find the task queued, most of the time; none of them may be the last and unseen.
        writer.get_or_insert_with(|| {
            let (written, waker) = (written.clone(), cx.waker().clone());
            thread::spawn(move || {
                for number in 1..=LAST {
                    written.store(number, Ordering::Relaxed);
                    waker.wake_by_ref();
                }
            })
        });
        match written.load(Ordering::Relaxed) {
            LAST => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    writer.unwrap().join().unwrap();
}

#[test]
fn tokio_1972_a_wake_at_the_end_runs_no_destructor_in_its_callers_hands() {
    let runtime = LocalRuntime::new().unwrap();
    let lock = Arc::new(Mutex::new(()));
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    // The first to go holds a lock and wakes the second, whose destructor wants that lock.
    let (held, second) = (lock.clone(), waker.clone());
    let guard = on_drop(move || {
        let _held = held.lock().unwrap();
        second.take().unwrap().wake();
    });
    runtime.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    let was_free = Rc::new(Cell::new(false));
    let (wanted, tell) = (lock.clone(), was_free.clone());
    let guard = on_drop(move || tell.set(wanted.try_lock().is_ok()));
    runtime.spawn_local(poll_fn(move |cx| {
        let _guard = &guard;
        *waker.borrow_mut() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    runtime.block_on(yield_now());
    drop(runtime);
    assert!(was_free.get());
}

#[mainspring::test]
async fn tokio_7886_a_reader_that_is_gone_is_forgotten() {
    let bell = Bell::new();
    let mut task = spawn_local(pending::<()>());
    let abort = task.abort_handle();
    assert!(bell.poll(&mut task).is_pending());
    assert!(Arc::strong_count(&bell) > 1);
    drop(task);
    assert_eq!(Arc::strong_count(&bell), 1);
    abort.abort();
    idle().await;
    assert_eq!(bell.rings(), 0);
}

#[mainspring::test]
async fn tokio_2045_wakers_of_one_task_know_each_other() {
    async fn own_waker() -> Waker {
        poll_fn(|cx| Poll::Ready(cx.waker().clone())).await
    }
    let main = own_waker().await;
    let task = spawn_local(async {
        let first = own_waker().await;
        yield_now().await;
        let second = own_waker().await;
        assert!(first.will_wake(&second));
        assert!(first.will_wake(&second.clone().clone()));
        first
    });
    let first = task.await.unwrap();
    let other = spawn_local(own_waker()).await.unwrap();
    assert!(!first.will_wake(&other));
    assert!(!first.will_wake(&main));
    assert!(main.will_wake(&own_waker().await));
}

#[test]
fn async_executor_163_wakes_rain_while_the_runtime_ends() {
    let _watchdog = watch();
    for _ in 0..50 {
        let (give, given) = channel::<Waker>();
        let stop = Arc::new(AtomicBool::new(false));
        let ends = stop.clone();
        let rain = thread::spawn(move || {
            let wakers: Vec<Waker> = given.iter().take(16).collect();
            while !ends.load(Ordering::Relaxed) {
                wakers.iter().for_each(|waker| waker.clone().wake_by_ref());
            }
            wakers.into_iter().for_each(Waker::wake);
        });
        let runtime = LocalRuntime::new().unwrap();
        let home = thread::current().id();
        let dropped = Rc::new(Cell::new(0));
        for _ in 0..16 {
            let (give, dropped) = (give.clone(), dropped.clone());
            let guard = on_drop(move || {
                assert_eq!(thread::current().id(), home);
                dropped.set(dropped.get() + 1);
            });
            let mut is_given = false;
            runtime.spawn_local(poll_fn(move |cx| {
                let _guard = &guard;
                if !std::mem::replace(&mut is_given, true) {
                    give.send(cx.waker().clone()).unwrap();
                }
                Poll::<()>::Pending
            }));
        }
        runtime.block_on(async {
            for _ in 0..10 {
                yield_now().await;
            }
        });
        drop(runtime);
        assert_eq!(dropped.get(), 16);
        stop.store(true, Ordering::Relaxed);
        rain.join().unwrap();
    }
}

#[test]
fn async_executor_61_a_wake_from_every_kind_of_thread_is_taken() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let other = LocalRuntime::new().unwrap();
    let driven = Runtime::new().unwrap();
    let polls = Rc::new(Cell::new(0));
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (count, give) = (polls.clone(), waker.clone());
    runtime.spawn_local(poll_fn(move |cx| {
        count.set(count.get() + 1);
        *give.borrow_mut() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    runtime.block_on(idle());
    let waker = || waker.borrow().clone().unwrap();
    let mut expected = 1;
    let mut is_taken = |place: &str| {
        runtime.block_on(idle());
        expected += 1;
        assert_eq!(polls.get(), expected, "from {place}");
    };

    waker().wake();
    is_taken("its own thread, outside");
    {
        let _inside = runtime.enter();
        waker().wake();
    }
    is_taken("its own thread, inside");
    runtime.block_on(async { waker().wake() });
    is_taken("its own loop");
    other.block_on(async { waker().wake() });
    is_taken("another loop of its thread");
    let there = waker();
    thread::spawn(move || there.wake()).join().unwrap();
    is_taken("a thread without a runtime");
    let there = waker();
    driven
        .block_on(driven.spawn(async move { there.wake() }))
        .unwrap();
    is_taken("a driver");
    let there = waker();
    let job = async { mainspring::spawn_blocking(move || there.wake()).await };
    runtime.block_on(job).unwrap();
    is_taken("a pool's thread");
}

#[test]
fn async_executor_136_user_code_that_panics_leaves_all_in_order() {
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        // A look at an outcome.
        let task = spawn_local(async { 5 });
        idle().await;
        let looked = catch_unwind(AssertUnwindSafe(|| {
            task.peek(|_| panic!("on purpose"));
        }));
        assert!(looked.is_err());
        assert!(task.is_finished() && !task.cancelled());
        assert_eq!(task.await.unwrap(), 5);
        // A future, a call.
        assert!(spawn_local(async { panic!("on purpose") }).await.is_err());
        let handle = mainspring::runtime::Handle::current();
        handle
            .call_soon_threadsafe(|| panic!("on purpose"))
            .unwrap();
        idle().await;
        assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
    });
    assert!(matches!(runtime.run_until_idle(), RunEnd::Idle));
}

#[test]
fn monoio_117_a_waker_may_be_used_where_there_never_was_a_runtime() {
    let runtime = LocalRuntime::new().unwrap();
    let waker = runtime.block_on(poll_fn(|cx| Poll::Ready(cx.waker().clone())));
    let elsewhere = move |waker: Waker| {
        thread::spawn(move || {
            waker.wake_by_ref();
            assert!(waker.will_wake(&waker.clone()));
            waker
        })
        .join()
        .unwrap()
    };
    let waker = elsewhere(waker);
    drop(runtime);
    drop(elsewhere(waker));
}

#[test]
fn monoio_241_a_handle_awaited_on_another_runtime_is_answered() {
    let _watchdog = watch();
    let (give, given) = channel::<JoinHandle<usize>>();
    let reads = thread::spawn(move || {
        LocalRuntime::new().unwrap().block_on(async {
            let mut sum = 0;
            for handle in given {
                sum += handle.await.unwrap();
            }
            sum
        })
    });
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        for number in 0..1000 {
            let task = mainspring::spawn(async move {
                for _ in 0..number % 4 {
                    yield_now().await;
                }
                number
            });
            give.send(task).unwrap();
            if number % 3 == 0 {
                yield_now().await;
            }
        }
        drop(give);
        idle().await;
    });
    assert_eq!(reads.join().unwrap(), 1000 * 999 / 2);
}

#[test]
fn uvloop_408_a_call_from_another_thread_ends_the_wait_of_an_idle_loop() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let (call, called) = channel();
    let (answer, answered) = channel();
    let calls = thread::spawn(move || {
        for round in 0..1000 {
            let answer = answer.clone();
            handle
                .call_soon_threadsafe(move || answer.send(round).unwrap())
                .unwrap();
            assert_eq!(answered.recv(), Ok(round));
        }
        handle.stop();
        call.send(()).unwrap();
    });
    // Nothing keeps it busy, and nothing but the calls wakes it.
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    assert_eq!(called.recv(), Ok(()));
    calls.join().unwrap();
}
