//! The free permits of a semaphore while nobody stands in line: one atomic word.
//!
//! Nobody waits most of the time, and then to take a permit and to give it back are one exchange
//! each. As soon as somebody has to wait, whoever comes goes to the lock, and finds the free permits
//! there, beside the line.
//!
//! **Invariant S2: while the lock is free, the permits are in the word if the semaphore is open and
//! its line idle, and in the state under the lock if not.** `LINE` in the word says which, and is
//! changed under the lock alone.

use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::sync::permits::Permits;

/// The permits are not here: ask under the lock.
const LINE: usize = 1;

/// One permit; they count in the bits from here on.
const PERMIT: usize = 2;

#[derive(Debug)]
pub(crate) struct Free {
    // Any thread.
    word: AtomicUsize,
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Made,
    Refused,
    /// Only the lock can tell.
    UnderLock,
}

impl Free {
    const_fn! {
        pub(crate) fn new(permits: usize) -> Self {
            Free { word: AtomicUsize::new(permits * PERMIT) }
        }
    }

    /// Changes the number of free permits, if it is here, unless `change` refuses.
    #[inline]
    pub(crate) fn change(&self, change: impl Fn(usize) -> Option<usize>) -> Change {
        let mut word = self.word.load(Ordering::Acquire);
        while word & LINE == 0 {
            let Some(free) = change(word / PERMIT) else {
                return Change::Refused;
            };
            let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
            match (self.word).compare_exchange(word, free * PERMIT, success, failure) {
                Ok(_) => return Change::Made,
                Err(changed) => word = changed,
            }
        }
        Change::UnderLock
    }

    /// Under the lock: does something with the permits and the line together.
    pub(crate) fn with<R>(&self, state: &mut Permits, act: impl FnOnce(&mut Permits) -> R) -> R {
        if self.word.load(Ordering::Relaxed) & LINE == 0 {
            state.free = self.word.swap(LINE, Ordering::AcqRel) / PERMIT;
        }
        let result = act(state);
        if state.line.is_idle() && !state.closed {
            self.word.store(state.free * PERMIT, Ordering::Release);
        }
        result
    }
}

/// Wrong on purpose: the step that a model must find fault with.
#[cfg(all(test, mainspring_loom))]
impl Free {
    /// Looks where the permits are, and adds one here, in two steps.
    pub(crate) fn add_in_two_steps(&self) {
        if self.word.load(Ordering::Acquire) & LINE == 0 {
            self.word.fetch_add(PERMIT, Ordering::AcqRel);
        }
    }
}
