//! Doing something again and again, and what to do about ticks that were missed.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::time::instant::Instant;
use crate::time::sleep::{Sleep, on_clock};

/// Lateness up to which a tick counts as being on time.
///
/// The operating system wakes a loop up to a millisecond late, and a loop is late by what runs
/// before; doubling it makes `Delay` and `Skip` overlook ticks missed by that much.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Ticks every `period`, at once for the first time.
///
/// tokio: `time::interval`. asyncio has none: there it is `sleep` in a loop, which drifts.
///
/// # Panics
///
/// Outside of a runtime, and if `period` is zero.
///
/// ```
/// # let runtime = mainspring::runtime::Builder::new_current_thread().start_paused(true).build()?;
/// # runtime.block_on(async {
/// use mainspring::time::{Duration, Instant, interval};
/// let start = Instant::now();
/// let mut every_second = interval(Duration::from_secs(1));
/// for _ in 0..3 {
///     every_second.tick().await;
/// }
/// assert_eq!(start.elapsed(), Duration::from_secs(2));
/// # });
/// # std::io::Result::Ok(())
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks every `period`, at `start` for the first time.
///
/// tokio: `time::interval_at`.
///
/// # Panics
///
/// Outside of a runtime, and if `period` is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(
        period > Duration::ZERO,
        "an interval of zero would tick for ever at one moment; use `yield_now` to give way"
    );
    let place = Location::caller();
    let first = on_clock("`interval`", |clock| {
        Sleep::new(clock, clock.tick(start.into_std()), place)
    });
    Interval {
        delay: Box::pin(first),
        period,
        missed: MissedTickBehavior::Burst,
    }
}

/// What an [`Interval`] does when it is asked too late.
///
/// tokio: `time::MissedTickBehavior`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Ticks as fast as it is asked until it has caught up.
    #[default]
    Burst,
    /// Goes on from the late tick: the next is one period later.
    Delay,
    /// Leaves missed ticks out: the next is a whole number of periods after the start.
    Skip,
}

/// See [`interval`].
#[derive(Debug)]
pub struct Interval {
    delay: Pin<Box<Sleep>>,
    period: Duration,
    missed: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick, and gives the moment it was due.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a tick that was not waited for to the end is still to come.
    pub fn tick(&mut self) -> Tick<'_> {
        Tick { interval: self }
    }

    /// The same for use inside of another future's `poll`.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.delay.as_mut().poll(cx));
        let due = self.delay.deadline();
        let next = self.next_after(due, Instant::now());
        self.delay.as_mut().reset(next);
        Poll::Ready(due)
    }

    // ANCHOR: next_after
    /// When the tick after the one that was due at `due` and came at `now` is due.
    fn next_after(&self, due: Instant, now: Instant) -> Instant {
        let late = now.saturating_duration_since(due);
        let next = match self.missed {
            _ if late <= TOLERANCE => due.checked_add(self.period),
            MissedTickBehavior::Burst => due.checked_add(self.period),
            MissedTickBehavior::Delay => now.checked_add(self.period),
            MissedTickBehavior::Skip => {
                let into_period = late.as_nanos() % self.period.as_nanos();
                // Less than a period, which is a `Duration`.
                let into_period = Duration::new(
                    (into_period / 1_000_000_000) as u64,
                    (into_period % 1_000_000_000) as u32,
                );
                now.checked_add(self.period.saturating_sub(into_period))
            }
        };
        // A tick beyond the end of time never comes.
        next.unwrap_or_else(|| far_from(now))
    }
    // ANCHOR_END: next_after

    /// The next tick is one period from now.
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// The next tick is now.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// The next tick is after that duration.
    pub fn reset_after(&mut self, after: Duration) {
        let now = Instant::now();
        self.reset_at(now.checked_add(after).unwrap_or_else(|| far_from(now)));
    }

    /// The next tick is at that moment.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.as_mut().reset(deadline);
    }

    /// What it does when it is asked too late.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Sets what it does when it is asked too late.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// The time between two ticks.
    pub fn period(&self) -> Duration {
        self.period
    }
}

/// A moment so far ahead that the wheel takes it for "never".
fn far_from(now: Instant) -> Instant {
    now + Duration::from_nanos(u64::MAX)
}

/// The future of [`Interval::tick`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}
