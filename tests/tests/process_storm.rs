//! The kill storm: jobs that end well, badly, or never, on workers that are killed at random
//! meanwhile. Whatever happens, each job is answered once, and nothing is left behind.
//!
//! This is a test with `harness = false`: its `main` is its own, so that a worker is simply this
//! program again, and no `worker_test` has to be named. Nothing runs beside a storm here: what
//! children and descriptors the process has are the storm's.
//!
//! `STORM=100000 cargo test --test process_storm` makes each storm of as many jobs; `SEED=7` makes
//! other ones.

use std::collections::{BTreeMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use mainspring::pool::run_in_executor;
use mainspring::process::{ProcessPool, function, serve};
use mainspring::runtime::{LocalRuntime, Runtime};
use mainspring::task::{JoinError, JoinHandle, spawn_local};
use mainspring::time::sleep;
use mainspring_tests::processes::{children, descriptors, strike};
use mainspring_tests::watchdog::watch_for;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

/// Workers of each pool: more than processors, so that they are in each other's way.
const WORKERS: usize = 4;

/// Signals that end a process, whoever sends them.
const DEADLY: [Signal; 3] = [Signal::KILL, Signal::TERM, Signal::ABORT];

fn main() {
    serve([function(act)]);
    // As a harness is asked by those who list tests.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let jobs = number("STORM").unwrap_or(1000);
    let seed = number("SEED").unwrap_or(0x5eed);
    let _watch = watch_for(Duration::from_millis(30_000 + 20 * jobs));
    let storms: [(&str, Storm); 5] = [
        ("every job is answered once", storm),
        ("with retries, strikes from outside cost nothing", retries),
        ("a pool that is dropped in a storm", dropped),
        ("a pool that is shut down in a storm", shut_down),
        ("a storm from several threads", threads),
    ];
    for (name, storm) in storms {
        let open = descriptors().unwrap();
        storm(jobs, seed);
        assert_eq!(children(), [], "{name}: no child is left, nor a zombie");
        assert_eq!(descriptors().unwrap(), open, "{name}");
        println!("{name}: ok");
    }
}

/// So many jobs, from this seed.
type Storm = fn(u64, u64);

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().expect("a number"))
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Act {
    /// Computes for about so many microseconds, and returns this number.
    Return(u64),
    Exit(i32),
    Abort,
    Fault,
    Panic,
    Hang,
}

fn act(act: Act) -> u64 {
    match act {
        Act::Return(n) => {
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_micros(n) {}
            n
        }
        Act::Exit(code) => std::process::exit(code),
        Act::Abort => std::process::abort(),
        // The standard library takes the first for a stack that may have overflowed.
        Act::Fault => loop {
            strike(std::process::id(), Signal::SEGV);
        },
        Act::Panic => panic!("as it was told"),
        Act::Hang => loop {
            thread::park();
        },
    }
}

/// How a job ended, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Returned,
    Panicked,
    Cancelled,
    /// Its worker died of a signal.
    Signal(i32),
    /// Its worker exited.
    Exit(i32),
    /// No worker got ready for it.
    NotDone,
}

/// What became of a storm.
#[derive(Debug, Default)]
struct Tally {
    ends: BTreeMap<(Act, End), usize>,
}

