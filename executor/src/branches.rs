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
    static COUNT: Cell<usize> = const { Cell::new(0) };
    /// Whose branches these are, when all of them have been polled and wait, until the list is read.
    static WHOSE: Cell<Option<Note>> = const { Cell::new(None) };
    /// A future that has branches is being polled.
    static IS_BRANCHED: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a future polls its branches; it calls [`branch_waits`] after each that waits.
#[derive(Debug)]
pub(crate) struct Branched {
    is_inner: bool,
    count_before: usize,
}

impl Branched {
    #[inline]
    pub(crate) fn begin() -> Self {
        let is_inner = IS_BRANCHED.replace(true);
        if !is_inner {
            // What is there was left by an earlier poll, and read or not.
            COUNT.set(0);
            WHOSE.set(None);
        }
        Branched {
            is_inner,
            count_before: COUNT.get(),
        }
    }

    /// One does not: what the others wait for is of no interest.
    #[inline]
    pub(crate) fn done(&self) {
        COUNT.set(self.count_before);
    }

    /// All branches wait. The branches of one within another are the other's.
    #[inline]
    pub(crate) fn all_wait(&self, what: &'static str, place: &'static Location<'static>) {
        if !self.is_inner {
            leaf::waiting_for(what, place);
            WHOSE.set(Some(Note { what, place }));
        }
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
    let count = COUNT.get();
    if let Some(note) = leaf::take_note()
        && count < SHOWN
    {
        BRANCHES.with(|branches| branches[count].set(Some(note)));
        COUNT.set(count + 1);
    }
}

/// The loop's side: the branches of a wait, as its table keeps them.
#[derive(Clone, Debug)]
pub(crate) struct List {
    whose: Note,
    branches: Vec<Note>,
}

impl List {
    /// The branches, if they are of the wait that was noted: a task that waits for something else
    /// keeps the list of its last wait that had some.
    pub(crate) fn of(&self, note: Note) -> &[Note] {
        let is_it = self.whose.what == note.what && self.whose.place == note.place;
        if is_it { &self.branches } else { &[] }
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
    let Some(whose) = WHOSE.take() else { return };
    let make = || {
        let branches = Vec::with_capacity(SHOWN);
        Box::new(List { whose, branches })
    };
    let list = list.get_or_insert_with(make);
    list.whose = whose;
    list.branches.clear();
    BRANCHES.with(|branches| {
        let noted = branches[..COUNT.get()].iter();
        list.branches.extend(noted.filter_map(Cell::get));
    });
}

/// What is put aside while another task is polled within the poll of one.
#[derive(Debug)]
pub(crate) struct Aside {
    branches: [Option<Note>; SHOWN],
    count: usize,
    whose: Option<Note>,
    is_branched: bool,
}

/// The loop's side: a poll within the poll begins.
pub(crate) fn set_aside() -> Aside {
    Aside {
        branches: BRANCHES.with(|branches| branches.each_ref().map(Cell::get)),
        count: COUNT.get(),
        whose: WHOSE.take(),
        is_branched: IS_BRANCHED.replace(false),
    }
}

/// The loop's side: the poll within has ended, and the outer one goes on.
pub(crate) fn go_on(aside: Aside) {
    BRANCHES.with(|branches| {
        for (branch, note) in branches.iter().zip(aside.branches) {
            branch.set(note);
        }
    });
    COUNT.set(aside.count);
    WHOSE.set(aside.whose);
    IS_BRANCHED.set(aside.is_branched);
}
