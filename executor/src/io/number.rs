//! Numbers on their way through a stream: the `read_…` and `write_…` methods of one number each.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::again::again;
use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::io::waiting::{Reading, Writing};

/// The methods of `AsyncReadExt` that read a number.
macro_rules! read_numbers {
    ($($name:ident $number:ident $decode:ident $order:literal;)*) => {$(
        #[doc = concat!("Reads a `", stringify!($number), "`", $order, ".")]
        ///
        /// tokio: the same. asyncio: `StreamReader.readexactly`, then `int.from_bytes` or
        /// `struct.unpack`.
        ///
        /// # Errors
        ///
        /// What the stream answers; `UnexpectedEof` if it ended before.
        ///
        /// # Cancel safety
        ///
        /// **Loses data**: what was read of the number. A number of one byte is read or not.
        #[track_caller]
        fn $name(&mut self) -> ReadNumber<'_, Self, $number, { size_of::<$number>() }>
        where
            Self: Unpin,
        {
            ReadNumber::new(self, $number::$decode)
        }
    )*};
}

/// The methods of `AsyncWriteExt` that write a number.
macro_rules! write_numbers {
    ($($name:ident $number:ident $encode:ident $order:literal;)*) => {$(
        #[doc = concat!("Writes a `", stringify!($number), "`", $order, ".")]
        ///
        /// tokio: the same. asyncio: `StreamWriter.write` of `int.to_bytes` or `struct.pack`.
        ///
        /// # Errors
        ///
        /// What the stream answers; `WriteZero` if it takes no more.
        ///
        /// # Cancel safety
        ///
        /// **Loses data**: nobody knows how much of the number was written. A number of one byte
        /// is written or not.
        #[track_caller]
        fn $name(&mut self, n: $number) -> WriteNumber<'_, Self, { size_of::<$number>() }>
        where
            Self: Unpin,
        {
            WriteNumber::new(self, n.$encode())
        }
    )*};
}

pub(crate) use {read_numbers, write_numbers};

/// The future of [`AsyncReadExt::read_u32`](crate::io::AsyncReadExt::read_u32) and its like.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadNumber<'a, R: AsyncRead + Unpin + ?Sized, T, const N: usize> {
    reading: Reading<'a, R>,
    bytes: [u8; N],
    read: usize,
    decode: fn([u8; N]) -> T,
}

impl<'a, R: AsyncRead + Unpin + ?Sized, T, const N: usize> ReadNumber<'a, R, T, N> {
    #[track_caller]
    pub(crate) fn new(reader: &'a mut R, decode: fn([u8; N]) -> T) -> Self {
        ReadNumber {
            reading: Reading::new(reader),
            bytes: [0; N],
            read: 0,
            decode,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized, T, const N: usize> Future for ReadNumber<'_, R, T, N> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let this = self.get_mut();
        while this.read < N {
            let mut rest = ReadBuf::new(&mut this.bytes[this.read..]);
            ready!(this.reading.poll(cx, |mut reader, cx| {
                again(|| reader.as_mut().poll_read(cx, &mut rest))
            }))?;
            match rest.filled().len() {
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                count => this.read += count,
            }
        }
        Poll::Ready(Ok((this.decode)(this.bytes)))
    }
}

/// The future of [`AsyncWriteExt::write_u32`](crate::io::AsyncWriteExt::write_u32) and its like.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WriteNumber<'a, W: AsyncWrite + Unpin + ?Sized, const N: usize> {
    writing: Writing<'a, W>,
    bytes: [u8; N],
    written: usize,
}

impl<'a, W: AsyncWrite + Unpin + ?Sized, const N: usize> WriteNumber<'a, W, N> {
    #[track_caller]
    pub(crate) fn new(writer: &'a mut W, bytes: [u8; N]) -> Self {
        WriteNumber {
            writing: Writing::new(writer),
            bytes,
            written: 0,
        }
    }
}

impl<W: AsyncWrite + Unpin + ?Sized, const N: usize> Future for WriteNumber<'_, W, N> {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.written < N {
            let rest = &this.bytes[this.written..];
            match ready!(this.writing.poll(cx, |mut writer, cx| {
                again(|| writer.as_mut().poll_write(cx, rest))
            }))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => this.written += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}
