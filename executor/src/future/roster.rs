//! A waker for each child: who of many has been called, in which order.
//!
//! A parent that polls its children with its own waker must look at all of them whenever it is
//! woken. Here each child has a bell. Ringing it puts the child's name on a list, and the first
//! ring wakes the parent, which then looks only at those who rang: ten thousand children that
//! sleep cost nothing.
//!
//! ```text
//!   child's waker: Bell { key } --ring--> Roster { woken: [key, ..], parent } --wake--> task
//! ```
//!
//! # Source
//!
//! The list of those who are ready, and the flag that keeps each on it at most once, are the idea
//! of futures-util's `FuturesUnordered`; its intrusive list of nodes is a `VecDeque` of keys here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::{Mutex, lock};

/// Where a child lives, and which child that was when this was written down (law 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) slot: usize,
    pub(crate) index: usize,
}

/// What a parent and its children's wakers share.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    calls: Mutex<Calls>,
}

/// Under one lock: a ring either finds the parent's waker here, or is found on the list by a
/// parent that is about to leave its waker.
#[derive(Debug, Default)]
struct Calls {
    woken: VecDeque<Key>,
    parent: Option<Waker>,
}

impl Roster {
    /// Adds those who rang since the last time to `turn`, in the order of ringing; who rings
    /// from now on wakes `parent`.
    pub(crate) fn ask(&self, parent: &Waker, turn: &mut VecDeque<Key>) {
        {
            let mut calls = lock(&self.calls);
            if calls
                .parent
                .as_ref()
                .is_some_and(|old| old.will_wake(parent))
            {
                turn.append(&mut calls.woken);
                return;
            }
        }
        // Law 2 (no user code under a lock): cloning and dropping a waker may be anybody's code.
        let new = parent.clone();
        let old = {
            let mut calls = lock(&self.calls);
            turn.append(&mut calls.woken);
            calls.parent.replace(new)
        };
        drop(old);
    }

    /// Adds those who rang since the last time to `turn`, for a parent that will not wait.
    pub(crate) fn look(&self, turn: &mut VecDeque<Key>) {
        turn.append(&mut lock(&self.calls).woken);
    }

    /// The parent is gone: nobody is woken any more.
    pub(crate) fn retire(&self) {
        let parent = lock(&self.calls).parent.take();
        drop(parent);
    }
}

/// A child's waker.
#[derive(Debug)]
pub(crate) struct Bell {
    roster: Arc<Roster>,
    key: Key,
    /// The child is on a list, or has ended: a ring says nothing new.
    is_rung: AtomicBool,
}

impl Bell {
    /// A child's bell. It is born rung: whoever makes it puts the child on a list.
    pub(crate) fn new(roster: Arc<Roster>, key: Key) -> Arc<Self> {
        let is_rung = AtomicBool::new(true);
        Arc::new(Bell {
            roster,
            key,
            is_rung,
        })
    }

    /// The child is about to be polled. The flag goes off *before* the poll, so that a ring
    /// during the poll counts.
    pub(crate) fn reset(&self) {
        self.is_rung.swap(false, Ordering::AcqRel);
    }

    /// The child has ended.
    pub(crate) fn silence(&self) {
        self.is_rung.swap(true, Ordering::AcqRel);
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ring();
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        if self.is_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let parent = {
            let mut calls = lock(&self.roster.calls);
            calls.woken.push_back(self.key);
            calls.parent.take()
        };
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

/// Wrong on purpose: the steps that the models must find fault with.
#[cfg(all(test, mainspring_loom))]
impl Roster {
    /// Looks at the list and leaves the waker in two steps.
    pub(crate) fn ask_in_two_steps(&self, parent: &Waker, turn: &mut VecDeque<Key>) {
        turn.append(&mut lock(&self.calls).woken);
        lock(&self.calls).parent = Some(parent.clone());
    }
}
