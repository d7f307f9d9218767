//! Tasks that wait for tasks: permits, locks, signals and queues, each served in order of arrival.
//!
//! Everything here may be used from any thread, inside or outside a runtime. A waiter is a future;
//! dropping it leaves the line, and what it had already been handed goes to the next.
//!
//! | asyncio | tokio | here |
//! | --- | --- | --- |
//! | `Semaphore`, `BoundedSemaphore` | `Semaphore` | [`Semaphore`] |
//! | `Lock` | `Mutex` | [`Mutex`] |
//! | – | `RwLock` | [`RwLock`] |
//! | `Event` | – | [`Event`] |
//! | `Condition` | – | [`Condition`] |
//! | – | `Notify` | [`Notify`] |
//! | `Barrier` | `Barrier` | [`Barrier`] |
//! | – | `OnceCell`, `SetOnce` | [`OnceCell`], [`SetOnce`] |
//! | `Queue`, `LifoQueue`, `PriorityQueue` | – | [`Queue`], [`LifoQueue`], [`PriorityQueue`] |
//! | – | `mpsc`, `oneshot` | [`mpsc`], [`oneshot`] |
//! | – | `watch`, `broadcast` | [`watch`], [`broadcast`] |

/// Makes a constructor `const` wherever the shim's mutex allows it: loom's one registers itself
/// with the running model and cannot.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty $body:block) => {
        #[cfg(not(mainspring_loom))]
        $(#[$attribute])*
        $visibility const fn $name($($argument: $kind),*) -> $result $body

        #[cfg(mainspring_loom)]
        $(#[$attribute])*
        $visibility fn $name($($argument: $kind),*) -> $result $body
    };
}

pub(crate) mod wakers;
mod wait_queue;
mod permits;
mod free;
pub(crate) mod blocking;

mod semaphore;
mod permit;
mod acquire;

#[macro_use]
mod guard;
mod mutex;
mod rwlock;

mod notify;
mod notified;
mod event;
mod condition;

mod barrier;
mod arrive;

mod once_value;
mod set_once;
mod once_cell;
mod init;

pub mod queue;

pub mod mpsc;
pub mod oneshot;
pub mod watch;
pub mod broadcast;

#[cfg(all(test, mainspring_loom))]
mod models;
#[cfg(all(test, mainspring_loom))]
mod models_channels;

/// Futures under the path that tokio has for them.
pub mod futures {
    pub use crate::sync::notified::{Notified, OwnedNotified};
}

pub use crate::sync::acquire::{Acquire, AcquireError, AcquireOwned};
pub use crate::sync::arrive::{BarrierArrive, BarrierWait, BarrierWaitResult};
pub use crate::sync::barrier::{Barrier, BrokenBarrier};
pub use crate::sync::condition::{
    Condition, ConditionGuard, ConditionLock, ConditionWait, ConditionWaitFor, ConditionWaitUntil,
};
pub use crate::sync::event::{Event, EventWait};
pub use crate::sync::init::{GetOrInit, GetOrTryInit};
pub use crate::sync::mutex::{
    Mutex, MutexGuard, MutexLock, MutexLockOwned, OwnedMutexGuard, TryLockError,
};
pub use crate::sync::notified::{Notified, OwnedNotified};
pub use crate::sync::notify::Notify;
pub use crate::sync::once_cell::{OnceCell, SetError};
pub use crate::sync::permit::{OwnedSemaphorePermit, SemaphorePermit, TryAcquireError};
pub use crate::sync::queue::{
    LifoQueue, PriorityQueue, Queue, QueueShutDown, Ticket, TooManyTaskDone, TryGetError,
    TryPutError,
};
pub use crate::sync::rwlock::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockRead, RwLockReadGuard,
    RwLockReadOwned, RwLockWrite, RwLockWriteGuard, RwLockWriteOwned,
};
pub use crate::sync::semaphore::{OverRelease, Semaphore};
pub use crate::sync::set_once::{SetOnce, SetOnceError, SetOnceWait};
