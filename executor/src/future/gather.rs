//! Many futures, all outputs, in the order given.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::future::children::Children;
use crate::leaf;

/// Runs futures side by side and gives their outputs in the order the futures were given.
///
/// The futures are polled in place, inside of the task that awaits the gather: they may borrow
/// from the caller, and dropping the gather drops those that have not ended. They start in the
/// order given, when the gather is first polled. To run them as tasks, spawn them and give the
/// handles.
///
/// A gather never fails: an output that is an `Err` is an output (asyncio's
/// `return_exceptions=True`). [`try_gather`](crate::future::try_gather()) ends with the first
/// `Err`. A panic in a child goes up into the caller.
///
/// asyncio: `gather`. tokio: `join!`, which takes a fixed number; futures: `join_all`.
///
/// # Cancel safety
///
/// **Loses data**: the outputs of children that have ended go with the gather. To look in
/// between, poll `&mut gather`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::gather;
///
/// let words = ["one", "two", "three"];
/// let lengths = gather(words.iter().map(async |word| word.len())).await;
/// assert_eq!(lengths, [3, 3, 5]);
/// # });
/// ```
#[track_caller]
pub fn gather<I>(futures: I) -> Gather<<I::Item as IntoFuture>::IntoFuture>
where
    I: IntoIterator,
    I::Item: IntoFuture,
{
    let children = Children::new(futures);
    Gather {
        outputs: Some((0..children.len()).map(|_| None).collect()),
        children,
        place: Location::caller(),
    }
}

/// The future of [`gather()`].
#[must_use = "futures do nothing unless awaited"]
pub struct Gather<F: Future> {
    children: Children<F>,
    /// One place for each child; gone when they have been given.
    outputs: Option<Vec<Option<F::Output>>>,
    place: &'static Location<'static>,
}

impl<F: Future> Gather<F> {
    /// At most so many are started and not ended; outputs keep the order given.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::future::gather;
    ///
    /// let squares = gather((0..100).map(async |n| n * n)).limit(10).await;
    /// assert_eq!(squares[99], 9801);
    /// # });
    /// ```
    #[track_caller]
    pub fn limit(mut self, limit: usize) -> Self {
        self.children.set_limit(limit);
        self
    }
}

impl<F: Future> Future for Gather<F> {
    type Output = Vec<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<F::Output>> {
        let this = self.get_mut();
        let Some(outputs) = &mut this.outputs else {
            panic!("a `gather` was polled again after it gave its outputs");
        };
        leaf::waiting_for("the children of `gather`", this.place);
        ready!(this.children.poll_turn(cx, |index, output| {
            outputs[index] = Some(output);
            ControlFlow::Continue(())
        }));
        let outputs = this.outputs.take().unwrap_or_default();
        let output = |output: Option<F::Output>| output.expect("every child has ended");
        Poll::Ready(outputs.into_iter().map(output).collect())
    }
}

/// The children are pinned in boxes of their own, and outputs need no pin.
impl<F: Future> Unpin for Gather<F> {}

impl<F: Future> fmt::Debug for Gather<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather")
            .field("left", &self.children.len())
            .finish_non_exhaustive()
    }
}
