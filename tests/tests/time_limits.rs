//! Time limits and intervals: who wins a tie, what is left behind, what a late tick does.

use std::time::Duration;

use mainspring::runtime::{Builder, RunEnd};
use mainspring::task::{spawn, yield_now};
use mainspring::time::{
    Instant, MissedTickBehavior, advance, interval, sleep, timeout, timeout_at,
};

const SECOND: Duration = Duration::from_secs(1);

#[mainspring::test(start_paused = true)]
async fn a_future_that_is_ready_with_its_limit_wins() {
    // Its own timer is older than the limit's, and the other way round.
    let ready_first = sleep(SECOND);
    assert!(timeout(SECOND, ready_first).await.is_ok());

    let deadline = Instant::now() + SECOND;
    let limited = timeout_at(deadline, async {
        mainspring::time::sleep_until(deadline).await
    });
    assert!(limited.await.is_ok());
}

#[mainspring::test(start_paused = true)]
async fn a_limit_of_zero_polls_its_future_once() {
    assert_eq!(timeout(Duration::ZERO, async { 5 }).await, Ok(5));
    assert!(timeout(Duration::ZERO, yield_now()).await.is_ok());
    assert!(timeout(Duration::ZERO, sleep(SECOND)).await.is_err());
}

#[test]
fn a_limit_that_was_not_needed_leaves_no_timer() {
    let runtime = Builder::new_current_thread()
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let start = runtime.block_on(async {
        let start = Instant::now();
        for _ in 0..100 {
            timeout(60 * SECOND, sleep(SECOND)).await.unwrap();
            timeout(60 * SECOND, async {}).await.unwrap();
        }
        start
    });
    // A timer that was left would be something that can still happen, and the clock would go there.
    assert!(matches!(runtime.run_forever(), RunEnd::Idle));
    let end = runtime.block_on(async { Instant::now() });
    assert_eq!(end - start, 100 * SECOND);
}

#[mainspring::test(start_paused = true)]
async fn a_late_tick_is_followed_as_the_interval_was_told() {
    for (behavior, ticks) in [
        (MissedTickBehavior::Burst, [35, 35, 35, 40]),
        (MissedTickBehavior::Delay, [35, 45, 55, 65]),
        (MissedTickBehavior::Skip, [35, 40, 50, 60]),
    ] {
        let start = Instant::now();
        let mut every_ten = interval(10 * SECOND);
        every_ten.set_missed_tick_behavior(behavior);
        every_ten.tick().await;
        advance(35 * SECOND).await;
        for tick in ticks {
            every_ten.tick().await;
            assert_eq!(start.elapsed(), tick * SECOND, "{behavior:?}");
        }
    }
}

#[test]
fn a_stop_is_heard_while_tasks_give_way_for_ever() {
    let runtime = Builder::new_current_thread()
        .build_local(Default::default())
        .unwrap();
    let handle = runtime.handle().clone();
    for _ in 0..2 {
        runtime.spawn_local(async {
            loop {
                yield_now().await;
            }
        });
    }
    runtime.spawn_local(async move {
        spawn(async {}).await.unwrap();
        handle.stop();
    });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
}
