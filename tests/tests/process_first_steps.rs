//! What goes wrong on the first day with worker processes, and what is said about it.

use std::error::Error;
use std::process::Command;

use mainspring::process::{Function, ProcessPool, ProcessPoolBuilder, function, serve};

fn double(n: u32) -> u32 {
    2 * n
}

fn functions() -> [Function; 2] {
    [function(double), function(|n: u32| n + 1)]
}

/// Where the workers of this test program enter.
#[test]
fn worker() {
    serve(functions());
}

/// A test that is no way in.
#[test]
fn no_worker() {}

async fn why_not_ready(builder: ProcessPoolBuilder) -> String {
    serve(functions());
    let pool = builder.workers(1).build().unwrap();
    let error = pool.submit(double, 1).await.unwrap_err();
    error.source().expect("a reason").to_string()
}

#[mainspring::test]
async fn a_test_that_serves_is_a_way_in_for_workers() {
    serve(functions());
    let pool = ProcessPool::builder().workers(1).worker_test("worker");
    let pool = pool.build().unwrap();
    assert_eq!(pool.submit(double, 21).await.unwrap(), 42);
}

#[mainspring::test]
async fn a_test_program_without_a_worker_test_is_told_to_name_one() {
    let why = why_not_ready(ProcessPool::builder()).await;
    assert!(
        why.contains("`ProcessPool::builder().worker_test("),
        "{why}"
    );
}

#[mainspring::test]
async fn a_worker_test_that_is_not_there_or_does_not_serve_is_told_how_to_find_its_path() {
    let with_crate = concat!(module_path!(), "::worker");
    for path in [with_crate, "tests::worker", "no_worker"] {
        let why = why_not_ready(ProcessPool::builder().worker_test(path)).await;
        assert!(why.contains("`cargo test -- --list`"), "{path}: {why}");
    }
}

#[mainspring::test]
#[should_panic(expected = "each closure in a program is one of its own")]
async fn a_closure_that_reads_like_one_in_the_list_is_another() {
    serve(functions());
    let pool = ProcessPool::new(1).unwrap();
    let _ = pool.submit(|n: u32| n + 1, 1).await;
}

#[test]
fn a_job_whose_own_loop_can_never_go_on_ends_its_worker_with_a_report() {
    let program = env!("CARGO_BIN_EXE_stall_in_a_worker");
    let output = Command::new(program).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("deadlock: the only task is waiting"),
        "{said}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Some(13)\n");
}

#[test]
fn f70_workers_that_do_not_know_what_they_are_come_to_an_end() {
    // The copy that is not told which test to run begins this one, too.
    let (folder, id) = (env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let name = format!("{folder}/started-{id}");
    std::fs::write(&name, "").unwrap();
    let program = env!("CARGO_BIN_EXE_worker_without_stdin");
    let output = Command::new(program)
        .env("STARTED", &name)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("replaced the standard input"), "{said}");
    let started = std::fs::read_to_string(&name).unwrap();
    std::fs::remove_file(&name).unwrap();
    assert_eq!(
        started.lines().count(),
        9,
        "the program, and eight below it"
    );
}
