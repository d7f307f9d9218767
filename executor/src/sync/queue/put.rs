//! Waiting for room in a queue.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::lock;
use crate::sync::blocking::wait_here;
use crate::sync::queue::error::QueueShutDown;
use crate::sync::queue::handle::Queue;
use crate::sync::queue::store::{Fifo, Store};
use crate::sync::wait_queue::WaiterKey;
use crate::sync::wakers::{Outgoing, look_under};

impl<T, S: Store<T>> Queue<T, S> {
    /// Waits until there is room, and puts the item.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`], with the item, if the queue was or is shut down.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the item that is still waiting for room is dropped with the future. It
    /// is never in the queue then, and no room is lost. To keep it, put it with
    /// [`put_nowait`](Queue::put_nowait), which gives it back.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Queue;
    ///
    /// # mainspring::run(async {
    /// let queue: Queue<&str> = Queue::bounded(1);
    /// queue.put("first").await.unwrap();
    /// assert!(queue.full());
    /// # });
    /// ```
    #[track_caller]
    pub fn put(&self, item: T) -> Put<'_, T, S> {
        Put {
            queue: self,
            item: Some(item),
            key: None,
            place: Location::caller(),
        }
    }

    /// Parks this thread until there is room, and puts the item: [`put`](Queue::put) for other
    /// threads than the loop's.
    ///
    /// # Errors
    ///
    /// As [`put`](Queue::put).
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Queue;
    ///
    /// let queue: Queue<u32> = Queue::bounded(1);
    /// let thread = std::thread::spawn({
    ///     let queue = queue.clone();
    ///     move || (1..=3).for_each(|item| queue.put_blocking(item).unwrap())
    /// });
    /// let sum: u32 = (1..=3).map(|_| queue.get_blocking().unwrap()).sum();
    /// assert_eq!(sum, 6);
    /// thread.join().unwrap();
    /// ```
    #[track_caller]
    pub fn put_blocking(&self, item: T) -> Result<(), QueueShutDown<T>> {
        wait_here(self.put(item))
    }
}

/// Waits for room and puts an item. From [`Queue::put`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Put<'a, T, S: Store<T> = Fifo<T>> {
    queue: &'a Queue<T, S>,
    // None once it is in the queue or back with the caller.
    item: Option<T>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

// The item is moved, never pinned.
impl<T, S: Store<T>> Unpin for Put<'_, T, S> {}

impl<T, S: Store<T>> Future for Put<'_, T, S> {
    type Output = Result<(), QueueShutDown<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        assert!(this.item.is_some(), "`Put` was polled after it was ready");
        ready!(leaf::proceed(cx));
        let mut out = Outgoing::new();
        let state = &this.queue.state;
        let newcomer = this.key.is_none();
        let poll = if newcomer && lock(state).put_at_once(&mut this.item, &mut out) {
            Poll::Ready(())
        } else {
            look_under(state, cx.waker(), newcomer, |state, arrival| {
                state.put(&mut this.item, &mut this.key, arrival, &mut out)
            })
        };
        out.settle();
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("Queue::put", this.place),
        }
        // What could not be put is still here.
        poll.map(|()| match this.item.take() {
            Some(item) => Err(QueueShutDown(item)),
            None => Ok(()),
        })
    }
}

impl<T, S: Store<T>> Drop for Put<'_, T, S> {
    fn drop(&mut self) {
        if self.key.is_some() {
            let mut out = Outgoing::new();
            lock(&self.queue.state).stop_putting(&mut self.key, &mut out);
            out.settle();
        }
    }
}

impl<T, S: Store<T>> fmt::Debug for Put<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put")
            .field("queue", self.queue)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
