//! Permits in the hand: guards that go back to their semaphore when dropped.

use std::fmt;
use std::sync::Arc;

use crate::sync::permits::Closed;
use crate::sync::semaphore::Semaphore;

/// Permits of a borrowed [`Semaphore`]. Dropping it gives them back.
///
/// From [`acquire`](Semaphore::acquire), [`acquire_many`](Semaphore::acquire_many) and their `try_`
/// forms.
#[must_use = "a permit that is dropped at once bounds nothing; bind it to a name"]
#[derive(Debug)]
pub struct SemaphorePermit<'a> {
    semaphore: &'a Semaphore,
    permits: u32,
}

/// Permits of a shared [`Semaphore`], which they keep alive. Dropping it gives them back.
///
/// From [`acquire_owned`](Semaphore::acquire_owned),
/// [`acquire_many_owned`](Semaphore::acquire_many_owned) and their `try_` forms; it may travel into
/// another task.
#[must_use = "a permit that is dropped at once bounds nothing; bind it to a name"]
#[derive(Debug)]
pub struct OwnedSemaphorePermit {
    semaphore: Arc<Semaphore>,
    permits: u32,
}

/// Both guards have the same methods, and differ in how they hold the semaphore.
macro_rules! permit {
    ($guard:ident $(<$lifetime:lifetime>)?, $held:ty) => {
        impl $(<$lifetime>)? $guard $(<$lifetime>)? {
            pub(crate) fn new(semaphore: $held, permits: u32) -> Self {
                $guard { semaphore, permits }
            }

            /// Keeps the permits from going back: the semaphore has so many fewer from now on.
            pub fn forget(mut self) {
                self.permits = 0;
            }

            /// Puts the permits of `other` into this guard; they go back together.
            ///
            /// # Panics
            ///
            /// If `other` comes from another semaphore.
            #[track_caller]
            pub fn merge(&mut self, mut other: Self) {
                assert!(
                    std::ptr::eq::<Semaphore>(&*self.semaphore, &*other.semaphore),
                    "merged permits of two semaphores; a guard holds permits of one"
                );
                self.permits = self
                    .permits
                    .checked_add(other.permits)
                    .expect("a guard holds at most `u32::MAX` permits; keep two guards");
                other.permits = 0;
            }

            /// Takes `n` permits out of this guard into one of their own; `None` if it has not
            /// so many.
            pub fn split(&mut self, n: usize) -> Option<Self> {
                let n = u32::try_from(n).ok()?;
                self.permits = self.permits.checked_sub(n)?;
                Some($guard {
                    semaphore: Clone::clone(&self.semaphore),
                    permits: n,
                })
            }

            /// How many permits the guard holds.
            pub fn num_permits(&self) -> usize {
                self.permits as usize
            }
        }

        impl $(<$lifetime>)? Drop for $guard $(<$lifetime>)? {
            #[inline]
            fn drop(&mut self) {
                if self.permits > 0 {
                    self.semaphore.add_permits(self.permits as usize);
                }
            }
        }
    };
}

permit!(SemaphorePermit<'a>, &'a Semaphore);
permit!(OwnedSemaphorePermit, Arc<Semaphore>);

impl SemaphorePermit<'_> {
    /// The semaphore that the permits go back to.
    pub fn semaphore(&self) -> &Semaphore {
        self.semaphore
    }
}

impl OwnedSemaphorePermit {
    /// The semaphore that the permits go back to.
    pub fn semaphore(&self) -> &Arc<Semaphore> {
        &self.semaphore
    }
}

impl Semaphore {
    /// Takes a permit if one is free.
    ///
    /// A free permit is nobody's: taking it delays none of those who wait.
    ///
    /// # Errors
    ///
    /// [`TryAcquireError::NoPermits`] if none is free, [`TryAcquireError::Closed`] after
    /// [`close`](Semaphore::close).
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if so many are free.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Semaphore::try_acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(4);
    /// let mut three = semaphore.try_acquire_many(3).unwrap();
    /// assert_eq!(
    ///     semaphore.try_acquire_many(2).unwrap_err(),
    ///     TryAcquireError::NoPermits
    /// );
    ///
    /// let one = three.split(1).unwrap();
    /// drop(one);
    /// assert_eq!(semaphore.available_permits(), 2);
    /// ```
    pub fn try_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_take(n)?;
        Ok(SemaphorePermit::new(self, n))
    }

    /// Takes a permit that may travel, if one is free.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Semaphore::try_acquire).
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// Takes `n` permits that may travel, if so many are free.
    ///
    /// # Errors
    ///
    /// As [`try_acquire`](Semaphore::try_acquire).
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(n)?;
        Ok(OwnedSemaphorePermit::new(self, n))
    }

    fn try_take(&self, n: u32) -> Result<(), TryAcquireError> {
        match self.take_free(n as usize) {
            Ok(true) => Ok(()),
            Ok(false) => Err(TryAcquireError::NoPermits),
            Err(Closed) => Err(TryAcquireError::Closed),
        }
    }
}

/// Why permits could not be taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// The semaphore was closed: there will be no more permits.
    Closed,
    /// Not so many are free now.
    NoPermits,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::Closed => "semaphore closed",
            TryAcquireError::NoPermits => "no permits available",
        })
    }
}

impl std::error::Error for TryAcquireError {}
