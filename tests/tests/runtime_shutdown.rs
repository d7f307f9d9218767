//! The end of a runtime: in which order, and what is left to those who come late. Where it may be
//! dropped is in `runtime_dropped.rs`.
//!
//! Limits of a shutdown are hours here and the watchdog's is half a minute: a test that ends has
//! not waited for what will not come.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, Closed, LocalRuntime, RunEnd};
use mainspring::task::{idle, yield_now};
use mainspring::time::sleep;
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::patient::{HOUR, Log, patient, with_driver};
use mainspring_tests::watchdog::watch;

#[test]
fn tasks_are_dropped_in_the_order_of_spawning() {
    let log = Log::default();
    let runtime = patient().build_local(Default::default()).unwrap();
    let spawn = |name: &'static str, polls: bool| {
        let guard = on_drop({
            let log = log.clone();
            move || log.add(name)
        });
        runtime.spawn_local(async move {
            let _guard = guard;
            if polls {
                pending::<()>().await;
            }
        })
    };
    drop((spawn("ends", false), spawn("first", true)));
    drop((spawn("ends too", false), spawn("second", true)));
    runtime.block_on(yield_now());
    assert_eq!(log.take(), ["ends", "ends too"]);
    // Two places in the table are free now, and they are taken in the other order.
    drop((spawn("third", true), spawn("fourth", true)));
    runtime.block_on(yield_now());
    let never_polled = spawn("fifth", true);
    drop(runtime);
    assert_eq!(log.take(), ["first", "second", "third", "fourth", "fifth"]);
    assert!(never_polled.is_finished());
}

#[test]
fn the_handles_of_dropped_tasks_say_cancelled_and_that_nobody_asked_for_it() {
    let runtime = patient().build_local(Default::default()).unwrap();
    let waiting = runtime.spawn_local(pending::<()>());
    let asleep = runtime.spawn_local(async { sleep(HOUR).await });
    runtime.block_on(yield_now());
    let not_begun = runtime.spawn_local(async {});
    drop(runtime);
    let another = LocalRuntime::new().unwrap();
    for handle in [waiting, asleep, not_begun] {
        let error = another.block_on(handle).unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(error.cancelled_at(), None);
    }
}

#[test]
fn a_task_that_joins_another_hears_of_the_end_on_its_own_runtime() {
    let _watchdog = watch();
    let (tell, told) = channel();
    let ending = with_driver();
    let forever = ending.spawn(pending::<()>());
    let joins = thread::spawn(move || {
        LocalRuntime::new().unwrap().block_on(async {
            let mut forever = pin!(forever);
            poll_fn(|cx| {
                let polled = forever.as_mut().poll(cx);
                tell.send(()).unwrap();
                polled
            })
            .await
        })
    });
    told.recv().unwrap();
    drop(ending);
    assert!(joins.join().unwrap().unwrap_err().is_cancelled());
}

#[test]
fn tokio_1916_what_a_destructor_spawns_at_the_end_is_cancelled() {
    let log = Log::default();
    let runtime = patient().build_local(Default::default()).unwrap();
    let handle = runtime.handle().clone();
    let guard = on_drop({
        let log = log.clone();
        move || {
            let spawned = mainspring::spawn(async { unreachable!() });
            log.add(format!("spawn: {}", spawned.cancelled()));
            let spawned = handle.spawn(async { unreachable!() });
            log.add(format!("Handle::spawn: {}", spawned.cancelled()));
            let called = handle.call_soon_threadsafe(|| unreachable!());
            log.add(format!("call: {called:?}"));
            handle.stop();
        }
    });
    runtime.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await
    });
    let last = runtime.spawn_local(pending::<()>());
    drop(runtime);
    assert!(last.cancelled());
    assert_eq!(
        log.take(),
        ["spawn: true", "Handle::spawn: true", "call: Err(Closed)"]
    );
}

