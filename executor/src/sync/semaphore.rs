//! Permits, given out in order of arrival. Every lock of this room is a semaphore underneath.
//!
//! A permit that comes back while somebody waits is not put on the heap of free ones for all to
//! grab: it is *handed over* to the first in line, which has it in hand when it next runs. That
//! settles three things at once:
//!
//! - Nobody overtakes. Who wants many collects them at the head of the line, and the others wait
//!   behind.
//! - No permit gets lost. A waiter that is dropped gives back what it has in hand, called or not,
//!   and that goes to the next in line.
//! - No waiter depends on another to run. A newcomer that finds permits free while somebody called
//!   has not run yet stands in line too, but is called on the spot: it waits one round of the loop,
//!   for the sake of the order, and not until the other wakes up.
//!
//! **Invariant S1: while somebody waits, no permit is free** (unless the semaphore was closed).
//!
//! # Source
//!
//! That a permit belongs to the waiter from the release on, and that who wants many collects them
//! at the head, is how tokio's semaphore works. That a newcomer lets those called run first is what
//! asyncio came to after bpo-45997 and gh-90155; calling it on the spot is ours.

use std::fmt;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, MutexGuard, lock};
use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing, look_under};

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
    // Any thread, under its lock.
    state: Mutex<Permits>,

    // Never changes: the start value if `release` must not go past it.
    bound: Option<usize>,
}

/// The permits that are free, and who waits for some: what stands under a lock.
#[derive(Debug)]
pub(crate) struct Permits {
    free: usize,
    closed: bool,
    line: WaitQueue<Want>,
}

/// What a waiter asked for, and how much of it is not in its hands yet.
#[derive(Debug)]
struct Want {
    permits: usize,
    missing: usize,
}

/// One attempt to take permits, from the first poll until it is ready or given up.
///
/// It is the private half of every future that takes permits. Its owner calls
/// [`Semaphore::give_up`] when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) permits: usize,
    pub(crate) key: Option<WaiterKey>,
}

/// The semaphore was closed before the permits were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl Claim {
    pub(crate) const fn new(permits: usize) -> Self {
        Claim { permits, key: None }
    }
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
                state: Mutex::new(Permits::new(permits)),
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
        lock(&self.state).free
    }

    /// True if somebody who asks now has to wait: no permit is free, or somebody stands in line,
    /// or somebody was called and has not run yet. (asyncio's `locked`.)
    ///
    /// While it is false, [`try_acquire`](Semaphore::try_acquire) succeeds on an open semaphore.
    pub fn locked(&self) -> bool {
        let state = lock(&self.state);
        state.free == 0 || !state.line.is_idle()
    }

    /// Adds `n` permits. They go to those who wait, in their order; what is left over is free.
    ///
    /// # Panics
    ///
    /// If more than [`MAX_PERMITS`](Semaphore::MAX_PERMITS) would be free. Nothing was added then.
    #[inline]
    #[track_caller]
    pub fn add_permits(&self, n: usize) {
        Self::add(lock(&self.state), n);
    }

    #[inline]
    #[track_caller]
    fn add(mut state: MutexGuard<'_, Permits>, n: usize) {
        let free = state.free.saturating_add(n);
        if free > Self::MAX_PERMITS {
            drop(state);
            panic!("more than `Semaphore::MAX_PERMITS` permits; was one given back twice?");
        }
        state.free = free;
        if state.line.len() > 0 {
            Self::serve(state);
        }
    }

    fn serve(mut state: MutexGuard<'_, Permits>) {
        let mut out = Outgoing::new();
        state.hand_over(&mut out);
        drop(state);
        out.settle();
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
        let mut state = lock(&self.state);
        if let Some(bound) = self.bound
            && state.free + state.collected() >= bound
        {
            return Err(OverRelease);
        }
        Self::add(state, 1);
        Ok(())
    }

    /// Takes up to `n` free permits away for good, and says how many those were.
    pub fn forget_permits(&self, n: usize) -> usize {
        let mut state = lock(&self.state);
        let forgotten = n.min(state.free);
        state.free -= forgotten;
        forgotten
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
        let mut state = lock(&self.state);
        state.closed = true;
        state.line.rouse(&mut out);
        drop(state);
        out.settle();
    }

    /// True once [`close`](Semaphore::close) was called.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    /// Takes permits if so many are free: `Ok(false)` if not.
    pub(crate) fn take_free(&self, permits: usize) -> Result<bool, Closed> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Closed);
        }
        Ok(state.take_free(permits))
    }

    /// Waits for the permits of `claim` and takes them.
    #[inline]
    pub(crate) fn poll_take(
        &self,
        claim: &mut Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        ready!(leaf::proceed(cx));
        let newcomer = claim.key.is_none();
        let result = if newcomer && lock(&self.state).take_at_once(claim.permits) {
            Ok(())
        } else {
            ready!(self.poll_line(claim, newcomer, cx))
        };
        leaf::spend();
        Poll::Ready(result)
    }

    fn poll_line(
        &self,
        claim: &mut Claim,
        newcomer: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Closed>> {
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), newcomer, |state, arrival| {
            state.poll_line(claim, arrival, &mut out)
        });
        out.settle();
        poll
    }

    /// Leaves the line, if `claim` stands in one, and passes on what it has in its hands.
    #[inline]
    pub(crate) fn give_up(&self, claim: &mut Claim) {
        if let Some(key) = claim.key.take() {
            self.withdraw(key, claim.permits);
        }
    }

    #[cold]
    fn withdraw(&self, key: WaiterKey, permits: usize) {
        let mut out = Outgoing::new();
        lock(&self.state).withdraw(key, permits, &mut out);
        out.settle();
    }
}

