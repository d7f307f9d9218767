//! Whether to look for the other side's word again and again, or to go to sleep until it comes.
//!
//! To be woken takes longer than many a job, so it pays to look: as long as the other side has a
//! processor to itself. Where it does not, who looks keeps it from working. Nobody can know that;
//! but whoever looked in vain can sleep the next times.

use std::time::{Duration, Instant};

/// How long one looks.
///
/// Doubling it burns that much more when it is in vain; at half of it, a side that is just being
/// woken is not waited for, and so both go on sleeping.
const MOMENT: Duration = Duration::from_micros(50);

/// Waits to sleep through after one has looked in vain.
///
/// Doubling it halves what small jobs lose on a busy machine (a moment of each side in so many
/// jobs), and finds out that much later that the machine is not busy any more.
const SLEEPS: u32 = 32;

// ANCHOR: patience
/// One side's experience with the other.
#[derive(Debug)]
pub(crate) struct Patience {
    /// Until when to look, while it does.
    end: Option<Instant>,
    /// Waits yet to be slept through.
    sleeps: u32,
}

impl Patience {
    /// The first wait is slept through: a process is being started.
    pub(crate) fn new() -> Self {
        Patience {
            end: None,
            sleeps: 1,
        }
    }

    /// A wait begins.
    pub(crate) fn begin(&mut self) {
        self.end = match self.sleeps {
            0 => Some(Instant::now() + MOMENT),
            _ => None,
        };
        self.sleeps = self.sleeps.saturating_sub(1);
    }

    /// Whether to look once more. `false`: go to sleep.
    pub(crate) fn lasts(&mut self) -> bool {
        let Some(end) = self.end else { return false };
        if Instant::now() < end {
            return true;
        }
        self.end = None;
        self.sleeps = SLEEPS;
        false
    }
}
// ANCHOR_END: patience

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it looks in the next wait, for which the word comes at once.
    fn looks(patience: &mut Patience) -> bool {
        patience.begin();
        patience.lasts()
    }

    /// The next wait lasts for longer than a moment.
    fn wait_in_vain(patience: &mut Patience) {
        patience.begin();
        while patience.lasts() {}
    }

    #[test]
    fn the_first_wait_is_slept_through() {
        let mut patience = Patience::new();
        patience.begin();
        assert_eq!((patience.end, patience.sleeps), (None, 0));
    }

    #[test]
    fn who_looked_in_vain_sleeps_for_a_while_and_then_looks_again() {
        let mut patience = Patience::new();
        wait_in_vain(&mut patience);
        wait_in_vain(&mut patience);
        let slept = (0..SLEEPS).filter(|_| !looks(&mut patience)).count();
        assert_eq!(slept, SLEEPS as usize);
        patience.begin();
        assert!(patience.end.is_some());
    }
}
