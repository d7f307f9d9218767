//! Permits, given out in order of arrival: who holds one may go on.
//!
//! The rules are in `permits`, where channels find them as well; here is what a program sees.

use std::fmt;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, lock};
use crate::sync::free::{Change, Free};
use crate::sync::permits::{Claim, Closed, Permits};
use crate::sync::wait_queue::WaiterKey;
use crate::sync::wakers::{Outgoing, look_under};

/// A number of permits that tasks take, hold and give back.
///
/// It bounds how many do something at the same time: each takes a permit with
/// [`acquire`](Semaphore::acquire) and gives it back by dropping it. Permits are given in the
/// order of arrival, also when many are wanted at once.
///
/// This is tokio's `Semaphore`, and asyncio's: [`release`](Semaphore::release) and
/// [`locked`](Semaphore::locked) are here for the latter, and [`bounded`](Semaphore::bounded) makes
/// a `BoundedSemaphore`.
///
/// # Examples
///
/// At most two are inside:
///
/// ```
/// use mainspring::sync::Semaphore;
///
/// # mainspring::run(async {
/// let seats = Semaphore::new(2);
///
/// let one = seats.acquire().await.unwrap();
/// let two = seats.acquire().await.unwrap();
/// assert!(seats.try_acquire().is_err());
///
/// drop(one);
/// assert!(seats.try_acquire().is_ok());
/// # drop(two);
/// # });
/// ```
pub struct Semaphore {
    // Any thread: the permits while nobody waits.
    pub(crate) free: Free,

    // Any thread, under its lock: the line, and the permits while it is not idle (S2).
    state: Mutex<Permits>,

    // Never changes: the start value if `release` must not go past it.
    bound: Option<usize>,
}

impl Semaphore {
    /// The most permits that a semaphore may have free: `usize::MAX >> 3`, as in tokio.
    pub const MAX_PERMITS: usize = usize::MAX >> 3;

    const_fn! {
        /// A semaphore with `permits` free ones.
        ///
        /// # Panics
        ///
        /// If `permits` is more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
        #[track_caller]
        pub fn new(permits: usize) -> Self {
            assert!(
                permits <= Self::MAX_PERMITS,
                "a semaphore holds at most `Semaphore::MAX_PERMITS` permits; start with fewer"
            );
            Semaphore {
                free: Free::new(permits),
                state: Mutex::new(Permits::new(0)),
                bound: None,
            }
        }
    }

    const_fn! {
        /// [`new`](Semaphore::new), under the name that tokio has for it in a `static`.
        ///
        /// # Panics
        ///
        /// If `permits` is more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
        ///
        /// # Examples
        ///
        /// ```
        /// use mainspring::sync::Semaphore;
        ///
        /// static CONNECTIONS: Semaphore = Semaphore::const_new(10);
        /// assert_eq!(CONNECTIONS.available_permits(), 10);
        /// ```
        #[track_caller]
        pub fn const_new(permits: usize) -> Self {
            Self::new(permits)
        }
    }

    const_fn! {
        /// asyncio's `BoundedSemaphore`: [`release`](Semaphore::release) past the start value is an
        /// error.
        ///
        /// # Panics
        ///
        /// If `permits` is more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS).
        ///
        /// # Examples
        ///
        /// ```
        /// use mainspring::sync::{OverRelease, Semaphore};
        ///
        /// let semaphore = Semaphore::bounded(1);
        /// semaphore.try_acquire().unwrap().forget();
        /// assert_eq!(semaphore.release(), Ok(()));
        /// assert_eq!(semaphore.release(), Err(OverRelease));
        /// ```
        #[track_caller]
        pub fn bounded(permits: usize) -> Self {
            let mut semaphore = Self::new(permits);
            semaphore.bound = Some(permits);
            semaphore
        }
    }

    /// How many permits are free now.
    ///
    /// Those handed to a waiter belong to it, also before it has run.
    pub fn available_permits(&self) -> usize {
        self.with(|state| state.free)
    }

    /// True if somebody who asks now has to wait: no permit is free, or somebody stands in line,
    /// or somebody was called and has not run yet. (asyncio's `locked`.)
    ///
    /// While it is false, [`try_acquire`](Semaphore::try_acquire) succeeds on an open semaphore.
    pub fn locked(&self) -> bool {
        self.with(|state| state.free == 0 || !state.line.is_idle())
    }

