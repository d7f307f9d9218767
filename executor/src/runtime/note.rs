//! What a program is told once, where it asked for what it does not get and looks for reasons.

use std::env;
use std::sync::Once;

/// Several threads were asked for. Says so, once in the process, if diagnostics are on
/// (`MAINSPRING_DEBUG` is set to anything but nothing and `0`).
pub(crate) fn one_thread_is_given() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let is_on = env::var_os("MAINSPRING_DEBUG").is_some_and(|it| !it.is_empty() && it != "0");
        if is_on {
            eprintln!(
                "mainspring: a runtime of several threads was asked for, and all its tasks run on \
                 one. What computes for long belongs into `spawn_blocking`"
            );
        }
    });
}
