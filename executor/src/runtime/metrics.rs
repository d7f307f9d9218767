//! What a runtime tells of itself.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::context;
use crate::engine::shared::Shared;
use crate::runtime::handle::Handle;
use crate::runtime::local::LocalRuntime;
use crate::runtime::runtime::Runtime;

/// Counts of a runtime, whose loops, however many threads block on it, are shown as one worker.
///
/// tokio: `runtime::RuntimeMetrics`, as far as it is stable.
///
/// ```
/// # mainspring::run(async {
/// let metrics = mainspring::runtime::Handle::current().metrics();
/// let task = mainspring::task::spawn_local(async {});
/// assert_eq!(metrics.num_alive_tasks(), 1);
/// task.await.unwrap();
/// assert_eq!(metrics.num_alive_tasks(), 0);
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct RuntimeMetrics {
    shared: Arc<Shared>,
}

impl RuntimeMetrics {
    /// One: there is one thread, whatever was asked for.
    pub fn num_workers(&self) -> usize {
        1
    }

    /// How many tasks have been spawned and have not ended. Exact on the loop's own thread; on
    /// another, as it was when the loop last had nothing to run.
    pub fn num_alive_tasks(&self) -> usize {
        let told = self.shared.meter.tasks();
        match context::find(&self.shared) {
            Some(engine) => told + engine.tasks.len() - engine.meter.told_tasks(),
            None => told,
        }
    }

    /// How many wakes and calls from other threads wait for the home loop to read them.
    pub fn global_queue_depth(&self) -> usize {
        self.shared.home().letters()
    }

    /// How long the worker had something to run. Measured since `metrics` was first called: before
    /// that nobody looks at the clock.
    ///
    /// # Panics
    ///
    /// If the worker is another than 0.
    #[track_caller]
    pub fn worker_total_busy_duration(&self, worker: usize) -> Duration {
        assert_worker(worker);
        self.shared.meter.busy()
    }

    /// How often the worker had nothing to run and began to wait.
    ///
    /// # Panics
    ///
    /// If the worker is another than 0.
    #[track_caller]
    pub fn worker_park_count(&self, worker: usize) -> u64 {
        self.worker_park_unpark_count(worker).div_ceil(2)
    }

    /// How often it began to wait or went on: odd while it waits.
    ///
    /// # Panics
    ///
    /// If the worker is another than 0.
    #[track_caller]
    pub fn worker_park_unpark_count(&self, worker: usize) -> u64 {
        assert_worker(worker);
        self.shared.meter.parks()
    }
}

#[track_caller]
fn assert_worker(worker: usize) {
    assert!(
        worker == 0,
        "there is no worker {worker}: one thread is given, and it is worker 0"
    );
}

impl Handle {
    /// What the runtime tells of itself.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.shared().meter.time();
        RuntimeMetrics {
            shared: self.shared().clone(),
        }
    }
}

impl Runtime {
    /// What the runtime tells of itself.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle().metrics()
    }
}

impl LocalRuntime {
    /// What the runtime tells of itself.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle().metrics()
    }
}

/// The number of the worker whose thread this is: `Some(0)` inside of a loop, on the driver thread
/// if there is one, and `None` everywhere else.
///
/// tokio: `runtime::worker_index`.
///
/// ```
/// use mainspring::runtime::worker_index;
///
/// assert_eq!(worker_index(), None);
/// assert_eq!(mainspring::run(async { worker_index() }), Some(0));
/// ```
pub fn worker_index() -> Option<usize> {
    let engine = context::made().filter(|engine| engine.is_turning.get())?;
    let is_worker = !engine.shared.settings.has_driver || engine.is_home();
    is_worker.then_some(0)
}
