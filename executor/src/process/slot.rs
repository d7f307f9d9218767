//! The default pool of worker processes of a runtime, and process pools as executors.

use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::context;
use crate::engine::shared::Lodger;
use crate::pool::{DefaultSlot, Executor};
use crate::process::function::Remote;
use crate::process::pool::ProcessPool;
use crate::task::JoinHandle;

/// The runtime's default pool of worker processes, as an [`Executor`]: that which was given to
/// [`set_default_executor`](crate::pool::set_default_executor). If there is none, the first job
/// builds one, with a worker for each processor.
///
/// asyncio has one default for all, and since Python 3.11 it must be one of threads. Here each
/// kind of pool has its own.
///
/// ```standalone_crate
/// use mainspring::asyncio::*;
///
/// fn double(n: u32) -> u32 {
///     2 * n
/// }
///
/// fn main() -> std::io::Result<()> {
///     serve([function(double)]);
///     run(async {
///         set_default_executor(ProcessPool::new(2)?);
///         assert_eq!(run_in_executor(&Processes, double, 21).await?, 42);
///         Ok(())
///     })
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processes;

impl<F, A, R> Executor<F, A, R> for ProcessPool
where
    F: Remote<A, R>,
    A: Serialize,
    R: DeserializeOwned + Send + 'static,
{
    #[track_caller]
    fn execute(&self, call: F, argument: A) -> JoinHandle<R> {
        self.submit(call, argument)
    }
}

impl<F, A, R> Executor<F, A, R> for Processes
where
    F: Remote<A, R>,
    A: Serialize,
    R: DeserializeOwned + Send + 'static,
{
    /// # Panics
    ///
    /// As [`ProcessPool::submit`] does; and if there is no default pool, and none can be built
    /// because the program never called [`serve`](crate::process::serve).
    #[track_caller]
    fn execute(&self, call: F, argument: A) -> JoinHandle<R> {
        let Some(shared) = context::current_shared() else {
            panic!("{}", context::outside("`run_in_executor(&Processes, ..)`"));
        };
        let make = || match ProcessPool::builder().build() {
            Ok(pool) => DefaultProcesses(pool),
            Err(error) => panic!("{error}"),
        };
        match shared.lodger(make) {
            Some(pool) => pool.0.submit(call, argument),
            // The runtime has ended, and so would any pool of it.
            None => make().0.submit(call, argument),
        }
    }
}

impl DefaultSlot for ProcessPool {
    #[track_caller]
    fn install(self) {
        match context::current_shared() {
            Some(shared) => drop(shared.replace_lodger(DefaultProcesses(self))),
            None => panic!("{}", context::outside("`set_default_executor`")),
        }
    }
}

/// A runtime's default pool, which ends with it.
struct DefaultProcesses(ProcessPool);

impl Lodger for DefaultProcesses {
    fn close(&self, _until: Instant) -> Vec<String> {
        self.0.end_now();
        Vec::new()
    }
}
