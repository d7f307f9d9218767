//! F20 to F23: timers by the million, at every boundary, at the end of time, and in the middle of
//! their firing. F24 to F27 are in `fault_clocks.rs`.

use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::{all_tasks, idle, spawn_local, yield_now};
use mainspring::time::{
    Instant, Interval, MissedTickBehavior, Sleep, advance, interval, interval_at, sleep,
    sleep_secs, sleep_until, timeout, timeout_at, wait_for,
};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::watchdog::watch;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn paused() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap()
}

// F20

/// The waker of one timer, which notes its number and the moment.
struct Note {
    number: usize,
    log: Arc<Mutex<Vec<(Instant, usize)>>>,
}

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        let now = Instant::now();
        self.log.lock().unwrap().push((now, self.number));
    }
}

#[test]
fn f20_a_million_timers_fire_as_a_sorted_list_would() {
    const MANY: usize = 1_000_000;
    let _watchdog = watch();
    let runtime = paused();
    let log: Arc<Mutex<Vec<(Instant, usize)>>> = Arc::default();
    let (mut expected, end) = runtime.block_on(async {
        let start = Instant::now();
        let mut dice = 1_u64;
        let mut draw = move || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            start + Duration::from_nanos(1 + dice % 100_000_000_000_000)
        };
        let mut timers: Vec<Option<Pin<Box<Sleep>>>> = Vec::with_capacity(MANY);
        // Deadline, and the order of setting.
        let mut oracle = Vec::with_capacity(MANY);
        for number in 0..MANY {
            let mut timer = Box::pin(sleep_until(draw()));
            let log = log.clone();
            let waker = Waker::from(Arc::new(Note { number, log }));
            assert!(
                timer
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            oracle.push((timer.deadline(), number, number));
            timers.push(Some(timer));
        }
        for number in 0..MANY {
            match number % 3 {
                0 => timers[number] = None,
                1 => {
                    let deadline = draw();
                    timers[number].as_mut().unwrap().as_mut().reset(deadline);
                    oracle[number] = (deadline, MANY + number, number);
                }
                _ => {}
            }
        }
        sleep(Duration::from_secs(100_000)).await;
        assert!(timers.iter().flatten().all(|timer| timer.is_elapsed()));
        oracle.retain(|(_, _, number)| number % 3 != 0);
        (oracle, Instant::now())
    });
    expected.sort_unstable();
    let fired = std::mem::take(&mut *log.lock().unwrap());
    assert_eq!(fired.len(), expected.len());
    for ((moment, number), (deadline, _, expected)) in fired.into_iter().zip(expected) {
        assert_eq!((moment, number), (deadline, expected));
        assert!(moment <= end);
    }
}

// F21

fn huge() -> Vec<Duration> {
    let mut huge = vec![
        Duration::MAX,
        Duration::MAX - Duration::from_nanos(1),
        Duration::from_secs(u64::MAX),
        Duration::from_secs(i64::MAX as u64),
        Duration::from_millis(u64::MAX),
        Duration::from_secs(100 * 365 * 24 * 3600),
    ];
    for nanos in [u64::MAX, 1 << 63, 1 << 62] {
        huge.extend([nanos - 1, nanos, nanos.saturating_add(1)].map(Duration::from_nanos));
    }
    huge
}

/// Every way to wait for a duration, on the clock of the runtime around it.
async fn every_wait(length: Duration) {
    let bell = Bell::new();
    assert!(bell.poll(&mut Box::pin(sleep(length))).is_pending());
    assert!(bell.poll(&mut Box::pin(sleep_secs(length))).is_pending());
    assert!(
        bell.poll(&mut Box::pin(timeout(length, pending::<()>())))
            .is_pending()
    );
    assert_eq!(timeout(length, ready(1)).await, Ok(1));
    assert_eq!(wait_for(ready(1), length).await, Ok(1));
    assert_eq!(
        timeout(length, async { sleep(Duration::ZERO).await }).await,
        Ok(())
    );

    let now = Instant::now();
    if let Some(deadline) = now.checked_add(length) {
        let mut nap = Box::pin(sleep_until(deadline));
        assert!(bell.poll(&mut nap).is_pending());
        assert!(!nap.is_elapsed());
        nap.as_mut().reset(now);
        nap.await;
        assert_eq!(timeout_at(deadline, ready(1)).await, Ok(1));
        let mut ticks = interval_at(deadline, length);
        assert!(bell.poll(&mut Box::pin(ticks.tick())).is_pending());
    }
    for missed in [
        MissedTickBehavior::Burst,
        MissedTickBehavior::Delay,
        MissedTickBehavior::Skip,
    ] {
        let mut ticks: Interval = interval(length);
        ticks.set_missed_tick_behavior(missed);
        ticks.tick().await;
        assert!(bell.poll(&mut Box::pin(ticks.tick())).is_pending());
        ticks.reset();
        assert!(bell.poll(&mut Box::pin(ticks.tick())).is_pending());
        ticks.reset_after(length);
        assert!(bell.poll(&mut Box::pin(ticks.tick())).is_pending());
        ticks.reset_immediately();
        ticks.tick().await;
    }
}

