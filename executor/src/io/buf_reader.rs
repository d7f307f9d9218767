//! `BufReader`: asks the stream for much at once, so that little can be taken at a time.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncWrite};

/// How much is asked for at once, unless [`BufReader::with_capacity`] says otherwise.
///
/// Twice as much would halve the system calls of those who send much, and double what each
/// connection costs.
const CAPACITY: usize = 8192;

pin_project! {
    /// Gives a reader a buffer. Writing goes straight through.
    ///
    /// What is in the buffer when it is dropped or taken apart is lost.
    ///
    /// tokio: `io::BufReader`. asyncio: `StreamReader` always has one.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::{AsyncBufReadExt, BufReader};
    ///
    /// let stream: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    /// let mut lines = BufReader::new(stream).lines();
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("GET / HTTP/1.1"));
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("Host: localhost"));
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub struct BufReader<R> {
        #[pin]
        inner: R,
        // What is between `taken` and `filled` has been read and not been taken.
        buf: Box<[u8]>,
        taken: usize,
        filled: usize,
    }
}

impl<R: AsyncRead> BufReader<R> {
    /// A buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        BufReader::with_capacity(CAPACITY, inner)
    }

    /// A buffer of `capacity` bytes.
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        BufReader {
            inner,
            buf: vec![0; capacity].into(),
            taken: 0,
            filled: 0,
        }
    }

    /// The reader itself. To read from it skips what is in the buffer.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader itself. To read from it skips what is in the buffer.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader itself. To read from it skips what is in the buffer.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// The reader itself. What is in the buffer is lost.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// What has been read and not been taken.
    pub fn buffer(&self) -> &[u8] {
        &self.buf[self.taken..self.filled]
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Somebody who asks for more than the buffer holds is better off without it.
        if self.buffer().is_empty() && buf.remaining() >= self.buf.len() {
            return self.project().inner.poll_read(cx, buf);
        }
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let count = available.len().min(buf.remaining());
        buf.put_slice(&available[..count]);
        self.consume(count);
        Poll::Ready(Ok(()))
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.project().inner.abandon_read();
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        if *this.taken == *this.filled {
            let mut buf = ReadBuf::new(this.buf);
            ready!(this.inner.poll_read(cx, &mut buf))?;
            *this.filled = buf.filled().len();
            *this.taken = 0;
        }
        Poll::Ready(Ok(&this.buf[*this.taken..*this.filled]))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let this = self.project();
        *this.taken = this.taken.saturating_add(amount).min(*this.filled);
    }
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().inner.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().inner.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.project().inner.abandon_write();
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field(
                "buffer",
                &format_args!("{}/{}", self.filled - self.taken, self.buf.len()),
            )
            .finish()
    }
}
