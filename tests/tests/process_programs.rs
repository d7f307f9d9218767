//! Whole programs with a pool: they are killed, run short of something, or are written wrongly, and
//! leave no worker behind. (The programs are `src/bin/process_program.rs`.)

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use mainspring_tests::processes::{is_alive, is_stopped, strike, wait_gone};
use mainspring_tests::watchdog::watch;
use rustix::process::{Signal, getuid};

const PROGRAM: &str = env!("CARGO_BIN_EXE_process_program");

/// Starts a program, and hears from it who its workers are, in so many lines.
fn start(scenario: &str, lines: usize) -> (Child, Vec<u32>) {
    let mut program = Command::new(PROGRAM)
        .arg(scenario)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(program.stdout.as_mut().unwrap()).lines();
    let mut pids = Vec::new();
    for line in told.take(lines) {
        let line = line.unwrap();
        let list = line.trim_matches(['[', ']']).split(", ");
        pids.extend(list.map(|pid| pid.parse::<u32>().unwrap()));
    }
    assert!(!pids.is_empty(), "{scenario} ended early");
    (program, pids)
}

fn assert_success(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", output.status);
}

fn end_by(signal: Signal, scenario: &str, lines: usize) -> Vec<u32> {
    let (mut program, pids) = start(scenario, lines);
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    strike(program.id(), signal);
    assert!(!program.wait().unwrap().success());
    wait_gone(&pids);
    pids
}

// F69, F72: the program ends.

#[test]
fn f69_no_worker_outlives_a_program_that_is_killed() {
    let _watch = watch();
    assert_eq!(end_by(Signal::KILL, "busy", 1).len(), 3);
}

#[test]
fn f72_no_worker_outlives_a_program_that_is_terminated_or_interrupted() {
    let _watch = watch();
    end_by(Signal::TERM, "busy", 1);
    end_by(Signal::INT, "busy", 1);
}

#[test]
fn f69_nor_do_the_workers_of_its_workers() {
    let _watch = watch();
    end_by(Signal::KILL, "nested", 1);
}

/// What is left of its group is nobody's then, and the kernel lets such go on, with a hang-up.
#[test]
fn f69_nor_do_workers_that_were_stopped() {
    let _watch = watch();
    let (mut program, pids) = start("busy", 1);
    for &pid in &pids {
        strike(pid, Signal::STOP);
    }
    // One that is still about to stop is not yet let go on.
    while !pids.iter().all(|&pid| is_stopped(pid)) {
        thread::yield_now();
    }
    strike(program.id(), Signal::KILL);
    program.wait().unwrap();
    wait_gone(&pids);
}

#[test]
fn f69_nor_does_a_worker_whose_orderly_end_would_never_come() {
    let _watch = watch();
    end_by(Signal::KILL, "stuck-end", 1);
}

#[test]
fn f72_no_worker_outlives_a_program_that_exits_in_the_middle() {
    let _watch = watch();
    let (mut program, pids) = start("exit", 1);
    assert_eq!(program.wait().unwrap().code(), Some(7));
    wait_gone(&pids);
}

// F70: programs that are written wrongly.

#[test]
fn cx_freeze_351_fork_bomb_a_pool_before_serve_is_refused() {
    let _watch = watch();
    let output = Command::new(PROGRAM).arg("pool-before-serve").output();
    let output = output.unwrap();
    assert_success(&output);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("never called `serve`"), "{told}");
}

/// The worker goes the way of its parent, up to where it would start a worker of its own.
#[test]
fn cx_freeze_351_fork_bomb_a_worker_that_does_not_serve_starts_none() {
    let _watch = watch();
    let copy = Copy::new("forgetful");
    let output = Command::new(&copy.program)
        .arg("serve-unless-worker")
        .output();
    let output = output.unwrap();
    assert_success(&output);
    let told = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 6, "{told}");
    for pair in lines.chunks(2) {
        assert!(pair[0].contains("never called `serve`"), "{told}");
        assert!(pair[1].contains("before it called `serve`"), "{told}");
    }
}

// F71: nothing to start, or nothing to start it with.

#[test]
fn f71_a_program_that_was_deleted_or_replaced_starts_workers_all_the_same() {
    let _watch = watch();
    let copy = Copy::new("deleted");
    let output = Command::new(&copy.program).arg("deleted").output().unwrap();
    assert_success(&output);
}

#[test]
fn libuv_887_4980_f71_without_descriptors_jobs_are_refused_at_once_and_nothing_is_lost() {
    let _watch = watch();
    let output = Command::new(PROGRAM).arg("few-files").output().unwrap();
    assert_success(&output);
}

#[test]
fn libuv_887_4980_f71_without_processes_jobs_are_refused_at_once_and_nothing_is_lost() {
    let _watch = watch();
    let copy = Copy::new("few-processes");
    let mut command = Command::new(&copy.program);
    if getuid().is_root() {
        // Whom the limit does not apply to. This is nobody.
        command.uid(65_534).gid(65_534);
    }
    let output = command.arg("few-processes").current_dir("/").output();
    assert_success(&output.unwrap());
}

/// gh-95899, gh-76296: with `SIGCHLD` ignored there is nothing to wait for, and the wait hung.
#[test]
fn gh_95899_gh_76296_a_program_that_ignores_its_children_has_workers_all_the_same() {
    let _watch = watch();
    let output = Command::new("env")
        .args(["--ignore-signal=CHLD", PROGRAM, "children-ignored"])
        .output();
    assert_success(&output.unwrap());
}

/// A copy of the program, in a folder of its own that everybody may enter.
struct Copy {
    program: PathBuf,
}

impl Copy {
    fn new(name: &str) -> Self {
        let folder = format!("mainspring-programs-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let program = folder.join("program");
        // Not by this process: a program that another test starts meanwhile would have the copy open
        // for writing, and it could not be run.
        let copied = Command::new("cp").arg(PROGRAM).arg(&program).status();
        assert!(copied.unwrap().success());
        Copy { program }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.program.parent().unwrap_or(Path::new("/nowhere")));
    }
}
