//! What is said beside a recipe's lines: it goes to standard error.

use std::fmt;
use std::io::{self, Write};

/// Tells something beside the recipe's lines, on standard error.
#[macro_export]
macro_rules! aside {
    ($($words:tt)*) => { $crate::aside::tell(format_args!($($words)*)) };
}

#[doc(inline)]
pub use aside;

/// What [`aside!`] calls.
pub fn tell(line: fmt::Arguments<'_>) {
    // Whoever closed standard error does not want to hear it.
    let _ = writeln!(io::stderr(), "{line}");
}
