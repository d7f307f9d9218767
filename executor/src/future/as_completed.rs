//! Many futures, each output as it comes.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;

use crate::future::children::Children;
use crate::future::limit::Limit;
use crate::leaf;
use crate::time::Elapsed;

/// Runs futures side by side and gives each output when it comes, as a stream.
///
/// The futures are polled in place, whenever the stream is asked for the next output: they may
/// borrow from the caller, dropping the stream drops those that have not ended, and between two
/// questions they stand still. They start in the order given, when the stream is first asked. To
/// run them as tasks, spawn them and give the handles.
///
/// asyncio: `as_completed`. tokio has none; futures: `FuturesUnordered`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::{StreamExt, as_completed};
/// use mainspring::time::{Duration, sleep};
///
/// let mut outputs = as_completed([20, 1].map(async |ms| {
///     sleep(Duration::from_millis(ms)).await;
///     ms
/// }));
/// assert_eq!(outputs.next().await, Some(1));
/// assert_eq!(outputs.next().await, Some(20));
/// assert_eq!(outputs.next().await, None);
/// # });
/// ```
#[track_caller]
pub fn as_completed<I>(futures: I) -> AsCompleted<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    AsCompleted {
        children: Children::new(futures),
        place: Location::caller(),
    }
}

/// The stream of [`as_completed()`].
#[must_use = "streams do nothing unless polled"]
pub struct AsCompleted<F> {
    children: Children<F>,
    place: &'static Location<'static>,
}

impl<F: Future> AsCompleted<F> {
    /// At most so many are started and not ended.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    #[track_caller]
    pub fn limit(mut self, limit: usize) -> Self {
        self.children.set_limit(limit);
        self
    }

    /// Each output with its future's place in the order given.
    pub fn indexed(self) -> Indexed<F> {
        Indexed { inner: self }
    }

    /// Gives the outputs that come within `limit`, counted from the first question: each as `Ok`.
    /// Then, if any are left, one `Err(Elapsed)`; they are dropped, and the stream has ended.
    /// What ends at the very moment the limit is up still comes as `Ok`.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when it is polled.
    pub fn timeout(self, limit: Duration) -> TimedOut<Self> {
        TimedOut::new(self, limit)
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, F::Output)>> {
        let mut next = None;
        leaf::waiting_for("the next of `as_completed`", self.place);
        ready!(self.children.poll_turn(cx, |index, output| {
            next = Some((index, output));
            ControlFlow::Break(())
        }));
        Poll::Ready(next)
    }
}

impl<F: Future> Stream for AsCompleted<F> {
    type Item = F::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let next = ready!(self.poll_output(cx));
        Poll::Ready(next.map(|(_, output)| output))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.children.len(), Some(self.children.len()))
    }
}

/// The stream of [`AsCompleted::indexed`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Indexed<F> {
    inner: AsCompleted<F>,
}

impl<F: Future> Indexed<F> {
    /// As [`AsCompleted::timeout`].
    pub fn timeout(self, limit: Duration) -> TimedOut<Self> {
        TimedOut::new(self, limit)
    }
}

impl<F: Future> Stream for Indexed<F> {
    type Item = (usize, F::Output);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.poll_output(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

/// The stream of [`AsCompleted::timeout`].
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct TimedOut<S> {
    /// With its limit; gone when the stream has ended.
    inner: Option<(S, Limit)>,
    /// How often it still waits for a turn that the budget cut short, when the limit is up. Each
    /// of the children has had its turn then, also if all of them always spend everything.
    patience: usize,
}

impl<S: Stream + Unpin> TimedOut<S> {
    fn new(inner: S, limit: Duration) -> Self {
        TimedOut {
            patience: inner.size_hint().0,
            inner: Some((inner, Limit::new(limit))),
        }
    }
}

impl<S: Stream + Unpin> Stream for TimedOut<S> {
    type Item = Result<S::Item, Elapsed>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some((inner, limit)) = &mut this.inner else {
            return Poll::Ready(None);
        };
        let next = match Pin::new(inner).poll_next(cx) {
            Poll::Ready(next) => next.map(Ok),
            Poll::Pending => {
                ready!(limit.poll_up(cx));
                if this.patience > 0 && leaf::proceed(cx).is_pending() {
                    this.patience -= 1;
                    return Poll::Pending;
                }
                Some(Err(Elapsed::new()))
            }
        };
        if !matches!(next, Some(Ok(_))) {
            this.inner = None;
        }
        Poll::Ready(next)
    }
}

/// The children are pinned in boxes of their own.
impl<F> Unpin for AsCompleted<F> {}

impl<F> fmt::Debug for AsCompleted<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("left", &self.children.len())
            .finish_non_exhaustive()
    }
}
