//! What a leaf future owes the loop: it pays for progress, and it tells what it waits for (law 10).
//!
//! A *leaf* is a future that waits for something itself (a permit, a moment, a socket) instead
//! of polling other futures. Each begins its poll with [`proceed`], calls [`spend`] when it
//! completes, and calls [`waiting_for`] when it returns `Pending`.
//!
//! Without the first two a task whose channel is always full would hold the loop for ever;
//! without the third a report of stuck tasks could not say on what.

use std::cell::Cell;
use std::panic::Location;
use std::task::{Context, Poll};

/// Leaf operations that one poll of a task may complete before it must give way.
///
/// Doubling it halves the cost of the check (one `Cell` read per leaf) and doubles the longest
/// time a chatty task can hold the loop.
const PER_POLL: u32 = 128;

/// The budget of code that no mainspring loop polls: nobody would refill it.
const UNLIMITED: u32 = u32::MAX;

/// What a waiting task waits for, and where in the program it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    pub(crate) what: &'static str,
    pub(crate) place: &'static Location<'static>,
}

thread_local! {
    static BUDGET: Cell<u32> = const { Cell::new(UNLIMITED) };
    static NOTE: Cell<Option<Note>> = const { Cell::new(None) };
}

// ANCHOR: proceed
/// `Ready` while the running poll has budget left; otherwise the task is woken again and must
/// return `Pending`.
#[inline]
pub(crate) fn proceed(cx: &mut Context<'_>) -> Poll<()> {
    if BUDGET.get() == 0 {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(())
}

/// Pays for one completed operation.
#[inline]
pub(crate) fn spend() {
    let left = BUDGET.get();
    if left != UNLIMITED {
        BUDGET.set(left.saturating_sub(1));
    }
}
// ANCHOR_END: proceed

/// Notes what the leaf that is about to return `Pending` waits for.
pub(crate) fn waiting_for(what: &'static str, place: &'static Location<'static>) {
    NOTE.set(Some(Note { what, place }));
}

/// Takes the last leaf's note away.
#[inline]
pub(crate) fn take_note() -> Option<Note> {
    NOTE.take()
}

/// True inside a poll by a mainspring loop: to block here would stop the loop.
pub(crate) fn polling() -> bool {
    BUDGET.get() != UNLIMITED
}

// ANCHOR: begin_poll
/// The loop's side: a poll begins.
pub(crate) fn begin_poll() {
    BUDGET.set(PER_POLL);
    NOTE.set(None);
}

/// The loop's side: the poll has ended; what did the last leaf note?
pub(crate) fn end_poll() -> Option<Note> {
    BUDGET.set(UNLIMITED);
    NOTE.take()
}
// ANCHOR_END: begin_poll

/// What is put aside while another task is polled within the poll of one.
#[derive(Debug)]
pub(crate) struct Aside {
    budget: u32,
    note: Option<Note>,
}

/// The loop's side: a poll within the poll begins.
pub(crate) fn set_aside() -> Aside {
    Aside {
        budget: BUDGET.get(),
        note: NOTE.get(),
    }
}

/// The loop's side: the poll within has ended, and the outer one goes on.
pub(crate) fn go_on(aside: Aside) {
    BUDGET.set(aside.budget);
    NOTE.set(aside.note);
}

/// What is left of the running poll's budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget(u32);

pub(crate) fn budget() -> Budget {
    Budget(BUDGET.get())
}

impl Budget {
    /// Whether the poll may complete another operation.
    pub(crate) fn is_left(self) -> bool {
        self.0 > 0
    }

    /// The running poll has this budget from now on.
    pub(crate) fn restore(self) {
        BUDGET.set(self.0);
    }
}

/// A budget that no poll can spend, for a loop's poll that asked for it. (Not `UNLIMITED`: that
/// would say that no loop polls.)
const UNSPENDABLE: u32 = UNLIMITED - 1;

/// While it lives, the running poll has another budget than its own.
#[derive(Debug)]
pub(crate) struct OtherBudget {
    own: Budget,
}

/// It need not give way.
pub(crate) fn lift_budget() -> OtherBudget {
    other_budget(if polling() { UNSPENDABLE } else { UNLIMITED })
}

/// It is that of a task polled in place, with a budget for itself.
pub(crate) fn fresh_budget() -> OtherBudget {
    other_budget(if polling() { PER_POLL } else { UNLIMITED })
}

/// It is as if no loop polled: what is called may block.
pub(crate) fn no_budget() -> OtherBudget {
    other_budget(UNLIMITED)
}

fn other_budget(budget: u32) -> OtherBudget {
    let own = Budget(BUDGET.replace(budget));
    OtherBudget { own }
}

impl Drop for OtherBudget {
    fn drop(&mut self) {
        self.own.restore();
    }
}
