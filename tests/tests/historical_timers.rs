//! Mistakes that other runtimes made with timers, each as a test that would find it here.
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | tokio #8334 | far timers in a wrapped slot made short ones late | `tokio_8334_…`, wheel |
//! | tokio #6682 | next wake-up computed before all timers were seen | here |
//! | tokio-util #5536 | panic once the levels were as old as they reach | `tokio_util_5536_…`, wheel |
//! | tokio #5183, #5710 | a deadline that looked like "none" | `tokio_5183_…`, wheel |
//! | tokio #6634, #6487, #6612 | an interval of `Duration::MAX` | `tokio_2408_tokio_6634_…`, fault_time |
//! | tokio #2408, #2667, #3551, #4495 | huge durations panic | the same, and wheel |
//! | async-io #87, polling #71, crossbeam #798 | the same in three more crates | the same |
//! | mio #1948 | a long wait cut short by a cast | `mio_1948_…`, reactor |
//! | libuv #354, #922 | a capped wait that was not counted down | here; `f26_…`, fault_clocks |
//! | tokio #4044 | a clock that went back | `tokio_4044_…`, wheel and fault_clocks |
//! | tokio #3069, glommio #326 | timers of 0 and 1 ms never fire | here, and wheel |
//! | tokio #3190 | an earlier timer does not shorten the wait | here |
//! | tokio #3229 | dropped at the moment of firing | `tokio_3229_…`, wheel and fault_time |
//! | tokio #8252 | cancelled timers stay | `tokio_8252_…`, wheel and fault_time |
//! | smol #113 | a timer dropped in a poll keeps the loop busy | `smol_113_…`, fault_time |
//! | smol #167 | the first waker is woken, not the last | `smol_167_…`, wheel and fault_leaves |
//! | libuv #4245, #3686 | a timer set by one that fires runs in the same pass | `libuv_4245_…`, wheel and fault_time |
//! | libuv #2416 | starting what is being closed | cannot be written: ownership |

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::task::Waker;
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::{spawn_local, yield_now};
use mainspring::time::{Instant, sleep, sleep_until};
use mainspring_reactor::{Tick, Wheel};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::watchdog::watch;

const MILLI: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

#[mainspring::test(start_paused = true)]
async fn tokio_6682_timers_set_while_others_fire_are_seen_by_the_next_wait() {
    let start = Instant::now();
    let order = Rc::new(RefCell::new(Vec::new()));
    let mut tasks = Vec::new();
    // Each sets a nearer timer than all that were known when it was woken.
    for number in 0..50_u32 {
        let order = order.clone();
        tasks.push(spawn_local(async move {
            sleep(HOUR + number * HOUR).await;
            sleep(MILLI).await;
            order.borrow_mut().push(start.elapsed());
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let expected = (0..50).map(|number| HOUR + number * HOUR + MILLI);
    assert!(order.take().into_iter().eq(expected));
}

#[test]
fn libuv_354_a_wait_that_ends_early_is_resumed_for_what_is_left_of_it() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let (stop, stopped) = channel::<()>();
    // Interrupts the wait all the time.
    let nuisance = thread::spawn(move || {
        while stopped.try_recv().is_err() {
            let _ = handle.call_soon_threadsafe(|| {});
            thread::yield_now();
        }
    });
    runtime.block_on(async {
        let start = Instant::now();
        sleep(20 * MILLI).await;
        assert!(start.elapsed() >= 20 * MILLI);
    });
    stop.send(()).unwrap();
    nuisance.join().unwrap();

    // The limit is made from the clock each time, never from what was asked.
    let mut wheel = Wheel::new();
    let day = Tick::ZERO.saturating_add(24 * HOUR);
    let month = Tick::ZERO.saturating_add(30 * 24 * HOUR);
    wheel.insert(month, Waker::noop().clone());
    wheel.advance(day, &mut Vec::new());
    let left = wheel.bound().unwrap().saturating_since(day);
    assert!(left <= 29 * 24 * HOUR);
}

#[test]
fn tokio_3069_glommio_326_the_shortest_sleeps_end() {
    let _watchdog = watch();
    for (paused, rounds) in [(true, 20_000), (false, 200)] {
        let mut builder = Builder::new_current_thread();
        let runtime = builder
            .start_paused(paused)
            .build_local(Default::default())
            .unwrap();
        runtime.block_on(async {
            for round in 0..rounds {
                let length = match round % 4 {
                    0 => Duration::ZERO,
                    1 => Duration::from_nanos(1),
                    2 => MILLI / 10,
                    _ => MILLI / 10 + Duration::from_nanos(round),
                };
                sleep(length).await;
                sleep_until(Instant::now()).await;
            }
        });
    }
}

#[test]
fn tokio_3190_a_nearer_timer_set_through_another_thread_shortens_the_wait() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    let (parks, parked) = channel();
    let thread = thread::spawn(move || {
        parked.recv().unwrap();
        // The loop waits for an hour, or is about to.
        handle.spawn(async { sleep(MILLI).await })
    });
    runtime.block_on(async {
        drop(spawn_local(sleep(HOUR)));
        yield_now().await;
        parks.send(()).unwrap();
        // Blocks the loop until the task is on its way; then it waits in the reactor.
        let near = thread.join().unwrap();
        near.await.unwrap();
    });
}

#[test]
fn tokio_3190_a_nearer_timer_set_by_a_task_that_was_woken_shortens_the_wait() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let bell = Bell::new();
        let mut far = Box::pin(sleep(HOUR));
        assert!(bell.poll(&mut far).is_pending());
        far.as_mut().reset(Instant::now() + MILLI);
        far.await;
        assert_eq!(bell.rings(), 0, "awaited by another waker since");
    });
}
