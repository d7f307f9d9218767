//! Readiness without an operation: asked, waited for, and used up by what the caller tries.
//!
//! `registered` tries its operation first, also on a socket of which nothing was told yet. Here
//! counts only what was told, by the system or by who made the socket: there may be nothing to try.

use std::future::Future;
use std::io;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use mainspring_reactor::{Direction, Source};
use mio::event;

use crate::io::interest::Interest;
use crate::io::pace::proceed;
use crate::io::ready::Ready;
use crate::io::registered::{Registered, homeless, release};
use crate::leaf;

impl<S: event::Source> Registered<S> {
    /// Waits until there is something to read, or the end of it.
    #[track_caller]
    pub(crate) fn readable(&self) -> Readiness<'_> {
        Readiness(WaitFor::new(self.source(), Interest::READABLE))
    }

    /// Waits until there is room to write, or nobody to write to.
    #[track_caller]
    pub(crate) fn writable(&self) -> Readiness<'_> {
        Readiness(WaitFor::new(self.source(), Interest::WRITABLE))
    }

    /// Waits for any of it, and says for which.
    #[track_caller]
    pub(crate) fn ready(&self, interest: Interest) -> WhatIsReady<'_> {
        WhatIsReady(WaitFor::new(self.source(), interest))
    }

    /// Waits, and tries what the caller wants to try, until that does something else than block.
    #[track_caller]
    pub(crate) fn async_io<F>(&self, interest: Interest, operation: F) -> AsyncIo<'_, F> {
        AsyncIo {
            wait: WaitFor::new(self.source(), interest),
            operation,
        }
    }

    /// As [`async_io`](Registered::async_io), for what must have the socket for itself.
    #[track_caller]
    pub(crate) fn async_io_mut<T>(
        &mut self,
        interest: Interest,
        mut operation: impl FnMut(&mut S) -> io::Result<T>,
    ) -> AsyncIo<'_, impl FnMut() -> io::Result<T>> {
        let (io, source) = self.parts_mut();
        AsyncIo {
            wait: WaitFor::new(source, interest),
            operation: move || operation(io),
        }
    }

    /// Tries what the caller wants to try, once, if something was told.
    pub(crate) fn try_told<T>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        Told::now(self.source(), interest).attempt(self.source(), operation)
    }

    /// As [`try_told`](Registered::try_told), for what must have the socket for itself.
    pub(crate) fn try_told_mut<T>(
        &mut self,
        interest: Interest,
        operation: impl FnOnce(&mut S) -> io::Result<T>,
    ) -> io::Result<T> {
        let (io, source) = self.parts_mut();
        Told::now(source, interest).attempt(source, || operation(io))
    }

    /// As [`readable`](Registered::readable), for those who poll by hand.
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_told(cx, Interest::READABLE).map_ok(|_| ())
    }

    /// As [`writable`](Registered::writable), for those who poll by hand.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_told(cx, Interest::WRITABLE).map_ok(|_| ())
    }

    pub(crate) fn poll_told(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
    ) -> Poll<io::Result<Told>> {
        ready!(proceed(cx));
        let told = ready!(poll_told(self.source(), interest, self.place(), cx));
        leaf::spend();
        Poll::Ready(told)
    }
}

/// What was told, and by how many events, for those who use it up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    ready: Ready,
    by: [Option<(Direction, mainspring_reactor::Ready)>; 4],
}

impl Told {
    fn now(source: &Source, interest: Interest) -> Told {
        Told::collect(interest, |direction| source.told(direction))
    }

