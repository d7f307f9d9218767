//! `select!`: several futures at once, and the first that is ready decides.
//!
//! What the branches become is written in the `select` of the macros' crate; this is what that code
//! calls.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::branches::{self, Branched};
use crate::engine::chance;
use crate::leaf;

/// Waits for several futures at once, runs the handler of the first that is ready, and drops the
/// others.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::sync::mpsc;
/// use mainspring::time::{Duration, sleep};
///
/// let (jobs, mut inbox) = mpsc::channel::<u32>(8);
/// jobs.send(7).await.unwrap();
/// let done = mainspring::select! {
///     Some(job) = inbox.recv() => job * 6,
///     _ = sleep(Duration::from_secs(1)) => 0,
/// };
/// assert_eq!(done, 42);
/// # });
/// ```
///
/// Each branch is `pattern = future => handler,` or `pattern = future, if condition => handler,`;
/// the comma may be left out behind a handler in braces. There may be up to 64 of them, and at the
/// end `else => handler`. All handlers give the same type, which is what `select!` gives.
///
/// In this order:
///
/// 1. Each `condition` is evaluated. A branch whose condition is false is off.
/// 2. Each `future` expression is evaluated, also of a branch that is off, which is not polled.
/// 3. The futures are polled in turn, beginning at one that is drawn; what they are drawn from
///    begins the same on every loop, so that a program on the paused clock does the same on every
///    run (see [`Builder::seed`](crate::runtime::Builder::seed)).
/// 4. A value that the pattern of its branch does not fit is dropped, and the branch is off.
/// 5. The first value that fits: all futures are dropped, in the order written, and then the handler
///    runs. It may use what they borrowed, and `return`, `break`, `continue`, `?` and `.await` mean
///    what they mean around the `select!`.
/// 6. If all are off, `else` runs.
///
/// With `biased;` before the first branch, they are polled in the order written instead. Then it is
/// up to the program that the upper branches leave something to the lower ones: a stream that is
/// always ready stands last.
///
/// tokio: `select!`. asyncio: `wait(..., return_when=FIRST_COMPLETED)`, for tasks (here
/// [`wait`](crate::future::wait())).
///
/// # Panics
///
/// If all branches are off and there is no `else`.
///
/// # Cancel safety
///
/// **Loses data**, as far as a future loses data when it is dropped: each call starts all branches
/// anew and drops all but one half-way. In a loop, use what is **Strict** (`recv` of a channel,
/// `accept`, `sleep_until` of a fixed moment), or make the future before the loop, pin it, and put
/// `&mut future` into the branch, so that only the reference is dropped:
///
/// ```
/// # mainspring::run(async {
/// use mainspring::time::{Duration, interval, sleep};
///
/// let mut ticks = interval(Duration::from_millis(10));
/// let end = sleep(Duration::from_millis(35)); // one for all rounds
/// mainspring::pin!(end);
/// let mut seen = 0;
/// loop {
///     mainspring::select! {
///         _ = &mut end => break,
///         _ = ticks.tick() => seen += 1,
///     }
/// }
/// assert!(seen <= 4);
/// # });
/// ```
///
/// Only one branch's handler runs at a time, and while it runs, no other branch makes progress. For
/// work that is to go on meanwhile, [`spawn`](crate::spawn) it.
#[macro_export]
macro_rules! select {
    ($($branches:tt)*) => {
        $crate::__private::select!($crate $($branches)*)
    };
}

/// What `select!` awaits: `poll` polls the branches.
///
/// # Cancel safety
///
/// **Loses data**: see [`select!`](macro@crate::select).
#[track_caller]
pub fn select<P, T>(poll: P) -> Select<P>
where
    P: FnMut(&mut Context<'_>) -> Poll<T> + Unpin,
{
    Select {
        poll,
        place: Location::caller(),
    }
}

/// The future of a `select!`.
#[must_use = "futures do nothing unless awaited"]
pub struct Select<P> {
    poll: P,
    place: &'static Location<'static>,
}

impl<P, T> Future for Select<P>
where
    P: FnMut(&mut Context<'_>) -> Poll<T> + Unpin,
{
    type Output = T;

    // ANCHOR: poll
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // Branches that are always ready give way, too.
        ready!(leaf::proceed(cx));
        let branched = Branched::begin();
        let polled = (self.poll)(cx);
        if polled.is_pending() {
            branched.all_wait("a branch of `select!`", self.place);
        }
        polled
    }
    // ANCHOR_END: poll
}

impl<P> fmt::Debug for Select<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select").finish_non_exhaustive()
    }
}

/// Which branch is polled first.
#[inline]
pub fn first_branch(branches: u32) -> u32 {
    chance::first_branch(branches)
}

/// The branch that was just polled waits.
#[inline]
pub fn branch_waits() {
    branches::branch_waits();
}

/// Every branch is off, and there is no `else`.
#[cold]
#[track_caller]
pub fn select_has_nothing_left() -> ! {
    panic!(
        "all branches of this `select!` are off: each condition was false, or the value did not fit \
         the pattern. Add an `else` branch"
    )
}
