//! asyncio's behaviour of tasks, of cancelling them, and of reaching them from other threads: one
//! test for each behaviour, named after it.
//!
//! What is different on purpose is said beside the test. What concerns eager starts, task-local
//! values, deferred clean-ups and handlers for unread failures comes with those.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::Location;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Handle, LocalRuntime};
use mainspring::sync::Semaphore;
use mainspring::task::{
    JoinError, JoinHandle, all_tasks, current_task, idle, spawn_local, spawn_named, yield_now,
};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

const HOUR: Duration = Duration::from_secs(3600);

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

// Cancellation.

#[mainspring::test(start_paused = true)]
async fn cancel_sleeping() {
    let start = Instant::now();
    let task = spawn_local(sleep(HOUR));
    idle().await;
    assert!(task.cancel());
    idle().await;
    assert!(task.cancelled());
    assert!(!task.cancel(), "too late");
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(2 * HOUR).await;
    assert_eq!(start.elapsed(), 2 * HOUR);
}

#[mainspring::test]
async fn cancel_at_yield() {
    let log = Log::default();
    let inside = log.clone();
    let task = spawn_local(async move {
        inside.borrow_mut().push("before");
        yield_now().await;
        inside.borrow_mut().push("after");
    });
    yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(*log.borrow(), ["before"]);
}

#[mainspring::test]
async fn cancel_before_start() {
    let log = Log::default();
    let inside = log.clone();
    let task = spawn_local(async move { inside.borrow_mut().push("began") });
    assert!(task.cancel_with("not needed any more"));
    let error = task.await.unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(error.message(), Some("not needed any more"));
    assert!(log.borrow().is_empty());
}

#[mainspring::test]
async fn cancel_inner_future_only() {
    let inner = spawn_local(pending::<()>());
    let abort = inner.abort_handle();
    let outer = spawn_local(inner);
    idle().await;
    abort.abort();
    // It is told, and passes it on by `?` if it likes.
    assert!(outer.await.unwrap().unwrap_err().is_cancelled());
}

#[mainspring::test]
async fn cancel_task_and_inner() {
    let inner = spawn_local(pending::<()>());
    let abort = inner.abort_handle();
    let outer = spawn_local(inner);
    idle().await;
    abort.abort();
    outer.abort();
    assert!(outer.await.unwrap_err().is_cancelled());
    idle().await;
    assert!(abort.is_finished());
}

/// Different on purpose: it cannot be caught, so it is never swallowed.
#[mainspring::test]
async fn cancel_ignored_goes_on() {
    let steps = Rc::new(Cell::new(0));
    let count = steps.clone();
    let task = spawn_local(async move {
        loop {
            count.set(count.get() + 1);
            // Whatever this gives is ignored.
            let _ = timeout(HOUR, pending::<()>()).await;
        }
    });
    idle().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(steps.get(), 1);
}

#[mainspring::test]
async fn cancel_self() {
    let log = Log::default();
    let (inside, own) = (log.clone(), Rc::new(RefCell::new(None)));
    let handle = own.clone();
    let task = spawn_local(async move {
        let own: mainspring::task::AbortHandle = handle.take().unwrap();
        own.abort();
        inside.borrow_mut().push("goes on to its next wait");
        pending::<()>().await;
    });
    *own.borrow_mut() = Some(task.abort_handle());
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(*log.borrow(), ["goes on to its next wait"]);
}

/// Different on purpose: a value that is there wins.
#[mainspring::test]
async fn cancel_self_then_return() {
    let own = Rc::new(RefCell::new(None));
    let handle = own.clone();
    let task = spawn_local(async move {
        let own: mainspring::task::AbortHandle = handle.take().unwrap();
        own.abort();
        5
    });
    *own.borrow_mut() = Some(task.abort_handle());
    idle().await;
    assert!(!task.cancelled());
    assert_eq!(task.await.unwrap(), 5);
}

/// Different on purpose: who awaits a handle does not own the task.
#[mainspring::test]
async fn cancel_awaited_task_is_cancelled_too() {
    let log = Log::default();
    let inside = log.clone();
    let inner = spawn_local(async move {
        yield_now().await;
        yield_now().await;
        inside.borrow_mut().push("inner ended");
    });
    let outer = spawn_local(inner);
    yield_now().await;
    outer.abort();
    assert!(outer.await.unwrap_err().is_cancelled());
    idle().await;
    assert_eq!(*log.borrow(), ["inner ended"]);

    // What is awaited in place goes with it.
    let guard = {
        let log = log.clone();
        on_drop(move || log.borrow_mut().push("child dropped"))
    };
    let child = async move {
        let _guard = guard;
        pending::<()>().await;
    };
    let parent = spawn_local(child);
    yield_now().await;
    parent.abort();
    assert!(parent.await.unwrap_err().is_cancelled());
    assert_eq!(*log.borrow(), ["inner ended", "child dropped"]);
}

#[mainspring::test]
async fn cancel_reason_travels() {
    let task = spawn_local(pending::<()>());
    idle().await;
    task.cancel_with("first");
    task.cancel_with("second");
    let error = task.await.unwrap_err();
    assert_eq!(error.message(), Some("first"));
    assert!(error.to_string().contains("first"));
    let silent = spawn_local(pending::<()>());
    silent.abort();
    assert_eq!(silent.await.unwrap_err().message(), None);
}

#[mainspring::test]
async fn cancel_place_of_cancel() {
    let task = spawn_local(pending::<()>());
    let line = line!() + 1;
    task.abort();
    let error = task.await.unwrap_err();
    let place = error.cancelled_at().unwrap();
    assert_eq!((place.file(), place.line()), (file!(), line));
    assert!(error.to_string().contains(&format!("{}:{line}", file!())));
}

#[mainspring::test]
async fn cancel_not_done_at_once() {
    let task = spawn_local(pending::<()>());
    yield_now().await;
    assert!(task.cancel());
    assert!(task.cancelling() && !task.done() && !task.cancelled());
    yield_now().await;
    assert!(!task.cancelling() && task.done() && task.cancelled());
}

#[mainspring::test]
async fn cancel_destructors_run() {
    let log = Log::default();
    let permits = Rc::new(Semaphore::new(1));
    let (inside, held) = (log.clone(), permits.clone());
    let task = spawn_local(async move {
        let (first, second) = (inside.clone(), inside);
        let _first = on_drop(move || first.borrow_mut().push("made first"));
        let _permit = held.acquire().await;
        let _second = on_drop(move || second.borrow_mut().push("made second"));
        pending::<()>().await;
    });
    idle().await;
    assert_eq!(permits.available_permits(), 0);
    task.abort();
    assert!(task.await.is_err());
    log.borrow_mut().push("its awaiter");
    assert_eq!(permits.available_permits(), 1);
    assert_eq!(*log.borrow(), ["made second", "made first", "its awaiter"]);
}

/// Different on purpose: `stop` is for `run_forever`; `block_on` goes on to its end.
#[test]
fn cancel_stop_in_the_middle() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let value = runtime.block_on(async {
        handle.stop();
        yield_now().await;
        yield_now().await;
        5
    });
    assert_eq!(value, 5);
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