impl Tally {
    /// Takes an answer down, if it can have come of that act.
    fn add(&mut self, act: Act, answer: Result<u64, JoinError>) -> End {
        let end = match answer {
            Ok(n) => {
                assert_eq!(act, Act::Return(n), "this is another job's answer");
                End::Returned
            }
            Err(error) => match error.worker_died() {
                Some(died) => {
                    let status = died.status.expect("somebody else has waited for a worker");
                    match status.signal() {
                        Some(signal) => End::Signal(signal),
                        None => End::Exit(status.code().unwrap()),
                    }
                }
                None if error.is_cancelled() => End::Cancelled,
                None if error.is_panic() => {
                    assert!(error.to_string().contains("as it was told"), "{error}");
                    End::Panicked
                }
                None => {
                    assert!(std::error::Error::source(&error).is_some(), "{error:?}");
                    End::NotDone
                }
            },
        };
        let is_possible = match end {
            End::Returned => matches!(act, Act::Return(_)),
            End::Panicked => act == Act::Panic,
            End::Exit(code) => act == Act::Exit(code),
            End::Cancelled => act == Act::Hang,
            End::Signal(_) | End::NotDone => true,
        };
        assert!(is_possible, "{act:?} ended in {end:?}");
        let act = match act {
            Act::Return(_) => Act::Return(0),
            act => act,
        };
        *self.ends.entry((act, end)).or_default() += 1;
        end
    }

    fn count(&self, which: impl Fn(Act, End) -> bool) -> u64 {
        let counted = self.ends.iter().filter(|((act, end), _)| which(*act, *end));
        counted.map(|(_, count)| *count as u64).sum()
    }
}

// The storms.

/// F60, F61, F63; loky and temporal 245: errors are at most as many as strikes, and the pool lives.
fn storm(jobs: u64, seed: u64) {
    LocalRuntime::new().unwrap().block_on(async {
        let pool = ProcessPool::new(WORKERS).unwrap();
        let (tally, strikes) = weather(&pool, jobs, &mut Dice(seed), |dice| match dice.roll(100) {
            0..3 => Act::Exit(0),
            3..6 => Act::Exit(3),
            6..8 => Act::Abort,
            8..10 => Act::Fault,
            10..12 => Act::Panic,
            12..15 => Act::Hang,
            _ => Act::Return(dice.roll(2000)),
        })
        .await;
        assert_eq!(tally.count(|_, _| true), jobs);
        // Some are hit by a signal without being struck.
        let is_struck = |act| act != Act::Abort && act != Act::Fault;
        let hit = |act, end| is_struck(act) && matches!(end, End::Signal(_) | End::NotDone);
        assert!(tally.count(hit) <= strikes, "{strikes}: {tally:?}");
        // It takes more than one strike to keep a job from its worker.
        let not_done = tally.count(|_, end| end == End::NotDone);
        assert!(3 * not_done <= strikes, "{strikes}: {tally:?}");
        for act in [
            Act::Return(0),
            Act::Exit(0),
            Act::Fault,
            Act::Panic,
            Act::Hang,
        ] {
            assert!(tally.count(|other, _| other == act) > 0, "{tally:?}");
        }
        println!("{strikes} strikes: {:?}", tally.ends);
        calm(&pool).await;
        assert!(pool.shutdown(None, false).await.is_empty());
        assert_eq!(children(), []);
    });
}

fn retries(jobs: u64, seed: u64) {
    LocalRuntime::new().unwrap().block_on(async {
        let builder = ProcessPool::builder().workers(WORKERS).retries(30);
        let pool = builder.build().unwrap();
        let (tally, strikes) =
            weather(&pool, jobs, &mut Dice(!seed), |dice| match dice.roll(200) {
                0 => Act::Fault,
                1..4 => Act::Panic,
                4..7 => Act::Hang,
                _ => Act::Return(dice.roll(2000)),
            })
            .await;
        assert_eq!(tally.count(|_, _| true), jobs);
        let lost = |act, end| matches!(act, Act::Return(_)) && end != End::Returned;
        assert_eq!(tally.count(lost), 0, "{tally:?}");
        println!("{strikes} strikes: {:?}", tally.ends);
        calm(&pool).await;
        // Dropped, not shut down: its workers end as well.
    });
}

