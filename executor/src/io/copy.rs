//! `copy`: everything from a reader to a writer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::buf_reader::CAPACITY;
use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::io::transfer::{Ends, Transfer};

/// Copies what comes from a reader to a writer until the reader ends, by way of a buffer of 8 KiB,
/// flushes the writer, and says how many bytes that were.
///
/// While the reader has nothing, the writer is flushed, too: an echo goes out without being asked
/// for.
///
/// tokio: `io::copy`. asyncio: a loop of `read`, `write` and `drain`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io;
///
/// let mut reader: &[u8] = b"tick tock";
/// let mut writer = Vec::new();
/// assert_eq!(io::copy(&mut reader, &mut writer).await?, 9);
/// assert_eq!(writer, b"tick tock");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// What either stream answers; `WriteZero` if the writer takes no more.
///
/// # Cancel safety
///
/// **Loses data**: what was read and not written. [`copy_buf`](crate::io::copy_buf) leaves it with
/// the reader.
#[track_caller]
pub fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> Copy<'a, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    Copy {
        reader,
        writer,
        transfer: Transfer::new(CAPACITY, Ends::new()),
    }
}

/// The future of [`copy`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Copy<'a, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    reader: &'a mut R,
    writer: &'a mut W,
    transfer: Transfer,
}

impl<R, W> Future for Copy<'_, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        let (reader, writer) = (Pin::new(&mut *this.reader), Pin::new(&mut *this.writer));
        this.transfer.poll(cx, reader, writer)
    }
}

impl<R, W> Drop for Copy<'_, R, W>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    fn drop(&mut self) {
        self.transfer.ends.abandon(self.reader, self.writer);
    }
}
