//! Time in hand: rules A1 to A5 of the paused clock, and its edges.
//!
//! The clock jumps to the first deadline if and only if
//!
//! - A1: nobody can run;
//! - A2: a look at the sockets, and then at the other threads' letters, finds nothing;
//! - A3: nothing is out that ends in real time: no job, no wait for a real peer;
//! - A4: nobody waits for idleness;
//! - A5: the deadline is not "never".
//!
//! Sockets (A2, A3) are in `net_tcp.rs`, pools that take part in time in `pool_simulated.rs`.

use std::cell::RefCell;
use std::future::{pending, poll_fn, ready};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::{idle, spawn_blocking, spawn_local, yield_now};
use mainspring::time::{
    self, Instant, advance, interval, pause, resume, sleep, sleep_until, timeout, timeout_at,
};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::watchdog::watch;

const NANO: Duration = Duration::from_nanos(1);
const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn paused() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap()
}

/// Notes what happens, with the time since the start.
#[derive(Clone)]
struct Log {
    start: Instant,
    lines: Rc<RefCell<Vec<(Duration, u32)>>>,
}

impl Log {
    fn new() -> Log {
        Log {
            start: Instant::now(),
            lines: Rc::default(),
        }
    }

    fn add(&self, number: u32) {
        self.lines.borrow_mut().push((self.start.elapsed(), number));
    }

    fn take(&self) -> Vec<(Duration, u32)> {
        self.lines.take()
    }

    /// A task that notes the end of a sleep.
    fn spawn(&self, length: Duration, number: u32) -> mainspring::task::JoinHandle<()> {
        let log = self.clone();
        spawn_local(async move {
            sleep(length).await;
            log.add(number);
        })
    }
}

// A1

#[mainspring::test(start_paused = true)]
async fn a1_the_clock_stands_while_anybody_can_run() {
    let log = Log::new();
    let timer = log.spawn(NANO, 1);
    for _ in 0..10_000 {
        yield_now().await;
    }
    assert_eq!(log.start.elapsed(), Duration::ZERO);
    assert!(!timer.is_finished());
    timer.await.unwrap();
    assert_eq!(log.take(), [(NANO, 1)]);
}

#[mainspring::test(start_paused = true)]
async fn a1_what_a_timers_task_spawns_runs_before_the_next_jump() {
    let log = Log::new();
    let inner = log.clone();
    let first = spawn_local(async move {
        sleep(SECOND).await;
        let innermost = inner.clone();
        spawn_local(async move {
            for number in 0..3 {
                innermost.add(number);
                yield_now().await;
            }
        })
        .await
        .unwrap();
    });
    log.spawn(SECOND + NANO, 9).await.unwrap();
    first.await.unwrap();
    let later = SECOND + NANO;
    assert_eq!(
        log.take(),
        [(SECOND, 0), (SECOND, 1), (SECOND, 2), (later, 9)]
    );
}

// A2

