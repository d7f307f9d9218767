//! `defer`: clean-ups that wait, run by the loop, at the latest when it ends.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use mainspring::future::create_future;
use mainspring::pool::spawn_blocking;
use mainspring::runtime::{Builder, LocalRuntime, Runtime};
use mainspring::task::{Defer, all_tasks, defer, idle, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::in_time::in_time;
use mainspring_tests::on_drop::on_drop;

type Log = Rc<RefCell<Vec<&'static str>>>;

fn paused() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap()
}

/// A clean-up that takes a while.
fn goodbye(log: &Log, name: &'static str) -> Defer {
    let log = log.clone();
    defer(async move {
        sleep(Duration::from_millis(10)).await;
        log.borrow_mut().push(name);
    })
}

#[mainspring::test(start_paused = true)]
async fn cancel_async_cleanup() {
    let log = Log::default();
    let inside = log.clone();
    let task = spawn_local(async move {
        let _goodbye = goodbye(&inside, "cleaned up");
        pending::<()>().await
    });
    idle().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(log.borrow().is_empty());
    sleep(Duration::from_millis(10)).await;
    idle().await;
    assert_eq!(*log.borrow(), ["cleaned up"]);
}

#[mainspring::test(start_paused = true)]
async fn a_clean_up_runs_however_its_block_is_left() {
    let log = Log::default();
    let by_end = |log: &Log| drop(goodbye(log, "end"));
    by_end(&log);
    let by_error = |log: &Log| -> Result<(), std::fmt::Error> {
        let _goodbye = goodbye(log, "error");
        Err(std::fmt::Error)
    };
    assert!(by_error(&log).is_err());
    let inside = log.clone();
    let by_panic = spawn_local(async move {
        let _goodbye = goodbye(&inside, "panic");
        panic!("a task, on purpose");
    });
    assert!(by_panic.await.unwrap_err().is_panic());
    goodbye(&log, "disarmed").disarm();
    sleep(Duration::from_millis(20)).await;
    assert_eq!(*log.borrow(), ["end", "error", "panic"]);
}

#[test]
fn clean_ups_of_tasks_that_are_dropped_at_the_end_run_in_their_order() {
    let log = Log::default();
    let runtime = paused();
    for name in ["first", "second", "third"] {
        let log = log.clone();
        runtime.spawn_local(async move {
            let _goodbye = goodbye(&log, name);
            pending::<()>().await
        });
    }
    let main = log.clone();
    runtime.block_on(async {
        idle().await;
        drop(goodbye(&main, "before the end"));
    });
    assert!(log.borrow().is_empty());
    drop(runtime);
    assert_eq!(
        *log.borrow(),
        ["before the end", "first", "second", "third"]
    );
}

#[test]
fn the_main_futures_clean_up_runs_before_run_comes_back() {
    let log = Log::default();
    mainspring::run(async {
        let _goodbye = goodbye(&log, "main");
    });
    assert_eq!(*log.borrow(), ["main"]);
}

#[test]
fn a_main_future_that_panics_still_has_its_clean_up_run() {
    let log = Log::default();
    let inside = std::panic::AssertUnwindSafe(log.clone());
    let caught = std::panic::catch_unwind(move || {
        let inside = inside;
        mainspring::run(async {
            let _goodbye = goodbye(&inside, "main");
            let _other = defer(async { panic!("a clean-up, on purpose") });
            panic!("the main future, on purpose");
        });
    });
    assert!(caught.is_err());
    assert_eq!(*log.borrow(), ["main"]);
}

#[test]
fn clean_ups_at_the_end_may_defer_block_and_run_side_by_side() {
    let log = Log::default();
    let runtime = LocalRuntime::new().unwrap();
    let inside = log.clone();
    runtime.block_on(async {
        let clean_up = async move {
            let _last = goodbye(&inside, "a clean-up's own");
            let job = spawn_blocking(|| "a job").await;
            inside.borrow_mut().push(job.unwrap());
            let both = [1, 2].map(async |ms| sleep(Duration::from_millis(ms)).await);
            mainspring::future::gather(both).await;
            inside.borrow_mut().push("side by side");
            let limit = timeout(Duration::from_millis(1), pending::<()>());
            assert!(limit.await.is_err());
            let turned_away = spawn_local(async {});
            assert!(turned_away.await.unwrap_err().is_cancelled());
        };
        spawn_local(async move {
            let _armed = defer(clean_up);
            pending::<()>().await
        });
        idle().await;
    });
    drop(runtime);
    assert_eq!(*log.borrow(), ["a job", "side by side", "a clean-up's own"]);
}

#[test]
fn a_clean_up_that_takes_too_long_is_dropped_at_the_limit() {
    let (log, dropped) = (Log::default(), Rc::new(Cell::new(false)));
    let runtime = paused();
    let (inside, is_dropped) = (log.clone(), dropped.clone());
    let mut began = None;
    runtime.block_on(async {
        let before_the_limit = log.clone();
        drop(defer(async move {
            sleep(Duration::from_secs(10)).await;
            before_the_limit.borrow_mut().push("just in time");
        }));
        drop(defer(async move {
            let _guard = on_drop(move || is_dropped.set(true));
            loop {
                sleep(Duration::from_secs(3)).await;
                inside.borrow_mut().push("tick");
            }
        }));
        began = Some(Instant::now());
    });
    runtime.shutdown_timeout(Duration::from_secs(10));
    assert_eq!(*log.borrow(), ["tick", "tick", "tick", "just in time"]);
    assert!(dropped.get());
}

