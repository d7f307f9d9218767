//! Second names of a file, and the one that all of them lead to.

use std::path::{Path, PathBuf};

use crate::fs::call::Call;

/// The absolute path of a file, with every link followed.
///
/// tokio: `fs::canonicalize`.
///
/// # Errors
///
/// The operating system's; `NotFound` if there is no such file.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed.
#[track_caller]
pub fn canonicalize(path: impl AsRef<Path>) -> Call<PathBuf, PathBuf> {
    Call::on_path(path, std::fs::canonicalize)
}

/// Gives a file a second name, as good as the first.
///
/// tokio: `fs::hard_link`.
///
/// # Errors
///
/// The operating system's; `AlreadyExists` if the name is taken.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn hard_link(
    original: impl AsRef<Path>,
    link: impl AsRef<Path>,
) -> Call<(PathBuf, PathBuf), ()> {
    Call::on_paths(original, link, |(original, link)| {
        std::fs::hard_link(original, link)
    })
}

/// Makes a link that says where to look instead, whether or not anything is there.
///
/// tokio: `fs::symlink`.
///
/// # Errors
///
/// The operating system's; `AlreadyExists` if the name is taken.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Call<(PathBuf, PathBuf), ()> {
    Call::on_paths(original, link, |(original, link)| {
        std::os::unix::fs::symlink(original, link)
    })
}

/// What such a link says.
///
/// tokio: `fs::read_link`.
///
/// # Errors
///
/// The operating system's; `InvalidInput` if it is no such link.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed.
#[track_caller]
pub fn read_link(path: impl AsRef<Path>) -> Call<PathBuf, PathBuf> {
    Call::on_path(path, std::fs::read_link)
}
