//! Intervals on the paused clock, and what they do about ticks that nobody waited for.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use mainspring::task::spawn_local;
use mainspring::time::{
    Instant, MissedTickBehavior, advance, interval, interval_at, sleep, timeout,
};

const MILLI: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Ticks at 0 s, then nobody asks until 3.5 s, then four more: when each was due and when it came.
async fn ticks_after_a_gap(missed: MissedTickBehavior) -> Vec<(Duration, Duration)> {
    let start = Instant::now();
    let mut ticks = interval(SECOND);
    ticks.set_missed_tick_behavior(missed);
    ticks.tick().await;
    advance(3500 * MILLI).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let due = ticks.tick().await;
        seen.push((due - start, start.elapsed()));
    }
    seen
}

fn millis(pairs: [(u64, u64); 4]) -> Vec<(Duration, Duration)> {
    let duration = Duration::from_millis;
    pairs
        .map(|(due, came)| (duration(due), duration(came)))
        .to_vec()
}

#[mainspring::test(start_paused = true)]
async fn a_burst_catches_up_at_once() {
    let seen = ticks_after_a_gap(MissedTickBehavior::Burst).await;
    let expected = [(1000, 3500), (2000, 3500), (3000, 3500), (4000, 4000)];
    assert_eq!(seen, millis(expected));
}

#[mainspring::test(start_paused = true)]
async fn a_delay_goes_on_from_the_late_tick() {
    let seen = ticks_after_a_gap(MissedTickBehavior::Delay).await;
    let expected = [(1000, 3500), (4500, 4500), (5500, 5500), (6500, 6500)];
    assert_eq!(seen, millis(expected));
}

#[mainspring::test(start_paused = true)]
async fn a_skip_leaves_out_what_was_missed() {
    let seen = ticks_after_a_gap(MissedTickBehavior::Skip).await;
    let expected = [(1000, 3500), (4000, 4000), (5000, 5000), (6000, 6000)];
    assert_eq!(seen, millis(expected));
}

#[mainspring::test(start_paused = true)]
async fn ticks_that_are_awaited_are_not_missed_however_far_the_clock_is_moved() {
    for missed in [
        MissedTickBehavior::Burst,
        MissedTickBehavior::Delay,
        MissedTickBehavior::Skip,
    ] {
        let start = Instant::now();
        let log = Rc::new(RefCell::new(Vec::new()));
        let inner = log.clone();
        let ticker = spawn_local(async move {
            let mut ticks = interval_at(start + SECOND, SECOND);
            ticks.set_missed_tick_behavior(missed);
            loop {
                ticks.tick().await;
                inner.borrow_mut().push(start.elapsed());
            }
        });
        advance(5 * SECOND).await;
        let expected = [1, 2, 3, 4, 5].map(|seconds| seconds * SECOND);
        assert_eq!(log.take(), expected, "{missed:?}");
        ticker.abort();
    }
}

#[mainspring::test(start_paused = true)]
async fn an_interval_may_be_set_anew() {
    let start = Instant::now();
    let mut ticks = interval(SECOND);
    ticks.tick().await;
    ticks.reset_after(10 * SECOND);
    assert_eq!(ticks.tick().await - start, 10 * SECOND);
    ticks.reset();
    assert_eq!(ticks.tick().await - start, 11 * SECOND);
    ticks.reset_immediately();
    assert_eq!(ticks.tick().await - start, 11 * SECOND);
    ticks.reset_at(start + 20 * SECOND);
    assert_eq!(ticks.tick().await - start, 20 * SECOND);
    assert_eq!(start.elapsed(), 20 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_tick_that_was_given_up_is_still_to_come() {
    let start = Instant::now();
    let mut ticks = interval(SECOND);
    ticks.tick().await;
    for _ in 0..3 {
        assert!(timeout(SECOND / 4, ticks.tick()).await.is_err());
    }
    assert_eq!(ticks.tick().await - start, SECOND);
    assert_eq!(start.elapsed(), SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_clock_that_only_timers_move_runs_on_for_a_day() {
    let start = Instant::now();
    let ticks = Rc::new(Cell::new(0_u32));
    let count = ticks.clone();
    drop(spawn_local(async move {
        let mut every_second = interval(SECOND);
        loop {
            every_second.tick().await;
            count.set(count.get() + 1);
        }
    }));
    sleep(24 * HOUR).await;
    assert_eq!(start.elapsed(), 24 * HOUR);
    // The last one is due at this very moment, and was set after this sleep.
    assert_eq!(ticks.get(), 24 * 3600);
}
