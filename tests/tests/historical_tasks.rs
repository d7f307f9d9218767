//! Mistakes that other runtimes made with tasks that are aborted, that panic, that are dropped,
//! each as a test that would find it here.
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | tokio #3929, RUSTSEC-2021-0072 | an abort dropped the future on another thread | here |
//! | tokio #3157, #3662 | an abort outside of the runtime panics | here |
//! | tokio #3967 | an output that panics when dropped leaks its task | here; fault_panics |
//! | tokio #3978 | a cycle of tasks is never freed | here |
//! | tokio #4430 | a handle dropped while its thread panics aborts the process | here |
//! | tokio #5162, #5179 | a runtime in a thread-local | `tokio_5162_…`, runtime_dropped |
//! | tokio #1842 | dropped with tasks in some state | here |
//! | tokio #1916 | spawning in a destructor at the end panics | `tokio_1916_…`, runtime_shutdown |
//! | tokio #3870 | a task ended too early at the end | here |
//! | tokio #3564, #3477 | memory grows with each runtime | here; runtime_files |
//! | glommio #689 | a panic in an inner group ends the process | here |
//! | cpython gh-91887 | the loop holds tasks weakly | here, though it cannot be written |
//! | tokio #4624, #5686, #5712 | a branch that is always ready starves others | `tokio_4624_…`, future_gather |
//! | tokio #7164 | tasks that wake each other starve the rest | here |
//! | JoinSet::join_all | panics for a cancelled task | here: `join_outcomes` |

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{LocalRuntime, Runtime};
use mainspring::task::{JoinHandle, JoinSet, idle, spawn_local, yield_now};
use mainspring::time::sleep;
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn tokio_3929_an_abort_from_another_thread_drops_the_future_on_the_loop() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let home = thread::current().id();
        for state in ["not begun", "waiting", "queued"] {
            let seen = Rc::new(Cell::new(None));
            let tell = seen.clone();
            // Not `Send`: a drop elsewhere would be a data race.
            let guard = on_drop(move || tell.set(Some(thread::current().id())));
            let waker: Rc<RefCell<Option<Waker>>> = Rc::default();
            let give = waker.clone();
            let task = spawn_local(poll_fn(move |cx| {
                let _guard = &guard;
                *give.borrow_mut() = Some(cx.waker().clone());
                Poll::<()>::Pending
            }));
            if state != "not begun" {
                idle().await;
            }
            if state == "queued" {
                waker.take().unwrap().wake();
            }
            let abort = task.abort_handle();
            thread::spawn(move || abort.abort()).join().unwrap();
            assert_eq!(seen.get(), None, "{state}: an abort only asks");
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(seen.get(), Some(home), "{state}");
        }
    });
}

#[test]
fn tokio_3157_an_abort_needs_no_runtime_around_it() {
    let runtime = LocalRuntime::new().unwrap();
    let task = runtime.spawn_local(pending::<()>());
    let other = runtime.spawn_local(pending::<()>());
    let third = runtime.spawn_local(pending::<()>());
    runtime.block_on(idle());
    // Outside, on its own thread; on a plain thread; after the end.
    assert!(task.cancel());
    let abort = other.abort_handle();
    thread::spawn(move || abort.abort()).join().unwrap();
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
    assert!(runtime.block_on(other).unwrap_err().is_cancelled());
    drop(runtime);
    assert!(!third.cancel(), "it had ended with its runtime");
}

/// Counts itself, and panics when it is dropped.
struct Bomb(Arc<Mutex<u32>>);

impl Drop for Bomb {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
        panic!("on purpose");
    }
}

#[mainspring::test]
async fn tokio_3967_an_output_that_panics_when_dropped_frees_its_task() {
    let drops = Arc::new(Mutex::new(0));
    let alive = Rc::new(());
    for is_dropped_first in [true, false] {
        let (bomb, kept) = (Bomb(drops.clone()), alive.clone());
        let task = spawn_local(async move {
            drop(kept);
            bomb
        });
        if !is_dropped_first {
            idle().await;
        }
        drop(task);
        idle().await;
    }
    assert_eq!(*drops.lock().unwrap(), 2);
    assert_eq!(Rc::strong_count(&alive), 1);
    assert_eq!(mainspring::task::all_tasks().len(), 1);
}

