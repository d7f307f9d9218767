//! `Queue`: the handle, and everything about it that does not wait.

use std::fmt;
use std::sync::Arc;

use crate::shim::{Mutex, lock};
use crate::sync::queue::error::{TooManyTaskDone, TryGetError, TryPutError};
use crate::sync::queue::state::State;
use crate::sync::queue::store::{Fifo, Heap, Lifo, Store};
use crate::sync::wakers::Outgoing;

/// asyncio's `Queue`: some put items, others get them, and one may wait until all work is done.
///
/// A queue is a handle: clones share the items. With a limit, [`put`](Queue::put) waits for room;
/// [`get`](Queue::get) waits for an item. Both are served in the order of arrival.
///
/// Each item counts as *unfinished* from the put until somebody reports it with
/// [`task_done`](Queue::task_done), or drops the [`Ticket`](crate::sync::Ticket) that
/// [`checkout`](Queue::checkout) gave out; [`join`](Queue::join) waits until none is left.
/// [`shutdown`](Queue::shutdown) ends it all.
///
/// Name the items where a queue is made: `Queue::<Job>::bounded(8)`. A mere `Queue::bounded(8)`
/// leaves open which of the three kinds of queue is meant, and the compiler asks for it.
///
/// tokio has no such type: its `mpsc` has one receiver and no count.
///
/// # Examples
///
/// ```
/// use mainspring::sync::Queue;
///
/// # mainspring::run(async {
/// let jobs: Queue<u32> = (1..=3).collect();
///
/// let worker = mainspring::spawn({
///     let jobs = jobs.clone();
///     async move {
///         let mut sum = 0;
///         while let Ok(job) = jobs.checkout().await {
///             sum += *job;
///         }
///         sum
///     }
/// });
///
/// jobs.join().await;
/// jobs.shutdown(false);
/// assert_eq!(worker.await.unwrap(), 6);
/// # });
/// ```
pub struct Queue<T, S = Fifo<T>> {
    pub(crate) state: Arc<Mutex<State<T, S>>>,
}

/// A queue that gives out the item that was put last.
pub type LifoQueue<T> = Queue<T, Lifo<T>>;

/// A queue that gives out the smallest item; equal ones come in the order of arrival.
///
/// Wrap items in [`Reverse`](std::cmp::Reverse) for the greatest first.
pub type PriorityQueue<T> = Queue<T, Heap<T>>;

impl<T, S: Store<T>> Queue<T, S> {
    /// A queue without a limit.
    pub fn unbounded() -> Self {
        Self::from_state(State::new(None))
    }

    /// A queue of at most `maxsize` items.
    ///
    /// # Panics
    ///
    /// If `maxsize` is zero, which means "no limit" in asyncio: that is
    /// [`unbounded`](Queue::unbounded) here.
    #[track_caller]
    pub fn bounded(maxsize: usize) -> Self {
        assert!(
            maxsize > 0,
            "a queue of size 0 never has room; for one without a limit call `Queue::unbounded`"
        );
        Self::from_state(State::new(Some(maxsize)))
    }

    fn from_state(state: State<T, S>) -> Self {
        Queue {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// The limit; `None` if there is none.
    pub fn maxsize(&self) -> Option<usize> {
        lock(&self.state).limit()
    }

    /// How many items are in the queue.
    pub fn qsize(&self) -> usize {
        lock(&self.state).len()
    }

    /// True if no item is in the queue.
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// True if the queue holds as many items as it may.
    pub fn full(&self) -> bool {
        let state = lock(&self.state);
        state.limit().is_some_and(|limit| state.len() >= limit)
    }

    /// Puts an item if there is room that is not promised to somebody who waited for it.
    ///
    /// # Errors
    ///
    /// [`TryPutError`], with the item, if there is no room or the queue was shut down.
    pub fn put_nowait(&self, item: T) -> Result<(), TryPutError<T>> {
        let mut out = Outgoing::new();
        let result = lock(&self.state).put_nowait(item, &mut out);
        out.settle();
        result
    }

    /// Gets an item if there is one that is not promised to somebody who waited for it.
    ///
    /// # Errors
    ///
    /// [`TryGetError::Empty`] if there is none; [`TryGetError::ShutDown`] if there will be none
    /// any more.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::{Queue, TryGetError};
    ///
    /// let queue: Queue<&str> = Queue::unbounded();
    /// queue.put_nowait("first").unwrap();
    /// assert_eq!(queue.get_nowait(), Ok("first"));
    /// assert_eq!(queue.get_nowait(), Err(TryGetError::Empty));
    /// ```
    pub fn get_nowait(&self) -> Result<T, TryGetError> {
        let mut out = Outgoing::new();
        let result = lock(&self.state).get_nowait(&mut out);
        out.settle();
        result
    }

    /// Reports one item as done; the last one releases everybody who waits in
    /// [`join`](Queue::join).
    ///
    /// # Errors
    ///
    /// [`TooManyTaskDone`] if no item is unfinished.
    pub fn task_done(&self) -> Result<(), TooManyTaskDone> {
        let mut out = Outgoing::new();
        let result = lock(&self.state).task_done(&mut out);
        out.settle();
        result
    }

    /// How many items were put and not reported as done.
    pub fn unfinished(&self) -> usize {
        lock(&self.state).unfinished()
    }

    /// Shuts the queue down: from now on nothing can be put.
    ///
    /// Gently (`immediate` false), what is in the queue can still be got; those who wait for more
    /// get the error. Immediately, the items are dropped and no longer count as unfinished.
    /// Either way, [`join`](Queue::join) goes on waiting for items that somebody got and has not
    /// reported.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::{Queue, QueueShutDown};
    ///
    /// # mainspring::run(async {
    /// let queue: Queue<u32> = Queue::unbounded();
    /// queue.put(1).await.unwrap();
    /// queue.shutdown(false);
    ///
    /// assert_eq!(queue.put(2).await, Err(QueueShutDown(2)));
    /// assert_eq!(queue.get().await, Ok(1));
    /// assert_eq!(queue.get().await, Err(QueueShutDown(())));
    /// # });
    /// ```
    pub fn shutdown(&self, immediate: bool) {
        let mut out = Outgoing::new();
        let items = lock(&self.state).shut_down(immediate, &mut out);
        out.settle();
        // Last, as dropping an item runs its owner's code.
        drop(items);
    }

    /// True once [`shutdown`](Queue::shutdown) was called.
    pub fn is_shut_down(&self) -> bool {
        lock(&self.state).is_shut_down()
    }
}

impl<T, S> Clone for Queue<T, S> {
    fn clone(&self) -> Self {
        Queue {
            state: Arc::clone(&self.state),
        }
    }
}

impl<T, S: Store<T>> Default for Queue<T, S> {
    fn default() -> Self {
        Queue::unbounded()
    }
}

/// A queue without a limit that holds the items of an iterator, all of them unfinished.
impl<T, S: Store<T>> FromIterator<T> for Queue<T, S> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut state = State::new(None);
        let mut out = Outgoing::new();
        for item in items {
            state.push(item, &mut out);
        }
        // Nobody can wait for a queue that nobody has seen yet.
        out.settle();
        Self::from_state(state)
    }
}

impl<T, S: Store<T>> fmt::Debug for Queue<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Queue")
            .field("items", &state.len())
            .field("limit", &state.limit())
            .field("parked_getters", &state.parked_getters())
            .field("parked_putters", &state.parked_putters())
            .field("unfinished", &state.unfinished())
            .field("shutdown", &state.is_shut_down())
            .finish()
    }
}
