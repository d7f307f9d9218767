//! Many futures, all outputs or the first `Err`.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::future::children::Children;
use crate::leaf;

/// Runs futures side by side; gives all their values in the order the futures were given, or the
/// first `Err` to come, as soon as it comes. The others are dropped then, before it is given.
///
/// Otherwise like [`gather`](crate::future::gather()).
///
/// asyncio: `gather` as it is without `return_exceptions`, but that the others are stopped.
/// tokio: `try_join!`; futures: `try_join_all`.
///
/// # Cancel safety
///
/// **Loses data**: the values of children that have ended go with it.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::try_gather;
///
/// let sums = try_gather(["1", "2", "x"].map(async |text| text.parse::<i32>())).await;
/// assert!(sums.is_err());
/// # });
/// ```
#[track_caller]
pub fn try_gather<I, T, E>(futures: I) -> TryGather<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture<Output = Result<T, E>>,
{
    let children = Children::new(futures);
    TryGather {
        outputs: Some((0..children.len()).map(|_| None).collect()),
        children,
        place: Location::caller(),
    }
}

/// The future of [`try_gather()`].
#[must_use = "futures do nothing unless awaited"]
pub struct TryGather<F: Future> {
    children: Children<F>,
    /// One place for each child; gone when they have been given.
    outputs: Option<Vec<Option<F::Output>>>,
    place: &'static Location<'static>,
}

impl<F: Future> TryGather<F> {
    /// At most so many are started and not ended; values keep the order given.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    #[track_caller]
    pub fn limit(mut self, limit: usize) -> Self {
        self.children.set_limit(limit);
        self
    }
}

impl<F, T, E> Future for TryGather<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<Vec<T>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Vec<T>, E>> {
        let this = self.get_mut();
        let Some(outputs) = &mut this.outputs else {
            panic!("a `try_gather` was polled again after it gave its outputs");
        };
        let mut failure = None;
        leaf::waiting_for("the children of `try_gather`", this.place);
        ready!(this.children.poll_turn(cx, |index, output| match output {
            Ok(value) => {
                outputs[index] = Some(Ok(value));
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }));
        let outputs = this.outputs.take().unwrap_or_default();
        if let Some(error) = failure {
            this.children.clear();
            drop(outputs);
            return Poll::Ready(Err(error));
        }
        let output = |output: Option<Result<T, E>>| output.expect("every child has ended");
        Poll::Ready(outputs.into_iter().map(output).collect())
    }
}

/// The children are pinned in boxes of their own, and outputs need no pin.
impl<F: Future> Unpin for TryGather<F> {}

impl<F: Future> fmt::Debug for TryGather<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryGather")
            .field("left", &self.children.len())
            .finish_non_exhaustive()
    }
}
