//! Reading until a byte: what lines are made of.

use std::io::{self, BufRead};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
        let mut available = match ready!(reader.as_mut().poll_fill_buf(cx)) {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        };
        // std's own search is faster than one byte after the other.
        let count = available.read_until(delimiter, bytes)?;
        reader.as_mut().consume(count);
        if count == 0 || bytes.last() == Some(&delimiter) {
            return Poll::Ready(Ok(()));
        }
    }
}

/// Appends bytes to a text, and says how many they were.
///
/// # Errors
///
/// `InvalidData` if they are not UTF-8, around std's `Utf8Error`, whose count begins where the text
/// does. The text is as before then.
pub(crate) fn append(text: &mut String, bytes: &[u8]) -> io::Result<usize> {
    if let Ok(more) = str::from_utf8(bytes) {
        text.push_str(more);
        return Ok(more.len());
    }
    let whole = [text.as_bytes(), bytes].concat();
    let result = str::from_utf8(&whole).map(str::len);
    result.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
