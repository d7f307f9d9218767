//! asyncio's behaviour of cancelling tasks: one test for each behaviour, named after it.
//!
//! What is different on purpose is said beside the test. Clean-ups that wait are in
//! `task_defer.rs`.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use mainspring::runtime::LocalRuntime;
use mainspring::sync::{Event, Semaphore};
use mainspring::task::{idle, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::on_drop::on_drop;

const HOUR: Duration = Duration::from_secs(3600);

type Log = Rc<RefCell<Vec<&'static str>>>;

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
/// Different on purpose: a cancellation cannot be caught. Who wants to end in his own words waits
/// for a word as well, which is a value like any other.
#[mainspring::test]
async fn cancel_caught_returns_value() {
    let stop = Rc::new(Event::new());
    let word = stop.clone();
    let task = spawn_local(async move {
        word.wait().await;
        42
    });
    idle().await;
    stop.set();
    assert_eq!(task.await.unwrap(), 42);
}

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

    // A handle that is tied to its awaiter gives asyncio's behaviour.
    let tied = spawn_local(pending::<()>());
    let abort = tied.abort_handle();
    let outer = spawn_local(tied.abort_on_drop());
    idle().await;
    outer.abort();
    idle().await;
    assert!(outer.is_finished() && abort.is_finished());

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
