//! A place where so many tasks meet before any of them goes on, again and again.
//!
//! ```text
//!              the last one arrives                 all have left
//!   filling  ------------------------->  draining  ---------------+
//!    ^   |                                  |                     |
//!    |   |  reset, with somebody inside     | reset               |
//!    |   +------------>  resetting  <-------+                     |
//!    |                       |                                    |
//!    +-----------------------+------------------------------------+
//!              all have left          (abort leads from each to broken, reset back)
//! ```
//!
//! Those who arrive while others are on their way out stand in the same line. They are counted
//! when the last of the others has left; so no two rounds mix.
//!
//! # Source
//!
//! The states, and which of them answers with an error, are those of asyncio's `Barrier`; that one
//! of each round is told that it leads is tokio's.

use std::fmt;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, lock};
use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing, look_under};

/// Lets tasks go on when a fixed number of them has arrived.
///
/// It serves one round after the other. A task that is dropped while it waits has not arrived.
///
/// This is tokio's `Barrier`, by [`wait`](Barrier::wait), and asyncio's, by
/// [`arrive`](Barrier::arrive), [`reset`](Barrier::reset) and [`abort`](Barrier::abort). tokio takes
/// a barrier of 0 for one of 1, and its `wait` counts those that are dropped.
///
/// # Examples
///
/// ```
/// use std::rc::Rc;
///
/// use mainspring::sync::Barrier;
///
/// # mainspring::run(async {
/// let start = Rc::new(Barrier::new(3));
/// let runners: Vec<_> = (0..3)
///     .map(|_| {
///         let start = start.clone();
///         mainspring::task::spawn_local(async move { start.wait().await.is_leader() })
///     })
///     .collect();
///
/// let mut leaders = 0;
/// for runner in runners {
///     leaders += usize::from(runner.await.unwrap());
/// }
/// assert_eq!(leaders, 1);
/// # });
/// ```
pub struct Barrier {
    // Any thread, under its lock.
    state: Mutex<State>,

    // Never changes; at least 1.
    parties: usize,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Nobody has been told yet that it leads the round that is on its way out.
    leaderless: bool,
    /// Those inside are called with their number in the round.
    line: WaitQueue<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Filling,
    /// The round is complete: those called pass.
    Draining,
    /// The round was given up: those called get an error.
    Resetting,
    Broken,
}

/// What one who passes is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    pub(crate) index: usize,
    pub(crate) leads: bool,
}

impl Barrier {
    /// A barrier for rounds of `parties` tasks.
    ///
    /// # Panics
    ///
    /// If `parties` is 0: nobody could ever arrive.
    #[track_caller]
    pub fn new(parties: usize) -> Self {
        assert!(
            parties > 0,
            "a barrier of 0 has nobody to wait for; make it for 1 or more parties"
        );
        Barrier {
            state: Mutex::new(State {
                phase: Phase::Filling,
                leaderless: false,
                line: WaitQueue::new(),
            }),
            parties,
        }
    }

    /// How many make a round.
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// How many have arrived and wait for the rest of their round; 0 while a round is on its way
    /// out.
    pub fn n_waiting(&self) -> usize {
        let state = lock(&self.state);
        match state.phase {
            Phase::Filling => state.line.len(),
            _ => 0,
        }
    }

    /// True from [`abort`](Barrier::abort) on, until [`reset`](Barrier::reset).
    pub fn broken(&self) -> bool {
        lock(&self.state).phase == Phase::Broken
    }

    /// Gives the present round up, and makes a broken barrier usable again.
    ///
    /// Those who wait, or have not gone on yet, get [`BrokenBarrier`]; who arrives from now on
    /// belongs to a new round. asyncio: `reset`.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::{Barrier, BrokenBarrier};
    ///
    /// # mainspring::run(async {
    /// let barrier = Barrier::new(1);
    /// barrier.abort();
    /// assert_eq!(barrier.arrive().await, Err(BrokenBarrier));
    /// barrier.reset();
    /// assert_eq!(barrier.arrive().await, Ok(0));
    /// # });
    /// ```
    pub fn reset(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        if state.phase == Phase::Filling {
            state.line.call_all(&mut out);
        }
        state.phase = match state.line.called() {
            0 => Phase::Filling,
            _ => Phase::Resetting,
        };
        drop(state);
        out.settle();
    }

