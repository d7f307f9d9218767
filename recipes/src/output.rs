//! The words a recipe speaks with: `say!` is Python's `print`, `complain` tells of trouble.

use std::fmt;

use crate::stage::Stage;

/// Prints one line of the recipe: what `print` prints in the article.
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => { $crate::output::line(format_args!($($words)*)) };
}

#[doc(inline)]
pub use say;

/// What [`say!`] calls.
pub fn line(line: fmt::Arguments<'_>) {
    Stage::current().line(line);
}

/// Tells of something that went wrong, in one line on standard error; the recipe goes on, and the
/// program's status tells of it, too.
pub fn complain(trouble: impl fmt::Display) {
    Stage::current().complain(&trouble);
}
