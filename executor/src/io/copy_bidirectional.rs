//! `copy_bidirectional`: what a proxy does.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::io::buf_reader::CAPACITY;
use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::io::transfer::{Ends, Transfer};

/// Copies what comes from `a` to `b` and what comes from `b` to `a`, until both have ended; says
/// how many bytes went from `a` to `b`, and how many from `b` to `a`.
///
/// When one of them ends, the other is shut down, and is copied from until it ends, too.
///
/// tokio: `io::copy_bidirectional`. asyncio: two tasks, each with a loop.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{self, AsyncReadExt, AsyncWriteExt, duplex};
///
/// let (mut client, mut front) = duplex(64);
/// let (mut back, mut server) = duplex(64);
/// let proxy = mainspring::spawn(async move {
///     io::copy_bidirectional(&mut front, &mut back).await
/// });
///
/// client.write_all(b"tick").await?;
/// client.shutdown().await?;
/// let mut heard = String::new();
/// server.read_to_string(&mut heard).await?;
/// assert_eq!(heard, "tick");
/// drop(server);
/// assert_eq!(proxy.await.unwrap()?, (4, 0));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// What either stream answers; `WriteZero` if it takes no more. Both directions end then.
///
/// # Cancel safety
///
/// **Loses data**: what was read and not written.
#[track_caller]
pub fn copy_bidirectional<'a, A, B>(a: &'a mut A, b: &'a mut B) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    copy_bidirectional_with_sizes(a, b, CAPACITY, CAPACITY)
}

/// Copies as [`copy_bidirectional`] does, by way of buffers of so many bytes.
///
/// tokio: `io::copy_bidirectional_with_sizes`.
///
/// # Errors
///
/// As [`copy_bidirectional`].
///
/// # Panics
///
/// If one of the sizes is zero.
///
/// # Cancel safety
///
/// **Loses data**: what was read and not written.
#[track_caller]
pub fn copy_bidirectional_with_sizes<'a, A, B>(
    a: &'a mut A,
    b: &'a mut B,
    a_to_b_buf_size: usize,
    b_to_a_buf_size: usize,
) -> CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    assert!(
        a_to_b_buf_size > 0 && b_to_a_buf_size > 0,
        "nothing is copied by way of a buffer without room: both sizes must be at least 1"
    );
    let ends = Ends::new();
    CopyBidirectional {
        a,
        b,
        there: Direction::Copying(Transfer::new(a_to_b_buf_size, ends)),
        back: Direction::Copying(Transfer::new(b_to_a_buf_size, ends)),
    }
}

/// The future of [`copy_bidirectional`] and [`copy_bidirectional_with_sizes`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct CopyBidirectional<'a, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    a: &'a mut A,
    b: &'a mut B,
    there: Direction,
    back: Direction,
}

/// How far one direction is.
#[derive(Debug)]
enum Direction {
    Copying(Transfer),
    /// The reader has ended, and now the writer does.
    ShuttingDown {
        count: u64,
        ends: Ends,
    },
    Ended {
        count: u64,
    },
}

impl Direction {
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut R,
        writer: &mut W,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        let (mut reader, mut writer) = (Pin::new(reader), Pin::new(writer));
        loop {
            *self = match self {
                Direction::Copying(transfer) => {
                    let count = ready!(transfer.poll(cx, reader.as_mut(), writer.as_mut()))?;
                    let ends = transfer.ends;
                    Direction::ShuttingDown { count, ends }
                }
                Direction::ShuttingDown { count, ends } => {
                    ready!(ends.writing(writer.as_mut().poll_shutdown(cx)))?;
                    Direction::Ended { count: *count }
                }
                Direction::Ended { count } => return Poll::Ready(Ok(*count)),
            };
        }
    }

    fn abandon<R, W>(&self, reader: &mut R, writer: &mut W)
    where
        R: AsyncRead + Unpin + ?Sized,
        W: AsyncWrite + Unpin + ?Sized,
    {
        match self {
            Direction::Copying(transfer) => transfer.ends.abandon(reader, writer),
            Direction::ShuttingDown { ends, .. } => ends.abandon(reader, writer),
            Direction::Ended { .. } => {}
        }
    }
}

impl<A, B> Future for CopyBidirectional<'_, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    type Output = io::Result<(u64, u64)>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<(u64, u64)>> {
        let this = self.get_mut();
        // Both, whether or not the first has to wait.
        let there = this.there.poll(cx, this.a, this.b)?;
        let back = this.back.poll(cx, this.b, this.a)?;
        Poll::Ready(Ok((ready!(there), ready!(back))))
    }
}

impl<A, B> Drop for CopyBidirectional<'_, A, B>
where
    A: AsyncRead + AsyncWrite + Unpin + ?Sized,
    B: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    fn drop(&mut self) {
        self.there.abandon(self.a, self.b);
        self.back.abandon(self.b, self.a);
    }
}
