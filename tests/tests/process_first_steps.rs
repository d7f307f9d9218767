//! What goes wrong on the first day with worker processes, and what is said about it.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use mainspring::process::{Function, ProcessPool, ProcessPoolBuilder, function, serve};
use mainspring_tests::processes::{is_alive, wait_gone};
use mainspring_tests::watchdog::watch;

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
fn f69_the_workers_of_a_program_that_is_killed_end_in_the_middle_of_their_jobs() {
    let _watch = watch();
    let mut program = Command::new(env!("CARGO_BIN_EXE_busy_workers"));
    let mut program = program.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let workers: Vec<u32> = lines
        .take(2)
        .map(|line| line.unwrap().parse().unwrap())
        .collect();
    assert!(workers.iter().all(|&pid| is_alive(pid)));
    program.kill().unwrap();
    program.wait().unwrap();
    wait_gone(&workers);
}

#[test]
fn f70_workers_that_do_not_know_what_they_are_come_to_an_end() {
    let (said, started) = without_stdin("starts");
    assert!(said.contains("replaced the standard input"), "{said}");
    assert_eq!(started, 9, "the program, and eight below it");
}

#[test]
fn a_worker_that_lets_go_of_its_input_and_stays_is_ended_and_not_started_again() {
    let (said, started) = without_stdin("stays");
    assert!(said.contains("let go of its standard input"), "{said}");
    assert_eq!(started, 2, "the program, and one worker");
}

/// What the program says, and how many processes that was.
fn without_stdin(what: &str) -> (String, usize) {
    // The copy that is not told which test to run begins this one, too.
    let (folder, id) = (env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let name = format!("{folder}/{what}-{id}");
    std::fs::write(&name, "").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_worker_without_stdin"));
    if what == "stays" {
        program.env("STAY", "yes");
    }
    let output = program.env("STARTED", &name).output().unwrap();
    let started = std::fs::read_to_string(&name).unwrap().lines().count();
    std::fs::remove_file(&name).unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (said, started)
}
