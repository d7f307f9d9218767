//! Reading until a byte: what lines are made of.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::find::find;
use crate::io::traits::AsyncBufRead;

/// Appends to `bytes` what comes, up to and with `delimiter`, or the end of the stream.
///
/// What was read stays in `bytes` while it answers `Pending`: the next call goes on.
pub(crate) fn poll_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    delimiter: u8,
    bytes: &mut Vec<u8>,
) -> Poll<io::Result<()>> {
    loop {
        let available = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let found = find(delimiter, available);
        let count = found.map_or(available.len(), |place| place + 1);
        bytes.extend_from_slice(&available[..count]);
        reader.as_mut().consume(count);
        if found.is_some() || count == 0 {
            return Poll::Ready(Ok(()));
        }
    }
}

/// Bytes on their way into a text, which has all of them or none.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    text: &'a mut String,
    /// What the text had no place for yet. Its own memory, as long as it is empty.
    pub(crate) bytes: Vec<u8>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(text: &'a mut String) -> Self {
        let bytes = match text.is_empty() {
            true => mem::take(text).into_bytes(),
            false => Vec::new(),
        };
        Draft { text, bytes }
    }

    /// Appends the bytes to the text, and says how many they were.
    ///
    /// # Errors
    ///
    /// `InvalidData` if they are not UTF-8, around std's `Utf8Error`, whose count begins where the
    /// text does. The text is as before then.
    pub(crate) fn finish(&mut self) -> io::Result<usize> {
        let count = self.bytes.len();
        match String::from_utf8(mem::take(&mut self.bytes)) {
            Ok(more) if self.text.is_empty() => *self.text = more,
            Ok(more) => self.text.push_str(&more),
            Err(error) => {
                let whole = [self.text.as_bytes(), error.as_bytes()].concat();
                let error = str::from_utf8(&whole).map(drop);
                error.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            }
        }
        Ok(count)
    }
}
