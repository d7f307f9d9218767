//! mainspring: a single-threaded async runtime, written to be read.
//!
//! The modules are listed from the ground up: each uses only those listed before it (law 1), so
//! they can be read in this order. `tests/tests/architecture.rs` keeps it so.

#![forbid(unsafe_code)]

#[cfg(windows)]
compile_error!(
    "mainspring runs on Linux and macOS. On Windows use WSL, or tokio itself: its programs are \
     written the same way."
);

// The attributes write `::mainspring::…`, also in this crate's own tests.
extern crate self as mainspring;

mod shim; // what threads share, under names a model checker can stand behind
mod lines; // what is printed, and how often at most
mod quietly; // user code whose panic must not reach the loop
mod leaf; // what a leaf future owes the loop
mod branches; // what one wait for several waits for
mod engine; // the mechanism: one wake-up, top to bottom

pub mod task; // spawn, join, abort
pub mod runtime; // build one, block on it, reach it from other threads

pub mod time; // sleep, timeout, interval, the paused clock
pub mod sync; // tasks that wait for tasks
pub mod future; // several futures at once
pub mod io; // reading and writing, as traits

pub mod pool; // calls that block, on threads
pub mod fs; // files, and the standard streams
pub mod net; // sockets

#[cfg(feature = "process")]
pub mod process; // other programs; calls that compute, in worker processes
#[cfg(feature = "signal")]
pub mod signal; // Ctrl-C and its like

pub mod asyncio; // the same things under Python's names

#[cfg(all(test, mainspring_loom))]
mod models; // the meeting of threads, checked in every order

/// What the attributes write; no part of the public surface.
#[doc(hidden)]
pub mod __private {
    pub use crate::future::join::{Slot, join};
    pub use crate::future::select::{branch_waits, first_branch, select, select_has_nothing_left};
    pub use crate::runtime::Entry;
    pub use mainspring_macros::select;
}

pub use future::{Stream, StreamExt};
pub use mainspring_macros::{main, test};
pub use pool::spawn_blocking;
pub use runtime::{Runtime, run};
pub use task::{spawn, yield_now};
