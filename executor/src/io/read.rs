//! `AsyncReadExt`: the reading methods one calls.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;

use crate::io::again::again;
use crate::io::chain::Chain;
use crate::io::number::{ReadNumber, read_numbers};
use crate::io::read_buf::ReadBuf;
use crate::io::scratch;
use crate::io::take::Take;
use crate::io::traits::AsyncRead;
use crate::io::until::Draft;
use crate::io::waiting::Reading;

/// Reading from whatever is [`AsyncRead`].
///
/// tokio: `io::AsyncReadExt`. asyncio: `StreamReader`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::AsyncReadExt;
///
/// let mut stream: &[u8] = b"tick tock";
/// let mut word = [0; 4];
/// stream.read_exact(&mut word).await?;
/// assert_eq!(&word, b"tick");
///
/// let mut rest = String::new();
/// stream.read_to_string(&mut rest).await?;
/// assert_eq!(rest, " tock");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait AsyncReadExt: AsyncRead {
    /// Reads what there is, at least one byte, into `buf`, and says how much. Zero is the end of
    /// the stream, unless `buf` is empty.
    ///
    /// tokio: the same. asyncio: `StreamReader.read(n)`.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was read then.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a read that was dropped has read nothing.
    #[track_caller]
    fn read<'a, 'b>(&'a mut self, buf: &'b mut [u8]) -> Read<'a, 'b, Self>
    where
        Self: Unpin,
    {
        Read {
            reading: Reading::new(self),
            buf,
        }
    }

    /// Reads what there is, at least one byte, and appends it to `buf`. Says how much; zero is
    /// the end of the stream, or that `buf` has no room.
    ///
    /// The bytes are read into a piece of stack and copied from there: without unsafe code,
    /// nobody reads straight into the room of a `BytesMut`.
    ///
    /// tokio: the same.
    ///
    /// # Errors
    ///
    /// What the stream answers; nothing was read then.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a read that was dropped has read nothing.
    #[track_caller]
    fn read_buf<'a, 'b, B: BufMut + ?Sized>(
        &'a mut self,
        buf: &'b mut B,
    ) -> ReadInto<'a, 'b, Self, B>
    where
        Self: Unpin,
    {
        ReadInto {
            reading: Reading::new(self),
            buf,
        }
    }

    /// Reads until `buf` is full, and says its length.
    ///
    /// tokio: the same. asyncio: `StreamReader.readexactly`.
    ///
    /// # Errors
    ///
    /// What the stream answers; `UnexpectedEof` if it ended before.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: nobody knows how many bytes are in `buf` already.
    #[track_caller]
    fn read_exact<'a, 'b>(&'a mut self, buf: &'b mut [u8]) -> ReadExact<'a, 'b, Self>
    where
        Self: Unpin,
    {
        ReadExact {
            reading: Reading::new(self),
            buf: ReadBuf::new(buf),
        }
    }

    /// Reads to the end of the stream, appends it to `buf`, and says how much that was.
    ///
    /// tokio: the same. asyncio: `StreamReader.read()`.
    ///
    /// # Errors
    ///
    /// What the stream answers. What was read before is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: what was read is in `buf`, and the next call appends to it.
    #[track_caller]
    fn read_to_end<'a, 'b>(&'a mut self, buf: &'b mut Vec<u8>) -> ReadToEnd<'a, 'b, Self>
    where
        Self: Unpin,
    {
        ReadToEnd {
            reading: Reading::new(self),
            before: buf.len(),
            buf,
        }
    }

    /// Reads to the end of the stream, appends it to `text`, and says how many bytes that was.
    ///
    /// tokio: the same.
    ///
    /// # Errors
    ///
    /// What the stream answers; `InvalidData` if it was not UTF-8. `text` is as before then.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: what was read so far. Use [`read_to_end`](AsyncReadExt::read_to_end),
    /// which keeps it.
    #[track_caller]
    fn read_to_string<'a, 'b>(&'a mut self, text: &'b mut String) -> ReadToString<'a, 'b, Self>
    where
        Self: Unpin,
    {
        ReadToString {
            reading: Reading::new(self),
            text: Draft::new(text),
        }
    }

    read_numbers! {
        read_u8 u8 from_be_bytes "";
        read_i8 i8 from_be_bytes "";
        read_u16 u16 from_be_bytes ", the big end first";
        read_i16 i16 from_be_bytes ", the big end first";
        read_u32 u32 from_be_bytes ", the big end first";
        read_i32 i32 from_be_bytes ", the big end first";
        read_u64 u64 from_be_bytes ", the big end first";
        read_i64 i64 from_be_bytes ", the big end first";
        read_u128 u128 from_be_bytes ", the big end first";
        read_i128 i128 from_be_bytes ", the big end first";
        read_f32 f32 from_be_bytes ", the big end first";
        read_f64 f64 from_be_bytes ", the big end first";
        read_u16_le u16 from_le_bytes ", the little end first";
        read_i16_le i16 from_le_bytes ", the little end first";
        read_u32_le u32 from_le_bytes ", the little end first";
        read_i32_le i32 from_le_bytes ", the little end first";
        read_u64_le u64 from_le_bytes ", the little end first";
        read_i64_le i64 from_le_bytes ", the little end first";
        read_u128_le u128 from_le_bytes ", the little end first";
        read_i128_le i128 from_le_bytes ", the little end first";
        read_f32_le f32 from_le_bytes ", the little end first";
        read_f64_le f64 from_le_bytes ", the little end first";
    }

    /// This stream, and `next` behind its end.
    ///
    /// tokio: the same.
    fn chain<R: AsyncRead>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
    {
        Chain::new(self, next)
    }

    /// The same stream, ended after `limit` bytes.
    ///
    /// tokio: the same. asyncio has a limit in `StreamReader`.
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}