    /// As `now`; if nothing was told, `waker` waits for it.
    fn poll(source: &Source, interest: Interest, waker: &Waker) -> Poll<Told> {
        let told = Told::now(source, interest);
        if !told.is_empty() {
            return Poll::Ready(told);
        }
        let told = Told::collect(interest, |direction| {
            match source.poll_told(direction, waker) {
                Poll::Ready(told) => Some(told),
                Poll::Pending => None,
            }
        });
        match told.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(told),
        }
    }

    fn collect(
        interest: Interest,
        ask: impl Fn(Direction) -> Option<mainspring_reactor::Ready>,
    ) -> Told {
        let mut all = Told {
            ready: Ready::EMPTY,
            by: [None; 4],
        };
        for (direction, by) in interest.directions().zip(&mut all.by) {
            if let Some(told) = ask(direction) {
                all.ready |= Ready::from_told(direction, told);
                *by = Some((direction, told));
            }
        }
        all
    }

    fn is_empty(&self) -> bool {
        self.by.iter().all(Option::is_none)
    }

    fn is_deregistered(&self) -> bool {
        let mut by = self.by.iter().flatten();
        by.any(|(_, told)| told.is_deregistered())
    }

    fn has(&self, direction: Direction) -> bool {
        let mut by = self.by.iter().flatten();
        by.any(|(each, _)| *each == direction)
    }

    pub(crate) fn ready(&self) -> Ready {
        self.ready
    }

    /// Tries an operation, if something was told, which is used up if it would have blocked.
    fn attempt<T>(
        mut self,
        source: &Source,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let result = operation();
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::WouldBlock
        {
            self.clear(source, Ready::ALL);
        }
        result
    }

    /// Uses some of it up. Events that came since count; and what is closed stays so.
    pub(crate) fn clear(&mut self, source: &Source, some: Ready) {
        for &(direction, told) in self.by.iter().flatten() {
            if !(Ready::of(direction) & some).is_empty() {
                source.clear_ready(direction, told);
            }
        }
        self.ready = self.ready - some;
    }
}

fn poll_told(
    source: &Source,
    interest: Interest,
    place: &'static Location<'static>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<Told>> {
    let Poll::Ready(told) = Told::poll(source, interest, cx.waker()) else {
        let what = match interest {
            Interest::READABLE => "something to read",
            Interest::WRITABLE => "room to write",
            _ => "readiness",
        };
        leaf::waiting_for(what, place);
        return Poll::Pending;
    };
    Poll::Ready(match told.is_deregistered() {
        true => Err(homeless()),
        false => Ok(told),
    })
}

/// One future's wait until something is told. The wakers it left go with it.
///
/// It pays nothing from the poll's budget, as in tokio, whose programs loop over it with `try_read`
/// for as long as there is something: to be told is no progress yet.
#[derive(Debug)]
pub(crate) struct WaitFor<'a> {
    source: &'a Source,
    interest: Interest,
    place: &'static Location<'static>,
    is_waiting: bool,
}

impl<'a> WaitFor<'a> {
    #[track_caller]
    pub(crate) fn new(source: &'a Source, interest: Interest) -> Self {
        WaitFor::new_at(source, interest, Location::caller())
    }

    pub(crate) fn new_at(
        source: &'a Source,
        interest: Interest,
        place: &'static Location<'static>,
    ) -> Self {
        WaitFor {
            source,
            interest,
            place,
            is_waiting: false,
        }
    }

    /// Who waited for several things still stands in line for those that did not come.
    fn leave(&mut self, is_in_line: impl Fn(Direction) -> bool) {
        if mem::take(&mut self.is_waiting) {
            let lines = self.interest.directions();
            lines
                .filter(|&direction| is_in_line(direction))
                .for_each(|direction| release(self.source, direction));
        }
    }
}

impl Future for WaitFor<'_> {
    type Output = io::Result<Told>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Told>> {
        let polled = poll_told(self.source, self.interest, self.place, cx);
        match &polled {
            Poll::Ready(Ok(told)) => self.leave(|direction| !told.has(direction)),
            Poll::Ready(Err(_)) => self.is_waiting = false,
            Poll::Pending => self.is_waiting = true,
        }
        polled
    }
}

impl Drop for WaitFor<'_> {
    fn drop(&mut self) {
        self.leave(|_| true);
    }
}

/// The future of `readable` and `writable`, of every socket.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Readiness<'a>(WaitFor<'a>);

impl Future for Readiness<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll(cx).map_ok(|_| ())
    }
}

/// The future of `ready`, of every socket.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct WhatIsReady<'a>(WaitFor<'a>);

impl Future for WhatIsReady<'_> {
    type Output = io::Result<Ready>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        Pin::new(&mut self.0).poll(cx).map_ok(|told| told.ready())
    }
}

/// The future of `async_io`, of every socket.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct AsyncIo<'a, F> {
    wait: WaitFor<'a>,
    operation: F,
}

// The operation is never pinned.
impl<F> Unpin for AsyncIo<'_, F> {}

impl<F: FnMut() -> io::Result<T>, T> Future for AsyncIo<'_, F> {
    type Output = io::Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let this = self.get_mut();
        ready!(proceed(cx));
        loop {
            let told = ready!(Pin::new(&mut this.wait).poll(cx))?;
            match told.attempt(this.wait.source, &mut this.operation) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => {
                    leaf::spend();
                    return Poll::Ready(result);
                }
            }
        }
    }
}
