//! One value that changes: who watches sees the latest, and perhaps not each.
//!
//! [`channel`] makes both ends. A sender replaces the value and never waits; a receiver looks at it
//! whenever it likes, and waits for the next change if it wants to. So it fits what is a state and
//! not a series of events: a configuration, a progress, "shut down now".
//!
//! tokio: `sync::watch`. asyncio has no counterpart; an [`Event`](crate::sync::Event) is such a
//! channel for a `bool`.
//!
//! | file | what |
//! | --- | --- |
//! | `error` | what the ends say when the other one is gone |
//! | `shared` | the value, its version, and a look at it |
//! | `receiver` | the end that looks |
//! | `sender` | the end that changes the value |
//! | `change` | waiting for a change, and for the receivers to go |
//!
//! # Examples
//!
//! ```
//! use mainspring::sync::watch;
//!
//! # mainspring::run(async {
//! let (progress, mut display) = watch::channel(0);
//!
//! let shown = mainspring::task::spawn_local(async move {
//!     let mut shown = vec![];
//!     while display.changed().await.is_ok() {
//!         shown.push(*display.borrow_and_update());
//!     }
//!     shown
//! });
//!
//! for percent in [10, 20, 100] {
//!     progress.send(percent).unwrap();
//! }
//! drop(progress);
//! // Nobody ran between the three: only the last was seen.
//! assert_eq!(shown.await.unwrap(), [100]);
//! # });
//! ```

pub mod error;

mod shared;
mod receiver;
mod sender;
mod change;

pub use crate::sync::watch::change::{Changed, Closed, WaitFor};
pub use crate::sync::watch::receiver::Receiver;
pub use crate::sync::watch::sender::{Sender, channel};
pub use crate::sync::watch::shared::Ref;
