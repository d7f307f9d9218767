//! Streams without anybody at the other end: `Empty`, `Repeat` and `Sink`.
//!
//! They are always ready, and never run out; so each operation is paid for, or a task that
//! copies from one into the other would hold the loop for ever.

use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
use crate::leaf;

/// A stream that has ended, and takes whatever is written.
///
/// tokio: `io::empty`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{self, AsyncReadExt};
///
/// let mut nothing = Vec::new();
/// assert_eq!(io::empty().read_to_end(&mut nothing).await?, 0);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn empty() -> Empty {
    Empty { _private: () }
}

/// A stream of one byte, over and over.
///
/// tokio: `io::repeat`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{self, AsyncReadExt};
///
/// let mut bytes = [0; 3];
/// io::repeat(7).read_exact(&mut bytes).await?;
/// assert_eq!(bytes, [7, 7, 7]);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn repeat(byte: u8) -> Repeat {
    Repeat { byte }
}

/// A stream that takes whatever is written.
///
/// tokio: `io::sink`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{self, AsyncReadExt};
///
/// let mut page: &[u8] = b"tick tock";
/// assert_eq!(io::copy(&mut page, &mut io::sink()).await?, 9);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn sink() -> Sink {
    Sink { _private: () }
}

/// From [`empty`].
pub struct Empty {
    _private: (),
}

/// From [`repeat`].
#[derive(Debug)]
pub struct Repeat {
    byte: u8,
}

/// From [`sink`].
pub struct Sink {
    _private: (),
}

/// One operation, done at once.
fn done<T>(cx: &mut Context<'_>, result: T) -> Poll<io::Result<T>> {
    ready!(leaf::proceed(cx));
    leaf::spend();
    Poll::Ready(Ok(result))
}

impl AsyncRead for Empty {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        done(cx, ())
    }
}

impl AsyncBufRead for Empty {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        done(cx, &[])
    }

    fn consume(self: Pin<&mut Self>, _amount: usize) {}
}

impl AsyncSeek for Empty {
    fn start_seek(self: Pin<&mut Self>, _position: SeekFrom) -> io::Result<()> {
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        done(cx, 0)
    }
}

impl AsyncRead for Repeat {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(done(cx, ()))?;
        buf.initialize_unfilled().fill(self.byte);
        buf.advance(buf.remaining());
        Poll::Ready(Ok(()))
    }
}

macro_rules! take_everything {
    ($($stream:ty),*) => {$(
        impl AsyncWrite for $stream {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                done(cx, buf.len())
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                done(cx, ())
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                done(cx, ())
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                done(cx, bufs.iter().map(|buf| buf.len()).sum())
            }

            fn is_write_vectored(&self) -> bool {
                true
            }
        }
    )*};
}

take_everything!(Empty, Sink);

impl fmt::Debug for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Empty { .. }")
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Sink { .. }")
    }
}
