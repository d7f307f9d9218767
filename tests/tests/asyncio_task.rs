//! asyncio's behaviour of tasks, and of reaching them from other threads: one test for each
//! behaviour, named after it. Cancelling them is in `asyncio_cancel.rs`.
//!
//! What is different on purpose is said beside the test. Eager starts are in `task_handles.rs`,
//! deferred clean-ups in `task_defer.rs`, task-local values in `task_local.rs`, and what the types
//! refuse in `task_refusals.rs`.

use std::cell::{Cell, RefCell};
use std::future::{Future, IntoFuture, pending, poll_fn};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;

use mainspring::future::shield;
use mainspring::runtime::{Handle, LocalRuntime, set_exception_handler};
use mainspring::task::{
    JoinError, JoinHandle, Outcome, all_tasks, current_task, idle, spawn_local, spawn_named,
    yield_now,
};
use mainspring::time::Duration;
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

type Log = Rc<RefCell<Vec<&'static str>>>;

// Tasks: life, names, errors.

#[mainspring::test]
async fn task_result() {
    async fn inner() -> i32 {
        yield_now().await;
        6
    }
    async fn outer() -> i32 {
        inner().await * 7
    }
    let task = spawn_local(outer());
    idle().await;
    assert!(task.done() && !task.cancelled());
    assert_eq!(task.await.unwrap(), 42);
}

#[mainspring::test]
async fn task_starts_later() {
    let log = Log::default();
    let inside = log.clone();
    let task = spawn_local(async move { inside.borrow_mut().push("task") });
    log.borrow_mut().push("spawner");
    task.await.unwrap();
    assert_eq!(*log.borrow(), ["spawner", "task"]);
}

#[mainspring::test]
async fn task_spawn_order() {
    let log = Log::default();
    for name in ["first", "second", "third"] {
        let log = log.clone();
        drop(spawn_local(async move { log.borrow_mut().push(name) }));
    }
    yield_now().await;
    assert_eq!(*log.borrow(), ["first", "second", "third"]);
}

#[mainspring::test]
async fn task_await_itself() {
    let own: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let inside = own.clone();
    let told = Rc::new(Cell::new(false));
    let tell = told.clone();
    *own.borrow_mut() = Some(spawn_local(async move {
        let own = inside.take().unwrap();
        tell.set(own.await.is_err());
    }));
    idle().await;
    assert!(told.get());
}

/// Different on purpose: a handle may be awaited anywhere.
#[test]
fn task_future_of_other_loop() {
    let (first, second) = (LocalRuntime::new().unwrap(), LocalRuntime::new().unwrap());
    let task = first.spawn_local(async { 1 });
    first.block_on(idle());
    assert_eq!(second.block_on(task).unwrap(), 1);
}

#[mainspring::test]
async fn task_name_set() {
    let named = spawn_named("collector", async { yield_now().await });
    assert_eq!(named.name().as_deref(), Some("collector"));
    let unnamed = spawn_local(pending::<()>());
    assert_eq!(unnamed.name(), None);
    unnamed.set_name("later");
    idle().await;
    let names: Vec<_> = all_tasks()
        .into_iter()
        .filter_map(|task| task.name)
        .collect();
    assert_eq!(names, ["later".into()]);
    unnamed.abort();
}

#[mainspring::test]
async fn task_error_traceback() {
    let task = spawn_local(async {
        yield_now().await;
        panic!("the place of it");
    });
    let id = task.id();
    idle().await;
    // Looked at twice, and then taken.
    for _ in 0..2 {
        let text =
            task.peek(|outcome: &Result<(), JoinError>| outcome.as_ref().unwrap_err().to_string());
        let text = text.unwrap();
        assert_eq!(text.matches("the place of it").count(), 1, "{text}");
    }
    let error = task.await.unwrap_err();
    assert_eq!(error.id(), id);
    assert_eq!(error.into_panic().downcast_ref(), Some(&"the place of it"));
}

#[test]
fn task_current() {
    assert_eq!(current_task(), None);
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let main = current_task();
        assert!(main.is_some());
        let task = spawn_local(async { current_task() });
        let id = task.id();
        assert_eq!(task.await.unwrap(), Some(id));
        assert_eq!(current_task(), main);
        // Also in a destructor of the task.
        let seen = Rc::new(Cell::new(None));
        let tell = seen.clone();
        let guard = on_drop(move || tell.set(current_task()));
        let task = spawn_local(async move { drop(guard) });
        let id = task.id();
        task.await.unwrap();
        assert_eq!(seen.get(), Some(id));
    });
    assert_eq!(current_task(), None);
}

