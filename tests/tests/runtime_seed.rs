//! A seed draws the order of those who are ready, the same each time; and nobody's place in a line.

use std::cell::RefCell;
use std::process::{Command, Output};
use std::rc::Rc;

use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::sync::{Mutex, Semaphore, mpsc};
use mainspring::task::{JoinSet, idle, spawn_local, yield_now};
use mainspring::time::{Duration, Instant, sleep};

fn runtime(seed: Option<u64>) -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder.start_paused(true);
    if let Some(seed) = seed {
        builder.seed(seed);
    }
    builder.build_local(Default::default()).unwrap()
}

/// Six tasks that yield and sleep, each of which says when it runs.
fn interleaving(seed: Option<u64>) -> Vec<u32> {
    runtime(seed).block_on(async {
        let said = Rc::new(RefCell::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for number in 0..6 {
            let said = said.clone();
            tasks.spawn_local(async move {
                for _ in 0..3 {
                    said.borrow_mut().push(number);
                    yield_now().await;
                    sleep(Duration::from_secs(1)).await;
                }
            });
        }
        tasks.join_all().await;
        said.take()
    })
}

#[test]
fn loop_shuffle_seed() {
    for seed in 0..50 {
        assert_eq!(interleaving(Some(seed)), interleaving(Some(seed)));
    }
    let others = (0..50).map(|seed| interleaving(Some(seed)));
    let orders: std::collections::HashSet<_> = others.collect();
    assert!(orders.len() > 45, "{} orders of fifty", orders.len());
    // Unseeded, it is the order of spawning, again and again.
    let plain: Vec<u32> = (0..3).flat_map(|_| 0..6).collect();
    assert_eq!(interleaving(None), plain);
}

#[test]
fn loop_shuffle_seed_every_order_of_three_comes() {
    let order = |seed| {
        runtime(Some(seed)).block_on(async {
            let said = Rc::new(RefCell::new(Vec::new()));
            for number in 0..3 {
                let said = said.clone();
                spawn_local(async move { said.borrow_mut().push(number) });
            }
            idle().await;
            said.take()
        })
    };
    let mut orders: Vec<_> = (0..100).map(order).collect();
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), 6);
}

#[test]
fn loop_shuffle_seed_leaves_lines_and_channels_in_order() {
    for seed in 0..100 {
        runtime(Some(seed)).block_on(async {
            let mutex = Rc::new(Mutex::new(Vec::new()));
            let permits = Rc::new(Semaphore::new(0));
            let passed = Rc::new(RefCell::new(Vec::new()));
            let guard = mutex.lock().await;
            for number in 0..5 {
                let (mutex, permits, passed) = (mutex.clone(), permits.clone(), passed.clone());
                spawn_local(async move {
                    mutex.lock().await.push(number);
                    permits.acquire().await.unwrap().forget();
                    passed.borrow_mut().push(number);
                });
                // Now it stands in line.
                idle().await;
            }
            drop(guard);
            idle().await;
            for _ in 0..5 {
                permits.add_permits(1);
                idle().await;
            }
            assert_eq!(*mutex.lock().await, [0, 1, 2, 3, 4], "seed {seed}");
            assert_eq!(*passed.borrow(), [0, 1, 2, 3, 4], "seed {seed}");

            let (sender, mut receiver) = mpsc::channel(2);
            spawn_local(async move {
                for number in 0..20 {
                    sender.send(number).await.unwrap();
                }
            });
            let mut got = Vec::new();
            while let Some(number) = receiver.recv().await {
                got.push(number);
            }
            assert!(got.into_iter().eq(0..20), "seed {seed}");
        });
    }
}

#[test]
fn timers_fire_at_their_moment_whatever_the_seed() {
    for seed in 0..20 {
        runtime(Some(seed)).block_on(async {
            let begun = Instant::now();
            let fired = Rc::new(RefCell::new(Vec::new()));
            for seconds in [3, 1, 2] {
                let fired = fired.clone();
                spawn_local(async move {
                    sleep(Duration::from_secs(seconds)).await;
                    fired.borrow_mut().push(begun.elapsed().as_secs());
                });
            }
            sleep(Duration::from_secs(4)).await;
            assert_eq!(*fired.borrow(), [1, 2, 3]);
        });
    }
}

/// What a program says that prints the order of its tasks and then hangs.
fn played(seed: Option<&str>) -> Output {
    let mut scenario = Command::new(env!("CARGO_BIN_EXE_scenario"));
    scenario.arg("order-of-tasks").env_remove("MAINSPRING_SEED");
    if let Some(seed) = seed {
        scenario.env("MAINSPRING_SEED", seed);
    }
    scenario.output().unwrap()
}

#[test]
fn the_environment_may_hold_the_seed_and_a_report_says_how_to_run_it_again() {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let plain = played(None);
    assert_eq!(text(plain.stdout), "0 1 2 3 4 5 6 7 \n");
    assert!(!text(plain.stderr).contains("MAINSPRING_SEED"));
    let seeded = played(Some("0x5eed"));
    let order = text(seeded.stdout);
    assert_ne!(order, "0 1 2 3 4 5 6 7 \n");
    assert!(text(seeded.stderr).contains("again: MAINSPRING_SEED=0x5eed"));
    assert_eq!(text(played(Some("24301")).stdout), order);
    let refused = played(Some("many"));
    assert!(text(refused.stderr).contains("MAINSPRING_SEED is \"many\""));
}