    /// Adds `n` permits. They go to those who wait, in their order; what is left over is free.
    ///
    /// # Panics
    ///
    /// If more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS) would be free. Nothing was added then.
    #[inline]
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        let added = match self.free.change(|free| with_more(free, n)) {
            Change::Made => true,
            Change::Refused => false,
            Change::UnderLock => self.add_under_lock(n),
        };
        assert!(added, "{TOO_MANY}");
    }

    fn add_under_lock(&self, n: usize) -> bool {
        let mut out = Outgoing::new();
        let added = self.with(|state| {
            let free = with_more(state.free, n);
            state.free = free.unwrap_or(state.free);
            state.hand_over(&mut out);
            free.is_some()
        });
        out.settle();
        added
    }

    fn with<R>(&self, act: impl FnOnce(&mut Permits) -> R) -> R {
        self.free.with(&mut lock(&self.state), act)
    }

    /// Gives one permit back that was taken out by `forget`, or adds one. (asyncio's `release`.)
    ///
    /// Permits that live in a guard come back when the guard is dropped, and need no call.
    ///
    /// # Errors
    ///
    /// [`OverRelease`] if the semaphore is [`bounded`](Semaphore::bounded) and none of its permits
    /// is out.
    ///
    /// # Panics
    ///
    /// As [`add_permits`](Semaphore::add_permits).
    #[track_caller]
    pub fn release(&self) -> Result<(), OverRelease> {
        let Some(bound) = self.bound else {
            self.add_permits(1);
            return Ok(());
        };
        let mut out = Outgoing::new();
        let released = self.with(|state| {
            if state.free + state.collected() >= bound {
                return Err(OverRelease);
            }
            state.add(1, &mut out);
            Ok(())
        });
        out.settle();
        released
    }

    /// Takes up to `n` free permits away for good, and says how many those were.
    pub fn forget_permits(&self, n: usize) -> usize {
        self.with(|state| {
            let forgotten = n.min(state.free);
            state.free -= forgotten;
            forgotten
        })
    }

    /// Closes the semaphore: whoever waits, and whoever asks from now on, gets an error.
    ///
    /// Permits that are out stay valid. A waiter that was called but has not run yet gets the
    /// error as well, as in tokio.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::{Semaphore, TryAcquireError};
    ///
    /// let semaphore = Semaphore::new(1);
    /// semaphore.close();
    /// assert!(matches!(semaphore.try_acquire(), Err(TryAcquireError::Closed)));
    /// ```
    pub fn close(&self) {
        let mut out = Outgoing::new();
        self.with(|state| state.close(&mut out));
        out.settle();
    }

    /// True once [`close`](Semaphore::close) was called.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    /// Takes permits if so many are free: `Ok(false)` if not.
    pub(crate) fn take_free(&self, permits: usize) -> Result<bool, Closed> {
        match self.take_at_once(permits) {
            Change::Made => Ok(true),
            Change::Refused => Ok(false),
            Change::UnderLock => self.with(|state| state.take_free(permits)),
        }
    }

    /// The way of nearly everybody: nobody before me, and enough is free.
    #[inline]
    fn take_at_once(&self, permits: usize) -> Change {
        self.free.change(|free| free.checked_sub(permits))
    }

    /// Waits for the permits of `claim` and takes them.
    #[inline]
    pub(crate) fn poll_take(
        &self,
        claim: &mut Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        ready!(leaf::proceed(cx));
        let has_them = match claim.is_new() {
            true => self.take_at_once(claim.permits) == Change::Made,
            false => self.has_been_given(claim),
        };
        let result = match has_them {
            true => Ok(()),
            false => ready!(self.poll_line(claim, cx)),
        };
        leaf::spend();
        Poll::Ready(result)
    }

    /// The way of nearly everybody who waited. By itself, so that who need not wait does not pay.
    #[inline(never)]
    fn has_been_given(&self, claim: &mut Claim) -> bool {
        self.with(|state| state.has_been_given(claim))
    }

    fn poll_line(&self, claim: &mut Claim, cx: &mut Context<'_>) -> Poll<Result<(), Closed>> {
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), claim.is_new(), |state, arrival| {
            self.free.with(state, |state| {
                match claim.is_new() && state.take_at_once(claim.permits) {
                    true => Ok(Poll::Ready(Ok(()))),
                    false => state.poll_line(claim, arrival, &mut out),
                }
            })
        });
        out.settle();
        poll
    }

    /// Leaves the line, if `claim` stands in one, and passes on what it has in its hands.
    #[inline]
    pub(crate) fn give_up(&self, claim: &mut Claim) {
        if let Some(key) = claim.key.take() {
            self.withdraw(key);
        }
    }

    #[cold]
    fn withdraw(&self, key: WaiterKey) {
        let mut out = Outgoing::new();
        self.with(|state| state.withdraw(key, &mut out));
        out.settle();
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (permits, waiting, closed) =
            self.with(|state| (state.free, state.line.len(), state.closed));
        f.debug_struct("Semaphore")
            .field("permits", &permits)
            .field("waiting", &waiting)
            .field("locked", &self.locked())
            .field("closed", &closed)
            .finish()
    }
}

const TOO_MANY: &str = "more than `Semaphore::MAX_PERMITS` permits; was one given back twice?";

fn with_more(free: usize, n: usize) -> Option<usize> {
    free.checked_add(n)
        .filter(|sum| *sum <= Semaphore::MAX_PERMITS)
}

/// A [`bounded`](Semaphore::bounded) semaphore was released more often than acquired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverRelease;

impl fmt::Display for OverRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore was released more often than acquired")
    }
}

impl std::error::Error for OverRelease {}