    /// Breaks the barrier: those who wait, and all who arrive from now on, get [`BrokenBarrier`].
    ///
    /// For a party that cannot come any more: the others would wait for ever. asyncio: `abort`.
    pub fn abort(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.phase = Phase::Broken;
        state.line.call_all(&mut out);
        drop(state);
        out.settle();
    }

    /// Waits for the others.
    pub(crate) fn poll_pass(
        &self,
        place: &mut Option<WaiterKey>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Passage, BrokenBarrier>> {
        ready!(leaf::proceed(cx));
        let mut out = Outgoing::new();
        let poll = look_under(&self.state, cx.waker(), false, |state, arrival| {
            state.pass(self.parties, place, arrival, &mut out)
        });
        out.settle();
        if poll.is_ready() {
            leaf::spend();
        }
        poll
    }

    /// Goes away without having passed.
    pub(crate) fn give_up(&self, place: WaiterKey) {
        let mut out = Outgoing::new();
        lock(&self.state).leave(self.parties, place, &mut out);
        out.settle();
    }
}

impl State {
    fn pass(
        &mut self,
        parties: usize,
        place: &mut Option<WaiterKey>,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Poll<Result<Passage, BrokenBarrier>>, NeedsClone> {
        if let Some(called) = place.take_if(|place| !self.line.still_waits(place)) {
            let passes = self.phase == Phase::Draining;
            let leads = passes && std::mem::take(&mut self.leaderless);
            let index = self.leave(parties, called, out);
            let passage = index.filter(|_| passes);
            let passage = passage.map(|index| Passage { index, leads });
            return Ok(Poll::Ready(passage.ok_or(BrokenBarrier)));
        }
        if let Some(place) = place {
            self.line.stay(place, arrival)?;
            return Ok(Poll::Pending);
        }
        match self.phase {
            Phase::Broken => Ok(Poll::Ready(Err(BrokenBarrier))),
            // The last one need not wait, and is the first to go on.
            Phase::Filling if self.line.len() + 1 == parties => {
                self.open(parties - 1, out);
                let (index, leads) = (parties - 1, true);
                Ok(Poll::Ready(Ok(Passage { index, leads })))
            }
            _ => {
                *place = Some(self.line.join(0, Some(arrival.take()?)));
                Ok(Poll::Pending)
            }
        }
    }

    /// Calls the first `count` in line, each with its number.
    fn open(&mut self, count: usize, out: &mut Outgoing) {
        for index in 0..count {
            let waker = self.line.tell_first(index).flatten();
            waker.into_iter().for_each(|waker| out.call(waker));
        }
        if count > 0 {
            self.phase = Phase::Draining;
        }
    }

    /// The number with which this one was called, if it was. The last to leave a round lets the
    /// next one fill.
    fn leave(&mut self, parties: usize, place: WaiterKey, out: &mut Outgoing) -> Option<usize> {
        let index = match self.line.leave(place) {
            Left::Called(index) => Some(index),
            Left::Waiting(_, waker) => {
                out.discard(waker);
                None
            }
        };
        let is_over = matches!(self.phase, Phase::Draining | Phase::Resetting);
        if is_over && self.line.called() == 0 {
            self.phase = Phase::Filling;
            if self.line.len() >= parties {
                // All have arrived early, and wait: who goes on first leads.
                self.leaderless = true;
                self.open(parties, out);
            }
        }
        index
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Barrier")
            .field("phase", &state.phase)
            .field("waiting", &state.line.len())
            .field("leaving", &state.line.called())
            .field("parties", &self.parties)
            .finish()
    }
}

/// The barrier was aborted, or reset while one waited at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenBarrier;

impl fmt::Display for BrokenBarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier is broken")
    }
}

impl std::error::Error for BrokenBarrier {}
