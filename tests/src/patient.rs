//! Runtimes whose end waits so long that a test would see it, and a log of what happened meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mainspring::runtime::{Builder, Runtime};

/// Longer than any test, and than its watchdog.
pub const HOUR: Duration = Duration::from_secs(3600);

/// Both forms without a driver thread are built by this, and never wait for less than an hour.
#[must_use]
pub fn patient() -> Builder {
    let mut builder = Builder::new_current_thread();
    builder.shutdown_timeout(HOUR);
    builder
}

/// A runtime with a driver thread that waits as long.
///
/// # Panics
///
/// If the operating system refuses what it needs.
#[must_use]
pub fn with_driver() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.shutdown_timeout(HOUR).build().unwrap()
}

/// What happened, in order, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// One more thing happened.
    ///
    /// # Panics
    ///
    /// If another thread panicked in here.
    pub fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// What happened since the last look.
    ///
    /// # Panics
    ///
    /// If another thread panicked in here.
    #[must_use]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
