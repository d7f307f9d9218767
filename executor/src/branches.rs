//! What the branches of one wait wait for: `select!` and `join!` poll several leaves, and a report
//! lists them all.
//!
//! A leaf notes as ever. Whoever polls several takes the note of each away and keeps it here, until
//! the poll of the task has ended and the loop copies the list into its table.

use std::cell::Cell;
use std::panic::Location;

use crate::leaf::{self, Note};

/// How many waits of one task a report shows.
///
/// Doubling it doubles what each thread keeps for it, and few read so long a list.
const BRANCHES_SHOWN: usize = 8;

thread_local! {
    /// What the branches polled so far wait for.
    static BRANCHES: [Cell<Option<Note>>; BRANCHES_SHOWN] =
        const { [const { Cell::new(None) }; BRANCHES_SHOWN] };
    static BRANCH_COUNT: Cell<usize> = const { Cell::new(0) };
    /// A future that has branches is being polled.
    static IS_BRANCHED: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a future polls its branches; it calls [`branch_waits`] after each that waits.
#[derive(Debug)]
pub(crate) struct Branched {
    count_before: usize,
    is_inner: bool,
}

impl Branched {
    #[inline]
    pub(crate) fn begin() -> Self {
        let is_inner = IS_BRANCHED.replace(true);
        // What an outermost one finds was left by an earlier poll, and read or not.
        let count_before = if is_inner { BRANCH_COUNT.get() } else { 0 };
        BRANCH_COUNT.set(count_before);
        Branched {
            count_before,
            is_inner,
        }
    }

    /// All branches wait. (If one does not, the others' notes are of no interest.)
    #[inline]
    pub(crate) fn all_wait(&self, what: &'static str, place: &'static Location<'static>) {
        leaf::note(Note {
            what,
            place,
            has_branches: BRANCH_COUNT.get() > self.count_before,
        });
    }

    /// The future has its output.
    #[inline]
    pub(crate) fn done(&self) {
        BRANCH_COUNT.set(self.count_before);
    }
}

impl Drop for Branched {
    #[inline]
    fn drop(&mut self) {
        IS_BRANCHED.set(self.is_inner);
    }
}

/// The branch that was just polled returned `Pending`.
#[inline]
pub(crate) fn branch_waits() {
    let count = BRANCH_COUNT.get();
    match leaf::take_note() {
        // One that has branches itself has listed them.
        Some(note) if !note.has_branches && count < BRANCHES_SHOWN => {
            BRANCHES.with(|branches| branches[count].set(Some(note)));
            BRANCH_COUNT.set(count + 1);
        }
        _ => {}
    }
}

/// The loop's side: the poll has ended with a note that has branches. Puts them into a list, whose
/// room is used again.
pub(crate) fn list(list: &mut Vec<Note>) {
    list.clear();
    BRANCHES.with(|branches| {
        let noted = &branches[..BRANCH_COUNT.get()];
        list.extend(noted.iter().filter_map(Cell::get));
    });
}

/// What is put aside while another task is polled within the poll of one.
#[derive(Debug)]
pub(crate) struct Aside {
    branches: Vec<Note>,
    is_branched: bool,
}

/// The loop's side: a poll within the poll begins.
pub(crate) fn set_aside() -> Aside {
    let mut branches = Vec::new();
    list(&mut branches);
    Aside {
        branches,
        is_branched: IS_BRANCHED.replace(false),
    }
}

/// The loop's side: the poll within has ended, and the outer one goes on.
pub(crate) fn go_on(aside: Aside) {
    BRANCH_COUNT.set(aside.branches.len());
    BRANCHES.with(|branches| {
        for (branch, note) in branches.iter().zip(aside.branches) {
            branch.set(Some(note));
        }
    });
    IS_BRANCHED.set(aside.is_branched);
}
