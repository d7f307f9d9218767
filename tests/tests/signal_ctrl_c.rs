//! What Ctrl-C does to a program: seen from outside, as a terminal sees it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use mainspring_tests::watchdog::watch;
use rustix::process::{Pid, Signal, kill_process};

/// A program of `tests/src/bin/ctrl_c.rs` that runs.
struct Program {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Program {
    /// Starts it, with SIGINT as a shell's foreground job has it. (A test that runs in the
    /// background of a script has it ignored, and would hand that on.)
    fn start(name: &str) -> Program {
        Program::with("--default-signal=INT", name)
    }

    fn with(disposition: &str, name: &str) -> Program {
        let mut process = Command::new("env")
            .args([disposition, env!("CARGO_BIN_EXE_ctrl_c"), name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Program { process, stdout }
    }

    /// Waits until it has said that line.
    fn says(&mut self, wanted: &str) {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), wanted);
    }

    fn press(&self) {
        kill_process(Pid::from_child(&self.process), Signal::INT).unwrap();
    }

    /// What it says until its end, and how that was.
    fn ends(mut self) -> (String, ExitStatus) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, self.process.wait().unwrap())
    }
}

const IN_ORDER: &str = "main is dropped\na task is dropped\na clean-up has run\n";

#[test]
fn run_ctrl_c_while_parked() {
    let _watch = watch();
    for name in ["parked", "ours"] {
        let mut program = Program::start(name);
        program.says("now");
        program.press();
        let (said, status) = program.ends();
        assert_eq!(said, IN_ORDER, "{name}");
        assert_eq!(status.signal(), Some(2), "{name}: {status}");
    }
}

#[test]
fn under_tokios_name_and_in_a_plain_block_on_ctrl_c_ends_the_process_at_once() {
    let _watch = watch();
    for name in ["tokios", "block-on"] {
        let mut program = Program::start(name);
        program.says("now");
        program.press();
        let (said, status) = program.ends();
        assert_eq!((said.as_str(), status.signal()), ("", Some(2)), "{name}");
    }
}

#[test]
fn the_second_ctrl_c_ends_a_program_that_does_not_come_back_to_its_loop() {
    let _watch = watch();
    let mut program = Program::start("busy");
    program.says("now");
    // Two at once may be one to the system.
    let status = loop {
        program.press();
        if let Some(status) = program.process.try_wait().unwrap() {
            break status;
        }
        std::thread::yield_now();
    };
    assert_eq!(status.signal(), Some(2));
    assert_eq!(program.ends().0, "");
}

#[test]
fn after_a_run_ctrl_c_does_what_it_does_by_default() {
    let _watch = watch();
    let mut program = Program::start("after");
    program.says("now");
    program.press();
    let (said, status) = program.ends();
    assert_eq!((said.as_str(), status.signal()), ("", Some(2)));
}

#[test]
fn a_program_that_answers_ctrl_c_itself_goes_on() {
    let _watch = watch();
    let mut program = Program::start("answered");
    program.says("now");
    program.press();
    program.says("once");
    program.says("now");
    program.press();
    let (said, status) = program.ends();
    assert_eq!(said, "twice\n");
    assert!(status.success(), "{status}");
}

#[test]
fn f47_who_has_listened_once_keeps_the_answer_and_the_default_does_not_come_back() {
    let _watch = watch();
    goes_on(Program::start("answered-before"));
}

#[test]
fn a_run_leaves_ctrl_c_alone_where_it_was_ignored_from_the_start() {
    let _watch = watch();
    goes_on(Program::with("--ignore-signal=INT", "asks"));
}

fn goes_on(mut program: Program) {
    program.says("now");
    program.press();
    drop(program.process.stdin.take());
    let (said, status) = program.ends();
    assert_eq!(said, "went on\n");
    assert!(status.success(), "{status}");
}

#[test]
fn a_loop_that_waits_for_nothing_but_a_signal_is_not_stuck() {
    let _watch = watch();
    let mut program = Program::start("listens-alone");
    program.says("now");
    program.press();
    let (said, status) = program.ends();
    assert_eq!(said, "heard\n");
    assert!(status.success(), "{status}");
}
