//! One message from one to one: an answer, a signal, a result from another thread.
//!
//! The sender never waits. The receiver is a future by itself; it gets an error when the sender
//! is dropped without having sent.
//!
//! asyncio has a future that is set by hand for this, which is
//! [`create_future`](crate::future::create_future) here: its read end is a
//! [`JoinHandle`](crate::task::JoinHandle). This is tokio's form of it.
//!
//! # Examples
//!
//! ```
//! use mainspring::sync::{mpsc, oneshot};
//!
//! # mainspring::run(async {
//! let (questions, mut inbox) = mpsc::channel::<(u32, oneshot::Sender<u32>)>(8);
//! mainspring::spawn(async move {
//!     while let Some((number, answer)) = inbox.recv().await {
//!         // Whoever asked may be gone by now: that is its own affair.
//!         let _ = answer.send(number * number);
//!     }
//! });
//!
//! let (answer, square) = oneshot::channel();
//! questions.send((7, answer)).await.unwrap();
//! assert_eq!(square.await, Ok(49));
//! # });
//! ```

pub mod error;

mod state;
mod sender;
mod receiver;

pub use crate::sync::oneshot::receiver::{Receiver, channel};
pub use crate::sync::oneshot::sender::{Closed, Sender};
