//! An item that reports by itself that it is done.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::shim::lock;
use crate::sync::queue::error::QueueShutDown;
use crate::sync::queue::get::Get;
use crate::sync::queue::handle::Queue;
use crate::sync::queue::store::{Fifo, Store};
use crate::sync::wakers::Outgoing;

impl<T, S: Store<T>> Queue<T, S> {
    /// Waits for an item, and counts it as done when its [`Ticket`] is dropped: at the end of the
    /// block, by an early return, by a panic, or when the task is aborted.
    ///
    /// So a worker that fails cannot leave [`join`](Queue::join) waiting for ever.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`] once the queue is shut down and empty.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`get`](Queue::get).
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Queue;
    ///
    /// # mainspring::run(async {
    /// let queue: Queue<&str> = ["letter"].into_iter().collect();
    /// let ticket = queue.checkout().await.unwrap();
    /// assert_eq!((ticket.len(), queue.unfinished()), (6, 1));
    /// drop(ticket);
    /// assert_eq!(queue.unfinished(), 0);
    /// # });
    /// ```
    #[track_caller]
    pub fn checkout(&self) -> Checkout<'_, T, S> {
        Checkout { get: self.get() }
    }
}

/// An item of a queue. Dropping it reports the item as done. From [`Queue::checkout`].
#[must_use = "an item whose ticket is dropped counts as done"]
pub struct Ticket<T, S = Fifo<T>> {
    // Dropped in this order: whoever waits in `join` finds the item gone.
    item: T,
    done: ReportOnDrop<T, S>,
}

struct ReportOnDrop<T, S>(Queue<T, S>);

impl<T, S> Ticket<T, S> {
    /// Reports the item as done and gives it out.
    pub fn into_inner(self) -> T {
        let Ticket { item, done } = self;
        drop(done);
        item
    }
}

impl<T, S> Drop for ReportOnDrop<T, S> {
    fn drop(&mut self) {
        let mut out = Outgoing::new();
        // An error means that somebody has reported it by hand as well. Nothing waits for it then,
        // and a panic here would hide the one that may be under way.
        let _ = lock(&self.0.state).task_done(&mut out);
        out.settle();
    }
}

impl<T, S> Deref for Ticket<T, S> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.item
    }
}

impl<T, S> DerefMut for Ticket<T, S> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.item
    }
}

impl<T: fmt::Debug, S> fmt::Debug for Ticket<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.item).finish()
    }
}

/// Waits for an item and its ticket. From [`Queue::checkout`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct Checkout<'a, T, S: Store<T> = Fifo<T>> {
    get: Get<'a, T, S>,
}

impl<T, S: Store<T>> Future for Checkout<'_, T, S> {
    type Output = Result<Ticket<T, S>, QueueShutDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let item = ready!(Pin::new(&mut self.get).poll(cx))?;
        let done = ReportOnDrop(self.get.queue().clone());
        Poll::Ready(Ok(Ticket { item, done }))
    }
}
