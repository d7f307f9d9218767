//! `Take`: a stream that ends after so many bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::io::forward::forward_abandon_read;
use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncBufRead, AsyncRead};

pin_project! {
    /// A stream that ends after a number of bytes, from
    /// [`AsyncReadExt::take`](crate::io::AsyncReadExt::take).
    ///
    /// tokio: `io::Take`.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::{AsyncBufReadExt, AsyncReadExt};
    ///
    /// // No line of this stranger's will be longer than 16 bytes.
    /// let stream: &[u8] = &[b'a'; 1_000_000];
    /// let mut line = String::new();
    /// assert_eq!(stream.take(16).read_line(&mut line).await?, 16);
    /// assert!(!line.ends_with('\n'));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct Take<R> {
        #[pin]
        reader: R,
        limit: u64,
    }
}

impl<R> Take<R> {
    pub(crate) fn new(reader: R, limit: u64) -> Self {
        Take { reader, limit }
    }

    /// How many bytes may still be read.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// From now on so many bytes may be read.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The stream itself.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The stream itself. What is read from it directly is not counted.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The stream itself. What is read from it directly is not counted.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// The stream itself.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

/// What the limit allows of `length`.
fn allowed(limit: u64, length: usize) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX).min(length)
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.project();
        if *this.limit == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut part = buf.take(allowed(*this.limit, usize::MAX));
        ready!(this.reader.poll_read(cx, &mut part))?;
        let count = part.filled().len();
        buf.assume_init(count);
        buf.advance(count);
        *this.limit -= count as u64;
        Poll::Ready(Ok(()))
    }

    forward_abandon_read!(this => this.project().reader);
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if *this.limit == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let available = ready!(this.reader.poll_fill_buf(cx))?;
        Poll::Ready(Ok(&available[..allowed(*this.limit, available.len())]))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.project();
        let amount = allowed(*this.limit, amount);
        *this.limit -= amount as u64;
        this.reader.consume(amount);
    }
}
