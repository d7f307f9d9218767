//! Sleeping: one timer as a future.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use mainspring_reactor::{Tick, TimerKey};
use pin_project_lite::pin_project;

use crate::engine::clock::{Clock, instant, tick};
use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::ready::Remote;
use crate::leaf;
use crate::time::instant::Instant;

/// Waits for a duration. Never early; a sleep of zero gives way once.
///
/// Any duration will do; beyond some 584 years it is for ever. Sleeps that end at the same
/// moment end in the order they were made.
///
/// tokio: `time::sleep`. asyncio: `sleep`, with [`sleep_secs`].
///
/// # Cancel safety
///
/// **Strict**: a sleep that is dropped leaves the wheel at once.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::time::{Duration, sleep};
/// sleep(Duration::from_millis(2)).await;
/// # });
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let place = Location::caller();
    on_clock("`sleep`", |clock| {
        Sleep::new(clock, clock.now().saturating_add(duration), place)
    })
}

/// Waits for a moment; one that has passed gives way once.
///
/// tokio: `time::sleep_until`.
///
/// # Cancel safety
///
/// **Strict**: a sleep that is dropped leaves the wheel at once.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let place = Location::caller();
    on_clock("`sleep_until`", |clock| {
        Sleep::new(clock, clock.tick(deadline.into_std()), place)
    })
}

/// Waits for seconds, whole or fractional, or for a `Duration`; a negative number is zero.
///
/// asyncio: `sleep` (without its second argument: `async { sleep(1).await; value }` says it).
///
/// # Cancel safety
///
/// **Strict**: a sleep that is dropped leaves the wheel at once.
///
/// # Panics
///
/// Outside of a runtime, and for a number that is none (NaN).
///
/// ```
/// # mainspring::run(async {
/// mainspring::time::sleep_secs(0.002).await;
/// # });
/// ```
#[track_caller]
pub fn sleep_secs(delay: impl Delay) -> Sleep {
    sleep(delay.into_duration())
}

/// What [`sleep_secs`] takes: seconds as a number, or a `Duration`.
pub trait Delay {
    /// As a duration.
    ///
    /// # Panics
    ///
    /// If it is not a number.
    #[track_caller]
    fn into_duration(self) -> Duration;
}

impl Delay for Duration {
    fn into_duration(self) -> Duration {
        self
    }
}

impl Delay for f64 {
    #[track_caller]
    fn into_duration(self) -> Duration {
        assert!(
            !self.is_nan(),
            "a delay of NaN seconds: the number came out of 0.0 / 0.0 or the like; give a \
             number of seconds"
        );
        // Infinity, and what is too large for a `Duration`, is for ever.
        Duration::try_from_secs_f64(self.max(0.0)).unwrap_or(Duration::MAX)
    }
}

impl Delay for i32 {
    fn into_duration(self) -> Duration {
        Duration::from_secs(self.max(0) as u64)
    }
}

impl Delay for u64 {
    fn into_duration(self) -> Duration {
        Duration::from_secs(self)
    }
}

pin_project! {
    /// The future of [`sleep`] and [`sleep_until`].
    ///
    /// tokio: `time::Sleep`. It must be pinned before it is polled by hand.
    // Nothing in it needs pinning; but it is `!Unpin` because tokio's is.
    #[must_use = "futures do nothing unless awaited"]
    #[project(!Unpin)]
    pub struct Sleep {
        deadline: Tick,
        // What the deadline counts from.
        origin: std::time::Instant,
        state: State,
        place: &'static Location<'static>,
    }

    impl PinnedDrop for Sleep {
        fn drop(this: Pin<&mut Self>) {
            if let State::Set(key, remote) = this.project().state {
                leave(*key, remote, drop);
            }
        }
    }
}

enum State {
    /// Not in a wheel yet: that comes with the first poll.
    New,
    /// In the wheel of that loop.
    Set(TimerKey, Arc<Remote>),
    Elapsed,
}

impl Sleep {
    pub(crate) fn new(clock: &Clock, deadline: Tick, place: &'static Location<'static>) -> Sleep {
        Sleep {
            deadline,
            origin: clock.origin(),
            state: State::New,
            place,
        }
    }

    /// The moment it waits for.
    pub fn deadline(&self) -> Instant {
        Instant::from_std(instant(self.origin, self.deadline))
    }

    /// Whether that moment has come.
    pub fn is_elapsed(&self) -> bool {
        match &self.state {
            State::Elapsed => true,
            State::New => false,
            State::Set(key, remote) => match context::here(remote) {
                Some(engine) => !engine.wheel.borrow().contains(*key),
                None => Instant::now() >= self.deadline(),
            },
        }
    }

