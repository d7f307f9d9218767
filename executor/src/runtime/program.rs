//! `run`: a program's whole life on one runtime.

use std::future::{Future, IntoFuture};

use crate::runtime::builder::Builder;
#[cfg(feature = "signal")]
use crate::runtime::interrupt::run_interruptible;
#[cfg(not(feature = "signal"))]
use crate::{engine::shared::OnStall, runtime::local::run_with};

/// Runs a future to its end on a fresh runtime, then ends the runtime: leftover tasks are
/// dropped, pools wait for what runs. If nothing is left that can ever wake anybody, a report
/// says who waits on what, and the program ends with status 13; not if it has other threads,
/// which may be what it is for.
///
/// On the program's main thread, and unless the program answers it itself (see the room `signal`,
/// and the feature of that name), Ctrl-C ends it in good order: the future and the leftover tasks
/// are dropped, their deferred clean-ups are run, pools wait for what runs; then the process ends
/// by the signal. A second Ctrl-C does not wait for any of that. After `run` it is as it was before.
///
/// asyncio: `run`; `KeyboardInterrupt` is the end of the process here.
///
/// # Panics
///
/// If a loop is turning on this thread already, if the operating system refuses a reactor, or if
/// the future panics.
///
/// ```
/// let answer = mainspring::run(async {
///     mainspring::time::sleep(std::time::Duration::from_millis(1)).await;
///     42
/// });
/// assert_eq!(answer, 42);
/// ```
#[track_caller]
pub fn run<F: IntoFuture>(main: F) -> F::Output {
    run_main(&mut Builder::new_current_thread(), main.into_future())
}

/// The same with other settings.
#[track_caller]
pub(crate) fn run_main<F: Future>(builder: &mut Builder, main: F) -> F::Output {
    #[cfg(feature = "signal")]
    return run_interruptible(builder, main);
    #[cfg(not(feature = "signal"))]
    run_with(builder, OnStall::Exit, main)
}
