//! `split`: one half of a stream that reads and one that writes, for two tasks.
//!
//! The stream is lent to the half that uses it, and nobody holds the lock meanwhile: whatever the
//! stream does then, to wake the other half's task at once, for instance, cannot meet it (law 2).

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::shim::{Mutex, lock};
use crate::sync::wakers::{Arrival, look_under};

/// Two halves of a stream: one task reads while another writes.
///
/// The stream is dropped with the second of them. (Sockets have an `into_split` of their own,
/// which needs no lock.)
///
/// tokio: `io::split`. asyncio gives a reader and a writer from the first.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{self, AsyncReadExt, AsyncWriteExt};
///
/// let (client, mut server) = io::duplex(64);
/// let (mut reader, mut writer) = io::split(client);
/// mainspring::spawn(async move { writer.write_all(b"tick").await });
/// server.write_all(b"tock").await?;
///
/// let mut heard = [0; 4];
/// reader.read_exact(&mut heard).await?;
/// assert_eq!(&heard, b"tock");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub fn split<T: AsyncRead + AsyncWrite>(stream: T) -> (ReadHalf<T>, WriteHalf<T>) {
    let is_write_vectored = stream.is_write_vectored();
    let shared = Arc::new(Shared {
        place: Mutex::new(Place {
            stream: Some(Box::pin(stream)),
            waiting: None,
        }),
        is_write_vectored,
    });
    let reader = ReadHalf {
        shared: shared.clone(),
    };
    (reader, WriteHalf { shared })
}

/// The half that reads, from [`split`].
///
/// tokio: `io::ReadHalf`.
pub struct ReadHalf<T> {
    shared: Arc<Shared<T>>,
}

/// The half that writes, from [`split`].
///
/// To drop it is no shutdown: the other side reads no end as long as the half that reads is there.
///
/// tokio: `io::WriteHalf`.
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    place: Mutex<Place<T>>,
    // Never changes.
    is_write_vectored: bool,
}

/// Where the stream is when nobody uses it.
struct Place<T> {
    stream: Option<Pin<Box<T>>>,
    /// The half that came while the other one had the stream.
    waiting: Option<Waker>,
}

impl<T> ReadHalf<T> {
    /// Whether both are halves of one stream.
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        other.is_pair_of(self)
    }

    /// The stream itself.
    ///
    /// # Panics
    ///
    /// If the other half is of another stream.
    #[track_caller]
    pub fn unsplit(self, wr: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(
            self.is_pair_of(&wr),
            "these are halves of two streams: `is_pair_of` tells which belong together"
        );
        drop(wr);
        let stream = lock(&self.shared.place).stream.take();
        *Pin::into_inner(stream.expect("a half that is given away uses nothing"))
    }
}

impl<T> WriteHalf<T> {
    /// Whether both are halves of one stream.
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Shared<T> {
    /// Lends the stream out. If the other half has it, on another thread or further down on this
    /// one, the task is woken when it is back.
    fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let look = |place: &mut Place<T>, arrival: &mut Arrival<'_>| {
            let stream = place.stream.take();
            if stream.is_none() {
                arrival.refresh(&mut place.waiting)?;
            }
            Ok(stream)
        };
        let stream = look_under(&self.place, cx.waker(), false, look);
        let mut loan = Loan {
            place: &self.place,
            stream,
        };
        match &mut loan.stream {
            Some(stream) => operation(stream.as_mut(), cx),
            None => Poll::Pending,
        }
    }

    /// A wait is given up: the stream is told, unless it is lent out.
    fn abandon(&self, tell: impl FnOnce(Pin<&mut T>)) {
        let stream = lock(&self.place).stream.take();
        let mut loan = Loan {
            place: &self.place,
            stream,
        };
        if let Some(stream) = &mut loan.stream {
            tell(stream.as_mut());
        }
    }
}

/// The stream, which comes back to its place whatever its user does.
struct Loan<'a, T> {
    place: &'a Mutex<Place<T>>,
    stream: Option<Pin<Box<T>>>,
}

impl<T> Drop for Loan<'_, T> {
    fn drop(&mut self) {
        if self.stream.is_none() {
            return;
        }
        let waiting = {
            let mut place = lock(self.place);
            place.stream = self.stream.take();
            place.waiting.take()
        };
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        (self.shared).poll(cx, |stream, cx| stream.poll_read(cx, buf))
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.shared.abandon(|stream| stream.abandon_read());
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        (self.shared).poll(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll(cx, |stream, cx| stream.poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        (self.shared).poll(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.is_write_vectored
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.shared.abandon(|stream| stream.abandon_write());
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("split::ReadHalf").finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("split::WriteHalf").finish()
    }
}
