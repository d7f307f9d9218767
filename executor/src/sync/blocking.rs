//! Waiting with a thread instead of a task: the blocking twins of waiting operations.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use crate::leaf;
use crate::shim::park;
use crate::shim::thread::{self, Thread};

/// Parks this thread until `future` is ready.
#[track_caller]
pub(crate) fn wait_here<F: Future>(future: F) -> F::Output {
    match wait_here_for(future, None) {
        Some(output) => output,
        None => unreachable!("there is no limit"),
    }
}

/// The same for at most `limit`, in the machine's time; `None`: it is over.
#[track_caller]
pub(crate) fn wait_here_for<F: Future>(future: F, limit: Option<Duration>) -> Option<F::Output> {
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    assert!(
        !leaf::polling(),
        "a blocking wait inside a task stops the loop, and with it whatever is waited for; \
         `.await` the form that is not blocking, or move the call into `spawn_blocking`"
    );
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return None;
        }
        // An unpark that came since the poll ends this at once; one for no reason does no harm.
        park(left);
    }
}

struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}
