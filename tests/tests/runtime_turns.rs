//! When a loop goes on, and when it stops: calls, timers, `stop`, idleness, stalls.

use std::io::{BufRead, BufReader, Read};
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, Handle, LocalRuntime, RunEnd};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::in_time::in_time;

#[test]
fn calls_that_never_cease_do_not_keep_timers_from_firing() {
    fn again(handle: Handle, is_over: Arc<AtomicBool>) {
        if !is_over.load(Ordering::Relaxed) {
            let next = handle.clone();
            let _ = handle.call_soon_threadsafe(move || again(next, is_over));
        }
    }
    in_time(|| {
        let runtime = LocalRuntime::new().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        again(runtime.handle().clone(), is_over.clone());
        runtime.block_on(async { sleep(Duration::from_millis(1)).await });
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn stop_ends_a_loop_that_waits_for_a_timer() {
    in_time(|| {
        let runtime = LocalRuntime::new().unwrap();
        let handle = runtime.handle().clone();
        runtime.spawn_local(async move {
            thread::spawn(move || handle.stop());
            sleep(Duration::from_secs(3600)).await;
        });
        assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
    });
}

#[test]
fn a_timer_that_is_no_tasks_keeps_no_loop_from_being_idle() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let guard = runtime.enter();
    let start = Instant::now();
    let mut hour = pin!(sleep(Duration::from_secs(3600)));
    runtime.block_on(std::future::poll_fn(|cx| {
        assert!(hour.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    }));
    runtime.spawn_local(async { sleep(Duration::from_secs(1)).await });
    assert!(matches!(runtime.run_until_idle(), RunEnd::Idle));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    drop(guard);
}

#[test]
fn a_paused_runtime_has_one_clock_whatever_was_asked_for() {
    in_time(|| {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.start_paused(true).build().unwrap();
        let start = runtime.block_on(async { Instant::now() });
        // A clock of its own would not wait for that of a driver.
        let hour = runtime.spawn(async { sleep(Duration::from_secs(3600)).await });
        let limited = async { timeout(Duration::from_secs(7200), hour).await };
        assert!(runtime.block_on(limited).is_ok());
        let elapsed = runtime.block_on(async { start.elapsed() });
        assert_eq!(elapsed, Duration::from_secs(3600));
        assert!(matches!(runtime.run_until_idle(), RunEnd::Idle));
    });
}

/// The other half of the test below, in a process of its own.
#[test]
fn a_main_that_waits_for_ever_beside_a_thread() {
    if std::env::var_os("MAINSPRING_WAITS_FOR_EVER").is_none() {
        return;
    }
    mainspring::run(async {
        let handle = Handle::current();
        thread::spawn(move || {
            let _ = std::io::stdin().read(&mut [0]);
            handle.spawn(async { std::process::exit(7) });
        });
        std::future::pending::<()>().await;
    });
}

#[test]
fn a_program_with_another_thread_at_work_is_told_of_its_stall_and_not_ended() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_main_that_waits_for_ever_beside_a_thread"])
        .arg("--nocapture")
        .env("MAINSPRING_WAITS_FOR_EVER", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = String::new();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    errors.read_line(&mut told).unwrap();
    assert!(told.starts_with("deadlock"), "{told}");
    // The thread goes on at the end of its input.
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(7));
}
