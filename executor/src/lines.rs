//! Lines on standard error, and not too many of them: what goes wrong once goes wrong in a loop.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines of one kind in one second.
///
/// Doubling it shows more of a storm, in which all lines are mostly the same.
const LINES: u32 = 10;

/// Lines of one kind.
#[derive(Debug)]
pub(crate) struct Lines {
    /// What was left out, in the plural.
    left_out: &'static str,
    /// The present second: when it began, and how many lines were asked for.
    second: Mutex<Option<(Instant, u32)>>,
}

impl Lines {
    pub(crate) const fn of(left_out: &'static str) -> Self {
        Lines {
            left_out,
            second: Mutex::new(None),
        }
    }

    /// Prints the line, unless there have been enough in this second.
    pub(crate) fn print(&self, line: impl Display) {
        let (asked, unsaid) = {
            let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let is_over = |(since, _): &mut (Instant, u32)| now - *since > Duration::from_secs(1);
            let before = second.take_if(is_over);
            let (_, asked) = second.get_or_insert((now, 0));
            *asked += 1;
            (
                *asked,
                before.map_or(0, |(_, asked)| asked.saturating_sub(LINES)),
            )
        };
        if unsaid > 0 {
            eprintln!("mainspring: {unsaid} more {} were left out", self.left_out);
        }
        if asked <= LINES {
            eprintln!("mainspring: {line}");
        }
    }
}
