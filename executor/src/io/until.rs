//! Reading until a byte: what lines are made of.

use std::io;
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
        let available = ready!(reader.as_mut().poll_fill_buf(cx))?;
        let found = available.iter().position(|&byte| byte == delimiter);
        let count = found.map_or(available.len(), |place| place + 1);
        bytes.extend_from_slice(&available[..count]);
        reader.as_mut().consume(count);
        if found.is_some() || count == 0 {
            return Poll::Ready(Ok(()));
        }
    }
}

/// Bytes as text.
///
/// # Errors
///
/// `InvalidData` if they are not UTF-8.
pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}
