//! The value in the hand, to read or to write: guards that give it back when dropped.

use std::fmt;
use std::ops::DerefMut;
use std::sync::Arc;

use crate::sync::mutex::TryLockError;
use crate::sync::rwlock::value::{RwLock, State};

/// The value of a borrowed [`RwLock`], to read. Dropping it lets writers in.
///
/// From [`read`](RwLock::read), [`try_read`](RwLock::try_read),
/// [`blocking_read`](RwLock::blocking_read) and [`RwLockWriteGuard::downgrade`].
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct RwLockReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    value: Option<Arc<T>>,
}

/// The value of a shared [`RwLock`], which it keeps alive, to read. Dropping it lets writers in.
///
/// From [`read_owned`](RwLock::read_owned), [`try_read_owned`](RwLock::try_read_owned) and
/// [`OwnedRwLockWriteGuard::downgrade`]; it may travel into another task.
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct OwnedRwLockReadGuard<T> {
    lock: Arc<RwLock<T>>,
    value: Option<Arc<T>>,
}

/// The value of a borrowed [`RwLock`], to write. Dropping it lets others in.
///
/// From [`write`](RwLock::write), [`try_write`](RwLock::try_write) and
/// [`blocking_write`](RwLock::blocking_write).
///
/// # Examples
///
/// ```
/// use mainspring::sync::{RwLock, RwLockWriteGuard};
///
/// # mainspring::run(async {
/// let lock = RwLock::new(1);
/// let mut writer = lock.write().await;
/// *writer += 1;
/// let reader = RwLockWriteGuard::downgrade(writer);
/// assert_eq!(*lock.read().await, *reader);
/// assert!(lock.try_write().is_err());
/// # });
/// ```
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct RwLockWriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    value: Option<Arc<T>>,
}

/// The value of a shared [`RwLock`], which it keeps alive, to write. Dropping it lets others in.
///
/// From [`write_owned`](RwLock::write_owned) and [`try_write_owned`](RwLock::try_write_owned); it
/// may travel into another task.
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct OwnedRwLockWriteGuard<T> {
    lock: Arc<RwLock<T>>,
    value: Option<Arc<T>>,
}

/// Both read guards have the same insides, and differ in how they hold the lock.
macro_rules! read_guard {
    ($guard:ident <$($lifetime:lifetime,)? T>, $held:ty) => {
        reads_its_value!($guard<$($lifetime,)? T>);

        impl<$($lifetime,)? T> $guard<$($lifetime,)? T> {
            /// For who has a permit.
            pub(crate) fn new(lock: $held, value: Arc<T>) -> Self {
                $guard {
                    lock,
                    value: Some(value),
                }
            }
        }

        impl<$($lifetime,)? T> Drop for $guard<$($lifetime,)? T> {
            fn drop(&mut self) {
                // R1: the value first, then the permit. Ours is not the last `Arc`.
                self.value = None;
                self.lock.give_back(1, None);
            }
        }
    };
}

/// Both write guards have the same insides, too.
macro_rules! write_guard {
    ($guard:ident <$($lifetime:lifetime,)? T>, $held:ty, $read_guard:ident) => {
        reads_its_value!($guard<$($lifetime,)? T>);

        impl<$($lifetime,)? T> $guard<$($lifetime,)? T> {
            /// For who has all permits.
            pub(crate) fn new(lock: $held, value: Arc<T>) -> Self {
                $guard {
                    lock,
                    value: Some(value),
                }
            }

            /// Goes on reading and lets other readers in; no writer comes between.
            pub fn downgrade(mut self) -> $read_guard<$($lifetime,)? T> {
                let value = self.value.take().expect("it is there until the drop");
                let reader = $read_guard::new(Clone::clone(&self.lock), value.clone());
                // One permit stays with the reader.
                self.lock.give_back(self.lock.all() - 1, Some(value));
                reader
            }
        }

        impl<$($lifetime,)? T> DerefMut for $guard<$($lifetime,)? T> {
            fn deref_mut(&mut self) -> &mut T {
                let value = self.value.as_mut().expect("it is there until the drop");
                Arc::get_mut(value).expect("R1: a writer has the only one")
            }
        }

        impl<$($lifetime,)? T> Drop for $guard<$($lifetime,)? T> {
            fn drop(&mut self) {
                if let Some(value) = self.value.take() {
                    self.lock.give_back(self.lock.all(), Some(value));
                }
            }
        }
    };
}

read_guard!(RwLockReadGuard<'a, T>, &'a RwLock<T>);
read_guard!(OwnedRwLockReadGuard<T>, Arc<RwLock<T>>);
write_guard!(RwLockWriteGuard<'a, T>, &'a RwLock<T>, RwLockReadGuard);
write_guard!(
    OwnedRwLockWriteGuard<T>,
    Arc<RwLock<T>>,
    OwnedRwLockReadGuard
);

impl<T> OwnedRwLockReadGuard<T> {
    /// The lock that the value belongs to.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

impl<T> OwnedRwLockWriteGuard<T> {
    /// The lock that the value goes back to.
    pub fn rwlock(this: &Self) -> &Arc<RwLock<T>> {
        &this.lock
    }
}

impl<T> RwLock<T> {
    /// Locks for reading if no writer is inside or waits.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] if a writer is inside or waits, or there are as many readers as may be.
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        let value = self.take_free(1, State::share).ok_or(TryLockError(()))?;
        Ok(RwLockReadGuard::new(self, value))
    }

    /// [`try_read`](RwLock::try_read) with a guard that may travel.
    ///
    /// # Errors
    ///
    /// As [`try_read`](RwLock::try_read).
    pub fn try_read_owned(self: Arc<Self>) -> Result<OwnedRwLockReadGuard<T>, TryLockError> {
        let value = self.take_free(1, State::share).ok_or(TryLockError(()))?;
        Ok(OwnedRwLockReadGuard::new(self, value))
    }

    /// Locks for writing if nobody is inside or waits.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] if a guard is out, or the lock is promised to one who waited.
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        let value = self
            .take_free(self.all(), State::take)
            .ok_or(TryLockError(()))?;
        Ok(RwLockWriteGuard::new(self, value))
    }

    /// [`try_write`](RwLock::try_write) with a guard that may travel.
    ///
    /// # Errors
    ///
    /// As [`try_write`](RwLock::try_write).
    pub fn try_write_owned(self: Arc<Self>) -> Result<OwnedRwLockWriteGuard<T>, TryLockError> {
        let value = self
            .take_free(self.all(), State::take)
            .ok_or(TryLockError(()))?;
        Ok(OwnedRwLockWriteGuard::new(self, value))
    }
}

// The value's own `Debug` runs with the lock held by a guard, as any user's code does.
impl<T: fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(value) => text.field("data", &&*value),
            Err(TryLockError(())) => text.field("data", &format_args!("<locked>")),
        };
        text.finish()
    }
}
