//! The future that lends what is in a buffer.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::traits::AsyncBufRead;
use crate::leaf;

/// The future of [`AsyncBufReadExt::fill_buf`](crate::io::AsyncBufReadExt::fill_buf).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct FillBuf<'a, R: AsyncBufRead + Unpin + ?Sized> {
    /// `None` once its buffer was lent.
    reader: Option<&'a mut R>,
    is_waiting: bool,
    place: &'static Location<'static>,
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> FillBuf<'a, R> {
    #[track_caller]
    pub(crate) fn new(reader: &'a mut R) -> Self {
        FillBuf {
            reader: Some(reader),
            is_waiting: false,
            place: Location::caller(),
        }
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let reader = this.reader.as_deref_mut();
        let polled = Pin::new(reader.expect("`fill_buf` was polled after it was ready"))
            .poll_fill_buf(cx)
            .map_ok(<[u8]>::is_empty);
        this.is_waiting = polled.is_pending();
        if this.is_waiting {
            leaf::waiting_for("bytes to read", this.place);
        }
        let is_end = ready!(polled)?;
        // The compiler would have the reader lent for as long as the bytes also where it is not
        // ready. So it is asked twice: the second time it has the bytes, and reads nothing.
        let Some(reader) = this.reader.take().filter(|_| !is_end) else {
            return Poll::Ready(Ok(&[]));
        };
        let polled = Pin::new(reader).poll_fill_buf(cx);
        assert!(
            polled.is_ready(),
            "a reader with bytes in its buffer answered `Pending`: its `poll_fill_buf` must give \
             them at once"
        );
        polled
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Drop for FillBuf<'_, R> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.as_deref_mut()
            && self.is_waiting
        {
            Pin::new(reader).abandon_read();
        }
    }
}
