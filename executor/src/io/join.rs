//! `join`: a stream made of a reader and a writer.

use std::pin::Pin;

use pin_project_lite::pin_project;

use crate::io::forward::{forward_buf_read, forward_read, forward_write};
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncWrite};

/// One stream that reads from one and writes to another: the counterpart of
/// [`split`](crate::io::split).
///
/// tokio: `io::join`. asyncio: any pair of a reader and a writer.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt, join};
///
/// let mut stream = join(&b"tick"[..], Vec::new());
/// let mut heard = String::new();
/// stream.read_to_string(&mut heard).await?;
/// stream.write_all(b"tock").await?;
/// assert_eq!((heard.as_str(), &stream.writer()[..]), ("tick", &b"tock"[..]));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn join<R: AsyncRead, W: AsyncWrite>(reader: R, writer: W) -> Join<R, W> {
    Join { reader, writer }
}

pin_project! {
    /// A stream made of two, from [`join`].
    ///
    /// tokio: `io::Join`.
    #[derive(Debug)]
    pub struct Join<R, W> {
        #[pin]
        reader: R,
        #[pin]
        writer: W,
    }
}

impl<R: AsyncRead, W: AsyncWrite> Join<R, W> {
    /// Both.
    pub fn into_inner(self) -> (R, W) {
        (self.reader, self.writer)
    }

    /// What is read from.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// What is written to.
    pub fn writer(&self) -> &W {
        &self.writer
    }

    /// What is read from.
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// What is written to.
    pub fn writer_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// What is read from.
    pub fn reader_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// What is written to.
    pub fn writer_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().writer
    }
}

impl<R: AsyncRead, W> AsyncRead for Join<R, W> {
    forward_read!(this => this.project().reader);
}

impl<R: AsyncBufRead, W> AsyncBufRead for Join<R, W> {
    forward_buf_read!(this => this.project().reader);
}

impl<R, W: AsyncWrite> AsyncWrite for Join<R, W> {
    forward_write!(this => this.project().writer, this.writer);
}
