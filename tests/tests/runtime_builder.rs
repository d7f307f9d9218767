//! What a builder can be told, in tokio's words, and what a runtime tells of itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime, worker_index};
use mainspring::sync::{Notify, oneshot};
use mainspring::task::{spawn_local, yield_now};
use mainspring::time::sleep;

/// A counter, and a call that counts.
fn counter() -> (Arc<AtomicUsize>, impl Fn() + Clone + Send + Sync + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let call = move || {
        counted.fetch_add(1, Ordering::SeqCst);
    };
    (count, call)
}

#[test]
fn every_option_can_be_given_in_a_row() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(4)
        .max_blocking_threads(8)
        .thread_name("gear")
        .thread_stack_size(256 * 1024)
        .thread_keep_alive(Duration::from_secs(1))
        .name("clock")
        .event_interval(31)
        .global_queue_interval(61)
        .max_io_events_per_tick(256)
        .max_io_events_per_busy_tick(16)
        .enable_io()
        .enable_time()
        .enable_all()
        .build()
        .unwrap();
    assert_eq!(runtime.handle().name(), Some("clock"));
    assert_eq!(runtime.block_on(async { 1 }), 1);
}

#[test]
fn what_can_only_be_a_mistake_is_refused_with_the_name_of_the_option() {
    type Tell = fn(&mut Builder) -> &mut Builder;
    let mistakes: [(&str, Tell); 7] = [
        ("worker_threads", |builder| builder.worker_threads(0)),
        ("event_interval", |builder| builder.event_interval(0)),
        ("global_queue_interval", |it| it.global_queue_interval(0)),
        ("max_io_events_per_tick", |it| it.max_io_events_per_tick(0)),
        ("max_io_events_per_busy_tick", |it| {
            it.max_io_events_per_busy_tick(0)
        }),
        ("max_blocking_threads", |it| it.max_blocking_threads(0)),
        ("name", |builder| builder.name(" ")),
    ];
    for (option, mistake) in mistakes {
        let mut builder = Builder::new_current_thread();
        let caught = catch_unwind(AssertUnwindSafe(|| drop(mistake(&mut builder).build())));
        let payload = caught.unwrap_err();
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or(payload.downcast_ref::<&str>().copied()).unwrap();
        assert!(message.contains(option), "{option}: {message}");
    }
}

/// The environment is the process's: this test runs itself again in another.
#[test]
fn who_asks_for_several_threads_is_told_once_where_diagnostics_are_on() {
    const INSIDE: &str = "MAINSPRING_TEST_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        drop(
            Builder::new_multi_thread()
                .worker_threads(2)
                .build()
                .unwrap(),
        );
        drop(Runtime::new().unwrap());
        drop(LocalRuntime::new().unwrap());
        return;
    }
    for (debug, times) in [("1", 1), ("0", 0)] {
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["who_asks_for_several_threads", "--nocapture"])
            .env(INSIDE, "1")
            .env("MAINSPRING_DEBUG", debug)
            .output()
            .unwrap();
        assert!(again.status.success());
        let errors = String::from_utf8(again.stderr).unwrap();
        let told = errors.matches("a runtime of several threads").count();
        assert_eq!(told, times, "{errors}");
    }
}

#[test]
fn threads_bear_the_name_that_was_given() {
    let named = Builder::new_multi_thread()
        .thread_name("gear")
        .build()
        .unwrap();
    let name = || thread::current().name().map(str::to_owned);
    let driver = named.block_on(named.spawn(async move { name() })).unwrap();
    assert_eq!(driver.as_deref(), Some("gear"));
    let worker = named.block_on(named.spawn_blocking(name)).unwrap();
    assert_eq!(worker.as_deref(), Some("gear-1"));

    let count = AtomicUsize::new(0);
    let made = Builder::new_multi_thread()
        .thread_name_fn(move || format!("wheel {}", count.fetch_add(1, Ordering::SeqCst)))
        .build()
        .unwrap();
    let driver = made.block_on(made.spawn(async move { name() })).unwrap();
    assert_eq!(driver.as_deref(), Some("wheel 0"));
    let worker = made.block_on(made.spawn_blocking(name)).unwrap();
    assert_eq!(worker.as_deref(), Some("wheel 1"));
}

#[test]
fn every_thread_tells_of_its_start_and_of_its_end() {
    let (started, start) = counter();
    let (stopped, stop) = counter();
    let runtime = Builder::new_multi_thread()
        .on_thread_start(start)
        .on_thread_stop(stop)
        .build()
        .unwrap();
    runtime.block_on(runtime.spawn_blocking(|| ())).unwrap();
    assert_eq!(started.load(Ordering::SeqCst), 2);
    assert_eq!(stopped.load(Ordering::SeqCst), 0);
    drop(runtime);
    assert_eq!(started.load(Ordering::SeqCst), 2);
    assert_eq!(stopped.load(Ordering::SeqCst), 2);
}

#[test]
fn a_thread_whose_start_panics_does_no_work() {
    let runtime = Builder::new_current_thread()
        .on_thread_start(|| panic!("not this one"))
        .build()
        .unwrap();
    let error = runtime.block_on(runtime.spawn_blocking(|| ())).unwrap_err();
    assert!(!error.is_panic(), "{error}");
    let driven = Builder::new_multi_thread()
        .on_thread_start(|| panic!("nor this one"))
        .build();
    assert!(driven.is_err());
}

