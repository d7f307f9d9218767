//! `AsyncWriteExt`: the writing methods one calls.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;

use crate::io::again::again;
use crate::io::number::{WriteNumber, write_numbers};
use crate::io::traits::AsyncWrite;
use crate::io::waiting::Writing;

/// How many pieces of a buffer in pieces are written at once. More are seldom there, and take
/// stack.
const SLICES: usize = 64;

/// Writing to whatever is [`AsyncWrite`].
///
/// tokio: `io::AsyncWriteExt`. asyncio: `StreamWriter`, whose `write` keeps what `drain` has to
/// wait for; here writing itself waits, and keeps nothing.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::AsyncWriteExt;
///
/// let mut page = Vec::new();
/// page.write_all(b"tick tock").await?;
/// page.flush().await?;
/// assert_eq!(page, b"tick tock");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes a part of `buf`, at least one byte, and says how much. Zero says that no more will
    /// ever be taken, unless `buf` is empty.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a write that was dropped has written nothing.
    #[track_caller]
    fn write<'a, 'b>(&'a mut self, buf: &'b [u8]) -> Write<'a, 'b, Self>
    where
        Self: Unpin,
    {
        Write {
            writing: Writing::new(self),
            buf,
        }
    }

    /// Writes from several buffers as if they were one, and says how much.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a write that was dropped has written nothing.
    #[track_caller]
    fn write_vectored<'a, 'b>(&'a mut self, bufs: &'b [IoSlice<'b>]) -> WriteVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteVectored {
            writing: Writing::new(self),
            bufs,
        }
    }

    /// Writes a part of `buf`, at least one byte, takes it out of there, and says how much.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was written then.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a write that was dropped has written nothing.
    #[track_caller]
    fn write_buf<'a, 'b, B: Buf>(&'a mut self, buf: &'b mut B) -> WriteBuf<'a, 'b, Self, B>
    where
        Self: Unpin,
    {
        WriteBuf {
            writing: Writing::new(self),
            buf,
        }
    }

    /// Writes all of `buf`.
    ///
    /// # Errors
    ///
    /// What the stream answers; `WriteZero` if it takes no more. A part may have been written.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: nobody knows how much has been written.
    /// [`write_all_buf`](AsyncWriteExt::write_all_buf) keeps count.
    #[track_caller]
    fn write_all<'a, 'b>(&'a mut self, buf: &'b [u8]) -> WriteAll<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteAll {
            writing: Writing::new(self),
            buf,
        }
    }

    /// Writes all of `buf`, and takes out of there what has been written.
    ///
    /// # Errors
    ///
    /// What the stream answers; `WriteZero` if it takes no more. The rest is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: what has not been written is in `buf`, for the next call.
    #[track_caller]
    fn write_all_buf<'a, 'b, B: Buf>(&'a mut self, buf: &'b mut B) -> WriteAllBuf<'a, 'b, Self, B>
    where
        Self: Unpin,
    {
        WriteAllBuf {
            writing: Writing::new(self),
            buf,
        }
    }

    write_numbers! {
        write_u8 u8 to_be_bytes "";
        write_i8 i8 to_be_bytes "";
        write_u16 u16 to_be_bytes ", the big end first";
        write_i16 i16 to_be_bytes ", the big end first";
        write_u32 u32 to_be_bytes ", the big end first";
        write_i32 i32 to_be_bytes ", the big end first";
        write_u64 u64 to_be_bytes ", the big end first";
        write_i64 i64 to_be_bytes ", the big end first";
        write_u128 u128 to_be_bytes ", the big end first";
        write_i128 i128 to_be_bytes ", the big end first";
        write_f32 f32 to_be_bytes ", the big end first";
        write_f64 f64 to_be_bytes ", the big end first";
        write_u16_le u16 to_le_bytes ", the little end first";
        write_i16_le i16 to_le_bytes ", the little end first";
        write_u32_le u32 to_le_bytes ", the little end first";
        write_i32_le i32 to_le_bytes ", the little end first";
        write_u64_le u64 to_le_bytes ", the little end first";
        write_i64_le i64 to_le_bytes ", the little end first";
        write_u128_le u128 to_le_bytes ", the little end first";
        write_i128_le i128 to_le_bytes ", the little end first";
        write_f32_le f32 to_le_bytes ", the little end first";
        write_f64_le f64 to_le_bytes ", the little end first";
    }

    /// Brings on its way what has been written and is still kept in a buffer.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the next call goes on.
    #[track_caller]
    fn flush(&mut self) -> Flush<'_, Self>
    where
        Self: Unpin,
    {
        Flush {
            writing: Writing::new(self),
        }
    }

    /// Ends the stream, after a flush: the other side will read its end. Reading goes on.
    ///
    /// asyncio: `StreamWriter.write_eof`.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the next call goes on.
    #[track_caller]
    fn shutdown(&mut self) -> Shutdown<'_, Self>
    where
        Self: Unpin,
    {
        Shutdown {
            writing: Writing::new(self),
        }
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}

