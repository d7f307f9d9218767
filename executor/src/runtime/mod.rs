//! Building a runtime, blocking on it, reaching it from other threads, ending it.

pub(crate) mod stall;
mod drive;
mod shutdown;
mod handle;
mod call;
mod note;
mod environment;
mod builder;
mod options;
pub(crate) mod local;
#[cfg(feature = "signal")]
pub(crate) mod interrupt;
mod program;
mod entry;
#[allow(clippy::module_inception, reason = "the file is named after its type")]
mod runtime;
mod metrics;

pub use crate::engine::shared::OnStall;
pub use crate::engine::slow_step::SlowStep;
pub use builder::Builder;
pub use call::CallbackHandleSend;
pub use drive::RunEnd;
#[doc(hidden)]
pub use entry::Entry;
pub use handle::{Closed, EnterGuard, Handle, Id, RuntimeFlavor, TryCurrentError};
pub use local::{LocalOptions, LocalRuntime};
pub use metrics::{RuntimeMetrics, worker_index};
pub use program::run;
pub use runtime::{Runtime, is_rt_shutdown_err};

pub use crate::task::unhandled::{Unhandled, reset_exception_handler, set_exception_handler};
// Upstairs, because a moment of the clock and a blocking wait come with them; asyncio has them on
// its loop.
pub use crate::future::remote::RemoteJoinHandle;
pub use crate::time::call::{CallbackHandle, call_at, call_later, call_soon};
