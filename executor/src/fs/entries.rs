//! What a folder knows of a file: that it is there, what it is, what it is called.

use std::fs::{Metadata, Permissions};
use std::path::{Path, PathBuf};

use crate::fs::call::Call;

/// What a file is: its length, its kind, its permissions, its times. Follows links.
///
/// tokio: `fs::metadata`.
///
/// # Errors
///
/// The operating system's; `NotFound` if there is no such file.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed.
#[track_caller]
pub fn metadata(path: impl AsRef<Path>) -> Call<PathBuf, Metadata> {
    Call::on_path(path, std::fs::metadata)
}

/// The same, of a link itself.
///
/// tokio: `fs::symlink_metadata`.
///
/// # Errors
///
/// The operating system's; `NotFound` if there is no such file.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed.
#[track_caller]
pub fn symlink_metadata(path: impl AsRef<Path>) -> Call<PathBuf, Metadata> {
    Call::on_path(path, std::fs::symlink_metadata)
}

/// Whether there is such a file; a link that leads nowhere is none.
///
/// tokio: `fs::try_exists`.
///
/// # Errors
///
/// The operating system's, if it does not say: mostly because a folder may not be looked into.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed.
#[track_caller]
pub fn try_exists(path: impl AsRef<Path>) -> Call<PathBuf, bool> {
    Call::on_path(path, std::fs::exists)
}

/// Changes who may do what with a file.
///
/// tokio: `fs::set_permissions`.
///
/// # Errors
///
/// The operating system's.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn set_permissions(
    path: impl AsRef<Path>,
    permissions: Permissions,
) -> Call<(PathBuf, Permissions), ()> {
    let argument = (path.as_ref().to_owned(), permissions);
    Call::new(argument, |(path, permissions)| {
        std::fs::set_permissions(path, permissions)
    })
}

/// Gives a file or a folder another name, in the place of a file that has it.
///
/// tokio: `fs::rename`.
///
/// # Errors
///
/// The operating system's; `CrossesDevices` if the new name is on another disk.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Call<(PathBuf, PathBuf), ()> {
    Call::on_paths(from, to, |(from, to)| std::fs::rename(from, to))
}

/// Takes a file out of its folder. Its contents go with its last name, and when nobody has it
/// open any more.
///
/// tokio: `fs::remove_file`.
///
/// # Errors
///
/// The operating system's; `NotFound` if there is no such file.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn remove_file(path: impl AsRef<Path>) -> Call<PathBuf, ()> {
    Call::on_path(path, std::fs::remove_file)
}
