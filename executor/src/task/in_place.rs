//! Blocking inside of a task, for code that cannot be async.

use crate::engine::turning::StepAside;

/// Calls `call` here and now, and lets it block: it may also drive the runtime, with
/// [`Handle::block_on`](crate::runtime::Handle::block_on), and then the other tasks run meanwhile.
///
/// There is one thread. So as long as the call blocks in any other way (a file, a lock, a channel's
/// `blocking_recv`), all tasks stand still, and a task that it waits for never answers:
/// [`spawn_blocking`](crate::task::spawn_blocking) is better, where the call can be sent there.
///
/// tokio: `task::block_in_place`, which moves the other tasks to another thread, and panics on a
/// current-thread runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::runtime::Handle;
/// use mainspring::task::block_in_place;
///
/// /// A function that has to be synchronous.
/// fn ask(task: mainspring::task::JoinHandle<u32>) -> u32 {
///     block_in_place(|| Handle::current().block_on(task)).unwrap()
/// }
/// let answer = mainspring::spawn(async { 42 });
/// assert_eq!(ask(answer), 42);
/// # });
/// ```
pub fn block_in_place<F, R>(call: F) -> R
where
    F: FnOnce() -> R,
{
    let _aside = StepAside::begin();
    call()
}
