//! A bare wake-up: one that is kept if nobody waits, or one for all who wait now.
//!
//! `notify_one` hands its permit to the first in line, as a semaphore's release does; with nobody
//! there it is stored, once at most. `notify_waiters` stores nothing: it calls all who wait, and
//! counts a round, by which futures that were made before it and not polled yet learn that it was
//! meant for them, too.
//!
//! **Invariant N1: while a permit is stored, nobody waits.**
//!
//! # Source
//!
//! The rules are those of tokio's `Notify`, whose counter of rounds this is; the line is ours.

use std::fmt;
use std::task::{Context, Poll, ready};

use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::{Mutex, lock};
use crate::sync::told::{Place, ToldQueue};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing, look_under};

/// Wakes one task, or all that wait, and carries no value.
///
/// One side waits with [`notified`](Notify::notified), the other calls
/// [`notify_one`](Notify::notify_one), which is remembered if it comes first, or
/// [`notify_waiters`](Notify::notify_waiters), which is not. What has happened is told by
/// something else (a queue that is not empty, a flag), which the woken task looks at.
///
/// This is tokio's `Notify`. asyncio has none: its `Event` is [`Event`](crate::sync::Event).
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use mainspring::sync::Notify;
///
/// # mainspring::run(async {
/// let ready = Arc::new(Notify::new());
/// let guest = mainspring::spawn({
///     let ready = ready.clone();
///     async move {
///         ready.notified().await;
///         "came in"
///     }
/// });
///
/// // Whether the guest waits already or not: the call is kept for it.
/// ready.notify_one();
/// assert_eq!(guest.await.unwrap(), "came in");
/// # });
/// ```
pub struct Notify {
    // Any thread; written under the lock only: how often all were called.
    rounds: AtomicUsize,

    // Any thread, under its lock.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    permit: bool,
    line: ToldQueue<Call>,
}

/// By what a waiter was called: who goes away without having run passes on what was for one.
#[derive(Clone, Copy, Debug)]
enum Call {
    First,
    Last,
    All,
}

/// One wait, from its making until it is ready or given up.
///
/// It is the private half of every future that waits for a `Notify`. Its owner calls
/// [`Notify::give_up`] when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The rounds that had been called when it was made.
    rounds: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Fresh,
    InLine(Place),
    Done,
}

impl Notify {
    const_fn! {
        /// One that has not been called.
        pub fn new() -> Self {
            Notify {
                rounds: AtomicUsize::new(0),
                state: Mutex::new(State {
                    permit: false,
                    line: ToldQueue::new(),
                }),
            }
        }
    }

    const_fn! {
        /// [`new`](Notify::new), under the name that tokio has for it in a `static`.
        ///
        /// # Examples
        ///
        /// ```
        /// use mainspring::sync::Notify;
        ///
        /// static CHANGED: Notify = Notify::const_new();
        /// CHANGED.notify_one();
        /// ```
        pub fn const_new() -> Self {
            Self::new()
        }
    }

    /// Calls the one that has waited longest; with nobody there, the next to wait goes on at once.
    ///
    /// Calls are not counted: of several that find nobody, one is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Notify;
    ///
    /// # mainspring::run(async {
    /// let notify = Notify::new();
    /// notify.notify_one();
    /// notify.notify_one();
    /// notify.notified().await;
    /// # let mut again = std::pin::pin!(notify.notified());
    /// # assert!(!again.as_mut().enable());
    /// # });
    /// ```
    pub fn notify_one(&self) {
        self.notify(Call::First);
    }

    /// [`notify_one`](Notify::notify_one) for the one that came last, as a stack of idle workers
    /// wants it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::pin::pin;
    ///
    /// use mainspring::sync::Notify;
    ///
    /// let notify = Notify::new();
    /// let (mut first, mut last) = (pin!(notify.notified()), pin!(notify.notified()));
    /// assert!(!first.as_mut().enable() && !last.as_mut().enable());
    ///
    /// notify.notify_last();
    /// assert!(last.enable() && !first.enable());
    /// ```
    pub fn notify_last(&self) {
        self.notify(Call::Last);
    }

    fn notify(&self, call: Call) {
        let mut out = Outgoing::new();
        lock(&self.state).notify(call, &mut out);
        out.settle();
    }

