//! `SimplexStream`: a buffer in memory, with a writer at one end and a reader at the other.
//!
//! No system call is made, and no socket stands between the tasks: under a paused clock they are
//! tasks that wait for each other, and nothing else.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use crate::io::read_buf::ReadBuf;
use crate::io::traits::{AsyncRead, AsyncWrite};
use crate::leaf;
use crate::shim::{Mutex, lock};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing, look_under};

/// One direction of a pipe in memory: what is written to it can be read from it.
///
/// Writing waits while the buffer is full. A shutdown is the end for the reader, after what is
/// still in the buffer, and `BrokenPipe` for those who write on.
///
/// Made by [`simplex`](crate::io::simplex), in two halves. To drop the writing half is no
/// shutdown: the reader would wait on. [`duplex`](crate::io::duplex) is closed by its drop.
///
/// tokio: `io::SimplexStream`. asyncio: a `StreamReader` that is fed by hand.
pub struct SimplexStream {
    state: Mutex<State>,
    /// Where it was made, for those who wait without a place of their own.
    place: &'static Location<'static>,
}

struct State {
    bytes: VecDeque<u8>,
    is_closed: bool,
    // Each is here only while its task waits.
    reader: Option<Waker>,
    writer: Option<Waker>,
    // Never changes.
    limit: usize,
}

impl SimplexStream {
    /// Both ends in one: it can be read by whoever writes to it.
    ///
    /// # Panics
    ///
    /// If `max_buf_size` is zero: nothing would ever come through.
    #[track_caller]
    pub fn new_unsplit(max_buf_size: usize) -> SimplexStream {
        assert!(
            max_buf_size > 0,
            "nothing comes through a pipe without a buffer: `max_buf_size` must be at least 1"
        );
        SimplexStream {
            state: Mutex::new(State {
                bytes: VecDeque::new(),
                is_closed: false,
                reader: None,
                writer: None,
                limit: max_buf_size,
            }),
            place: Location::caller(),
        }
    }

    pub(crate) fn read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.step(cx, "bytes in a pipe", |state, arrival, outgoing| {
            state.read(buf, arrival, outgoing)
        })
    }

    pub(crate) fn write(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.step(cx, "room in a pipe", |state, arrival, outgoing| {
            state.write(bufs, arrival, outgoing)
        })
    }

    fn step<T>(
        &self,
        cx: &mut Context<'_>,
        what: &'static str,
        mut step: impl FnMut(
            &mut State,
            &mut Arrival<'_>,
            &mut Outgoing,
        ) -> Result<Poll<io::Result<T>>, NeedsClone>,
    ) -> Poll<io::Result<T>> {
        ready!(leaf::proceed(cx));
        let mut outgoing = Outgoing::new();
        let polled = look_under(&self.state, cx.waker(), false, |state, arrival| {
            step(state, arrival, &mut outgoing)
        });
        outgoing.settle();
        match polled {
            Poll::Pending => leaf::waiting_for(what, self.place),
            Poll::Ready(_) => leaf::spend(),
        }
        polled
    }

    /// Nothing more is written, and what is waited for on either side is over.
    pub(crate) fn close(&self) {
        let mut outgoing = Outgoing::new();
        {
            let mut state = lock(&self.state);
            state.is_closed = true;
            let waiting = [state.reader.take(), state.writer.take()];
            waiting
                .into_iter()
                .flatten()
                .for_each(|waker| outgoing.call(waker));
        }
        outgoing.settle();
    }

    pub(crate) fn abandon_reader(&self) {
        let waker = lock(&self.state).reader.take();
        drop(waker);
    }

    pub(crate) fn abandon_writer(&self) {
        let waker = lock(&self.state).writer.take();
        drop(waker);
    }
}

impl State {
    fn read(
        &mut self,
        buf: &mut ReadBuf<'_>,
        arrival: &mut Arrival<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<Poll<io::Result<()>>, NeedsClone> {
        if self.bytes.is_empty() && !self.is_closed && buf.remaining() > 0 {
            arrival.refresh(&mut self.reader)?;
            return Ok(Poll::Pending);
        }
        let (front, back) = self.bytes.as_slices();
        let from_front = front.len().min(buf.remaining());
        buf.put_slice(&front[..from_front]);
        let from_back = back.len().min(buf.remaining());
        buf.put_slice(&back[..from_back]);
        let count = from_front + from_back;
        self.bytes.drain(..count);
        if let Some(writer) = self.writer.take_if(|_| count > 0) {
            outgoing.call(writer);
        }
        Ok(Poll::Ready(Ok(())))
    }

    fn write(
        &mut self,
        bufs: &[IoSlice<'_>],
        arrival: &mut Arrival<'_>,
        outgoing: &mut Outgoing,
    ) -> Result<Poll<io::Result<usize>>, NeedsClone> {
        if self.is_closed {
            return Ok(Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())));
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Ok(Poll::Ready(Ok(0)));
        }
        let room = self.limit - self.bytes.len();
        if room == 0 {
            arrival.refresh(&mut self.writer)?;
            return Ok(Poll::Pending);
        }
        let mut left = room;
        for buf in bufs {
            let count = buf.len().min(left);
            self.bytes.extend(&buf[..count]);
            left -= count;
        }
        if let Some(reader) = self.reader.take() {
            outgoing.call(reader);
        }
        Ok(Poll::Ready(Ok(room - left)))
    }
}

impl AsyncRead for SimplexStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.read(cx, buf)
    }

    fn abandon_read(self: Pin<&mut Self>) {
        self.abandon_reader();
    }
}

impl AsyncWrite for SimplexStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, &[IoSlice::new(buf)])
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn abandon_write(self: Pin<&mut Self>) {
        self.abandon_writer();
    }
}

impl fmt::Debug for SimplexStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("SimplexStream")
            .field("buffered", &state.bytes.len())
            .field("max_buf_size", &state.limit)
            .field("is_closed", &state.is_closed)
            .finish_non_exhaustive()
    }
}