impl Permits {
    pub(crate) const fn new(free: usize) -> Self {
        Permits {
            free,
            closed: false,
            line: WaitQueue::new(),
        }
    }

    /// Takes permits if so many are free, whoever may be on the way to others: `false` if not.
    pub(crate) fn take_free(&mut self, permits: usize) -> bool {
        let enough = self.free >= permits;
        if enough {
            self.free -= permits;
        }
        enough
    }

    /// The way of nearly everybody: nobody before me, and enough is free.
    #[inline]
    pub(crate) fn take_at_once(&mut self, permits: usize) -> bool {
        let may = !self.closed && self.free >= permits && (self.line.is_idle() || permits == 0);
        if may {
            self.free -= permits;
        }
        may
    }

    /// The way of those who find it closed, those who have to wait, and those who waited.
    pub(crate) fn poll_line(
        &mut self,
        claim: &mut Claim,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Poll<Result<(), Closed>>, NeedsClone> {
        if self.closed {
            if let Some(key) = claim.key.take() {
                self.withdraw(key, claim.permits, out);
            }
            return Ok(Poll::Ready(Err(Closed)));
        }
        if let Some(called) = claim.key.take_if(|key| !self.line.still_waits(key)) {
            self.line.leave(called);
            return Ok(Poll::Ready(Ok(())));
        }
        let want = Want {
            permits: claim.permits,
            missing: claim.permits,
        };
        self.line.wait(&mut claim.key, want, arrival)?;
        // A newcomer may find permits free: it collects them, and if they are enough it is called
        // here and now.
        self.hand_over(out);
        Ok(Poll::Pending)
    }

    /// Leaves the line and passes on what it has in its hands.
    pub(crate) fn withdraw(&mut self, key: WaiterKey, permits: usize, out: &mut Outgoing) {
        let in_hand = match self.line.leave(key) {
            Left::Waiting(want, waker) => {
                out.discard(waker);
                want.permits - want.missing
            }
            Left::Called => permits,
        };
        self.give_back(in_hand, out);
    }

    /// Permits that were taken come back.
    #[inline]
    pub(crate) fn give_back(&mut self, permits: usize, out: &mut Outgoing) {
        self.free += permits;
        if self.line.len() > 0 {
            self.hand_over(out);
        }
    }

    /// Puts free permits into the hands of those who wait, from the first on; who has all of it
    /// is called. This is the one place that keeps S1.
    fn hand_over(&mut self, out: &mut Outgoing) {
        if self.closed {
            return;
        }
        while let Some(want) = self.line.first_mut() {
            let given = self.free.min(want.missing);
            self.free -= given;
            want.missing -= given;
            if want.missing > 0 {
                return;
            }
            self.line.call_first(out);
        }
    }

    /// What the first in line has in its hands already.
    fn collected(&mut self) -> usize {
        self.line
            .first_mut()
            .map_or(0, |want| want.permits - want.missing)
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Semaphore")
            .field("permits", &state.free)
            .field("waiting", &state.line.len())
            .field("locked", &(state.free == 0 || !state.line.is_idle()))
            .field("closed", &state.closed)
            .finish()
    }
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
