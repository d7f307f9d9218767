//! What a runtime counts of its loops, for whoever asks, on any thread.
//!
//! A loop tells once in a turn, when it parks; so its own hot paths count nothing.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The sums over all loops of a runtime. Nothing else is decided by them: every access is relaxed.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Tasks, as each loop told last.
    tasks: AtomicUsize,
    /// How often a loop has parked or gone on.
    parks: AtomicU64,
    /// Somebody asks how long they are busy, which costs two looks at the clock for each park.
    is_timed: AtomicBool,
    /// In nanoseconds.
    busy: AtomicU64,
}

impl Meter {
    /// From now on, the loops say how long they are busy.
    pub(crate) fn time(&self) {
        self.is_timed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn tasks(&self) -> usize {
        self.tasks.load(Ordering::Relaxed)
    }

    pub(crate) fn parks(&self) -> u64 {
        self.parks.load(Ordering::Relaxed)
    }

    pub(crate) fn busy(&self) -> Duration {
        Duration::from_nanos(self.busy.load(Ordering::Relaxed))
    }
}

/// What one loop has told.
#[derive(Debug, Default)]
pub(crate) struct LoopMeter {
    tasks: Cell<usize>,
    busy_since: Cell<Option<Instant>>,
}

impl LoopMeter {
    /// How many tasks the loop said that it has.
    pub(crate) fn told_tasks(&self) -> usize {
        self.tasks.get()
    }

    /// The loop has so many tasks.
    pub(crate) fn tell_tasks(&self, meter: &Meter, tasks: usize) {
        let told = self.tasks.replace(tasks);
        if tasks > told {
            meter.tasks.fetch_add(tasks - told, Ordering::Relaxed);
        } else if tasks < told {
            meter.tasks.fetch_sub(told - tasks, Ordering::Relaxed);
        }
    }

    /// The loop parks or goes on.
    pub(crate) fn tell_park(&self, meter: &Meter) {
        meter.parks.fetch_add(1, Ordering::Relaxed);
    }

    /// From here on it does something.
    pub(crate) fn begin_busy(&self, meter: &Meter) {
        if meter.is_timed.load(Ordering::Relaxed) {
            self.busy_since.set(Some(Instant::now()));
        }
    }

    /// Up to here.
    pub(crate) fn end_busy(&self, meter: &Meter) {
        if let Some(since) = self.busy_since.take() {
            let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            meter.busy.fetch_add(nanos, Ordering::Relaxed);
        }
    }
}
