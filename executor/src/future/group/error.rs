//! Why a task group failed.

use std::error::Error;
use std::fmt;

/// What a task group failed with: the first `Err`, and those that came in the same turn, in the
/// order of their coming.
///
/// Whoever nests groups nests their errors: the inner group's goes into the outer's `E`.
///
/// asyncio: `ExceptionGroup`. tokio has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorGroup<E> {
    /// The errors, never none.
    pub errors: Vec<E>,
}

impl<E: fmt::Display> fmt::Display for ErrorGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task group failed")?;
        let mut separator = ": ";
        for error in &self.errors {
            write!(f, "{separator}{error}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl<E: Error + 'static> Error for ErrorGroup<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let first = self.errors.first()?;
        Some(first)
    }
}
