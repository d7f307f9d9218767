//! A lock around a value, given from holder to holder in order of arrival.

mod value;
mod guard;
mod lock;

pub use crate::sync::mutex::guard::{MutexGuard, OwnedMutexGuard, TryLockError};
pub use crate::sync::mutex::lock::{MutexLock, MutexLockOwned};
pub use crate::sync::mutex::value::Mutex;
