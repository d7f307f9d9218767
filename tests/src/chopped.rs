//! A stream that others chop: it gives and takes as little as a die says, and waits in between.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use mainspring::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// A small generator, the same every time.
#[derive(Clone, Debug)]
pub struct Die(u64);

impl Die {
    /// One whose throws depend on the seed.
    pub fn new(seed: u64) -> Die {
        Die(0x2545_f491_4f6c_dd1d ^ seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A number below `sides`.
    pub fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    /// So many bytes: words, with a line's end here and there.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length)
            .map(|_| b"\nabc\r\n,de"[self.throw(9)])
            .collect()
    }
}

/// A stream, chopped.
#[derive(Debug)]
pub struct Chopped<S> {
    /// The stream itself.
    pub inner: S,
    die: Die,
}

impl<S> Chopped<S> {
    /// The stream, chopped as the seed has it.
    pub fn new(inner: S, seed: u64) -> Self {
        let die = Die::new(seed);
        Chopped { inner, die }
    }

    /// One time out of four it waits for nothing.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.die.throw(4) > 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn piece(&mut self, length: usize) -> usize {
        let most = [1, 2, 7, 100, 10_000][self.die.throw(5)];
        length.min(1 + self.die.throw(most))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Chopped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.wait(cx));
        let length = self.piece(buf.remaining());
        let mut piece = ReadBuf::new(buf.initialize_unfilled_to(length));
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut piece))?;
        let count = piece.filled().len();
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Chopped<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.wait(cx));
        let length = self.piece(buf.len());
        Pin::new(&mut self.inner).poll_write(cx, &buf[..length])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.wait(cx));
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.wait(cx));
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let whole: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        self.poll_write(cx, &whole)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S: AsyncSeek + Unpin> AsyncSeek for Chopped<S> {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.inner).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        ready!(self.wait(cx));
        Pin::new(&mut self.inner).poll_complete(cx)
    }
}
