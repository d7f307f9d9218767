//! The handles of a task: one that reads its outcome, one that can only end it.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::engine::context;
use crate::engine::id::Id;
use crate::engine::waker::{AbortRequest, TaskWaker};
use crate::leaf;
use crate::task::cell::JoinCell;
use crate::task::error::{JoinError, Outcome};
use crate::task::report::JobReport;

/// Reads the outcome of a task, of a job on another thread, or of a result that is set by hand.
///
/// Awaiting it gives the output, or a [`JoinError`] if the task was cancelled or panicked.
/// **Dropping it detaches**: the runtime owns the task, which goes on. **Awaiting it never
/// cancels** the task, also if the wait itself is dropped.
///
/// It is `Send` (and `Sync`) whenever its output is `Send`.
///
/// tokio: `task::JoinHandle`. asyncio: `Task`, and the reading end of `Future`.
///
/// # Cancel safety
///
/// **Strict**: a wait that is dropped takes nothing; await the handle again.
///
/// # Panics
///
/// If it is polled again after it gave its outcome.
///
/// ```
/// # mainspring::run(async {
/// let sum = mainspring::spawn(async { 2 + 2 });
/// assert_eq!(sum.await.unwrap(), 4);
/// # });
/// ```
pub struct JoinHandle<T> {
    cell: Arc<JoinCell<T>>,
    /// The outcome was given: nothing is left to detach from.
    is_done: bool,
}

impl<T> JoinHandle<T> {
    pub(crate) fn new(cell: Arc<JoinCell<T>>) -> Self {
        let is_done = false;
        JoinHandle { cell, is_done }
    }

    pub(crate) fn cell(&self) -> &Arc<JoinCell<T>> {
        &self.cell
    }

    /// Asks for the task to be dropped. Its future is dropped when its turn comes, in the order
    /// of the ready queue, and then the handle says "cancelled"; a task that ends in that very
    /// poll keeps its output. A job that has not started never will; one that runs on a thread goes
    /// on, and its handle is released at once; one that runs in a worker process is stopped, by the
    /// end of that process.
    ///
    /// May be called from any thread, at any time. tokio: `JoinHandle::abort`.
    #[track_caller]
    pub fn abort(&self) {
        self.request(None);
    }

    /// The same, and says whether it came in time. asyncio: `Task.cancel`.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.request(None)
    }

    /// The same, with words for whoever reads the [`JoinError`].
    #[track_caller]
    pub fn cancel_with(&self, message: impl Into<Cow<'static, str>>) -> bool {
        self.request(Some(message.into()))
    }

    #[track_caller]
    fn request(&self, message: Option<Cow<'static, str>>) -> bool {
        let by = Location::caller();
        self.cell.waker.abort(AbortRequest { by, message })
    }

    /// Whether the outcome is known.
    pub fn is_finished(&self) -> bool {
        self.cell.waker.is_finished()
    }

    /// asyncio's name for [`is_finished`](Self::is_finished).
    pub fn done(&self) -> bool {
        self.is_finished()
    }

    /// Whether the task has ended by being cancelled.
    pub fn cancelled(&self) -> bool {
        self.cell.is_cancelled()
    }

    /// Whether the task's end was asked for and has not come yet.
    pub fn cancelling(&self) -> bool {
        self.cell.waker.is_aborted() && !self.is_finished()
    }

    /// The task's name for good.
    pub fn id(&self) -> Id {
        self.cell.waker.id
    }

    /// The name that reports show beside the id.
    pub fn name(&self) -> Option<Arc<str>> {
        self.cell.waker.name()
    }

    /// Gives the task a name that reports show. asyncio: `Task.set_name`.
    pub fn set_name(&self, name: impl Into<Arc<str>>) {
        self.cell.waker.set_name(name.into());
    }

    /// Where in the program the task was spawned.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.cell.waker.spawned_at
    }

    /// A handle that can end the task and read nothing.
    pub fn abort_handle(&self) -> AbortHandle {
        AbortHandle::new(&self.cell.waker)
    }

    /// The outcome, if it is known.
    ///
    /// # Errors
    ///
    /// The handle again, while the task runs or while a done callback has yet to look.
    pub fn try_result(mut self) -> Result<Outcome<T>, Self> {
        match self.cell.try_take() {
            Some(outcome) => {
                self.is_done = true;
                Ok(outcome)
            }
            None => Err(self),
        }
    }

    /// Takes the outcome out, if it is known and every done callback has looked at it.
    pub(crate) fn take_now(&mut self) -> Option<Outcome<T>> {
        let outcome = self.cell.take_now()?;
        self.is_done = true;
        Some(outcome)
    }

    /// Looks at the outcome without taking it; `None` while there is none, after it was taken,
    /// and inside of another look.
    pub fn peek<R>(&self, look: impl FnOnce(&Outcome<T>) -> R) -> Option<R> {
        self.cell.look(look)
    }

    /// Where and when it ran: process, thread, wait in the queue, run time. A task runs where
    /// its loop does and keeps no times; a job on another thread keeps them all.
    pub fn report(&self) -> JobReport {
        self.cell.report().unwrap_or_else(|| JobReport {
            pid: std::process::id(),
            thread: String::new(),
            queued: Duration::ZERO,
            ran: Duration::ZERO,
            started: None,
            finished: None,
        })
    }
}

