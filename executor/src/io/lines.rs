//! `Lines`: a stream of bytes, line by line.

use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::io::traits::AsyncBufRead;
use crate::io::until::poll_until;
use crate::io::waiting::Reading;

pin_project! {
    /// The lines of a stream, from [`AsyncBufReadExt::lines`](crate::io::AsyncBufReadExt::lines).
    ///
    /// tokio: `io::Lines`. asyncio: `async for line in reader`.
    #[derive(Debug)]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        // The beginning of the line that is being read.
        line: Vec<u8>,
    }
}

impl<R: AsyncBufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Lines {
            reader,
            line: Vec::new(),
        }
    }

    /// The next line, without the `\n` or `\r\n` at its end; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// What the stream answers; `InvalidData` if the line was not UTF-8. The line is skipped
    /// then, and the next call reads on.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the beginning of a line is kept for the next call.
    #[track_caller]
    pub fn next_line(&mut self) -> NextLine<'_, R>
    where
        R: Unpin,
    {
        NextLine {
            reading: Reading::new(&mut self.reader),
            line: &mut self.line,
        }
    }

    /// The same, for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`next_line`](Lines::next_line).
    pub fn poll_next_line(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<String>>> {
        let this = self.project();
        ready!(poll_until(this.reader, cx, b'\n', this.line))?;
        Poll::Ready(finish(this.line))
    }

    /// The reader itself.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader itself. To read from it takes bytes out of the lines.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader itself. The beginning of a line that was being read is lost.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

/// The future of [`Lines::next_line`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct NextLine<'a, R: AsyncBufRead + Unpin> {
    reading: Reading<'a, R>,
    line: &'a mut Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Future for NextLine<'_, R> {
    type Output = io::Result<Option<String>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        ready!(
            this.reading
                .poll(cx, |reader, cx| poll_until(reader, cx, b'\n', this.line))
        )?;
        Poll::Ready(finish(this.line))
    }
}

/// A line has been read, or the end was found before one.
fn finish(line: &mut Vec<u8>) -> io::Result<Option<String>> {
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    let line = String::from_utf8(mem::take(line));
    line.map(Some)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