/// F72: every handle is answered, although nobody sees to the workers any more.
fn dropped(jobs: u64, seed: u64) {
    let mut dice = Dice(seed.rotate_left(7));
    let mut tally = Tally::default();
    for round in 0..4 {
        LocalRuntime::new().unwrap().block_on(async {
            let pool = ProcessPool::new(WORKERS).unwrap();
            let handles = submit_any(&pool, jobs / 4, &mut dice);
            for _ in 0..round * 10 {
                strike_one(&pool, &mut dice);
                sleep(Duration::from_micros(dice.roll(1000))).await;
            }
            drop(pool);
            for handle in handles {
                tally_or_cancelled(&mut tally, handle.await);
            }
        });
        assert_eq!(children(), []);
    }
    assert_eq!(tally.count(|_, _| true), jobs / 4 * 4);
}

/// The same with `shutdown`: what waits is cancelled, what hangs is named and killed.
fn shut_down(jobs: u64, seed: u64) {
    let mut dice = Dice(seed.rotate_left(13));
    let mut tally = Tally::default();
    for round in 0..4 {
        LocalRuntime::new().unwrap().block_on(async {
            let pool = ProcessPool::new(WORKERS).unwrap();
            let handles = submit_any(&pool, jobs / 4, &mut dice);
            for _ in 0..round * 10 {
                strike_one(&pool, &mut dice);
                sleep(Duration::from_micros(dice.roll(1000))).await;
            }
            let wait = Duration::from_millis(dice.roll(20));
            let mut ended = std::pin::pin!(pool.clone().shutdown(Some(wait), true));
            // It is struck while it ends, too.
            let mut is_over = false;
            while !is_over {
                strike_one(&pool, &mut dice);
                let moment = Duration::from_micros(dice.roll(1000));
                let polled = mainspring::time::timeout(moment, ended.as_mut()).await;
                is_over = polled.is_ok();
            }
            assert_eq!(children(), [], "it has waited for all of them");
            assert_eq!(pool.pids(), []);
            for handle in handles {
                assert!(handle.is_finished(), "nothing is left of a pool that ended");
                tally_or_cancelled(&mut tally, handle.await);
            }
        });
    }
    assert_eq!(tally.count(|_, _| true), jobs / 4 * 4);
}

/// Jobs are submitted, given up and killed from threads that are not the loop's.
fn threads(jobs: u64, seed: u64) {
    let runtime = Runtime::new().unwrap();
    let pool = ProcessPool::new(WORKERS).unwrap();
    let inside = |thread: u64| {
        let (pool, handle) = (pool.clone(), runtime.handle().clone());
        let mut dice = Dice(seed.rotate_left(20) + thread);
        thread::spawn(move || {
            let _inside = handle.enter();
            let mut handles = Vec::new();
            for _ in 0..jobs / 4 {
                handles.push(pool.submit(act, Act::Return(dice.roll(1000))));
                match dice.roll(40) {
                    0 => pool.kill_workers(),
                    1 => pool.terminate_workers(),
                    2..6 => handles[dice.roll(handles.len() as u64) as usize].abort(),
                    6..10 => thread::sleep(Duration::from_millis(1)),
                    _ => {}
                }
            }
            handles
        })
    };
    let threads: Vec<_> = (0..4).map(inside).collect();
    let mut tally = Tally::default();
    for thread in threads {
        for handle in thread.join().unwrap() {
            let answer = runtime.block_on(handle);
            tally_or_cancelled(&mut tally, answer);
        }
    }
    assert_eq!(tally.count(|_, _| true), jobs / 4 * 4);
    runtime.block_on(calm(&pool));
    drop(pool);
    drop(runtime);
}

// What they are made of.

