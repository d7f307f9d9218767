//! Panics that nobody reads: told once, wherever they happen, whenever that becomes certain.

use std::cell::RefCell;
use std::collections::HashMap;
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use mainspring::pool::{ThreadPool, spawn_blocking};
use mainspring::runtime::{
    Builder, Entry, LocalRuntime, Runtime, call_soon, reset_exception_handler,
    set_exception_handler,
};
use mainspring::task::{idle, spawn_local, yield_now};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

/// A runtime, and what it is told of.
fn told(mut builder: Builder) -> (Builder, Receiver<(String, thread::ThreadId)>) {
    let (tell, told) = channel();
    builder.on_unhandled(move |unhandled| {
        tell.send((unhandled.to_string(), thread::current().id()))
            .unwrap();
    });
    (builder, told)
}

fn local() -> (LocalRuntime, Receiver<(String, thread::ThreadId)>) {
    let (mut builder, told) = told(Builder::new_current_thread());
    (builder.build_local(Default::default()).unwrap(), told)
}

#[mainspring::test]
async fn a_panicked_job_that_nobody_reads_is_told_on_the_loop() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = told.clone();
    let here = thread::current().id();
    set_exception_handler(move |unhandled| {
        assert_eq!(thread::current().id(), here);
        assert!(unhandled.task.is_none());
        log.borrow_mut()
            .push((unhandled.to_string(), unhandled.spawned_at.unwrap().line()));
    });
    let read = spawn_blocking(|| panic!("this is read"));
    let pool = ThreadPool::new(1);
    let line = line!() + 1;
    drop(pool.submit(|| panic!("in a pool")));
    drop(spawn_blocking(|| panic!("in the default pool")));
    assert!(read.await.unwrap_err().is_panic());
    while told.borrow().len() < 2 {
        spawn_blocking(|| ()).await.unwrap();
    }
    let mut told = told.take();
    told.sort_by_key(|(_, line)| *line);
    assert!(
        told[0].0.contains("in a pool") && told[0].1 == line,
        "{told:?}"
    );
    assert!(
        told[1].0.contains("in the default pool") && told[1].1 == line + 1,
        "{told:?}"
    );
}

/// However the end of a job and that of its handle fall together.
#[mainspring::test]
async fn each_panic_is_told_once_whichever_end_comes_first() {
    const JOBS: usize = 300;
    let told = Rc::new(RefCell::new(HashMap::new()));
    let log = told.clone();
    set_exception_handler(move |unhandled| {
        *log.borrow_mut().entry(unhandled.error.id()).or_insert(0) += 1;
    });
    let pool = ThreadPool::new(2);
    for number in 0..JOBS {
        // A panic that the panic hook does not hear of.
        let job = pool.submit(|| -> () { std::panic::resume_unwind(Box::new("on purpose")) });
        for _ in 0..number % 50 {
            std::hint::spin_loop();
        }
        drop(job);
    }
    while told.borrow().len() < JOBS {
        spawn_blocking(|| ()).await.unwrap();
    }
    pool.submit(|| ()).await.unwrap();
    idle().await;
    assert!(told.borrow().values().all(|&times| times == 1));
}

