//! A moment as the wheel knows it: a count of nanoseconds since an origin that its caller chose.

use std::time::Duration;

/// A moment: nanoseconds since an origin that the caller chooses.
///
/// The wheel does no more with moments than compare them, so the origin may be the start of a
/// program, of a runtime, or of a world in which time stands still. 64 bits of nanoseconds are
/// 584 years.
///
/// Arithmetic saturates: a sum too large for the count is [`Tick::NEVER`], a difference that
/// would be negative is zero. Neither a huge duration nor a clock that ran backwards panics.
///
/// asyncio has the `float` of `loop.time()` in its place, tokio the millisecond of its private
/// driver.
///
/// ```
/// use std::time::Duration;
/// use mainspring_reactor::Tick;
///
/// let start = Tick::from_nanos(500);
/// let later = start.saturating_add(Duration::from_micros(2));
/// assert_eq!(later.as_nanos(), 2_500);
/// assert_eq!(later.saturating_since(start), Duration::from_micros(2));
/// assert_eq!(start.saturating_since(later), Duration::ZERO);
/// assert_eq!(start.saturating_add(Duration::MAX), Tick::NEVER);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The origin.
    pub const ZERO: Tick = Tick(0);

    /// The moment that does not come: a timer set for it never fires.
    pub const NEVER: Tick = Tick(u64::MAX);

    /// The moment `nanos` nanoseconds after the origin.
    ///
    /// `u64::MAX` is [`Tick::NEVER`].
    pub const fn from_nanos(nanos: u64) -> Self {
        Tick(nanos)
    }

    /// The nanoseconds from the origin to this moment.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `duration` later, or [`Tick::NEVER`] if the count cannot hold it.
    pub fn saturating_add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Tick(self.0.saturating_add(nanos))
    }

    /// The time from `earlier` to this moment, or zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Tick) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
