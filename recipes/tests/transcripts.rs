//! On the paused clock, every recipe prints its transcript, byte for byte.

mod support;

use mainspring::asyncio::{Duration, Threads, run_in_executor, sleep};
use mainspring::task::yield_now;
use mainspring::time::block_for;
use recipes::catalogue::{Order, RECIPES};
use recipes::event_loop::run;
use recipes::output::say;
use recipes::stage::{self, Setting};
use support::{Sink, play, recipes, transcript};

#[test]
fn every_recipe_prints_its_transcript() {
    for recipe in RECIPES.iter() {
        let order = Order {
            paused: true,
            ..Order::default()
        };
        let (printed, _) = play(recipe.name, order);
        assert_eq!(printed, transcript(recipe.name), "{}", recipe.name);
    }
}

#[test]
fn every_recipe_prints_its_transcript_with_the_loops_times() {
    for recipe in RECIPES.iter() {
        let order = Order {
            paused: true,
            times: true,
            ..Order::default()
        };
        let (printed, _) = play(recipe.name, order);
        assert_eq!(
            printed,
            transcript(&format!("{}-times", recipe.name)),
            "{}",
            recipe.name
        );
    }
}

#[test]
fn the_program_prints_every_transcript_and_nothing_else() {
    for recipe in RECIPES.iter() {
        let said = recipes(&["run", recipe.name, "--paused"]);
        assert_eq!(said.stdout, transcript(recipe.name), "{}", recipe.name);
        assert!(said.status.success(), "{}", said.stderr);
        let said = recipes(&["run", &recipe.number.to_string(), "--paused", "--times"]);
        assert_eq!(
            said.stdout,
            transcript(&format!("{}-times", recipe.name)),
            "{}",
            recipe.name
        );
        assert!(said.status.success(), "{}", said.stderr);
    }
}

#[test]
fn all_plays_every_recipe_in_order() {
    let said = recipes(&["run", "all", "--paused", "--times"]);
    let expected = RECIPES
        .iter()
        .map(|recipe| transcript(&format!("{}-times", recipe.name)));
    assert_eq!(said.stdout, expected.collect::<String>());
    assert!(said.status.success(), "{}", said.stderr);
}

#[test]
fn a_hundred_plays_print_the_same() {
    for name in [
        "queue",
        "iterator",
        "semaphore",
        "two-tasks",
        "process",
        "default-executor",
        "threads",
    ] {
        let expected = transcript(&format!("{name}-times"));
        for _ in 0..100 {
            let order = Order {
                paused: true,
                times: true,
                ..Order::default()
            };
            assert_eq!(play(name, order).0, expected, "{name}");
        }
    }
}

#[test]
fn what_a_job_says_as_the_loop_ends_is_heard() {
    let sink = Sink::default();
    let setting = Setting {
        paused: true,
        ..Setting::default()
    };
    stage::play(setting, sink.clone(), |_| {
        run(async {
            let job = |second| {
                block_for(second);
                say!("done");
            };
            let job = run_in_executor(&Threads, job, Duration::from_secs(1));
            // So that the job's timer is the older one: it ends in the very turn in which this does.
            yield_now().await;
            sleep(1).await;
            assert!(job.is_finished());
        });
    });
    assert_eq!(sink.text(), "done\n");
}

/// Wall and busy in tenths of a second, and the most jobs at once.
fn took(name: &str, parallel: Option<usize>) -> (u128, u128, usize) {
    let order = Order {
        paused: true,
        parallel,
        ..Order::default()
    };
    let (_, summary) = play(name, order);
    assert_eq!(summary.ticker_late, None, "the paused clock has no ticker");
    assert_eq!(summary.complaints, 0);
    (
        summary.wall.as_millis() / 100,
        summary.busy.as_millis() / 100,
        summary.peak,
    )
}

#[test]
fn the_paused_clock_measures_exactly() {
    assert_eq!(took("basic", None), (80, 80, 1));
    assert_eq!(took("two-tasks", None), (80, 160, 2));
    assert_eq!(took("gather", None), (50, 80, 3));
    assert_eq!(took("wait", None), (50, 80, 3));
    assert_eq!(took("queue", None), (30, 55, 2));
    assert_eq!(took("semaphore", None), (50, 140, 3));
    assert_eq!(took("callback", None), (50, 80, 3));
    assert_eq!(took("iterator", None), (55, 55, 1));
    assert_eq!(took("process", None), (50, 100, 2));
    assert_eq!(took("default-executor", None), (20, 40, 2));
    assert_eq!(took("process-proof", None), (80, 120, 2));
    assert_eq!(took("timeout", None), (17, 16, 1));
    assert_eq!(took("retry", None), (22, 8, 1));
    assert_eq!(took("race", None), (15, 16, 2));
    assert_eq!(took("deadline", None), (10, 18, 5));
    assert_eq!(took("progress", None), (12, 31, 3));
    assert_eq!(took("periodic", None), (24, 15, 1));
    assert_eq!(took("shutdown", None), (19, 16, 2));
    assert_eq!(took("back-pressure", None), (26, 48, 3));
    assert_eq!(took("pipeline", None), (25, 40, 3));
    assert_eq!(took("rate-limit", None), (21, 21, 2));
    assert_eq!(took("sharing", None), (10, 18, 3));
    assert_eq!(took("threads", None), (9, 9, 1));
    assert_eq!(took("question", None), (8, 8, 1));
    assert_eq!(took("publish", None), (31, 38, 3));
    assert_eq!(took("cleanup", None), (9, 12, 3));
    assert_eq!(took("latest", None), (23, 35, 2));
}

#[test]
fn parallel_says_how_many_run_at_once() {
    assert_eq!(took("queue", Some(1)), (55, 55, 1));
    assert_eq!(took("queue", Some(3)), (30, 55, 3));
    assert_eq!(took("queue", Some(512)), (30, 55, 3));
    assert_eq!(took("semaphore", Some(1)), (140, 140, 1));
    assert_eq!(took("semaphore", Some(9)), (30, 140, 9));
    assert_eq!(took("process", Some(1)), (100, 100, 1));
    assert_eq!(took("process", Some(5)), (20, 100, 5));
    assert_eq!(took("process-proof", Some(4)), (60, 120, 4));
}

#[test]
fn a_seed_draws_the_lengths_and_draws_the_same_again() {
    let drawn = |seed| {
        let order = Order {
            paused: true,
            seed: Some(seed),
            ..Order::default()
        };
        play("semaphore", order).0
    };
    assert_eq!(drawn(7), drawn(7));
    assert_ne!(drawn(7), drawn(8));
    for line in drawn(7).lines() {
        let length = line
            .strip_prefix("limited parallel: ")
            .expect("the article's words");
        assert!(
            (0..=3).contains(&length.parse().expect("a number")),
            "{line}"
        );
    }
}
