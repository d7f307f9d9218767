//! Waiting until all work of a queue is done.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::lock;
use crate::sync::queue::handle::Queue;
use crate::sync::queue::store::{Fifo, Store};
use crate::sync::wait_queue::WaiterKey;
use crate::sync::wakers::{Outgoing, look_under};

impl<T, S: Store<T>> Queue<T, S> {
    /// Waits until every item that was put has been reported as done.
    ///
    /// Who waits when the last report comes goes on, even if new items are put before it runs.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: asked again, it waits for items that came in the meantime too.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Queue;
    ///
    /// # mainspring::run(async {
    /// let queue: Queue<u32> = [7].into_iter().collect();
    /// let item = queue.get().await.unwrap();
    /// assert_eq!((item, queue.unfinished()), (7, 1));
    /// queue.task_done().unwrap();
    /// queue.join().await;
    /// # });
    /// ```
    #[track_caller]
    pub fn join(&self) -> Join<'_, T, S> {
        Join {
            queue: self,
            key: None,
            place: Location::caller(),
        }
    }
}

/// Waits until all work of a queue is done. From [`Queue::join`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Join<'a, T, S = Fifo<T>> {
    queue: &'a Queue<T, S>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<T, S> Future for Join<'_, T, S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        ready!(leaf::proceed(cx));
        let poll = look_under(&this.queue.state, cx.waker(), false, |state, arrival| {
            state.join(&mut this.key, arrival)
        });
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("Queue::join", this.place),
        }
        poll
    }
}

impl<T, S> Drop for Join<'_, T, S> {
    fn drop(&mut self) {
        if self.key.is_some() {
            let mut out = Outgoing::new();
            lock(&self.queue.state).stop_joining(&mut self.key, &mut out);
            out.settle();
        }
    }
}

impl<T, S: Store<T>> fmt::Debug for Join<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("queue", self.queue)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
