//! `join!` and `try_join!`: a fixed number of futures, each of a type of its own, all outputs.
//!
//! The macros give each future a name of its own (a name that a macro writes in another round is
//! another name) and a number, and pin it beside the others, in a [`Slot`] that keeps its output.
//! What they write for each future stands there in the order of the numbers; a [`Round`] begins
//! anywhere in it and goes once around.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, IntoFuture};
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
    (@name $all:tt ($count:expr) [$($named:tt)*] [$($last_first:tt)*] $future:expr, $($rest:tt)*) => {
        $crate::join!(@name $all ($count + 1)
            [$($named)* (future $count, $future)] [future $($last_first)*] $($rest)*)
    };
    (@name $all:tt ($count:expr) [] []) => { async {}.await };
    (@name ($is_biased:expr) ($count:expr)
        [$(($name:ident $number:expr, $future:expr))*] [$($last_first:ident)*]) => {{
        let ($($name,)*) = ($($future,)*);
        // Pinned from the last to the first: so they are dropped in the order written.
        $(let mut $last_first = ::core::pin::pin!($crate::__private::Slot::new($last_first));)*
        let ::core::result::Result::Ok(()) =
            $crate::__private::join($is_biased, $count, |round| loop {
                $(if round.is_turn_of($number) {
                    let polled = $name.as_mut().poll(round.cx);
                    if let Some(ended) = round.polled(polled) {
                        return ended;
                    }
                })*
                round.goes_on_with_the_first();
            })
            .await;
        ($($name.as_mut().take(),)*)
    }};
    (biased; $($future:expr),* $(,)?) => { $crate::join!(@name (true) (0) [] [] $($future,)*) };
    ($($future:expr),* $(,)?) => { $crate::join!(@name (false) (0) [] [] $($future,)*) };
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
    (@name $all:tt ($count:expr) [$($named:tt)*] [$($last_first:tt)*] $future:expr, $($rest:tt)*) => {
        $crate::try_join!(@name $all ($count + 1)
            [$($named)* (future $count, $future)] [future $($last_first)*] $($rest)*)
    };
    (@name $all:tt ($count:expr) [] []) => { async { ::core::result::Result::Ok(()) }.await };
    (@name ($is_biased:expr) ($count:expr)
        [$(($name:ident $number:expr, $future:expr))*] [$($last_first:ident)*]) => {{
        let ($($name,)*) = ($($future,)*);
        $(let mut $last_first = ::core::pin::pin!($crate::__private::Slot::new($last_first));)*
        let ended = $crate::__private::join($is_biased, $count, |round| loop {
            $(if round.is_turn_of($number) {
                let polled = $name.as_mut().poll_ok(round.cx);
                if let Some(ended) = round.polled(polled) {
                    return ended;
                }
            })*
            round.goes_on_with_the_first();
        });
        match ended.await {
            ::core::result::Result::Ok(()) => {
                ::core::result::Result::Ok(($($name.as_mut().take_ok(),)*))
            }
            ::core::result::Result::Err(error) => ::core::result::Result::Err(error),
        }
    }};
    (biased; $($future:expr),* $(,)?) => { $crate::try_join!(@name (true) (0) [] [] $($future,)*) };
    ($($future:expr),* $(,)?) => { $crate::try_join!(@name (false) (0) [] [] $($future,)*) };
}

/// What the macros await: `poll` shows one round over so many futures.
///
/// # Cancel safety
///
/// **Loses data**: see [`join!`](macro@crate::join).
#[track_caller]
pub fn join<P, E>(is_biased: bool, count: usize, poll: P) -> Join<P>
where
    P: FnMut(&mut Round<'_, '_>) -> Poll<Result<(), E>> + Unpin,
{
    Join {
        poll,
        count,
        first: 0,
        is_biased,
        place: Location::caller(),
    }
}

/// The future of a `join!` or a `try_join!`: `Ok` when all are done, or the first `Err`.
#[must_use = "futures do nothing unless awaited"]
pub struct Join<P> {
    poll: P,
    count: usize,
    /// Who is polled first in the next round.
    first: usize,
    is_biased: bool,
    place: &'static Location<'static>,
}

impl<P, E> Future for Join<P>
where
    P: FnMut(&mut Round<'_, '_>) -> Poll<Result<(), E>> + Unpin,
{
    type Output = Result<(), E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        let this = self.get_mut();
        let branched = Branched::begin();
        let number = this.first;
        if !this.is_biased {
            this.first = if number + 1 < this.count {
                number + 1
            } else {
                0
            };
        }
        let polled = (this.poll)(&mut Round {
            cx,
            number,
            left: this.count,
            waits: false,
        });
        if polled.is_pending() {
            branched.all_wait("the futures of `join!`", this.place);
        }
        polled
    }
}

impl<P> fmt::Debug for Join<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").finish_non_exhaustive()
    }
}

/// One round over all futures.
#[derive(Debug)]
pub struct Round<'a, 'w> {
    /// What each is polled with.
    pub cx: &'a mut Context<'w>,
    /// Whose turn it is.
    number: usize,
    /// How many have not had their turn.
    left: usize,
    /// One that had its turn waits.
    waits: bool,
}

impl Round<'_, '_> {
    /// Whether the future of that number is to be polled next.
    #[inline]
    pub fn is_turn_of(&self, number: usize) -> bool {
        self.number == number
    }

    /// It has been polled. `Some`: the round is over, as one has failed or each had its turn.
    #[inline]
    pub fn polled<E>(&mut self, polled: Poll<Result<(), E>>) -> Option<Poll<Result<(), E>>> {
        self.number += 1;
        self.left -= 1;
        match polled {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(error) => return Some(Poll::Ready(error)),
            Poll::Pending => {
                branches::branch_waits();
                self.waits = true;
            }
        }
        match (self.left, self.waits) {
            (0, true) => Some(Poll::Pending),
            (0, false) => Some(Poll::Ready(Ok(()))),
            _ => None,
        }
    }

    /// After the last comes the first.
    #[inline]
    pub fn goes_on_with_the_first(&mut self) {
        self.number = 0;
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

    /// `Ready`: its output is there.
    #[inline]
    pub fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        if let Now::Running { future } = self.as_mut().project() {
            let output = ready!(future.poll(cx));
            self.set(Slot::Done { output });
        }
        Poll::Ready(Ok(()))
    }

    /// The output of a future that is done.
    #[inline]
    pub fn take(self: Pin<&mut Self>) -> F::Output {
        match self.project_replace(Slot::Taken) {
            Before::Done { output } => output,
            _ => unreachable!("the output of a `join!` is taken once, when all are done"),
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Slot<F> {
    /// `Ready`: its value is there, or it has failed.
    #[inline]
    pub fn poll_ok(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), E>> {
        if let Now::Running { future } = self.as_mut().project() {
            let value = ready!(future.poll(cx))?;
            self.set(Slot::Done { output: Ok(value) });
        }
        Poll::Ready(Ok(()))
    }

    /// The value of a future that is done and has not failed.
    #[inline]
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
