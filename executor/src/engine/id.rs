//! Names: what a task is called for good, and where it sits in the table just now.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that a thread takes from the process-wide counter at a time.
///
/// Doubling it halves the (already rare) visits to the shared counter and widens the gaps
/// between the numbers that two threads give.
const BLOCK: u64 = 256;

/// The first number nobody has taken yet.
static NEXT_BLOCK: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The numbers this thread may still give: from the first up to, not including, the second.
    static TAKEN: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// The name of a task, a job or a hand-set result: unique in the process, never used again.
///
/// On one thread, later ones are greater. tokio: `task::Id`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(NonZeroU64);

impl Id {
    /// A number that nothing else in the process bears.
    pub(crate) fn next() -> Id {
        let (mut next, mut end) = TAKEN.get();
        if next == end {
            next = NEXT_BLOCK.fetch_add(BLOCK, Ordering::Relaxed);
            end = next + BLOCK;
        }
        TAKEN.set((next + 1, end));
        // The first block begins at 1, and the counter does not live to see its end.
        Id(NonZeroU64::new(next).unwrap_or(NonZeroU64::MIN))
    }

    #[cfg(feature = "process")]
    pub(crate) fn number(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({})", self.0)
    }
}

// ANCHOR: task_id
/// A place in the task table, and whose place it was when this was written down.
///
/// Law 4 (keys carry serials): places are used again, ids are not; a `TaskId` that comes late
/// finds another id in its place and reaches nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskId {
    pub(crate) place: u32,
    pub(crate) id: Id,
}
// ANCHOR_END: task_id
