//! `File`: an open file, read and written as a stream.

use std::fmt;
use std::fs::{File as StdFile, Metadata, Permissions};
use std::future::Future;
use std::io::{self, IoSlice, SeekFrom};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use crate::fs::call::Call;
use crate::fs::times::FileTimes;
use crate::fs::transfer::{Target, Transfer};
use crate::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};
use crate::sync::Mutex;

/// How much one job reads or writes, unless the file is told otherwise.
///
/// tokio's number. Half as much makes twice the jobs for a large body; twice as much takes that
/// much more memory for each file that such a body is read from.
const MOST: usize = 2 * 1024 * 1024;

/// An open file. It is made by [`File::open`], [`File::create`] or
/// [`OpenOptions`](crate::fs::OpenOptions).
///
/// It is read, written and searched with the methods of [`AsyncReadExt`](crate::io::AsyncReadExt),
/// [`AsyncWriteExt`](crate::io::AsyncWriteExt) and `AsyncSeekExt`. Each read and each write is a
/// job of its own, so many small ones belong behind a [`BufReader`](crate::io::BufReader) or a
/// `BufWriter`.
///
/// **A write is told to be done when it has begun**: its bytes are copied, and a thread writes them
/// while the caller goes on. So `flush` before the file is dropped, or before somebody else is to
/// read it: it waits, and it tells of an error. (A file that is dropped without it is written all
/// the same, also if the runtime ends meanwhile; but nobody hears of an error.)
///
/// Its jobs are the runtime's that it is polled in, whichever that is.
///
/// tokio: `fs::File`. asyncio has none; aiofiles' `open`.
///
/// # Panics
///
/// Reading, writing and seeking panic outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::fs::File;
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt};
///
/// let path = std::env::temp_dir().join(format!("mainspring-file-{}", std::process::id()));
/// let mut file = File::create(&path).await?;
/// file.write_all(b"tick tock").await?;
/// file.flush().await?;
///
/// let mut text = String::new();
/// File::open(&path).await?.read_to_string(&mut text).await?;
/// assert_eq!(text, "tick tock");
/// mainspring::fs::remove_file(path).await
/// # }).unwrap();
/// ```
pub struct File {
    file: Arc<StdFile>,
    /// Async, for whoever has only `&self` waits in line.
    transfer: Mutex<Transfer>,
    most: usize,
    place: &'static Location<'static>,
}

impl File {
    /// Takes over a file of std's.
    #[track_caller]
    pub fn from_std(file: StdFile) -> File {
        File::opened(file, Location::caller())
    }

    pub(crate) fn opened(file: StdFile, place: &'static Location<'static>) -> File {
        File {
            file: Arc::new(file),
            transfer: Mutex::new(Transfer::default()),
            most: MOST,
            place,
        }
    }

    /// Waits until what was written is on the disk, as far as the operating system knows.
    ///
    /// # Errors
    ///
    /// The operating system's. (A write that failed before is told by the next write or flush.)
    ///
    /// # Cancel safety
    ///
    /// **Strict**: call it again.
    #[track_caller]
    pub fn sync_all(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.settled(Call::new(self.file.clone(), |file| file.sync_all()))
    }

    /// The same without what a folder tells of the file, as its times.
    ///
    /// # Errors
    ///
    /// The operating system's. (A write that failed before is told by the next write or flush.)
    ///
    /// # Cancel safety
    ///
    /// **Strict**: call it again.
    #[track_caller]
    pub fn sync_data(&self) -> impl Future<Output = io::Result<()>> + Send {
        self.settled(Call::new(self.file.clone(), |file| file.sync_data()))
    }

    /// Cuts the file, or fills it up with zeros, to so many bytes. The place in it stays where it
    /// is.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: call it again.
    pub async fn set_len(&self, size: u64) -> io::Result<()> {
        let mut transfer = self.transfer.lock().await;
        transfer.set_length(self.target(), size).await
    }

    /// What the file is: its length, its kind, its permissions, its times. What is being written
    /// just now may be in it or not.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing has changed.
    #[track_caller]
    pub fn metadata(&self) -> Call<Arc<StdFile>, Metadata> {
        Call::new(self.file.clone(), |file| file.metadata())
    }

    /// Another handle to the same open file: both have one place in it.
    ///
    /// # Errors
    ///
    /// The operating system's; there may be no more descriptors.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing has changed.
    #[track_caller]
    pub fn try_clone(&self) -> impl Future<Output = io::Result<File>> + Send {
        let place = Location::caller();
        let cloned = self.settled(Call::new(self.file.clone(), |file| file.try_clone()));
        let most = self.most;
        async move {
            let mut clone = File::opened(cloned.await?, place);
            clone.most = most;
            Ok(clone)
        }
    }

