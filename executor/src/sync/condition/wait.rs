//! Waiting to be notified: the futures behind `ConditionGuard::wait` and its relatives.
//!
//! ```text
//!                 1st poll           notified           has the lock
//!   holds the lock ------> stands in line ------> stands for the lock ------> guard
//! ```
//!
//! **Invariant N1: a notification is used up by the guard, and not before.** Whoever goes away in
//! between, called already or waiting for the lock, calls the next in line.
//!
//! # Source
//!
//! That a waiter which is cancelled after its call must call another is what asyncio came to with
//! gh-112202.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::lock;
use crate::sync::blocking::wait_here;
use crate::sync::condition::guard::{Condition, ConditionGuard};
use crate::sync::mutex::{MutexGuard, MutexLock};
use crate::sync::wait_queue::{Left, WaiterKey};
use crate::sync::wakers::{Outgoing, look_under};

impl<'a, T> ConditionGuard<'a, T> {
    /// Unlocks, waits to be notified, and locks again.
    ///
    /// It unlocks at the first poll, and stands in line by then: a notification that comes after
    /// finds it.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: the lock is not held any more, and a waiter that is dropped leaves the
    /// line. If it had been notified, the notification goes to the next in line.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mainspring::sync::Condition;
    ///
    /// # mainspring::run(async {
    /// let door = Arc::new(Condition::new("closed"));
    /// let guest = mainspring::spawn({
    ///     let door = door.clone();
    ///     async move { *door.lock().await.wait().await }
    /// });
    /// mainspring::task::yield_now().await; // the guest waits now
    ///
    /// let mut state = door.lock().await;
    /// *state = "open";
    /// state.notify(1);
    /// drop(state);
    /// assert_eq!(guest.await.unwrap(), "open");
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(self) -> ConditionWait<'a, T> {
        self.wait_from(Location::caller())
    }

    /// [`wait`](ConditionGuard::wait) on behalf of the wait at `place`.
    fn wait_from(self, place: &'static Location<'static>) -> ConditionWait<'a, T> {
        ConditionWait {
            condition: self.condition,
            lock: MutexGuard::mutex(&self.guard).lock_from(place),
            held: Some(self.guard),
            key: None,
            place,
        }
    }

    /// Waits until `look` finds what it looks for: looks now, and after each notification, always
    /// with the lock. (asyncio's `wait_for`; what the predicate returned there is what `look`
    /// found.)
    ///
    /// A notification that finds nothing changed is used up: who notifies for one of several kinds
    /// of waiters calls [`notify_all`](ConditionGuard::notify_all).
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`wait`](ConditionGuard::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Condition;
    ///
    /// # mainspring::run(async {
    /// let items = Condition::new(vec![1, 2, 3]);
    /// let (guard, last) = items.lock().await.wait_for(|items| items.pop()).await;
    /// assert_eq!((guard.len(), last), (2, 3));
    /// # });
    /// ```
    #[track_caller]
    pub fn wait_for<R, P>(self, look: P) -> ConditionWaitFor<'a, T, P>
    where
        P: FnMut(&mut T) -> Option<R>,
    {
        ConditionWaitFor {
            watch: Watch::Looking(self),
            look,
            place: Location::caller(),
        }
    }

    /// Waits until `holds` returns true: [`wait_for`](ConditionGuard::wait_for) for who needs
    /// nothing but the guard.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`wait`](ConditionGuard::wait).
    #[track_caller]
    pub fn wait_until<P>(self, holds: P) -> ConditionWaitUntil<'a, T, P>
    where
        P: FnMut(&mut T) -> bool,
    {
        ConditionWaitUntil {
            watch: Watch::Looking(self),
            holds,
            place: Location::caller(),
        }
    }

    /// [`wait`](ConditionGuard::wait) with this thread parked: for code that is not async.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_wait(self) -> ConditionGuard<'a, T> {
        wait_here(self.wait())
    }

    /// [`wait_for`](ConditionGuard::wait_for) with this thread parked.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_wait_for<R>(
        self,
        look: impl FnMut(&mut T) -> Option<R>,
    ) -> (ConditionGuard<'a, T>, R) {
        wait_here(self.wait_for(look))
    }

    /// [`wait_until`](ConditionGuard::wait_until) with this thread parked.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_wait_until(self, holds: impl FnMut(&mut T) -> bool) -> ConditionGuard<'a, T> {
        wait_here(self.wait_until(holds))
    }
}

