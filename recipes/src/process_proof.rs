//! How do I check that it is multi-process and non-blocking?

use std::collections::BTreeSet;
use std::fmt;
use std::hint::black_box;
use std::io;
use std::process;

use mainspring::asyncio::{Duration, create_task, run_in_executor};
use mainspring::pool::{Executor, block_for};
use mainspring::process::Remote;
use mainspring::task::{JobReport, yield_now};
use mainspring::time::{Instant, advance};

use crate::event_loop::run;
use crate::meter::{Meter, Summary};
use crate::output::say;
use crate::pools::{process_pool, thread_pool};
use crate::stage::Stage;

// ANCHOR: process_proof
/// The same jobs three ways: on the loop itself, on threads, and in other processes.
///
/// # Errors
///
/// A worker died, or there could be none.
pub async fn process_proof(
    here: impl AsyncFn(u64) -> u64,
    elsewhere: impl Remote<u64, u64> + Copy,
    workers: usize,
) -> io::Result<()> {
    let (threads, processes) = (thread_pool(workers), process_pool(workers)?);
    // What it takes to start them is not the question.
    processes.warm_up().await?;
    say!("inline: {}", proof(inline(here)).await?);
    say!("threads: {}", proof(on(&threads, elsewhere)).await?);
    say!("processes: {}", proof(on(&processes, elsewhere)).await?);
    Ok(())
}

/// A job that computes, for so many *steps*. One that computes "for 0.2 s by the clock" would take
/// 0.2 s however little of a processor it got, and prove nothing.
pub fn compute(steps: u64) -> u64 {
    let step = |number: u64, step: u64| black_box((number ^ step).rotate_left(7).wrapping_mul(31));
    (0..steps).fold(1, step)
}

/// One job after the other, without giving way to anybody.
async fn inline(job: impl AsyncFn(u64) -> u64) -> io::Result<Vec<JobReport>> {
    let mut reports = Vec::new();
    for steps in JOBS {
        let began = Instant::now();
        job(steps).await;
        reports.push(JobReport {
            pid: process::id(),
            thread: "main".to_owned(),
            queued: Duration::ZERO,
            ran: began.elapsed(),
            started: Some(began.into_std()),
            finished: Some(Instant::now().into_std()),
        });
    }
    Ok(reports)
}

/// All jobs at once, on a pool; each handle tells where and when its job ran.
async fn on<E, F>(pool: &E, job: F) -> io::Result<Vec<JobReport>>
where
    E: Executor<F, u64, u64>,
    F: Remote<u64, u64> + Copy,
{
    let mut reports = Vec::new();
    for mut job in JOBS.map(|steps| run_in_executor(pool, job, steps)) {
        (&mut job).await?;
        reports.push(job.report());
    }
    Ok(reports)
}

/// Runs jobs beside a ticker, and tells what their reports and the ticker say.
async fn proof(jobs: impl Future<Output = io::Result<Vec<JobReport>>>) -> io::Result<Proof> {
    let stage = Stage::current();
    let meter = Meter::default();
    let ticker = (!stage.setting.paused).then(|| create_task(meter.clone().tick()));
    // Until the ticker has begun.
    yield_now().await;
    let began = Instant::now();
    let reports = jobs.await?;
    let wall = began.elapsed();
    if let Some(ticker) = ticker {
        meter.stop_ticking();
        ticker.abort();
    }
    for report in &reports {
        meter.ran(report);
        stage.meter.ran(report);
    }
    let pids = reports.iter().map(|report| report.pid).collect();
    let summary = meter.summary(wall);
    Ok(Proof { summary, pids })
}
// ANCHOR_END: process_proof

/// The jobs, each so many steps: a fifth of a second or so.
const JOBS: [u64; 4] = [20_000_000; 4];

/// What stands for [`compute`] on the paused clock, where computing takes no time: a job that
/// blocks for a second.
pub fn pretend(steps: u64) -> u64 {
    block_for(PRETENDED);
    steps
}

const PRETENDED: Duration = Duration::from_secs(1);

/// `if __name__ == "__main__"`, after its first line, which is `serve([function(compute), ..])`.
///
/// # Errors
///
/// Those of [`process_proof`].
pub fn main(workers: usize) -> io::Result<()> {
    let pass = async |steps| {
        advance(PRETENDED).await;
        steps
    };
    match Stage::current().setting.paused {
        true => run(process_proof(pass, pretend, workers)),
        false => run(process_proof(
            async |steps| compute(steps),
            compute,
            workers,
        )),
    }
}

struct Proof {
    summary: Summary,
    pids: BTreeSet<u32>,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Proof { summary, pids } = self;
        write!(f, "{summary}")?;
        // Lanes of the paused clock are in no process of their own.
        if summary.ticker_late.is_none() {
            return Ok(());
        }
        let many = if pids.len() == 1 { "" } else { "es" };
        let names: Vec<String> = pids.iter().map(u32::to_string).collect();
        write!(f, "; in process{many} {}", names.join(" and "))?;
        match pids.contains(&process::id()) {
            true => f.write_str(", this one"),
            false => Ok(()),
        }
    }
}
