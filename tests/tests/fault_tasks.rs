//! F11 to F18: tasks that misuse their handles, runtimes that are driven from where they must not
//! be, and tasks that are many, greedy or short-lived.
//!
//! F10 is in `fault_panics.rs`, F14 in `fault_stall.rs`, F15 in `fault_masses.rs`.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, Handle, LocalRuntime, Runtime};
use mainspring::sync::Semaphore;
use mainspring::task::{AbortHandle, JoinHandle, all_tasks, idle, spawn_local, yield_now};
use mainspring::time::{Instant, interval, sleep, timeout};
use mainspring_tests::by_hand::{Bell, evil};
use mainspring_tests::watchdog::watch;

/// The words of a panic.
fn words(panicked: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(panicked)).expect_err("it must panic");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => payload.downcast_ref::<&str>().unwrap().to_string(),
    }
}

// F11: panics in code that the loop calls by the way.

#[mainspring::test]
async fn f11_a_waker_that_panics_costs_nobody_an_outcome() {
    let (finish, finished) = (Rc::new(Cell::new(false)), evil_reader());
    let may_end = finish.clone();
    let mut task = spawn_local(poll_fn(move |cx| match may_end.get() {
        true => Poll::Ready(5),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }));
    let mut cx = Context::from_waker(&finished);
    assert!(Pin::new(&mut task).poll(&mut cx).is_pending());
    finish.set(true);
    idle().await;
    assert_eq!(task.await.unwrap(), 5);
}

#[mainspring::test(start_paused = true)]
async fn f11_a_timers_waker_that_panics_spares_the_other_timers() {
    let panics = evil_reader();
    let mut hand_polled = Box::pin(sleep(Duration::from_secs(1)));
    let mut cx = Context::from_waker(&panics);
    assert!(hand_polled.as_mut().poll(&mut cx).is_pending());
    let same_moment = spawn_local(sleep(Duration::from_secs(1)));
    sleep(Duration::from_secs(2)).await;
    assert!(same_moment.is_finished());
    assert!(hand_polled.is_elapsed());
}

#[mainspring::test]
async fn f11_an_idlers_waker_that_panics_spares_the_others() {
    let panics = evil_reader();
    let mut by_hand = idle();
    let mut cx = Context::from_waker(&panics);
    assert!(pin!(&mut by_hand).poll(&mut cx).is_pending());
    idle().await;
}

#[mainspring::test(unhandled_panic = "ignore")]
async fn f11_a_call_that_panics_spares_the_next() {
    let (tell, told) = std::sync::mpsc::channel();
    let handle = Handle::current();
    handle
        .call_soon_threadsafe(|| panic!("on purpose"))
        .unwrap();
    handle
        .call_soon_threadsafe(move || tell.send(()).unwrap())
        .unwrap();
    idle().await;
    assert_eq!(told.try_recv(), Ok(()));
}

/// A waker that panics when it is called.
fn evil_reader() -> Waker {
    evil(|what| assert_ne!(what, "wake", "on purpose"))
}

#[test]
fn f11_a_main_future_that_panicked_leaves_its_thread_as_it_was() {
    let runtime = LocalRuntime::new().unwrap();
    let other = runtime.spawn_local(async {
        yield_now().await;
        1
    });
    let text = words(|| runtime.block_on(async { panic!("on purpose") }));
    assert_eq!(text, "on purpose");
    assert!(Handle::try_current().is_err(), "outside again");
    assert_eq!(mainspring::task::current_task(), None);
    // No budget of the broken poll is left over: leaves polled by hand go on for ever.
    let permits = Semaphore::new(1);
    let bell = Bell::new();
    for _ in 0..1000 {
        assert!(bell.poll(&mut permits.acquire()).is_ready());
    }
    assert_eq!(runtime.block_on(other).unwrap(), 1);
}

// F12: tasks and their own handles.

#[mainspring::test]
async fn f12_a_task_may_drop_its_own_handle() {
    let own: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let done = Rc::new(Cell::new(false));
    let (inside, tell) = (own.clone(), done.clone());
    let task = spawn_local(async move {
        drop(inside.take());
        yield_now().await;
        tell.set(true);
    });
    *own.borrow_mut() = Some(task);
    idle().await;
    assert!(done.get());
}

