//! The vocabulary of someone who comes from Python: the same things under asyncio's names.
//!
//! Only re-exports and aliases: every type and function has its home, and its documentation, in
//! another module. `use mainspring::asyncio::*;` is all that a port of an asyncio program needs, until
//! it reads and writes.
//!
//! ```
//! use mainspring::asyncio::*;
//!
//! async fn fetch(name: &str, seconds: f64) -> String {
//!     sleep(seconds).await;
//!     format!("{name} is here")
//! }
//!
//! let pages = run(async { gather([fetch("a", 0.002), fetch("b", 0.001)]).await });
//! assert_eq!(pages, ["a is here", "b is here"]);
//! ```
//!
//! What is written otherwise:
//!
//! | Python | here |
//! | --- | --- |
//! | `sleep(0.5)` | `sleep(0.5)`; every other limit is a [`Duration`]: `wait_for(future, Duration::from_millis(500))` |
//! | `gather(a(), b())` | `gather([a(), b()])`, of one type; of several, `join!(a(), b())` |
//! | `gather(..., return_exceptions=True)` | [`gather`] of what gives a `Result`; without the argument, [`try_gather`] |
//! | `wait(tasks, return_when=FIRST_COMPLETED, timeout=1)` | `wait(tasks).return_when(FirstCompleted).timeout(...)` |
//! | `async with timeout(1) as limit: ...; limit.reschedule(...)` | `timeout(limit, async { ... })`; one that moves is a [`Deadline`] |
//! | `async with TaskGroup() as tg: tg.create_task(...)` | `task_group(async \|tg\| { tg.spawn(...); Ok(()) })` |
//! | `Queue()`, `Queue(maxsize=3)` | `Queue::<Job>::unbounded()`, `Queue::<Job>::bounded(3)`; clones are the same queue |
//! | `async with condition: await condition.wait_for(...)` | `condition.lock().await.wait_until(...).await`: waits and notifies are the guard's |
//! | `call_later(5, f, x)` | `call_later(Duration::from_secs(5), move \|\| f(x))`, inside of a loop ([`Runner::enter`](crate::runtime::LocalRuntime::enter)) |
//! | `create_task(f(), name="f")`, `current_task().get_name()` | [`spawn_named`](crate::task::spawn_named); [`current_task`] gives a number |
//! | `create_subprocess_shell("ls \| wc")` | `Command::new("sh").arg("-c").arg("ls \| wc")` |
//! | `open_connection`, `start_server` | [`TcpStream`](crate::net::TcpStream), [`TcpListener`](crate::net::TcpListener), with [`io`](crate::io) to read and write |

pub use crate::future::ReturnWhen::{AllCompleted, FirstCompleted, FirstException};
pub use crate::future::{
    ReturnWhen, Stream, StreamExt, as_completed, create_future, gather, shield, try_gather, wait,
};
pub use crate::pool::{
    ThreadPool, Threads, run_in_executor, set_default_executor, spawn_blocking as to_thread,
};
#[cfg(feature = "process")]
pub use crate::process::{Child as Process, Command, ProcessPool, Processes, function, serve};
pub use crate::runtime::{
    Handle, LocalRuntime as Runner, call_at, call_later, call_soon, reset_exception_handler, run,
    set_exception_handler,
};
#[cfg(feature = "signal")]
pub use crate::signal::unix::{SignalKind, add_signal_handler};
pub use crate::sync::{
    Barrier, BrokenBarrier as BrokenBarrierError, Condition, Event, LifoQueue, Mutex,
    PriorityQueue, Queue, QueueShutDown, Semaphore,
};
pub use crate::task::{
    ErrorGroup as ExceptionGroup, JoinError, TaskGroup, all_tasks, current_task,
    spawn_local as create_task, spawn_local as ensure_future, task_group,
};
pub use crate::time::{
    Deadline, Duration, Elapsed as TimeoutError, sleep_secs as sleep, timeout, timeout_at, wait_for,
};

/// A lock that guards no value is a mutex around nothing.
pub type Lock = crate::sync::Mutex<()>;

/// One handle type for everything that ends once.
pub type Task<T> = crate::task::JoinHandle<T>;

/// A runtime that stays on this thread. asyncio: `new_event_loop`.
///
/// # Errors
///
/// The operating system refused a reactor (out of file descriptors).
pub fn new_event_loop() -> std::io::Result<Runner> {
    Runner::new()
}

/// The runtime this thread is inside of. asyncio: `get_running_loop`.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn get_running_loop() -> Handle {
    Handle::current()
}
