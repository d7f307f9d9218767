//! F14: when nothing is left that can wake anybody, the loop says so, and who waits for what. It
//! is never wrong when it says that it is certain.

use std::future::{pending, poll_fn};
use std::io::{BufRead, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output, Stdio};
use std::task::{Poll, Waker};
use std::time::Duration;

use mainspring::runtime::{Builder, RunEnd};
use mainspring::task::{spawn_local, spawn_named, yield_now};
use mainspring::time::sleep;
use mainspring_tests::watchdog::watch;

/// The program that plays one scenario in a process of its own.
fn scenario(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scenario"));
    command.arg(name).env("RUST_BACKTRACE", "0");
    command
}

fn ends_with_13(name: &str) -> String {
    let _watchdog = watch();
    let Output { status, stderr, .. } = scenario(name).output().unwrap();
    let report = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(13), "{report}");
    assert!(report.contains("nothing can wake"), "{report}");
    report
}

#[test]
fn f14_a_program_with_nothing_left_to_wake_it_ends_with_13() {
    let report = ends_with_13("nothing-left");
    assert!(report.contains("the only task"), "{report}");
    assert!(report.contains("kept no waker"), "{report}");
}

#[test]
fn f14_tasks_that_join_each_other_are_named_with_what_they_wait_for() {
    let report = ends_with_13("each-other");
    assert!(report.contains("no other thread"), "{report}");
    for name in ["main", "first", "second"] {
        assert!(report.contains(name), "{report}");
    }
    assert!(
        report
            .matches("waits for a task to end, spawned at")
            .count()
            == 2,
        "{report}"
    );
    assert!(report.contains("scenario.rs:"), "{report}");
}

#[test]
fn f14_a_consumer_without_a_producer_gets_a_hint() {
    let report = ends_with_13("queue");
    assert!(report.contains("waits for Queue::get"), "{report}");
    assert!(
        report.contains("hint: nobody is left that puts"),
        "{report}"
    );
}

#[test]
fn f14_items_that_nobody_reports_done_get_a_hint() {
    let report = ends_with_13("join");
    assert!(report.contains("hint: `join` waits"), "{report}");
}

#[test]
fn f14_a_permit_that_its_holder_waits_for_gets_a_hint() {
    let report = ends_with_13("semaphore");
    assert!(report.contains("hint: a permit is held"), "{report}");
}

#[test]
fn f14_a_channel_that_cannot_go_on_gets_a_hint() {
    let report = ends_with_13("channel");
    assert!(
        report.contains("waits for mpsc::Receiver::recv"),
        "{report}"
    );
    assert!(report.contains("hint: a channel ends when"), "{report}");
    let report = ends_with_13("full-channel");
    assert!(report.contains("hint: a channel is full"), "{report}");
}

#[test]
fn f14_locks_whose_holder_waits_get_their_hints() {
    let report = ends_with_13("lock");
    for wait in ["RwLock::read", "RwLock::write", "Mutex::lock"] {
        assert!(report.contains(&format!("waits for {wait}")), "{report}");
    }
    assert!(
        report.contains("hint: a task that has the lock"),
        "{report}"
    );
    assert!(report.contains("hint: a guard is held"), "{report}");
}

#[test]
fn f14_on_the_paused_clock_the_verdict_is_a_panic() {
    let _watchdog = watch();
    let Output { status, stderr, .. } = scenario("panic-when-paused").output().unwrap();
    assert_eq!(status.code(), Some(101));
    assert!(String::from_utf8(stderr).unwrap().contains("deadlock"));
}

#[test]
fn f14_a_run_until_idle_gives_those_who_are_stuck() {
    let _watchdog = watch();
    let Output { status, stdout, .. } = scenario("idle-run").output().unwrap();
    assert!(status.success());
    let stuck = String::from_utf8(stdout).unwrap();
    assert_eq!(stuck.lines().count(), 3, "{stuck}");
    assert!(
        stuck.contains("first") && stuck.contains("second"),
        "{stuck}"
    );
}

#[test]
fn f14_while_another_thread_may_wake_it_there_is_a_suspicion_and_no_verdict() {
    let _watchdog = watch();
    let mut child = scenario("other-thread")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    stderr.read_line(&mut told).unwrap();
    assert!(told.contains("suspected"), "{told}");
    // The thread wakes the loop after all, and the program goes on.
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said, "woken\n");
    assert!(child.wait().unwrap().success());
}

/// The words of the panic that ends a loop on the paused clock.
fn report(body: impl Future<Output = ()>) -> String {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| runtime.block_on(body)));
    *panicked.unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn f14_a_task_that_kept_no_waker_is_certain_whatever_other_threads_do() {
    let text = report(async {
        let _forgets = spawn_named("forgets", poll_fn(|_| Poll::<()>::Pending));
        pending::<()>().await;
    });
    assert!(text.contains("nobody holds a waker"), "{text}");
    assert!(text.contains("forgets"), "{text}");
    assert!(text.contains("must keep the waker"), "{text}");
}

#[test]
fn f14_the_loop_can_be_used_after_its_verdict() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let stuck = runtime.spawn_local(pending::<()>());
    for _ in 0..2 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(pending::<()>());
        }));
        assert!(panicked.is_err());
    }
    stuck.abort();
    assert!(runtime.block_on(stuck).unwrap_err().is_cancelled());
}

#[test]
fn f14_a_stall_found_by_run_forever_on_the_paused_clock_is_told() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    runtime.spawn_local(async { sleep(Duration::from_secs(1)).await });
    let stuck = runtime.spawn_local(pending::<()>());
    stuck.set_name("stuck");
    let RunEnd::Stalled(tasks) = runtime.run_forever() else {
        panic!("it must be stalled");
    };
    let [only] = &tasks[..] else {
        panic!("one is stuck: {tasks:?}");
    };
    assert_eq!(only.name.as_deref(), Some("stuck"));
    assert!(only.is_lost && !only.is_main);
}

#[test]
fn f14_no_verdict_while_somebody_is_left_who_can_wake() {
    let _watchdog = watch();
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        // A task that was never polled has given no waker to anybody, and is not stuck for it.
        let queued = spawn_local(async {});
        yield_now().await;
        queued.await.unwrap();
        // A timer.
        sleep(Duration::from_secs(3600)).await;
        // Another thread, which has the waker and nothing else.
        let mut is_woken = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut is_woken, true) {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            std::thread::spawn(move || waker.wake());
            Poll::Pending
        })
        .await;
    });
}

#[test]
fn f14_a_thread_that_wakes_and_ends_has_not_left_before_its_letter() {
    let _watchdog = watch();
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    for _ in 0..200 {
        let mut thread = None;
        runtime.block_on(poll_fn(|cx| match thread.take() {
            Some(thread) => {
                let thread: std::thread::JoinHandle<()> = thread;
                thread.join().unwrap();
                Poll::Ready(())
            }
            None => {
                let waker = cx.waker().clone();
                thread = Some(std::thread::spawn(move || Waker::wake(waker)));
                Poll::Pending
            }
        }));
    }
}

#[test]
fn f14_who_waits_for_somebody_lost_is_not_lost_itself() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        let lost = spawn_local(pending::<()>());
        let abort = lost.abort_handle();
        let waits = spawn_local(lost);
        yield_now().await;
        abort.abort();
        assert!(waits.await.unwrap().unwrap_err().is_cancelled());
    });
}
