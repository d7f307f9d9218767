//! A child of a task group, and the handle that its parent may keep.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use crate::leaf;
use crate::quietly::{quietly, wake_all};

/// A child of a [`TaskGroup`](crate::task::TaskGroup): it can be cancelled, and awaited for its
/// value, by the body and by other children.
///
/// Awaiting it gives the child's value, or `None` if the child was cancelled or failed. Dropping it
/// changes nothing: the child belongs to its group.
///
/// asyncio: what `TaskGroup.create_task` returns.
///
/// # Cancel safety
///
/// **Strict**: a wait that is dropped takes nothing; await the member again.
///
/// # Panics
///
/// If it is polled again after it gave the value.
pub struct Member<T> {
    desk: Rc<Desk<T>>,
    /// The value, or its absence, was given.
    is_given: bool,
    place: &'static Location<'static>,
}

impl<T> Member<T> {
    pub(crate) fn new(desk: Rc<Desk<T>>, place: &'static Location<'static>) -> Self {
        Member {
            desk,
            is_given: false,
            place,
        }
    }

    /// Asks for the child to be dropped, which happens when its turn comes. The group goes on
    /// without it, and that is no error. Says whether it came in time.
    pub fn cancel(&self) -> bool {
        if self.desk.stage.get() == Stage::Ended {
            return false;
        }
        self.desk.stage.set(Stage::Cancelled);
        wake_all(self.desk.child.take());
        true
    }

    /// Whether the child has ended.
    pub fn done(&self) -> bool {
        self.desk.stage.get() == Stage::Ended
    }
}

impl<T> Future for Member<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        assert!(
            !self.is_given,
            "a `Member` of a task group was used again after it gave its value"
        );
        ready!(leaf::proceed(cx));
        if self.done() {
            leaf::spend();
            self.is_given = true;
            return Poll::Ready(self.desk.value.take());
        }
        keep(&self.desk.reader, cx.waker());
        leaf::waiting_for("a child of a task group, added", self.place);
        Poll::Pending
    }
}

impl<T> fmt::Debug for Member<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("stage", &self.desk.stage.get())
            .finish_non_exhaustive()
    }
}

/// What a child and its member share.
pub(crate) struct Desk<T> {
    stage: Cell<Stage>,
    value: Cell<Option<T>>,
    /// Who awaits the member.
    reader: Cell<Option<Waker>>,
    /// The child, from its first poll on.
    child: Cell<Option<Waker>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Running,
    /// To be dropped when its turn comes.
    Cancelled,
    Ended,
}

impl<T> Desk<T> {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Desk {
            stage: Cell::new(Stage::Running),
            value: Cell::new(None),
            reader: Cell::new(None),
            child: Cell::new(None),
        })
    }

    fn end(&self, value: Option<T>) {
        if self.stage.replace(Stage::Ended) == Stage::Ended {
            return;
        }
        self.value.set(value);
        drop(self.child.take());
        wake_all(self.reader.take());
    }
}

/// What all children of a group share with it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How many have not ended.
    pub(crate) left: Cell<usize>,
    /// None of them is to run any more.
    pub(crate) is_stopped: Cell<bool>,
}

pin_project! {
    /// A child as its group polls it: its value goes to the desk, its error to the group.
    pub(crate) struct Child<F: Future, T> {
        #[pin]
        future: Option<F>,
        desk: Rc<Desk<T>>,
        tally: Rc<Tally>,
    }

    impl<F: Future, T> PinnedDrop for Child<F, T> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            // First the future goes, then whoever awaits the member is told.
            quietly(|| this.future.set(None));
            this.tally.left.set(this.tally.left.get() - 1);
            this.desk.end(None);
        }
    }
}

impl<F: Future, T> Child<F, T> {
    pub(crate) fn new(future: F, desk: Rc<Desk<T>>, tally: Rc<Tally>) -> Self {
        tally.left.set(tally.left.get() + 1);
        Child {
            future: Some(future),
            desk,
            tally,
        }
    }
}

impl<F, T, E> Future for Child<F, T>
where
    F: Future<Output = Result<T, E>>,
{
    /// What it failed with.
    type Output = Option<E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        let mut this = self.project();
        let is_cancelled = this.desk.stage.get() == Stage::Cancelled;
        let future = this.future.as_mut().as_pin_mut();
        let Some(future) = future.filter(|_| !is_cancelled && !this.tally.is_stopped.get()) else {
            return Poll::Ready(None);
        };
        keep(&this.desk.child, cx.waker());
        let result = ready!(future.poll(cx));
        this.future.set(None);
        match result {
            Ok(value) => {
                this.desk.end(Some(value));
                Poll::Ready(None)
            }
            Err(error) => Poll::Ready(Some(error)),
        }
    }
}

/// Sees to it that `place` holds a waker of the task that polls now.
fn keep(place: &Cell<Option<Waker>>, waker: &Waker) {
    let kept = place.take();
    match &kept {
        Some(kept) if kept.will_wake(waker) => {}
        _ => {
            // Law 2 (no user code under a borrow): nothing is borrowed while these run.
            let fresh = waker.clone();
            drop(kept);
            place.set(Some(fresh));
            return;
        }
    }
    place.set(kept);
}
