//! mainspring beside tokio's current-thread runtime: the same source, the same process, in turn.
//!
//! `cargo bench -p mainspring --bench beside_tokio [-- NAME...]` prints, for each workload,
//! nanoseconds of CPU time per operation on both sides (median over the rounds) and the median
//! of the rounds' ratios; below 1 mainspring is faster. Machines are noisy, so the two sides take
//! turns within each round, and only the ratio means something. Each run is a process of its own:
//! in a shared one, each side would run on the heap that the other left. `-- --once NAME SIDE N`
//! is such a run, and what to give to `valgrind --tool=callgrind`.
//!
//! This is a program of its own and not a criterion bench, because criterion measures one side
//! after the other, in one process, and knows no ratio.

use std::process::Command;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

mod mainspring_side {
    use mainspring as rt;
    include!("workloads.rs");

    fn call(call: fn()) {
        rt::runtime::call_soon(call);
    }
}

mod tokio_side {
    use tokio as rt;
    include!("workloads.rs");

    // It has no callbacks: this is what its programs write.
    fn call(call: fn()) {
        rt::spawn(async move { call() });
    }
}

/// Pairs of runs per workload. Doubling it halves nothing but the noise.
const ROUNDS: usize = 15;

struct Workload {
    name: &'static str,
    n: usize,
    /// What the project asks of itself, as a ratio to tokio.
    mark: f64,
    mainspring: fn(usize) -> usize,
    tokio: fn(usize) -> usize,
}

macro_rules! workloads {
    ($($name:ident: $n:expr, $mark:expr;)*) => {
        [$(Workload {
            name: stringify!($name),
            n: $n,
            mark: $mark,
            mainspring: mainspring_side::$name,
            tokio: tokio_side::$name,
        }),*]
    };
}

fn main() {
    let workloads = workloads! {
        spawn_join: 100_000, 0.30;
        spawn_join_1k: 100_000, 0.30;
        join_set_1k: 100_000, 0.90;
        call_soon: 100_000, 0.40;
        yield_now: 100_000, 0.50;
        timeout_1: 50_000, 0.30;
        timeout_1k: 100_000, 0.60;
        timers_fire: 50_000, 0.95;
        remote_wake: 5_000, 1.00;
        blocking_1: 5_000, 1.00;
        blocking_64: 32_000, 1.00;
        block_on_ready: 50_000, 1.00;
        mpsc_1p: 500_000, 0.65;
        mpsc_8p: 500_000, 0.65;
        mpsc_unbounded: 500_000, 0.65;
        ping_pong: 100_000, 0.90;
        ping_pong_oneshot: 100_000, 0.95;
        oneshot_ready: 100_000, 0.95;
        semaphore_free: 200_000, 0.60;
        semaphore_contended: 100_000, 0.65;
        mutex_free: 200_000, 0.90;
        mutex_contended: 100_000, 0.50;
        rwlock_free: 200_000, 1.10;
        notify_baton: 200_000, 0.95;
        notify_pair: 200_000, 0.95;
        notify_kept: 1_000_000, 1.00;
        barrier_10: 200_000, 1.00;
        once_full: 1_000_000, 1.00;
        watch_10: 200_000, 1.00;
        broadcast_1: 200_000, 1.00;
        broadcast_10: 500_000, 1.00;
        file_whole: 5_000, 1.00;
        file_writes: 5_000, 1.00;
        file_reads: 5_000, 1.00;
        select_ready: 500_000, 1.00;
        select_waits: 200_000, 1.00;
        join_waits: 200_000, 1.00;
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--once", name, side, n, ..] = arguments[..] {
        let n = n.parse().expect("a number of operations");
        for workload in workloads.iter().filter(|workload| workload.name == name) {
            let run = match side {
                "tokio" => workload.tokio,
                _ => workload.mainspring,
            };
            let start = cpu_time();
            let operations = run(n);
            let spent = cpu_time() - start;
            println!("{}", spent.as_nanos() as f64 / operations as f64);
        }
        return;
    }
    let names: Vec<&str> = (arguments.iter().copied())
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    println!(
        "{:<16} {:>12} {:>12} {:>7} {:>6}",
        "workload", "mainspring", "tokio", "ratio", "mark"
    );
    for workload in &workloads {
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
                let ours = cost(workload, "mainspring");
                (ours, cost(workload, "tokio"))
            }
            _ => {
                let theirs = cost(workload, "tokio");
                (cost(workload, "mainspring"), theirs)
            }
        });
    }
    let ours = median(rounds.iter().map(|round| round.0));
    let theirs = median(rounds.iter().map(|round| round.1));
    let ratio = median(rounds.iter().map(|round| round.0 / round.1));
    println!(
        "{:<16} {:>9.1} ns {:>9.1} ns {:>7.2} {:>6.2}",
        workload.name, ours, theirs, ratio, workload.mark
    );
}

/// Nanoseconds of CPU time, of all threads of a process of its own, per operation.
fn cost(workload: &Workload, side: &str) -> f64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(["--once", workload.name, side, &workload.n.to_string()])
        .output()
        .expect("this program can be started again");
    let text = String::from_utf8(output.stdout).expect("a number is text");
    text.trim().parse().expect("one number per run")
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
