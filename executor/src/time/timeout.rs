//! A time limit for any future.

use std::error::Error;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::time::instant::Instant;
use crate::time::sleep::{Sleep, on_clock};

/// Runs a future for at most `limit`; when that has passed, the future is dropped.
///
/// If both are ready in the same poll, the future wins. With a limit of zero, the future is
/// polled once.
///
/// tokio: `time::timeout`. asyncio: `timeout`, `wait_for`.
///
/// # Errors
///
/// [`Elapsed`]: the limit passed first.
///
/// # Cancel safety
///
/// **Strict** where the future is: dropping the wait drops the future.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::time::{Duration, timeout};
/// let never = std::future::pending::<()>();
/// assert!(timeout(Duration::from_millis(2), never).await.is_err());
/// # });
/// ```
#[track_caller]
pub fn timeout<F: IntoFuture>(limit: Duration, future: F) -> Timeout<F::IntoFuture> {
    let place = Location::caller();
    let limit = on_clock("`timeout`", |clock| {
        Sleep::new(clock, clock.now().saturating_add(limit), place)
    });
    Timeout {
        future: future.into_future(),
        limit: Some(limit),
    }
}

/// Runs a future until `deadline` at most; see [`timeout()`].
///
/// tokio: `time::timeout_at`. asyncio: `timeout_at`.
///
/// # Errors
///
/// [`Elapsed`]: the deadline came first.
///
/// # Cancel safety
///
/// **Strict** where the future is: dropping the wait drops the future.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    let place = Location::caller();
    let limit = on_clock("`timeout_at`", |clock| {
        Sleep::new(clock, clock.tick(deadline.into_std()), place)
    });
    Timeout {
        future: future.into_future(),
        limit: Some(limit),
    }
}

/// [`timeout()`] in asyncio's order of arguments; `None` waits for ever. asyncio: `wait_for`.
///
/// # Errors
///
/// [`Elapsed`]: the limit passed first.
///
/// # Cancel safety
///
/// **Strict** where the future is: dropping the wait drops the future.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn wait_for<F: IntoFuture>(
    future: F,
    limit: impl Into<Option<Duration>>,
) -> Timeout<F::IntoFuture> {
    match limit.into() {
        Some(limit) => timeout(limit, future),
        None => Timeout {
            future: future.into_future(),
            limit: None,
        },
    }
}

pin_project! {
    /// The future of [`timeout()`], [`timeout_at`] and [`wait_for`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Timeout<F> {
        #[pin]
        future: F,
        #[pin]
        limit: Option<Sleep>,
    }
}

impl<F> Timeout<F> {
    /// The future inside.
    pub fn get_ref(&self) -> &F {
        &self.future
    }

    /// The future inside.
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// Takes the future out; there is no limit any more.
    pub fn into_inner(self) -> F {
        self.future
    }
}

// ANCHOR: poll
impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // Without asking the budget: a future that always spends it all must still be ended.
        match this.limit.as_pin_mut() {
            Some(limit) => limit.poll_elapsed(cx).map(|()| Err(Elapsed(()))),
            None => Poll::Pending,
        }
    }
}
// ANCHOR_END: poll

/// The time limit passed before the future was ready.
///
/// tokio: `time::error::Elapsed`. asyncio: `TimeoutError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl Elapsed {
    pub(crate) fn new() -> Self {
        Elapsed(())
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl Error for Elapsed {}

impl From<Elapsed> for io::Error {
    fn from(elapsed: Elapsed) -> io::Error {
        io::Error::new(io::ErrorKind::TimedOut, elapsed)
    }
}
