//! Waiting at a barrier: the futures behind `Barrier::wait` and `Barrier::arrive`.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::sync::barrier::{Barrier, BrokenBarrier, Passage};
use crate::sync::wait_queue::WaiterKey;

impl Barrier {
    /// Waits until all parties have arrived; one of them is told that it leads.
    ///
    /// The leader is the first that goes on, as a rule the last that arrived. tokio: `wait`.
    ///
    /// # Panics
    ///
    /// The future panics if the barrier is broken ([`arrive`](Barrier::arrive) has an error for
    /// that).
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: who is dropped while it waits has not arrived. (In tokio it has.)
    #[track_caller]
    pub fn wait(&self) -> BarrierWait<'_> {
        BarrierWait {
            visit: Visit::new(self),
        }
    }

    /// Waits until all parties have arrived, and says as the how-many-th one did so, from 0.
    ///
    /// asyncio: `wait`.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier is or becomes broken, or is reset meanwhile.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: who is dropped while it waits has not arrived.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::future::gather;
    /// use mainspring::sync::Barrier;
    ///
    /// # mainspring::run(async {
    /// let barrier = Barrier::new(2);
    /// let both = gather([barrier.arrive(), barrier.arrive()]).await;
    /// assert_eq!(both, [Ok(0), Ok(1)]);
    /// # });
    /// ```
    #[track_caller]
    pub fn arrive(&self) -> BarrierArrive<'_> {
        BarrierArrive {
            visit: Visit::new(self),
        }
    }
}

/// Waits until all parties have arrived. From [`Barrier::wait`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct BarrierWait<'a> {
    visit: Visit<'a>,
}

impl Future for BarrierWait<'_> {
    type Output = BarrierWaitResult;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierWaitResult> {
        match ready!(self.visit.poll("Barrier::wait", cx)) {
            Ok(passage) => Poll::Ready(BarrierWaitResult(passage.leads)),
            Err(BrokenBarrier) => panic!(
                "`Barrier::wait` on a barrier that was aborted or reset; await `arrive` instead, \
                 which has an error for it"
            ),
        }
    }
}

/// Waits until all parties have arrived. From [`Barrier::arrive`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct BarrierArrive<'a> {
    visit: Visit<'a>,
}

impl Future for BarrierArrive<'_> {
    type Output = Result<usize, BrokenBarrier>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let passage = ready!(self.visit.poll("Barrier::arrive", cx));
        Poll::Ready(passage.map(|passage| passage.index))
    }
}

/// What both futures do.
#[derive(Debug)]
struct Visit<'a> {
    barrier: &'a Barrier,
    place: Option<WaiterKey>,
    called_at: &'static Location<'static>,
}

impl<'a> Visit<'a> {
    #[track_caller]
    fn new(barrier: &'a Barrier) -> Self {
        Visit {
            barrier,
            place: None,
            called_at: Location::caller(),
        }
    }

    fn poll(
        &mut self,
        what: &'static str,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Passage, BrokenBarrier>> {
        let poll = self.barrier.poll_pass(&mut self.place, cx);
        if poll.is_pending() {
            leaf::waiting_for(what, self.called_at);
        }
        poll
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.barrier.give_up(place);
        }
    }
}

/// Whether one leads its round. From [`Barrier::wait`].
#[derive(Clone, Debug)]
pub struct BarrierWaitResult(bool);

impl BarrierWaitResult {
    /// True for one of each round.
    pub fn is_leader(&self) -> bool {
        self.0
    }
}
