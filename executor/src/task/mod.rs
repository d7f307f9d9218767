//! Tasks: spawn, join, abort, give way.

mod error;
mod report;
mod info;
pub(crate) mod unhandled;
pub(crate) mod cell;
pub(crate) mod join;
mod abort_on_drop;
pub(crate) mod local;
pub(crate) mod hosted;
pub(crate) mod spawn;
mod defer;
mod yield_now;
mod in_place;
pub mod coop;

pub use crate::engine::id::Id;
// Upstairs, and here because tokio's programs look for it here.
pub use crate::future::group::{ErrorGroup, Group, Member, TaskGroup, task_group};
pub use crate::future::join_set::{self, JoinSet};
pub use crate::future::local_set::{LocalEnterGuard, LocalSet, RunUntil};
pub use crate::future::shared::Shared;
pub use crate::pool::spawn_blocking;
pub use abort_on_drop::AbortOnDrop;
pub use coop::{ConsumeBudget, Unconstrained, consume_budget, unconstrained};
pub use defer::{Defer, defer};
pub use error::{JoinError, Outcome, WorkerDied};
pub use in_place::block_in_place;
pub use info::{TaskInfo, all_tasks, current_task, id, try_id};
pub use join::{AbortHandle, JoinHandle};
pub use local::{AccessError, LocalKey, TaskLocalFuture, spawn_with_locals};
pub use report::JobReport;
pub use spawn::{spawn, spawn_eager, spawn_local, spawn_named};
pub use unhandled::Unhandled;

/// Futures of this module, under tokio's path.
pub mod futures {
    pub use crate::task::local::TaskLocalFuture;
}
pub use yield_now::{Idle, YieldNow, idle, yield_now};
