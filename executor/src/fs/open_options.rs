//! Opening a file: how, and what if it is not there.

use std::fs::OpenOptions as StdOpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::Location;
use std::path::{Path, PathBuf};

use crate::fs::call::Call;
use crate::fs::file::File;

/// How a file is to be opened.
///
/// tokio: `fs::OpenOptions`. asyncio has none; the second argument of Python's `open`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::fs::OpenOptions;
/// use mainspring::io::AsyncWriteExt;
///
/// let path = std::env::temp_dir().join(format!("mainspring-log-{}", std::process::id()));
/// for line in ["tick\n", "tock\n"] {
///     let mut log = OpenOptions::new().append(true).create(true).open(&path).await?;
///     log.write_all(line.as_bytes()).await?;
///     log.flush().await?;
/// }
/// assert_eq!(mainspring::fs::read_to_string(&path).await?, "tick\ntock\n");
/// mainspring::fs::remove_file(path).await
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions {
    options: StdOpenOptions,
}

/// What a job needs to open a file: how, which, and on whose behalf.
type Opening = (StdOpenOptions, PathBuf, &'static Location<'static>);

impl OpenOptions {
    /// Nothing is allowed yet.
    pub fn new() -> Self {
        StdOpenOptions::new().into()
    }

    /// Whether it can be read.
    pub fn read(&mut self, read: bool) -> &mut Self {
        self.options.read(read);
        self
    }

    /// Whether it can be written, over what is there.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.options.write(write);
        self
    }

    /// Whether it can be written, at its end and nowhere else.
    pub fn append(&mut self, append: bool) -> &mut Self {
        self.options.append(append);
        self
    }

    /// Whether what is there is dropped first.
    pub fn truncate(&mut self, truncate: bool) -> &mut Self {
        self.options.truncate(truncate);
        self
    }

    /// Whether it is made if it is not there.
    pub fn create(&mut self, create: bool) -> &mut Self {
        self.options.create(create);
        self
    }

    /// Whether it must be made, and must not be there.
    pub fn create_new(&mut self, create_new: bool) -> &mut Self {
        self.options.create_new(create_new);
        self
    }

    /// Who may do what with a file that is made, in Unix's bits, before the process's mask.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.options.mode(mode);
        self
    }

    /// More flags for `open(2)`, as they are.
    pub fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.options.custom_flags(flags);
        self
    }

    /// Opens a file.
    ///
    /// # Errors
    ///
    /// The operating system's; `InvalidInput` if the options contradict each other.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a file that a thread still opens is closed. It may have been made, or emptied.
    #[track_caller]
    pub fn open(&self, path: impl AsRef<Path>) -> Call<Opening, File> {
        let opening = (
            self.options.clone(),
            path.as_ref().to_owned(),
            Location::caller(),
        );
        Call::new(opening, open)
    }
}

fn open((options, path, place): Opening) -> io::Result<File> {
    Ok(File::opened(options.open(path)?, place))
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions::new()
    }
}

impl From<StdOpenOptions> for OpenOptions {
    fn from(options: StdOpenOptions) -> Self {
        OpenOptions { options }
    }
}

impl File {
    /// Opens a file to read it.
    ///
    /// # Errors
    ///
    /// The operating system's; `NotFound` if there is no such file.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a file that a thread still opens is closed.
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> Call<Opening, File> {
        File::options().read(true).open(path)
    }

    /// Makes a file to write it, or empties one that is there.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a file that a thread still opens is closed. It may have been made, or emptied.
    #[track_caller]
    pub fn create(path: impl AsRef<Path>) -> Call<Opening, File> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file that is not there, to read and write it.
    ///
    /// # Errors
    ///
    /// The operating system's; `AlreadyExists` if it is there.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the answer. A call that has begun may make the file.
    #[track_caller]
    pub fn create_new(path: impl AsRef<Path>) -> Call<Opening, File> {
        let mut options = File::options();
        options.read(true).write(true).create_new(true).open(path)
    }

    /// How a file is to be opened.
    #[must_use]
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }
}
