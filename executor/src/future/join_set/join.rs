//! The waits of a `JoinSet`: for the next task to end, for all of them.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{Location, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::future::join_set::set::JoinSet;
use crate::leaf;
use crate::task::{Id, JoinError, Outcome};

impl<T: 'static> JoinSet<T> {
    /// Waits for the next task to end, and takes it out of the set. `None`: the set is empty.
    ///
    /// tokio: `JoinSet::join_next`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a wait that is dropped takes nothing out of the set.
    #[track_caller]
    pub fn join_next(&mut self) -> JoinNext<'_, T> {
        JoinNext {
            set: self,
            place: Location::caller(),
        }
    }

    /// The same, with the task's id beside its output. (A [`JoinError`] knows it.)
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a wait that is dropped takes nothing out of the set.
    #[track_caller]
    pub fn join_next_with_id(&mut self) -> JoinNextWithId<'_, T> {
        JoinNextWithId {
            set: self,
            place: Location::caller(),
        }
    }

    /// Waits for all tasks and gives their outputs, in the order of ending.
    ///
    /// [`join_outcomes`](Self::join_outcomes) does not panic.
    ///
    /// # Panics
    ///
    /// If a task panicked, with what it panicked with, or if a task was cancelled. The others are
    /// aborted then.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the outputs that have come go with it, and the other tasks are aborted.
    #[track_caller]
    pub fn join_all(self) -> JoinAll<T> {
        JoinAll {
            outputs: Vec::with_capacity(self.len()),
            set: self,
            place: Location::caller(),
        }
    }

    /// Waits for all tasks and gives what became of each, in the order of ending.
    ///
    /// tokio has none.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: the outcomes that have come go with it, and the other tasks are aborted.
    ///
    /// ```
    /// # mainspring::run(async {
    /// let mut set = mainspring::task::JoinSet::new();
    /// set.spawn(std::future::ready(1));
    /// set.spawn(std::future::pending()).abort();
    /// let outcomes = set.join_outcomes().await;
    /// assert_eq!(outcomes[0].as_ref().unwrap(), &1);
    /// assert!(outcomes[1].as_ref().unwrap_err().is_cancelled());
    /// # });
    /// ```
    #[track_caller]
    pub fn join_outcomes(self) -> JoinOutcomes<T> {
        JoinOutcomes {
            outcomes: Vec::with_capacity(self.len()),
            set: self,
            place: Location::caller(),
        }
    }

    /// Aborts all tasks, and waits until they have ended. What became of them is dropped.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: all are aborted as soon as this is called; those left are still in the set.
    #[track_caller]
    pub fn shutdown(&mut self) -> ShutDown<'_, T> {
        self.abort_all();
        ShutDown {
            set: self,
            place: Location::caller(),
        }
    }
}

/// The future of [`JoinSet::join_next`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct JoinNext<'a, T> {
    set: &'a mut JoinSet<T>,
    place: &'static Location<'static>,
}

impl<T: 'static> Future for JoinNext<'_, T> {
    type Output = Option<Result<T, JoinError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = self.place;
        let taken = ready!(poll_next(&mut *self.set, place, cx));
        Poll::Ready(taken.map(|(_, outcome)| outcome))
    }
}

/// The future of [`JoinSet::join_next_with_id`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct JoinNextWithId<'a, T> {
    set: &'a mut JoinSet<T>,
    place: &'static Location<'static>,
}

impl<T: 'static> Future for JoinNextWithId<'_, T> {
    type Output = Option<Result<(Id, T), JoinError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let place = self.place;
        let taken = ready!(poll_next(&mut *self.set, place, cx));
        Poll::Ready(taken.map(|(id, outcome)| outcome.map(|output| (id, output))))
    }
}

/// The future of [`JoinSet::join_all`].
#[must_use = "futures do nothing unless awaited"]
pub struct JoinAll<T> {
    set: JoinSet<T>,
    outputs: Vec<T>,
    place: &'static Location<'static>,
}

impl<T: 'static> Future for JoinAll<T> {
    type Output = Vec<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<T>> {
        let this = &mut *self;
        while let Some((_, outcome)) = ready!(poll_next(&mut this.set, this.place, cx)) {
            match outcome.map_err(JoinError::try_into_panic) {
                Ok(output) => this.outputs.push(output),
                Err(Ok(payload)) => resume_unwind(payload),
                Err(Err(error)) => panic!("{error}"),
            }
        }
        Poll::Ready(mem::take(&mut this.outputs))
    }
}

/// Outputs need no pin.
impl<T> Unpin for JoinAll<T> {}

impl<T> fmt::Debug for JoinAll<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinAll")
            .field("left", &self.set.len())
            .finish_non_exhaustive()
    }
}

/// The future of [`JoinSet::join_outcomes`].
#[must_use = "futures do nothing unless awaited"]
pub struct JoinOutcomes<T> {
    set: JoinSet<T>,
    outcomes: Vec<Outcome<T>>,
    place: &'static Location<'static>,
}

impl<T: 'static> Future for JoinOutcomes<T> {
    type Output = Vec<Outcome<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<Outcome<T>>> {
        let this = &mut *self;
        while let Some((_, outcome)) = ready!(poll_next(&mut this.set, this.place, cx)) {
            this.outcomes.push(outcome);
        }
        Poll::Ready(mem::take(&mut this.outcomes))
    }
}

/// Outcomes need no pin.
impl<T> Unpin for JoinOutcomes<T> {}

impl<T> fmt::Debug for JoinOutcomes<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinOutcomes")
            .field("left", &self.set.len())
            .finish_non_exhaustive()
    }
}

/// The future of [`JoinSet::shutdown`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct ShutDown<'a, T> {
    set: &'a mut JoinSet<T>,
    place: &'static Location<'static>,
}

impl<T: 'static> Future for ShutDown<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let place = self.place;
        while ready!(poll_next(&mut *self.set, place, cx)).is_some() {}
        Poll::Ready(())
    }
}

fn poll_next<T: 'static>(
    set: &mut JoinSet<T>,
    place: &'static Location<'static>,
    cx: &mut Context<'_>,
) -> Poll<Option<(Id, Outcome<T>)>> {
    leaf::waiting_for("the tasks of a `JoinSet`", place);
    set.poll_take(cx)
}