#[mainspring::test(start_paused = true)]
async fn a2_a_wake_that_another_thread_has_sent_comes_before_the_jump() {
    for _ in 0..100 {
        let start = Instant::now();
        let mut is_sent = false;
        let woken = poll_fn(move |cx| {
            if std::mem::replace(&mut is_sent, true) {
                return Poll::Ready(());
            }
            let waker: Waker = cx.waker().clone();
            // The letter is there when the loop comes to rest.
            thread::spawn(move || waker.wake()).join().unwrap();
            Poll::Pending
        });
        timeout(NANO, woken).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

#[mainspring::test(start_paused = true)]
async fn a2_a_call_that_another_thread_has_sent_comes_before_the_jump() {
    let start = Instant::now();
    let handle = mainspring::runtime::Handle::current();
    let task = thread::spawn(move || handle.spawn(async { Instant::now() }))
        .join()
        .unwrap();
    sleep(NANO).await;
    assert_eq!(task.await.unwrap(), start);
}

// A3

#[mainspring::test(start_paused = true)]
async fn a3_tokio_4522_a_job_that_takes_real_time_takes_no_virtual_time() {
    let start = Instant::now();
    for _ in 0..3 {
        let job = spawn_blocking(|| {
            thread::sleep(2 * MILLI);
            7
        });
        assert_eq!(timeout(SECOND, job).await.unwrap().unwrap(), 7);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[mainspring::test(start_paused = true)]
async fn a3_what_is_due_now_does_not_wait_for_a_job() {
    let _watchdog = watch();
    let (let_go, gate) = std::sync::mpsc::channel::<()>();
    let job = spawn_blocking(move || gate.recv());
    let start = Instant::now();
    sleep(Duration::ZERO).await;
    assert!(timeout(Duration::ZERO, pending::<()>()).await.is_err());
    interval(SECOND).tick().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(let_go);
    assert!(job.await.unwrap().is_err());
}

#[mainspring::test(start_paused = true)]
async fn a3_a_job_whose_handle_was_dropped_holds_the_clock_all_the_same() {
    let start = Instant::now();
    let (tell, told) = std::sync::mpsc::channel();
    drop(spawn_blocking(move || {
        thread::sleep(2 * MILLI);
        tell.send(()).unwrap();
    }));
    sleep(HOUR).await;
    assert_eq!(told.try_recv(), Ok(()));
    assert_eq!(start.elapsed(), HOUR);
}

// A4

#[mainspring::test(start_paused = true)]
async fn a4_who_waits_for_idleness_goes_on_before_the_jump() {
    let log = Log::new();
    let timer = log.spawn(NANO, 9);
    for number in 0..3 {
        idle().await;
        log.add(number);
    }
    timer.await.unwrap();
    assert_eq!(
        log.take(),
        [
            (Duration::ZERO, 0),
            (Duration::ZERO, 1),
            (Duration::ZERO, 2),
            (NANO, 9)
        ]
    );
}

// A5

#[mainspring::test(start_paused = true)]
async fn a5_what_never_comes_is_not_jumped_to() {
    let start = Instant::now();
    let never = spawn_local(sleep(Duration::MAX));
    sleep(100 * 365 * 24 * HOUR).await;
    assert_eq!(start.elapsed(), 100 * 365 * 24 * HOUR);
    assert!(!never.is_finished());
    assert!(never.cancel());
    assert!(never.await.unwrap_err().is_cancelled());
}

// The jump itself.

#[mainspring::test(start_paused = true)]
async fn jumps_are_exact_to_the_nanosecond() {
    let start = Instant::now();
    let mut sum = Duration::ZERO;
    for nanos in [1, 2, 999, 1_000_001, 1_048_575, 1_048_576, 67_108_865] {
        let length = Duration::from_nanos(nanos);
        sleep(length).await;
        sum += length;
        assert_eq!(start.elapsed(), sum);
    }
}

#[mainspring::test(start_paused = true)]
async fn deadlines_of_one_slot_are_jumps_of_their_own_in_their_order() {
    let log = Log::new();
    for (nanos, number) in [(3, 3), (1, 1), (2, 2), (1, 10)] {
        drop(log.spawn(Duration::from_nanos(nanos), number));
    }
    sleep(SECOND).await;
    let nanos = Duration::from_nanos;
    assert_eq!(
        log.take(),
        [(nanos(1), 1), (nanos(1), 10), (nanos(2), 2), (nanos(3), 3)]
    );
}

#[mainspring::test(start_paused = true)]
async fn a_hundred_thousand_sleeps_to_one_moment_end_in_the_order_of_setting() {
    let _watchdog = watch();
    let log = Log::new();
    for number in 0..100_000 {
        drop(log.spawn(HOUR, number));
    }
    sleep(HOUR + NANO).await;
    let seen = log.take();
    assert_eq!(seen.len(), 100_000);
    let expected = (0..100_000).map(|number| (HOUR, number));
    assert!(seen.into_iter().eq(expected));
}

#[mainspring::test(start_paused = true)]
async fn no_wait_ends_in_the_poll_that_begins_it() {
    let past = Instant::now();
    sleep(SECOND).await;
    let bell = Bell::new();
    let mut waits: [std::pin::Pin<Box<dyn Future<Output = ()>>>; 4] = [
        Box::pin(sleep(Duration::ZERO)),
        Box::pin(sleep_until(past)),
        Box::pin(async move {
            timeout(Duration::ZERO, pending::<()>()).await.unwrap_err();
        }),
        Box::pin(async move {
            timeout_at(past, pending::<()>()).await.unwrap_err();
        }),
    ];
    for wait in &mut waits {
        assert!(bell.poll(wait).is_pending());
    }
    yield_now().await;
    idle().await;
    for wait in &mut waits {
        assert!(bell.poll(wait).is_ready());
    }
    assert_eq!(past.elapsed(), SECOND, "and no time has passed");
}

// Timers that are given up or moved.

#[mainspring::test(start_paused = true)]
async fn the_first_deadline_may_be_given_up_before_it_comes() {
    let start = Instant::now();
    let first = spawn_local(sleep(SECOND));
    let second = spawn_local(sleep(2 * SECOND));
    yield_now().await;
    first.abort();
    second.await.unwrap();
    assert_eq!(start.elapsed(), 2 * SECOND, "the clock made no stop at 1 s");
    assert!(first.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn a_sleep_may_be_moved_both_ways_before_and_after_it_ended() {
    let start = Instant::now();
    let bell = Bell::new();
    let mut nap = Box::pin(sleep(10 * SECOND));
    assert!(bell.poll(&mut nap).is_pending());
    nap.as_mut().reset(start + SECOND);
    nap.as_mut().await;
    assert_eq!(start.elapsed(), SECOND);

    nap.as_mut().reset(start + 3 * SECOND);
    assert!(!nap.is_elapsed());
    assert!(bell.poll(&mut nap).is_pending());
    nap.as_mut().reset(start + 5 * SECOND);
    nap.as_mut().await;
    assert_eq!(start.elapsed(), 5 * SECOND);

    // To the past: at once, and not in the poll that begins it.
    nap.as_mut().reset(start);
    assert!(bell.poll(&mut nap).is_pending());
    nap.as_mut().await;
    assert_eq!(start.elapsed(), 5 * SECOND);
    assert_eq!(nap.deadline(), start);
}

#[mainspring::test(start_paused = true)]
async fn a_sleep_that_was_moved_after_it_fired_and_before_it_was_polled_waits_again() {
    let start = Instant::now();
    let bell = Bell::new();
    let mut nap = Box::pin(sleep(SECOND));
    assert!(bell.poll(&mut nap).is_pending());
    sleep(SECOND).await;
    assert_eq!(bell.rings(), 1);
    nap.as_mut().reset(start + 2 * SECOND);
    assert!(bell.poll(&mut nap).is_pending());
    nap.await;
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_task_aborted_at_the_moment_of_its_expiry_is_cancelled_if_it_had_not_run() {
    let start = Instant::now();
    let late = Rc::new(RefCell::new(None::<mainspring::task::JoinHandle<()>>));
    let inside = late.clone();
    let early = spawn_local(async move {
        sleep(SECOND).await;
        inside.borrow().as_ref().unwrap().abort();
    });
    yield_now().await;
    *late.borrow_mut() = Some(spawn_local(sleep(SECOND)));
    early.await.unwrap();
    let late = late.take().unwrap();
    assert!(late.await.unwrap_err().is_cancelled());
    assert_eq!(start.elapsed(), SECOND);
}

// Limits.

#[mainspring::test(start_paused = true)]
async fn a_value_that_is_ready_wins_over_a_limit_of_zero() {
    assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
    assert_eq!(timeout_at(Instant::now(), ready(1)).await, Ok(1));
    assert_eq!(time::wait_for(ready(1), Duration::ZERO).await, Ok(1));
}

#[mainspring::test(start_paused = true)]
async fn gh_86296_a_value_due_at_the_moment_of_the_limit_wins() {
    for _ in 0..200 {
        let value = async {
            sleep(SECOND).await;
            1
        };
        assert_eq!(timeout(SECOND, value).await, Ok(1));
        // Whichever of the two was set first.
        let limit = Instant::now() + SECOND;
        let mut value = Box::pin(sleep_until(limit));
        let mut limited = Box::pin(timeout_at(limit, pending::<()>()));
        let bell = Bell::new();
        assert!(bell.poll(&mut limited).is_pending());
        assert!(bell.poll(&mut value).is_pending());
        drop(limited);
        assert!(timeout_at(limit, value).await.is_ok());
    }
}

// Moving the clock.

#[mainspring::test(start_paused = true)]
async fn advance_goes_from_deadline_to_deadline_and_includes_the_last() {
    let log = Log::new();
    for seconds in 1..=4 {
        drop(log.spawn(seconds * SECOND, seconds));
    }
    advance(3 * SECOND).await;
    let expected = [1, 2, 3].map(|seconds| (seconds * SECOND, seconds));
    assert_eq!(log.take(), expected);
    assert_eq!(log.start.elapsed(), 3 * SECOND);
    advance(Duration::ZERO).await;
    assert_eq!(log.start.elapsed(), 3 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn advance_lets_everybody_rest_at_each_moment() {
    let log = Log::new();
    let inner = log.clone();
    drop(spawn_local(async move {
        sleep(SECOND).await;
        for _ in 0..100 {
            yield_now().await;
        }
        // Set on the way, and within what is left of it.
        sleep(SECOND).await;
        inner.add(1);
    }));
    drop(log.spawn(2 * SECOND, 2));
    advance(10 * SECOND).await;
    assert_eq!(log.take(), [(2 * SECOND, 2), (2 * SECOND, 1)]);
}

#[mainspring::test]
#[should_panic(expected = "time::pause")]
async fn a_running_clock_is_not_advanced() {
    advance(SECOND).await;
}

#[mainspring::test]
async fn a_clock_may_be_paused_and_let_go_more_than_once() {
    let start = Instant::now();
    pause();
    pause();
    let at_pause = Instant::now();
    sleep(HOUR).await;
    assert_eq!(at_pause.elapsed(), HOUR);
    resume();
    resume();
    // From here on the machine's time is added.
    sleep(MILLI).await;
    assert!(start.elapsed() >= HOUR + MILLI);
    pause();
    let again = Instant::now();
    assert!(again >= start + HOUR + MILLI, "no time is lost");
    sleep(HOUR).await;
    assert_eq!(again.elapsed(), HOUR);
}

#[mainspring::test]
async fn a_sleep_may_begin_on_one_clock_and_end_on_the_other() {
    let real = spawn_local(sleep(HOUR));
    yield_now().await;
    pause();
    real.await.unwrap();
    let virtual_one = spawn_local(sleep(MILLI));
    yield_now().await;
    resume();
    virtual_one.await.unwrap();
}

#[test]
fn between_two_block_ons_the_paused_clock_stands() {
    let runtime = paused();
    let start = runtime.block_on(async { Instant::now() });
    let background =
        runtime.block_on(async { spawn_local(async { sleep(SECOND).await }).abort_handle() });
    thread::sleep(MILLI);
    runtime.block_on(async {
        assert_eq!(start.elapsed(), Duration::ZERO);
        sleep(SECOND).await;
        assert_eq!(start.elapsed(), SECOND);
    });
    assert!(background.is_finished());
    runtime.block_on(async { assert_eq!(start.elapsed(), SECOND) });
}

#[test]
fn a_paused_runtime_and_a_running_one_know_nothing_of_each_other() {
    let _watchdog = watch();
    let running = thread::spawn(|| {
        LocalRuntime::new().unwrap().block_on(async {
            let start = Instant::now();
            sleep(2 * MILLI).await;
            start.elapsed()
        })
    });
    let runtime = paused();
    let jumped = runtime.block_on(async {
        let start = Instant::now();
        sleep(HOUR).await;
        start.elapsed()
    });
    assert_eq!(jumped, HOUR);
    assert!(running.join().unwrap() >= 2 * MILLI);
    // And on one thread, in turn.
    LocalRuntime::new().unwrap().block_on(async {
        let start = Instant::now();
        sleep(MILLI).await;
        assert!(start.elapsed() < HOUR);
    });
}
