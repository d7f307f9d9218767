//! The loop's clock: the machine's, or one that stands still until it is told to jump.
//!
//! Inside, a moment is a [`Tick`], nanoseconds since the clock was made; outside, it is a
//! `std::time::Instant` on the same scale. `instant = origin + tick` holds on both clocks, so a
//! deadline that was made before a pause keeps its meaning after it.

use std::cell::Cell;
use std::time::{Duration, Instant};

use mainspring_reactor::Tick;

/// The last moment that a clock can show.
const LAST: Tick = Tick::from_nanos(Tick::NEVER.as_nanos() - 1);

#[derive(Debug)]
pub(crate) struct Clock {
    // Never changes.
    origin: Instant,

    // The loop's thread.
    mode: Cell<Mode>,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// The clock showed the tick at that instant, and runs with the machine's.
    Real(Tick, Instant),
    /// The clock shows this tick until somebody moves it.
    Paused(Tick),
}

impl Clock {
    pub(crate) fn new(paused: bool) -> Self {
        let origin = Instant::now();
        let mode = match paused {
            true => Mode::Paused(Tick::ZERO),
            false => Mode::Real(Tick::ZERO, origin),
        };
        Clock {
            origin,
            mode: Cell::new(mode),
        }
    }

    pub(crate) fn now(&self) -> Tick {
        match self.mode.get() {
            Mode::Paused(now) => now,
            // A machine's clock may stand still or go back: then so does ours, harmlessly.
            Mode::Real(then, at) => {
                then.saturating_add(Instant::now().saturating_duration_since(at))
            }
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        matches!(self.mode.get(), Mode::Paused(_))
    }

    pub(crate) fn pause(&self) {
        self.mode.set(Mode::Paused(self.now()));
    }

    pub(crate) fn resume(&self) {
        self.mode.set(Mode::Real(self.now(), Instant::now()));
    }

    /// Moves the paused clock to a later moment; a running one goes by itself.
    ///
    /// "Never" is not reached: what is due now must stay something else than what never comes.
    pub(crate) fn jump(&self, to: Tick) {
        if let Mode::Paused(now) = self.mode.get() {
            self.mode.set(Mode::Paused(now.max(to.min(LAST))));
        }
    }

    /// The instant that tick zero stands for.
    pub(crate) fn origin(&self) -> Instant {
        self.origin
    }

    /// The moment as the outside writes it.
    pub(crate) fn instant(&self, tick: Tick) -> Instant {
        instant(self.origin, tick)
    }

    /// A moment from outside; before the clock's beginning is its beginning.
    pub(crate) fn tick(&self, instant: Instant) -> Tick {
        tick(self.origin, instant)
    }
}

/// The moment as the outside writes it. What lies beyond `Instant`'s range comes out as far
/// ahead as it can express.
pub(crate) fn instant(origin: Instant, tick: Tick) -> Instant {
    let mut ahead = Duration::from_nanos(tick.as_nanos());
    loop {
        match origin.checked_add(ahead) {
            Some(instant) => return instant,
            None => ahead /= 2,
        }
    }
}

/// A moment from outside; what lies before the origin is the origin.
pub(crate) fn tick(origin: Instant, instant: Instant) -> Tick {
    Tick::ZERO.saturating_add(instant.saturating_duration_since(origin))
}
