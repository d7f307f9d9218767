//! `join!` and `try_join!`: a fixed number of futures, each of a type of its own, all outputs.
//!
//! The macros give each future a name of its own (a name that a macro writes in another round is
//! another name) and pin it beside the others. What the futures have in common is a [`Part`]: it
//! can be polled until it is done, whatever its output is.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::ControlFlow;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::branches::{self, Branched};

/// Waits for several futures at once, and gives all their outputs as a tuple.
///
/// The futures are polled in place, in the task that awaits: they may borrow, and they do not run in
/// parallel. Whoever is polled first changes from poll to poll, so that none starves the others;
/// with `biased;` before the first it is always the order written. To run them as tasks, join their
/// handles.
///
/// tokio: `join!`. asyncio: `gather`; [`gather`](crate::future::gather()) takes any number, of one
/// type.
///
/// # Cancel safety
///
/// **Loses data**: the outputs of those that are done go with the wait.
///
/// ```
/// # mainspring::run(async {
/// let (sum, word) = mainspring::join!(async { 1 + 1 }, async { "two" });
/// assert_eq!((sum, word), (2, "two"));
/// # });
/// ```
#[macro_export]
macro_rules! join {
    (@name $all:tt [$($named:tt)*] [$($last_first:tt)*] $future:expr, $($rest:tt)*) => {
        $crate::join!(@name $all
            [$($named)* (future $future)] [future $($last_first)*] $($rest)*)
    };
    (@name $all:tt [] []) => { async {}.await };
    (@name ($is_biased:expr) [$(($name:ident $future:expr))*] [$($last_first:ident)*]) => {{
        let ($($name,)*) = ($($future,)*);
        // Pinned from the last to the first: so they are dropped in the order written.
        $(let mut $last_first = ::core::pin::pin!($crate::__private::Slot::new($last_first));)*
        $crate::__private::join($is_biased, |round| round.all(&mut [$($name.as_mut()),*])).await;
        ($($name.as_mut().take(),)*)
    }};
    (biased; $($future:expr),* $(,)?) => { $crate::join!(@name (true) [] [] $($future,)*) };
    ($($future:expr),* $(,)?) => { $crate::join!(@name (false) [] [] $($future,)*) };
}

/// Waits for several futures at once, until one gives an `Err` or all have given their `Ok`: then
/// `Ok` of all values as a tuple.
///
/// An `Err` ends it at once, and the others are dropped with it. For the rest see [`join!`].
///
/// tokio: `try_join!`. asyncio: `gather`, whose other children go on after an error;
/// [`try_gather`](crate::future::try_gather()) takes any number, of one type.
///
/// # Cancel safety
///
/// **Loses data**: the outputs of those that are done go with the wait.
///
/// ```
/// # mainspring::run(async {
/// let both = mainspring::try_join!(async { Ok(1) }, async { "two".parse::<u32>() });
/// assert!(both.is_err());
/// # });
/// ```
#[macro_export]
macro_rules! try_join {
    (@name $all:tt [$($named:tt)*] [$($last_first:tt)*] $future:expr, $($rest:tt)*) => {
        $crate::try_join!(@name $all
            [$($named)* (future $future)] [future $($last_first)*] $($rest)*)
    };
    (@name $all:tt [] []) => { async { ::core::result::Result::Ok(()) }.await };
    (@name ($is_biased:expr) [$(($name:ident $future:expr))*] [$($last_first:ident)*]) => {{
        let ($($name,)*) = ($($future,)*);
        $(let mut $last_first = ::core::pin::pin!($crate::__private::Slot::new($last_first));)*
        let ended = $crate::__private::join($is_biased, |round| {
            round.all_ok(&mut [$($name.as_mut()),*])
        });
        match ended.await {
            ::core::result::Result::Ok(()) => {
                ::core::result::Result::Ok(($($name.as_mut().take_ok(),)*))
            }
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
        }
    }};
    (biased; $($future:expr),* $(,)?) => { $crate::try_join!(@name (true) [] [] $($future,)*) };
    ($($future:expr),* $(,)?) => { $crate::try_join!(@name (false) [] [] $($future,)*) };
}

/// What the macros await: `poll` shows one round over all slots.
///
/// # Cancel safety
///
/// **Loses data**: see [`join!`](macro@crate::join).
#[track_caller]
pub fn join<P, T>(is_biased: bool, poll: P) -> Join<P>
where
    P: FnMut(&mut Round<'_, '_>) -> Poll<T> + Unpin,
{
    Join {
        poll,
        first: 0,
        is_biased,
        place: Location::caller(),
    }
}

