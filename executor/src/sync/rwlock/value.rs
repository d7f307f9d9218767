//! `RwLock`: a semaphore's permits, which say who may, and the value that readers share, under one
//! short lock of the standard library's.
//!
//! A reader takes one permit, a writer takes all; the line does the rest. It is in order of
//! arrival, and who wants many permits collects them at its head: a waiting writer lets the readers
//! inside end, and stops those who come after it.
//!
//! Readers share the value through an `Arc`, which is what lets a guard own what it shows without
//! `unsafe`. **Invariant R1: who has all permits has the only `Arc`.** A read guard drops its `Arc`
//! before it gives its permit back, so a writer, who has all permits, finds no other.

use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, lock};
use crate::sync::permits::{Claim, Permits};
use crate::sync::wakers::{Outgoing, look_under};

/// A value that many tasks may read at the same time, or one may write.
///
/// [`read`](RwLock::read) and [`write`](RwLock::write) wait for a guard; both stand in one line and
/// are served in order of arrival. A waiting writer is not overtaken by readers who come later. So a
/// task that has a read guard and asks for another may wait for ever: for a writer who waits for
/// the first.
///
/// A panic while a guard is held leaves the value as it was then and unlocks; there is no
/// poisoning.
///
/// This is tokio's `RwLock`, without what needs `unsafe` (`T: ?Sized`, and the guards' `map`).
/// asyncio has none.
///
/// Do not `forget` a guard: with a read guard no writer comes in any more, with a write guard
/// nobody does.
///
/// # Examples
///
/// ```
/// use mainspring::sync::RwLock;
///
/// # mainspring::run(async {
/// let prices = RwLock::new(vec![3, 5]);
/// {
///     let one = prices.read().await;
///     let two = prices.read().await; // beside the first
///     assert_eq!(one.len() + two.len(), 4);
///     assert!(prices.try_write().is_err());
/// }
/// prices.write().await.push(8);
/// assert_eq!(*prices.read().await, [3, 5, 8]);
/// # });
/// ```
pub struct RwLock<T> {
    // Any thread, under its lock.
    state: Mutex<State<T>>,

    // Never changes: as many as there may be readers.
    permits: usize,
}

pub(crate) struct State<T> {
    permits: Permits,
    value: Value<T>,
}

enum Value<T> {
    /// Nobody has asked yet: an `Arc` cannot be made in a `static`.
    Fresh(T),
    /// For readers to share, for a writer to take.
    Shared(Arc<T>),
    /// A write guard has it.
    Out,
}

impl<T> RwLock<T> {
    /// As many readers at a time as tokio allows.
    const MOST_READERS: u32 = u32::MAX >> 3;

    const_fn! {
        /// A lock around `value`, for at most `u32::MAX >> 3` readers at a time.
        pub fn new(value: T) -> Self {
            Self::with_max_readers(value, Self::MOST_READERS)
        }
    }

    const_fn! {
        /// A lock around `value` for at most `max_readers` readers at a time; others wait.
        ///
        /// # Panics
        ///
        /// If `max_readers` is 0 or more than `u32::MAX >> 3`.
        ///
        /// # Examples
        ///
        /// ```
        /// use mainspring::sync::RwLock;
        ///
        /// let lock = RwLock::with_max_readers((), 1);
        /// let reader = lock.try_read().unwrap();
        /// assert!(lock.try_read().is_err());
        /// # drop(reader);
        /// ```
        #[track_caller]
        pub fn with_max_readers(value: T, max_readers: u32) -> Self {
            assert!(
                max_readers > 0,
                "a `RwLock` for no readers could never be locked; allow at least one"
            );
            assert!(
                max_readers <= Self::MOST_READERS,
                "a `RwLock` has room for `u32::MAX >> 3` readers; allow fewer"
            );
            RwLock {
                state: Mutex::new(State {
                    permits: Permits::new(max_readers as usize),
                    value: Value::Fresh(value),
                }),
                permits: max_readers as usize,
            }
        }
    }

    const_fn! {
        /// [`new`](RwLock::new), under the name that tokio has for it in a `static`.
        ///
        /// # Examples
        ///
        /// ```
        /// use mainspring::sync::RwLock;
        ///
        /// static SETTINGS: RwLock<Option<String>> = RwLock::const_new(None);
        ///
        /// # mainspring::run(async {
        /// *SETTINGS.write().await = Some("fast".to_owned());
        /// assert!(SETTINGS.read().await.is_some());
        /// # });
        /// ```
        pub fn const_new(value: T) -> Self {
            Self::new(value)
        }
    }

