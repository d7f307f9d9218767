//! Waiting for an `AsyncFd`, and the guards that tell what it is ready for.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::AsRawFd;
use std::panic::Location;
use std::task::{Context, Poll, ready};

use crate::io::async_fd::AsyncFd;
use crate::io::interest::Interest;
use crate::io::readiness::{Told, WaitFor};
use crate::io::ready::Ready;

impl<T: AsRawFd> AsyncFd<T> {
    /// Waits for any of what `interest` says.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: readiness is kept until somebody uses it up.
    #[track_caller]
    pub fn ready(
        &self,
        interest: Interest,
    ) -> impl Future<Output = io::Result<AsyncFdReadyGuard<'_, T>>> {
        let wait = WaitFor::new(self.source(), interest);
        async move {
            let told = wait.await?;
            let async_fd = self;
            Ok(AsyncFdReadyGuard { async_fd, told })
        }
    }

    /// As [`ready`](AsyncFd::ready), with the descriptor for oneself.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: readiness is kept until somebody uses it up.
    #[track_caller]
    pub fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> impl Future<Output = io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        let place = Location::caller();
        async move {
            let told = WaitFor::new_at(self.source(), interest, place).await?;
            let async_fd = self;
            Ok(AsyncFdReadyMutGuard { async_fd, told })
        }
    }

    /// Waits until there is something to read, or the end of it.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: readiness is kept until somebody uses it up.
    #[track_caller]
    pub fn readable(&self) -> impl Future<Output = io::Result<AsyncFdReadyGuard<'_, T>>> {
        self.ready(Interest::READABLE)
    }

    /// As [`readable`](AsyncFd::readable), with the descriptor for oneself.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: readiness is kept until somebody uses it up.
    #[track_caller]
    pub fn readable_mut(
        &mut self,
    ) -> impl Future<Output = io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        self.ready_mut(Interest::READABLE)
    }

    /// Waits until there is room to write, or nobody to write to.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: readiness is kept until somebody uses it up.
    #[track_caller]
    pub fn writable(&self) -> impl Future<Output = io::Result<AsyncFdReadyGuard<'_, T>>> {
        self.ready(Interest::WRITABLE)
    }

    /// As [`writable`](AsyncFd::writable), with the descriptor for oneself.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: readiness is kept until somebody uses it up.
    #[track_caller]
    pub fn writable_mut(
        &mut self,
    ) -> impl Future<Output = io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        self.ready_mut(Interest::WRITABLE)
    }

    /// As [`readable`](AsyncFd::readable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    pub fn poll_read_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        self.poll_guard(cx, Interest::READABLE)
    }

    /// As [`readable_mut`](AsyncFd::readable_mut), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        self.poll_guard_mut(cx, Interest::READABLE)
    }

    /// As [`writable`](AsyncFd::writable), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        self.poll_guard(cx, Interest::WRITABLE)
    }

    /// As [`writable_mut`](AsyncFd::writable_mut), for those who poll by hand.
    ///
    /// # Errors
    ///
    /// If the runtime the descriptor was registered in has ended.
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        self.poll_guard_mut(cx, Interest::WRITABLE)
    }

    fn poll_guard(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        let told = ready!(self.registered.poll_told(cx, interest))?;
        let async_fd = self;
        Poll::Ready(Ok(AsyncFdReadyGuard { async_fd, told }))
    }

    fn poll_guard_mut(
        &mut self,
        cx: &mut Context<'_>,
        interest: Interest,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        let told = ready!(self.registered.poll_told(cx, interest))?;
        let async_fd = self;
        Poll::Ready(Ok(AsyncFdReadyMutGuard { async_fd, told }))
    }
}

/// What an [`AsyncFd`] was told to be ready for, until it is used up.
///
/// The readiness stays after the guard, unless one of its methods uses it up: to forget it while
/// there is something to do means to wait for ever, since the system tells only of what is new.
///
/// tokio: `io::unix::AsyncFdReadyGuard`. asyncio has no counterpart: its callbacks come again.
#[must_use = "try the operation with `try_io`, or tell by `clear_ready` that it would have blocked"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    async_fd: &'a AsyncFd<T>,
    told: Told,
}

/// An [`AsyncFdReadyGuard`] that has the [`AsyncFd`] for itself.
///
/// tokio: `io::unix::AsyncFdReadyMutGuard`.
#[must_use = "try the operation with `try_io`, or tell by `clear_ready` that it would have blocked"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    async_fd: &'a mut AsyncFd<T>,
    told: Told,
}

/// The operation would have blocked.
///
/// tokio: `io::unix::TryIoError`.
#[derive(Debug)]
pub struct TryIoError(());

impl<'a, T: AsRawFd> AsyncFdReadyGuard<'a, T> {
    /// Uses the readiness up: to be called if, and only if, an operation would have blocked.
    /// Readiness that was told since the guard was made stays.
    pub fn clear_ready(&mut self) {
        self.clear_ready_matching(Ready::ALL);
    }

    /// As [`clear_ready`](AsyncFdReadyGuard::clear_ready), for some of it: after
    /// [`ready`](AsyncFd::ready) for several things, of which one would have blocked.
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        self.told.clear(self.async_fd.source(), ready);
    }

    /// Uses nothing up. It does nothing: it is there to be read.
    pub fn retain_ready(&mut self) {}

    /// What it is ready for.
    pub fn ready(&self) -> Ready {
        self.told.ready()
    }

    /// Tries an operation, and uses the readiness up if it would have blocked.
    ///
    /// # Errors
    ///
    /// If it would have blocked. What the operation answers otherwise, errors among it, is inside
    /// of `Ok`.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.async_fd) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            result => Ok(result),
        }
    }

    /// What it guards.
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.async_fd
    }

    /// What was registered.
    pub fn get_inner(&self) -> &'a T {
        self.async_fd.get_ref()
    }
}

impl<T: AsRawFd> AsyncFdReadyMutGuard<'_, T> {
    /// As [`AsyncFdReadyGuard::clear_ready`].
    pub fn clear_ready(&mut self) {
        self.clear_ready_matching(Ready::ALL);
    }

    /// As [`AsyncFdReadyGuard::clear_ready_matching`].
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        self.told.clear(self.async_fd.source(), ready);
    }

    /// As [`AsyncFdReadyGuard::retain_ready`].
    pub fn retain_ready(&mut self) {}

    /// What it is ready for.
    pub fn ready(&self) -> Ready {
        self.told.ready()
    }

    /// As [`AsyncFdReadyGuard::try_io`].
    ///
    /// # Errors
    ///
    /// As [`AsyncFdReadyGuard::try_io`].
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.async_fd) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            result => Ok(result),
        }
    }

    /// What it guards.
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.async_fd
    }

    /// What it guards.
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.async_fd
    }

    /// What was registered.
    pub fn get_inner(&self) -> &T {
        self.async_fd.get_ref()
    }

    /// What was registered.
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.async_fd.get_mut()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("async_fd", self.async_fd)
            .field("ready", &self.told.ready())
            .finish()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFdReadyMutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard")
            .field("async_fd", self.async_fd)
            .field("ready", &self.told.ready())
            .finish()
    }
}