#[mainspring::test]
async fn f12_a_task_that_aborts_itself_ends_at_its_next_wait() {
    let own: Rc<RefCell<Option<AbortHandle>>> = Rc::default();
    let steps = Rc::new(Cell::new(0));
    let (inside, count) = (own.clone(), steps.clone());
    let task = spawn_local(async move {
        inside.borrow().as_ref().unwrap().abort();
        count.set(1);
        yield_now().await;
        count.set(2);
    });
    *own.borrow_mut() = Some(task.abort_handle());
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(steps.get(), 1);
}

#[mainspring::test]
async fn f12_a_task_may_abort_its_parent_and_be_joined_by_it() {
    let parents: Rc<RefCell<Option<AbortHandle>>> = Rc::default();
    let inside = parents.clone();
    let orphan = Rc::new(Cell::new(false));
    let tell = orphan.clone();
    let parent = spawn_local(async move {
        let child = spawn_local(async move {
            inside.borrow().as_ref().unwrap().abort();
            yield_now().await;
            tell.set(true);
        });
        child.await.unwrap();
        unreachable!("it was aborted while it waited");
    });
    *parents.borrow_mut() = Some(parent.abort_handle());
    assert!(parent.await.unwrap_err().is_cancelled());
    idle().await;
    assert!(orphan.get(), "the child is nobody's property");
}

#[mainspring::test]
async fn f12_a_task_that_joins_itself_is_told() {
    let own: Rc<RefCell<Option<JoinHandle<String>>>> = Rc::default();
    let inside = own.clone();
    let (tell, told) = std::sync::mpsc::channel();
    let task = spawn_local(async move {
        let own = inside.take().unwrap();
        let error = own.await.unwrap_err();
        tell.send(error.to_string()).unwrap();
        String::new()
    });
    *own.borrow_mut() = Some(task);
    idle().await;
    assert!(told.try_recv().unwrap().contains("joins itself"));
}

#[mainspring::test]
async fn f12_a_task_that_joins_itself_by_a_reference_can_still_be_joined() {
    let own: Rc<RefCell<Option<JoinHandle<i32>>>> = Rc::default();
    let inside = own.clone();
    let task = spawn_local(async move {
        let mut own = inside.take().unwrap();
        let is_told = (&mut own).await.is_err();
        *inside.borrow_mut() = Some(own);
        if is_told { 1 } else { 2 }
    });
    *own.borrow_mut() = Some(task);
    idle().await;
    let task = own.take().unwrap();
    assert_eq!(task.await.unwrap(), 1);
}

// F13: loops in loops.

#[test]
fn f13_no_loop_is_driven_within_a_loop_and_the_outer_one_goes_on() {
    let outer = LocalRuntime::new().unwrap();
    let inner = LocalRuntime::new().unwrap();
    let sendable = Runtime::new().unwrap();
    let own = outer.handle().clone();
    outer.block_on(async {
        let refused: [(&str, &dyn Fn()); 7] = [
            ("own", &|| own.block_on(async {})),
            ("another", &|| inner.block_on(async {})),
            ("another thread's", &|| sendable.block_on(async {})),
            ("its handle", &|| sendable.handle().block_on(async {})),
            ("run", &|| mainspring::run(async {})),
            ("run_forever", &|| drop(inner.run_forever())),
            ("run_until_idle", &|| drop(inner.run_until_idle())),
        ];
        for (name, drive) in refused {
            let text = words(drive);
            assert!(text.contains("within a runtime"), "{name}: {text}");
            assert!(text.contains(".await"), "{name} names the remedy: {text}");
        }
        mainspring::spawn(yield_now()).await.unwrap();
    });
    assert_eq!(inner.block_on(ready(1)), 1);
    assert_eq!(sendable.block_on(ready(1)), 1);
}

#[test]
fn f13_a_task_that_drives_a_loop_fails_alone() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let bad = runtime.spawn_local(async move { handle.block_on(async {}) });
    let good = runtime.spawn_local(async { 1 });
    assert!(runtime.block_on(bad).unwrap_err().is_panic());
    assert_eq!(runtime.block_on(good).unwrap(), 1);
}