/// Submits jobs of all kinds, strikes the workers until all are answered, and gives up those that
/// hang. Returns the answers, and how many strikes there were.
async fn weather(
    pool: &ProcessPool,
    jobs: u64,
    dice: &mut Dice,
    mut choose: impl FnMut(&mut Dice) -> Act,
) -> (Tally, u64) {
    let acts: Vec<Act> = (0..jobs).map(|_| choose(dice)).collect();
    let submit = |&act: &Act| Rc::new(run_in_executor(pool, self::act, act));
    let handles: Vec<Rc<JoinHandle<u64>>> = acts.iter().map(submit).collect();
    let hanging: Vec<_> = (acts.iter().zip(&handles))
        .filter(|(act, _)| **act == Act::Hang)
        .map(|(_, handle)| handle.clone())
        .collect();
    let impatience = spawn_local(give_up(hanging));
    let mut strikes = 0;
    while handles.iter().any(|handle| !handle.is_finished()) {
        strikes += strike_one(pool, dice);
        sleep(Duration::from_micros(dice.roll(6000))).await;
    }
    impatience.await.unwrap();
    let mut tally = Tally::default();
    for (act, handle) in acts.into_iter().zip(handles) {
        let handle = Rc::into_inner(handle).expect("the last to hold it");
        tally.add(act, handle.await);
    }
    (tally, strikes)
}

/// Aborts jobs that have hung in their worker for some time.
async fn give_up(mut hanging: Vec<Rc<JoinHandle<u64>>>) {
    while !hanging.is_empty() {
        hanging.retain(|handle| !handle.is_finished());
        for handle in &hanging {
            if handle.report().ran > Duration::from_millis(5) {
                handle.abort();
            }
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// Sends a deadly signal to a worker, if there is one, which is stopped before at times. Returns
/// how many were struck.
fn strike_one(pool: &ProcessPool, dice: &mut Dice) -> u64 {
    let pids = pool.pids();
    if pids.is_empty() {
        return 0;
    }
    // Between the look and the strike nothing is awaited: the numbers are still theirs.
    let pid = pids[dice.roll(pids.len() as u64) as usize];
    let signal = DEADLY[dice.roll(DEADLY.len() as u64) as usize];
    if dice.roll(4) == 0 {
        strike(pid, Signal::STOP);
        strike(pid, Signal::KILL);
    } else {
        strike(pid, signal);
    }
    1
}

fn submit_any(pool: &ProcessPool, jobs: u64, dice: &mut Dice) -> Vec<JoinHandle<u64>> {
    let mut any = || match dice.roll(20) {
        0 => Act::Exit(3),
        1 => Act::Fault,
        2 => Act::Panic,
        3 => Act::Hang,
        _ => Act::Return(dice.roll(1000)),
    };
    (0..jobs).map(|_| pool.submit(act, any())).collect()
}

/// The answer of a job that may have been cancelled as well.
fn tally_or_cancelled(tally: &mut Tally, answer: Result<u64, JoinError>) {
    let act = match &answer {
        Ok(n) => Act::Return(*n),
        Err(error) if error.is_panic() => Act::Panic,
        Err(error) => match error.worker_died().and_then(|died| died.status?.code()) {
            Some(code) => Act::Exit(code),
            None => Act::Hang,
        },
    };
    tally.add(act, answer);
}

/// After the storm: all workers are there, and do what they are asked. Those who were the last to be
/// struck may still die of it, each once.
async fn calm(pool: &ProcessPool) {
    let mut uncalm = 0;
    while !is_calm(pool).await {
        uncalm += 1;
        assert!(
            uncalm <= WORKERS,
            "workers die although nobody strikes them"
        );
    }
}

async fn is_calm(pool: &ProcessPool) -> bool {
    pool.warm_up().await.unwrap();
    let pids: HashSet<u32> = pool.pids().into_iter().collect();
    let jobs: Vec<_> = (0..100).map(|n| pool.submit(act, Act::Return(n))).collect();
    // One that was struck last may be gone just now.
    let mut is_calm = pids.len() == WORKERS;
    for (n, job) in (0..).zip(jobs) {
        match job.await {
            Ok(value) => assert_eq!(value, n),
            Err(error) => is_calm &= error.worker_died().is_none(),
        }
    }
    pool.warm_up().await.unwrap();
    is_calm && pool.pids().into_iter().collect::<HashSet<u32>>() == pids
}

/// Numbers by chance, the same for the same seed.
struct Dice(u64);

impl Dice {
    /// Below `sides`. (splitmix64)
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}
