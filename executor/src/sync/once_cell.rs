//! A value that is computed once, by the first who asks, while the others wait.

use std::fmt;

use crate::sync::once_value::OnceValue;
use crate::sync::permit::{SemaphorePermit, TryAcquireError};
use crate::sync::semaphore::Semaphore;

/// A value that is made when it is first asked for, by a future, and stays.
///
/// Whoever asks while one makes it waits for that one. If that one is dropped or fails, the next
/// in line makes it.
///
/// This is tokio's `OnceCell`. asyncio has none.
///
/// # Examples
///
/// ```
/// use mainspring::sync::OnceCell;
///
/// static GREETING: OnceCell<String> = OnceCell::const_new();
///
/// async fn greeting() -> &'static str {
///     GREETING
///         .get_or_init(|| async {
///             mainspring::yield_now().await;
///             String::from("hello")
///         })
///         .await
/// }
///
/// # mainspring::run(async {
/// assert_eq!(greeting().await, "hello");
/// assert_eq!(greeting().await, "hello"); // the same one
/// # });
/// ```
pub struct OnceCell<T> {
    value: OnceValue<T>,
    /// One permit: the right to make the value. Closed once there is a value.
    right: Semaphore,
}

impl<T> OnceCell<T> {
    /// One without a value.
    pub fn new() -> Self {
        OnceCell::new_with(None)
    }

    const_fn! {
        /// [`new`](OnceCell::new), for a `static`.
        pub fn const_new() -> Self {
            OnceCell {
                value: OnceValue::empty(),
                right: Semaphore::const_new(1),
            }
        }
    }

    /// One that has the value already, if there is one.
    pub fn new_with(value: Option<T>) -> Self {
        OnceCell {
            value: value.into(),
            right: Semaphore::new(1),
        }
    }

    const_fn! {
        /// One that has the value already, for a `static`.
        pub fn const_new_with(value: T) -> Self {
            OnceCell {
                value: OnceValue::Given(value),
                right: Semaphore::const_new(1),
            }
        }
    }

    /// True once there is a value.
    pub fn initialized(&self) -> bool {
        self.get().is_some()
    }

    /// The value, if there is one.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// The value to change, if there is one.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Sets the value; those who wait for one have it.
    ///
    /// # Errors
    ///
    /// [`SetError`] with this value: there is one already, or somebody is making it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::OnceCell;
    ///
    /// let cell = OnceCell::new();
    /// cell.set(1).unwrap();
    /// assert!(cell.set(2).unwrap_err().is_already_init_err());
    /// assert_eq!(cell.into_inner(), Some(1));
    /// ```
    pub fn set(&self, value: T) -> Result<(), SetError<T>> {
        if self.initialized() {
            return Err(SetError::AlreadyInitializedError(value));
        }
        match self.right.try_acquire() {
            Ok(right) => {
                self.fill(value, right);
                Ok(())
            }
            Err(TryAcquireError::NoPermits) => Err(SetError::InitializingError(value)),
            Err(TryAcquireError::Closed) => Err(SetError::AlreadyInitializedError(value)),
        }
    }

    /// Sets the value by the right to do so, which nobody needs any more.
    pub(crate) fn fill(&self, value: T, right: SemaphorePermit<'_>) -> &T {
        let filled = self.value.set(value);
        debug_assert!(filled.is_ok(), "two had the right");
        self.right.close();
        right.forget();
        self.get().expect("it was filled two lines ago")
    }

    /// The right to make the value.
    pub(crate) fn right(&self) -> &Semaphore {
        &self.right
    }

    /// The value, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    /// Takes the value out: the cell is as new.
    pub fn take(&mut self) -> Option<T> {
        std::mem::take(self).into_inner()
    }
}

impl<T> Default for OnceCell<T> {
    fn default() -> Self {
        OnceCell::new()
    }
}

impl<T> From<T> for OnceCell<T> {
    fn from(value: T) -> Self {
        OnceCell::new_with(Some(value))
    }
}

/// A new one with a clone of the value, if there is one.
impl<T: Clone> Clone for OnceCell<T> {
    fn clone(&self) -> Self {
        OnceCell::new_with(self.get().cloned())
    }
}

impl<T: PartialEq> PartialEq for OnceCell<T> {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl<T: Eq> Eq for OnceCell<T> {}

impl<T: fmt::Debug> fmt::Debug for OnceCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceCell")
            .field("value", &self.get())
            .finish()
    }
}

/// Why a value could not be set: it comes back.
#[derive(Debug, PartialEq, Eq)]
pub enum SetError<T> {
    /// There is one already.
    AlreadyInitializedError(T),
    /// Somebody is making one.
    InitializingError(T),
}

impl<T> SetError<T> {
    /// True if there was a value already.
    pub fn is_already_init_err(&self) -> bool {
        matches!(self, SetError::AlreadyInitializedError(_))
    }

    /// True if somebody is making one.
    pub fn is_initializing_err(&self) -> bool {
        matches!(self, SetError::InitializingError(_))
    }
}

impl<T> fmt::Display for SetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SetError::AlreadyInitializedError(_) => "AlreadyInitializedError",
            SetError::InitializingError(_) => "InitializingError",
        })
    }
}

impl<T: fmt::Debug> std::error::Error for SetError<T> {}
