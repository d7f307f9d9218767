//! A time limit that can be moved while the work runs.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pin_project_lite::pin_project;
use slab::Slab;

use crate::engine::context;
use crate::quietly::wake_all;
use crate::shim::{Mutex, lock};
use crate::time::instant::Instant;
use crate::time::sleep::{Sleep, on_clock};
use crate::time::timeout::Elapsed;

/// A time limit that can be moved while the work runs, and asked about.
///
/// Clones are the same limit: keep one, and let the work have another. One limit may be that of
/// several pieces of work, one after the other or side by side.
///
/// asyncio: the `Timeout` object of `asyncio.timeout`. tokio has none: there, race the work with a
/// `Sleep` that is `reset`.
///
/// ```
/// # let runtime = mainspring::runtime::Builder::new_current_thread().start_paused(true).build()?;
/// # runtime.block_on(async {
/// use mainspring::time::{Deadline, Duration, Instant, sleep};
///
/// let second = Duration::from_secs(1);
/// let deadline = Deadline::after(second);
/// let work = async {
///     sleep(second / 2).await;
///     // It goes well: it may take longer.
///     deadline.reschedule(Instant::now() + 2 * second).unwrap();
///     sleep(second).await;
/// };
/// assert!(deadline.scope(work).await.is_ok());
/// # });
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct Deadline {
    limit: Arc<Mutex<Limit>>,
}

struct Limit {
    when: Option<Instant>,
    /// It has cut off somebody's work.
    is_expired: bool,
    /// Those whose work runs under it, to be told when it moves: a seat for each.
    scopes: Slab<Option<Waker>>,
}

impl Deadline {
    /// A limit that far from now; `None` is none yet.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, if there is a limit.
    #[track_caller]
    pub fn after(limit: impl Into<Option<Duration>>) -> Deadline {
        let when = limit.into().map(|limit| {
            let when = on_clock("`Deadline::after`", |clock| {
                clock.instant(clock.now().saturating_add(limit))
            });
            Instant::from_std(when)
        });
        Deadline::at(when)
    }

    /// A limit at that moment; `None` is none yet. It may be made outside of a runtime.
    pub fn at(moment: impl Into<Option<Instant>>) -> Deadline {
        let limit = Limit {
            when: moment.into(),
            is_expired: false,
            scopes: Slab::new(),
        };
        Deadline {
            limit: Arc::new(Mutex::new(limit)),
        }
    }

    /// Runs a future under the limit: until wherever it stands then. When it has come the future is
    /// dropped.
    ///
    /// As with [`timeout`](crate::time::timeout()), work that is ready in the same poll wins, and
    /// work that begins after the limit is polled once.
    ///
    /// # Errors
    ///
    /// [`Elapsed`]: the limit came first.
    ///
    /// # Cancel safety
    ///
    /// **Strict** where the future is: dropping the wait drops the future.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when it is polled.
    #[track_caller]
    pub fn scope<F: IntoFuture>(&self, future: F) -> Scope<F::IntoFuture> {
        Scope {
            future: future.into_future(),
            deadline: self.clone(),
            seat: None,
            timer: None,
            aim: None,
            place: Location::caller(),
        }
    }

    /// Where the limit stands; `None`: nowhere. asyncio: `Timeout.when`.
    pub fn when(&self) -> Option<Instant> {
        lock(&self.limit).when
    }

    /// Moves the limit; `None` takes it away. asyncio: `Timeout.reschedule`.
    ///
    /// # Errors
    ///
    /// [`Elapsed`]: it has cut off somebody's work, and stays where it is.
    pub fn reschedule(&self, moment: impl Into<Option<Instant>>) -> Result<(), Elapsed> {
        let moment = moment.into();
        let scopes = {
            let mut limit = lock(&self.limit);
            if limit.is_expired {
                return Err(Elapsed::new());
            }
            if limit.when == moment {
                return Ok(());
            }
            limit.when = moment;
            let scopes = limit.scopes.iter_mut();
            scopes
                .filter_map(|(_, waker)| waker.take())
                .collect::<Vec<_>>()
        };
        // Each of them sets its timer anew, and leaves a waker again.
        wake_all(scopes);
        Ok(())
    }

    /// Whether the limit has cut off somebody's work. asyncio: `Timeout.expired`.
    pub fn expired(&self) -> bool {
        lock(&self.limit).is_expired
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = lock(&self.limit);
        f.debug_struct("Deadline")
            .field("when", &limit.when)
            .field("expired", &limit.is_expired)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`Deadline::scope`].
    #[must_use = "futures do nothing unless awaited"]
    #[project(!Unpin)]
    pub struct Scope<F> {
        #[pin]
        future: F,
        deadline: Deadline,
        seat: Option<usize>,
        // Where the limit stood when it was last looked at, and the timer for that.
        #[pin]
        timer: Option<Sleep>,
        aim: Option<Instant>,
        place: &'static Location<'static>,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(seat) = *this.seat {
                let waker = lock(&this.deadline.limit).scopes.remove(seat);
                drop(waker);
            }
        }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        loop {
            let Some(when) = this.deadline.look(this.seat, cx.waker()) else {
                this.timer.set(None);
                *this.aim = None;
                return Poll::Pending;
            };
            if this.aim.replace(when) != Some(when) {
                match this.timer.as_mut().as_pin_mut() {
                    Some(timer) => timer.reset(when),
                    None => {
                        let engine = context::expect("a `Deadline::scope`");
                        let tick = engine.clock.tick(when.into_std());
                        this.timer
                            .set(Some(Sleep::new(&engine.clock, tick, this.place)));
                    }
                }
            }
            // Without asking the budget: a future that always spends it all must still be ended.
            let timer = this.timer.as_mut().as_pin_mut();
            if timer.is_none_or(|timer| timer.poll_elapsed(cx).is_pending()) {
                return Poll::Pending;
            }
            if this.deadline.expire(when) {
                return Poll::Ready(Err(Elapsed::new()));
            }
            // It was moved by another thread since.
        }
    }
}

impl Deadline {
    /// Where the limit stands; whoever has that seat is told when it moves.
    ///
    /// Law 2 (no user code under a lock): cloning and dropping a waker may be anybody's code.
    fn look(&self, seat: &mut Option<usize>, waker: &Waker) -> Option<Instant> {
        if let Some(seat) = *seat {
            let limit = lock(&self.limit);
            let known = limit.scopes[seat].as_ref();
            if known.is_some_and(|known| known.will_wake(waker)) {
                return limit.when;
            }
        }
        let new = waker.clone();
        let (when, old) = {
            let mut limit = lock(&self.limit);
            let seat = *seat.get_or_insert_with(|| limit.scopes.insert(None));
            let old = limit.scopes[seat].replace(new);
            (limit.when, old)
        };
        drop(old);
        when
    }

    /// The limit has come, unless it was moved away from there.
    fn expire(&self, aim: Instant) -> bool {
        let mut limit = lock(&self.limit);
        let has_come = limit.when == Some(aim);
        limit.is_expired |= has_come;
        has_come
    }
}

impl<F: fmt::Debug> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("future", &self.future)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
