//! Moments, as the runtime's clock shows them.

use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

use crate::engine::context;
use crate::runtime::Handle;

/// A moment on the runtime's clock, which may be paused; outside of a runtime, on the machine's.
///
/// tokio: `time::Instant`. asyncio: `loop.time()`.
///
/// ```
/// # use mainspring::time::{Duration, Instant, sleep};
/// # let runtime = mainspring::runtime::Builder::new_current_thread().start_paused(true).build()?;
/// # runtime.block_on(async {
/// let start = Instant::now();
/// sleep(Duration::from_secs(3600)).await; // the clock is paused: this takes no time
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// # });
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(std::time::Instant);

impl Instant {
    /// The present moment.
    pub fn now() -> Instant {
        match context::made() {
            Some(engine) => Instant(engine.clock.instant(engine.clock.now())),
            None => Instant(std::time::Instant::now()),
        }
    }

    /// The same moment on the machine's clock.
    pub fn from_std(instant: std::time::Instant) -> Instant {
        Instant(instant)
    }

    /// The same moment for the standard library.
    pub fn into_std(self) -> std::time::Instant {
        self.0
    }

    /// How much time has passed since this moment; zero if it lies ahead.
    pub fn elapsed(&self) -> Duration {
        Instant::now().saturating_duration_since(*self)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time from `earlier` to this moment; `None` if `earlier` is later.
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// The moment that much later; `None` if it cannot be expressed.
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// The moment that much earlier; `None` if it cannot be expressed.
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }
}

impl Handle {
    /// The present moment on the runtime's clock. Every loop of the runtime has a clock of its own:
    /// this is that of its loop on this thread; where there is none, the machine's (a paused clock
    /// is to be asked for on its own thread).
    ///
    /// asyncio: `loop.time`.
    pub fn time(&self) -> Instant {
        match context::find(self.shared()) {
            Some(engine) => Instant(engine.clock.instant(engine.clock.now())),
            None => Instant(std::time::Instant::now()),
        }
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant(self.0 + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        self.0 += duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        Instant(self.0 - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        self.0 -= duration;
    }
}

impl From<std::time::Instant> for Instant {
    fn from(instant: std::time::Instant) -> Instant {
        Instant(instant)
    }
}

impl From<Instant> for std::time::Instant {
    fn from(instant: Instant) -> std::time::Instant {
        instant.0
    }
}
