//! Waiting for an item of a queue: one, or one after the other.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::leaf;
use crate::shim::lock;
use crate::sync::blocking::wait_here;
use crate::sync::queue::error::QueueShutDown;
use crate::sync::queue::handle::Queue;
use crate::sync::queue::store::{Fifo, Store};
use crate::sync::wait_queue::WaiterKey;
use crate::sync::wakers::{Outgoing, look_under};

impl<T, S: Store<T>> Queue<T, S> {
    /// Waits for an item and takes it.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`] once the queue is shut down and empty.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a getter that is dropped leaves the line. No item is lost: it
    /// stays in the queue until the poll that returns it.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::LifoQueue;
    ///
    /// # mainspring::run(async {
    /// let plates: LifoQueue<&str> = ["big", "small"].into_iter().collect();
    /// assert_eq!(plates.get().await, Ok("small"));
    /// assert_eq!(plates.get().await, Ok("big"));
    /// # });
    /// ```
    #[track_caller]
    pub fn get(&self) -> Get<'_, T, S> {
        Get {
            queue: self,
            key: None,
            place: Location::caller(),
        }
    }

    /// The items as they come, until the queue is shut down and empty.
    ///
    /// Each counts as unfinished until [`task_done`](Queue::task_done) is called for it.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**, as [`get`](Queue::get).
    #[track_caller]
    pub fn stream(&self) -> Items<T, S> {
        Items {
            queue: self.clone(),
            key: None,
            place: Location::caller(),
        }
    }

    /// Parks this thread until there is an item, and takes it: [`get`](Queue::get) for other
    /// threads than the loop's.
    ///
    /// # Errors
    ///
    /// As [`get`](Queue::get).
    ///
    /// # Panics
    ///
    /// Inside a task, where it would stop the loop.
    #[track_caller]
    pub fn get_blocking(&self) -> Result<T, QueueShutDown> {
        wait_here(self.get())
    }

    fn poll_get(
        &self,
        key: &mut Option<WaiterKey>,
        place: &'static Location<'static>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, QueueShutDown>> {
        ready!(leaf::proceed(cx));
        let mut out = Outgoing::new();
        let newcomer = key.is_none();
        let at_once = match newcomer {
            true => lock(&self.state).get_at_once(&mut out),
            false => None,
        };
        let poll = match at_once {
            Some(item) => Poll::Ready(Ok(item)),
            None => look_under(&self.state, cx.waker(), newcomer, |state, arrival| {
                state.get(key, arrival, &mut out)
            }),
        };
        out.settle();
        match poll {
            Poll::Ready(_) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("Queue::get", place),
        }
        poll
    }

    fn stop_getting(&self, key: &mut Option<WaiterKey>) {
        if key.is_some() {
            let mut out = Outgoing::new();
            lock(&self.state).stop_getting(key, &mut out);
            out.settle();
        }
    }
}

/// Waits for an item. From [`Queue::get`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Get<'a, T, S: Store<T> = Fifo<T>> {
    queue: &'a Queue<T, S>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<'a, T, S: Store<T>> Get<'a, T, S> {
    /// The queue that it waits at.
    pub(crate) fn queue(&self) -> &'a Queue<T, S> {
        self.queue
    }
}

impl<T, S: Store<T>> Future for Get<'_, T, S> {
    type Output = Result<T, QueueShutDown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.queue.poll_get(&mut this.key, this.place, cx)
    }
}

impl<T, S: Store<T>> Drop for Get<'_, T, S> {
    fn drop(&mut self) {
        self.queue.stop_getting(&mut self.key);
    }
}

/// The items of a queue as a stream. From [`Queue::stream`].
#[must_use = "streams do nothing unless polled"]
pub struct Items<T, S: Store<T> = Fifo<T>> {
    queue: Queue<T, S>,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl<T, S: Store<T>> Stream for Items<T, S> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        this.queue
            .poll_get(&mut this.key, this.place, cx)
            .map(Result::ok)
    }
}

impl<T, S: Store<T>> Drop for Items<T, S> {
    fn drop(&mut self) {
        self.queue.stop_getting(&mut self.key);
    }
}

impl<T, S: Store<T>> fmt::Debug for Get<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Get")
            .field("queue", self.queue)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}

impl<T, S: Store<T>> fmt::Debug for Items<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("queue", &self.queue)
            .field("place", self.place)
            .finish_non_exhaustive()
    }
}
