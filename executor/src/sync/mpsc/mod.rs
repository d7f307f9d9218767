//! Messages from many to one: any number of senders, one receiver, the order of sending.
//!
//! [`channel`] makes one that holds so many messages, and lets senders wait for room;
//! [`unbounded_channel`] makes one that takes whatever comes. Both ends work from any thread, in
//! and out of a runtime. asyncio has `Queue` for this, which is [`Queue`](crate::sync::Queue) here;
//! a channel ends by itself when its senders are gone, and a queue by a call.
//!
//! | file | what |
//! | --- | --- |
//! | `error` | what may come instead of a message, or of sending one |
//! | `state` | the rules, as a plain structure without a future |
//! | `channel` | the rules under one lock, and who is woken after it |
//! | `side` | who counts as sender, as weak sender, as receiver |
//! | `receive` | the receiving ends, and what they wait for |
//! | `sender` | the sending end of a channel with a limit |
//! | `permit` | room that is kept for a message to come |
//! | `reserve`, `send` | waiting for room, to keep it or to fill it |
//! | `unbounded` | the sending end of a channel without a limit |
//! | `weak` | senders that do not keep a channel open |
//! | `closed` | waiting for the receiver to go |
//!
//! # Examples
//!
//! ```
//! use mainspring::sync::mpsc;
//!
//! # mainspring::run(async {
//! let (results, mut inbox) = mpsc::channel(8);
//! for worker in 0..3 {
//!     let results = results.clone();
//!     mainspring::spawn(async move {
//!         results.send(worker * 10).await.unwrap();
//!     });
//! }
//! // The inbox ends when the last sender is gone: this one, too.
//! drop(results);
//!
//! let mut sum = 0;
//! while let Some(result) = inbox.recv().await {
//!     sum += result;
//! }
//! assert_eq!(sum, 30);
//! # });
//! ```

pub mod error;

mod state;
mod channel;
mod side;

mod receive;

mod sender;
mod permit;
mod reserve;
mod send;

mod unbounded;
mod weak;
mod closed;

pub use crate::sync::mpsc::closed::Closed;
pub use crate::sync::mpsc::permit::{OwnedPermit, Permit, PermitIterator};
pub use crate::sync::mpsc::receive::{Receiver, Recv, RecvMany, UnboundedReceiver};
pub use crate::sync::mpsc::reserve::{Reserve, ReserveMany, ReserveOwned};
pub use crate::sync::mpsc::send::{SendTimeout, Sending};
pub use crate::sync::mpsc::sender::{Sender, channel};
pub use crate::sync::mpsc::unbounded::{UnboundedSender, unbounded_channel};
pub use crate::sync::mpsc::weak::{WeakSender, WeakUnboundedSender};
