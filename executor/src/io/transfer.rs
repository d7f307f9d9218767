//! One direction of a copy: what is read from one stream is written to another.

use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::again::again;
use crate::io::pace::proceed;
use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::leaf;

/// A buffer between two streams, and how far the copy is.
#[derive(Debug)]
pub(crate) struct Transfer {
    // What is between `start` and `end` has been read and not been written.
    buf: Box<[u8]>,
    start: usize,
    end: usize,
    reader_has_ended: bool,
    must_flush: bool,
    written: u64,
    pub(crate) ends: Ends,
}

impl Transfer {
    pub(crate) fn new(capacity: usize, ends: Ends) -> Self {
        Transfer {
            buf: vec![0; capacity].into(),
            start: 0,
            end: 0,
            reader_has_ended: false,
            must_flush: false,
            written: 0,
            ends,
        }
    }

    /// Copies until the reader ends, flushes, and says how many bytes that were.
    pub(crate) fn poll<R: AsyncRead + ?Sized, W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>> {
        loop {
            // The streams may never wait, and may not count what they do.
            ready!(proceed(cx));
            let waits = self.can_read() && self.poll_read(cx, reader.as_mut())?.is_pending();
            if waits && self.start == self.end {
                // The answer that is waited for may be to what the writer still keeps.
                if self.must_flush {
                    ready!(self.poll_flush(cx, writer.as_mut()))?;
                }
                return Poll::Pending;
            }
            while self.start < self.end {
                if self.poll_write(cx, writer.as_mut())?.is_pending() {
                    // A larger piece is written with fewer calls.
                    if self.can_read() {
                        ready!(self.poll_read(cx, reader.as_mut()))?;
                    }
                    return Poll::Pending;
                }
            }
            self.start = 0;
            self.end = 0;
            leaf::spend();
            if self.reader_has_ended {
                ready!(self.poll_flush(cx, writer.as_mut()))?;
                return Poll::Ready(Ok(self.written));
            }
        }
    }

    fn can_read(&self) -> bool {
        self.end < self.buf.len() && !self.reader_has_ended
    }

    fn poll_read<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        let mut rest = ReadBuf::new(&mut self.buf[self.end..]);
        let polled = again(|| reader.as_mut().poll_read(cx, &mut rest));
        let count = rest.filled().len();
        ready!(self.ends.reading(polled))?;
        self.end += count;
        self.reader_has_ended = count == 0;
        Poll::Ready(Ok(()))
    }

    fn poll_write<W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        let piece = &self.buf[self.start..self.end];
        let polled = again(|| writer.as_mut().poll_write(cx, piece));
        match ready!(self.ends.writing(polled))? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => {
                self.start += count;
                self.written += count as u64;
                self.must_flush = true;
                Poll::Ready(Ok(()))
            }
        }
    }

    fn poll_flush<W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        ready!(self.ends.writing(writer.poll_flush(cx)))?;
        self.must_flush = false;
        Poll::Ready(Ok(()))
    }
}

/// Which ends of a copy are waited for, and where in the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    is_reading: bool,
    is_writing: bool,
    place: &'static Location<'static>,
}

impl Ends {
    #[track_caller]
    pub(crate) fn new() -> Self {
        Ends {
            is_reading: false,
            is_writing: false,
            place: Location::caller(),
        }
    }

    /// Notes whether the reader is waited for.
    pub(crate) fn reading<T>(&mut self, polled: Poll<T>) -> Poll<T> {
        self.is_reading = polled.is_pending();
        if self.is_reading {
            leaf::waiting_for("bytes to copy", self.place);
        }
        polled
    }

    /// Notes whether the writer is waited for.
    pub(crate) fn writing<T>(&mut self, polled: Poll<T>) -> Poll<T> {
        self.is_writing = polled.is_pending();
        if self.is_writing {
            leaf::waiting_for("room to copy into", self.place);
        }
        polled
    }

    pub(crate) fn waits_for_the_reader(&self) -> bool {
        self.is_reading
    }

    /// The copy is given up: the ends are told.
    pub(crate) fn abandon<R, W>(&self, reader: &mut R, writer: &mut W)
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        if self.is_reading {
            Pin::new(reader).abandon_read();
        }
        if self.is_writing {
            Pin::new(writer).abandon_write();
        }
    }
}
