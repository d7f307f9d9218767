//! The parent's end: a worker that can be given a call, and waited for.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::Location;
use std::process::ExitStatus;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use mainspring_reactor::Direction;
use mio::net::UnixStream as Socket;

use crate::engine::core::Engine;
use crate::io::registered::Registered;
use crate::leaf;
use crate::process::child::Child;
use crate::process::exit::Exit;
use crate::process::frame::{Frame, Incoming, WORDS};
use crate::process::patience::Patience;

/// A worker process, and the socket it listens to.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) child: Arc<Child>,
    /// Jobs it has done.
    pub(crate) served: u32,
    patience: Patience,
    socket: Registered<Socket>,
    incoming: Incoming,
    exit: Exit,
}

/// What cannot be used any more: the worker is to be killed, if it still lives.
#[derive(Debug)]
pub(crate) struct Lost {
    /// The call has not reached the worker: another one may have it.
    pub(crate) is_unsent: bool,
    /// What the worker sent in place of an answer; `None`: it is gone.
    pub(crate) garbage: Option<String>,
}

impl Channel {
    /// # Errors
    ///
    /// What the system answers.
    pub(crate) fn new(
        engine: &Engine,
        child: Arc<Child>,
        socket: UnixStream,
        largest: usize,
        place: &'static Location<'static>,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Channel {
            socket: Registered::new(engine, Socket::from_std(socket), place)?,
            incoming: Incoming::new(largest.max(WORDS)),
            exit: Exit::new(engine, child.clone(), place)?,
            served: 0,
            patience: Patience::new(),
            child,
        })
    }

    // ANCHOR: exchange
    /// Sends a call, if there is one, and waits for a frame; `read` makes of it what it likes.
    ///
    /// Reads and writes at once: a worker that says something before it has heard everything is
    /// found out, and never waited for while it waits for us.
    pub(crate) async fn exchange<T>(
        &mut self,
        call: &[u8],
        mut read: impl FnMut(&Frame<'_>) -> Result<T, String>,
    ) -> Result<T, Lost> {
        self.patience.begin();
        let mut sent = 0;
        poll_fn(|cx| {
            loop {
                if let Some(taken) = self.take(call.len() - sent, &mut read) {
                    return Poll::Ready(taken.map_err(|what| Lost::garbage(sent, what)));
                }
                let is_sent = sent == call.len();
                let come = match sent {
                    // What came while nobody asked: the reactor may not have told of it yet.
                    0 if !is_sent => match self.poll_read(cx) {
                        Poll::Pending => self.read_now(),
                        read => read,
                    },
                    _ if is_sent && self.patience.lasts() => self.poll_moment(cx),
                    _ => self.poll_read(cx),
                };
                match come {
                    Poll::Ready(Ok(count @ 1..)) => self.incoming.filled(count),
                    Poll::Ready(_) => return Poll::Ready(Err(Lost::gone(sent))),
                    Poll::Pending if is_sent => return Poll::Pending,
                    Poll::Pending => {
                        let write = |mut socket: &Socket| socket.write(&call[sent..]);
                        match ready!(self.socket.poll_io(cx, Direction::Write, write)) {
                            Ok(count) => sent += count,
                            Err(_) => return Poll::Ready(Err(Lost::gone(sent))),
                        }
                        if sent == call.len() && self.patience.lasts() {
                            // Others first: an answer may be there already, and the next job in
                            // the line came after theirs.
                            cx.waker().wake_by_ref();
                            return Poll::Pending;
                        }
                    }
                }
            }
        })
        .await
    }

    /// The frame that has come. `Err`: what has come instead.
    fn take<T>(
        &mut self,
        unsent: usize,
        read: &mut impl FnMut(&Frame<'_>) -> Result<T, String>,
    ) -> Option<Result<T, String>> {
        if unsent > 0 && !self.incoming.is_empty() {
            return Some(Err("something before it was asked".to_owned()));
        }
        let taken = match self.incoming.take() {
            Ok(None) => return None,
            Ok(Some(frame)) => read(&frame),
            Err(garbage) => Err(garbage.to_string()),
        };
        match self.incoming.is_empty() || taken.is_err() {
            true => Some(taken),
            false => Some(Err("more than one answer".to_owned())),
        }
    }

    /// Reads as soon as something comes.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let room = self.incoming.room();
        let read = (self.socket).poll_io(cx, Direction::Read, |mut io| io.read(room));
        match read {
            // A program that the worker has left behind may hold its socket open.
            Poll::Pending => self.exit.poll(cx).map(|_| Ok(0)),
            read => read,
        }
    }

    /// Reads if something has come, and asks to be polled again if not: the answer to a small job
    /// is here sooner than the kernel could tell of it.
    fn poll_moment(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let read = self.read_now();
        if read.is_pending() {
            cx.waker().wake_by_ref();
        }
        read
    }

    /// Reads if something has come, whatever the reactor knows.
    fn read_now(&mut self) -> Poll<io::Result<usize>> {
        let mut socket = self.socket.io();
        match socket.read(self.incoming.room()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            read => Poll::Ready(read),
        }
    }
    // ANCHOR_END: exchange

    /// Waits for the worker's end. It is to be told first, by `kill` or `hang_up`.
    pub(crate) async fn ended(&self) -> Option<ExitStatus> {
        poll_fn(|cx| self.exit.poll(cx)).await
    }

    /// Tells the worker to end by itself.
    pub(crate) fn hang_up(&self) {
        let _ = self.socket.io().shutdown(std::net::Shutdown::Both);
    }

    /// Lets this waker know of the worker's end. `Ready`: it has come.
    pub(crate) async fn watch(&self, watcher: &Waker) -> Poll<()> {
        poll_fn(|cx| {
            // With the budget of this task: the watcher is woken by the end and nothing else.
            ready!(leaf::proceed(cx));
            let mut cx = Context::from_waker(watcher);
            Poll::Ready(self.exit.poll(&mut cx).map(drop))
        })
        .await
    }
}

impl Lost {
    fn gone(sent: usize) -> Self {
        let is_unsent = sent == 0;
        Lost {
            is_unsent,
            garbage: None,
        }
    }

    fn garbage(sent: usize, what: String) -> Self {
        let garbage = Some(what);
        let is_unsent = sent == 0;
        Lost { is_unsent, garbage }
    }
}