#[mainspring::test]
async fn task_current_interleaved() {
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            spawn_local(async {
                let mut seen = vec![current_task()];
                for _ in 0..3 {
                    yield_now().await;
                    seen.push(current_task());
                }
                seen
            })
        })
        .collect();
    for task in tasks {
        let id = task.id();
        assert_eq!(task.await.unwrap(), [Some(id); 4]);
    }
}

#[mainspring::test]
async fn task_dropped_handle_keeps_running() {
    let done = Rc::new(Cell::new(0));
    for _ in 0..1000 {
        let done = done.clone();
        drop(spawn_local(async move {
            yield_now().await;
            done.set(done.get() + 1);
        }));
    }
    idle().await;
    assert_eq!(done.get(), 1000);
}

/// What the handler was told, in order.
fn told() -> Rc<RefCell<Vec<String>>> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = told.clone();
    set_exception_handler(move |unhandled| log.borrow_mut().push(unhandled.to_string()));
    told
}

/// At the moment it becomes certain: the end of the task or of the handle, whichever is later.
#[mainspring::test]
async fn task_error_never_read_is_reported() {
    let told = told();
    let line = line!() + 1;
    let unread = spawn_named("reader", async { panic!("nobody reads this") });
    idle().await;
    assert!(told.borrow().is_empty(), "somebody may still read it");
    let id = unread.id();
    drop(unread);
    let text = told.take().concat();
    let place = format!("{}:{line}", file!());
    for words in [
        format!("task {id} "),
        "nobody reads this".into(),
        "\"reader\"".into(),
        place,
    ] {
        assert!(text.contains(&words), "{words}: {text}");
    }
    drop(spawn_local(async { panic!("nor this") }));
    assert!(told.borrow().is_empty());
    idle().await;
    assert_eq!(told.take().len(), 1, "once");
}

#[mainspring::test]
async fn task_error_read_is_not_reported() {
    let told = told();
    let failing = || spawn_local(async { panic!("somebody reads this") });
    failing().await.unwrap_err();
    let peeked = failing();
    idle().await;
    peeked.peek(|outcome| assert!(outcome.is_err())).unwrap();
    drop(peeked);
    failing().add_done_callback(|outcome| assert!(outcome.is_err()));
    idle().await;
    let taken = failing();
    idle().await;
    drop(taken.try_result());
    assert!(told.borrow().is_empty(), "{told:?}");
}

/// Different on purpose: to cancel what has ended does nothing.
#[mainspring::test]
async fn task_error_then_cancel_not_reported() {
    let told = told();
    let failed = spawn_local(async { panic!("before it is cancelled") });
    idle().await;
    assert!(!failed.cancel());
    drop(failed);
    assert_eq!(told.borrow().len(), 1);
    // A cancelled task has nothing to report.
    let cancelled = spawn_local(pending::<()>());
    cancelled.abort();
    idle().await;
    drop(cancelled);
    assert_eq!(told.borrow().len(), 1);
}

#[mainspring::test]
async fn shield_outer_cancelled_then_error() {
    let told = told();
    let inner = Rc::new(RefCell::new(shield(async {
        idle().await;
        panic!("inside")
    })));
    let waited_for = inner.clone();
    let outer = spawn_local(poll_fn(move |cx| {
        Pin::new(&mut *waited_for.borrow_mut()).poll(cx).map(|_| ())
    }));
    yield_now().await;
    outer.abort();
    assert!(outer.await.unwrap_err().is_cancelled());
    idle().await;
    idle().await;
    let inner = Rc::into_inner(inner).unwrap().into_inner();
    assert!(inner.is_finished());
    assert!(told.borrow().is_empty(), "somebody can still read it");
    assert!(inner.await.unwrap_err().is_panic());
    assert!(told.borrow().is_empty());
}

#[mainspring::test]
async fn shield_outer_cancelled_error_never_read() {
    let told = told();
    let outer = spawn_local(async {
        let _ = shield(async {
            yield_now().await;
            yield_now().await;
            panic!("inside")
        })
        .await;
    });
    yield_now().await;
    outer.abort();
    idle().await;
    assert_eq!(told.borrow().len(), 1, "once");
}

