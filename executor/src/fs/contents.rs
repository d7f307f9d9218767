//! Whole files: everything in one job, from opening to closing.

use std::path::{Path, PathBuf};

use crate::fs::call::Call;

/// Reads all of a file.
///
/// tokio: `fs::read`.
///
/// # Errors
///
/// The operating system's.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed; what a thread still reads is dropped.
#[track_caller]
pub fn read(path: impl AsRef<Path>) -> Call<PathBuf, Vec<u8>> {
    Call::on_path(path, std::fs::read)
}

/// Reads all of a file, which is UTF-8.
///
/// tokio: `fs::read_to_string`.
///
/// # Errors
///
/// The operating system's; `InvalidData` if it is something else.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed; what a thread still reads is dropped.
#[track_caller]
pub fn read_to_string(path: impl AsRef<Path>) -> Call<PathBuf, String> {
    Call::on_path(path, std::fs::read_to_string)
}

/// Makes a file with these contents, in the place of an earlier one.
///
/// The contents are copied, for the job outlives the caller.
///
/// tokio: `fs::write`.
///
/// # Errors
///
/// The operating system's. A part may have been written.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end, and a second one may
/// write beside it.
#[track_caller]
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Call<(PathBuf, Vec<u8>), ()> {
    let contents = contents.as_ref().to_vec();
    Call::new((path.as_ref().to_owned(), contents), |(path, contents)| {
        std::fs::write(path, contents)
    })
}

/// Copies a file with its permissions, and says how many bytes it has.
///
/// tokio: `fs::copy`.
///
/// # Errors
///
/// The operating system's. A part may have been written.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Call<(PathBuf, PathBuf), u64> {
    Call::on_paths(from, to, |(from, to)| std::fs::copy(from, to))
}
