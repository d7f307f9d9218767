//! `copy_buf`: everything from a reader's own buffer to a writer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::pace::proceed;
use crate::io::traits::{AsyncBufRead, AsyncWrite};
use crate::io::transfer::Ends;
use crate::leaf;

/// Copies as [`copy`](crate::io::copy) does, out of the buffer that the reader has.
///
/// tokio: `io::copy_buf`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{self, BufReader};
///
/// let mut reader = BufReader::with_capacity(2, &b"tick tock"[..]);
/// let mut writer = Vec::new();
/// assert_eq!(io::copy_buf(&mut reader, &mut writer).await?, 9);
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
/// **Strict**: what was not written is with the reader, and another call goes on with it. (How
/// much was written before, nobody says then.)
#[track_caller]
pub fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> CopyBuf<'a, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    CopyBuf {
        reader,
        writer,
        must_flush: false,
        written: 0,
        ends: Ends::new(),
    }
}

/// The future of [`copy_buf`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct CopyBuf<'a, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    reader: &'a mut R,
    writer: &'a mut W,
    must_flush: bool,
    written: u64,
    ends: Ends,
}

impl<R, W> CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut *self.writer).poll_flush(cx);
        ready!(self.ends.writing(polled))?;
        self.must_flush = false;
        Poll::Ready(Ok(()))
    }

    /// Writes what the reader has, or is to read first: how many bytes, and none at its end.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut *self.reader).poll_fill_buf(cx);
        let piece = ready!(self.ends.reading(polled))?;
        if piece.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let polled = Pin::new(&mut *self.writer).poll_write(cx, piece);
        match ready!(self.ends.writing(polled))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => {
                Pin::new(&mut *self.reader).consume(count);
                Poll::Ready(Ok(count))
            }
        }
    }
}

impl<R, W> Future for CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        loop {
            // The streams may never wait, and may not count what they do.
            ready!(proceed(cx));
            match this.poll_piece(cx) {
                Poll::Ready(Ok(0)) => {
                    leaf::spend();
                    ready!(this.poll_flush(cx))?;
                    return Poll::Ready(Ok(this.written));
                }
                Poll::Ready(Ok(count)) => {
                    this.written += count as u64;
                    this.must_flush = true;
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    // The answer that is waited for may be to what the writer still keeps.
                    if this.ends.waits_for_the_reader() && this.must_flush {
                        ready!(this.poll_flush(cx))?;
                    }
                    return Poll::Pending;
                }
            }
            leaf::spend();
        }
    }
}

impl<R, W> Drop for CopyBuf<'_, R, W>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    fn drop(&mut self) {
        self.ends.abandon(self.reader, self.writer);
    }
}
