//! A value that is written once, or was there from the start.

use std::sync::OnceLock;

/// A slot that becomes full and stays it.
///
/// std's `OnceLock` cannot be made full in a `const`, and tokio's cells can.
pub(crate) enum OnceValue<T> {
    Given(T),
    Later(OnceLock<T>),
}

impl<T> OnceValue<T> {
    pub(crate) const fn empty() -> Self {
        OnceValue::Later(OnceLock::new())
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        match self {
            OnceValue::Given(value) => Some(value),
            OnceValue::Later(slot) => slot.get(),
        }
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        match self {
            OnceValue::Given(value) => Some(value),
            OnceValue::Later(slot) => slot.get_mut(),
        }
    }

    /// Fills it. If it was full, the value comes back.
    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        match self {
            OnceValue::Given(_) => Err(value),
            OnceValue::Later(slot) => slot.set(value),
        }
    }

    pub(crate) fn into_inner(self) -> Option<T> {
        match self {
            OnceValue::Given(value) => Some(value),
            OnceValue::Later(slot) => slot.into_inner(),
        }
    }
}

impl<T> From<Option<T>> for OnceValue<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(OnceValue::empty(), OnceValue::Given)
    }
}