#[test]
fn f13_what_needs_a_runtime_says_so_outside() {
    let calls: [(&str, &dyn Fn()); 8] = [
        ("spawn", &|| drop(mainspring::spawn(async {}))),
        ("sleep", &|| drop(sleep(Duration::ZERO))),
        ("timeout", &|| drop(timeout(Duration::ZERO, ready(())))),
        ("interval", &|| drop(interval(Duration::from_secs(1)))),
        ("Handle::current", &|| drop(Handle::current())),
        ("all_tasks", &|| drop(all_tasks())),
        ("time::pause", &|| mainspring::time::pause()),
        ("time::advance", &|| {
            drop(mainspring::time::advance(Duration::ZERO));
        }),
    ];
    for (name, call) in calls {
        let text = words(call);
        assert!(text.contains(name), "{name}: {text}");
        assert!(text.contains("outside a runtime"), "{name}: {text}");
        assert!(text.contains("block_on"), "{name} names the remedy: {text}");
    }
}

#[test]
fn f13_what_is_called_outside_a_runtime_says_on_which_thread() {
    let told = |thread: thread::Builder| {
        let call = || words(|| drop(mainspring::spawn(async {})));
        thread.spawn(call).unwrap().join().unwrap()
    };
    let named = told(thread::Builder::new().name("printer".into()));
    assert!(named.contains("(thread `printer`)"), "{named}");
    let nameless = told(thread::Builder::new());
    assert!(nameless.contains("(a thread without a name)"), "{nameless}");
}

#[test]
fn f13_two_runtimes_on_one_thread_take_turns() {
    let first = LocalRuntime::new().unwrap();
    let second = LocalRuntime::new().unwrap();
    let task = first.spawn_local(async {
        yield_now().await;
        1
    });
    assert_eq!(second.block_on(async { 2 }), 2);
    assert!(!task.is_finished(), "the other loop does not run it");
    // Awaited over there, it waits until its own loop has run.
    let joined = second.spawn_local(task);
    second.block_on(yield_now());
    first.block_on(idle());
    assert_eq!(second.block_on(joined).unwrap().unwrap(), 1);
}

// F16, F17: fairness.

#[mainspring::test]
async fn f16_those_who_give_way_get_equal_turns() {
    let stop = Rc::new(Cell::new(false));
    let mut yielders = Vec::new();
    for _ in 0..64 {
        let stop = stop.clone();
        yielders.push(spawn_local(async move {
            let mut turns = 0_u32;
            while !stop.get() {
                turns += 1;
                yield_now().await;
            }
            turns
        }));
    }
    for _ in 0..1000 {
        yield_now().await;
    }
    stop.set(true);
    let mut turns = Vec::new();
    for yielder in yielders {
        turns.push(yielder.await.unwrap());
    }
    let least = turns.iter().min().unwrap();
    let most = turns.iter().max().unwrap();
    assert!(most - least <= 1, "{turns:?}");
}

#[mainspring::test]
async fn f16_one_that_gives_way_sees_each_of_a_thousand_once_in_between() {
    let ran = Rc::new(Cell::new(0));
    for _ in 0..1000 {
        let ran = ran.clone();
        drop(spawn_local(async move { ran.set(ran.get() + 1) }));
    }
    yield_now().await;
    assert_eq!(ran.get(), 1000);
}

/// A greedy task beside a timer, on the running clock: the timer fires all the same.
fn a_timer_fires_beside<F: Future<Output = ()> + 'static>(greedy: impl FnOnce() -> F) {
    let _watchdog = watch();
    LocalRuntime::new().unwrap().block_on(async {
        let greedy = spawn_local(greedy());
        let canary = spawn_local(sleep(Duration::from_millis(5)));
        timeout(Duration::from_millis(10), pending::<()>())
            .await
            .unwrap_err();
        canary.await.unwrap();
        assert!(!greedy.is_finished(), "it goes on for ever");
    });
}

#[test]
fn f16_a_timer_fires_beside_a_task_that_only_gives_way() {
    a_timer_fires_beside(|| async {
        loop {
            yield_now().await;
        }
    });
}

#[test]
fn f16_a_timer_fires_beside_a_task_that_wakes_itself() {
    a_timer_fires_beside(|| {
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    });
}

