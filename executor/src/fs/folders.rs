//! Folders: made, and removed.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::fs::call::Call;

/// Makes a folder in one that there is.
///
/// tokio: `fs::create_dir`.
///
/// # Errors
///
/// The operating system's; `AlreadyExists` if the name is taken.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn create_dir(path: impl AsRef<Path>) -> Call<PathBuf, ()> {
    Call::on_path(path, std::fs::create_dir)
}

/// Makes a folder, and those above it that there are not.
///
/// tokio: `fs::create_dir_all`.
///
/// # Errors
///
/// The operating system's; none if it is there. Some folders may have been made.
///
/// # Cancel safety
///
/// **Strict**: a call that has begun goes on to its end, and a second one finds what it has made.
#[track_caller]
pub fn create_dir_all(path: impl AsRef<Path>) -> Call<PathBuf, ()> {
    Call::on_path(path, std::fs::create_dir_all)
}

/// Removes a folder that is empty.
///
/// tokio: `fs::remove_dir`.
///
/// # Errors
///
/// The operating system's; `DirectoryNotEmpty` if it is not.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn remove_dir(path: impl AsRef<Path>) -> Call<PathBuf, ()> {
    Call::on_path(path, std::fs::remove_dir)
}

/// Removes a folder with all that is in it. Links in it are removed, and not what they lead to.
///
/// tokio: `fs::remove_dir_all`.
///
/// # Errors
///
/// The operating system's. A part may have been removed.
///
/// # Cancel safety
///
/// **Loses data**: the answer. A call that has begun goes on to its end.
#[track_caller]
pub fn remove_dir_all(path: impl AsRef<Path>) -> Call<PathBuf, ()> {
    Call::on_path(path, std::fs::remove_dir_all)
}

/// Makes folders in more ways than [`create_dir`] and [`create_dir_all`] do.
///
/// tokio: `fs::DirBuilder`.
///
/// ```
/// # mainspring::run(async {
/// let folder = std::env::temp_dir().join(format!("mainspring-doc-{}", std::process::id()));
/// let mut builder = mainspring::fs::DirBuilder::new();
/// builder.recursive(true).mode(0o700).create(folder.join("a/b")).await?;
/// assert!(mainspring::fs::try_exists(folder.join("a/b")).await?);
/// mainspring::fs::remove_dir_all(folder).await
/// # }).unwrap();
/// ```
#[derive(Debug, Default)]
pub struct DirBuilder {
    recursive: bool,
    mode: Option<u32>,
}

impl DirBuilder {
    /// One that makes a single folder, which everybody may use as far as the process's mask lets.
    pub fn new() -> Self {
        DirBuilder::default()
    }

    /// Whether folders above are made, too, and one that is there is good enough.
    pub fn recursive(&mut self, recursive: bool) -> &mut Self {
        self.recursive = recursive;
        self
    }

    /// Who may do what with it, in Unix's bits, before the process's mask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }

    /// Makes the folder.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the answer. A call that has begun goes on to its end.
    #[track_caller]
    pub fn create(&self, path: impl AsRef<Path>) -> Call<(PathBuf, bool, Option<u32>), ()> {
        Call::new(
            (path.as_ref().to_owned(), self.recursive, self.mode),
            create,
        )
    }
}

fn create((path, recursive, mode): (PathBuf, bool, Option<u32>)) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(recursive);
    if let Some(mode) = mode {
        builder.mode(mode);
    }
    builder.create(path)
}
