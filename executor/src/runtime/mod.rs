//! Building a runtime, blocking on it, reaching it from other threads, ending it.

pub(crate) mod stall;
mod drive;
mod shutdown;
mod handle;
mod builder;
pub(crate) mod local;
#[allow(clippy::module_inception, reason = "the file is named after its type")]
mod runtime;

pub use builder::Builder;
pub use drive::RunEnd;
pub use handle::{Closed, EnterGuard, Handle, RuntimeFlavor, TryCurrentError};
pub use local::{LocalRuntime, run};
pub use runtime::Runtime;
