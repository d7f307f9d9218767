//! What the branches of one wait wait for: `select!` and `join!` poll several leaves, and a report
//! lists them all.
//!
//! A leaf notes as ever. Whoever polls several takes the note of each away and keeps it here, until
//! the poll of the task has ended and the loop copies the list into its table. A poll without
//! branches pays for it with the look at one flag.

use std::cell::Cell;
use std::panic::Location;

use crate::leaf::{self, Note};

/// How many waits of one task a report shows.
///
/// Doubling it doubles what each thread keeps for it, and few read so long a list.
const SHOWN: usize = 8;

thread_local! {
    /// What the branches polled so far wait for.
    static BRANCHES: [Cell<Option<Note>>; SHOWN] = const { [const { Cell::new(None) }; SHOWN] };
    /// No future that has branches is being polled: zero. Otherwise how many branches are listed,
    /// and one.
    static LISTED: Cell<usize> = const { Cell::new(0) };
    /// Whose branches these are, when all of them have been polled and wait, until the list is
    /// read; and how many are listed.
    static WHOSE: Cell<Option<(Note, usize)>> = const { Cell::new(None) };
}

/// While it lives, a future polls its branches; it calls [`branch_waits`] after each that waits.
#[derive(Debug)]
pub(crate) struct Branched {
    /// What `LISTED` was before, and will be after: what the branches wait for is of no interest
    /// if one of them does not.
    after: usize,
}

impl Branched {
    #[inline]
    pub(crate) fn begin() -> Self {
        let before = LISTED.get();
        if before == 0 {
            LISTED.set(1);
        }
        Branched { after: before }
    }

    /// All branches wait. The branches of one within another are the other's.
    #[inline]
    pub(crate) fn all_wait(mut self, what: &'static str, place: &'static Location<'static>) {
        let listed = LISTED.get();
        if self.after == 0 {
            leaf::waiting_for(what, place);
            WHOSE.set(Some((Note { what, place }, listed - 1)));
        } else {
            self.after = listed;
        }
    }
}

impl Drop for Branched {
    #[inline]
    fn drop(&mut self) {
        LISTED.set(self.after);
    }
}

/// The branch that was just polled returned `Pending`.
#[inline]
pub(crate) fn branch_waits() {
    let Some(note) = leaf::take_note() else {
        return;
    };
    let listed = LISTED.get();
    if (1..=SHOWN).contains(&listed) {
        BRANCHES.with(|branches| branches[listed - 1].set(Some(note)));
        LISTED.set(listed + 1);
    }
}

/// The loop's side: the branches of a wait, as its table keeps them.
#[derive(Clone, Debug)]
pub(crate) struct List {
    whose: Note,
    branches: [Option<Note>; SHOWN],
    count: usize,
}

impl List {
    /// The branches, if they are of the wait that was noted: a task that waits for something else
    /// keeps the list of its last wait that had some.
    pub(crate) fn of(&self, note: Note) -> Vec<Note> {
        let is_it = self.whose.what == note.what && self.whose.place == note.place;
        let count = if is_it { self.count } else { 0 };
        self.branches[..count].iter().copied().flatten().collect()
    }
}

/// The loop's side: whether there is a list that nobody has read.
#[inline]
pub(crate) fn is_any() -> bool {
    WHOSE.get().is_some()
}

/// The loop's side: reads the list into what was kept of the one before.
#[cold]
pub(crate) fn read(list: &mut Option<Box<List>>) {
    let Some((whose, count)) = WHOSE.take() else {
        return;
    };
    let list = list.get_or_insert_with(|| {
        Box::new(List {
            whose,
            branches: [None; SHOWN],
            count,
        })
    });
    (list.whose, list.count) = (whose, count);
    BRANCHES.with(|branches| {
        for (kept, noted) in list.branches.iter_mut().zip(&branches[..count]) {
            *kept = noted.get();
        }
    });
}

/// What is put aside while another task is polled within the poll of one.
#[derive(Debug)]
pub(crate) struct Aside {
    branches: [Option<Note>; SHOWN],
    listed: usize,
    whose: Option<(Note, usize)>,
}

/// The loop's side: a poll within the poll begins.
pub(crate) fn set_aside() -> Aside {
    Aside {
        branches: BRANCHES.with(|branches| branches.each_ref().map(Cell::get)),
        listed: LISTED.take(),
        whose: WHOSE.take(),
    }
}

/// The loop's side: the poll within has ended, and the outer one goes on.
pub(crate) fn go_on(aside: Aside) {
    BRANCHES.with(|branches| {
        for (branch, note) in branches.iter().zip(aside.branches) {
            branch.set(note);
        }
    });
    LISTED.set(aside.listed);
    WHOSE.set(aside.whose);
}
