//! asyncio's behaviour of tasks, and of reaching them from other threads: one test for each
//! behaviour, named after it. Cancelling them is in `asyncio_cancel.rs`.
//!
//! What is different on purpose is said beside the test. Eager starts are in `task_handles.rs`,
//! deferred clean-ups in `task_defer.rs`, and what the types refuse in `task_refusals.rs`. What
//! concerns task-local values and handlers for unread failures comes with those.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::Location;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use mainspring::runtime::{Handle, LocalRuntime};
use mainspring::task::{
    JoinError, JoinHandle, all_tasks, current_task, idle, spawn_local, spawn_named, yield_now,
};
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

/// A panic is told at once, by the program's panic hook, whether or not anybody reads it later;
/// that nobody did is told by the room for reports.
#[test]
fn task_error_never_read_is_reported() {
    static TOLD: AtomicU32 = AtomicU32::new(0);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        match info.payload().downcast_ref::<&str>() == Some(&"nobody reads this") {
            true => drop(TOLD.fetch_add(1, Ordering::Relaxed)),
            false => hook(info),
        }
    }));
    LocalRuntime::new().unwrap().block_on(async {
        let unread = spawn_local(async { panic!("nobody reads this") });
        idle().await;
        drop(unread);
        drop(spawn_local(async { panic!("nobody reads this") }));
        idle().await;
    });
    assert_eq!(TOLD.load(Ordering::Relaxed), 2, "each once");
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
        let task = handle.spawn(async { panic!("on the loop") });
        handle.stop();
        task
    });
    runtime.run_forever();
    runtime.block_on(idle());
    let task: JoinHandle<()> = submits.join().unwrap();
    let error = task.try_result().unwrap().unwrap_err();
    assert_eq!(error.into_panic().downcast_ref(), Some(&"on the loop"));
}

#[test]
fn xthread_cancel_from_thread() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let task = runtime.block_on(async move {
        let (give, given) = channel::<()>();
        let submits = thread::spawn(move || {
            let task = handle.spawn(pending::<()>());
            given.recv().unwrap();
            task.abort();
            task
        });
        idle().await;
        give.send(()).unwrap();
        submits.join().unwrap().await
    });
    assert!(task.unwrap_err().is_cancelled());
}

#[mainspring::test]
async fn xthread_make_fails() {
    let handle = Handle::current();
    let (tell, told) = channel();
    thread::spawn(move || {
        let guard = on_drop(move || tell.send(()).unwrap());
        handle
            .call_soon_threadsafe(move || {
                let _guard = guard;
                panic!("while it is made");
            })
            .unwrap();
    })
    .join()
    .unwrap();
    idle().await;
    assert_eq!(told.try_recv(), Ok(()));
    // The loop is as it was.
    assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
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