/// The future of [`AsyncWriteExt::write`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Write<'a, 'b, W: AsyncWrite + Unpin + ?Sized> {
    writing: Writing<'a, W>,
    buf: &'b [u8],
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for Write<'_, '_, W> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writing
            .poll(cx, |writer, cx| writer.poll_write(cx, this.buf))
    }
}

/// The future of [`AsyncWriteExt::write_vectored`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteVectored<'a, 'b, W: AsyncWrite + Unpin + ?Sized> {
    writing: Writing<'a, W>,
    bufs: &'b [IoSlice<'b>],
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteVectored<'_, '_, W> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writing
            .poll(cx, |writer, cx| writer.poll_write_vectored(cx, this.bufs))
    }
}

/// The future of [`AsyncWriteExt::write_buf`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteBuf<'a, 'b, W: AsyncWrite + Unpin + ?Sized, B> {
    writing: Writing<'a, W>,
    buf: &'b mut B,
}

impl<W: AsyncWrite + Unpin + ?Sized, B: Buf> Future for WriteBuf<'_, '_, W, B> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writing
            .poll(cx, |writer, cx| poll_write_buf(writer, cx, this.buf))
    }
}

/// The future of [`AsyncWriteExt::write_all`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAll<'a, 'b, W: AsyncWrite + Unpin + ?Sized> {
    writing: Writing<'a, W>,
    /// What has not been written yet.
    buf: &'b [u8],
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for WriteAll<'_, '_, W> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while !this.buf.is_empty() {
            match ready!(this.writing.poll(cx, |mut writer, cx| {
                again(|| writer.as_mut().poll_write(cx, this.buf))
            }))? {
                0 => return Poll::Ready(Err(takes_no_more())),
                written => this.buf = &this.buf[written..],
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The future of [`AsyncWriteExt::write_all_buf`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteAllBuf<'a, 'b, W: AsyncWrite + Unpin + ?Sized, B> {
    writing: Writing<'a, W>,
    buf: &'b mut B,
}

impl<W: AsyncWrite + Unpin + ?Sized, B: Buf> Future for WriteAllBuf<'_, '_, W, B> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.buf.has_remaining() {
            match ready!(this.writing.poll(cx, |mut writer, cx| {
                again(|| poll_write_buf(writer.as_mut(), cx, this.buf))
            }))? {
                0 => return Poll::Ready(Err(takes_no_more())),
                _written => {}
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The future of [`AsyncWriteExt::flush`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Flush<'a, W: AsyncWrite + Unpin + ?Sized> {
    writing: Writing<'a, W>,
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for Flush<'_, W> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writing.poll(cx, |writer, cx| writer.poll_flush(cx))
    }
}

/// The future of [`AsyncWriteExt::shutdown`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Shutdown<'a, W: AsyncWrite + Unpin + ?Sized> {
    writing: Writing<'a, W>,
}

impl<W: AsyncWrite + Unpin + ?Sized> Future for Shutdown<'_, W> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writing.poll(cx, |writer, cx| writer.poll_shutdown(cx))
    }
}

fn poll_write_buf<W: AsyncWrite + ?Sized>(
    writer: Pin<&mut W>,
    cx: &mut Context<'_>,
    buf: &mut impl Buf,
) -> Poll<io::Result<usize>> {
    if !buf.has_remaining() {
        return Poll::Ready(Ok(0));
    }
    let written = if writer.is_write_vectored() {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = buf.chunks_vectored(&mut slices);
        ready!(writer.poll_write_vectored(cx, &slices[..count]))?
    } else {
        ready!(writer.poll_write(cx, buf.chunk()))?
    };
    buf.advance(written);
    Poll::Ready(Ok(written))
}

fn takes_no_more() -> io::Error {
    io::Error::new(io::ErrorKind::WriteZero, "the stream takes no more bytes")
}
