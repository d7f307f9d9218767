//! `Mutex`: the value and the line of those who want it, under one short lock of the standard
//! library's.
//!
//! The lock is not held while a task has the value: it covers taking the value out and putting it
//! back, a few instructions each. A guard *owns* the value meanwhile, which is what lets it wait at
//! an `.await` and travel between threads without `unsafe`.
//!
//! **Invariant M1: while somebody waits, the value is out or promised.** A value that comes back is
//! promised to the first in line, by calling it: it lies in its place for the one who was called,
//! and nobody else takes it. So nobody overtakes, and one who was called and goes away passes the
//! promise on.
//!
//! ```text
//!            take                  put back, nobody waits
//!   free -----------> out ------------------------------------> free
//!                      |  ^
//!      put back, the   |  | the one who was called takes it
//!      first is called v  |
//!                    promised ---- it goes away, nobody waits ---> free
//! ```

use std::sync::PoisonError;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{self, lock};
use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing, look_under};

/// A value that one task at a time may use, also across `.await`.
///
/// [`lock`](Mutex::lock) waits for the value and gives a guard; dropping the guard gives the value
/// to the next in line. The lock is given in the order of arrival, and nobody overtakes: who
/// unlocks and asks again stands behind those who wait.
///
/// A panic while the guard is held leaves the value as it was then and unlocks; there is no
/// poisoning.
///
/// This is tokio's `Mutex`, without what needs `unsafe` (`T: ?Sized`, `MutexGuard::map`); and
/// asyncio's `Lock`, which guards no value, is `Mutex<()>`.
///
/// A guard holds the value itself and moves it back when it is dropped. Keep a value of many
/// kilobytes in a `Box`; and do not `forget` a guard: the value would be gone, and the mutex locked
/// for ever.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use mainspring::sync::Mutex;
///
/// # mainspring::run(async {
/// let count = Arc::new(Mutex::new(0));
/// let tasks: Vec<_> = (0..3)
///     .map(|_| {
///         let count = count.clone();
///         mainspring::spawn(async move {
///             let mut count = count.lock().await;
///             let before = *count;
///             mainspring::task::yield_now().await; // nobody comes between
///             *count = before + 1;
///         })
///     })
///     .collect();
/// for task in tasks {
///     task.await.unwrap();
/// }
/// assert_eq!(*count.lock().await, 3);
/// # });
/// ```
pub struct Mutex<T> {
    state: shim::Mutex<State<T>>,
}

struct State<T> {
    // None while a guard has it.
    value: Option<T>,
    line: WaitQueue<()>,
}

impl<T> Mutex<T> {
    const_fn! {
        /// A mutex around `value`, unlocked.
        pub fn new(value: T) -> Self {
            Mutex {
                state: shim::Mutex::new(State {
                    value: Some(value),
                    line: WaitQueue::new(),
                }),
            }
        }
    }

    const_fn! {
        /// [`new`](Mutex::new), under the name that tokio has for it in a `static`.
        ///
        /// # Examples
        ///
        /// ```
        /// use mainspring::sync::Mutex;
        ///
        /// static NAMES: Mutex<Vec<String>> = Mutex::const_new(Vec::new());
        ///
        /// # mainspring::run(async {
        /// NAMES.lock().await.push("Ada".to_owned());
        /// # });
        /// ```
        pub fn const_new(value: T) -> Self {
            Self::new(value)
        }
    }

    /// True if somebody who asks now has to wait. (asyncio's `locked`.)
    pub fn locked(&self) -> bool {
        !lock(&self.state).is_free()
    }

    /// The value, without locking: the exclusive borrow proves that nobody else is here.
    ///
    /// # Panics
    ///
    /// If a guard was given to [`std::mem::forget`]: the value went with it.
    pub fn get_mut(&mut self) -> &mut T {
        let state = self.state.get_mut();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.value.as_mut().expect(FORGOTTEN)
    }

    /// The value, out of the mutex.
    ///
    /// # Panics
    ///
    /// If a guard was given to [`std::mem::forget`]: the value went with it.
    pub fn into_inner(self) -> T {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.value.expect(FORGOTTEN)
    }

    /// Takes the value if it is free.
    pub(crate) fn take_free(&self) -> Option<T> {
        lock(&self.state).take_free()
    }

    /// How many wait in line.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.state).line.len()
    }

    /// Waits for the value and takes it.
    #[inline]
    pub(crate) fn poll_take(&self, key: &mut Option<WaiterKey>, cx: &mut Context<'_>) -> Poll<T> {
        ready!(leaf::proceed(cx));
        let newcomer = key.is_none();
        let at_once = match newcomer {
            true => self.take_free(),
            false => None,
        };
        let value = match at_once {
            Some(value) => value,
            None => ready!(self.poll_line(key, newcomer, cx)),
        };
        leaf::spend();
        Poll::Ready(value)
    }

    fn poll_line(
        &self,
        key: &mut Option<WaiterKey>,
        newcomer: bool,
        cx: &mut Context<'_>,
    ) -> Poll<T> {
        look_under(&self.state, cx.waker(), newcomer, |state, arrival| {
            state.poll_line(key, arrival)
        })
    }

    /// Gives the value back: to the first in line, if somebody waits.
    #[inline]
    pub(crate) fn put_back(&self, value: T) {
        let mut state = lock(&self.state);
        state.value = Some(value);
        if state.line.len() > 0 {
            Self::promise(state);
        }
    }

    fn promise(mut state: shim::MutexGuard<'_, State<T>>) {
        let mut out = Outgoing::new();
        state.line.call_first(&mut out);
        drop(state);
        out.settle();
    }

    /// Leaves the line, if `key` stands in one, and passes a promise on.
    #[inline]
    pub(crate) fn give_up(&self, key: &mut Option<WaiterKey>) {
        if let Some(key) = key.take() {
            self.withdraw(key);
        }
    }

    #[cold]
    fn withdraw(&self, key: WaiterKey) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        match state.line.leave(key) {
            Left::Waiting((), waker) => out.discard(waker),
            Left::Called(_) => {
                state.line.call_first(&mut out);
            }
        }
        drop(state);
        out.settle();
    }
}

/// What a value that is nowhere means, when nobody can be holding it.
const FORGOTTEN: &str =
    "a guard of this mutex was forgotten, and the value with it; drop guards instead";

impl<T> State<T> {
    /// Neither out nor promised. By M1 nobody waits then.
    fn is_free(&self) -> bool {
        self.value.is_some() && self.line.called() == 0
    }

    #[inline]
    fn take_free(&mut self) -> Option<T> {
        match self.line.called() {
            0 => self.value.take(),
            _ => None,
        }
    }

    /// The way of those who have to wait, and of those who waited.
    fn poll_line(
        &mut self,
        key: &mut Option<WaiterKey>,
        arrival: &mut Arrival<'_>,
    ) -> Result<Poll<T>, NeedsClone> {
        if self.line.leave_if_called(key).is_some() {
            let promised = self.value.take();
            return Ok(Poll::Ready(promised.expect("it waits for who was called")));
        }
        // It may have come back since the first look.
        if key.is_none()
            && let Some(value) = self.take_free()
        {
            return Ok(Poll::Ready(value));
        }
        self.line.wait(key, (), arrival)?;
        Ok(Poll::Pending)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}
