//! F07 to F09: what every leaf future of the loop owes its wakers: that of the last poll is called,
//! none is touched under a borrow, and a wake without a cause ends nothing.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use mainspring::runtime::LocalRuntime;
use mainspring::task::{all_tasks, idle, spawn_local, yield_now};
use mainspring::time::{Instant, advance, interval, sleep, timeout, wait_for};
use mainspring_tests::by_hand::{Bell, evil};
use mainspring_tests::watchdog::watch;

const SECOND: Duration = Duration::from_secs(1);

// F07: wakers that use the loop whenever they are cloned, called or dropped.

/// Everything that borrows something of the loop.
fn use_the_loop() {
    let _ = (Instant::now(), all_tasks().len());
    let task = spawn_local(async {});
    task.abort();
    let bell = Bell::new();
    let mut nap = Box::pin(sleep(SECOND));
    let _ = bell.poll(&mut nap);
    nap.as_mut().reset(Instant::now());
    let _ = (nap.is_elapsed(), nap.deadline());
    let _ = bell.poll(&mut idle());
    let mut task = task;
    let _ = bell.poll(&mut task);
}

/// Polls twice with a waker that uses the loop on every occasion, changes to another and back,
/// lets `finish` end the wait, and drops what is left.
async fn abuse<F: Future>(future: F, finish: impl AsyncFn()) {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    let seen = Arc::new(AtomicU32::new(0));
    let count = seen.clone();
    let waker = evil(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        // The wakers of what it starts are its own: once is enough.
        if !INSIDE.replace(true) {
            use_the_loop();
            INSIDE.set(false);
        }
    });
    let mut cx = Context::from_waker(&waker);
    let bell = Bell::new();
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    let _ = future.as_mut().poll(&mut cx);
    let _ = bell.poll(&mut future);
    let _ = future.as_mut().poll(&mut cx);
    finish().await;
    drop(future);
    assert!(seen.load(Ordering::Relaxed) > 0);
}

#[mainspring::test(start_paused = true)]
async fn f07_wakers_that_use_the_loop_find_nothing_borrowed() {
    let _watchdog = watch();
    let later = async || sleep(2 * SECOND).await;
    let now = async || idle().await;
    for is_dropped in [false, true] {
        let finish = async || match is_dropped {
            true => {}
            false => later().await,
        };
        abuse(sleep(SECOND), finish).await;
        abuse(timeout(SECOND, sleep(5 * SECOND)), finish).await;
        abuse(wait_for(sleep(SECOND), None), finish).await;
        let mut ticks = interval(SECOND);
        ticks.tick().await;
        abuse(ticks.tick(), finish).await;
        abuse(spawn_local(sleep(SECOND)), finish).await;
        let aborted = spawn_local(std::future::pending::<()>());
        let abort = aborted.abort_handle();
        abuse(aborted, async || {
            abort.abort();
            finish().await;
        })
        .await;
        abuse(idle(), now).await;
        abuse(yield_now(), now).await;
        abuse(advance(SECOND), now).await;
    }
}

#[test]
fn f07_wakers_that_use_the_loop_may_be_left_in_it_at_its_end() {
    let _watchdog = watch();
    let waker = evil(|what| {
        if what == "wake" {
            let _ = all_tasks();
        }
    });
    let mut kept: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    LocalRuntime::new().unwrap().block_on(async {
        let mut cx = Context::from_waker(&waker);
        kept.push(Box::pin(sleep(SECOND)));
        kept.push(Box::pin(idle()));
        kept.push(Box::pin(async {
            let _ = spawn_local(std::future::pending::<()>()).await;
        }));
        for future in &mut kept {
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
    });
    drop(kept);
}

// F08: the waker of the last poll is the one that counts.

/// Polls with one waker, then with another, ends the wait: the second must ring.
async fn moved<F: Future>(future: F, finish: impl AsyncFnOnce()) {
    let (before, after) = (Bell::new(), Bell::new());
    let mut future = Box::pin(future);
    assert!(before.poll(&mut future).is_pending());
    assert!(after.poll(&mut future).is_pending());
    finish().await;
    assert!(after.rings() > 0);
    assert!(after.poll(&mut future).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn smol_167_a_future_that_moved_wakes_its_last_task() {
    let later = async || sleep(2 * SECOND).await;
    moved(sleep(SECOND), later).await;
    moved(timeout(SECOND, std::future::pending::<()>()), later).await;
    moved(timeout(5 * SECOND, sleep(SECOND)), later).await;
    let mut ticks = interval(SECOND);
    ticks.tick().await;
    moved(ticks.tick(), later).await;
    moved(spawn_local(sleep(SECOND)), later).await;
    let aborted = spawn_local(std::future::pending::<()>());
    let abort = aborted.abort_handle();
    moved(aborted, async move || {
        abort.abort();
        idle().await;
    })
    .await;
    moved(idle(), async || idle().await).await;
}

#[mainspring::test(start_paused = true)]
async fn f08_a_sleep_may_be_begun_in_one_task_and_ended_in_another() {
    let start = Instant::now();
    let mut nap = Box::pin(sleep(SECOND));
    assert!(Bell::new().poll(&mut nap).is_pending());
    spawn_local(nap).await.unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

// F09: spurious wakes.

#[mainspring::test(start_paused = true)]
async fn f09_ten_thousand_spurious_wakes_end_no_wait_early() {
    let _watchdog = watch();
    let start = Instant::now();
    let wakers: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let stop = Rc::new(Cell::new(false));
    // Every task hands its waker out at every poll.
    let nosy = |future: Pin<Box<dyn Future<Output = ()>>>| {
        let wakers = wakers.clone();
        let mut future = future;
        let mut known: Option<Waker> = None;
        spawn_local(poll_fn(move |cx| {
            if !known
                .as_ref()
                .is_some_and(|known| known.will_wake(cx.waker()))
            {
                known = Some(cx.waker().clone());
                wakers.borrow_mut().push(cx.waker().clone());
            }
            future.as_mut().poll(cx)
        }))
    };
    let slow = spawn_local(sleep(5 * SECOND));
    let tasks = [
        nosy(Box::pin(async move {
            sleep(3 * SECOND).await;
            assert_eq!(start.elapsed(), 3 * SECOND);
        })),
        nosy(Box::pin(async move {
            let never = timeout(2 * SECOND, std::future::pending::<()>());
            assert!(never.await.is_err());
            assert_eq!(start.elapsed(), 2 * SECOND);
        })),
        nosy(Box::pin(async move {
            let mut ticks = interval(SECOND);
            for tick in 0..4 {
                ticks.tick().await;
                assert_eq!(start.elapsed(), tick * SECOND);
            }
        })),
        nosy(Box::pin(async move {
            slow.await.unwrap();
            assert_eq!(start.elapsed(), 5 * SECOND);
        })),
    ];
    let (all, ends) = (wakers.clone(), stop.clone());
    let storm = spawn_local(async move {
        for _ in 0..10_000 {
            all.borrow().iter().for_each(Waker::wake_by_ref);
            yield_now().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "nobody was at rest");
        while !ends.get() {
            all.borrow().iter().for_each(Waker::wake_by_ref);
            sleep(SECOND / 4).await;
        }
    });
    for task in tasks {
        task.await.unwrap();
    }
    stop.set(true);
    storm.await.unwrap();
}
