//! What both ends of a watch channel share: the value, and a number that grows when it changes.

use std::fmt;
use std::ops::Deref;
use std::sync::PoisonError;

use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::{RwLock, RwLockReadGuard};
use crate::sync::notify::Notify;
use crate::sync::watch::error::RecvError;

/// Set in the state when the last sender is gone; the version counts in the bits above.
const CLOSED: usize = 1;

/// One change.
const STEP: usize = 2;

/// How many changes there have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version(usize);

impl Version {
    pub(crate) const FIRST: Version = Version(0);

    /// The version before.
    pub(crate) fn before(self) -> Version {
        Version(self.0.wrapping_sub(STEP))
    }
}

pub(crate) struct Shared<T> {
    // Any thread, under its lock: many may look, one may change it.
    value: RwLock<T>,

    // Any thread. The version is changed under the value's lock.
    state: AtomicUsize,
    pub(crate) receivers: AtomicUsize,
    pub(crate) senders: AtomicUsize,

    // Any thread: called at each change, and when the last sender goes.
    pub(crate) changed: Notify,
    // Any thread: called when the last receiver goes.
    pub(crate) unwatched: Notify,
}

impl<T> Shared<T> {
    /// With one sender, and so many receivers.
    pub(crate) fn new(value: T, receivers: usize) -> Self {
        Shared {
            value: RwLock::new(value),
            state: AtomicUsize::new(Version::FIRST.0),
            receivers: AtomicUsize::new(receivers),
            senders: AtomicUsize::new(1),
            changed: Notify::new(),
            unwatched: Notify::new(),
        }
    }

    pub(crate) fn version(&self) -> Version {
        Version(self.state.load(Ordering::Acquire) & !CLOSED)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) & CLOSED != 0
    }

    /// A look at the value and its version; `seen` is the one that a receiver has seen.
    pub(crate) fn look(&self, seen: Option<Version>) -> (Ref<'_, T>, Version) {
        let value = self.value.read().unwrap_or_else(PoisonError::into_inner);
        let version = self.version();
        let has_changed = seen.is_some_and(|seen| seen != version);
        (Ref { value, has_changed }, version)
    }

    /// Changes the value; says whether `change` did.
    pub(crate) fn change(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        // A panic of the user's poisons nothing: he has the value in his hand, as after any call.
        let mut value = self.value.write().unwrap_or_else(PoisonError::into_inner);
        if !change(&mut value) {
            return false;
        }
        self.state.fetch_add(STEP, Ordering::Release);
        drop(value);
        self.changed.notify_waiters();
        true
    }

    /// The last sender is gone.
    pub(crate) fn close(&self) {
        self.state.fetch_or(CLOSED, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Notes the version if it is new, or says that there will be none.
    pub(crate) fn news(&self, seen: &mut Version) -> Option<Result<(), RecvError>> {
        let state = self.state.load(Ordering::Acquire);
        let version = Version(state & !CLOSED);
        if *seen != version {
            *seen = version;
            return Some(Ok(()));
        }
        (state & CLOSED != 0).then_some(Err(RecvError(())))
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("value", &self.value)
            .field("version", &(self.version().0 / STEP))
            .field("is_closed", &self.is_closed())
            .field("receivers", &self.receivers)
            .finish()
    }
}

/// A look at the value of a channel. While it lives, no sender can change it.
///
/// A sender that tries waits with its thread. So look briefly, never across an `.await`: the
/// sender's task may be on this thread, and would never let this one go on. To keep the value,
/// clone it.
///
/// # Examples
///
/// ```
/// use mainspring::sync::watch;
///
/// let (_sender, receiver) = watch::channel(String::from("hello"));
/// let copy = receiver.borrow().clone();
/// assert_eq!(copy, "hello");
/// ```
#[derive(Debug)]
pub struct Ref<'a, T> {
    value: RwLockReadGuard<'a, T>,
    has_changed: bool,
}

impl<T> Ref<'_, T> {
    /// True if the receiver had not seen this value before. A sender has seen each.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
