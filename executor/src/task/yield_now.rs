//! Giving way: once, or until nobody else can run.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::engine::context;
use crate::leaf;

/// Goes to the back of the ready queue, once.
///
/// tokio: `task::yield_now`. asyncio: `sleep(0)`.
///
/// # Cancel safety
///
/// **Loses its place**: the next call starts at the back again.
///
/// ```
/// # mainspring::run(async {
/// let other = mainspring::spawn(async { println!("first") });
/// mainspring::task::yield_now().await;
/// assert!(other.is_finished());
/// # });
/// ```
pub fn yield_now() -> YieldNow {
    YieldNow { has_yielded: false }
}

/// The future of [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    has_yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_yielded {
            return Poll::Ready(());
        }
        self.has_yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Waits until no other task can run: the ready queue is empty, and a look at the sockets and at
/// the other threads' letters found nothing. No time passes meanwhile on the paused clock.
///
/// trio: `wait_all_tasks_blocked`. tokio and asyncio have none; tests there yield a few times
/// and hope.
///
/// # Cancel safety
///
/// **Strict**: nothing is lost.
///
/// # Panics
///
/// Outside of a runtime, when polled.
///
/// ```
/// # mainspring::run(async {
/// let worker = mainspring::spawn(async {
///     for _ in 0..10 {
///         mainspring::task::yield_now().await;
///     }
/// });
/// mainspring::task::idle().await;
/// assert!(worker.is_finished());
/// # });
/// ```
#[track_caller]
pub fn idle() -> Idle {
    Idle {
        round: None,
        place: Location::caller(),
    }
}

/// The future of [`idle`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Idle {
    /// The release before the one that is waited for.
    round: Option<u64>,
    place: &'static Location<'static>,
}

impl Future for Idle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let engine = context::expect("`idle`");
        let round = engine.idle_rounds.get();
        let is_again = self.round.is_some();
        if *self.round.get_or_insert(round) < round {
            return Poll::Ready(());
        }
        // One that waited before may be anywhere in the list; one that was dropped, at its end.
        let listed = if is_again { usize::MAX } else { 1 };
        let is_listed = |idler: &Waker| idler.will_wake(cx.waker());
        let is_listed = (engine.idlers.borrow().iter().rev().take(listed)).any(is_listed);
        if !is_listed {
            let waker = cx.waker().clone();
            engine.idlers.borrow_mut().push_back(waker);
        }
        leaf::waiting_for("everybody else to wait", self.place);
        Poll::Pending
    }
}
