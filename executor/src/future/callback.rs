//! Done callbacks: what is called with a look at an outcome, before anybody takes it.
//!
//! A callback is a small task that waits for the end, looks, and is done. So callbacks run in
//! the order in which they were added, each caught in its own panic, and on their loop's thread
//! wherever the work ends.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::context;
use crate::engine::id::TaskId;
use crate::leaf::Note;
use crate::quietly::quietly;
use crate::task::cell::JoinCell;
use crate::task::{Id, JoinHandle, Outcome};

impl<T: 'static> JoinHandle<T> {
    /// Calls `call` with a look at the outcome, on this thread's loop, in the turn after the end
    /// (in the next turn, if the end has come already).
    ///
    /// Callbacks are called in the order in which they were added, and whoever awaits the handle
    /// gets the outcome after the last of them: until then `try_result` gives the handle back. A
    /// callback that panics harms nobody else; the panic goes to the exception handler. If the runtime ends first, it is dropped uncalled.
    ///
    /// asyncio: `Future.add_done_callback`, whose callback gets the future.
    ///
    /// # Panics
    ///
    /// Outside of a runtime (a callback need not be `Send`: it stays on the thread that adds it),
    /// and on a handle that has given its outcome.
    ///
    /// ```
    /// # mainspring::run(async {
    /// let task = mainspring::spawn(async { 42 });
    /// task.add_done_callback(|outcome| println!("{}", outcome.as_ref().unwrap()));
    /// assert_eq!(task.await.unwrap(), 42);
    /// # });
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, call: impl FnOnce(&Outcome<T>) + 'static) -> CallbackId {
        let engine = context::expect("`add_done_callback`");
        self.cell().expect_look();
        let watcher = Watcher {
            cell: self.cell().clone(),
            call: Some(call),
        };
        let note = Note {
            what: "the end that it was added to, at",
            place: Location::caller(),
        };
        let watcher = engine.spawn_asleep(watcher, note.place, note);
        watcher.set_name("done callback");
        let watcher = &watcher.cell().waker;
        // Asleep until the end, so that those who are added later cannot be called earlier.
        if let Err(waker) = self.cell().waker.watch(Waker::from(watcher.clone())) {
            waker.wake();
        }
        CallbackId {
            watched: self.id(),
            watcher: watcher.task(),
        }
    }

    /// Takes a callback back: it is dropped uncalled. `false` if it has been called, or if it is
    /// not one of this handle's that was added on this thread.
    ///
    /// asyncio: `Future.remove_done_callback`, which takes the function and counts.
    pub fn remove_done_callback(&self, callback: CallbackId) -> bool {
        if callback.watched != self.id() {
            return false;
        }
        let Some(engine) = context::current() else {
            return false;
        };
        let Some(watcher) = engine.turn_out(callback.watcher) else {
            return false;
        };
        let waker = Waker::from(watcher.waker().clone());
        self.cell().waker.unwatch(&waker);
        quietly(|| drop(watcher));
        true
    }
}

/// A callback's name, to take it back by. asyncio takes it back by the function itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CallbackId {
    watched: Id,
    watcher: TaskId,
}

impl fmt::Debug for CallbackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackId({})", self.watcher.id)
    }
}

/// The task of a callback.
struct Watcher<T, F> {
    cell: Arc<JoinCell<T>>,
    call: Option<F>,
}

impl<T, F: FnOnce(&Outcome<T>)> Future for Watcher<T, F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        if !this.cell.waker.is_finished() {
            return Poll::Pending;
        }
        let call = &mut this.call;
        let looked = this.cell.look(|outcome| {
            if let Some(call) = call.take() {
                call(outcome);
            }
        });
        if looked.is_none() {
            // Another thread looks at it just now.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl<T, F> Drop for Watcher<T, F> {
    fn drop(&mut self) {
        // First the callback goes, then the outcome is free.
        let call = self.call.take();
        quietly(|| drop(call));
        self.cell.looked();
    }
}

impl<T, F> Unpin for Watcher<T, F> {}
