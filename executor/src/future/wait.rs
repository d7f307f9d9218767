//! Waiting for tasks: who has ended, who has not.

use std::cmp::Reverse;
use std::fmt;
use std::future::Future;
use std::mem;
use std::ops::ControlFlow;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::engine::waker::ends;
use crate::future::children::Children;
use crate::future::limit::Limit;
use crate::leaf;
use crate::task::{Id, JoinError, JoinHandle, Outcome};

/// Waits for tasks: gives `(done, pending)`, those that have ended, in the order in which they
/// ended, and the handles of those that have not, in the order given.
///
/// It ends when all have ended; [`return_when`](Wait::return_when) and
/// [`timeout`](Wait::timeout) end it earlier. Nothing is cancelled by it: what is pending goes
/// on, and so do all tasks if the wait is dropped. Whatever has ended when the wait ends is in
/// `done`, and an outcome is there when the task's done callbacks have looked at it. Without
/// tasks it gives two empty lists at once (asyncio refuses that).
///
/// asyncio: `wait`. tokio has none; see `JoinSet`.
///
/// # Cancel safety
///
/// **Loses data**: handles, and the outcomes of those that have ended, go with the wait. To wait
/// for some time, give it a [`timeout`](Wait::timeout) instead of putting it into one.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::future::wait;
///
/// let (done, pending) = wait([1, 2, 3].map(|n| mainspring::spawn(async move { n * n }))).await;
/// let values: Vec<i32> = done.into_iter().map(|task| task.result().unwrap()).collect();
/// assert_eq!(values, [1, 4, 9]);
/// assert!(pending.is_empty());
/// # });
/// ```
#[track_caller]
pub fn wait<T>(tasks: impl IntoIterator<Item = JoinHandle<T>>) -> Wait<T> {
    let tasks = tasks.into_iter().enumerate();
    Wait {
        watches: Children::new(tasks.map(|(index, task)| Watch { index, task })),
        done: Vec::new(),
        when: ReturnWhen::AllCompleted,
        has_failed: |outcome| outcome.as_ref().is_err_and(|error| !error.is_cancelled()),
        limit: None,
        is_over: false,
        place: Location::caller(),
    }
}

/// When a [`wait()`] ends.
///
/// asyncio: the argument `return_when`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When all have ended.
    #[default]
    AllCompleted,
    /// As soon as one has ended.
    FirstCompleted,
    /// As soon as one has failed: it panicked, or nobody will produce its result. Being cancelled
    /// is no failure. See also [`first_err`](Wait::first_err). If none fails, when all have ended.
    FirstException,
}

/// The future of [`wait()`].
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<T> {
    watches: Children<Watch<T>>,
    /// Each with the number of its end.
    done: Vec<(u32, Finished<T>)>,
    when: ReturnWhen,
    has_failed: fn(&Outcome<T>) -> bool,
    limit: Option<Limit>,
    /// What it waited for has come, or the time is up.
    is_over: bool,
    place: &'static Location<'static>,
}

impl<T> Wait<T> {
    /// Ends the wait earlier than when all have ended.
    ///
    /// ```
    /// # mainspring::run(async {
    /// use mainspring::future::{ReturnWhen, wait};
    ///
    /// let tasks = [1, 50].map(|n| mainspring::spawn(mainspring::time::sleep_secs(0.01 * n as f64)));
    /// let (done, pending) = wait(tasks).return_when(ReturnWhen::FirstCompleted).await;
    /// assert_eq!((done[0].index, pending.len()), (0, 1));
    /// # });
    /// ```
    pub fn return_when(mut self, when: ReturnWhen) -> Self {
        self.when = when;
        self
    }

    /// Ends the wait when so much time has passed since it was first polled. What ends at that
    /// very moment is still in `done`. No error: `pending` tells.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, when it is polled.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = Some(Limit::new(limit));
        self
    }

    /// Whether the wait is to end, now that this one has ended.
    fn ends_with(&self, outcome: &Outcome<T>) -> bool {
        match self.when {
            ReturnWhen::AllCompleted => false,
            ReturnWhen::FirstCompleted => true,
            ReturnWhen::FirstException => (self.has_failed)(outcome),
        }
    }
}

impl<T, E> Wait<Result<T, E>> {
    /// [`ReturnWhen::FirstException`] that counts a value of `Err` as a failure, too.
    pub fn first_err(mut self) -> Self {
        self.when = ReturnWhen::FirstException;
        self.has_failed = |outcome| match outcome {
            Ok(value) => value.is_err(),
            Err(error) => !error.is_cancelled(),
        };
        self
    }
}

impl<T> Future for Wait<T> {
    type Output = (Vec<Finished<T>>, Vec<JoinHandle<T>>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        leaf::waiting_for("tasks to end", self.place);
        let mut ended = Vec::new();
        let polled = self.watches.poll_turn(cx, |_, watched| {
            ended.push(watched);
            ControlFlow::Continue(())
        });
        for (end, finished) in ended {
            self.is_over |= self.ends_with(&finished.outcome);
            self.done.push((end, finished));
        }
        if polled.is_pending() {
            if let Some(limit) = &mut self.limit {
                let is_up = limit.poll_up(cx).is_ready();
                self.is_over |= is_up;
            }
            ready!(self.poll_over());
        }
        let mut done = mem::take(&mut self.done);
        let now = ends();
        // Longest ago first.
        done.sort_by_key(|(end, _)| Reverse(now.wrapping_sub(*end)));
        let done = done.into_iter().map(|(_, finished)| finished).collect();
        let pending = self.watches.take_rest();
        let pending = pending.into_iter().map(|watch| watch.task).collect();
        Poll::Ready((done, pending))
    }
}

impl<T> Wait<T> {
    /// A wait that is over takes along all that have ended: those that are left have a done
    /// callback that has yet to look, or came when the budget was spent, and wake us soon.
    fn poll_over(&self) -> Poll<()> {
        let mut left = self.watches.running();
        match self.is_over && !left.any(|watch| watch.task.is_finished()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// One of the tasks. Gives the number of its end, too.
struct Watch<T> {
    index: usize,
    task: JoinHandle<T>,
}

impl<T> Future for Watch<T> {
    type Output = (u32, Finished<T>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(Pin::new(&mut self.task).poll(cx));
        let finished = Finished {
            index: self.index,
            id: self.task.id(),
            outcome,
        };
        Poll::Ready((self.task.cell().waker.ended(), finished))
    }
}

/// A task that has ended, as [`wait()`] gives it: there is no "not done yet".
pub struct Finished<T> {
    /// Its place in the order given.
    pub index: usize,
    /// The task's name for good.
    pub id: Id,
    outcome: Outcome<T>,
}

impl<T> Finished<T> {
    /// Takes the outcome. asyncio: `Task.result`, which raises.
    ///
    /// # Errors
    ///
    /// The task was cancelled or panicked.
    pub fn result(self) -> Outcome<T> {
        self.outcome
    }

    /// Looks at the outcome.
    ///
    /// # Errors
    ///
    /// The task was cancelled or panicked.
    pub fn as_ref(&self) -> Result<&T, &JoinError> {
        self.outcome.as_ref()
    }
}

impl<T> Unpin for Wait<T> {}

impl<T> fmt::Debug for Wait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("when", &self.when)
            .field("limit", &self.limit)
            .field("left", &self.watches.len())
            .finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for Finished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished")
            .field("index", &self.index)
            .field("id", &self.id)
            .field("outcome", &self.outcome)
            .finish()
    }
}
