//! `AsyncSeekExt`: going to a place in a stream that has places.

use std::future::Future;
use std::io::{self, SeekFrom};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::traits::AsyncSeek;
use crate::leaf;

/// Going to a place in whatever is [`AsyncSeek`]: a file, bytes in memory.
///
/// tokio: `io::AsyncSeekExt`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
///
/// let mut page = std::io::Cursor::new("tick tock");
/// assert_eq!(page.seek(SeekFrom::End(-4)).await?, 5);
/// let mut word = String::new();
/// page.read_to_string(&mut word).await?;
/// assert_eq!(word, "tock");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait AsyncSeekExt: AsyncSeek {
    /// Goes to a place, and says how many bytes lie before it.
    ///
    /// # Errors
    ///
    /// What the stream answers: that the place lies before its beginning, for instance.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: nobody knows where the stream is, until another call has ended.
    #[track_caller]
    fn seek(&mut self, pos: SeekFrom) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek {
            stream: self,
            position: Some(pos),
            place: Location::caller(),
        }
    }

    /// Goes to the beginning.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: nobody knows where the stream is, until another call has ended.
    #[track_caller]
    fn rewind(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// How many bytes lie before the place where it is.
    ///
    /// # Errors
    ///
    /// What the stream answers.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: it goes nowhere.
    #[track_caller]
    fn stream_position(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}

/// The future of [`AsyncSeekExt::seek`], `rewind` and `stream_position`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Seek<'a, S: ?Sized> {
    stream: &'a mut S,
    /// `None` once it was told to the stream.
    position: Option<SeekFrom>,
    place: &'static Location<'static>,
}

impl<S: AsyncSeek + Unpin + ?Sized> Seek<'_, S> {
    fn poll_seek(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let Some(position) = self.position {
            // Somebody may have given up another seek.
            ready!(Pin::new(&mut *self.stream).poll_complete(cx))?;
            Pin::new(&mut *self.stream).start_seek(position)?;
            self.position = None;
        }
        Pin::new(&mut *self.stream).poll_complete(cx)
    }
}

impl<S: AsyncSeek + Unpin + ?Sized> Future for Seek<'_, S> {
    type Output = io::Result<u64>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let this = self.get_mut();
        let polled = this.poll_seek(cx);
        if polled.is_pending() {
            leaf::waiting_for("a place in a stream", this.place);
        }
        polled
    }
}
