//! Debug mode: a step that holds the loop for too long is told, with who took it and for how long.

use std::process::{Command, Output};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime, SlowStep, call_soon};
use mainspring::task::{idle, spawn_eager, spawn_named, yield_now};

/// A runtime whose slow steps come out at the other end.
fn told(limit: Duration) -> (LocalRuntime, Receiver<SlowStep>) {
    let (tell, told) = channel();
    let mut builder = Builder::new_current_thread();
    builder.debug(true).slow_step(limit);
    builder.on_slow_step(move |step| tell.send(step.clone()).unwrap());
    (builder.build_local(Default::default()).unwrap(), told)
}

#[test]
fn loop_slow_callback_reported() {
    let (runtime, told) = told(Duration::ZERO);
    let handle = runtime.handle().clone();
    let id = runtime.block_on(async move {
        call_soon(|| ());
        let task = spawn_named("worker", yield_now());
        thread::spawn(move || handle.call_soon_threadsafe(|| ()).unwrap().cancel());
        let id = task.id();
        task.await.unwrap();
        id
    });
    let steps: Vec<SlowStep> = told.try_iter().collect();
    assert!(
        steps
            .iter()
            .all(|step| step.limit.is_zero() && !step.took.is_zero())
    );

    let worker: Vec<_> = steps.iter().filter(|step| step.task == Some(id)).collect();
    assert_eq!(worker.len(), 2, "it was polled twice");
    let line = worker[0].to_string();
    for words in [
        &format!("task {id} worker"),
        "runtime_debug.rs:",
        "held the loop for ",
    ] {
        assert!(line.contains(words), "{words}: {line}");
    }
    let callback = |step: &&SlowStep| step.task.is_some_and(|task| task != id) && !step.is_main;
    assert_eq!(steps.iter().filter(callback).count(), 1);
    let main: Vec<_> = steps.iter().filter(|step| step.is_main).collect();
    assert!(
        main[0].to_string().contains(" main (spawned at "),
        "{}",
        main[0]
    );
}

#[test]
fn a_call_from_another_thread_is_a_step_of_nobody() {
    let (runtime, told) = told(Duration::ZERO);
    runtime.handle().call_soon_threadsafe(|| ()).unwrap();
    runtime.block_on(yield_now());
    let step = told.try_iter().find(|step| step.task.is_none()).unwrap();
    assert!(
        step.to_string().contains("a call from another thread held"),
        "{step}"
    );
}

#[test]
fn loop_slow_threshold() {
    let (runtime, told) = told(Duration::from_millis(500));
    runtime.block_on(async {
        spawn_named("quick", yield_now()).await.unwrap();
        let slow = async { thread::sleep(Duration::from_millis(501)) };
        spawn_named("slow", slow).await.unwrap();
    });
    let told: Vec<_> = told.try_iter().map(|step| step.name).collect();
    assert_eq!(told, [Some("slow".into())]);
}

#[test]
fn a_step_within_a_step_is_told_before_it_and_a_panic_is_a_step() {
    let (runtime, told) = told(Duration::ZERO);
    let inner = runtime.block_on(async {
        let inner = spawn_eager(async { panic!("on purpose") });
        let id = inner.id();
        assert!(inner.await.unwrap_err().is_panic());
        id
    });
    let first = told.recv().unwrap();
    assert_eq!((first.task, first.is_main), (Some(inner), false));
    assert!(told.recv().unwrap().is_main);
}

#[test]
fn whoever_is_told_may_panic_and_spawn() {
    let mut builder = Builder::new_current_thread();
    builder.debug(true).slow_step(Duration::ZERO);
    builder.on_slow_step(|step| {
        assert!(!step.is_main, "on purpose");
        mainspring::spawn(async {});
    });
    let runtime = builder.build_local(Default::default()).unwrap();
    assert_eq!(
        runtime.block_on(async {
            yield_now().await;
            5
        }),
        5
    );
}

#[test]
fn a_limit_alone_watches_nothing() {
    let (tell, told) = channel();
    let mut builder = Builder::new_current_thread();
    builder.debug(false).slow_step(Duration::ZERO);
    builder.on_slow_step(move |_| tell.send(()).unwrap());
    builder
        .build_local(Default::default())
        .unwrap()
        .block_on(idle());
    assert!(told.try_recv().is_err());
}

/// What a program that holds its loop for 101 ms says, by the environment and by its own setting.
fn said(debug: Option<&str>, setting: &str) -> String {
    let mut scenario = Command::new(env!("CARGO_BIN_EXE_scenario"));
    scenario
        .args(["long-step", setting])
        .env_remove("MAINSPRING_DEBUG");
    if let Some(debug) = debug {
        scenario.env("MAINSPRING_DEBUG", debug);
    }
    let Output { status, stderr, .. } = scenario.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{said}");
    said
}

#[test]
fn loop_debug_switch() {
    for (debug, setting, is_on) in [
        (None, "none", false),
        (Some("1"), "none", true),
        (Some("0"), "none", false),
        (Some(""), "none", false),
        (Some("1"), "off", false),
        (None, "on", true),
    ] {
        let said = said(debug, setting);
        let is_told = said.contains("long held the loop") || said.contains(" long (spawned at");
        assert_eq!(is_told, is_on, "{debug:?} {setting}: {said}");
        assert_eq!(said.contains("and may for 100ms"), is_on, "{said}");
    }
}

#[test]
fn f84_a_storm_of_slow_steps_is_cut_short_on_standard_error() {
    let mut scenario = Command::new(env!("CARGO_BIN_EXE_scenario"));
    let output = scenario.arg("slow-steps").output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    // However many seconds it takes, most of the ten thousand are left out.
    assert!((10..500).contains(&told.lines().count()), "{told}");
    assert!(told.contains("held the loop for"), "{told}");
}
