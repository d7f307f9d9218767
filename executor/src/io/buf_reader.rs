//! `BufReader`: asks the stream for much at once, so that little can be taken at a time.

use std::fmt;
use std::io::{self, SeekFrom};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::io::forward::{forward_abandon_read, forward_write};
use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

/// How much is asked for at once, unless [`BufReader::with_capacity`] says otherwise; a
/// `BufWriter` keeps as much, and `copy` carries it.
///
/// Twice as much would halve the system calls of those who send much, and double what each
/// connection costs.
pub(crate) const CAPACITY: usize = 8192;

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
        pub(crate) inner: R,
        pub(crate) ahead: Ahead,
    }
}

/// What has been read ahead.
pub(crate) struct Ahead {
    // What is between `taken` and `filled` has been read and not been taken.
    bytes: Box<[u8]>,
    taken: usize,
    filled: usize,
    seek: Seek,
}

/// How far a seek is.
#[derive(Clone, Copy, Debug)]
enum Seek {
    No,
    /// It was asked for, and the stream does not know yet.
    Asked(SeekFrom),
    /// The stream goes back to where its reader believes it is, and will go on from there.
    Back {
        then: i64,
    },
    /// The stream is on its way.
    Underway,
}

impl<R: AsyncRead> BufReader<R> {
    /// A buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        BufReader::with_capacity(CAPACITY, inner)
    }

    /// A buffer of `capacity` bytes.
    ///
    /// # Panics
    ///
    /// If that is zero: nothing could be read through it.
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(
            capacity > 0,
            "a `BufReader` without room reads nothing: its capacity must be at least 1"
        );
        let ahead = Ahead {
            bytes: vec![0; capacity].into(),
            taken: 0,
            filled: 0,
            seek: Seek::No,
        };
        BufReader { inner, ahead }
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
        self.ahead.buffer()
    }
}

impl Ahead {
    fn buffer(&self) -> &[u8] {
        &self.bytes[self.taken..self.filled]
    }

    fn discard(&mut self) {
        self.taken = 0;
        self.filled = 0;
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Somebody who asks for more than the buffer holds is better off without it.
        if self.buffer().is_empty() && buf.remaining() >= self.ahead.bytes.len() {
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

    forward_abandon_read!(this => this.project().inner);
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.project();
        let ahead = this.ahead;
        if ahead.taken == ahead.filled {
            let mut buf = ReadBuf::new(&mut ahead.bytes);
            ready!(this.inner.poll_read(cx, &mut buf))?;
            ahead.filled = buf.filled().len();
            ahead.taken = 0;
        }
        Poll::Ready(Ok(ahead.buffer()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        let ahead = self.project().ahead;
        ahead.taken = ahead.taken.saturating_add(amount).min(ahead.filled);
    }
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
    forward_write!(this => this.project().inner, this.inner);
}

/// The buffer is empty after a seek, also if the place is within what was read ahead.
impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.project().ahead.seek = Seek::Asked(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.project();
        let (mut inner, ahead) = (this.inner, this.ahead);
        loop {
            // A seek that fails is over.
            let seek = mem::replace(&mut ahead.seek, Seek::No);
            ahead.seek = match seek {
                Seek::No => return inner.poll_complete(cx),
                Seek::Asked(SeekFrom::Current(offset)) => {
                    // The stream is so much farther than its reader believes. (A buffer is never
                    // longer than an `i64` can say.)
                    let lead = ahead.buffer().len() as i64;
                    let (offset, next) = match offset.checked_sub(lead) {
                        Some(offset) => (offset, Seek::Underway),
                        None => (-lead, Seek::Back { then: offset }),
                    };
                    inner.as_mut().start_seek(SeekFrom::Current(offset))?;
                    next
                }
                Seek::Asked(position) => {
                    inner.as_mut().start_seek(position)?;
                    Seek::Underway
                }
                Seek::Back { .. } | Seek::Underway => {
                    let Poll::Ready(position) = inner.as_mut().poll_complete(cx)? else {
                        ahead.seek = seek;
                        return Poll::Pending;
                    };
                    ahead.discard();
                    let Seek::Back { then } = seek else {
                        return Poll::Ready(Ok(position));
                    };
                    inner.as_mut().start_seek(SeekFrom::Current(then))?;
                    Seek::Underway
                }
            };
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field("buffer", &self.ahead)
            .finish()
    }
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.buffer().len(), self.bytes.len())
    }
}
