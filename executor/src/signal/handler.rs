//! A call for each signal, as asyncio has it.

use std::io;

use crate::signal::kind::SignalKind;
use crate::signal::stream::signal;
use crate::task::{JoinHandle, spawn_local};

/// Calls `call` on the loop's thread whenever the signal comes, until the handle is aborted.
///
/// What it needs it captures. It is a task of the loop, so it may do whatever code of the loop may:
/// it does not run inside the system's signal handler.
///
/// asyncio: `loop.add_signal_handler`; `abort` on the handle is `remove_signal_handler`, but for
/// the signal's default action, which does not come back. tokio has no counterpart.
///
/// # Errors
///
/// As [`signal`](crate::signal::unix::signal).
///
/// # Panics
///
/// Outside of a runtime.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the task go on.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::signal::unix::{SignalKind, add_signal_handler};
/// use mainspring::sync::Event;
/// use std::rc::Rc;
///
/// let stop = Rc::new(Event::new());
/// let handler = add_signal_handler(SignalKind::terminate(), {
///     let stop = stop.clone();
///     move || stop.set()
/// })?;
/// # let pid = rustix::process::getpid();
/// # let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
/// stop.wait().await; // kill ...
/// handler.abort();
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn add_signal_handler(
    kind: SignalKind,
    mut call: impl FnMut() + 'static,
) -> io::Result<JoinHandle<()>> {
    let mut signals = signal(kind)?;
    Ok(spawn_local(async move {
        while signals.recv().await.is_some() {
            call();
        }
    }))
}
