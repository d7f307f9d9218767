//! The time limit of a wait that polls tasks' handles.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::time::{Sleep, sleep};

/// Counts from its first poll. A tie goes to the work: what ends at the very moment the limit
/// is up has ended in time.
#[derive(Debug)]
pub(crate) struct Limit {
    duration: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    is_up: bool,
}

impl Limit {
    pub(crate) fn new(duration: Duration) -> Self {
        Limit {
            duration,
            sleep: None,
            is_up: false,
        }
    }

    /// To be polled after the work, without asking the budget: work that always spends it all
    /// must still be ended.
    pub(crate) fn poll_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_up {
            return Poll::Ready(());
        }
        let duration = self.duration;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep(duration)));
        ready!(sleep.as_mut().poll_elapsed(cx));
        // A task whose sleep ends at this moment may stand behind us in the queue: it has its
        // turn first.
        self.is_up = true;
        self.sleep = None;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
