//! The value in the hand: guards that put it back when dropped.

use std::fmt;
use std::ops::DerefMut;
use std::sync::Arc;

use crate::sync::mutex::value::Mutex;

/// The value of a borrowed [`Mutex`]. Dropping it unlocks.
///
/// From [`lock`](Mutex::lock), [`try_lock`](Mutex::try_lock) and
/// [`blocking_lock`](Mutex::blocking_lock).
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    value: Option<T>,
}

/// The value of a shared [`Mutex`], which it keeps alive. Dropping it unlocks.
///
/// From [`lock_owned`](Mutex::lock_owned), [`try_lock_owned`](Mutex::try_lock_owned) and
/// [`blocking_lock_owned`](Mutex::blocking_lock_owned); it may travel into another task.
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct OwnedMutexGuard<T> {
    mutex: Arc<Mutex<T>>,
    value: Option<T>,
}

/// Both guards have the same insides, and differ in how they hold the mutex.
macro_rules! mutex_guard {
    ($guard:ident <$($lifetime:lifetime,)? T>, $held:ty) => {
        reads_its_value!($guard<$($lifetime,)? T>);

        impl<$($lifetime,)? T> $guard<$($lifetime,)? T> {
            #[inline]
            pub(crate) fn new(mutex: $held, value: T) -> Self {
                $guard {
                    mutex,
                    value: Some(value),
                }
            }
        }

        impl<$($lifetime,)? T> DerefMut for $guard<$($lifetime,)? T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                self.value.as_mut().expect("it is there until the drop")
            }
        }

        impl<$($lifetime,)? T> Drop for $guard<$($lifetime,)? T> {
            #[inline]
            fn drop(&mut self) {
                if let Some(value) = self.value.take() {
                    self.mutex.put_back(value);
                }
            }
        }
    };
}

mutex_guard!(MutexGuard<'a, T>, &'a Mutex<T>);
mutex_guard!(OwnedMutexGuard<T>, Arc<Mutex<T>>);

impl<'a, T> MutexGuard<'a, T> {
    /// The mutex that the value goes back to.
    pub fn mutex(this: &Self) -> &'a Mutex<T> {
        this.mutex
    }
}

impl<T> OwnedMutexGuard<T> {
    /// The mutex that the value goes back to.
    pub fn mutex(this: &Self) -> &Arc<Mutex<T>> {
        &this.mutex
    }
}

impl<T> Mutex<T> {
    /// Locks if nobody has the lock or waits for it.
    ///
    /// # Errors
    ///
    /// [`TryLockError`] if a guard is out, or the lock is promised to one who waited.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Mutex;
    ///
    /// let mutex = Mutex::new(1);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// drop(guard);
    /// assert!(mutex.try_lock().is_ok());
    /// ```
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        let value = self.take_free().ok_or(TryLockError(()))?;
        Ok(MutexGuard::new(self, value))
    }

    /// [`try_lock`](Mutex::try_lock) with a guard that may travel.
    ///
    /// # Errors
    ///
    /// As [`try_lock`](Mutex::try_lock).
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        let value = self.take_free().ok_or(TryLockError(()))?;
        Ok(OwnedMutexGuard::new(self, value))
    }
}

/// The lock could not be had at once.
#[derive(Debug)]
pub struct TryLockError(pub(crate) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("operation would block")
    }
}

impl std::error::Error for TryLockError {}

// The value's own `Debug` runs with the lock held by a guard, as any user's code does.
impl<T: fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(value) => text.field("data", &&*value),
            Err(TryLockError(())) => text
                .field("data", &format_args!("<locked>"))
                .field("waiting", &self.waiting()),
        };
        text.finish()
    }
}
