//! Signals: what the system, a terminal or another process has to tell this one.
//!
//! ```text
//!   kill -HUP ----> handler: one byte ----> a pipe for each loop ----> Ear: counts ----> Signal
//!                   (on any thread)         that listens               (in its reactor)  Signal
//! ```
//!
//! A byte says no more than "look", and a full pipe says so already: so a signal may find the pipe
//! full and is not lost. Signals that come faster than they are received merge, as the system's
//! own do: there is at least one notification after the last of them.
//!
//! The first who listens for a signal takes its default action away, for good: also when nobody
//! listens any more, the process survives it. (A handler that is installed cannot be taken out
//! safely; tokio does the same.)
//!
//! A wait for a signal is a wait on the outside world, so it is no deadlock. It may never end, so
//! a paused clock does not stand still for it.
//!
//! | asyncio | here |
//! | --- | --- |
//! | `loop.add_signal_handler(sig, call)` | [`unix::signal`], a stream; [`unix::add_signal_handler`] |
//! | `KeyboardInterrupt` out of `run` | [`run`](crate::run) ends in good order, then the process by the signal |

mod kind;
mod ear;
mod stream;
mod ctrl_c;
mod handler;

pub use ctrl_c::{CtrlC, ctrl_c};

/// Signals as Unix knows them.
///
/// tokio: `signal::unix`.
pub mod unix {
    pub use crate::signal::handler::add_signal_handler;
    pub use crate::signal::kind::SignalKind;
    pub use crate::signal::stream::{Recv, Signal, signal};
}
