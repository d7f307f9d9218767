//! A stream that does what a list says: for the tests of reading and writing.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use mainspring::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the stream does next.
#[derive(Debug)]
pub enum Step {
    /// These bytes come, as far as there is room for them.
    Come(Vec<u8>),
    /// So many bytes at most are taken.
    Take(usize),
    /// Nothing can be done; whoever polled is woken at once.
    Wait,
    /// Nothing can be done, and nobody is ever woken.
    Hang,
    /// The operation fails.
    Fail(io::ErrorKind),
}

/// A stream that follows its steps. Behind the last of them, reading finds the end and writing
/// takes everything.
#[derive(Debug, Default)]
pub struct Script {
    steps: VecDeque<Step>,
    /// What was written.
    pub written: Vec<u8>,
    /// How often a read was given up while it waited.
    pub reads_abandoned: usize,
    /// How often a write was given up while it waited.
    pub writes_abandoned: usize,
}

impl Script {
    /// A stream that follows these steps.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Script {
            steps: steps.into_iter().collect(),
            ..Script::default()
        }
    }

    /// The first step is done, if it is not the kind that makes one wait.
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Step>>> {
        match self.steps.pop_front() {
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Hang) => {
                self.steps.push_front(Step::Hang);
                Poll::Pending
            }
            Some(Step::Fail(kind)) => Poll::Ready(Err(kind.into())),
            step => Poll::Ready(Ok(step)),
        }
    }
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.next(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(None)) => Poll::Ready(Ok(())),
            Poll::Ready(Ok(Some(Step::Come(mut bytes)))) => {
                let rest = bytes.split_off(bytes.len().min(buf.remaining()));
                buf.put_slice(&bytes);
                if !rest.is_empty() {
                    self.steps.push_front(Step::Come(rest));
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(Some(step))) => panic!("{step:?} is not for reading"),
        }
    }

    fn abandon_read(mut self: Pin<&mut Self>) {
        self.reads_abandoned += 1;
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = match self.next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(None)) => buf.len(),
            Poll::Ready(Ok(Some(Step::Take(most)))) => buf.len().min(most),
            Poll::Ready(Ok(Some(step))) => panic!("{step:?} is not for writing"),
        };
        self.written.extend_from_slice(&buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.next(cx).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.next(cx).map_ok(|_| ())
    }

    fn abandon_write(mut self: Pin<&mut Self>) {
        self.writes_abandoned += 1;
    }
}
