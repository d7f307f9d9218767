//! Reading and writing, as traits: what a stream of bytes promises to a future.
//!
//! Each answers `Pending` only after it kept the task's waker. The methods one calls are in
//! `AsyncReadExt`, `AsyncWriteExt`, `AsyncBufReadExt` and `AsyncSeekExt`.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::io::read_buf::ReadBuf;

/// Bytes can be read from it.
///
/// tokio: `io::AsyncRead`. asyncio: the reading half of a transport, below `StreamReader`.
pub trait AsyncRead {
    /// Reads what there is into `buf`, up to what remains of it.
    ///
    /// `Ready(Ok(()))` with nothing filled is the end of the stream, unless nothing remained.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was filled then.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;

    /// A read that answered `Pending` is not waited for any more: its waker may be let go.
    ///
    /// It may do nothing, as it does unless written otherwise: then the next bytes wake somebody
    /// in vain, and until they come a paused clock believes that they are waited for. What wraps
    /// a stream should pass it on. tokio has no counterpart.
    fn abandon_read(self: Pin<&mut Self>) {}
}

/// Bytes can be written to it.
///
/// tokio: `io::AsyncWrite`. asyncio: the writing half of a transport, below `StreamWriter`.
pub trait AsyncWrite {
    /// Writes a part of `buf`, and says how much. Zero says that no more will ever be taken,
    /// unless `buf` was empty.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was written then.
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>;

    /// Brings on its way what has been written and is still kept here.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the stream, after a flush: the other side will read its end.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes from several buffers at once, as if they were one.
    ///
    /// Unless written otherwise, it writes from the first that is not empty.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was written then.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[], |buf| buf))
    }

    /// Whether several buffers at once are cheaper than one after the other.
    fn is_write_vectored(&self) -> bool {
        false
    }

    /// A write, flush or shutdown that answered `Pending` is not waited for any more: the
    /// counterpart of [`AsyncRead::abandon_read`].
    fn abandon_write(self: Pin<&mut Self>) {}
}

/// Bytes can be looked at before they are taken.
///
/// tokio: `io::AsyncBufRead`. asyncio: `StreamReader`'s inner buffer.
pub trait AsyncBufRead: AsyncRead {
    /// What is in the buffer, after a read if it was empty. Empty is the end of the stream.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Takes the first `amount` bytes out of the buffer.
    ///
    /// More than [`poll_fill_buf`](AsyncBufRead::poll_fill_buf) gave may panic.
    fn consume(self: Pin<&mut Self>, amount: usize);
}

/// The place where it is read and written can be changed.
///
/// tokio: `io::AsyncSeek`. asyncio has no counterpart: its streams have no place.
pub trait AsyncSeek {
    /// Begins to go to a place. Where that is says
    /// [`poll_complete`](AsyncSeek::poll_complete), which also must have ended before another
    /// begins.
    ///
    /// # Errors
    ///
    /// What the stream answers: that the place lies before its beginning, for instance.
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()>;

    /// Waits until the place is reached, and says how many bytes lie before it. If none was
    /// asked for, it is some place that need not mean anything.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>>;
}
