//! `duplex` and `simplex`: pipes in memory, for tests and for tasks that talk in bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::io::halves::{ReadHalf, WriteHalf, split};
use crate::io::read_buf::ReadBuf;
use crate::io::simplex::SimplexStream;
use crate::io::traits::{AsyncRead, AsyncWrite};

/// Two ends of a pipe in memory: what is written to one is read from the other.
///
/// Each direction keeps at most `max_buf_size` bytes; then writing waits. An end that is dropped
/// is the end of the stream for the other, which finds `BrokenPipe` when it writes.
///
/// tokio: `io::duplex`. asyncio: `socket.socketpair`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt, duplex};
///
/// let (mut client, mut server) = duplex(64);
/// client.write_all(b"tick").await?;
/// let mut heard = [0; 4];
/// server.read_exact(&mut heard).await?;
/// assert_eq!(&heard, b"tick");
///
/// drop(client);
/// assert_eq!(server.read(&mut heard).await?, 0);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Panics
///
/// If `max_buf_size` is zero.
#[track_caller]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let there = Arc::new(SimplexStream::new_unsplit(max_buf_size));
    let back = Arc::new(SimplexStream::new_unsplit(max_buf_size));
    let here = DuplexStream {
        read: back.clone(),
        write: there.clone(),
    };
    let other = DuplexStream {
        read: there,
        write: back,
    };
    (here, other)
}

/// The two halves of a [`SimplexStream`]: what is written to the second is read from the first.
///
/// tokio: `io::simplex`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt, simplex};
///
/// let (mut reader, mut writer) = simplex(64);
/// writer.write_all(b"tick").await?;
/// writer.shutdown().await?;
/// let mut heard = String::new();
/// reader.read_to_string(&mut heard).await?;
/// assert_eq!(heard, "tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Panics
///
/// If `max_buf_size` is zero.
#[track_caller]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

/// One end of a pipe in memory, from [`duplex`].
///
/// tokio: `io::DuplexStream`.
#[derive(Debug)]
pub struct DuplexStream {
    read: Arc<SimplexStream>,
    write: Arc<SimplexStream>,
}

impl AsyncRead for DuplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.read.read(cx, buf)
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.read.abandon_reader();
    }
}

impl AsyncWrite for DuplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write.write(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write.close();
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write.write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.write.abandon_writer();
    }
}

impl Drop for DuplexStream {
    fn drop(&mut self) {
        // Nobody waits at this end any more: only the other is woken.
        self.read.abandon_reader();
        self.write.abandon_writer();
        self.read.close();
        self.write.close();
    }
}
