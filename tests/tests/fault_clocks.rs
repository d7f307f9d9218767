//! F24 to F27: clocks that jump, machines that have been up for a moment or for a century, and a
//! day of random work.
//!
//! What needs a tool of the system (`faketime`, `unshare`, `strace`) is played where the tool is
//! found; each such test has another half that needs none.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::task::Waker;
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::sync::{Queue, Semaphore};
use mainspring::task::{all_tasks, idle, spawn_local};
use mainspring::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use mainspring_reactor::{Tick, Wheel};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::watchdog::watch;

const HOUR: Duration = Duration::from_secs(3600);

/// Small numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}

fn paused() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap()
}

// F24

/// Whether a tool of the system is there and works.
fn has(tool: &str, arguments: &[&str]) -> bool {
    let answer = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let works = answer.is_ok_and(|status| status.success());
    if !works {
        eprintln!("{tool} is not here, or not allowed: only the half without it was played");
    }
    works
}

const SCENARIO: &str = env!("CARGO_BIN_EXE_scenario");

/// Plays the scenario of six timers under another program.
fn timers_under(tool: &str, arguments: &[&str]) {
    let output = Command::new(tool)
        .args(arguments)
        .args([SCENARIO, "order-of-timers"])
        .output()
        .unwrap();
    let seen = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    assert_eq!(seen, "0\n1\n3\n3\n5\n7\n", "{arguments:?}: {errors}");
}