    /// Calls all who wait now, in the order in which they came.
    ///
    /// Who made its [`notified`](Notify::notified) before this call counts as waiting, polled or
    /// not. Nothing is kept for those who come later.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Notify;
    ///
    /// # mainspring::run(async {
    /// let notify = Notify::new();
    /// let before = notify.notified();
    /// notify.notify_waiters();
    /// let after = notify.notified();
    ///
    /// before.await;
    /// # let mut after = std::pin::pin!(after);
    /// assert!(!after.as_mut().enable());
    /// # });
    /// ```
    pub fn notify_waiters(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        self.rounds.fetch_add(1, Ordering::Release);
        state.line.call_all(Call::All, &mut out);
        drop(state);
        out.settle();
    }

    /// A wait that begins now, as far as `notify_waiters` is concerned.
    #[inline]
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            rounds: self.rounds.load(Ordering::Acquire),
            stage: Stage::Fresh,
        }
    }

    /// Waits until called.
    #[inline]
    pub(crate) fn poll_claim(&self, claim: &mut Claim, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(claim.stage, Stage::Done) {
            return Poll::Ready(());
        }
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), false, |state, arrival| {
            self.look(state, claim, Some(arrival), &mut out)
        });
        out.settle();
        poll
    }

    /// Waits until `look` finds something, looking again whenever all are called.
    ///
    /// The claim is made before each look, so that a call in between is not missed.
    pub(crate) fn poll_until<R>(
        &self,
        claim: &mut Claim,
        cx: &mut Context<'_>,
        mut look: impl FnMut() -> Option<R>,
    ) -> Poll<R> {
        loop {
            if let Some(found) = look() {
                self.give_up(claim);
                return Poll::Ready(found);
            }
            ready!(self.poll_claim(claim, cx));
            *claim = self.claim();
        }
    }

    /// Comes to wait without a waker: true if it has been called already.
    pub(crate) fn enable(&self, claim: &mut Claim) -> bool {
        let mut out = Outgoing::new();
        let looked = self.look(&mut lock(&self.state), claim, None, &mut out);
        out.settle();
        matches!(looked, Ok(Poll::Ready(())))
    }

    fn look(
        &self,
        state: &mut State,
        claim: &mut Claim,
        arrival: Option<&mut Arrival<'_>>,
        out: &mut Outgoing,
    ) -> Result<Poll<()>, NeedsClone> {
        match &claim.stage {
            Stage::Done => return Ok(Poll::Ready(())),
            Stage::Fresh => {
                // All were called: this one, too, and the permit stays for another.
                let was_meant = claim.rounds != self.rounds.load(Ordering::Relaxed);
                if !was_meant && !std::mem::take(&mut state.permit) {
                    claim.stage = Stage::InLine(state.line.join(arrival)?);
                    return Ok(Poll::Pending);
                }
            }
            Stage::InLine(place) if state.line.still_waits(place) => {
                if let Some(arrival) = arrival {
                    state.line.stay(place, arrival)?;
                }
                return Ok(Poll::Pending);
            }
            Stage::InLine(_) => {}
        }
        if let Stage::InLine(place) = std::mem::replace(&mut claim.stage, Stage::Done) {
            state.line.leave(place, out);
        }
        Ok(Poll::Ready(()))
    }

    /// Leaves the line, if `claim` stands in one, and passes on what was meant for one.
    #[inline]
    pub(crate) fn give_up(&self, claim: &mut Claim) {
        if let Stage::InLine(place) = std::mem::replace(&mut claim.stage, Stage::Done) {
            self.withdraw(place);
        }
    }

    #[cold]
    fn withdraw(&self, place: Place) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        if let Some(call @ (Call::First | Call::Last)) = state.line.leave(place, &mut out) {
            state.notify(call, &mut out);
        }
        drop(state);
        out.settle();
    }
}

impl State {
    /// Calls one, or keeps the permit if there is none to call.
    fn notify(&mut self, call: Call, out: &mut Outgoing) {
        let has_called = match call {
            Call::First => self.line.call_first(call, out),
            Call::Last => self.line.call_last(call, out),
            Call::All => return,
        };
        self.permit |= !has_called;
    }
}

impl Default for Notify {
    fn default() -> Self {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Notify")
            .field("permit", &state.permit)
            .field("waiting", &state.line.len())
            .finish()
    }
}
