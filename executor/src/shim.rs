//! The parts of `std` that meet between threads, under one name each.
//!
//! Whatever the loop shares with other threads is built from these, so that a model checker can
//! take their place (`--cfg mainspring_loom`) and walk through every interleaving of the code as
//! it stands. `Arc` is always std's: `Waker::from` asks for it.

#[cfg(not(mainspring_loom))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic},
    thread,
};

#[cfg(mainspring_loom)]
pub(crate) use loom::{
    sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic},
    thread,
};

#[cfg(not(mainspring_loom))]
pub(crate) use mainspring_reactor::Unparker;

/// Locks, whether or not somebody panicked while holding the lock.
///
/// No user code runs under our locks (but for a queue's `Store`, and the `Ord` of its items, and
/// the `Clone` of a value that is broadcast, under a lock of its own), so a poisoned one holds a
/// consistent state all the same.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What a mutex guards, for its only owner: nobody else can hold the lock.
pub(crate) fn lock_mut<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex
        .get_mut()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Parks this thread, for at most `limit` if there is one.
#[cfg(not(mainspring_loom))]
pub(crate) fn park(limit: Option<std::time::Duration>) {
    match limit {
        Some(limit) => thread::park_timeout(limit),
        None => thread::park(),
    }
}

/// The same in a model, where no time passes.
#[cfg(mainspring_loom)]
pub(crate) fn park(_limit: Option<std::time::Duration>) {
    thread::park();
}

/// Waits for a notification, for at most `limit`, with the lock of `mutex` held before and after.
/// Says whether the time ran out.
#[cfg(not(mainspring_loom))]
pub(crate) fn wait_for<'a, T>(
    _mutex: &'a Mutex<T>,
    condition: &Condvar,
    guard: MutexGuard<'a, T>,
    limit: std::time::Duration,
) -> (MutexGuard<'a, T>, bool) {
    let (guard, waited) = condition
        .wait_timeout(guard, limit)
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    (guard, waited.timed_out())
}

/// The same in a model, where no time passes: a limit of zero always runs out, after everybody
/// else had the chance to take the lock; any other limit never does.
#[cfg(mainspring_loom)]
pub(crate) fn wait_for<'a, T>(
    mutex: &'a Mutex<T>,
    condition: &Condvar,
    guard: MutexGuard<'a, T>,
    limit: std::time::Duration,
) -> (MutexGuard<'a, T>, bool) {
    if limit.is_zero() {
        drop(guard);
        thread::yield_now();
        return (lock(mutex), true);
    }
    let guard = condition
        .wait(guard)
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    (guard, false)
}

/// What the loop parks on in a model: the reactor's place is taken by a flag and a condition.
#[cfg(mainspring_loom)]
#[derive(Clone, Debug)]
pub(crate) struct Unparker {
    latch: std::sync::Arc<(Mutex<bool>, Condvar)>,
}

#[cfg(mainspring_loom)]
impl Unparker {
    pub(crate) fn new() -> Self {
        Unparker {
            latch: std::sync::Arc::new((Mutex::new(false), Condvar::new())),
        }
    }

    pub(crate) fn unpark(&self) {
        *lock(&self.latch.0) = true;
        self.latch.1.notify_one();
    }

    /// Waits for `unpark`, and forgets it.
    pub(crate) fn park(&self) {
        let mut called = lock(&self.latch.0);
        while !*called {
            called = self
                .latch
                .1
                .wait(called)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        *called = false;
    }
}

/// No model has a reactor: where code that none of them runs makes one, this stands in for it.
#[cfg(mainspring_loom)]
impl From<mainspring_reactor::Unparker> for Unparker {
    fn from(_: mainspring_reactor::Unparker) -> Self {
        Unparker::new()
    }
}
