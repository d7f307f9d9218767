//! Every value to everybody: each receiver gets each value that is sent while it listens.
//!
//! [`channel`] keeps the latest values, as many as its capacity says. A sender never waits: when the
//! channel is full it drops the oldest value, and a receiver that had not got it yet is told how
//! many it has missed, [`Lagged`](error::RecvError::Lagged), and goes on with the oldest that is
//! left. A value is dropped as soon as everybody has it.
//!
//! tokio: `sync::broadcast`. asyncio has no counterpart; what is done there is a list of queues.
//!
//! | file | what |
//! | --- | --- |
//! | `error` | what may come instead of a value, or of sending one |
//! | `shared` | the values that are kept, and who has not got them |
//! | `sender`, `weak` | the ends that send, and one that does not keep the channel open |
//! | `receiver` | the end that receives, without waiting |
//! | `recv` | waiting for a value |
//! | `closed` | waiting for the receivers to go |
//!
//! # Examples
//!
//! ```
//! use mainspring::sync::broadcast;
//!
//! # mainspring::run(async {
//! let (news, mut anna) = broadcast::channel(16);
//! let mut ben = news.subscribe();
//!
//! news.send("rain").unwrap();
//! news.send("sun").unwrap();
//!
//! assert_eq!(anna.recv().await.unwrap(), "rain");
//! assert_eq!(anna.recv().await.unwrap(), "sun");
//! assert_eq!(ben.recv().await.unwrap(), "rain");
//! # });
//! ```

pub mod error;

mod shared;

mod receiver;
mod sender;
mod weak;

mod recv;
mod closed;

pub use crate::sync::broadcast::closed::Closed;
pub use crate::sync::broadcast::receiver::Receiver;
pub use crate::sync::broadcast::recv::Recv;
pub use crate::sync::broadcast::sender::{Sender, channel};
pub use crate::sync::broadcast::weak::WeakSender;
