//! A test that hangs is a failure, and must not be a stuck run.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How long a watched test may take.
///
/// The longest takes a few seconds on a busy machine. Twice as long only delays bad news; half
/// of it would accuse a machine that has more to do than this test.
const LIMIT: Duration = Duration::from_secs(30);

/// While it lives, the test has its limit to end; then the process is aborted, and says which test it
/// was.
///
/// Whatever waits for more than that in a test, waits in vain: so the tests give hours where a
/// wait must not happen, and compare no times.
#[derive(Debug)]
#[must_use = "the watch ends when this is dropped"]
pub struct Watchdog {
    _alive: Sender<()>,
}

/// Watches over the test that runs on this thread.
///
/// # Panics
///
/// If the operating system refuses a thread.
pub fn watch() -> Watchdog {
    watch_for(LIMIT)
}

/// The same, for a test whose length is its caller's choice.
///
/// # Panics
///
/// If the operating system refuses a thread.
pub fn watch_for(limit: Duration) -> Watchdog {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let (alive, gone) = channel::<()>();
    thread::spawn(move || {
        if gone.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            eprintln!("{test} still runs after {limit:?}");
            std::process::abort();
        }
    });
    Watchdog { _alive: alive }
}
