//! Giving way on purpose: the budget of a poll, for futures that are not mainspring's own.
//!
//! A task that always finds something to do would keep the loop to itself. So every poll of a task
//! has a budget: each operation of this crate that completes takes one from it, and when nothing is
//! left they all say "not yet", until the task's next turn. Here other futures take part in that, or
//! are left out of it.
//!
//! tokio: `task::coop`. asyncio has no budget: a task runs until it awaits something that is not
//! ready.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::leaf::{self, Budget};

/// Takes one operation from the budget of the running poll, to be given back unless
/// [`made_progress`](RestoreOnPending::made_progress) is called on what it returns. `Pending`: the
/// budget is spent; the task has been woken again and gives way.
///
/// tokio: `task::coop::poll_proceed`.
///
/// ```
/// use std::task::{Context, Poll, ready};
/// use mainspring::task::coop;
///
/// /// A leaf of one's own: what is always ready still gives way now and then.
/// fn poll_dice(cx: &mut Context<'_>) -> Poll<u32> {
///     let paid = ready!(coop::poll_proceed(cx));
///     paid.made_progress();
///     Poll::Ready(4)
/// }
/// # mainspring::run(async {
/// assert_eq!(std::future::poll_fn(poll_dice).await, 4);
/// # });
/// ```
pub fn poll_proceed(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
    ready!(leaf::proceed(cx));
    let before = leaf::budget();
    leaf::spend();
    Poll::Ready(RestoreOnPending {
        before: Cell::new(Some(before)),
        _confined: PhantomData,
    })
}

/// What [`poll_proceed`] took from the budget. Dropping it gives that back, and whatever else was
/// taken since, unless progress was made.
#[derive(Debug)]
#[must_use = "dropping it gives back what was taken from the budget"]
pub struct RestoreOnPending {
    before: Cell<Option<Budget>>,
    // The budget is its thread's.
    _confined: PhantomData<Rc<()>>,
}

impl RestoreOnPending {
    /// Something was done: the budget stays as it is.
    pub fn made_progress(&self) {
        self.before.set(None);
    }
}

impl Drop for RestoreOnPending {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            before.restore();
        }
    }
}

/// Whether the running poll may complete another operation. Outside of a task always.
pub fn has_budget_remaining() -> bool {
    leaf::budget().is_left()
}

/// Makes a future pay when it completes, and give way when the budget is spent: for futures of
/// other crates, which know nothing of it.
///
/// tokio: `task::coop::cooperative`.
///
/// # Cancel safety
///
/// **Strict** where the future is.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::task::coop::cooperative;
///
/// let other = mainspring::spawn(async {});
/// while !other.is_finished() {
///     cooperative(std::future::ready(())).await; // without it, `other` would never run
/// }
/// # });
/// ```
#[track_caller]
pub fn cooperative<F: Future>(fut: F) -> Coop<F> {
    Coop {
        future: fut,
        place: Location::caller(),
    }
}

pin_project! {
    /// The future of [`cooperative`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Coop<F: Future> {
        #[pin]
        future: F,
        place: &'static Location<'static>,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let paid = ready!(poll_proceed(cx));
        leaf::waiting_for("a future of another crate, in `cooperative`", this.place);
        let output = ready!(this.future.poll(cx));
        paid.made_progress();
        Poll::Ready(output)
    }
}

/// Leaves a future out of the budget: while it is polled, nothing gives way. If it is always ready,
/// nothing else on this loop runs.
///
/// tokio: `task::unconstrained`.
///
/// # Cancel safety
///
/// **Strict** where the future is.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::task::{consume_budget, spawn, unconstrained};
///
/// let other = spawn(async {});
/// unconstrained(async {
///     for _ in 0..1000 {
///         consume_budget().await;
///     }
/// })
/// .await;
/// assert!(!other.is_finished());
/// # });
/// ```
pub fn unconstrained<F>(inner: F) -> Unconstrained<F> {
    Unconstrained { inner }
}

pin_project! {
    /// The future of [`unconstrained`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Unconstrained<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _lifted = leaf::lift_budget();
        self.project().inner.poll(cx)
    }
}

/// Takes one operation from the budget, and gives way when it is spent: for loops that compute
/// and would not otherwise await anything.
///
/// tokio: `task::consume_budget`. asyncio: `sleep(0)`, every time.
///
/// # Cancel safety
///
/// **Strict**: nothing is lost.
///
/// ```
/// # mainspring::run(async {
/// let mut sum = 0_u64;
/// for number in 0..1000 {
///     sum += number;
///     mainspring::task::consume_budget().await;
/// }
/// assert_eq!(sum, 499_500);
/// # });
/// ```
#[track_caller]
pub fn consume_budget() -> ConsumeBudget {
    ConsumeBudget {
        place: Location::caller(),
    }
}

/// The future of [`consume_budget`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ConsumeBudget {
    place: &'static Location<'static>,
}

impl Future for ConsumeBudget {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        leaf::waiting_for("its next turn", self.place);
        ready!(leaf::proceed(cx));
        leaf::spend();
        Poll::Ready(())
    }
}
