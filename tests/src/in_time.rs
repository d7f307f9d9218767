//! A bound for tests that would hang if what they test were broken.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a test may take before it counts as hanging.
///
/// Nothing is measured by it: on a busy machine a minute is long for any of our tests, and
/// doubling it makes a broken one fail that much later.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `test` on a thread of its own, and fails if it does not end.
///
/// # Panics
///
/// If it panics or hangs.
pub fn in_time<R: Send + 'static>(test: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, is_done) = mpsc::channel();
    let thread = thread::spawn(move || {
        let answer = test();
        let _ = done.send(());
        answer
    });
    if let Err(mpsc::RecvTimeoutError::Timeout) = is_done.recv_timeout(PATIENCE) {
        panic!("it hangs");
    }
    match thread.join() {
        Ok(answer) => answer,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
