//! Work that outlives its waiter.

use std::future::Future;

use crate::task::{JoinHandle, spawn_local};

/// Makes a task of a future, so that it goes on when whoever awaits it is dropped.
///
/// This is [`spawn_local`] under the name people look for: awaiting a handle never cancels the
/// task behind it, so a handle needs no shield.
///
/// asyncio: `shield`. tokio: `spawn`.
///
/// # Cancel safety
///
/// **Strict**: a wait that is dropped takes nothing, and the work goes on.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::shield;
/// use mainspring::time::{Duration, sleep, timeout};
///
/// let work = async {
///     sleep(Duration::from_millis(2)).await;
///     42
/// };
/// let mut work = shield(work);
/// assert!(timeout(Duration::ZERO, &mut work).await.is_err());
/// assert_eq!(work.await.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn shield<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    spawn_local(future)
}
