//! What is in a folder, some entries per job.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::Future;
use std::io;
use std::iter::Fuse;
use std::os::unix::fs::DirEntryExt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::fs::call::{Call, runtime};
use crate::leaf;
use crate::pool::blocking::spawn_blocking_on;
use crate::task::JoinHandle;

/// Entries that one job reads.
///
/// A job costs about as much as reading so many. Twice as many would halve the jobs for large
/// folders, and make everybody wait longer for the first entry.
const AT_ONCE: usize = 32;

/// Opens a folder, and reads its first entries.
///
/// tokio: `fs::read_dir`.
///
/// # Errors
///
/// The operating system's.
///
/// # Cancel safety
///
/// **Strict**: nothing has changed.
#[track_caller]
pub fn read_dir(path: impl AsRef<Path>) -> Call<(PathBuf, &'static Location<'static>), ReadDir> {
    let argument = (path.as_ref().to_owned(), Location::caller());
    Call::new(argument, |(path, place)| {
        let mut chunk = Chunk {
            ready: VecDeque::with_capacity(AT_ONCE),
            rest: std::fs::read_dir(path)?.fuse(),
            is_last: false,
        };
        chunk.read();
        Ok(ReadDir {
            step: Step::Here(chunk),
            place,
        })
    })
}

/// The entries of a folder, in no order; `.` and `..` are left out.
///
/// tokio: `fs::ReadDir`.
///
/// ```
/// # mainspring::run(async {
/// let mut entries = mainspring::fs::read_dir("/").await?;
/// let mut folders = Vec::new();
/// while let Some(entry) = entries.next_entry().await? {
///     if entry.file_type().await?.is_dir() {
///         folders.push(entry.file_name());
///     }
/// }
/// assert!(folders.iter().any(|name| name == "tmp"));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
#[must_use = "its entries are read by `next_entry`"]
pub struct ReadDir {
    step: Step,
    /// Where it was asked for.
    place: &'static Location<'static>,
}

#[derive(Debug)]
enum Step {
    Here(Chunk),
    /// A thread reads more.
    Away(JoinHandle<Chunk>),
    /// The runtime ended before the thread did.
    Lost,
}

#[derive(Debug)]
struct Chunk {
    ready: VecDeque<io::Result<DirEntry>>,
    rest: Fuse<std::fs::ReadDir>,
    is_last: bool,
}

impl Chunk {
    /// Reads some more, up to an error.
    fn read(&mut self) {
        while self.ready.len() < AT_ONCE {
            let Some(entry) = self.rest.next() else {
                self.is_last = true;
                return;
            };
            let is_error = entry.is_err();
            self.ready.push_back(entry.map(DirEntry::new));
            if is_error {
                return;
            }
        }
    }
}

impl ReadDir {
    /// The next entry; `None` after the last.
    ///
    /// # Errors
    ///
    /// The operating system's; the next call goes on behind it.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: what has been read is kept for the next call.
    #[track_caller]
    pub fn next_entry(&mut self) -> NextEntry<'_> {
        NextEntry {
            place: Location::caller(),
            entries: self,
        }
    }

    /// The same, for a future written by hand.
    ///
    /// # Errors
    ///
    /// The operating system's; the next call goes on behind it.
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        self.poll_at(cx, self.place)
    }

    fn poll_at(
        &mut self,
        cx: &mut Context<'_>,
        place: &'static Location<'static>,
    ) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match std::mem::replace(&mut self.step, Step::Lost) {
                Step::Here(mut chunk) => {
                    if chunk.ready.is_empty() && !chunk.is_last {
                        let shared = runtime("`ReadDir::next_entry`");
                        let more = move || {
                            chunk.read();
                            chunk
                        };
                        self.step = Step::Away(spawn_blocking_on(&shared, more, place));
                        continue;
                    }
                    let paid = leaf::proceed(cx);
                    let entry = paid.is_ready().then(|| chunk.ready.pop_front());
                    self.step = Step::Here(chunk);
                    let Some(entry) = entry else {
                        return Poll::Pending;
                    };
                    leaf::spend();
                    return Poll::Ready(entry.transpose());
                }
                Step::Away(mut job) => {
                    let polled = Pin::new(&mut job).poll(cx);
                    if polled.is_pending() {
                        leaf::waiting_for("the entries of a folder", place);
                        self.step = Step::Away(job);
                    }
                    self.step = Step::Here(ready!(polled)?);
                }
                Step::Lost => return Poll::Ready(Ok(None)),
            }
        }
    }
}

/// The future of [`ReadDir::next_entry`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct NextEntry<'a> {
    entries: &'a mut ReadDir,
    place: &'static Location<'static>,
}

impl Future for NextEntry<'_> {
    type Output = io::Result<Option<DirEntry>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = self.place;
        self.entries.poll_at(cx, place)
    }
}

/// What a folder says of one file.
///
/// tokio: `fs::DirEntry`.
#[derive(Debug)]
pub struct DirEntry {
    entry: Arc<std::fs::DirEntry>,
    /// Mostly told with the name, for nothing.
    file_type: Option<FileType>,
}

impl DirEntry {
    fn new(entry: std::fs::DirEntry) -> Self {
        DirEntry {
            file_type: entry.file_type().ok(),
            entry: Arc::new(entry),
        }
    }

    /// The folder's path and the file's name.
    pub fn path(&self) -> PathBuf {
        self.entry.path()
    }

    /// The file's name.
    pub fn file_name(&self) -> OsString {
        self.entry.file_name()
    }

    /// The file's number on its disk.
    pub fn ino(&self) -> u64 {
        self.entry.ino()
    }

    /// What the file is: its length, its permissions, its times. Does not follow a link.
    ///
    /// # Errors
    ///
    /// The operating system's; `NotFound` if it has been removed.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing has changed.
    #[track_caller]
    pub fn metadata(&self) -> Call<Arc<std::fs::DirEntry>, Metadata> {
        Call::new(self.entry.clone(), |entry| entry.metadata())
    }

    /// Whether it is a file, a folder, or a link, which is not followed.
    ///
    /// # Errors
    ///
    /// The operating system's, where the folder itself does not say.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing has changed.
    #[track_caller]
    pub fn file_type(&self) -> Call<Arc<std::fs::DirEntry>, FileType> {
        match self.file_type {
            Some(file_type) => Call::known(file_type),
            None => Call::new(self.entry.clone(), |entry| entry.file_type()),
        }
    }
}
