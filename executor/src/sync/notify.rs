//! A bare wake-up: one that is kept if nobody waits, or one for all who wait now.
//!
//! `notify_one` hands its permit to the first in line, as a semaphore's release does; with nobody
//! there it is stored, once at most. `notify_waiters` stores nothing: it calls all who wait, and
//! counts a round, by which futures that were made before it and not polled yet learn that it was
//! meant for them, too.
//!
//! Nobody waits most of the time, so the permit and the rounds are one atomic word, and the line is
//! locked only if somebody stands in it or goes there.
//!
//! **Invariant N1: while a permit is stored, nobody waits**: the word never has both marks.
//!
//! **Invariant N2: while the lock is free, `WAITING` is set exactly if the line has somebody.**
//!
//! # Source
//!
//! The rules are those of tokio's `Notify`, whose counter of rounds this is; the line is ours.

use std::fmt;
use std::task::{Context, Poll, Waker, ready};

use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::{Mutex, lock};
use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Outgoing, look_under};

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
    // Any thread; `WAITING` and the rounds only under the lock.
    word: AtomicUsize,

    // Any thread, under its lock.
    line: Mutex<Line>,
}

// A waiter's data is the call that reached it.
type Line = WaitQueue<Option<Call>>;

/// A call is kept for the next to come.
const PERMIT: usize = 1;

/// Somebody stands in line: whoever calls needs the lock.
const WAITING: usize = 2;

/// One call of `notify_waiters`; they count in the bits from here on.
const ROUND: usize = 4;

/// How often all were called.
fn rounds(word: usize) -> usize {
    word / ROUND
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
    /// Where it stands in line, once it does.
    key: Option<WaiterKey>,
    is_done: bool,
}

impl Notify {
    const_fn! {
        /// One that has not been called.
        pub fn new() -> Self {
            Notify {
                word: AtomicUsize::new(0),
                line: Mutex::new(WaitQueue::new()),
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

    #[inline]
    fn notify(&self, call: Call) {
        if !self.keep() {
            self.call(call);
        }
    }

    /// Keeps a permit, unless somebody waits.
    #[inline]
    fn keep(&self) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        while word & WAITING == 0 {
            match self.exchange(word, word | PERMIT) {
                Ok(()) => return true,
                Err(changed) => word = changed,
            }
        }
        false
    }

    fn call(&self, call: Call) {
        let called = self.call_under(&mut lock(&self.line), call);
        if let Some(waker) = called {
            waker.wake();
        }
    }

    /// Calls one, whose waker is to be woken after the lock, or keeps the permit if there is none
    /// to call.
    #[inline]
    fn call_under(&self, line: &mut Line, call: Call) -> Option<Waker> {
        let called = match call {
            Call::First => line.tell_first(Some(call)),
            Call::Last => line.tell_last(Some(call)),
            Call::All => return None,
        };
        if called.is_none() {
            self.word.fetch_or(PERMIT, Ordering::AcqRel);
        } else if line.len() == 0 {
            self.clear_waiting();
        }
        called.flatten()
    }

    /// The line has become empty. Under its lock, and as long as the mark is set nobody changes the
    /// word without the lock (by N1 there is no permit to take), so it can simply be written.
    #[inline]
    fn clear_waiting(&self) {
        let word = self.word.load(Ordering::Relaxed);
        self.word.store(word & !WAITING, Ordering::Release);
    }

    #[inline]
    fn exchange(&self, from: usize, to: usize) -> Result<(), usize> {
        let exchanged = (self.word).compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        exchanged.map(|_| ())
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
        let mut line = lock(&self.line);
        self.word.fetch_add(ROUND, Ordering::AcqRel);
        if line.len() > 0 {
            line.tell_all(Some(Call::All), &mut out);
            self.clear_waiting();
        }
        drop(line);
        out.settle();
    }

    /// A wait that begins now, as far as `notify_waiters` is concerned.
    #[inline]
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            rounds: rounds(self.word.load(Ordering::Acquire)),
            key: None,
            is_done: false,
        }
    }

    /// Waits until called.
    #[inline]
    pub(crate) fn poll_claim(&self, claim: &mut Claim, cx: &mut Context<'_>) -> Poll<()> {
        if claim.key.is_some() {
            return self.look(claim, cx);
        }
        if !claim.is_done && !self.take(claim.rounds, 0) {
            return self.join(claim, Some(cx.waker().clone()));
        }
        claim.is_done = true;
        Poll::Ready(())
    }

    /// Comes to wait without a waker: true if it has been called already.
    pub(crate) fn enable(&self, claim: &mut Claim) -> bool {
        match &claim.key {
            Some(key) => !lock(&self.line).still_waits(key),
            None => claim.is_done || self.join(claim, None).is_ready(),
        }
    }

    /// The first look under the lock, from which on it stands in line.
    fn join(&self, claim: &mut Claim, waker: Option<Waker>) -> Poll<()> {
        let mut line = lock(&self.line);
        if self.take(claim.rounds, WAITING) {
            claim.is_done = true;
            drop(line);
            drop(waker);
            return Poll::Ready(());
        }
        claim.key = Some(line.join(None, waker));
        Poll::Pending
    }

    /// The looks that follow: it has been called, for why else would it be polled?
    fn look(&self, claim: &mut Claim, cx: &mut Context<'_>) -> Poll<()> {
        let told = lock(&self.line).leave_if_called(&mut claim.key);
        claim.is_done = told.is_some();
        match claim.is_done {
            true => Poll::Ready(()),
            false => self.stay(claim, cx),
        }
    }

    /// Or it stays, with the waker of this poll.
    #[cold]
    fn stay(&self, claim: &mut Claim, cx: &mut Context<'_>) -> Poll<()> {
        look_under(&self.line, cx.waker(), false, |line, arrival| {
            claim.is_done = line.leave_if_called(&mut claim.key).is_some();
            let Some(key) = &claim.key else {
                return Ok(Poll::Ready(()));
            };
            line.stay(key, arrival)?;
            Ok(Poll::Pending)
        })
    }

    /// True if who began to wait in the round of that number is called already; otherwise leaves
    /// `mark` in the word.
    #[inline]
    fn take(&self, round: usize, mark: usize) -> bool {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            // All were called: this one, too, and the permit stays for another.
            if rounds(word) != round {
                return true;
            }
            let is_kept = word & PERMIT != 0;
            let after = word & !PERMIT | if is_kept { 0 } else { mark };
            if after == word {
                return false;
            }
            match self.exchange(word, after) {
                Ok(()) => return is_kept,
                Err(changed) => word = changed,
            }
        }
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

    /// Leaves the line, if `claim` stands in one, and passes on what was meant for one.
    #[inline]
    pub(crate) fn give_up(&self, claim: &mut Claim) {
        claim.is_done = true;
        if let Some(key) = claim.key.take() {
            self.withdraw(key);
        }
    }

    #[cold]
    fn withdraw(&self, key: WaiterKey) {
        let mut line = lock(&self.line);
        match line.leave(key) {
            Left::Called(call) => {
                let waker = call.and_then(|call| self.call_under(&mut line, call));
                drop(line);
                waker.into_iter().for_each(Waker::wake);
            }
            Left::Waiting(_, waker) => {
                if line.len() == 0 {
                    self.clear_waiting();
                }
                drop(line);
                drop(waker);
            }
        }
    }
}

impl Default for Notify {
    fn default() -> Self {
        Notify::new()
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = lock(&self.line).len();
        f.debug_struct("Notify")
            .field("permit", &(self.word.load(Ordering::Relaxed) & PERMIT != 0))
            .field("waiting", &waiting)
            .finish()
    }
}