#[test]
fn a_loop_tells_of_each_rest_and_of_its_end() {
    let (parked, park) = counter();
    let (unparked, unpark) = counter();
    let runtime = Builder::new_current_thread()
        .on_thread_park(park)
        .on_thread_unpark(unpark)
        .build()
        .unwrap();
    runtime.block_on(async { sleep(Duration::from_millis(1)).await });
    let parked = parked.load(Ordering::SeqCst);
    assert!(parked > 0);
    assert_eq!(unparked.load(Ordering::SeqCst), parked);
}

/// A loop that waits for nothing else, so that it would wait for ever.
#[test]
fn what_a_park_hook_wakes_is_run_before_the_loop_waits() {
    let (tell, told) = oneshot::channel();
    let tell = std::sync::Mutex::new(Some(tell));
    let runtime = Builder::new_current_thread()
        .on_thread_park(move || {
            if let Some(tell) = tell.lock().unwrap().take() {
                tell.send(9).unwrap();
            }
        })
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(told).unwrap(), 9);
}

/// tokio #8212: a loop that is always woken when it is going to wait never looks at its timers.
#[test]
fn tokio_8212_a_park_hook_that_always_wakes_keeps_no_timer_from_firing() {
    let notify = Arc::new(Notify::new());
    let wakes = notify.clone();
    let runtime = Builder::new_current_thread()
        .on_thread_park(move || wakes.notify_waiters())
        .build()
        .unwrap();
    let timer = runtime.spawn(async { sleep(Duration::from_millis(1)).await });
    runtime.block_on(yield_now());
    let start = std::time::Instant::now();
    // Less than what makes a busy loop look up.
    for _ in 0..20 {
        while start.elapsed() < Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        runtime.block_on(notify.notified());
    }
    assert!(timer.is_finished());
}

#[test]
fn a_job_has_an_id_like_a_task() {
    let runtime = LocalRuntime::new().unwrap();
    let job = runtime.spawn_blocking(mainspring::task::id);
    let id = job.id();
    assert_eq!(runtime.block_on(job).unwrap(), id);
}

#[test]
fn runtimes_have_numbers_and_may_have_names() {
    let one = LocalRuntime::new().unwrap();
    let mut builder = Builder::new_current_thread();
    let two = builder.name("two").build_local(LocalOptions::default());
    let two = two.unwrap();
    assert_ne!(one.handle().id(), two.handle().id());
    assert_eq!(one.handle().name(), None);
    let (id, name) = two.block_on(async {
        let handle = Handle::current();
        (handle.id(), handle.name().map(str::to_owned))
    });
    assert_eq!(id, two.handle().id());
    assert_eq!(name.as_deref(), Some("two"));
}

#[test]
fn living_tasks_are_counted_on_the_loops_thread_exactly() {
    let runtime = LocalRuntime::new().unwrap();
    let metrics = runtime.metrics();
    assert_eq!((metrics.num_workers(), metrics.num_alive_tasks()), (1, 0));
    runtime.block_on(async {
        let tasks: Vec<_> = (0..3).map(|_| spawn_local(yield_now())).collect();
        assert_eq!(metrics.num_alive_tasks(), 3);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(metrics.num_alive_tasks(), 0);
        drop(spawn_local(std::future::pending::<()>()));
    });
    assert_eq!(metrics.num_alive_tasks(), 1);
    let elsewhere = metrics.clone();
    let seen = thread::spawn(move || elsewhere.num_alive_tasks());
    assert_eq!(seen.join().unwrap(), 1);
    drop(runtime);
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[test]
fn rests_and_busy_time_are_counted_and_letters_that_wait() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let metrics = runtime.metrics();
    assert_eq!(metrics.worker_park_count(0), 0);
    assert_eq!(metrics.worker_total_busy_duration(0), Duration::ZERO);
    let handle = runtime.handle().clone();
    thread::spawn(move || drop(handle.spawn(async {})))
        .join()
        .unwrap();
    assert_eq!(metrics.global_queue_depth(), 1);
    runtime.block_on(async { sleep(Duration::from_millis(1)).await });
    assert_eq!(metrics.global_queue_depth(), 0);
    let parks = metrics.worker_park_count(0);
    assert!(parks > 0);
    assert_eq!(metrics.worker_park_unpark_count(0), parks * 2);
    assert!(metrics.worker_total_busy_duration(0) > Duration::ZERO);
    assert!(catch_unwind(AssertUnwindSafe(|| metrics.worker_park_count(1))).is_err());
}

#[test]
fn only_the_thread_that_drives_is_a_worker() {
    let driven = Runtime::new().unwrap();
    assert_eq!(driven.block_on(async { worker_index() }), None);
    let inside = driven.spawn(async { worker_index() });
    assert_eq!(driven.block_on(inside).unwrap(), Some(0));
    let job = driven.spawn_blocking(worker_index);
    assert_eq!(driven.block_on(job).unwrap(), None);
    let _entered = driven.enter();
    assert_eq!(worker_index(), None);
}

#[test]
fn who_asks_for_the_runtime_where_there_is_none_is_told_why() {
    let error = Handle::try_current().unwrap_err();
    assert!(error.is_missing_context());
    assert!(!error.is_thread_local_destroyed());
}
