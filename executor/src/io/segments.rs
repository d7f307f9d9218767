//! `Split`: a stream of bytes, piece by piece.

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
    /// The pieces of a stream between the places where a byte is, from
    /// [`AsyncBufReadExt::split`](crate::io::AsyncBufReadExt::split).
    ///
    /// tokio: `io::Split`. asyncio: `StreamReader.readuntil` in a loop.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::io::{AsyncBufReadExt, BufReader};
    ///
    /// let stream = BufReader::new(&b"tick,tock"[..]);
    /// let mut words = stream.split(b',');
    /// assert_eq!(words.next_segment().await?.as_deref(), Some(&b"tick"[..]));
    /// assert_eq!(words.next_segment().await?.as_deref(), Some(&b"tock"[..]));
    /// assert_eq!(words.next_segment().await?, None);
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    #[derive(Debug)]
    pub struct Split<R> {
        #[pin]
        reader: R,
        delimiter: u8,
        // The beginning of the piece that is being read.
        piece: Vec<u8>,
    }
}

impl<R: AsyncBufRead> Split<R> {
    pub(crate) fn new(reader: R, delimiter: u8) -> Self {
        Split {
            reader,
            delimiter,
            piece: Vec::new(),
        }
    }

    /// The next piece, without the byte at its end; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: the beginning of a piece is kept for the next call.
    #[track_caller]
    pub fn next_segment(&mut self) -> NextSegment<'_, R>
    where
        R: Unpin,
    {
        NextSegment {
            reading: Reading::new(&mut self.reader),
            delimiter: self.delimiter,
            piece: &mut self.piece,
        }
    }

    /// The same, for those who poll by hand.
    ///
    /// # Errors
    ///
    /// As [`next_segment`](Split::next_segment).
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let this = self.project();
        ready!(poll_until(this.reader, cx, *this.delimiter, this.piece))?;
        Poll::Ready(Ok(finish(this.piece, *this.delimiter)))
    }
}

/// The future of [`Split::next_segment`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct NextSegment<'a, R: AsyncBufRead + Unpin> {
    reading: Reading<'a, R>,
    delimiter: u8,
    piece: &'a mut Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Future for NextSegment<'_, R> {
    type Output = io::Result<Option<Vec<u8>>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let delimiter = this.delimiter;
        ready!(this.reading.poll(cx, |reader, cx| poll_until(
            reader, cx, delimiter, this.piece
        )))?;
        Poll::Ready(Ok(finish(this.piece, delimiter)))
    }
}

/// A piece has been read, or the end was found before one.
fn finish(piece: &mut Vec<u8>, delimiter: u8) -> Option<Vec<u8>> {
    if piece.is_empty() {
        return None;
    }
    piece.pop_if(|last| *last == delimiter);
    Some(mem::take(piece))
}
