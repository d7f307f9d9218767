//! Waiting for the value: the futures behind `Mutex::lock` and `Mutex::lock_owned`.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::blocking::wait_here;
use crate::sync::mutex::guard::{MutexGuard, OwnedMutexGuard};
use crate::sync::mutex::value::Mutex;
use crate::sync::wait_queue::WaiterKey;

impl<T> Mutex<T> {
    /// Waits for the lock and takes it.
    ///
    /// The lock is given in the order in which the futures were first polled. A task that has the
    /// guard and asks again waits for itself, for ever.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. If the lock had been handed to
    /// it already, the lock goes to the next in line.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Mutex;
    ///
    /// # mainspring::run(async {
    /// let mutex = Mutex::new(String::new());
    /// mutex.lock().await.push_str("hello");
    /// assert_eq!(mutex.into_inner(), "hello");
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> MutexLock<'_, T> {
        self.lock_from(Location::caller())
    }

    /// [`lock`](Mutex::lock) on behalf of the wait at `place`.
    #[inline]
    pub(crate) fn lock_from(&self, place: &'static Location<'static>) -> MutexLock<'_, T> {
        MutexLock {
            mutex: self,
            key: None,
            place,
        }
    }

    /// Waits for the lock and takes it, with a guard that keeps the mutex alive and may travel into
    /// another task.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`lock`](Mutex::lock).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mainspring::sync::Mutex;
    ///
    /// # mainspring::run(async {
    /// let mutex = Arc::new(Mutex::new(1));
    /// let mut guard = mutex.clone().lock_owned().await;
    /// mainspring::spawn(async move { *guard += 1 });
    /// assert_eq!(*mutex.lock().await, 2);
    /// # });
    /// ```
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> MutexLockOwned<T> {
        MutexLockOwned {
            mutex: Some(self),
            key: None,
            place: Location::caller(),
        }
    }

    /// Parks this thread until it has the lock: [`lock`](Mutex::lock) for code that is not async.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mainspring::sync::Mutex;
    ///
    /// # mainspring::run(async {
    /// let mutex = Arc::new(Mutex::new(1));
    /// let held = mutex.lock().await;
    /// let job = mainspring::spawn_blocking({
    ///     let mutex = mutex.clone();
    ///     move || *mutex.blocking_lock() += 1
    /// });
    /// drop(held);
    /// job.await.unwrap();
    /// assert_eq!(*mutex.lock().await, 2);
    /// # });
    /// ```
    #[track_caller]
    pub fn blocking_lock(&self) -> MutexGuard<'_, T> {
        wait_here(self.lock())
    }

    /// [`blocking_lock`](Mutex::blocking_lock) with a guard that may travel.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_lock_owned(self: Arc<Self>) -> OwnedMutexGuard<T> {
        wait_here(self.lock_owned())
    }
}

/// Waits for a borrowed [`Mutex`]. From [`Mutex::lock`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct MutexLock<'a, T> {
    mutex: &'a Mutex<T>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<'a, T> Future for MutexLock<'a, T> {
    type Output = MutexGuard<'a, T>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let poll = poll_noted(this.mutex, &mut this.key, this.place, cx);
        poll.map(|value| MutexGuard::new(this.mutex, value))
    }
}

impl<T> Drop for MutexLock<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.give_up(&mut self.key);
    }
}

/// Waits for a shared [`Mutex`]. From [`Mutex::lock_owned`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct MutexLockOwned<T> {
    // None once it is ready: the guard has it.
    mutex: Option<Arc<Mutex<T>>>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<T> Future for MutexLockOwned<T> {
    type Output = OwnedMutexGuard<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mutex = this.mutex.as_ref();
        let mutex = mutex.expect("`MutexLockOwned` was polled after it was ready");
        let value = ready!(poll_noted(mutex, &mut this.key, this.place, cx));
        let mutex = this.mutex.take().expect("it was there a line ago");
        Poll::Ready(OwnedMutexGuard::new(mutex, value))
    }
}

impl<T> Drop for MutexLockOwned<T> {
    fn drop(&mut self) {
        if let Some(mutex) = &self.mutex {
            mutex.give_up(&mut self.key);
        }
    }
}

#[inline]
fn poll_noted<T>(
    mutex: &Mutex<T>,
    key: &mut Option<WaiterKey>,
    place: &'static Location<'static>,
    cx: &mut Context<'_>,
) -> Poll<T> {
    let poll = mutex.poll_take(key, cx);
    if poll.is_pending() {
        leaf::waiting_for("Mutex::lock", place);
    }
    poll
}
