//! The standard streams, of programs whose other ends are held here.
//! (The programs are `src/bin/standard_streams.rs`.)

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use mainspring_tests::watchdog::watch;

fn start(scenario: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_standard_streams"))
        .arg(scenario)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Gives it this to read, and the end, and hears it out.
fn run(scenario: &str, input: &[u8]) -> Output {
    let mut program = start(scenario);
    let mut stdin = program.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = program.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

/// What it printed, if all is well.
fn printed(output: Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{errors}", output.status);
    assert_eq!(errors, "");
    String::from_utf8(output.stdout).unwrap()
}

fn line(from: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line
}

#[test]
fn lines_are_answered_as_they_come() {
    let _watch = watch();
    let mut program = start("echo");
    let mut stdin = program.stdin.take().unwrap();
    let mut out = BufReader::new(program.stdout.take().unwrap());
    for word in ["tick\n", "tock\n"] {
        stdin.write_all(word.as_bytes()).unwrap();
        assert_eq!(line(&mut out), word.to_uppercase());
    }
    stdin.write_all(b"no newline").unwrap();
    drop(stdin);
    assert_eq!(line(&mut out), "NO NEWLINE\n");
    assert_eq!(line(&mut out), "the end\n");
    assert!(program.wait().unwrap().success());
}

#[test]
fn handles_share_one_stream() {
    let _watch = watch();
    let input = format!("tick tock{}", "x".repeat(1_000_000));
    let output = printed(run("parts", input.as_bytes()));
    assert_eq!(output, "tick tock|1000000\n");
}

/// In tokio the end of the runtime waits for somebody to press Enter.
#[test]
fn tokio_2466_a_runtime_ends_although_a_read_does_not() {
    let _watch = watch();
    let mut program = start("ends-while-reading");
    let stdin = program.stdin.take();
    let output = program.wait_with_output().unwrap();
    assert_eq!(printed(output), "ended\n");
    drop(stdin);
}

#[test]
fn what_comes_for_a_reader_that_has_gone_is_the_next_ones() {
    let _watch = watch();
    let mut program = start("given-up");
    let mut stdin = program.stdin.take().unwrap();
    let mut out = BufReader::new(program.stdout.take().unwrap());
    assert_eq!(line(&mut out), "begun\n");
    stdin.write_all(b"tick\ntock\n").unwrap();
    drop(stdin);
    assert_eq!(line(&mut out), "two: tick\n");
    assert_eq!(line(&mut out), "two: tock\n");
    assert!(program.wait().unwrap().success());
}

#[test]
fn a_read_that_was_given_up_hides_no_deadlock() {
    let _watch = watch();
    let mut program = start("given-up-and-stuck");
    let stdin = program.stdin.take();
    let output = program.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(13));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("no other thread"), "{errors}");
    drop(stdin);
}

#[test]
fn the_paused_clock_goes_on_beside_a_read_and_a_read_alone_is_no_deadlock() {
    let _watch = watch();
    let mut program = start("paused");
    let mut stdin = program.stdin.take().unwrap();
    let mut out = BufReader::new(program.stdout.take().unwrap());
    assert_eq!(line(&mut out), "an hour later\n");
    give_it_time_to_complain();
    stdin.write_all(b"tick").unwrap();
    assert_eq!(line(&mut out), "tick\n");
    assert_eq!(printed(program.wait_with_output().unwrap()), "");
}

#[test]
fn a_read_alone_on_the_real_clock_is_no_deadlock() {
    let _watch = watch();
    let mut program = start("alone");
    let mut stdin = program.stdin.take().unwrap();
    let mut out = BufReader::new(program.stdout.take().unwrap());
    assert_eq!(line(&mut out), "waiting\n");
    give_it_time_to_complain();
    stdin.write_all(b"tick").unwrap();
    assert_eq!(line(&mut out), "tick\n");
    assert_eq!(printed(program.wait_with_output().unwrap()), "");
}

/// Nothing is made right by it: a loop that takes itself for stuck says so after 200 ms.
fn give_it_time_to_complain() {
    thread::sleep(Duration::from_millis(300));
}

#[test]
fn a_read_needs_no_runtime() {
    let _watch = watch();
    assert_eq!(printed(run("without-a-runtime", b"tick")), "tick\n");
}

#[test]
fn what_handles_write_comes_in_the_order_of_writing() {
    let _watch = watch();
    let expected: String = (0..500).map(|number| format!("{number}\n")).collect();
    assert_eq!(printed(run("in-order", b"")), expected);
}

#[test]
fn tokio_8506_what_was_written_comes_out_although_the_runtime_ends_first() {
    let _watch = watch();
    assert_eq!(printed(run("ends-while-writing", b"")), "tick tock");
}

#[test]
fn lines_are_not_torn_by_other_tasks_and_threads() {
    let _watch = watch();
    let output = printed(run("whole-lines", b""));
    let mut counts = [0; 4];
    for line in output.lines() {
        let letter = line.chars().next().unwrap();
        assert!(line.len() == 100_000 && line.chars().all(|other| other == letter));
        counts["abcp".find(letter).unwrap()] += 1;
    }
    assert_eq!(counts, [5; 4]);
}

#[test]
fn each_stream_gets_its_own_and_a_flush_is_enough() {
    let _watch = watch();
    let output = run("both-streams", b"");
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "tick ✓");
    assert_eq!(output.stderr, b"tock");
}

#[test]
fn a_reader_that_has_gone_is_an_error_of_the_flush_once() {
    let _watch = watch();
    let mut program = start("gone-reader");
    drop(program.stdout.take());
    drop(program.stdin.take());
    let mut errors = String::new();
    program
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert!(program.wait().unwrap().success(), "{errors}");
    assert_eq!(errors, "BrokenPipe\n");
}