    /// Gives the file back as std's, when nothing is on its way any more. A write that failed, and
    /// that nobody has been told of, is not told any more: `flush` before.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the file.
    ///
    /// # Panics
    ///
    /// If a call that was given up still has the file, and there are no more descriptors for a
    /// second one.
    pub async fn into_std(mut self) -> StdFile {
        self.transfer.get_mut().settle().await;
        Arc::try_unwrap(self.file).unwrap_or_else(|file| {
            // Somebody asked for its metadata, say, and did not stay for the answer.
            let clone = file.try_clone();
            clone.expect("no descriptor is left for a second handle to the file")
        })
    }

    /// Gives the file back as std's, if nothing is on its way.
    ///
    /// # Errors
    ///
    /// The file itself, if a job still has it: `flush` first.
    #[expect(clippy::result_large_err, reason = "it is the file, as in tokio")]
    pub fn try_into_std(mut self) -> Result<StdFile, Self> {
        match Arc::try_unwrap(self.file) {
            Ok(file) => Ok(file),
            Err(file) => {
                self.file = file;
                Err(self)
            }
        }
    }

    /// Changes who may do what with the file.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: call it again.
    #[track_caller]
    pub fn set_permissions(
        &self,
        permissions: Permissions,
    ) -> Call<(Arc<StdFile>, Permissions), ()> {
        Call::new((self.file.clone(), permissions), |(file, permissions)| {
            file.set_permissions(permissions)
        })
    }

    /// Changes when the file was read and written last.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: call it again.
    #[track_caller]
    pub fn set_times(&self, times: FileTimes) -> impl Future<Output = io::Result<()>> + Send {
        let argument = (self.file.clone(), times);
        self.settled(Call::new(argument, |(file, times)| {
            file.set_times(times.into_std())
        }))
    }

    /// Changes when the file was written last.
    ///
    /// # Errors
    ///
    /// The operating system's.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: call it again.
    #[track_caller]
    pub fn set_modified(&self, time: SystemTime) -> impl Future<Output = io::Result<()>> + Send {
        self.set_times(FileTimes::new().set_modified(time))
    }

    /// How many bytes one job may read or write; 2 MiB unless it is told otherwise.
    ///
    /// # Panics
    ///
    /// If it is zero.
    #[track_caller]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(
            max_buf_size > 0,
            "a file that reads and writes zero bytes at once never comes to an end: give \
             `set_max_buf_size` at least 1"
        );
        self.most = max_buf_size;
    }

    /// How many bytes one job may read or write.
    pub fn max_buf_size(&self) -> usize {
        self.most
    }

    /// Waits for its turn, then until nothing is on its way, then for the call.
    async fn settled<A: Send + 'static, T: Send + 'static>(
        &self,
        call: Call<A, T>,
    ) -> io::Result<T> {
        let mut transfer = self.transfer.lock().await;
        transfer.settle().await;
        call.await
    }

    fn target(&self) -> Target<'_> {
        target(&self.file, self.most, self.place)
    }

    /// What it has, for whoever has all of it.
    fn parts(self: Pin<&mut Self>) -> (&mut Transfer, Target<'_>) {
        let this = self.get_mut();
        let target = target(&this.file, this.most, this.place);
        (this.transfer.get_mut(), target)
    }
}

fn target<'a>(
    file: &'a Arc<StdFile>,
    most: usize,
    place: &'static Location<'static>,
) -> Target<'a> {
    Target { file, most, place }
}

impl AsyncRead for File {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (transfer, target) = self.parts();
        transfer.poll_read(cx, target, buf)
    }
}

impl AsyncWrite for File {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let (transfer, target) = self.parts();
        transfer.poll_write(cx, target, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (transfer, _) = self.parts();
        transfer.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let (transfer, target) = self.parts();
        transfer.start_seek(target, position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let (transfer, _) = self.parts();
        transfer.poll_complete(cx)
    }
}

impl From<StdFile> for File {
    #[track_caller]
    fn from(file: StdFile) -> Self {
        File::from_std(file)
    }
}

impl From<OwnedFd> for File {
    #[track_caller]
    fn from(descriptor: OwnedFd) -> Self {
        File::from_std(StdFile::from(descriptor))
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(&self.file).finish()
    }
}
