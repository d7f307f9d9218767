//! asyncio's behaviour of sleeping, of time limits and of `wait_for`: one test for each behaviour,
//! named after it.
//!
//! What is different on purpose is said beside the test.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use mainspring::future::{gather, shield};
use mainspring::runtime::{LocalRuntime, set_exception_handler};
use mainspring::task::{AbortHandle, idle, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, sleep_secs, sleep_until, timeout, timeout_at, wait_for};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

// Sleep and yield.

#[mainspring::test(start_paused = true)]
async fn sleep_sequential_adds_up() {
    let start = Instant::now();
    let value = async {
        sleep_secs(0.05).await;
        sleep_secs(0.05).await;
        "yeah"
    };
    assert_eq!(value.await, "yeah");
    assert_eq!(start.elapsed(), 100 * MILLI);
}

#[mainspring::test]
async fn sleep_zero_yields_once() {
    let ran = Rc::new(Cell::new(0));
    let count = ran.clone();
    drop(spawn_local(async move {
        loop {
            count.set(count.get() + 1);
            yield_now().await;
        }
    }));
    yield_now().await;
    assert_eq!(ran.get(), 1);
    sleep_secs(0).await;
    assert!(ran.get() > 1);
}

#[mainspring::test(start_paused = true)]
async fn sleep_negative() {
    let start = Instant::now();
    sleep_secs(-1.0).await;
    sleep_secs(-1).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// Different on purpose: asyncio leaves it open.
#[mainspring::test(start_paused = true)]
async fn sleep_same_deadline_fifo() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let deadline = Instant::now() + SECOND;
    for number in 0..12 {
        let log = log.clone();
        drop(spawn_local(async move {
            // Half of them by another way to the same moment.
            match number % 2 {
                0 => sleep(SECOND).await,
                _ => sleep_until(deadline).await,
            }
            log.borrow_mut().push(number);
        }));
    }
    sleep(2 * SECOND).await;
    assert!(log.borrow().iter().copied().eq(0..12));
}

#[mainspring::test]
async fn sleep_fires_not_early() {
    for micros in [1, 100, 999, 1000, 1001, 2500] {
        let length = Duration::from_micros(micros);
        let (start, real) = (Instant::now(), std::time::Instant::now());
        sleep(length).await;
        assert!(start.elapsed() >= length);
        assert!(real.elapsed() >= length);
    }
}

#[mainspring::test(start_paused = true)]
async fn sleep_virtual_no_wall_time() {
    let start = Instant::now();
    for _ in 0..3600 {
        sleep(SECOND).await;
    }
    assert_eq!(start.elapsed(), HOUR);
}

#[mainspring::test]
async fn sleep_far_future() {
    let bell = Bell::new();
    let mut century = Box::pin(sleep(100 * 365 * 24 * HOUR));
    assert!(bell.poll(&mut century).is_pending());
    sleep(MILLI).await;
    assert!(bell.poll(&mut century).is_pending());
    drop(century);
    assert_eq!(bell.rings(), 0);
}

#[mainspring::test(start_paused = true)]
async fn sleep_reset() {
    let start = Instant::now();
    let mut nap = Box::pin(sleep(SECOND));
    let bell = Bell::new();
    assert!(bell.poll(&mut nap).is_pending());
    nap.as_mut().reset(start + 3 * SECOND);
    sleep(2 * SECOND).await;
    assert_eq!(bell.rings(), 0);
    nap.await;
    assert_eq!(start.elapsed(), 3 * SECOND);
}

// The timeout block.

#[mainspring::test(start_paused = true)]
async fn to_not_reached() {
    let start = Instant::now();
    let work = async {
        sleep(SECOND).await;
        5
    };
    assert_eq!(timeout(10 * SECOND, work).await, Ok(5));
    assert_eq!(start.elapsed(), SECOND);
    sleep(HOUR).await;
    assert_eq!(start.elapsed(), SECOND + HOUR);
}

#[mainspring::test(start_paused = true)]
async fn to_zero() {
    let past = Instant::now();
    sleep(SECOND).await;
    assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
    assert!(timeout_at(past, pending::<()>()).await.is_err());
    // It is polled once, so one that gives way a single time may be faster than the limit.
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    let work = async move {
        loop {
            count.set(count.get() + 1);
            yield_now().await;
        }
    };
    assert!(timeout(Duration::ZERO, work).await.is_err());
    assert!(polls.get() >= 1);
}

