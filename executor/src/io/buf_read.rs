//! `AsyncBufReadExt`: the reading methods that need to look ahead.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::fill_buf::FillBuf;
use crate::io::lines::Lines;
use crate::io::segments::Split;
use crate::io::traits::AsyncBufRead;
use crate::io::until::{Draft, poll_until};
use crate::io::waiting::Reading;

/// Reading from whatever is [`AsyncBufRead`]: a [`BufReader`](crate::io::BufReader), bytes in
/// memory.
///
/// tokio: `io::AsyncBufReadExt`. asyncio: `StreamReader.readline`, `readuntil`.
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Reads up to and with `delimiter`, or to the end of the stream, appends it to `buf`, and
    /// says how many bytes it appended. Zero is the end of the stream.
    ///
    /// There is no limit to what is read: against a stranger who never sends the delimiter,
    /// [`take`](crate::io::AsyncReadExt::take) as much as he may send.
    ///
    /// tokio: the same. asyncio: `StreamReader.readuntil`, which has a limit.
    ///
    /// # Errors
    ///
    /// What the stream answers. What was read before is in `buf`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: what was read is in `buf`, and the next call appends to it.
    #[track_caller]
    fn read_until<'a, 'b>(
        &'a mut self,
        delimiter: u8,
        buf: &'b mut Vec<u8>,
    ) -> ReadUntil<'a, 'b, Self>
    where
        Self: Unpin,
    {
        ReadUntil {
            reading: Reading::new(self),
            delimiter,
            before: buf.len(),
            buf,
        }
    }

    /// Reads a line with its `\n`, or to the end of the stream, appends it to `line`, and says how
    /// many bytes it appended. Zero is the end of the stream.
    ///
    /// There is no limit to the length of a line, as with
    /// [`read_until`](AsyncBufReadExt::read_until).
    ///
    /// tokio: the same. asyncio: `StreamReader.readline`, which has a limit.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::AsyncBufReadExt;
    ///
    /// let mut stream: &[u8] = b"tick\ntock";
    /// let mut line = String::new();
    /// assert_eq!(stream.read_line(&mut line).await?, 5);
    /// assert_eq!(line, "tick\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// What the stream answers: what was read before it is in `line`, if it is UTF-8.
    /// `InvalidData` if the line was not UTF-8: `line` is as before then.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the beginning of the line. [`lines`](AsyncBufReadExt::lines) keeps it.
    #[track_caller]
    fn read_line<'a, 'b>(&'a mut self, line: &'b mut String) -> ReadLine<'a, 'b, Self>
    where
        Self: Unpin,
    {
        ReadLine {
            reading: Reading::new(self),
            line: Draft::new(line),
        }
    }

    /// What is in the buffer, after a read if it was empty. Empty is the end of the stream.
    ///
    /// The bytes stay in the buffer: [`consume`](AsyncBufReadExt::consume) takes them out.
    ///
    /// tokio: the same.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::AsyncBufReadExt;
    ///
    /// let mut stream: &[u8] = b"   tick";
    /// let available = stream.fill_buf().await?;
    /// let blanks = available.iter().take_while(|byte| **byte == b' ').count();
    /// stream.consume(blanks);
    /// assert_eq!(stream, b"tick");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// What the stream answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: nothing is taken.
    #[track_caller]
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf::new(self)
    }

    /// Takes the first `amt` bytes out of the buffer. More than
    /// [`fill_buf`](AsyncBufReadExt::fill_buf) gave may panic.
    ///
    /// tokio: the same.
    fn consume(&mut self, amt: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amt);
    }

    /// The stream in pieces, which end where `delimiter` is.
    ///
    /// tokio: the same.
    fn split(self, delimiter: u8) -> Split<Self>
    where
        Self: Sized,
    {
        Split::new(self, delimiter)
    }

    /// The stream, line by line.
    ///
    /// tokio: the same. asyncio: `async for line in reader`.
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}

/// The future of [`AsyncBufReadExt::read_until`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadUntil<'a, 'b, R: AsyncBufRead + Unpin + ?Sized> {
    reading: Reading<'a, R>,
    delimiter: u8,
    buf: &'b mut Vec<u8>,
    before: usize,
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadUntil<'_, '_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let (delimiter, buf) = (this.delimiter, &mut *this.buf);
        ready!(
            this.reading
                .poll(cx, |reader, cx| poll_until(reader, cx, delimiter, buf))
        )?;
        Poll::Ready(Ok(this.buf.len() - this.before))
    }
}

/// The future of [`AsyncBufReadExt::read_line`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ReadLine<'a, 'b, R: AsyncBufRead + Unpin + ?Sized> {
    reading: Reading<'a, R>,
    line: Draft<'b>,
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadLine<'_, '_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let bytes = &mut this.line.bytes;
        let read = ready!(
            this.reading
                .poll(cx, |reader, cx| poll_until(reader, cx, b'\n', bytes))
        );
        let appended = this.line.finish();
        Poll::Ready(read.and(appended))
    }
}
