//! Reading into what has no initialised room of its own: by way of a piece of stack, as a rule.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::read_buf::ReadBuf;
use crate::io::traits::AsyncRead;

/// How much is read at once.
///
/// Twice as much would halve the system calls for large bodies and take that much more stack;
/// the price of filling it with zeros grows with it, also for small ones.
const LENGTH: usize = 8192;

/// Reads what comes, and appends it to `bytes`. Says how much; zero is the end.
///
/// A vector with much room is read into where it is, and one without does not grow before there is
/// something to put in.
pub(crate) fn poll_append<R: AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    bytes: &mut Vec<u8>,
) -> Poll<io::Result<usize>> {
    let before = bytes.len();
    if bytes.capacity() - before < LENGTH {
        return poll_read(reader, cx, LENGTH, |read| bytes.extend_from_slice(read));
    }
    bytes.resize(before + LENGTH, 0);
    let mut buf = ReadBuf::new(&mut bytes[before..]);
    let polled = reader.poll_read(cx, &mut buf);
    let count = buf.filled().len();
    bytes.truncate(before + count);
    polled.map_ok(|()| count)
}

/// Reads at most `limit` bytes, gives them to `put`, and says how many they were.
pub(crate) fn poll_read<R: AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    limit: usize,
    put: impl FnOnce(&[u8]),
) -> Poll<io::Result<usize>> {
    let mut memory = [0; LENGTH];
    let mut buf = ReadBuf::new(&mut memory[..limit.min(LENGTH)]);
    ready!(reader.poll_read(cx, &mut buf))?;
    put(buf.filled());
    Poll::Ready(Ok(buf.filled().len()))
}
