//! Programs with worker processes, and what comes out of them.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use mainspring_tests::watchdog::watch;

const PRINTS: &str = env!("CARGO_BIN_EXE_jobs_that_print");

fn prints(what: &str, workers: u32, lines: u32) -> Output {
    let mut command = Command::new(PRINTS);
    command.env("PRINT", what);
    command.env("WORKERS", workers.to_string());
    command.env("LINES", lines.to_string()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn lines_of_1024_bytes_from_many_workers_never_mix() {
    let _watch = watch();
    for workers in [2, 4] {
        let output = prints("lines", workers, 10_000);
        assert!(output.status.success());
        let said = text(&output.stdout);
        let mut next: BTreeMap<u32, u32> = BTreeMap::new();
        let lines = said.strip_suffix("\nend\n").unwrap().lines();
        for line in lines {
            assert_eq!(line.len(), 1023, "{line}");
            let mut parts = line.split(' ');
            let job: u32 = parts.next().unwrap().parse().unwrap();
            let number: u32 = parts.next().unwrap().parse().unwrap();
            let letter = char::from(b'a' + (job % 26) as u8);
            assert!(parts.next().unwrap().chars().all(|each| each == letter));
            assert_eq!(parts.next(), None);
            // A job's own lines stay in their order.
            let expected = next.entry(job).or_default();
            assert_eq!(number, *expected);
            *expected += 1;
        }
        assert_eq!(next.len(), 1000);
        assert!(next.values().all(|count| *count == 10));
    }
}

#[test]
fn what_a_job_prints_comes_before_its_answer() {
    let _watch = watch();
    let output = prints("chatter", 2, 0);
    let expected: String = (0..20).map(|job| format!("<{job}>[{job}]\n")).collect();
    assert_eq!(text(&output.stdout), expected + "\nend\n");
    let complaints: String = (0..20)
        .map(|job| format!("job {job} complains\n"))
        .collect();
    assert_eq!(text(&output.stderr), complaints);
}

#[test]
fn f67_no_output_is_taken_for_an_answer() {
    let _watch = watch();
    let output = prints("noise", 1, 0);
    assert!(output.status.success());
    let noise = "#".repeat(1 << 20);
    assert!(text(&output.stdout) == noise.clone() + "\nend\n");
    assert!(text(&output.stderr) == noise);
}

#[test]
fn idle_workers_do_not_hide_a_deadlock() {
    let _watch = watch();
    let program = env!("CARGO_BIN_EXE_stall_beside_idle_processes");
    let output = Command::new(program).output().unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(13), "{told}");
    assert!(told.contains("deadlock"), "{told}");
}

#[test]
fn f70_a_program_that_never_called_serve_is_refused_its_pool() {
    let _watch = watch();
    let program = env!("CARGO_BIN_EXE_pool_without_serve");
    let output = Command::new(program).output().unwrap();
    let (said, told) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(101), "{told}");
    // Once: nothing was started.
    assert_eq!(said.matches("started").count(), 1);
    assert!(said.contains("never called `serve`"), "{said}");
    assert!(told.contains("never called `serve`"), "{told}");
}

#[test]
fn f64_an_argument_of_a_gibibyte_is_refused_before_it_takes_memory() {
    let _watch = watch();
    let program = env!("CARGO_BIN_EXE_argument_beyond_the_limit");
    let output = Command::new(program).output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let lines: Vec<&str> = said.lines().collect();
    let [error, grown, freed] = lines[..] else {
        panic!("{said}");
    };
    assert!(error.contains("more than the 268435456 bytes"), "{error}");
    let mib = |line: &str| {
        line.split(' ')
            .rev()
            .nth(1)
            .unwrap()
            .parse::<u32>()
            .unwrap()
    };
    assert!(mib(grown) < 16, "{grown}");
    assert!((60..=64).contains(&mib(freed)), "{freed}");
}
