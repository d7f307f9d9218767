//! The words a recipe speaks with: `say!` is Python's `print`, `complain` tells of trouble.

use std::fmt;

use mainspring::runtime::Handle;

use crate::stage::Stage;

/// Prints one line of the recipe: what `print` prints in the article.
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => { $crate::output::line(format_args!($($words)*)) };
}

#[doc(inline)]
pub use say;

/// What [`say!`] calls.
///
/// In a job on another thread of this process it is the job's loop that says the line.
pub fn line(line: fmt::Arguments<'_>) {
    let home = match Stage::here() {
        Some(stage) => return stage.line(line),
        None => Handle::try_current(),
    };
    match home {
        Ok(home) => {
            let line = line.to_string();
            // A loop that has ended has nobody who would hear it.
            let _ =
                home.call_soon_threadsafe(move || Stage::current().line(format_args!("{line}")));
        }
        Err(_) => Stage::current().line(line),
    }
}

/// Tells of something that went wrong, in one line on standard error; the recipe goes on, and the
/// program's status tells of it, too.
pub fn complain(trouble: impl fmt::Display) {
    Stage::current().complain(&trouble);
}
