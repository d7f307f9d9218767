//! `BufStream`: a buffer for reading and one for writing.

use std::pin::Pin;

use pin_project_lite::pin_project;

use crate::io::buf_reader::BufReader;
use crate::io::buf_writer::BufWriter;
use crate::io::forward::{forward_buf_read, forward_read, forward_seek, forward_write};
use crate::io::traits::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};

pin_project! {
    /// Gives a stream one buffer for reading and one for writing: a [`BufReader`] around a
    /// [`BufWriter`].
    ///
    /// What is in them when it is dropped or taken apart is lost.
    ///
    /// tokio: `io::BufStream`. asyncio: what `open_connection` gives always has both.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::{AsyncBufReadExt, AsyncWriteExt, BufStream, duplex};
    ///
    /// let (here, there) = duplex(64);
    /// let (mut here, mut there) = (BufStream::new(here), BufStream::new(there));
    /// here.write_all(b"tick\n").await?;
    /// here.flush().await?;
    ///
    /// let mut line = String::new();
    /// there.read_line(&mut line).await?;
    /// assert_eq!(line, "tick\n");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct BufStream<RW> {
        #[pin]
        inner: BufReader<BufWriter<RW>>,
    }
}

impl<RW: AsyncRead + AsyncWrite> BufStream<RW> {
    /// Two buffers of 8 KiB.
    pub fn new(stream: RW) -> Self {
        BufReader::new(BufWriter::new(stream)).into()
    }

    /// Two buffers of so many bytes.
    ///
    /// # Panics
    ///
    /// If the one for reading has none: nothing could be read through it.
    #[track_caller]
    pub fn with_capacity(reader_capacity: usize, writer_capacity: usize, stream: RW) -> Self {
        let writer = BufWriter::with_capacity(writer_capacity, stream);
        BufReader::with_capacity(reader_capacity, writer).into()
    }

    /// The stream itself.
    pub fn get_ref(&self) -> &RW {
        self.inner.get_ref().get_ref()
    }

    /// The stream itself. To use it goes past what is in the buffers.
    pub fn get_mut(&mut self) -> &mut RW {
        self.inner.get_mut().get_mut()
    }

    /// The stream itself. To use it goes past what is in the buffers.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut RW> {
        self.project().inner.get_pin_mut().get_pin_mut()
    }

    /// The stream itself. What is in the buffers is lost.
    pub fn into_inner(self) -> RW {
        self.inner.into_inner().into_inner()
    }
}

impl<RW> From<BufReader<BufWriter<RW>>> for BufStream<RW> {
    fn from(inner: BufReader<BufWriter<RW>>) -> Self {
        BufStream { inner }
    }
}

impl<RW> From<BufWriter<BufReader<RW>>> for BufStream<RW> {
    fn from(outer: BufWriter<BufReader<RW>>) -> Self {
        let BufWriter { inner, behind } = outer;
        let BufReader { inner, ahead } = inner;
        let inner = BufWriter { inner, behind };
        BufReader { inner, ahead }.into()
    }
}

impl<RW: AsyncRead + AsyncWrite> AsyncRead for BufStream<RW> {
    forward_read!(this => this.project().inner);
}

impl<RW: AsyncRead + AsyncWrite> AsyncBufRead for BufStream<RW> {
    forward_buf_read!(this => this.project().inner);
}

impl<RW: AsyncRead + AsyncWrite> AsyncWrite for BufStream<RW> {
    forward_write!(this => this.project().inner, this.inner);
}

impl<RW: AsyncRead + AsyncWrite + AsyncSeek> AsyncSeek for BufStream<RW> {
    forward_seek!(this => this.project().inner);
}