/// Waits to be notified, and for the lock. From [`ConditionGuard::wait`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct ConditionWait<'a, T> {
    condition: &'a Condition<T>,
    // Until the first poll.
    held: Option<MutexGuard<'a, T>>,
    // The place in the condition's line, from the first poll until it has the lock again.
    key: Option<WaiterKey>,
    // Polled once it was called.
    lock: MutexLock<'a, T>,
    place: &'static Location<'static>,
}

impl<'a, T> Future for ConditionWait<'a, T> {
    type Output = ConditionGuard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        if !this.is_called(cx) {
            // It stands in line by now: whoever takes the lock and notifies will find it.
            this.held = None;
            leaf::waiting_for("Condition::wait", this.place);
            return Poll::Pending;
        }
        let guard = ready!(Pin::new(&mut this.lock).poll(cx));
        if let Some(called) = this.key.take() {
            // N1: used up.
            lock(this.condition.line()).leave(called);
        }
        Poll::Ready(ConditionGuard::new(this.condition, guard))
    }
}

impl<T> ConditionWait<'_, T> {
    /// Whether it was notified; it stands in line if not.
    fn is_called(&mut self, cx: &mut Context<'_>) -> bool {
        let (line, newcomer) = (self.condition.line(), self.key.is_none());
        look_under(line, cx.waker(), newcomer, |line, arrival| {
            if let Some(key) = &self.key
                && !line.still_waits(key)
            {
                return Ok(true);
            }
            line.wait(&mut self.key, (), arrival)?;
            Ok(false)
        })
    }
}

impl<T> Drop for ConditionWait<'_, T> {
    fn drop(&mut self) {
        let Some(key) = self.key.take() else { return };
        let mut out = Outgoing::new();
        let mut line = lock(self.condition.line());
        match line.leave(key) {
            Left::Waiting((), waker) => out.discard(waker),
            // N1: to the next.
            Left::Called(_) => {
                line.call_first(&mut out);
            }
        }
        drop(line);
        out.settle();
    }
}

/// Waits until a function finds something. From [`ConditionGuard::wait_for`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct ConditionWaitFor<'a, T, P> {
    watch: Watch<'a, T>,
    look: P,
    place: &'static Location<'static>,
}

/// Waits until a function returns true. From [`ConditionGuard::wait_until`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct ConditionWaitUntil<'a, T, P> {
    watch: Watch<'a, T>,
    holds: P,
    place: &'static Location<'static>,
}

/// Looks, waits, and looks again.
enum Watch<'a, T> {
    Looking(ConditionGuard<'a, T>),
    Waiting(ConditionWait<'a, T>),
    /// Ready, or `look` has panicked.
    Over,
}

impl<'a, T> Watch<'a, T> {
    fn poll<R>(
        &mut self,
        place: &'static Location<'static>,
        cx: &mut Context<'_>,
        mut look: impl FnMut(&mut T) -> Option<R>,
    ) -> Poll<(ConditionGuard<'a, T>, R)> {
        loop {
            match std::mem::replace(self, Watch::Over) {
                Watch::Looking(mut guard) => match look(&mut guard) {
                    Some(found) => return Poll::Ready((guard, found)),
                    None => *self = Watch::Waiting(guard.wait_from(place)),
                },
                Watch::Waiting(mut wait) => match Pin::new(&mut wait).poll(cx) {
                    Poll::Ready(guard) => *self = Watch::Looking(guard),
                    Poll::Pending => {
                        *self = Watch::Waiting(wait);
                        return Poll::Pending;
                    }
                },
                Watch::Over => panic!("a wait for a condition was polled after it was ready"),
            }
        }
    }
}

impl<'a, T, P, R> Future for ConditionWaitFor<'a, T, P>
where
    P: FnMut(&mut T) -> Option<R>,
{
    type Output = (ConditionGuard<'a, T>, R);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.watch.poll(this.place, cx, &mut this.look)
    }
}

impl<'a, T, P> Future for ConditionWaitUntil<'a, T, P>
where
    P: FnMut(&mut T) -> bool,
{
    type Output = ConditionGuard<'a, T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let holds = &mut this.holds;
        let poll = this
            .watch
            .poll(this.place, cx, |value| holds(value).then_some(()));
        poll.map(|(guard, ())| guard)
    }
}

// The functions are never pinned.
impl<T, P> Unpin for ConditionWaitFor<'_, T, P> {}
impl<T, P> Unpin for ConditionWaitUntil<'_, T, P> {}

impl<T, P> fmt::Debug for ConditionWaitFor<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionWaitFor")
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}

impl<T, P> fmt::Debug for ConditionWaitUntil<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionWaitUntil")
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
