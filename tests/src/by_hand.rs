//! Polling by hand, without a runtime: a waker that counts, and one that misbehaves.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use cooked_waker::IntoWaker;

/// A waker that counts how often it was called.
#[derive(Debug, Default)]
pub struct Bell {
    rings: AtomicUsize,
}

impl Bell {
    /// One that has not rung.
    pub fn new() -> Arc<Bell> {
        Arc::default()
    }

    /// How often it has rung.
    pub fn rings(&self) -> usize {
        self.rings.load(Ordering::Relaxed)
    }

    /// Polls `future` once, with this bell as its waker.
    pub fn poll<F: Future + Unpin>(self: &Arc<Self>, future: &mut F) -> Poll<F::Output> {
        let waker = Waker::from(self.clone());
        Pin::new(future).poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rings.fetch_add(1, Ordering::Relaxed);
    }
}

/// A waker that calls `act` whenever it is cloned, woken or dropped.
///
/// `act` is told which; it usually uses the very primitive that keeps the waker.
pub fn evil(act: impl Fn(&'static str) + Send + Sync + 'static) -> Waker {
    Box::new(Evil(Arc::new(act))).into_waker()
}

struct Evil(Arc<dyn Fn(&'static str) + Send + Sync>);

impl Clone for Evil {
    fn clone(&self) -> Self {
        (self.0)("clone");
        Evil(self.0.clone())
    }
}

impl Drop for Evil {
    fn drop(&mut self) {
        (self.0)("drop");
    }
}

impl cooked_waker::WakeRef for Evil {
    fn wake_by_ref(&self) {
        (self.0)("wake");
    }
}

impl cooked_waker::Wake for Evil {}

/// Parks `future` with one bell, then with a second, lets `finish` happen: the second must ring.
///
/// # Panics
///
/// If it does not, or if a waker is kept.
pub fn the_last_waker_counts<F: Future + Unpin>(mut future: F, finish: impl FnOnce()) {
    let (first, second) = (Bell::new(), Bell::new());
    assert!(first.poll(&mut future).is_pending());
    assert!(second.poll(&mut future).is_pending());
    assert_eq!(Arc::strong_count(&first), 1, "the old waker is kept");
    finish();
    assert_eq!(second.rings(), 1);
    assert!(second.poll(&mut future).is_ready());
    assert_eq!(Arc::strong_count(&second), 1, "a waker is kept at the end");
}

/// One poll, whose waker nobody hears.
pub fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