#[test]
fn f24_after_the_clock_has_leapt_what_is_overdue_fires_once_and_in_order() {
    let _watchdog = watch();
    let order = Rc::new(RefCell::new(Vec::new()));
    LocalRuntime::new().unwrap().block_on(async {
        let mut tasks = Vec::new();
        for millis in [3, 1, 2, 0] {
            let order = order.clone();
            tasks.push(spawn_local(async move {
                sleep(Duration::from_millis(millis)).await;
                order.borrow_mut().push(millis);
            }));
        }
        let mut ticks = interval(Duration::from_millis(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks.tick().await;
        // The loop hears of no time for a while, as if the machine had slept.
        thread::sleep(Duration::from_millis(20));
        let late = ticks.tick().await;
        assert!(Instant::now() - late >= Duration::from_millis(5));
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(*order.borrow(), [0, 1, 2, 3]);
    if has("faketime", &["-f", "+0 x100", "true"]) {
        timers_under("faketime", &["-f", "+0 x100"]);
        timers_under("faketime", &["-f", "@2038-01-19 03:14:00"]);
    }
}

#[test]
fn tokio_4044_a_clock_that_goes_back_or_stands_still_breaks_nothing() {
    let mut wheel = Wheel::starting_at(Tick::from_nanos(1_000));
    let bell = Bell::new();
    let mut due = Vec::new();
    let key = wheel.insert(Tick::from_nanos(2_000), Waker::from(bell.clone()));
    for now in [1_500, 500, 0, 1_500, 1_999] {
        wheel.advance(Tick::from_nanos(now), &mut due);
        assert!(due.is_empty());
    }
    wheel.advance(Tick::from_nanos(2_000), &mut due);
    wheel.advance(Tick::from_nanos(100), &mut due);
    wheel.advance(Tick::from_nanos(2_000), &mut due);
    assert_eq!(due.len(), 1);
    assert!(!wheel.contains(key));
    // And differences of moments, the other way round.
    let (early, late) = (Instant::now(), Instant::now() + HOUR);
    assert_eq!(early - late, Duration::ZERO);
    assert_eq!(late.elapsed(), Duration::ZERO);
    assert_eq!(early.duration_since(late), Duration::ZERO);
}

// F25

#[test]
fn f25_a_machine_may_have_been_up_for_a_moment_or_for_a_century() {
    let _watchdog = watch();
    let century = 126 * 365 * 24 * 3600;
    // Milliseconds around which counters of 30, 32 and 36 bits turn over.
    let uptimes = [0, 1 << 30, 1 << 32, 1 << 36].map(|millis: u64| millis / 1000);
    for uptime in uptimes.into_iter().chain([century]) {
        let start = Tick::ZERO.saturating_add(Duration::from_secs(uptime));
        let mut wheel = Wheel::starting_at(start);
        let bells = [0_u64, 1, 3, 3, 5, 7].map(|millis| {
            let bell = Bell::new();
            let deadline = start.saturating_add(Duration::from_millis(millis));
            wheel.insert(deadline, Waker::from(bell.clone()));
            (millis, bell)
        });
        for now in 0..=7 {
            let mut due = Vec::new();
            let now_tick = start.saturating_add(Duration::from_millis(now));
            wheel.advance(now_tick, &mut due);
            due.into_iter().for_each(Waker::wake);
            for (millis, bell) in &bells {
                assert_eq!(bell.rings(), usize::from(*millis <= now), "{uptime} s");
            }
        }
        let seconds = uptime.to_string();
        let namespace = ["--time", "--monotonic", &seconds, "--fork"];
        if has("unshare", &[&namespace[..], &["true"]].concat()) {
            timers_under("unshare", &namespace);
        }
    }
}

// F26

#[test]
fn f26_no_wait_asks_the_kernel_for_more_than_a_day() {
    let _watchdog = watch();
    // That a limit of any length is cut, and a wait not, is held by the reactor's own tests.
    if !has("strace", &["-qq", "true"]) {
        return;
    }
    let log = std::env::temp_dir().join(format!("mainspring-f26-{}", std::process::id()));
    let mut child = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=epoll_wait,epoll_pwait,epoll_pwait2",
            "-o",
        ])
        .arg(&log)
        .args([SCENARIO, "far-timer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    stdout.read_line(&mut said).unwrap();
    // Each line interrupts the wait once, and has it told to the log.
    let waits = loop {
        stdin.write_all(b"\n").unwrap();
        let mut heard = String::new();
        stdout.read_line(&mut heard).unwrap();
        let text = std::fs::read_to_string(&log).unwrap();
        if text.contains("86400000") {
            break text;
        }
    };
    drop(stdin);
    assert!(child.wait().unwrap().success());
    let _ = std::fs::remove_file(&log);
    for line in waits.lines() {
        let limit = line
            .rsplit_once(") = ")
            .and_then(|(call, _)| call.rsplit_once(", "));
        let millis = limit.and_then(|(_, limit)| limit.parse::<i64>().ok());
        assert!(millis.is_none_or(|millis| millis <= 86_400_000), "{line}");
    }
}

// F27

#[test]
fn f27_a_day_of_random_work_keeps_every_promise() {
    let _watchdog = watch();
    for seed in 1..=100 {
        let day = a_day(seed);
        if seed <= 10 {
            assert_eq!(day, a_day(seed), "seed {seed}: the same day again");
        }
    }
}

/// Twenty-four hours of workers that sleep, wait with limits, trade permits and items, spawn and
/// abort each other. Gives a number that depends on all that happened.
fn a_day(seed: u64) -> u64 {
    let runtime = paused();
    let trail = Rc::new(Cell::new(seed));
    runtime.block_on(async {
        let start = Instant::now();
        let permits = Rc::new(Semaphore::new(3));
        let queue = Rc::new(Queue::<u64>::bounded(4));
        let mut workers = Vec::new();
        for number in 0..20_u64 {
            let (permits, queue, trail) = (permits.clone(), queue.clone(), trail.clone());
            workers.push(spawn_local(async move {
                let mut dice = Dice(seed * 1000 + number + 1);
                loop {
                    let length = Duration::from_nanos(1 + dice.below(600_000_000_000));
                    let before = Instant::now();
                    match dice.below(6) {
                        0 => {
                            sleep(length).await;
                            assert_eq!(before.elapsed(), length);
                        }
                        1 => {
                            let outcome = timeout(length, pending::<()>()).await;
                            assert!(outcome.is_err());
                            assert_eq!(before.elapsed(), length);
                        }
                        2 => {
                            if let Ok(permit) = timeout(length, permits.acquire()).await {
                                sleep(length).await;
                                drop(permit);
                            }
                        }
                        3 => drop(timeout(length, queue.put(number)).await),
                        4 => drop(timeout(length, queue.get()).await),
                        _ => {
                            let child = spawn_local(async move {
                                sleep(2 * length).await;
                            });
                            sleep(length).await;
                            child.abort();
                            assert!(child.await.unwrap_err().is_cancelled());
                            assert_eq!(before.elapsed(), length);
                        }
                    }
                    let moment = start.elapsed().as_nanos() as u64;
                    trail.set(trail.get().rotate_left(5) ^ moment ^ number);
                }
            }));
        }
        sleep(24 * HOUR).await;
        assert_eq!(start.elapsed(), 24 * HOUR);
        for worker in workers {
            worker.abort();
            assert!(worker.await.unwrap_err().is_cancelled());
        }
        idle().await;
        let left: Vec<_> = all_tasks()
            .into_iter()
            .filter(|task| !task.is_main)
            .collect();
        // A child whose parent was aborted in mid-sleep ends by itself.
        assert!(
            left.iter().all(|task| task.waiting_on.is_some()),
            "{left:?}"
        );
        sleep(HOUR).await;
        assert_eq!(all_tasks().len(), 1);
        assert_eq!(permits.available_permits(), 3);
    });
    trail.get()
}
