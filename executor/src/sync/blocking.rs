//! Waiting with a thread instead of a task: the blocking twins of waiting operations.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::leaf;
use crate::shim::thread::{self, Thread};

/// Parks this thread until `future` is ready.
#[track_caller]
pub(crate) fn wait_here<F: Future>(future: F) -> F::Output {
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
            return output;
        }
        // An unpark that came since the poll ends this at once; one for no reason does no harm.
        thread::park();
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