#[test]
fn a_clean_up_that_nothing_can_wake_is_not_waited_for() {
    in_time(|| {
        for is_paused in [false, true] {
            let dropped = Rc::new(Cell::new(false));
            let mut builder = Builder::new_current_thread();
            builder.start_paused(is_paused);
            // Nobody waits for so long.
            builder.shutdown_timeout(Duration::from_secs(3600));
            let runtime = builder.build_local(Default::default()).unwrap();
            let inside = dropped.clone();
            runtime.block_on(async {
                drop(defer(async move {
                    let _guard = on_drop(move || inside.set(true));
                    pending::<()>().await
                }));
            });
            drop(runtime);
            assert!(dropped.get());
        }
    });
}

#[test]
fn without_a_limit_to_wait_a_clean_up_still_has_its_turn() {
    let log = Log::default();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let at_once = log.clone();
        drop(defer(async move { at_once.borrow_mut().push("at once") }));
        drop(goodbye(&log, "later"));
    });
    runtime.shutdown_background();
    assert_eq!(*log.borrow(), ["at once"]);
}

#[test]
fn a_driver_runs_the_clean_ups_of_its_tasks_before_the_pools_end() {
    in_time(|| {
        let (tell, told) = channel();
        let runtime = Runtime::new().unwrap();
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = begun.clone();
        runtime
            .handle()
            .call_soon_threadsafe(move || {
                spawn_local(async move {
                    let _armed = defer(async move {
                        let job = spawn_blocking(|| "a job").await;
                        tell.send(job.unwrap()).unwrap();
                    });
                    counted.fetch_add(1, Ordering::SeqCst);
                    pending::<()>().await
                });
            })
            .unwrap();
        while begun.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        drop(runtime);
        assert_eq!(told.try_recv(), Ok("a job"));
    });
}

#[test]
fn a_runtime_that_is_dropped_inside_of_its_own_task_runs_clean_ups_when_it_comes_home() {
    in_time(|| {
        let log = Log::default();
        let runtime = Rc::new(RefCell::new(Some(LocalRuntime::new().unwrap())));
        let handle = runtime.borrow().as_ref().unwrap().handle().clone();
        let (inside, ended) = (log.clone(), runtime.clone());
        let main = async move {
            let _goodbye = goodbye(&inside, "main");
            drop(ended.take());
            yield_now().await;
        };
        handle.block_on(main);
        assert_eq!(*log.borrow(), ["main"]);
    });
}

#[test]
fn while_clean_ups_run_other_threads_can_wake_them_and_ask_for_nothing_new() {
    in_time(|| {
        let (begin, has_begun) = channel::<()>();
        let (resolver, answer) = create_future();
        let log = Log::default();
        let runtime = LocalRuntime::new().unwrap();
        let handle = runtime.handle().clone();
        let thread = std::thread::spawn(move || {
            has_begun.recv().unwrap();
            let call = handle.call_soon_threadsafe(|| unreachable!());
            let task = handle.spawn(async { unreachable!() });
            assert!(call.is_err() && task.cancelled());
            resolver.set_result("woken").unwrap();
        });
        let inside = log.clone();
        runtime.block_on(async {
            let _armed = defer(async move {
                begin.send(()).unwrap();
                let answer = answer.await.unwrap();
                inside.borrow_mut().push(answer);
            });
        });
        drop(runtime);
        thread.join().unwrap();
        assert_eq!(*log.borrow(), ["woken"]);
    });
}

#[test]
fn one_that_outlives_its_loop_drops_its_clean_up() {
    let dropped = Rc::new(Cell::new(false));
    let inside = dropped.clone();
    let armed = mainspring::run(async move {
        let guard = on_drop(move || inside.set(true));
        defer(async move { drop(guard) })
    });
    assert!(!dropped.get());
    assert!(format!("{armed:?}").contains("task_defer.rs"));
    drop(armed);
    assert!(dropped.get());
}

#[test]
fn a_clean_up_that_always_arms_another_ends_with_the_limit() {
    fn again(count: &Rc<Cell<usize>>) -> Defer {
        let count = count.clone();
        defer(async move {
            count.set(count.get() + 1);
            sleep(Duration::from_secs(1)).await;
            drop(again(&count));
        })
    }
    let count = Rc::new(Cell::new(0));
    let runtime = paused();
    runtime.block_on(async { drop(again(&count)) });
    runtime.shutdown_timeout(Duration::from_millis(4_500));
    assert_eq!(count.get(), 5);
    assert_eq!(Rc::strong_count(&count), 1);
}

#[mainspring::test]
async fn a_clean_up_is_listed_with_the_place_where_it_was_armed() {
    let line = line!() + 1;
    drop(defer(pending()));
    idle().await;
    let tasks = all_tasks();
    let clean_up = tasks.iter().find(|task| !task.is_main).unwrap();
    assert_eq!(clean_up.spawned_at.line(), line);
}

#[test]
#[should_panic(expected = "`defer` was called outside a runtime")]
fn there_is_no_defer_outside_of_a_runtime() {
    drop(defer(async {}));
}