    /// Waits for another moment instead, also if the first has come already.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let this = self.project();
        *this.deadline = tick(*this.origin, deadline.into_std());
        let State::Set(key, remote) = std::mem::replace(this.state, State::New) else {
            return;
        };
        match context::here(&remote) {
            Some(engine) => {
                if engine.wheel.borrow_mut().reset(key, *this.deadline) {
                    *this.state = State::Set(key, remote);
                }
            }
            // Whoever waits on that thread polls once more, and so sets the new timer.
            None => leave(key, &remote, Waker::wake),
        }
    }

    // ANCHOR: poll
    /// Polls without asking the budget: for those who have asked already.
    pub(crate) fn poll_elapsed(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let place = self.place;
        let this = self.project();
        match this.state {
            State::Elapsed => return Poll::Ready(()),
            State::Set(key, remote) => match polled_by(remote) {
                Some(engine) => {
                    let wakes = (engine.wheel.borrow().waker(*key))
                        .map(|waker| waker.will_wake(cx.waker()));
                    match wakes {
                        // It has fired: that is what makes a sleep end.
                        None => {
                            *this.state = State::Elapsed;
                            return Poll::Ready(());
                        }
                        Some(true) => {}
                        Some(false) => {
                            let new = cx.waker().clone();
                            let old = engine.wheel.borrow_mut().replace_waker(*key, new);
                            drop(old);
                        }
                    }
                }
                // The sleep has moved to another loop, which takes it over.
                None => {
                    leave(*key, remote, drop);
                    let engine = poller();
                    move_to(&engine, this.origin, this.deadline);
                    if engine.clock.now() >= *this.deadline {
                        *this.state = State::Elapsed;
                        return Poll::Ready(());
                    }
                    *this.state = set(&engine, *this.deadline, cx);
                }
            },
            // Also if the moment has passed already: no sleep ends in the poll that began it.
            State::New => {
                let engine = poller();
                move_to(&engine, this.origin, this.deadline);
                *this.state = set(&engine, *this.deadline, cx);
            }
        }
        leaf::waiting_for("a moment", place);
        Poll::Pending
    }
    // ANCHOR_END: poll
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(leaf::proceed(cx));
        ready!(self.as_mut().poll_elapsed(cx));
        leaf::spend();
        Poll::Ready(())
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep")
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

/// Makes a timer on the clock of the loop this thread is inside of.
///
/// A pool's job is inside of none, and yet may make one for the loop that will poll it
/// (`Handle::block_on`, `spawn`): it counts from now on, and that loop takes it over.
///
/// # Panics
///
/// Outside of a runtime, naming what was called.
#[inline]
#[track_caller]
pub(crate) fn on_clock<T>(what: &str, make: impl FnOnce(&Clock) -> T) -> T {
    match context::current() {
        Some(engine) => make(&engine.clock),
        None if context::job().is_some() => make(&Clock::new(false)),
        None => panic!("{}", context::outside(what)),
    }
}

/// The loop that polls; outside of any turn, the one this thread is inside of.
fn poller() -> Rc<Engine> {
    context::turning().unwrap_or_else(|| context::expect("a `sleep`"))
}

/// The loop that polls, if it is that one. Another loop of this thread stands still meanwhile.
fn polled_by(remote: &Arc<Remote>) -> Option<Rc<Engine>> {
    let polling = context::turning().or_else(context::made);
    let polling = polling.or_else(|| context::here(remote));
    polling.filter(|engine| Arc::ptr_eq(&engine.remote, remote))
}

/// The same moment on this loop's clock, if the sleep was made on another loop.
fn move_to(engine: &Engine, origin: &mut std::time::Instant, deadline: &mut Tick) {
    let here = engine.clock.origin();
    if *origin == here {
        return;
    }
    if *deadline != Tick::NEVER {
        *deadline = engine.clock.tick(instant(*origin, *deadline));
    }
    *origin = here;
}

/// Puts a timer into this loop's wheel.
fn set(engine: &Engine, deadline: Tick, cx: &Context<'_>) -> State {
    let waker = cx.waker().clone();
    let key = engine.wheel.borrow_mut().insert(deadline, waker);
    State::Set(key, engine.remote.clone())
}

/// Takes a timer out of its wheel, from any thread, and does with its waker what is asked.
fn leave(key: TimerKey, remote: &Arc<Remote>, then: fn(Waker)) {
    context::at_home(remote, move |engine| {
        let waker = engine.wheel.borrow_mut().cancel(key);
        waker.into_iter().for_each(then);
    });
}
