//! Work that another thread gives to the loop and waits for.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::waker::TaskWaker;
use crate::quietly::quietly;
use crate::runtime::Handle;
use crate::sync::blocking::wait_here_for;
use crate::task::cell::JoinCell;
use crate::task::spawn::TaskBody;
use crate::task::{Id, JoinError, JoinHandle, Outcome};

impl Handle {
    /// Makes a future on the runtime's thread and runs it there as a task. `make` travels, and must
    /// be `Send`; the future it makes need not be.
    ///
    /// A panic in `make` is the task's outcome. Once the runtime has ended, the handle says
    /// "cancelled".
    ///
    /// asyncio: `run_coroutine_threadsafe`. tokio: `LocalSet`'s, or a `LocalPoolHandle` of its
    /// utilities.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the task go on.
    ///
    /// ```
    /// use std::{rc::Rc, thread};
    ///
    /// # let runtime = mainspring::runtime::LocalRuntime::new()?;
    /// let handle = runtime.handle().clone();
    /// let other = thread::spawn(move || {
    ///     let task = handle.spawn_with(|| {
    ///         let stays = Rc::new(20);
    ///         async move { *stays + 1 }
    ///     });
    ///     let outcome = task.result(None).unwrap();
    ///     handle.stop();
    ///     outcome.unwrap()
    /// });
    /// runtime.run_forever();
    /// assert_eq!(other.join().unwrap(), 21);
    /// # std::io::Result::Ok(())
    /// ```
    #[track_caller]
    pub fn spawn_with<F, Fut>(&self, make: F) -> RemoteJoinHandle<Fut::Output>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future + 'static,
        Fut::Output: Send + 'static,
    {
        let home = self.shared().home();
        let waker = Arc::new(TaskWaker::new(Location::caller(), home.clone()));
        let cell = JoinCell::new(waker);
        let handle = JoinHandle::new(cell.clone());
        let order = Order {
            make: Some(make),
            cell,
        };
        // A runtime that has ended drops the order unread, which then says "cancelled".
        context::by_letter(&home, move |engine| order.fill(engine));
        RemoteJoinHandle { handle }
    }
}

/// A future that is still to be made.
struct Order<F, T> {
    make: Option<F>,
    cell: Arc<JoinCell<T>>,
}

impl<F, Fut> Order<F, Fut::Output>
where
    F: FnOnce() -> Fut,
    Fut: Future + 'static,
    Fut::Output: 'static,
{
    fn fill(mut self, engine: &Engine) {
        // Given up on the way: not even begun.
        if self.cell.waker.is_aborted() {
            return;
        }
        let Some(make) = self.make.take() else { return };
        match catch_unwind(AssertUnwindSafe(make)) {
            Ok(future) => {
                let body = TaskBody::with_cell(future, self.cell.clone());
                engine.admit(body, &self.cell.waker);
            }
            Err(payload) => {
                let error = JoinError::panicked(self.cell.waker.id, payload);
                self.cell.finish_or_drop(Err(error));
            }
        }
    }
}

impl<F, T> Drop for Order<F, T> {
    fn drop(&mut self) {
        // `None`: the future was made, and answers for itself.
        if let Some(make) = self.make.take() {
            quietly(|| drop(make));
            self.cell.finish_or_drop(Err(self.cell.cancelled()));
        }
    }
}

/// Waits, on another thread than the loop's, for a task that was given to the loop with
/// [`Handle::spawn_with`].
///
/// Dropping it detaches. On a loop it can be awaited instead: it turns into the ordinary
/// [`JoinHandle`].
///
/// asyncio: the `concurrent.futures.Future` of `run_coroutine_threadsafe`.
pub struct RemoteJoinHandle<T> {
    handle: JoinHandle<T>,
}

impl<T> RemoteJoinHandle<T> {
    /// Blocks this thread until the outcome is there, for at most `limit`; `None` is for as long as
    /// it takes. The time is the machine's.
    ///
    /// # Errors
    ///
    /// The handle again: the time is over.
    ///
    /// # Panics
    ///
    /// Inside of a task: the loop would stand still. Await it there. (Between two `block_on`s on
    /// the loop's own thread nobody turns the loop: block on the handle instead.)
    #[track_caller]
    pub fn result(mut self, limit: impl Into<Option<Duration>>) -> Result<Outcome<T>, Self> {
        match wait_here_for(&mut self.handle, limit.into()) {
            Some(outcome) => Ok(outcome),
            None => Err(self),
        }
    }

    /// Asks for the task to be dropped, and says whether that came in time; see
    /// [`JoinHandle::cancel`].
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.handle.cancel()
    }

    /// Whether the outcome is known.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// The task's name for good.
    pub fn id(&self) -> Id {
        self.handle.id()
    }
}

impl<T> IntoFuture for RemoteJoinHandle<T> {
    type Output = Outcome<T>;
    type IntoFuture = JoinHandle<T>;

    fn into_future(self) -> JoinHandle<T> {
        self.handle
    }
}

impl<T> fmt::Debug for RemoteJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteJoinHandle")
            .field(&self.handle)
            .finish()
    }
}