#[test]
fn tokio_2408_tokio_6634_huge_durations_go_through_every_wait() {
    let _watchdog = watch();
    for runtime in [paused(), LocalRuntime::new().unwrap()] {
        runtime.block_on(async {
            for length in huge() {
                every_wait(length).await;
            }
            sleep(Duration::from_millis(1)).await;
        });
        // Also as limits of the runtime's end.
        runtime.shutdown_timeout(Duration::MAX);
    }
    let mut builder = Builder::new_current_thread();
    builder
        .thread_keep_alive(Duration::MAX)
        .shutdown_timeout(Duration::MAX);
    let runtime = builder.build().unwrap();
    let job = async { mainspring::spawn_blocking(|| 1).await };
    assert_eq!(runtime.block_on(job).unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn f21_the_clock_may_be_moved_to_the_end_of_time() {
    let start = Instant::now();
    advance(Duration::from_nanos(u64::MAX / 2)).await;
    assert_eq!(start.elapsed(), Duration::from_nanos(u64::MAX / 2));
    every_wait(Duration::MAX).await;
    every_wait(SECOND).await;
    sleep(SECOND).await;
    advance(Duration::MAX).await;
    every_wait(Duration::MAX).await;
    let _ = Instant::now();
}

#[mainspring::test]
async fn f21_numbers_that_are_no_durations() {
    let bell = Bell::new();
    for never in [f64::INFINITY, f64::MAX, 1e300, 1e19] {
        assert!(bell.poll(&mut Box::pin(sleep_secs(never))).is_pending());
    }
    for now in [0.0, -0.0, -1.0, f64::NEG_INFINITY, f64::MIN_POSITIVE] {
        sleep_secs(now).await;
    }
    sleep_secs(-1).await;
}

#[test]
#[should_panic(expected = "NaN")]
fn f21_no_number_is_no_delay() {
    LocalRuntime::new()
        .unwrap()
        .block_on(async { sleep_secs(f64::NAN).await });
}

// F22

#[mainspring::test(start_paused = true)]
async fn f22_every_boundary_of_the_wheel_is_crossed_on_the_nanosecond() {
    // A slot of the lowest level is 2^20 ns wide, each next one 64 times as wide.
    let boundaries: Vec<u64> = (0..7).map(|level| 1 << (20 + 6 * level)).collect();
    for &from in &boundaries {
        for &width in &boundaries {
            for length in [width - 1, width, width + 1] {
                let start = Instant::now();
                let length = Duration::from_nanos(length);
                let sleeper = spawn_local(async move {
                    sleep(length).await;
                    start.elapsed()
                });
                assert_eq!(sleeper.await.unwrap(), length);
            }
        }
        sleep(Duration::from_nanos(from)).await;
    }
}

// F23

#[mainspring::test(start_paused = true)]
async fn f23_a_timer_may_drop_another_that_is_due_at_the_same_moment() {
    let naps: Rc<RefCell<Vec<Pin<Box<Sleep>>>>> = Rc::default();
    let bell = Bell::new();
    let inside = naps.clone();
    let first = spawn_local(async move {
        sleep(SECOND).await;
        inside.borrow_mut().clear();
    });
    yield_now().await;
    for _ in 0..10 {
        let mut nap = Box::pin(sleep(SECOND));
        assert!(bell.poll(&mut nap).is_pending());
        naps.borrow_mut().push(nap);
    }
    first.await.unwrap();
    sleep(SECOND).await;
    // They had fired together with it: their waker was called, and nobody is left to be polled.
    assert_eq!(bell.rings(), 10);
    assert_eq!(Arc::strong_count(&bell), 1);
}

#[mainspring::test(start_paused = true)]
async fn libuv_4245_zero_sleeps_in_a_row_neither_stop_the_others_nor_move_the_clock() {
    let start = Instant::now();
    let (turns, other_turns) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (count, other_count) = (turns.clone(), other_turns.clone());
    let zeroes = spawn_local(async move {
        for _ in 0..1000 {
            sleep(Duration::ZERO).await;
            count.set(count.get() + 1);
        }
    });
    let other = spawn_local(async move {
        for _ in 0..1000 {
            yield_now().await;
            other_count.set(other_count.get() + 1);
        }
    });
    other.await.unwrap();
    assert_eq!(other_turns.get(), 1000);
    zeroes.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[mainspring::test(start_paused = true)]
async fn f23_a_sleep_may_be_reset_in_the_poll_that_follows_its_firing() {
    let start = Instant::now();
    let mut nap = Box::pin(sleep(SECOND));
    for round in 1..=100 {
        nap.as_mut().await;
        assert_eq!(start.elapsed(), round * SECOND);
        let next = nap.deadline() + SECOND;
        nap.as_mut().reset(next);
    }
}

#[mainspring::test(start_paused = true)]
async fn tokio_3229_a_sleep_dropped_in_the_task_that_it_woke_leaves_nothing() {
    for _ in 0..1000 {
        let mut nap = Box::pin(sleep(Duration::from_micros(1)));
        let bell = Bell::new();
        assert!(bell.poll(&mut nap).is_pending());
        sleep(Duration::from_micros(1)).await;
        assert_eq!(bell.rings(), 1);
        drop(nap);
        assert_eq!(Arc::strong_count(&bell), 1);
    }
}

#[mainspring::test(start_paused = true)]
async fn tokio_8252_a_million_limits_that_never_come_leave_nothing_to_wait_for() {
    let _watchdog = watch();
    let start = Instant::now();
    for _ in 0..1_000_000 {
        timeout(HOUR, ready(())).await.unwrap();
    }
    for _ in 0..10_000 {
        timeout(HOUR, yield_now()).await.unwrap();
    }
    // The clock would stop at an hour if anything were left.
    sleep(2 * HOUR).await;
    assert_eq!(start.elapsed(), 2 * HOUR);
}

#[mainspring::test]
async fn smol_113_a_sleep_dropped_in_poll_leaves_the_loop_at_rest() {
    for _ in 0..100 {
        let _ = timeout(Duration::from_micros(10), sleep(HOUR)).await;
    }
    idle().await;
    assert_eq!(all_tasks().len(), 1);
}
