//! mainspring's worker processes beside Python's: the same jobs on the same machine, in turn.
//!
//! `cargo bench -p mainspring --bench beside_python [-- NAME...]` prints, for each workload, wall
//! time and rate on both sides (median over the rounds), and the median of the rounds' ratios of
//! the rates; above 1 mainspring is faster. The other side is jobs.py, by the `python3` that is
//! found first. As in `beside_tokio`, the two sides take turns within each round, and each run is
//! a process of its own: `-- --once NAME N` is such a run, and what to give to `strace -c -f`.
//!
//! It is wall time and not CPU time, because two processes share the work, and because what is
//! asked of a pool is how soon the answer comes.

mod ours;

use std::process::{Command, exit};
use std::time::Duration;

use mainspring::process::serve;

/// Pairs of runs per workload. Doubling it halves nothing but the noise.
const ROUNDS: usize = 7;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/beside_python/jobs.py");

struct Workload {
    name: &'static str,
    /// Operations in a run, here and there.
    n: [usize; 2],
    /// What the project asks of itself, as a ratio of the rates.
    mark: Option<f64>,
    ours: fn(usize) -> Duration,
}

const WORKLOADS: [Workload; 7] = [
    Workload {
        name: "round_trip",
        n: [10_000, 1_000],
        mark: Some(5.0),
        ours: ours::round_trip,
    },
    Workload {
        name: "jobs_1_worker",
        n: [30_000, 5_000],
        mark: Some(5.0),
        ours: ours::jobs_1_worker,
    },
    Workload {
        name: "jobs_2_workers",
        n: [30_000, 5_000],
        mark: Some(5.0),
        ours: ours::jobs_2_workers,
    },
    Workload {
        name: "start_worker",
        n: [20, 20],
        mark: None,
        ours: ours::start_worker,
    },
    Workload {
        name: "replace_worker",
        n: [20, 20],
        mark: None,
        ours: ours::replace_worker,
    },
    Workload {
        name: "64_mib_bytes",
        n: [2, 2],
        mark: None,
        ours: ours::large_bytes,
    },
    Workload {
        name: "64_mib_vec",
        n: [2, 2],
        mark: None,
        ours: ours::large_vec,
    },
];

fn main() {
    serve(ours::functions());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--once", name, n, ..] = arguments[..] {
        let n = n.parse().expect("a number of operations");
        for workload in WORKLOADS.iter().filter(|workload| workload.name == name) {
            println!("{}", (workload.ours)(n).as_secs_f64() / n as f64);
        }
        return;
    }
    let names: Vec<&str> = (arguments.iter().copied())
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    println!("{}\n{}\n", here(), run(&mut python(&["--about"])));
    println!(
        "{:<16} {:>12} {:>10} {:>12} {:>10} {:>7} {:>6}",
        "workload", "mainspring", "a second", "python", "a second", "ratio", "mark"
    );
    for workload in &WORKLOADS {
        if names.is_empty() || names.contains(&workload.name) {
            compare(workload);
        }
    }
}

fn compare(workload: &Workload) {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        rounds.push(match round % 2 {
            0 => {
                let ours = ours(workload);
                (ours, theirs(workload))
            }
            _ => {
                let theirs = theirs(workload);
                (ours(workload), theirs)
            }
        });
    }
    let ours = median(rounds.iter().map(|round| round.0));
    let theirs = median(rounds.iter().map(|round| round.1));
    let ratio = median(rounds.iter().map(|round| round.1 / round.0));
    let mark = workload
        .mark
        .map_or(String::new(), |mark| format!("{mark:.1}"));
    println!(
        "{:<16} {:>12} {:>10.0} {:>12} {:>10.0} {:>7.1} {:>6}",
        workload.name,
        time(ours),
        1.0 / ours,
        time(theirs),
        1.0 / theirs,
        ratio,
        mark
    );
}

fn time(seconds: f64) -> String {
    match seconds < 1e-3 {
        true => format!("{:.1} us", seconds * 1e6),
        false => format!("{:.1} ms", seconds * 1e3),
    }
}

/// Seconds per operation, in a process of its own.
fn ours(workload: &Workload) -> f64 {
    let program = std::env::current_exe().expect("this program has a path");
    let mut once = Command::new(program);
    number(once.args(["--once", workload.name, &workload.n[0].to_string()]))
}

fn theirs(workload: &Workload) -> f64 {
    number(&mut python(&[workload.name, &workload.n[1].to_string()]))
}

fn python(arguments: &[&str]) -> Command {
    let mut python = Command::new("python3");
    python.arg(SCRIPT).args(arguments);
    python
}

fn number(command: &mut Command) -> f64 {
    run(command).parse().expect("one number per run")
}

/// What it prints. If it fails, so does the bench, with what it says.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        eprintln!(
            "{} cannot be started: {error}",
            command.get_program().display()
        );
        exit(1);
    });
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        exit(1);
    }
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What is measured, and where.
fn here() -> String {
    let git = [
        "-C",
        env!("CARGO_MANIFEST_DIR"),
        "describe",
        "--always",
        "--dirty",
    ];
    let commit = Command::new("git").args(git).output();
    let commit = commit.map_or(String::new(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    });
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = (information.lines())
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("a processor without a name", |(_, model)| model);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let version = env!("CARGO_PKG_VERSION");
    format!("mainspring {version}, commit {commit}, {count} processors of {model}")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