#[mainspring::test]
async fn a_job_that_was_given_up_and_panics_all_the_same_is_told() {
    let (runs, running) = channel();
    let (go_on, may_go_on) = channel::<()>();
    let told = Rc::new(RefCell::new(Vec::new()));
    let log = told.clone();
    set_exception_handler(move |unhandled| log.borrow_mut().push(unhandled.to_string()));
    let job = spawn_blocking(move || {
        runs.send(()).unwrap();
        may_go_on.recv().unwrap();
        panic!("too late for anybody");
    });
    running.recv().unwrap();
    assert!(job.cancel());
    assert!(job.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    while told.borrow().is_empty() {
        spawn_blocking(|| ()).await.unwrap();
    }
    assert!(told.borrow()[0].contains("too late for anybody"));
}

#[test]
fn a_handle_that_is_dropped_on_another_thread_tells_the_loop() {
    let (runtime, told) = local();
    let here = thread::current().id();
    runtime.block_on(async {
        let task = spawn_local(async { panic!("unread") });
        idle().await;
        thread::spawn(move || drop(task)).join().unwrap();
        yield_now().await;
        let (text, thread) = told.try_recv().unwrap();
        assert!(text.contains("unread"));
        assert_eq!(thread, here);
    });
}

#[test]
fn what_a_driver_runs_is_told_on_the_drivers_thread() {
    let _watchdog = watch();
    let (mut builder, told) = told(Builder::new_multi_thread());
    let runtime: Runtime = builder.build().unwrap();
    drop(runtime.spawn(async { panic!("on the driver") }));
    let (text, thread) = told.recv().unwrap();
    assert!(text.contains("on the driver"));
    assert_ne!(thread, thread::current().id());
}

#[test]
fn what_was_on_its_way_when_the_loop_ends_is_told_all_the_same() {
    let (runtime, told) = local();
    runtime.block_on(async {
        let task = spawn_local(async { panic!("on its way") });
        idle().await;
        thread::spawn(move || drop(task)).join().unwrap();
    });
    assert!(told.try_recv().is_err(), "the loop has not turned since");
    drop(runtime);
    assert!(told.recv().unwrap().0.contains("on its way"));
    assert!(told.recv().is_err(), "once");
}

#[test]
fn a_failed_task_whose_handle_is_kept_to_the_end_is_told_when_that_goes() {
    let (runtime, told) = local();
    let [kept] = runtime.block_on(async {
        let kept = spawn_local(async { panic!("kept") });
        let inside = spawn_local(async { panic!("kept in a task") });
        drop(spawn_local(async move {
            let _inside = inside;
            std::future::pending::<()>().await;
        }));
        idle().await;
        [kept]
    });
    assert!(told.try_recv().is_err());
    drop(runtime);
    assert!(told.recv().unwrap().0.contains("kept in a task"));
    // The loop is gone, and its handler with it: this one goes to standard error.
    drop(kept);
    assert!(told.recv().is_err());
}

#[test]
fn a_handler_may_spawn_drop_handles_and_panic_while_its_thread_panics() {
    let (runtime, told) = local();
    runtime.block_on(async {
        set_exception_handler(|_| {
            reset_exception_handler();
            drop(spawn_local(async { panic!("from the handler's task") }));
            panic!("from the handler");
        });
        let failed = spawn_local(async { panic!("first") });
        idle().await;
        let unwinds = spawn_local(async move {
            let _failed = failed;
            panic!("while it is dropped");
        });
        assert!(unwinds.await.unwrap_err().is_panic());
        idle().await;
    });
    assert!(
        told.try_recv()
            .unwrap()
            .0
            .contains("from the handler's task")
    );
    assert!(told.try_recv().is_err());
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_harms_nobody() {
    let (runtime, told) = local();
    runtime.block_on(async {
        drop(spawn_local(async {
            std::panic::panic_any(on_drop(|| panic!("in the payload")));
        }));
        idle().await;
        assert!(told.try_recv().unwrap().0.contains("panicked"));
        assert_eq!(spawn_local(async { 1 }).await.unwrap(), 1);
    });
}

#[test]
#[should_panic(expected = "nobody read that task")]
fn a_test_fails_if_nobody_reads_a_panic() {
    Entry::new().test(async {
        drop(spawn_local(async { assert_eq!(1, 2, "in a task") }));
        yield_now().await;
    });
}

#[test]
#[should_panic(expected = "nobody read that task")]
fn a_test_fails_if_a_callback_panics() {
    Entry::new().test(async {
        call_soon(|| panic!("in a callback"));
        yield_now().await;
    });
}

#[test]
#[should_panic(expected = "its own")]
fn a_test_that_panics_itself_says_what_it_says() {
    Entry::new().test(async {
        drop(spawn_local(async { panic!("in a task") }));
        yield_now().await;
        panic!("its own");
    });
}

#[mainspring::test(unhandled_panic = "ignore")]
async fn a_test_that_says_so_passes_as_tokios_does() {
    drop(spawn_local(async { panic!("ignored") }));
    idle().await;
}

/// Nobody was set: a line on standard error, at most ten in a second.
#[test]
fn a_storm_of_panics_is_cut_short_on_standard_error() {
    let mut scenario = Command::new(env!("CARGO_BIN_EXE_scenario"));
    let output = scenario.arg("storm-of-panics").output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    for words in [
        "nobody reads that task",
        "this is not",
        "\"unread\"",
        "scenario.rs:",
    ] {
        assert!(lines[0].contains(words), "{words}: {told}");
    }
    assert!(lines[1].contains("one of many"), "{told}");
    // However many seconds it takes, most are left out.
    assert!((10..500).contains(&lines.len()), "{told}");
    assert!(!told.contains("this is read"));
}