    const_fn! {
        /// [`with_max_readers`](RwLock::with_max_readers), under the name that tokio has for it in a
        /// `static`.
        ///
        /// # Panics
        ///
        /// If `max_readers` is 0 or more than `u32::MAX >> 3`.
        #[track_caller]
        pub fn const_with_max_readers(value: T, max_readers: u32) -> Self {
            Self::with_max_readers(value, max_readers)
        }
    }

    /// The value, without locking: the exclusive borrow proves that nobody else is here.
    ///
    /// # Panics
    ///
    /// If a guard was given to [`std::mem::forget`].
    pub fn get_mut(&mut self) -> &mut T {
        let state = self.state.get_mut();
        match &mut state.unwrap_or_else(PoisonError::into_inner).value {
            Value::Fresh(value) => Some(value),
            Value::Shared(value) => Arc::get_mut(value),
            Value::Out => None,
        }
        .expect(FORGOTTEN)
    }

    /// The value, out of the lock.
    ///
    /// # Panics
    ///
    /// If a guard was given to [`std::mem::forget`].
    pub fn into_inner(self) -> T {
        let state = self.state.into_inner();
        match state.unwrap_or_else(PoisonError::into_inner).value {
            Value::Fresh(value) => Some(value),
            Value::Shared(value) => Arc::into_inner(value),
            Value::Out => None,
        }
        .expect(FORGOTTEN)
    }

    /// Permits that a writer takes: all.
    #[inline]
    pub(crate) fn all(&self) -> usize {
        self.permits
    }

    /// Takes permits if so many are free, and with them the value.
    pub(crate) fn take_free(
        &self,
        permits: usize,
        fetch: fn(&mut State<T>) -> Arc<T>,
    ) -> Option<Arc<T>> {
        let mut state = lock(&self.state);
        // It is never closed.
        let enough = state.permits.take_free(permits) == Ok(true);
        enough.then(|| fetch(&mut state))
    }

    /// Waits for the permits of `claim`, and takes them and with them the value.
    #[inline]
    pub(crate) fn poll_take(
        &self,
        claim: &mut Claim,
        fetch: fn(&mut State<T>) -> Arc<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Arc<T>> {
        ready!(leaf::proceed(cx));
        let newcomer = claim.key.is_none();
        let at_once = match newcomer {
            true => self.take_at_once(claim.permits, fetch),
            false => None,
        };
        let value = match at_once {
            Some(value) => value,
            None => ready!(self.poll_line(claim, newcomer, fetch, cx)),
        };
        leaf::spend();
        Poll::Ready(value)
    }

    #[inline]
    fn take_at_once(&self, permits: usize, fetch: fn(&mut State<T>) -> Arc<T>) -> Option<Arc<T>> {
        let mut state = lock(&self.state);
        let taken = state.permits.take_at_once(permits);
        taken.then(|| fetch(&mut state))
    }

    fn poll_line(
        &self,
        claim: &mut Claim,
        newcomer: bool,
        fetch: fn(&mut State<T>) -> Arc<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Arc<T>> {
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), newcomer, |state, arrival| {
            let poll = state.permits.poll_line(claim, arrival, &mut out)?;
            Ok(poll.map(|taken| {
                taken.expect("nobody closes the permits of a lock");
                fetch(state)
            }))
        });
        out.settle();
        poll
    }

    /// Leaves the line, if `claim` stands in one, and passes on what it has in its hands.
    #[inline]
    pub(crate) fn give_up(&self, claim: &mut Claim) {
        if let Some(key) = claim.key.take() {
            let mut out = Outgoing::new();
            let mut state = lock(&self.state);
            state.permits.withdraw(key, &mut out);
            drop(state);
            out.settle();
        }
    }

    /// Gives permits back, and with them the value if it was a writer's.
    #[inline]
    pub(crate) fn give_back(&self, permits: usize, value: Option<Arc<T>>) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        if let Some(value) = value {
            state.value = Value::Shared(value);
        }
        state.permits.add(permits, &mut out);
        drop(state);
        out.settle();
    }
}

impl<T> State<T> {
    /// The value for one more reader, who has a permit.
    pub(crate) fn share(&mut self) -> Arc<T> {
        let value = self.take();
        self.value = Value::Shared(value.clone());
        value
    }

    /// The value for a writer, who has all permits.
    pub(crate) fn take(&mut self) -> Arc<T> {
        match std::mem::replace(&mut self.value, Value::Out) {
            Value::Fresh(value) => Arc::new(value),
            Value::Shared(value) => value,
            Value::Out => unreachable!("a permit was given beside a writer's"),
        }
    }
}

/// What a value that is not there, or not alone, means when no guard can be alive.
const FORGOTTEN: &str =
    "a guard of this lock was forgotten, and keeps the value; drop guards instead";

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}
