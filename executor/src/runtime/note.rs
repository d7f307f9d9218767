//! What a program is told once, where it asked for what it does not get and looks for reasons.

use std::sync::Once;

/// Several threads were asked for. Says so, once in the process.
pub(crate) fn one_thread_is_given() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        eprintln!(
            "mainspring: a runtime of several threads was asked for, and all its tasks run on one. \
             What computes for long belongs into `spawn_blocking`"
        );
    });
}
