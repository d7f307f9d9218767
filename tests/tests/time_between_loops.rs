//! Sleeps that are made on one loop and awaited, reset or dropped on another thread; and the
//! paused clock when several move it.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime, Runtime};
use mainspring::task::{idle, yield_now};
use mainspring::time::{self, Instant, sleep, sleep_until};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::in_time::in_time;

#[test]
fn a_sleep_that_is_first_polled_on_another_loop_is_not_early() {
    let runtime = Runtime::new().unwrap();
    // The driver's clock is older than this thread's.
    runtime.block_on(runtime.spawn(async {})).unwrap();
    let start = std::time::Instant::now();
    let asleep = {
        let other = LocalRuntime::new().unwrap();
        let _guard = other.enter();
        sleep_until(Instant::from_std(start + Duration::from_millis(20)))
    };
    runtime.block_on(runtime.spawn(asleep)).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(20));
}

#[mainspring::test(start_paused = true)]
async fn a_sleep_for_ever_stays_so_on_another_loop() {
    let for_ever = {
        let other = LocalRuntime::new().unwrap();
        let _guard = other.enter();
        sleep(Duration::MAX)
    };
    let start = Instant::now();
    let limit = time::timeout(Duration::from_secs(1000 * 366 * 24 * 3600), for_ever);
    // Both are beyond the end of time.
    let waits = mainspring::spawn(limit);
    sleep(Duration::from_secs(500 * 366 * 24 * 3600)).await;
    assert!(!waits.is_finished());
    assert!(start.elapsed() >= Duration::from_secs(500 * 366 * 24 * 3600));
    waits.abort();
}

#[test]
fn a_sleep_that_another_thread_resets_wakes_who_awaits_it() {
    in_time(|| {
        let runtime = LocalRuntime::new().unwrap();
        let asleep = {
            let _guard = runtime.enter();
            Box::pin(sleep(Duration::from_secs(3600)))
        };
        let asleep = Arc::new(Mutex::new(asleep));
        let (polled, is_polled) = mpsc::channel();
        let reset = thread::spawn({
            let asleep = asleep.clone();
            move || {
                is_polled.recv().unwrap();
                asleep.lock().unwrap().as_mut().reset(Instant::now());
            }
        });
        runtime.block_on(poll_fn(|cx| {
            let poll = asleep.lock().unwrap().as_mut().poll(cx);
            let _ = polled.send(());
            poll
        }));
        reset.join().unwrap();
    });
}

#[mainspring::test(start_paused = true)]
async fn two_that_move_the_clock_let_everybody_rest_between_their_steps() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let start = Instant::now();
    for seconds in 1..=4 {
        let told = told.clone();
        mainspring::spawn(async move {
            sleep(Duration::from_secs(seconds)).await;
            told.borrow_mut().push(start.elapsed().as_secs());
        });
    }
    let ten = mainspring::spawn(time::advance(Duration::from_secs(10)));
    let three = mainspring::spawn(time::advance(Duration::from_secs(3)));
    ten.await.unwrap();
    three.await.unwrap();
    assert_eq!(*told.borrow(), [1, 2, 3, 4]);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[mainspring::test(start_paused = true)]
async fn a_clock_that_is_let_go_is_moved_no_further() {
    let hour = mainspring::spawn(sleep(Duration::from_secs(3600)));
    mainspring::spawn(async {
        sleep(Duration::from_secs(1)).await;
        time::resume();
    });
    let moved = mainspring::spawn(time::advance(Duration::from_secs(7200)));
    let error = moved.await.unwrap_err();
    assert!(
        error.to_string().contains("moves a paused clock"),
        "{error}"
    );
    assert!(!hour.is_finished());
}

#[mainspring::test]
async fn waiting_for_idleness_is_listed_once_however_often_it_is_polled() {
    let bell = Bell::new();
    let mut idle = pin!(idle());
    for _ in 0..100 {
        assert!(bell.poll(&mut idle).is_pending());
    }
    for _ in 0..100 {
        assert!(bell.poll(&mut mainspring::task::idle()).is_pending());
    }
    assert!(Arc::strong_count(&bell) <= 2);
    poll_fn(|cx| {
        let _ = idle.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
    idle.await;
    assert_eq!(bell.rings(), 1);
    yield_now().await;
}

#[test]
fn a_sleep_goes_with_its_task_from_loop_to_loop_of_one_thread() {
    in_time(|| {
        let [first, second] = [(); 2].map(|()| LocalRuntime::new().unwrap());
        let mut asleep = pin!({
            let _guard = first.enter();
            sleep(Duration::from_millis(5))
        });
        first.block_on(poll_fn(|cx| {
            assert!(asleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        }));
        second.block_on(asleep);
    });
}

#[test]
fn a_sleep_polled_under_a_guard_is_waited_for_by_the_loop_that_turns() {
    in_time(|| {
        for mut other in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let other = other.build().unwrap();
            let mut asleep = None;
            let enters_at_each_poll = poll_fn(|cx| {
                let _guard = other.enter();
                let nap = || Box::pin(sleep(Duration::from_millis(2)));
                asleep.get_or_insert_with(nap).as_mut().poll(cx)
            });
            LocalRuntime::new().unwrap().block_on(enters_at_each_poll);
        }
    });
}
