//! What is measured while a recipe runs: its jobs, and how late a ticker on its loop ever was.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant as StdInstant;

use mainspring::task::JobReport;
use mainspring::time::{Duration, Instant, sleep_until};

/// How often the ticker ticks.
const TICK: Duration = Duration::from_millis(10);

/// Counts jobs, on any thread; a clone counts into the same sums.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    sums: Arc<Mutex<Sums>>,
}

#[derive(Debug, Default)]
struct Sums {
    running: usize,
    peak: usize,
    busy: Duration,
    /// From when to when those jobs ran that tell it only afterwards.
    spans: Vec<(StdInstant, StdInstant)>,
    ticker: Option<Ticker>,
}

#[derive(Debug)]
struct Ticker {
    due: Instant,
    late: Duration,
}

/// A job that runs, as far as it is measured.
#[derive(Debug)]
pub struct Job {
    meter: Meter,
}

/// What a recipe took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The loop's time from its beginning to its end.
    pub wall: Duration,
    /// The time of all jobs together.
    pub busy: Duration,
    /// The most jobs that ran at once.
    pub peak: usize,
    /// How late the ticker on the loop was when it was latest: nothing else shows as plainly
    /// that the loop was never blocked. The paused clock has none.
    pub ticker_late: Option<Duration>,
    /// How many things went wrong.
    pub complaints: usize,
}

impl Meter {
    /// A job begins; it ends when what is returned is dropped.
    pub fn job(&self) -> Job {
        self.change(|sums| {
            sums.running += 1;
            sums.peak = sums.peak.max(sums.running);
        });
        Job {
            meter: self.clone(),
        }
    }

    /// A job has run somewhere else, and this is its report. One that never began does not count.
    pub fn ran(&self, report: &JobReport) {
        let Some(span) = report.started.zip(report.finished) else {
            return;
        };
        self.change(|sums| {
            sums.busy += report.ran;
            sums.spans.push(span);
        });
    }

    /// What it all took, if it took so long.
    pub(crate) fn summary(&self, wall: Duration) -> Summary {
        self.change(|sums| Summary {
            wall,
            busy: sums.busy,
            peak: sums.peak.max(most_at_once(&sums.spans)),
            ticker_late: sums.ticker.as_ref().map(|ticker| ticker.late),
            complaints: 0,
        })
    }

    // ANCHOR: tick
    /// Ticks until it is dropped.
    ///
    /// Only for the real clock: on the paused one no tick can be late, and a timer that is always
    /// set would hide that nothing else can happen any more.
    pub(crate) async fn tick(self) {
        loop {
            let due = Instant::now() + TICK;
            self.change(|sums| {
                let late = sums
                    .ticker
                    .as_ref()
                    .map_or(Duration::ZERO, Ticker::lateness);
                sums.ticker = Some(Ticker { due, late });
            });
            sleep_until(due).await;
        }
    }
    // ANCHOR_END: tick

    /// The ticker has ticked enough: a tick that should have come by now was late, too.
    pub(crate) fn stop_ticking(&self) {
        self.change(|sums| {
            if let Some(ticker) = &mut sums.ticker {
                ticker.late = ticker.lateness();
            }
        });
    }

    fn change<R>(&self, change: impl FnOnce(&mut Sums) -> R) -> R {
        // A panic elsewhere does not make the sums wrong.
        change(&mut self.sums.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

// ANCHOR: most_at_once
/// How many spans cover one moment, where most do.
fn most_at_once(spans: &[(StdInstant, StdInstant)]) -> usize {
    let changes = spans
        .iter()
        .flat_map(|&(begin, end)| [(begin, 1), (end, -1)]);
    let mut changes: Vec<(StdInstant, i32)> = changes.collect();
    // Of one moment, the ends come first: one job after the other is one at once.
    changes.sort();
    let running = changes.iter().scan(0, |running, (_, change)| {
        *running += change;
        Some(*running)
    });
    running.max().map_or(0, i32::unsigned_abs) as usize
}
// ANCHOR_END: most_at_once

impl Ticker {
    fn lateness(&self) -> Duration {
        self.late.max(self.due.elapsed())
    }
}

impl Job {
    /// The job ends, and took so long.
    pub fn took(self, time: Duration) {
        self.meter.change(|sums| sums.busy += time);
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.meter.change(|sums| sums.running -= 1);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [wall, busy] = [self.wall, self.busy].map(|time| time.as_secs_f64());
        let jobs = if self.peak == 1 { "job" } else { "jobs" };
        write!(
            f,
            "wall {wall:.1} s, busy {busy:.1} s, at most {} {jobs} at once",
            self.peak
        )?;
        match self.ticker_late {
            Some(late) => {
                write!(
                    f,
                    "; the loop's ticker was at most {:.1} ms late",
                    late.as_secs_f64() * 1e3
                )
            }
            None => Ok(()),
        }
    }
}