#[test]
fn a_destructor_that_panics_at_the_end_spares_the_others() {
    let log = Log::default();
    let runtime = patient().build_local(Default::default()).unwrap();
    for number in 0..6 {
        let log = log.clone();
        let guard = on_drop(move || {
            log.add(number.to_string());
            if number % 2 == 0 {
                panic!("on purpose");
            }
        });
        runtime.spawn_local(async move {
            let _guard = guard;
            pending::<()>().await
        });
        if number == 2 {
            runtime.block_on(yield_now());
        }
    }
    drop(runtime);
    assert_eq!(log.take(), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn a_task_that_is_dropped_may_abort_wake_and_drop_what_is_left() {
    let runtime = patient().build_local(Default::default()).unwrap();
    let log = Log::default();
    let second = Rc::new(RefCell::new(None));
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
    let guard = on_drop({
        let (log, second, waker) = (log.clone(), second.clone(), waker.clone());
        move || {
            let second: mainspring::task::JoinHandle<()> = second.take().unwrap();
            second.abort();
            waker.take().unwrap().wake();
            drop(second);
            log.add("first");
        }
    });
    runtime.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await
    });
    let guard = on_drop({
        let log = log.clone();
        move || log.add("second")
    });
    *second.borrow_mut() = Some(runtime.spawn_local(async move {
        let _guard = guard;
        poll_fn(|cx| {
            *waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }));
    runtime.block_on(yield_now());
    drop(runtime);
    assert_eq!(log.take(), ["first", "second"]);
}

#[test]
fn wakers_after_the_end_do_nothing_and_keep_nothing() {
    let (tell, told) = channel();
    let alive = Arc::new(());
    let runtime = patient().build_local(Default::default()).unwrap();
    let kept = alive.clone();
    runtime.spawn_local(poll_fn(move |cx| {
        let _kept = &kept;
        tell.send(cx.waker().clone()).unwrap();
        Poll::<()>::Pending
    }));
    runtime.block_on(yield_now());
    let waker = told.recv().unwrap();
    drop(runtime);
    assert_eq!(Arc::strong_count(&alive), 1, "the future is gone");
    waker.wake_by_ref();
    thread::spawn(move || {
        let second = waker.clone();
        drop(waker);
        second.wake_by_ref();
        second.wake();
    })
    .join()
    .unwrap();
}

#[test]
fn a_handle_outlives_its_runtime_and_says_so() {
    let runtime = patient().build().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    assert!(handle.spawn(async {}).cancelled());
    let refused = handle.call_soon_threadsafe(|| unreachable!());
    assert_eq!(refused.unwrap_err(), Closed);
    handle.stop();
    // A thread may still block with it: what needs no loop but this one works.
    assert_eq!(handle.block_on(async { 5 }), 5);
}

#[test]
fn what_is_spawned_before_the_first_block_on_runs_in_it() {
    let runtime = patient().build().unwrap();
    let handle = runtime.handle().clone();
    let log = Log::default();
    let (first, second) = (log.clone(), log.clone());
    let early = runtime.spawn(async move { first.add("runtime") });
    let elsewhere = thread::spawn(move || handle.spawn(async move { second.add("handle") }));
    let elsewhere = elsewhere.join().unwrap();
    assert_eq!(log.take(), [""; 0]);
    runtime.block_on(async {
        early.await.unwrap();
        elsewhere.await.unwrap();
    });
    assert_eq!(log.take(), ["runtime", "handle"]);
}

#[test]
fn what_is_never_driven_is_cancelled() {
    let runtime = patient().build().unwrap();
    let dropped = Arc::new(());
    let kept = dropped.clone();
    let handle = runtime.spawn(async move { drop(kept) });
    runtime
        .handle()
        .call_soon_threadsafe(|| unreachable!())
        .unwrap();
    drop(runtime);
    assert!(handle.cancelled());
    assert_eq!(Arc::strong_count(&dropped), 1);
}

#[test]
fn idle_and_timers_that_wait_at_the_end_are_let_go() {
    let bell = Bell::new();
    let runtime = patient()
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    {
        let _inside = runtime.enter();
        let mut nap = Box::pin(sleep(HOUR));
        let mut rest = idle();
        let waker = Waker::from(bell.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(nap.as_mut().poll(&mut cx).is_pending());
        assert!(pin!(&mut rest).poll(&mut cx).is_pending());
        drop(waker);
        // They are given up in the wrong order: the runtime first.
        drop(runtime);
    }
    assert_eq!(Arc::strong_count(&bell), 1, "nobody holds a waker");
    assert_eq!(bell.rings(), 0);
}

#[test]
fn all_forms_run_until_idle() {
    let _watchdog = watch();
    let log = Log::default();
    let work = |name: &'static str| {
        let log = log.clone();
        async move {
            sleep(Duration::from_millis(1)).await;
            log.add(name);
        }
    };
    let local = patient().build_local(Default::default()).unwrap();
    local.spawn_local(work("local"));
    assert!(matches!(local.run_until_idle(), RunEnd::Idle));
    let confined = patient().build().unwrap();
    confined.spawn(work("confined"));
    assert!(matches!(confined.run_until_idle(), RunEnd::Idle));
    let driven = with_driver();
    driven.spawn(work("driven"));
    assert!(matches!(driven.run_until_idle(), RunEnd::Idle));
    assert_eq!(log.take(), ["local", "confined", "driven"]);
}

#[test]
fn a_stop_ends_run_forever_although_a_timer_is_far_away() {
    let _watchdog = watch();
    for paused in [false, true] {
        let runtime = patient()
            .start_paused(paused)
            .build_local(Default::default())
            .unwrap();
        let handle = runtime.handle().clone();
        let asleep = runtime.spawn_local(async { sleep(HOUR).await });
        // From a task, and before the loop runs.
        runtime.spawn_local(async move { handle.stop() });
        assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
        assert!(!asleep.is_finished());
        runtime.handle().stop();
        assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
        assert!(!asleep.is_finished());
    }
    // From another thread, while the loop is parked.
    let runtime = patient().build_local(Default::default()).unwrap();
    let handle = runtime.handle().clone();
    runtime.spawn_local(async { sleep(HOUR).await });
    let (tell, told) = channel();
    runtime.spawn_local(async move { tell.send(()) });
    let stops = thread::spawn(move || {
        told.recv().unwrap();
        handle.stop();
    });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    stops.join().unwrap();
}

#[test]
fn a_driver_answers_every_stop() {
    let _watchdog = watch();
    let runtime = with_driver();
    let handle = runtime.handle().clone();
    runtime.spawn(async move {
        handle.stop();
        sleep(HOUR).await;
    });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    assert_eq!(
        runtime.block_on(runtime.spawn(async { 1 })).unwrap(),
        1,
        "it turns on"
    );
}

#[test]
fn a_paused_runtime_hears_a_stop_that_came_before_it_turns() {
    let _watchdog = watch();
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.start_paused(true).build().unwrap();
    let work = runtime.spawn(async {
        sleep(HOUR).await;
        1
    });
    assert_eq!(runtime.block_on(work).unwrap(), 1);
    let handle = runtime.handle().clone();
    thread::spawn(move || handle.stop()).join().unwrap();
    // It would end by itself, for nothing can happen: but the stop came first.
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    assert!(matches!(runtime.run_forever(), RunEnd::Idle));
}
