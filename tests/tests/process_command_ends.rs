//! Programs that nobody waits for: none of them is left behind as a zombie.

use std::path::Path;
use std::process::{self, Stdio};
use std::thread;

use mainspring::process::{Child, Command};
use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::{spawn_local, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::patient::HOUR;
use mainspring_tests::processes::is_alive;
use mainspring_tests::watchdog::watch;

fn hour_long() -> Command {
    let mut command = Command::new("sleep");
    command.arg("3600");
    command
}

/// Ends when its standard input does.
fn cat() -> Child {
    let mut command = Command::new("cat");
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::null());
    piped.spawn().unwrap()
}

/// Whether there is a process of that number, be it a zombie.
fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

async fn gone(pid: u32) {
    while exists(pid) {
        yield_now().await;
    }
}

#[mainspring::test]
async fn a_child_that_is_dropped_goes_on_and_leaves_no_zombie() {
    let _watch = watch();
    let mut child = cat();
    let pid = child.id().unwrap();
    let stdin = child.stdin.take();
    drop(child);
    for _ in 0..100 {
        yield_now().await;
    }
    assert!(is_alive(pid));
    drop(stdin);
    gone(pid).await;
}

#[mainspring::test]
async fn a_child_that_is_killed_when_it_is_dropped_is_gone_soon() {
    let _watch = watch();
    let child = hour_long().kill_on_drop(true).spawn().unwrap();
    let pid = child.id().unwrap();
    drop(child);
    gone(pid).await;
    // Also with whoever waited for it.
    let mut child = hour_long().kill_on_drop(true).spawn().unwrap();
    let pid = child.id().unwrap();
    let waiting = spawn_local(async move { child.wait().await });
    yield_now().await;
    waiting.abort();
    gone(pid).await;
    // And with an output that takes too long.
    let mut command = hour_long();
    let output = command.kill_on_drop(true).output();
    let limit = std::time::Duration::from_millis(1);
    assert!(timeout(limit, output).await.is_err());
}

#[mainspring::test]
async fn a_child_that_is_dropped_on_another_thread_leaves_no_zombie() {
    let _watch = watch();
    let child = hour_long().kill_on_drop(true).spawn().unwrap();
    let pid = child.id().unwrap();
    thread::spawn(move || drop(child)).join().unwrap();
    assert!(!exists(pid));
    let mut child = cat();
    let pid = child.id().unwrap();
    let stdin = child.stdin.take();
    thread::spawn(move || drop((child, stdin))).join().unwrap();
    while exists(pid) {
        // Whoever starts another looks after it.
        Command::new("true").status().await.unwrap();
    }
}

#[test]
fn what_a_runtime_killed_at_its_end_is_gone_with_it() {
    let _watch = watch();
    for _ in 0..20 {
        let runtime = LocalRuntime::new().unwrap();
        let pid = runtime.block_on(async {
            let mut child = hour_long().kill_on_drop(true).spawn().unwrap();
            let pid = child.id().unwrap();
            spawn_local(async move { child.wait().await });
            yield_now().await;
            pid
        });
        drop(runtime);
        assert!(!exists(pid));
    }
}

/// The program of `tests/src/bin/command.rs`, started by way of `env`, which sets what a signal
/// does.
fn program(disposition: &str, name: &str) -> process::Command {
    let mut command = process::Command::new("env");
    command.args([disposition, env!("CARGO_BIN_EXE_command"), name]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

#[test]
fn gh_95899_children_of_runtimes_that_have_ended_are_seen_to_by_the_next() {
    let _watch = watch();
    let output = program("--default-signal=CHLD", "forsaken").output();
    let output = output.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && said.ends_with("gone\n"),
        "{said}"
    );
}

#[test]
fn f48_where_sigchld_is_ignored_the_end_is_noticed() {
    let _watch = watch();
    let output = program("--ignore-signal=CHLD", "ignored").output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", output.status);
    assert_eq!(output.stdout, b"noticed\n");
}

#[test]
fn a_child_can_be_waited_for_in_another_runtime_than_its_own() {
    let _watch = watch();
    let home = LocalRuntime::new().unwrap();
    let mut child = home.block_on(async { cat() });
    // A wait here, given up; then its loop ends.
    let wait = async {
        timeout(std::time::Duration::from_millis(1), child.wait())
            .await
            .is_ok()
    };
    let _either = home.block_on(wait);
    drop(home);
    let other = LocalRuntime::new().unwrap();
    assert!(other.block_on(child.wait()).unwrap().success());

    // And while its own lives, and is not turned.
    let [home, other] = [(); 2].map(|()| LocalRuntime::new().unwrap());
    let mut child = home.block_on(async { cat() });
    drop(child.stdin.take());
    assert!(other.block_on(child.wait()).unwrap().success());
    drop(home);
}

#[test]
fn a_runtime_with_a_driver_reaps_what_others_leave() {
    let _watch = watch();
    let runtime = Builder::new_multi_thread().build().unwrap();
    let pid = runtime.block_on(runtime.handle().spawn(async {
        let child = hour_long().kill_on_drop(true).spawn().unwrap();
        child.id().unwrap()
    }));
    let pid = pid.unwrap();
    while exists(pid) {
        thread::yield_now();
    }
}

#[mainspring::test(start_paused = true)]
async fn an_orphan_does_not_hold_the_paused_clock() {
    let _watch = watch();
    let mut child = cat();
    let pid = child.id().unwrap();
    let stdin = child.stdin.take();
    drop(child);
    let before = Instant::now();
    sleep(HOUR).await;
    assert_eq!(before.elapsed(), HOUR);
    assert!(is_alive(pid));
    drop(stdin);
    gone(pid).await;
}
