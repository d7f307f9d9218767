//! User code whose panic must not reach the loop: destructors, and the wakers of other executors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Runs a piece of user code (a destructor, a waker) whose panic must not reach the loop. It has
/// been told by the panic hook; what it carried is not dropped, for that may panic again.
pub(crate) fn quietly(user_code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(user_code)) {
        std::mem::forget(payload);
    }
}

/// Wakes them all, in order. One that panics spares the others.
pub(crate) fn wake_all(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        quietly(|| waker.wake());
    }
}