#[mainspring::test(start_paused = true)]
async fn to_zero_ready_work() {
    let done = spawn_local(async { 5 });
    idle().await;
    assert_eq!(timeout(Duration::ZERO, done).await.unwrap().unwrap(), 5);
    assert_eq!(timeout_at(Instant::now(), ready(5)).await, Ok(5));
}

/// The inner one is polled first, and its answer is a value to the outer one.
#[mainspring::test(start_paused = true)]
async fn to_nested_same_deadline() {
    let start = Instant::now();
    let inner = timeout(SECOND, pending::<()>());
    let outcome = timeout(SECOND, inner).await;
    assert!(outcome.unwrap().is_err());
    assert_eq!(start.elapsed(), SECOND);
}

#[mainspring::test]
async fn to_nested_short_outer() {
    let mut inner_expired = false;
    let outer = timeout(MILLI, async {
        let inner = timeout(2 * MILLI, async {
            yield_now().await;
            // The loop hears of no time until both have passed.
            thread::sleep(5 * MILLI);
            pending::<()>().await
        });
        inner_expired = inner.await.is_err();
        pending::<()>().await
    });
    assert!(outer.await.is_err());
    // Both were due in one poll: the inner one answered first, then the outer one.
    assert!(inner_expired);
}

#[mainspring::test(start_paused = true)]
async fn to_outer_cancel_is_not_timeout() {
    let task = spawn_local(timeout(HOUR, pending::<()>()));
    idle().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn to_show_state() {
    let limited = timeout(SECOND, ready(1));
    let text = format!("{limited:?}");
    assert!(text.starts_with("Timeout"), "{text}");
    let expired = timeout(Duration::ZERO, pending::<()>()).await.unwrap_err();
    assert_eq!(expired.to_string(), "deadline has elapsed");
    let error: std::io::Error = expired.into();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

/// asyncio gives "timeout" here (gh-134471).
#[mainspring::test(start_paused = true)]
async fn to_zero_swallows_cancel() {
    let own: Rc<RefCell<Option<AbortHandle>>> = Rc::default();
    let handle = own.clone();
    let task = spawn_local(async move {
        handle.take().unwrap().abort();
        timeout(Duration::ZERO, pending::<()>()).await
    });
    *own.borrow_mut() = Some(task.abort_handle());
    assert!(task.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn to_with_group() {
    let dropped = Rc::new(Cell::new(0));
    let child = || {
        let dropped = dropped.clone();
        let guard = on_drop(move || dropped.set(dropped.get() + 1));
        async move {
            let _guard = guard;
            pending::<()>().await
        }
    };
    let group = gather([child(), child(), child()]);
    assert!(timeout(SECOND, group).await.is_err());
    assert_eq!(dropped.get(), 3);
}

// wait_for.

/// A handle in the middle of a wait is only let go; what is awaited in place is dropped, and its
/// clean-up has run when the caller goes on.
#[mainspring::test(start_paused = true)]
async fn wf_timeout_cancels_task() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let inside = log.clone();
    let guard = on_drop(move || inside.borrow_mut().push("cleaned up"));
    let work = async move {
        let _guard = guard;
        pending::<()>().await
    };
    assert!(wait_for(work, 100 * MILLI).await.is_err());
    log.borrow_mut().push("the caller");
    assert_eq!(*log.borrow(), ["cleaned up", "the caller"]);

    let mut task = spawn_local(sleep(SECOND));
    assert!(wait_for(&mut task, 100 * MILLI).await.is_err());
    assert!(!task.is_finished());
    task.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn wf_waits_for_cleanup() {
    let done = Rc::new(Cell::new(false));
    let tell = done.clone();
    let guard = on_drop(move || tell.set(true));
    let mut task = spawn_local(async move {
        let _guard = guard;
        pending::<()>().await
    });
    assert!(wait_for(&mut task, SECOND).await.is_err());
    // For a task: abort it, then wait for its end.
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(done.get());
}

/// Different on purpose: polled once, as tokio does.
#[mainspring::test(start_paused = true)]
async fn wf_zero_not_started() {
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    let work = async move {
        count.set(count.get() + 1);
        pending::<()>().await
    };
    assert!(wait_for(work, Duration::ZERO).await.is_err());
    assert_eq!(polls.get(), 1);
    assert_eq!(wait_for(async { 5 }, Duration::ZERO).await, Ok(5));
}

#[mainspring::test(start_paused = true)]
async fn wf_zero_running() {
    let mut task = spawn_local(sleep(SECOND));
    idle().await;
    assert!(wait_for(&mut task, Duration::ZERO).await.is_err());
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn wf_no_limit() {
    let start = Instant::now();
    assert_eq!(wait_for(sleep(HOUR), None).await, Ok(()));
    assert_eq!(start.elapsed(), HOUR);
}

/// Different on purpose: what a destructor does cannot become a value.
#[mainspring::test(start_paused = true)]
async fn wf_work_returns_on_cancel() {
    let value = Rc::new(Cell::new(0));
    let set = value.clone();
    let guard = on_drop(move || set.set(5));
    let work = async move {
        let _guard = guard;
        pending::<i32>().await
    };
    assert!(wait_for(work, SECOND).await.is_err());
    assert_eq!(value.get(), 5);
}

/// Different on purpose: the outcome is the timeout; how the clean-up fails is told to the handler.
#[mainspring::test(start_paused = true)]
async fn wf_work_fails_on_cancel() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = told.clone();
    set_exception_handler(move |unhandled| log.borrow_mut().push(unhandled.error.to_string()));
    let mut work = spawn_local(async {
        let _guard = on_drop(|| panic!("in the clean-up"));
        pending::<()>().await;
    });
    assert!(wait_for(&mut work, SECOND).await.is_err());
    work.abort();
    drop(work);
    idle().await;
    assert_eq!(told.borrow().len(), 1);
    assert!(told.borrow()[0].contains("in the clean-up"));
}

#[mainspring::test(start_paused = true)]
async fn wf_waiter_cancelled() {
    for limit in [None, Some(HOUR)] {
        let dropped = Rc::new(Cell::new(false));
        let tell = dropped.clone();
        let guard = on_drop(move || tell.set(true));
        let work = async move {
            let _guard = guard;
            pending::<()>().await
        };
        let waiter = spawn_local(wait_for(work, limit));
        idle().await;
        waiter.abort();
        assert!(waiter.await.unwrap_err().is_cancelled());
        assert!(dropped.get(), "what is awaited in place goes along");
    }
}

#[mainspring::test(start_paused = true)]
async fn wf_cancel_not_hidden() {
    let work = Rc::new(RefCell::new(spawn_local(async {
        sleep(SECOND).await;
        5
    })));
    let inside = work.clone();
    let reads = poll_fn(move |cx| Pin::new(&mut *inside.borrow_mut()).poll(cx));
    let waiter = spawn_local(wait_for(reads, HOUR));
    // The result comes, and in the same turn its waiter is cancelled.
    let abort = waiter.abort_handle();
    let aborts = spawn_local(async move {
        sleep(SECOND).await;
        abort.abort();
    });
    aborts.await.unwrap();
    assert!(work.borrow().is_finished());
    assert!(waiter.await.unwrap_err().is_cancelled());
    let work = Rc::into_inner(work).unwrap().into_inner();
    assert_eq!(work.await.unwrap(), 5, "it stays readable");
}

#[mainspring::test(start_paused = true)]
async fn wf_shielded_times_out() {
    let mut work = shield(async {
        sleep(2 * SECOND).await;
        5
    });
    assert!(wait_for(&mut work, SECOND).await.is_err());
    assert!(wait_for(&mut work, Duration::ZERO).await.is_err());
    assert!(!work.is_finished());
    assert_eq!(work.await.unwrap(), 5);
}

#[test]
fn sleep_far_future_between_block_ons() {
    let runtime = LocalRuntime::new().unwrap();
    let task = runtime.spawn_local(async { sleep(Duration::MAX).await });
    runtime.block_on(yield_now());
    runtime.block_on(yield_now());
    task.abort();
    assert!(runtime.block_on(task).unwrap_err().is_cancelled());
}
