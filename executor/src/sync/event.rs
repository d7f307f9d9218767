//! A flag that tasks wait for.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::shim::{Mutex, lock};
use crate::sync::wait_queue::{WaitQueue, WaiterKey};
use crate::sync::wakers::{Outgoing, look_under};

/// asyncio's `Event`: a flag; while it is set nobody waits, and setting it wakes everybody.
///
/// An `Event` is a handle: clones share one flag. tokio has no counterpart (`Notify` keeps no
/// flag, `watch` carries a value).
///
/// # Examples
///
/// ```
/// use mainspring::sync::Event;
///
/// # mainspring::run(async {
/// let open = Event::new();
///
/// let guest = mainspring::spawn({
///     let open = open.clone();
///     async move {
///         open.wait().await;
///         "came in"
///     }
/// });
///
/// open.set();
/// assert_eq!(guest.await.unwrap(), "came in");
/// # });
/// ```
#[derive(Clone)]
pub struct Event {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    set: bool,
    line: WaitQueue<()>,
}

impl Event {
    /// An event that is not set.
    pub fn new() -> Self {
        Event {
            state: Arc::new(Mutex::new(State {
                set: false,
                line: WaitQueue::new(),
            })),
        }
    }

    /// Sets the flag and wakes everybody who waits, in order of arrival.
    ///
    /// Who waits at this moment goes on, even if the flag is cleared again before it runs.
    pub fn set(&self) {
        let mut out = Outgoing::new();
        let mut state = lock(&self.state);
        state.set = true;
        state.line.call_all(&mut out);
        drop(state);
        out.settle();
    }

    /// Clears the flag: who asks from now on waits for the next [`set`](Event::set).
    pub fn clear(&self) {
        lock(&self.state).set = false;
    }

    /// True between [`set`](Event::set) and [`clear`](Event::clear).
    pub fn is_set(&self) -> bool {
        lock(&self.state).set
    }

    /// Waits until the flag is set; returns at once if it is.
    ///
    /// # Cancel safety
    ///
    /// **Loses its place**: a waiter that is dropped leaves the line. If the flag is set and cleared
    /// again before it comes back, it waits for the next time.
    ///
    /// # Examples
    ///
    /// ```
    /// use mainspring::sync::Event;
    ///
    /// # mainspring::run(async {
    /// let event = Event::new();
    /// event.set();
    /// event.wait().await;
    /// event.wait().await; // waiting does not use it up
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(&self) -> EventWait<'_> {
        EventWait {
            event: self,
            key: None,
            place: Location::caller(),
        }
    }
}

/// Waits until an [`Event`] is set. From [`Event::wait`].
#[must_use = "futures do nothing unless you `.await` or poll them"]
#[derive(Debug)]
pub struct EventWait<'a> {
    event: &'a Event,
    key: Option<WaiterKey>,
    place: &'static Location<'static>,
}

impl Future for EventWait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(leaf::proceed(cx));
        let this = &mut *self;
        let poll = look_under(&this.event.state, cx.waker(), false, |state, arrival| {
            // Not the flag but the call decides for those who wait: it may be cleared by now.
            if state.line.leave_if_called(&mut this.key).is_some() {
                return Ok(Poll::Ready(()));
            }
            if state.set {
                return Ok(Poll::Ready(()));
            }
            state.line.wait(&mut this.key, (), arrival)?;
            Ok(Poll::Pending)
        });
        match poll {
            Poll::Ready(()) => leaf::spend(),
            Poll::Pending => leaf::waiting_for("Event::wait", this.place),
        }
        poll
    }
}

impl Drop for EventWait<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            let left = lock(&self.event.state).line.leave(key);
            // Dropped here, without the lock: the waker, if there is one.
            drop(left);
        }
    }
}

impl Default for Event {
    fn default() -> Self {
        Event::new()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("Event")
            .field("set", &state.set)
            .field("waiting", &state.line.len())
            .finish()
    }
}