#[mainspring::test]
async fn task_many_finish_with_drop_side_effects() {
    let spawned = Rc::new(Cell::new(0));
    let forever = Rc::new(spawn_local(pending::<()>()));
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (spawned, forever) = (spawned.clone(), forever.clone());
            spawn_local(async move {
                on_drop(move || {
                    forever.abort();
                    drop(spawn_local(async move { spawned.set(spawned.get() + 1) }));
                })
            })
        })
        .collect();
    idle().await;
    drop(tasks);
    idle().await;
    assert_eq!(spawned.get(), 100);
    assert!(forever.cancelled());
}

/// Different on purpose: not an error of the call, but of the task.
#[test]
fn task_spawn_fails_cleanly() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let (tell, told) = channel();
    let guard = on_drop(move || tell.send(()).unwrap());
    let task = handle.spawn(async move { drop(guard) });
    assert_eq!(told.try_recv(), Ok(()), "the future is gone");
    assert!(task.cancelled());
}

#[mainspring::test]
async fn task_debug_origin() {
    let line = line!() + 1;
    let task = spawn_local(pending::<()>());
    let place: &Location<'_> = task.spawned_at();
    assert_eq!((place.file(), place.line()), (file!(), line));
    idle().await;
    let listed = all_tasks().into_iter().find(|other| other.id == task.id());
    assert_eq!(listed.unwrap().spawned_at.line(), line);
    task.abort();
}

// From other threads.

#[test]
fn xthread_error() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let submits = thread::spawn(move || {
        let value = handle.spawn_with(|| async { Rc::new(5_u8).count_ones() });
        let failing = handle.spawn_with(|| async { panic!("on the loop") });
        let (value, error) = (value.result(None), failing.result(None));
        handle.stop();
        (value.unwrap(), error.unwrap())
    });
    runtime.run_forever();
    let (value, error): (_, Outcome<()>) = submits.join().unwrap();
    assert_eq!(value.unwrap(), 2);
    let payload = error.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref(), Some(&"on the loop"));
}

#[test]
fn xthread_cancel_from_thread() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let cancels = thread::spawn(move || {
        let (tell, told) = channel();
        let task = handle.spawn_with(move || {
            tell.send(()).unwrap();
            pending::<()>()
        });
        told.recv().unwrap();
        let task = task.result(Duration::ZERO).expect_err("it waits for ever");
        assert!(task.cancel());
        let outcome = task.result(None).unwrap();
        handle.stop();
        outcome
    });
    runtime.run_forever();
    assert!(cancels.join().unwrap().unwrap_err().is_cancelled());
}

#[test]
fn xthread_work_that_is_given_up_on_its_way_is_not_even_made() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let task = handle.spawn_with(|| -> std::future::Ready<()> { unreachable!() });
    assert!(task.cancel());
    assert!(
        runtime
            .block_on(task.into_future())
            .unwrap_err()
            .is_cancelled()
    );
}

/// The thread that waits is told; the handler only if none does.
#[mainspring::test]
async fn xthread_make_fails() {
    let told = told();
    let handle = Handle::current();
    let make = || -> std::future::Ready<()> { panic!("while it is made") };
    let (read, unread) = thread::spawn(move || (handle.spawn_with(make), handle.spawn_with(make)))
        .join()
        .unwrap();
    assert!(read.await.unwrap_err().is_panic());
    assert!(told.borrow().is_empty());
    drop(unread);
    assert_eq!(told.borrow().len(), 1);
    // The loop is as it was.
    assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
}

#[test]
fn xthread_after_the_end_says_cancelled() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let waits = handle.spawn_with(|| async {});
    drop(runtime);
    assert!(waits.result(None).unwrap().unwrap_err().is_cancelled());
    let late = handle.spawn_with(|| async {});
    assert!(late.is_finished());
    assert!(late.result(None).unwrap().unwrap_err().is_cancelled());
}

#[mainspring::test]
async fn xthread_a_wait_that_would_stop_its_own_loop_is_refused() {
    let task = Handle::current().spawn_with(|| async {});
    let refused = catch_unwind(AssertUnwindSafe(|| task.result(None)));
    let text = refused.unwrap_err();
    assert!(text.downcast_ref::<&str>().unwrap().contains(".await"));
}

#[mainspring::test(start_paused = true)]
async fn xthread_work_is_done_in_the_order_of_sending() {
    let handle = Handle::current();
    let tasks = thread::spawn(move || {
        (0..100)
            .map(|number| handle.spawn(async move { number }))
            .collect::<Vec<_>>()
    })
    .join()
    .unwrap();
    let mut last = None;
    for task in tasks {
        let id = task.id();
        assert!(last < Some(id));
        last = Some(id);
        task.await.unwrap();
    }
}
