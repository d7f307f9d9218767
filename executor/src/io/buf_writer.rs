//! `BufWriter`: collects what is written bit by bit, and passes it on in one piece.

use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::io::again::again;
use crate::io::buf_reader::CAPACITY;
use crate::io::forward::{forward_buf_read, forward_read};
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

pin_project! {
    /// Gives a writer a buffer. Reading goes straight through.
    ///
    /// What is in the buffer when it is dropped or taken apart is lost, for a destructor cannot
    /// wait: [`flush`](crate::io::AsyncWriteExt::flush) or
    /// [`shutdown`](crate::io::AsyncWriteExt::shutdown) it before.
    ///
    /// tokio: `io::BufWriter`. asyncio: `StreamWriter` always has one, and `drain` for it.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::{AsyncWriteExt, BufWriter};
    ///
    /// let mut page = BufWriter::new(Vec::new());
    /// page.write_all(b"tick ").await?;
    /// page.write_all(b"tock").await?;
    /// assert_eq!(page.get_ref(), b"");
    /// page.flush().await?;
    /// assert_eq!(page.get_ref(), b"tick tock");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    pub struct BufWriter<W> {
        #[pin]
        pub(crate) inner: W,
        pub(crate) behind: Behind,
    }
}

/// What is to be written yet.
pub(crate) struct Behind {
    /// Never longer than its capacity, which never changes.
    bytes: Vec<u8>,
    /// So many of them, from the front, have been passed on: only while a flush is underway.
    passed: usize,
    seek: Seek,
}

/// How far a seek is.
#[derive(Clone, Copy, Debug)]
enum Seek {
    No,
    /// It was asked for, and the stream does not know yet.
    Asked(SeekFrom),
    /// The stream is on its way.
    Underway,
}

impl<W: AsyncWrite> BufWriter<W> {
    /// A buffer of 8 KiB.
    pub fn new(inner: W) -> Self {
        BufWriter::with_capacity(CAPACITY, inner)
    }

    /// A buffer of `capacity` bytes.
    pub fn with_capacity(capacity: usize, inner: W) -> Self {
        let behind = Behind {
            bytes: Vec::with_capacity(capacity),
            passed: 0,
            seek: Seek::No,
        };
        BufWriter { inner, behind }
    }

    /// The writer itself.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer itself. What is written to it overtakes what is in the buffer.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer itself. What is written to it overtakes what is in the buffer.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// The writer itself. What is in the buffer is lost.
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What has been written here, and not been passed on.
    pub fn buffer(&self) -> &[u8] {
        &self.behind.bytes[self.behind.passed..]
    }

    /// Passes on what is in the buffer.
    fn poll_empty(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let (mut inner, behind) = (this.inner, this.behind);
        let mut result = Ok(());
        while behind.passed < behind.bytes.len() {
            let rest = &behind.bytes[behind.passed..];
            match ready!(again(|| inner.as_mut().poll_write(cx, rest))) {
                Ok(0) => {
                    let refused = "the stream takes no more of what is in the buffer";
                    result = Err(io::Error::new(io::ErrorKind::WriteZero, refused));
                    break;
                }
                Ok(count) => behind.passed += count,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        behind.bytes.drain(..behind.passed);
        behind.passed = 0;
        Poll::Ready(result)
    }

    /// Passes on what is in the buffer if so many bytes have no room beside it.
    fn poll_room(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        length: usize,
    ) -> Poll<io::Result<()>> {
        match length <= self.behind.room() {
            true => Poll::Ready(Ok(())),
            false => self.poll_empty(cx),
        }
    }
}

impl Behind {
    fn room(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// Whether the buffer is of no use for so many bytes.
    fn is_too_small_for(&self, length: usize) -> bool {
        length >= self.bytes.capacity()
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.as_mut().poll_room(cx, buf.len()))?;
        let this = self.project();
        if this.behind.is_too_small_for(buf.len()) {
            return this.inner.poll_write(cx, buf);
        }
        this.behind.bytes.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_empty(cx))?;
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_empty(cx))?;
        self.get_pin_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.inner.is_write_vectored() {
            return self.poll_write_each(cx, bufs);
        }
        let lengths = bufs.iter().map(|buf| buf.len());
        let length = lengths.fold(0, usize::saturating_add);
        ready!(self.as_mut().poll_room(cx, length))?;
        let this = self.project();
        if this.behind.is_too_small_for(length) {
            return this.inner.poll_write_vectored(cx, bufs);
        }
        for buf in bufs {
            this.behind.bytes.extend_from_slice(buf);
        }
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.project().inner.abandon_write();
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// Writes the first buffer, and as many of the others as have room beside it.
    fn poll_write_each(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut bufs = bufs.iter().filter(|buf| !buf.is_empty());
        let Some(first) = bufs.next() else {
            return Poll::Ready(Ok(0));
        };
        let mut count = ready!(self.as_mut().poll_write(cx, first))?;
        let behind = self.project().behind;
        if !behind.is_too_small_for(first.len()) {
            for buf in bufs {
                if buf.len() > behind.room() {
                    break;
                }
                behind.bytes.extend_from_slice(buf);
                count += buf.len();
            }
        }
        Poll::Ready(Ok(count))
    }
}

impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    forward_read!(this => this.project().inner);
}

impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    forward_buf_read!(this => this.project().inner);
}

/// What is in the buffer is passed on before the stream goes to another place.
impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.project().behind.seek = Seek::Asked(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let polled = self.as_mut().poll_seek(cx);
        if polled.is_ready() {
            // A seek that fails is over, too.
            self.project().behind.seek = Seek::No;
        }
        polled
    }
}

impl<W: AsyncWrite + AsyncSeek> BufWriter<W> {
    fn poll_seek(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let Seek::Asked(position) = self.behind.seek {
            ready!(self.as_mut().poll_empty(cx))?;
            let mut this = self.as_mut().project();
            // Another seek may have been given up.
            ready!(this.inner.as_mut().poll_complete(cx))?;
            this.inner.start_seek(position)?;
            this.behind.seek = Seek::Underway;
        }
        self.project().inner.poll_complete(cx)
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field("buffer", &self.behind)
            .finish()
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.bytes.len() - self.passed;
        write!(f, "{waiting}/{}", self.bytes.capacity())
    }
}
