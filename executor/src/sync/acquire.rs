//! Waiting for permits: the futures behind `Semaphore::acquire` and its relatives.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::blocking::wait_here;
use crate::sync::permit::{OwnedSemaphorePermit, SemaphorePermit};
use crate::sync::permits::{Claim, Closed};
use crate::sync::semaphore::Semaphore;

impl Semaphore {
    /// Waits for a permit and takes it.
    ///
    /// Permits are given in the order in which the futures were first polled.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. If a permit had been handed
    /// to it already, the permit goes to the next in line.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Semaphore;
    ///
    /// # mainspring::run(async {
    /// let seats = Semaphore::new(1);
    /// let permit = seats.acquire().await.unwrap();
    /// assert!(seats.locked());
    /// drop(permit);
    /// assert!(!seats.locked());
    /// # });
    /// ```
    #[track_caller]
    pub fn acquire(&self) -> Acquire<'_> {
        self.acquire_many(1)
    }

    /// Waits for `n` permits and takes them together.
    ///
    /// Who wants many is not overtaken by those who come later and want few.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. The permits it had collected
    /// go to the next in line.
    #[track_caller]
    pub fn acquire_many(&self, n: u32) -> Acquire<'_> {
        Acquire {
            semaphore: self,
            claim: Claim::new(n as usize),
            permits: n,
            place: Location::caller(),
        }
    }

    /// Waits for a permit that keeps the semaphore alive and may travel into another task.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`acquire`](Semaphore::acquire).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mainspring::sync::Semaphore;
    ///
    /// # mainspring::run(async {
    /// let seats = Arc::new(Semaphore::new(2));
    /// for guest in 0..4 {
    ///     let permit = seats.clone().acquire_owned().await.unwrap();
    ///     mainspring::spawn(async move {
    ///         println!("guest {guest} sits");
    ///         drop(permit);
    ///     });
    /// }
    /// # });
    /// ```
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> AcquireOwned {
        self.acquire_many_owned(1)
    }

    /// Waits for `n` permits that keep the semaphore alive and may travel into another task.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`acquire_many`](Semaphore::acquire_many).
    #[track_caller]
    pub fn acquire_many_owned(self: Arc<Self>, n: u32) -> AcquireOwned {
        AcquireOwned {
            semaphore: Some(self),
            claim: Claim::new(n as usize),
            permits: n,
            place: Location::caller(),
        }
    }

    /// Parks this thread until it has a permit: [`acquire`](Semaphore::acquire) for code that is
    /// not async.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_acquire(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        wait_here(self.acquire())
    }

    /// Parks this thread until it has `n` permits.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_acquire_many(&self, n: u32) -> Result<SemaphorePermit<'_>, AcquireError> {
        wait_here(self.acquire_many(n))
    }

    /// Parks this thread until it has a permit that may travel.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, AcquireError> {
        wait_here(self.acquire_owned())
    }

    /// Parks this thread until it has `n` permits that may travel.
    ///
    /// # Errors
    ///
    /// [`AcquireError`] once the semaphore is closed.
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn blocking_acquire_many_owned(
        self: Arc<Self>,
        n: u32,
    ) -> Result<OwnedSemaphorePermit, AcquireError> {
        wait_here(self.acquire_many_owned(n))
    }
}

/// Waits for permits of a borrowed semaphore. From [`Semaphore::acquire`] and
/// [`Semaphore::acquire_many`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    claim: Claim,
    permits: u32,
    place: &'static Location<'static>,
}

impl<'a> Future for Acquire<'a> {
    type Output = Result<SemaphorePermit<'a>, AcquireError>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        ready!(poll_noted(this.semaphore, &mut this.claim, this.place, cx))?;
        Poll::Ready(Ok(SemaphorePermit::new(this.semaphore, this.permits)))
    }
}

impl Drop for Acquire<'_> {
    #[inline]
    fn drop(&mut self) {
        self.semaphore.give_up(&mut self.claim);
    }
}

/// Waits for permits of a shared semaphore. From [`Semaphore::acquire_owned`] and
/// [`Semaphore::acquire_many_owned`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct AcquireOwned {
    // None once it is ready: the permit has it.
    semaphore: Option<Arc<Semaphore>>,
    claim: Claim,
    permits: u32,
    place: &'static Location<'static>,
}

impl Future for AcquireOwned {
    type Output = Result<OwnedSemaphorePermit, AcquireError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let semaphore = this
            .semaphore
            .as_ref()
            .expect("`AcquireOwned` was polled after it was ready");
        ready!(poll_noted(semaphore, &mut this.claim, this.place, cx))?;
        let semaphore = this.semaphore.take().expect("it was there a line ago");
        Poll::Ready(Ok(OwnedSemaphorePermit::new(semaphore, this.permits)))
    }
}

impl Drop for AcquireOwned {
    fn drop(&mut self) {
        if let Some(semaphore) = &self.semaphore {
            semaphore.give_up(&mut self.claim);
        }
    }
}

#[inline]
fn poll_noted(
    semaphore: &Semaphore,
    claim: &mut Claim,
    place: &'static Location<'static>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), AcquireError>> {
    let poll = semaphore.poll_take(claim, cx);
    if poll.is_pending() {
        leaf::waiting_for("Semaphore::acquire", place);
    }
    poll.map_err(|Closed| AcquireError(()))
}

/// The semaphore was closed: there will be no more permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcquireError(());

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl std::error::Error for AcquireError {}
