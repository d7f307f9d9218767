//! Callbacks: plain calls that the loop makes on its next turn, or at a moment.
//!
//! A callback stands in the ready queue as a task does, with less to carry: nobody awaits it.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use mainspring_reactor::{Tick, TimerKey};

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::id::TaskId;
use crate::engine::ready::Remote;
use crate::engine::table::Body;
use crate::engine::waker::TaskWaker;
use crate::leaf::Note;
use crate::quietly::quietly;
use crate::task::join::Payload;
use crate::task::{JoinError, unhandled};
use crate::time::instant::Instant;

/// Makes a call on this loop's next turn, after everybody who is ready already.
///
/// Callbacks are made in the order of asking. A panic goes to the exception handler
/// ([`set_exception_handler`](crate::runtime::set_exception_handler)), and the loop goes on. If the
/// runtime ends first, the call is dropped.
///
/// asyncio: `loop.call_soon`. tokio: [`spawn`](crate::spawn), for an `async` block that never waits.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// let called = std::rc::Rc::new(std::cell::Cell::new(false));
/// let tell = called.clone();
/// mainspring::runtime::call_soon(move || tell.set(true));
/// assert!(!called.get());
/// mainspring::task::yield_now().await;
/// assert!(called.get());
/// # });
/// ```
#[track_caller]
pub fn call_soon(call: impl FnOnce() + 'static) -> CallbackHandle {
    let engine = context::expect("`call_soon`");
    let (body, waker) = Callback::new(call, Location::caller(), &engine.remote);
    engine.admit(body, &waker);
    CallbackHandle::new(&engine, &waker)
}

/// Makes a call when `delay` has passed, never early. Calls for the same moment are made in the
/// order of asking; for the rest see [`call_soon`].
///
/// asyncio: `loop.call_later`.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn call_later(delay: Duration, call: impl FnOnce() + 'static) -> CallbackHandle {
    let engine = context::expect("`call_later`");
    let deadline = engine.clock.now().saturating_add(delay);
    call_when(&engine, deadline, call, Location::caller())
}

/// Makes a call at a moment, never early; at once (on the next turn) if it has passed. For the
/// rest see [`call_later`].
///
/// asyncio: `loop.call_at`.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn call_at(moment: Instant, call: impl FnOnce() + 'static) -> CallbackHandle {
    let engine = context::expect("`call_at`");
    let deadline = engine.clock.tick(moment.into_std());
    call_when(&engine, deadline, call, Location::caller())
}

fn call_when(
    engine: &Engine,
    deadline: Tick,
    call: impl FnOnce() + 'static,
    place: &'static Location<'static>,
) -> CallbackHandle {
    let (body, waker) = Callback::new(call, place, &engine.remote);
    let note = Note {
        what: "its moment to be called, asked for",
        place,
    };
    engine.admit_asleep(body, &waker, note);
    let timer = Waker::from(waker.clone());
    let timer = engine.wheel.borrow_mut().insert(deadline, timer);
    CallbackHandle {
        timer: Some(timer),
        when: Some(Instant::from_std(engine.clock.instant(deadline))),
        ..CallbackHandle::new(engine, &waker)
    }
}

/// A callback that was asked for: takes it back. Dropping it lets the call be made.
///
/// It stays on its loop's thread; [`CallbackHandleSend`](crate::runtime::CallbackHandleSend) does
/// not.
///
/// asyncio: `Handle` and `TimerHandle`. (`Handle` is tokio's name for the runtime's.)
pub struct CallbackHandle {
    remote: Arc<Remote>,
    callback: TaskId,
    timer: Option<TimerKey>,
    when: Option<Instant>,
    is_cancelled: Cell<bool>,
    _confined: PhantomData<Rc<()>>,
}

impl CallbackHandle {
    fn new(engine: &Engine, waker: &TaskWaker) -> Self {
        CallbackHandle {
            remote: engine.remote.clone(),
            callback: waker.task(),
            timer: None,
            when: None,
            is_cancelled: Cell::new(false),
            _confined: PhantomData,
        }
    }

    /// Takes the callback back: it is dropped here, uncalled, and so is its timer. `false` if it has
    /// been called, is being called just now, or was taken back before.
    pub fn cancel(&self) -> bool {
        let Some(engine) = context::here(&self.remote) else {
            return false;
        };
        let Some(callback) = engine.turn_out(self.callback) else {
            return false;
        };
        self.is_cancelled.set(true);
        let timer = self.timer;
        let timer = timer.and_then(|timer| engine.wheel.borrow_mut().cancel(timer));
        quietly(|| drop((callback, timer)));
        true
    }

    /// Whether it was taken back in time.
    pub fn cancelled(&self) -> bool {
        self.is_cancelled.get()
    }

    /// The moment it is called at, if it was asked for one.
    pub fn when(&self) -> Option<Instant> {
        self.when
    }
}

impl fmt::Debug for CallbackHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackHandle")
            .field("id", &self.callback.id)
            .field("when", &self.when)
            .field("cancelled", &self.cancelled())
            .finish_non_exhaustive()
    }
}

/// What stands in the table.
struct Callback<F> {
    call: Option<F>,
    waker: Arc<TaskWaker>,
}

impl<F: FnOnce() + 'static> Callback<F> {
    fn new(
        call: F,
        place: &'static Location<'static>,
        remote: &Arc<Remote>,
    ) -> (Pin<Box<Self>>, Arc<TaskWaker>) {
        let waker = Arc::new(TaskWaker::new(place, remote.clone()));
        let body = Box::pin(Callback {
            call: Some(call),
            waker: waker.clone(),
        });
        (body, waker)
    }
}

impl<F> Unpin for Callback<F> {}

impl<F: FnOnce()> Body for Callback<F> {
    fn step(mut self: Pin<&mut Self>) -> Poll<()> {
        self.waker.begin_poll();
        if let Some(call) = self.call.take() {
            call();
        }
        Poll::Ready(())
    }

    fn panicked(self: Pin<&mut Self>, payload: Payload) {
        let error = JoinError::panicked(self.waker.id, payload);
        unhandled::tell(&self.waker, error);
    }

    fn waker(&self) -> &Arc<TaskWaker> {
        &self.waker
    }

    fn own_wakers(&self) -> usize {
        1
    }
}