#[test]
fn f17_a_permit_that_is_always_free_lets_the_others_run() {
    a_timer_fires_beside(|| async {
        let permits = Arc::new(Semaphore::new(1));
        loop {
            drop(permits.acquire().await);
        }
    });
}

#[test]
fn f17_sleeps_of_zero_let_the_others_run() {
    a_timer_fires_beside(|| async {
        loop {
            sleep(Duration::ZERO).await;
        }
    });
}

#[test]
fn f17_handles_that_are_always_ready_let_the_others_run() {
    a_timer_fires_beside(|| async {
        loop {
            let task = spawn_local(async {});
            yield_now().await;
            task.await.unwrap();
            for ended in [spawn_local(async {}), spawn_local(async {})] {
                ended.await.unwrap();
            }
        }
    });
}

#[test]
fn f17_ticks_that_were_missed_let_the_others_run() {
    a_timer_fires_beside(|| async {
        // Years of ticks to catch up with.
        let mut ticks = interval(Duration::from_nanos(1));
        loop {
            ticks.tick().await;
        }
    });
}

#[mainspring::test]
async fn f17_a_poll_completes_no_more_leaves_than_its_budget() {
    let permits = Arc::new(Semaphore::new(1));
    let taken = Rc::new(Cell::new(0));
    let (inside, count) = (permits.clone(), taken.clone());
    let greedy = spawn_local(async move {
        loop {
            drop(inside.acquire().await);
            count.set(count.get() + 1);
        }
    });
    yield_now().await;
    let in_one_poll = taken.get();
    assert_eq!(in_one_poll, 128);
    yield_now().await;
    assert_eq!(taken.get(), 2 * in_one_poll);
    greedy.abort();
}

#[mainspring::test(start_paused = true)]
async fn f17_a_limit_ends_a_future_that_spends_all_the_budget() {
    let permits = Semaphore::new(1);
    let greedy = async {
        loop {
            drop(permits.acquire().await);
        }
    };
    // The clock stands still while anybody can run, so only a limit of zero can come.
    assert!(timeout(Duration::ZERO, greedy).await.is_err());
}

// F18: nothing is left of tasks that have ended.

#[mainspring::test(start_paused = true)]
async fn f18_spawning_and_aborting_at_any_state_leaves_no_task() {
    let _watchdog = watch();
    let start = Instant::now();
    let alive = Rc::new(());
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut kept = Vec::new();
    for round in 0..1_000_000_u32 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let alive = alive.clone();
        let task = match dice % 4 {
            0 => spawn_local(async move { drop(alive) }),
            1 => spawn_local(async move {
                sleep(Duration::from_secs(1)).await;
                drop(alive);
            }),
            2 => spawn_local(async move {
                yield_now().await;
                drop(alive);
            }),
            _ => spawn_local(async move {
                pending::<()>().await;
                drop(alive);
            }),
        };
        match dice >> 8 & 3 {
            0 => task.abort(),
            1 => drop(task),
            _ => kept.push(task),
        }
        if dice >> 16 & 7 == 0 && !kept.is_empty() {
            let one = (dice >> 24) as usize % kept.len();
            kept.swap_remove(one).abort();
        }
        if dice >> 32 & 31 == 0 {
            yield_now().await;
        }
        if round % 10_000 == 9_999 {
            kept.drain(..).for_each(|task| task.abort());
        }
    }
    kept.drain(..).for_each(|task| task.abort());
    sleep(Duration::from_secs(2)).await;
    // Those whose handle was dropped, and who wait for nothing, are the runtime's for good.
    let forever = all_tasks().len() - 1;
    assert_eq!(Rc::strong_count(&alive) - 1, forever);
    assert_eq!(start.elapsed(), Duration::from_secs(2));
}

#[test]
fn f18_places_are_used_again() {
    let runtime = Builder::new_current_thread()
        .build_local(Default::default())
        .unwrap();
    let alive = Rc::new(());
    runtime.block_on(async {
        for _ in 0..100 {
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let alive = alive.clone();
                    spawn_local(async move {
                        pending::<()>().await;
                        drop(alive);
                    })
                })
                .collect();
            yield_now().await;
            tasks.iter().for_each(JoinHandle::abort);
            idle().await;
            assert_eq!(all_tasks().len(), 1, "the main future alone");
            assert_eq!(Rc::strong_count(&alive), 1);
        }
    });
}
