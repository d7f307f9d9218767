//! The rules of permits, as a plain structure that lives under a lock: a semaphore's, a channel's.
//!
//! A permit that comes back while somebody waits is not put on the heap of free ones for all to
//! grab: it is *handed over* to the first in line, which has it in hand when it next runs. That
//! settles three things at once:
//!
//! - Nobody overtakes. Who wants many collects them at the head of the line, and the others wait
//!   behind.
//! - No permit gets lost. A waiter that is dropped gives back what it has in hand, called or not,
//!   and that goes to the next in line.
//! - No waiter depends on another to run. A newcomer that finds permits free while somebody called
//!   has not run yet stands in line too, but is called on the spot: it waits one round of the loop,
//!   for the sake of the order, and not until the other wakes up.
//!
//! **Invariant S1: while somebody waits, no permit is free** (unless they were closed).
//!
//! # Source
//!
//! That a permit belongs to the waiter from the release on, and that who wants many collects them
//! at the head, is how tokio's semaphore works. That a newcomer lets those called run first is what
//! asyncio came to after bpo-45997 and gh-90155; calling it on the spot is ours.

use std::task::Poll;

use crate::sync::wait_queue::{Left, WaitQueue, WaiterKey};
use crate::sync::wakers::{Arrival, NeedsClone, Outgoing};

/// A number of free permits, and those who wait for more.
#[derive(Debug)]
pub(crate) struct Permits {
    pub(crate) free: usize,
    pub(crate) closed: bool,
    pub(crate) line: WaitQueue<Want>,
}

/// What a waiter asked for, and how much of it is not in its hands yet.
#[derive(Debug)]
pub(crate) struct Want {
    permits: usize,
    missing: usize,
}

/// One attempt to take permits, from the first poll until it is ready or given up.
///
/// It is the private half of every future that takes permits. Its owner gives up when it is
/// dropped: what was collected goes to the next in line.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) permits: usize,
    pub(crate) key: Option<WaiterKey>,
}

/// It was closed before the permits were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl Claim {
    pub(crate) const fn new(permits: usize) -> Self {
        Claim { permits, key: None }
    }

    /// True until it stands in line.
    #[inline]
    pub(crate) fn is_new(&self) -> bool {
        self.key.is_none()
    }
}

impl Permits {
    pub(crate) const fn new(free: usize) -> Self {
        Permits {
            free,
            closed: false,
            line: WaitQueue::new(),
        }
    }

    /// Takes permits if so many are free: `Ok(false)` if not. Those who wait lose nothing by it,
    /// for while they do, none is free.
    #[inline]
    pub(crate) fn take_free(&mut self, permits: usize) -> Result<bool, Closed> {
        if self.closed {
            return Err(Closed);
        }
        let enough = self.free >= permits;
        if enough {
            self.free -= permits;
        }
        Ok(enough)
    }

    /// The way of nearly everybody: nobody before me, and enough is free.
    #[inline]
    pub(crate) fn take_at_once(&mut self, permits: usize) -> bool {
        let may = !self.closed && self.free >= permits && (self.line.is_idle() || permits == 0);
        if may {
            self.free -= permits;
        }
        may
    }

    /// The way of nearly everybody who waited: it was called, and leaves with its permits.
    #[inline]
    pub(crate) fn has_been_given(&mut self, claim: &mut Claim) -> bool {
        !self.closed && self.line.leave_if_called(&mut claim.key).is_some()
    }

    /// The way of those who find it closed, those who have to wait, and those who waited.
    pub(crate) fn poll_line(
        &mut self,
        claim: &mut Claim,
        arrival: &mut Arrival<'_>,
        out: &mut Outgoing,
    ) -> Result<Poll<Result<(), Closed>>, NeedsClone> {
        if self.closed {
            if let Some(key) = claim.key.take() {
                self.withdraw(key, out);
            }
            return Ok(Poll::Ready(Err(Closed)));
        }
        if self.has_been_given(claim) {
            return Ok(Poll::Ready(Ok(())));
        }
        let want = Want {
            permits: claim.permits,
            missing: claim.permits,
        };
        self.line.wait(&mut claim.key, want, arrival)?;
        // A newcomer may find permits free: it collects them, and if they are enough it is called
        // here and now.
        self.hand_over(out);
        Ok(Poll::Pending)
    }

    /// Adds free permits, and gives them to those who wait.
    #[inline]
    pub(crate) fn add(&mut self, permits: usize, out: &mut Outgoing) {
        self.free += permits;
        if self.line.len() > 0 {
            self.hand_over(out);
        }
    }

    /// No more permits: who waits is woken, to find it closed.
    pub(crate) fn close(&mut self, out: &mut Outgoing) {
        self.closed = true;
        self.line.rouse(out);
    }

    /// A waiter gives up: what it has in its hands goes to the next.
    pub(crate) fn withdraw(&mut self, key: WaiterKey, out: &mut Outgoing) {
        let want = match self.line.leave(key) {
            Left::Called(want) => want,
            Left::Waiting(want, waker) => {
                out.discard(waker);
                want
            }
        };
        self.free += want.permits - want.missing;
        self.hand_over(out);
    }

    /// Puts free permits into the hands of those who wait, from the first on; who has all of it
    /// is called. This is the one place that keeps S1.
    pub(crate) fn hand_over(&mut self, out: &mut Outgoing) {
        if self.closed {
            return;
        }
        while let Some(want) = self.line.first_mut() {
            let given = self.free.min(want.missing);
            self.free -= given;
            want.missing -= given;
            if want.missing > 0 {
                return;
            }
            self.line.call_first(out);
        }
    }

    /// What the first in line has in its hands already.
    pub(crate) fn collected(&mut self) -> usize {
        self.line
            .first_mut()
            .map_or(0, |want| want.permits - want.missing)
    }
}
