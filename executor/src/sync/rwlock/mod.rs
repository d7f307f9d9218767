//! A lock around a value that many may read at the same time, or one may write.

mod value;
mod guard;
mod lock;

pub use crate::sync::rwlock::guard::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
pub use crate::sync::rwlock::lock::{RwLockRead, RwLockReadOwned, RwLockWrite, RwLockWriteOwned};
pub use crate::sync::rwlock::value::RwLock;
