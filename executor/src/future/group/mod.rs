//! Task groups: children that live no longer than the block that started them.
//!
//! ```text
//!   task_group(body) -> Group ---polls---> body     has a TaskGroup: spawn, cancel, len
//!                         |                  |
//!                         |                  v spawn(child)
//!                         +---polls---> children  <---cancel, await--- Member
//! ```

mod error;
mod member;
mod handle;
mod run;

pub use crate::future::group::error::ErrorGroup;
pub use crate::future::group::handle::TaskGroup;
pub use crate::future::group::member::Member;
pub use crate::future::group::run::{Group, task_group};
