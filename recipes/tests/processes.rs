//! On the real clock: the recipes whose jobs run in worker processes, which are the program again.

mod support;

use std::collections::BTreeSet;

use support::{recipes, transcript};

#[test]
fn process_prints_ten_whole_lines_in_any_order() {
    let said = recipes(&["run", "process", "--times"]);
    let mut nums = BTreeSet::new();
    for line in said.stdout.lines() {
        let (time, num) = line.split_once("s] ").expect("a time and a number");
        let time: f64 = time[1..].parse().expect("a time in seconds");
        // No worker prints before it has waited for a second: its lines have the loop's time.
        assert!(line.starts_with('[') && time >= 1.0, "{line}");
        assert!(nums.insert(num.to_owned()), "{num} came twice");
    }
    let expected = transcript("process");
    assert_eq!(nums, expected.lines().map(str::to_owned).collect());
    let told = "at most 4 jobs at once; the loop's ticker was";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert!(said.status.success(), "{}", said.stderr);
}

#[test]
fn default_executor_sends_functions_to_processes_and_a_closure_to_a_thread() {
    let said = recipes(&["run", "default-executor", "--parallel", "2"]);
    let (nums, rest) = said.stdout.split_at_checked(8).expect("four short lines");
    assert_eq!(
        nums.lines().collect::<BTreeSet<_>>(),
        BTreeSet::from(["0", "1", "2", "3"])
    );
    assert_eq!(rest, "a closure, on a thread\n");
    assert!(said.status.success(), "{}", said.stderr);
}

#[test]
fn process_proof_tells_the_three_ways_apart() {
    let said = recipes(&["run", "process-proof"]);
    assert!(said.status.success(), "{}", said.stderr);
    let ways = said.stdout.lines().map(Way::read);
    let [inline, threads, processes] = ways.collect::<Vec<_>>().try_into().expect("three ways");

    // One process, and the loop blocked from the first job to the last.
    assert_eq!((inline.name, inline.peak), ("inline", 1));
    assert_eq!((inline.pids.len(), inline.is_here), (1, true));
    assert!(inline.late + 100.0 >= inline.wall, "{}", said.stdout);

    // The same process, two jobs at once.
    assert_eq!((threads.name, threads.peak), ("threads", 2));
    assert_eq!((&threads.pids, threads.is_here), (&inline.pids, true));

    // Two processes, and neither is this one.
    assert_eq!((processes.name, processes.peak), ("processes", 2));
    assert_eq!((processes.pids.len(), processes.is_here), (2, false));
    assert!(processes.pids.is_disjoint(&inline.pids), "{}", said.stdout);
}

/// What a line of `process-proof` says, in milliseconds.
#[derive(Debug)]
struct Way<'a> {
    name: &'a str,
    wall: f64,
    peak: usize,
    late: f64,
    pids: BTreeSet<u32>,
    is_here: bool,
}

impl<'a> Way<'a> {
    fn read(line: &'a str) -> Self {
        let numbers = line.split([' ', ',', ';']);
        let numbers: Vec<f64> = numbers.filter_map(|word| word.parse().ok()).collect();
        let [wall, _busy, peak, late, pids @ ..] = &*numbers else {
            panic!("wall, busy, peak, lateness, processes: {line}");
        };
        Way {
            name: line.split(':').next().unwrap_or_default(),
            wall: wall * 1e3,
            peak: *peak as usize,
            late: *late,
            pids: pids.iter().map(|pid| *pid as u32).collect(),
            is_here: line.ends_with(", this one"),
        }
    }
}
