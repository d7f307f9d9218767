//! Several futures at once, and results that are set by hand.
//!
//! | you have | you want | take |
//! | --- | --- | --- |
//! | futures | all outputs, in the order given | [`gather()`], [`try_gather()`] |
//! | futures | each output as it comes | [`as_completed()`] |
//! | futures | more of them as they go, all or nothing | [`task_group`](crate::task::task_group()) |
//! | handles of tasks | who has ended and who has not | [`wait()`] |
//! | tasks to spawn | their outcomes in the order of ending | [`JoinSet`] |
//! | one task | its output for many | [`JoinHandle::shared`](crate::task::JoinHandle::shared) |
//! | a future | that it goes on when its waiter does not | [`shield`] |
//! | nothing yet | a handle for a result that comes later | [`create_future`] |
//! | an async function | a stream of what it gives, call by call | [`from_fn`] |
//! | a stream | its values, or another stream | [`StreamExt`] |
//!
//! `gather`, `as_completed` and `task_group` poll their children in place: the children may borrow
//! from the caller, and dropping the wait drops them. `wait`, `JoinSet` and `shield` are about
//! tasks, which live on their own.

pub(crate) mod roster;
mod children;
mod limit;
mod gather;
mod try_gather;
mod pin;
pub(crate) mod join;
pub(crate) mod select;
mod wait;
mod as_completed;
mod shield;
mod promise;
pub(crate) mod group;
pub(crate) mod local_set;
pub mod join_set;
pub(crate) mod shared;
mod callback;
pub(crate) mod remote;
mod adaptors;
mod stream;

pub use futures_core::Stream;

pub use adaptors::{Buffered, Enumerate, Filter, Fold, ForEach, Map, Take};
pub use as_completed::{AsCompleted, Indexed, TimedOut, as_completed};
pub use callback::CallbackId;
pub use gather::{Gather, gather};
pub use join_set::JoinSet;
pub use promise::{Cancelled, Resolver, create_future};
pub use shared::Shared;
pub use shield::shield;
pub use stream::{Collect, Empty, Iter, Next, StreamExt, Then, empty, from_fn, iter};
pub use try_gather::{TryGather, try_gather};
pub use wait::{Finished, ReturnWhen, Wait, wait};