#[test]
fn tokio_3978_tasks_that_hold_each_others_handles_and_wakers_are_freed() {
    let alive = Rc::new(());
    let left: Weak<()> = Rc::downgrade(&alive);
    let runtime = LocalRuntime::new().unwrap();
    let handles: Rc<RefCell<Vec<Option<JoinHandle<()>>>>> = Rc::default();
    for number in 0..10_usize {
        let (handles, alive) = (handles.clone(), alive.clone());
        let task = runtime.spawn_local({
            let handles = handles.clone();
            async move {
                let _alive = alive;
                yield_now().await;
                // Each awaits the next, the last one the first.
                let next = handles.borrow_mut()[(number + 1) % 10].take();
                let own_waker = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
                let _ = next.unwrap().await;
                drop(own_waker);
            }
        });
        handles.borrow_mut().push(Some(task));
    }
    drop((alive, handles));
    runtime.block_on(idle());
    assert_eq!(left.strong_count(), 10);
    drop(runtime);
    assert_eq!(left.strong_count(), 0);
}

#[mainspring::test]
async fn tokio_4430_a_handle_dropped_while_its_thread_panics_keeps_the_process_alive() {
    let drops = Arc::new(Mutex::new(0));
    let bomb = Bomb(drops.clone());
    let task = spawn_local(async move { bomb });
    idle().await;
    let caught = catch_unwind(AssertUnwindSafe(move || {
        // Its output panics when it goes with the handle, in the middle of the unwinding.
        let _task = task;
        panic!("the first");
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the first"));
    assert_eq!(*drops.lock().unwrap(), 1);
}

#[test]
fn tokio_1842_a_runtime_may_be_dropped_with_tasks_in_every_state() {
    let runtime = LocalRuntime::new().unwrap();
    let dropped = Rc::new(Cell::new(0));
    let guard = || {
        let dropped = dropped.clone();
        on_drop(move || dropped.set(dropped.get() + 1))
    };
    let waker: Rc<RefCell<Option<Waker>>> = Rc::default();

    let (held, give) = (guard(), waker.clone());
    let woken = runtime.spawn_local(poll_fn(move |cx| {
        let _held = &held;
        *give.borrow_mut() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    let held = guard();
    let asleep = runtime.spawn_local(async move {
        let _held = held;
        sleep(HOUR).await;
    });
    let held = guard();
    let aborted = runtime.spawn_local(async move {
        let _held = held;
        pending::<()>().await;
    });
    let held = guard();
    let ended_unread = runtime.spawn_local(async move { held });
    let failed_unread = runtime.spawn_local(async { panic!("on purpose") });
    let held = guard();
    let joins = runtime.spawn_local(async move {
        let _held = held;
        let _ = asleep.await;
    });
    runtime.block_on(idle());
    waker.take().unwrap().wake();
    aborted.abort();
    let held = guard();
    let not_begun = runtime.spawn_local(async move { drop(held) });

    drop(runtime);
    assert_eq!(
        dropped.get(),
        5,
        "all but the output that waits for its reader"
    );
    assert!(woken.cancelled() && aborted.cancelled() && not_begun.cancelled() && joins.cancelled());
    assert!(failed_unread.is_finished() && !failed_unread.cancelled());
    drop(ended_unread);
    assert_eq!(dropped.get(), 6);
}

#[test]
fn tokio_3870_a_task_lives_until_its_turn_to_end_comes() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let runtime = LocalRuntime::new().unwrap();
    let alive = Rc::new(Cell::new(3));
    for number in 0..3 {
        let (order, alive) = (order.clone(), alive.clone());
        let guard = on_drop(move || {
            order.borrow_mut().push((number, alive.get()));
            alive.set(alive.get() - 1);
        });
        runtime.spawn_local(async move {
            let _guard = guard;
            pending::<()>().await;
        });
    }
    runtime.block_on(idle());
    drop(runtime);
    assert_eq!(*order.borrow(), [(0, 3), (1, 2), (2, 1)]);
}

#[test]
fn tokio_3564_what_a_runtime_held_goes_with_it() {
    let _watchdog = watch();
    let alive = Arc::new(());
    for _ in 0..100 {
        let (kept, also) = (alive.clone(), alive.clone());
        let runtime = Runtime::new().unwrap();
        runtime.spawn(async move {
            let _kept = kept;
            pending::<()>().await;
        });
        runtime
            .handle()
            .call_soon_threadsafe(move || drop(also))
            .unwrap();
        let own = alive.clone();
        runtime.block_on(async {
            let asleep = spawn_local(async move {
                let _own = own;
                sleep(HOUR).await;
            });
            yield_now().await;
            drop(asleep);
        });
    }
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[mainspring::test(unhandled_panic = "ignore")]
async fn glommio_689_panics_within_panics_of_tasks_stay_where_they_are() {
    struct Spawns(Rc<Cell<u32>>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let count = self.0.clone();
            drop(spawn_local(async move {
                count.set(count.get() + 1);
                panic!("the task of a destructor");
            }));
            panic!("a destructor");
        }
    }
    let count = Rc::new(Cell::new(0));
    let held = Spawns(count.clone());
    let outer = spawn_local(async move {
        let inner = spawn_local(async { panic!("the innermost") });
        let error = inner.await.unwrap_err();
        // A destructor that panics in the same unwinding would end the process, with any runtime;
        // it belongs to a task of its own.
        drop(spawn_local(async move { drop(held) }));
        std::panic::resume_unwind(error.into_panic());
    });
    let error: mainspring::task::JoinError = match outer.await {
        Err(error) => error,
        Ok(()) => unreachable!(),
    };
    assert_eq!(error.into_panic().downcast_ref(), Some(&"the innermost"));
    idle().await;
    assert_eq!(count.get(), 1);
}

#[mainspring::test]
async fn gh_91887_a_task_whose_handle_was_dropped_runs_to_its_end() {
    let (tell, told) = channel();
    drop(spawn_local(async move {
        for _ in 0..10 {
            yield_now().await;
        }
        tell.send(()).unwrap();
    }));
    idle().await;
    assert_eq!(told.try_recv(), Ok(()));
}

#[mainspring::test]
async fn tokio_7164_two_that_wake_each_other_do_not_starve_a_third() {
    let wakers: [Rc<RefCell<Option<Waker>>>; 2] = Default::default();
    let turns = Rc::new(Cell::new(0_u32));
    let players: Vec<_> = (0..2)
        .map(|own: usize| {
            let (wakers, turns) = (wakers.clone(), turns.clone());
            spawn_local(poll_fn(move |cx| {
                *wakers[own].borrow_mut() = Some(cx.waker().clone());
                if let Some(other) = wakers[1 - own].take() {
                    other.wake();
                }
                turns.set(turns.get() + 1);
                Poll::<()>::Pending
            }))
        })
        .collect();
    yield_now().await;
    for _ in 0..100 {
        let before = turns.get();
        yield_now().await;
        assert!(turns.get() - before <= 2, "each once at most in between");
    }
    assert!(turns.get() > 50);
    players.iter().for_each(JoinHandle::abort);
}

#[mainspring::test]
async fn join_set_a_cancelled_task_among_many_is_a_result_and_no_panic() {
    let mut set = JoinSet::new();
    let aborts: Vec<_> = (0..4)
        .map(|number| set.spawn_local(async move { number }))
        .collect();
    aborts[2].abort();
    let outcomes = set.join_outcomes().await.into_iter();
    let outcomes: Vec<_> = outcomes.map(Result::ok).collect();
    assert_eq!(outcomes, [Some(0), Some(1), None, Some(3)]);
}
