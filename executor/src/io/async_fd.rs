//! `AsyncFd`: any file descriptor that the system can tell readiness of.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;

use mainspring_reactor::Source;
use mio::unix::SourceFd;
use mio::{Registry, Token, event};

use crate::engine::context;
use crate::io::interest::Interest;
use crate::io::registered::Registered;

/// A file descriptor of anybody's (a tunnel, an `inotify`, a library's socket), and when it is
/// ready.
///
/// It must not block: set it so before. What it is ready for is told by guards, on which the
/// operation is tried, since only whoever tries knows when the readiness is used up:
/// [`AsyncFdReadyGuard::try_io`](crate::io::unix::AsyncFdReadyGuard::try_io). Regular files are
/// always ready and cannot be registered: see `fs`.
///
/// The descriptor is closed with it, if `T` closes it when it is dropped. It may be used on any
/// thread, as long as the runtime it was made in is driven. A paused clock does not stand still
/// for it: nobody knows who is at its other end.
///
/// tokio: `io::unix::AsyncFd`. asyncio: `loop.add_reader` and `loop.add_writer`.
///
/// ```
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use mainspring::io::unix::AsyncFd;
///
/// # mainspring::run(async {
/// let (here, mut there) = UnixStream::pair()?;
/// here.set_nonblocking(true)?;
/// let here = AsyncFd::new(here)?;
/// there.write_all(b"tick")?;
///
/// let mut buf = [0; 8];
/// let count = loop {
///     let mut guard = here.readable().await?;
///     match guard.try_io(|here| here.get_ref().read(&mut buf)) {
///         Ok(result) => break result?,
///         Err(_would_block) => continue,
///     }
/// };
/// assert_eq!(&buf[..count], b"tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct AsyncFd<T: AsRawFd> {
    pub(crate) registered: Registered<Descriptor<T>>,
}

/// What is registered is the number; whose it is does not matter.
pub(crate) struct Descriptor<T> {
    inner: T,
    /// What it was registered under. Asked for once, because the answer is the user's code, and the
    /// reactor is borrowed when the number is needed (law 2).
    number: RawFd,
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers a descriptor for reading and writing.
    ///
    /// # Errors
    ///
    /// What the system answers: `PermissionDenied` for a regular file, `AlreadyExists` if it is
    /// registered here already.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self> {
        Ok(AsyncFd::register(inner)?)
    }

    /// As [`new`](AsyncFd::new), for some of it only: a descriptor that cannot be written to may
    /// refuse to be registered for that.
    ///
    /// # Errors
    ///
    /// As [`new`](AsyncFd::new).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Ok(AsyncFd::register_with_interest(inner, interest)?)
    }

    /// As [`new`](AsyncFd::new), and gives the descriptor back if it cannot be registered.
    ///
    /// # Errors
    ///
    /// As [`new`](AsyncFd::new).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::register(inner)
    }

    /// As [`with_interest`](AsyncFd::with_interest), and gives the descriptor back if it cannot
    /// be registered.
    ///
    /// # Errors
    ///
    /// As [`new`](AsyncFd::new).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::register_with_interest(inner, interest)
    }

    /// As [`try_new`](AsyncFd::try_new). tokio's is unsafe: to register a number that another
    /// closes meanwhile harms nobody here, it just reports events of whatever has the number then.
    ///
    /// # Errors
    ///
    /// As [`new`](AsyncFd::new).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        AsyncFd::register_with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// As [`try_with_interest`](AsyncFd::try_with_interest), under the name of tokio's unsafe one.
    ///
    /// # Errors
    ///
    /// As [`new`](AsyncFd::new).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        let engine = context::expect("`AsyncFd::new`");
        let number = inner.as_raw_fd();
        let (io, interest) = (Descriptor { inner, number }, interest.to_register());
        match Registered::register(&engine, io, interest, Location::caller()) {
            Ok(registered) => Ok(AsyncFd { registered }),
            Err((Descriptor { inner, .. }, cause)) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    /// What was registered.
    pub fn get_ref(&self) -> &T {
        &self.registered.io().inner
    }

    /// What was registered. Its descriptor must not become another.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.registered.parts_mut().0.inner
    }

    /// What was registered, and is no longer.
    pub fn into_inner(self) -> T {
        self.registered.into_inner().inner
    }

    /// Tries an operation once, if `interest` was told. If the operation would have blocked, that
    /// readiness is used up.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing was told; otherwise what the operation answers.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registered.try_told(interest, || f(self.get_ref()))
    }

    /// As [`try_io`](AsyncFd::try_io), with the descriptor for oneself.
    ///
    /// # Errors
    ///
    /// As [`try_io`](AsyncFd::try_io).
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registered
            .try_told_mut(interest, |io| f(&mut io.inner))
    }

    /// Waits for `interest`, and tries an operation until it does something else than block.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use mainspring::io::{Interest, unix::AsyncFd};
    ///
    /// # mainspring::run(async {
    /// let (here, mut there) = UnixStream::pair()?;
    /// here.set_nonblocking(true)?;
    /// let here = AsyncFd::new(here)?;
    /// there.write_all(b"tick")?;
    ///
    /// let mut buf = [0; 8];
    /// let count = here.async_io(Interest::READABLE, |mut here| here.read(&mut buf)).await?;
    /// assert_eq!(&buf[..count], b"tick");
    /// # std::io::Result::Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// What the operation answers; if the runtime the descriptor was registered in has ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**, if the operation either does what it does or would have blocked.
    #[track_caller]
    pub fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> impl Future<Output = io::Result<R>> {
        let operation = move || f(self.get_ref());
        self.registered.async_io(interest, operation)
    }

    /// As [`async_io`](AsyncFd::async_io), with the descriptor for oneself.
    ///
    /// # Errors
    ///
    /// As [`async_io`](AsyncFd::async_io).
    ///
    /// # Cancel safety
    ///
    /// **Strict**, if the operation either does what it does or would have blocked.
    #[track_caller]
    pub fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> impl Future<Output = io::Result<R>> {
        let operation = move |io: &mut Descriptor<T>| f(&mut io.inner);
        self.registered.async_io_mut(interest, operation)
    }

    pub(crate) fn source(&self) -> &Source {
        self.registered.source()
    }
}

impl<T: AsRawFd> event::Source for Descriptor<T> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: mio::Interest,
    ) -> io::Result<()> {
        SourceFd(&self.number).register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: mio::Interest,
    ) -> io::Result<()> {
        SourceFd(&self.number).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.number).deregister(registry)
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

/// tokio has it for all that has a number; in safe Rust, who lends it out must promise himself
/// that it stays open.
impl<T: AsRawFd + AsFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

impl<T: AsRawFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", self.get_ref())
            .finish()
    }
}

/// A descriptor that could not be registered, and why.
///
/// tokio: `io::unix::AsyncFdRegisterError`.
pub struct AsyncFdRegisterError<T> {
    inner: T,
    cause: io::Error,
}

/// The older name of [`AsyncFdRegisterError`].
pub type AsyncFdTryNewError<T> = AsyncFdRegisterError<T>;

impl<T> AsyncFdRegisterError<T> {
    /// The descriptor, and what the system answered.
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl<T> fmt::Debug for AsyncFdRegisterError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.cause, f)
    }
}

impl<T> Error for AsyncFdRegisterError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

impl<T> From<AsyncFdRegisterError<T>> for io::Error {
    fn from(error: AsyncFdRegisterError<T>) -> io::Error {
        error.cause
    }
}
