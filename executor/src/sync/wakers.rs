//! Wakers on their way into a line and out of it.
//!
//! Cloning, calling and dropping a waker runs code of whoever made it, and that code may use the
//! very primitive the waker waits for. So none of the three happens while a lock is held
//! (law 2): a clone is made before, calls and drops come after.

use std::task::Waker;

use crate::quietly::wake_all;
use crate::shim::{Mutex, lock};

// ANCHOR: look_under
/// Lets `look` decide under the lock, with a clone of `waker` that was made outside.
///
/// Who is sure to wait asks for the clone before the first look (`clone_first`). For anybody else
/// `look` may ask with [`NeedsClone`], before it changes anything, and runs a second time then.
pub(crate) fn look_under<S, R>(
    state: &Mutex<S>,
    waker: &Waker,
    clone_first: bool,
    mut look: impl FnMut(&mut S, &mut Arrival<'_>) -> Result<R, NeedsClone>,
) -> R {
    let mut arrival = Arrival {
        waker,
        clone: clone_first.then(|| waker.clone()),
    };
    loop {
        // The guard lives to the end of this statement, and no longer.
        let looked = look(&mut lock(state), &mut arrival);
        match looked {
            Ok(result) => return result,
            Err(NeedsClone) => arrival.clone = Some(waker.clone()),
        }
    }
}
// ANCHOR_END: look_under

/// The waker of a future that is being polled, and a clone of it once a line has asked for one.
#[derive(Debug)]
pub(crate) struct Arrival<'a> {
    waker: &'a Waker,
    clone: Option<Waker>,
}

/// A place in a line needs a waker of its own: unlock, clone, come again.
#[derive(Debug)]
pub(crate) struct NeedsClone;

impl Arrival<'_> {
    /// Gives the clone away.
    pub(crate) fn take(&mut self) -> Result<Waker, NeedsClone> {
        self.clone.take().ok_or(NeedsClone)
    }

    /// Sees to it that `kept` wakes the task that polls now. The waker it replaces is dropped
    /// with the arrival, after the lock.
    pub(crate) fn refresh(&mut self, kept: &mut Option<Waker>) -> Result<(), NeedsClone> {
        if kept.as_ref().is_some_and(|kept| kept.will_wake(self.waker)) {
            return Ok(());
        }
        let fresh = self.take()?;
        self.clone = kept.replace(fresh);
        Ok(())
    }
}

/// Wakers that were taken out of lines under a lock, to be dealt with after it.
#[must_use = "the tasks behind these wakers sleep until `settle` is called"]
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    // Nearly always there is at most one: it costs no allocation.
    first: Option<Waker>,
    discarded: Option<Waker>,
    rest: Option<Box<Crowd>>,
}

/// Those behind the first. In a box, because an empty list that is dropped after each operation of
/// a channel is a fifth of its cost.
#[derive(Debug, Default)]
struct Crowd {
    wakers: Vec<Waker>,
}

impl Outgoing {
    pub(crate) const fn new() -> Self {
        Outgoing {
            first: None,
            discarded: None,
            rest: None,
        }
    }

    /// Wakes everybody in the order of the calls. Only without a lock.
    #[inline]
    pub(crate) fn settle(self) {
        match (self.first, self.rest) {
            (None, _) => {}
            (Some(first), None) => first.wake(),
            (Some(first), Some(rest)) => wake_all(std::iter::once(first).chain(rest.wakers)),
        }
        drop(self.discarded);
    }

    /// To be woken.
    #[inline]
    pub(crate) fn call(&mut self, waker: Waker) {
        if self.first.is_none() {
            self.first = Some(waker);
        } else {
            self.rest.get_or_insert_default().wakers.push(waker);
        }
    }

    /// Makes room for so many calls.
    pub(crate) fn reserve(&mut self, count: usize) {
        if count > 1 {
            let crowd = self.rest.get_or_insert_default();
            crowd.wakers.reserve(count);
        }
    }

    /// To be dropped: its task has stopped waiting. One at most, as a poll or a drop has one
    /// place at most.
    pub(crate) fn discard(&mut self, waker: Option<Waker>) {
        debug_assert!(self.discarded.is_none());
        self.discarded = waker;
    }
}