/// The future of a `join!` or a `try_join!`.
#[must_use = "futures do nothing unless awaited"]
pub struct Join<P> {
    poll: P,
    /// Who is polled first in the next round: as a count of rounds.
    first: usize,
    is_biased: bool,
    place: &'static Location<'static>,
}

impl<P, T> Future for Join<P>
where
    P: FnMut(&mut Round<'_, '_>) -> Poll<T> + Unpin,
{
    type Output = T;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let branched = Branched::begin();
        let first = self.first;
        if !self.is_biased {
            self.first = first.wrapping_add(1);
        }
        let polled = (self.poll)(&mut Round { cx, first });
        match polled {
            Poll::Ready(_) => branched.done(),
            Poll::Pending => branched.all_wait("the futures of `join!`", self.place),
        }
        polled
    }
}

impl<P> fmt::Debug for Join<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").finish_non_exhaustive()
    }
}

/// One round over all slots.
#[derive(Debug)]
pub struct Round<'a, 'w> {
    cx: &'a mut Context<'w>,
    first: usize,
}

impl Round<'_, '_> {
    /// Polls each; `Ready` when all are done.
    pub fn all(&mut self, slots: &mut [Pin<&mut dyn Part>]) -> Poll<()> {
        let ended = self.each(slots, |slot, cx| {
            slot.as_mut().poll(cx).map(ControlFlow::<()>::Continue)
        });
        ended.map(drop)
    }

    /// Polls each; `Ready` when one has failed or all are done.
    pub fn all_ok<E>(&mut self, slots: &mut [Pin<&mut dyn TryPart<E>>]) -> Poll<Result<(), E>> {
        let ended = self.each(slots, |slot, cx| slot.as_mut().poll(cx));
        ended.map(|ended| match ended {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(error) => Err(error),
        })
    }

    fn each<S, B>(
        &mut self,
        slots: &mut [S],
        poll: impl Fn(&mut S, &mut Context<'_>) -> Poll<ControlFlow<B>>,
    ) -> Poll<ControlFlow<B>> {
        let first = self.first % slots.len();
        let (later, sooner) = slots.split_at_mut(first);
        let mut waits = false;
        for slot in sooner.iter_mut().chain(later) {
            match poll(slot, self.cx) {
                Poll::Ready(ControlFlow::Continue(())) => {}
                Poll::Ready(end) => return Poll::Ready(end),
                Poll::Pending => {
                    branches::branch_waits();
                    waits = true;
                }
            }
        }
        match waits {
            true => Poll::Pending,
            false => Poll::Ready(ControlFlow::Continue(())),
        }
    }
}

pin_project! {
    /// A future, and then its output, until that is taken.
    #[project = Now]
    #[project_replace = Before]
    #[doc(hidden)]
    pub enum Slot<F: Future> {
        /// Not done.
        Running {
            #[pin]
            future: F,
        },
        /// Done.
        Done {
            output: F::Output,
        },
        /// Its output was taken.
        Taken,
    }
}

impl<F: Future> Slot<F> {
    /// Of whatever can be awaited.
    pub fn new<I: IntoFuture<IntoFuture = F>>(future: I) -> Self {
        Slot::Running {
            future: future.into_future(),
        }
    }

    /// The output of a future that is done.
    pub fn take(self: Pin<&mut Self>) -> F::Output {
        match self.project_replace(Slot::Taken) {
            Before::Done { output } => output,
            _ => unreachable!("the output of a `join!` is taken once, when all are done"),
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Slot<F> {
    /// The value of a future that is done and has not failed.
    pub fn take_ok(self: Pin<&mut Self>) -> T {
        match self.take() {
            Ok(value) => value,
            Err(_) => unreachable!("a `try_join!` ends with the first error"),
        }
    }
}

impl<F: Future> fmt::Debug for Slot<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

/// What the slots of a `join!` have in common.
pub trait Part {
    /// `Ready`: its output is there.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;
}

impl<F: Future> Part for Slot<F> {
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Now::Running { future } = self.as_mut().project() {
            let output = ready!(future.poll(cx));
            self.set(Slot::Done { output });
        }
        Poll::Ready(())
    }
}

/// What the slots of a `try_join!` have in common.
pub trait TryPart<E> {
    /// `Ready`: its value is there, or it has failed.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ControlFlow<E>>;
}

impl<F: Future<Output = Result<T, E>>, T, E> TryPart<E> for Slot<F> {
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ControlFlow<E>> {
        if let Now::Running { future } = self.as_mut().project() {
            match ready!(future.poll(cx)) {
                Err(error) => return Poll::Ready(ControlFlow::Break(error)),
                output => self.set(Slot::Done { output }),
            }
        }
        Poll::Ready(ControlFlow::Continue(()))
    }
}
