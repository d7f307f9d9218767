//! Tasks that live in a set of their own instead of in the loop's table, and how `spawn_local`
//! finds the set.
//!
//! Such a task is a future that somebody else polls; what makes it a task is its handle.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::engine::context;
use crate::engine::waker::{Party, TaskWaker};
use crate::leaf;
use crate::quietly::quietly;
use crate::task::cell::JoinCell;
use crate::task::error::JoinError;
use crate::task::join::JoinHandle;

/// A task of a set. Its answer goes to its handle.
pub(crate) type Hosted = Pin<Box<dyn Future<Output = ()>>>;

/// A set that takes tasks in.
pub(crate) trait Host {
    fn take_in(&self, task: Hosted);
}

thread_local! {
    /// The set that this thread is inside of.
    static HERE: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// The set that this thread is inside of.
pub(crate) fn here() -> Option<Rc<dyn Host>> {
    HERE.try_with(|here| here.borrow().clone()).ok().flatten()
}

/// While it lives, its thread is inside of a set.
pub(crate) struct Inside {
    outer: Option<Rc<dyn Host>>,
}

/// From now on this thread is inside of this set.
pub(crate) fn enter(set: Rc<dyn Host>) -> Inside {
    let outer = HERE.try_with(|here| here.replace(Some(set)));
    Inside {
        outer: outer.ok().flatten(),
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let outer = self.outer.take();
        let left = HERE.try_with(|here| here.replace(outer));
        drop(left);
    }
}

/// Makes a task of a future, and gives it to the set.
pub(crate) fn spawn_in<F>(
    set: &dyn Host,
    future: F,
    place: &'static Location<'static>,
) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    // Whose panic nobody reads is told to this loop, if there is one.
    let remote = context::made().map(|engine| engine.remote.clone());
    let cell = JoinCell::new(Arc::new(TaskWaker::elsewhere(place, remote)));
    let task = HostedTask {
        future: Some(future),
        cell: cell.clone(),
    };
    set.take_in(Box::pin(task));
    JoinHandle::new(cell)
}

pin_project! {
    struct HostedTask<F: Future> {
        #[pin]
        future: Option<F>,
        cell: Arc<JoinCell<F::Output>>,
    }

    impl<F: Future> PinnedDrop for HostedTask<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            quietly(|| this.future.set(None));
            // If it has ended, it has its answer.
            this.cell.finish_or_drop(Err(this.cell.cancelled()));
        }
    }
}

impl<F: Future> Future for HostedTask<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let waker = &this.cell.waker;
        // The handle says "cancelled" as soon as that is asked for; here it is done.
        if !waker.on_abort(Party::Worker, cx.waker()) {
            quietly(|| this.future.set(None));
            return Poll::Ready(());
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        let polled = {
            let _as_task = context::as_task(waker.id);
            let _budget = leaf::fresh_budget();
            catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
        };
        let outcome = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(JoinError::panicked(waker.id, payload)),
        };
        // The future goes before its handle is told. If its destructor panics, that is the task's
        // end.
        let outcome = match catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
            Ok(()) => outcome,
            Err(payload) => {
                quietly(|| drop(outcome));
                Err(JoinError::panicked(this.cell.waker.id, payload))
            }
        };
        this.cell.finish_or_drop(outcome);
        Poll::Ready(())
    }
}
