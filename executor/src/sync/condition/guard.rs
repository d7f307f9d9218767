//! `Condition` and its guard: who has the lock may notify those who wait.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::shim::{self, lock};
use crate::sync::blocking::wait_here;
use crate::sync::mutex::{Mutex, MutexGuard, MutexLock};
use crate::sync::wait_queue::WaitQueue;
use crate::sync::wakers::Outgoing;

/// asyncio's `Condition`: a value under a lock, and tasks that wait until somebody changes it.
///
/// [`lock`](Condition::lock) gives a guard. [`wait`](ConditionGuard::wait) on the guard unlocks,
/// sleeps until it is notified, and locks again; [`notify`](ConditionGuard::notify) wakes those who
/// wait, in order of arrival. Both are methods of the guard, so neither can be called without the
/// lock. tokio has no counterpart.
///
/// A waiter may come back although nothing has changed for it: it looks at the value again, and
/// [`wait_for`](ConditionGuard::wait_for) and [`wait_until`](ConditionGuard::wait_until) do so for
/// it.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use mainspring::sync::Condition;
///
/// # mainspring::run(async {
/// let stock = Arc::new(Condition::new(0));
///
/// let buyer = mainspring::spawn({
///     let stock = stock.clone();
///     async move {
///         let mut left = stock.lock().await.wait_until(|left| *left >= 3).await;
///         *left -= 3;
///     }
/// });
///
/// for _ in 0..4 {
///     let mut left = stock.lock().await;
///     *left += 1;
///     left.notify_all();
/// }
/// buyer.await.unwrap();
/// assert_eq!(*stock.lock().await, 1);
/// # });
/// ```
pub struct Condition<T = ()> {
    mutex: Arc<Mutex<T>>,

    // Those who wait to be notified. Who was called keeps its place until it has the lock again:
    // until then the notification may have to be passed on.
    line: shim::Mutex<WaitQueue<()>>,
}

impl<T> Condition<T> {
    /// A condition with a lock of its own around `value`.
    pub fn new(value: T) -> Self {
        Condition::with_lock(Arc::new(Mutex::new(value)))
    }

    /// A condition around a lock that exists, and that other conditions may use as well.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mainspring::sync::{Condition, Mutex};
    ///
    /// // Two things to wait for, one state.
    /// let items = Arc::new(Mutex::new(Vec::<u32>::new()));
    /// let not_empty = Condition::with_lock(items.clone());
    /// let not_full = Condition::with_lock(items);
    /// # drop((not_empty, not_full));
    /// ```
    pub fn with_lock(lock: Arc<Mutex<T>>) -> Self {
        Condition {
            mutex: lock,
            line: shim::Mutex::new(WaitQueue::new()),
        }
    }

    /// Waits for the lock and takes it.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`Mutex::lock`].
    #[track_caller]
    pub fn lock(&self) -> ConditionLock<'_, T> {
        ConditionLock {
            condition: self,
            lock: self.mutex.lock(),
        }
    }

    /// Parks this thread until it has the lock: [`lock`](Condition::lock) for code that is not
    /// async.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_lock(&self) -> ConditionGuard<'_, T> {
        wait_here(self.lock())
    }

    /// True if somebody who asks for the lock now has to wait.
    pub fn locked(&self) -> bool {
        self.mutex.locked()
    }

    /// Those who wait to be notified.
    pub(crate) fn line(&self) -> &shim::Mutex<WaitQueue<()>> {
        &self.line
    }
}

/// Waits for the lock of a [`Condition`]. From [`Condition::lock`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct ConditionLock<'a, T> {
    condition: &'a Condition<T>,
    lock: MutexLock<'a, T>,
}

impl<'a, T> Future for ConditionLock<'a, T> {
    type Output = ConditionGuard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let guard = ready!(Pin::new(&mut self.lock).poll(cx));
        Poll::Ready(ConditionGuard::new(self.condition, guard))
    }
}

/// The value of a [`Condition`], locked. Dropping it unlocks.
///
/// From [`Condition::lock`] and [`Condition::blocking_lock`]; how it waits stands beside
/// [`wait`](ConditionGuard::wait).
#[must_use = "a guard that is dropped at once locks nothing; bind it to a name"]
pub struct ConditionGuard<'a, T> {
    pub(crate) condition: &'a Condition<T>,
    pub(crate) guard: MutexGuard<'a, T>,
}

impl<'a, T> ConditionGuard<'a, T> {
    pub(crate) fn new(condition: &'a Condition<T>, guard: MutexGuard<'a, T>) -> Self {
        ConditionGuard { condition, guard }
    }

    /// Wakes the first `n` of those who wait, or all if there are not so many.
    ///
    /// They lock one after the other once this guard is gone. One that goes away instead passes its
    /// notification on to the next who waits.
    pub fn notify(&self, n: usize) {
        let mut out = Outgoing::new();
        let mut line = lock(self.condition.line());
        for _ in 0..n.min(line.len()) {
            line.call_first(&mut out);
        }
        drop(line);
        out.settle();
    }

    /// Wakes all who wait. (asyncio's `notify_all`.)
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }
}

impl<T> Deref for ConditionGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for ConditionGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T: fmt::Debug> fmt::Debug for ConditionGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.guard, f)
    }
}

impl<T: fmt::Display> fmt::Display for ConditionGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.guard, f)
    }
}

impl<T: Default> Default for Condition<T> {
    fn default() -> Self {
        Condition::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Condition<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = lock(&self.line).len();
        f.debug_struct("Condition")
            .field("lock", &self.mutex)
            .field("waiting", &waiting)
            .finish()
    }
}