// ANCHOR: poll
impl<T> Future for JoinHandle<T> {
    type Output = Outcome<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        ready!(leaf::proceed(cx));
        let outcome = self.cell.poll_take(cx);
        if outcome.is_ready() {
            leaf::spend();
            self.is_done = true;
            return outcome;
        }
        let waker = &self.cell.waker;
        if context::polling() == Some(waker.id) {
            return Poll::Ready(Err(JoinError::joins_itself(waker.id)));
        }
        leaf::waiting_for("a task to end, spawned", waker.spawned_at);
        Poll::Pending
    }
}
// ANCHOR_END: poll

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        if !self.is_done {
            self.cell.detach();
        }
    }
}

impl<T> Unpin for JoinHandle<T> {}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle")
            .field("id", &self.id())
            .field("name", &self.name())
            .field("finished", &self.is_finished())
            .field("cancelled", &self.cancelled())
            .field("callbacks", &self.cell.looks_due())
            .finish_non_exhaustive()
    }
}

/// Can end a task, from any thread, and reads nothing.
///
/// tokio: `task::AbortHandle`.
///
/// ```
/// # mainspring::run(async {
/// let forever = mainspring::spawn(std::future::pending::<()>());
/// forever.abort_handle().abort();
/// assert!(forever.await.unwrap_err().is_cancelled());
/// # });
/// ```
#[derive(Clone)]
pub struct AbortHandle {
    id: Id,
    /// Weak, so that whoever counts the clones of a task's waker counts its wakers alone.
    waker: Weak<TaskWaker>,
}

impl AbortHandle {
    pub(crate) fn new(waker: &Arc<TaskWaker>) -> Self {
        AbortHandle {
            id: waker.id,
            waker: Arc::downgrade(waker),
        }
    }

    /// Asks for the task to be dropped; see [`JoinHandle::abort`].
    #[track_caller]
    pub fn abort(&self) {
        let by = Location::caller();
        if let Some(waker) = self.waker.upgrade() {
            waker.abort(AbortRequest { by, message: None });
        }
    }

    /// Whether the outcome is known.
    pub fn is_finished(&self) -> bool {
        // Nobody knows of the task any more: it has ended.
        self.waker.upgrade().is_none_or(|waker| waker.is_finished())
    }

    /// The task's name for good.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Debug for AbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbortHandle")
            .field("id", &self.id())
            .finish()
    }
}

/// Wrong on purpose: the step that a model must find fault with.
#[cfg(all(test, mainspring_loom))]
impl AbortHandle {
    pub(crate) fn abort_silently(&self) {
        if let Some(waker) = self.waker.upgrade() {
            waker.abort_silently();
        }
    }
}

/// The payload of a panic in a task, as `std::panic::catch_unwind` gives it.
pub(crate) type Payload = Box<dyn Any + Send>;
