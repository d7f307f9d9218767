//! Waiting to read or to write: the futures behind `RwLock::read`, `RwLock::write` and their owned
//! forms.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::leaf;
use crate::sync::blocking::wait_here;
use crate::sync::permits::Claim;
use crate::sync::rwlock::guard::{
    OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};
use crate::sync::rwlock::value::{RwLock, State};

impl<T> RwLock<T> {
    /// Waits until it may read.
    ///
    /// Readers are inside together. A reader waits while a writer is inside, and while one stands
    /// in line before it.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. What it had been handed goes to
    /// the next in line.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::RwLock;
    ///
    /// # mainspring::run(async {
    /// let lock = RwLock::new("shared");
    /// let (one, two) = (lock.read().await, lock.read().await);
    /// assert_eq!(*one, *two);
    /// # });
    /// ```
    #[track_caller]
    pub fn read(&self) -> RwLockRead<'_, T> {
        RwLockRead {
            lock: self,
            claim: Claim::new(1),
            place: Location::caller(),
        }
    }

    /// Waits until it may read, with a guard that keeps the lock alive and may travel into another
    /// task.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`read`](RwLock::read).
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> RwLockReadOwned<T> {
        RwLockReadOwned {
            claim: Claim::new(1),
            lock: self,
            place: Location::caller(),
        }
    }

    /// Waits until it may write: until everybody is out who came before it.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. What it had been handed goes to
    /// the next in line, and readers who stood behind it come in.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::RwLock;
    ///
    /// # mainspring::run(async {
    /// let lock = RwLock::new(1);
    /// *lock.write().await += 1;
    /// assert_eq!(*lock.read().await, 2);
    /// # });
    /// ```
    #[track_caller]
    pub fn write(&self) -> RwLockWrite<'_, T> {
        RwLockWrite {
            lock: self,
            claim: Claim::new(self.all()),
            place: Location::caller(),
        }
    }

    /// Waits until it may write, with a guard that keeps the lock alive and may travel into another
    /// task.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`write`](RwLock::write).
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> RwLockWriteOwned<T> {
        RwLockWriteOwned {
            claim: Claim::new(self.all()),
            lock: self,
            place: Location::caller(),
        }
    }

    /// Parks this thread until it may read: [`read`](RwLock::read) for code that is not async.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_read(&self) -> RwLockReadGuard<'_, T> {
        wait_here(self.read())
    }

    /// Parks this thread until it may write: [`write`](RwLock::write) for code that is not async.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_write(&self) -> RwLockWriteGuard<'_, T> {
        wait_here(self.write())
    }
}

/// Waits to read a borrowed [`RwLock`]. From [`RwLock::read`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct RwLockRead<'a, T> {
    lock: &'a RwLock<T>,
    claim: Claim,
    place: &'static Location<'static>,
}

/// Waits to read a shared [`RwLock`]. From [`RwLock::read_owned`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct RwLockReadOwned<T> {
    lock: Arc<RwLock<T>>,
    claim: Claim,
    place: &'static Location<'static>,
}

/// Waits to write to a borrowed [`RwLock`]. From [`RwLock::write`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct RwLockWrite<'a, T> {
    lock: &'a RwLock<T>,
    claim: Claim,
    place: &'static Location<'static>,
}

/// Waits to write to a shared [`RwLock`]. From [`RwLock::write_owned`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct RwLockWriteOwned<T> {
    lock: Arc<RwLock<T>>,
    claim: Claim,
    place: &'static Location<'static>,
}

/// The four differ in what they fetch, and in the guard that they end with.
macro_rules! wait {
    ($wait:ident <$($lifetime:lifetime,)? T> => $guard:ident, $fetch:ident, $what:literal) => {
        impl<$($lifetime,)? T> Future for $wait<$($lifetime,)? T> {
            type Output = $guard<$($lifetime,)? T>;

            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                let this = &mut *self;
                match this.lock.poll_take(&mut this.claim, State::$fetch, cx) {
                    Poll::Ready(value) => {
                        Poll::Ready($guard::new(Clone::clone(&this.lock), value))
                    }
                    Poll::Pending => {
                        leaf::waiting_for($what, this.place);
                        Poll::Pending
                    }
                }
            }
        }

        impl<$($lifetime,)? T> Drop for $wait<$($lifetime,)? T> {
            #[inline]
            fn drop(&mut self) {
                self.lock.give_up(&mut self.claim);
            }
        }
    };
}

wait!(RwLockRead<'a, T> => RwLockReadGuard, share, "RwLock::read");
wait!(RwLockReadOwned<T> => OwnedRwLockReadGuard, share, "RwLock::read");
wait!(RwLockWrite<'a, T> => RwLockWriteGuard, take, "RwLock::write");
wait!(RwLockWriteOwned<T> => OwnedRwLockWriteGuard, take, "RwLock::write");