/// The future of [`AsyncReadExt::read`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Read<'a, 'b, R: AsyncRead + Unpin + ?Sized> {
    reading: Reading<'a, R>,
    buf: &'b mut [u8],
}

impl<R: AsyncRead + Unpin + ?Sized> Future for Read<'_, '_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut buf = ReadBuf::new(this.buf);
        ready!(
            this.reading
                .poll(cx, |reader, cx| reader.poll_read(cx, &mut buf))
        )?;
        Poll::Ready(Ok(buf.filled().len()))
    }
}

/// The future of [`AsyncReadExt::read_buf`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadInto<'a, 'b, R: AsyncRead + Unpin + ?Sized, B: ?Sized> {
    reading: Reading<'a, R>,
    buf: &'b mut B,
}

impl<R: AsyncRead + Unpin + ?Sized, B: BufMut + ?Sized> Future for ReadInto<'_, '_, R, B> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if !this.buf.has_remaining_mut() {
            return Poll::Ready(Ok(0));
        }
        let room = this.buf.chunk_mut().len();
        this.reading.poll(cx, |reader, cx| {
            scratch::poll_read(reader, cx, room, |bytes| this.buf.put_slice(bytes))
        })
    }
}

/// The future of [`AsyncReadExt::read_exact`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadExact<'a, 'b, R: AsyncRead + Unpin + ?Sized> {
    reading: Reading<'a, R>,
    buf: ReadBuf<'b>,
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadExact<'_, '_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        while this.buf.remaining() > 0 {
            let before = this.buf.filled().len();
            ready!(this.reading.poll(cx, |mut reader, cx| {
                again(|| reader.as_mut().poll_read(cx, &mut this.buf))
            }))?;
            if this.buf.filled().len() == before {
                let ended = "the stream ended before the buffer was full";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, ended)));
            }
        }
        Poll::Ready(Ok(this.buf.capacity()))
    }
}

/// The future of [`AsyncReadExt::read_to_end`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadToEnd<'a, 'b, R: AsyncRead + Unpin + ?Sized> {
    reading: Reading<'a, R>,
    buf: &'b mut Vec<u8>,
    before: usize,
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToEnd<'_, '_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(
            this.reading
                .poll(cx, |reader, cx| poll_to_end(reader, cx, this.buf))
        )?;
        Poll::Ready(Ok(this.buf.len() - this.before))
    }
}

/// The future of [`AsyncReadExt::read_to_string`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadToString<'a, 'b, R: AsyncRead + Unpin + ?Sized> {
    reading: Reading<'a, R>,
    text: Draft<'b>,
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToString<'_, '_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.reading.poll(cx, |reader, cx| poll_to_end(
            reader,
            cx,
            &mut this.text.bytes
        )))?;
        Poll::Ready(this.text.finish())
    }
}

fn poll_to_end<R: AsyncRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut Vec<u8>,
) -> Poll<io::Result<()>> {
    loop {
        let step = || scratch::poll_append(reader.as_mut(), cx, bytes);
        if ready!(again(step))? == 0 {
            return Poll::Ready(Ok(()));
        }
    }
}
