//! asyncio's queues: items from those who put to those who get, and a count of the unfinished.
//!
//! | file | what |
//! | --- | --- |
//! | `store` | in which order items come out |
//! | `error` | what may come instead of an item |
//! | `state` | the rules, as a plain structure without a future |
//! | `handle` | [`Queue`] itself, and all that does not wait |
//! | `put`, `get`, `join` | what waits: for room, for an item, for the work to be done |
//! | `ticket` | an item that reports by itself that it is done |

mod store;
mod error;
mod state;
mod handle;
mod put;
mod get;
mod join;
mod ticket;

pub use crate::sync::queue::error::{QueueShutDown, TooManyTaskDone, TryGetError, TryPutError};
pub use crate::sync::queue::get::{Get, Items};
pub use crate::sync::queue::handle::{LifoQueue, PriorityQueue, Queue};
pub use crate::sync::queue::join::Join;
pub use crate::sync::queue::put::Put;
pub use crate::sync::queue::store::{Fifo, Heap, Lifo, Store};
pub use crate::sync::queue::ticket::{Checkout, Ticket};
