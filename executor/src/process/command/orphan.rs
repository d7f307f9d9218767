//! Processes that nobody waits for any more: they go on, and leave no zombie.
//!
//! An orphan is its own waker: the reactor keeps it until the process ends, and then it looks. If
//! the loop ends first, the process goes to a list, at which everybody looks who starts or leaves
//! another.

use std::panic::Location;
use std::process::Child;
use std::sync::{self, Arc, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::engine::context;
use crate::leaf;
use crate::process::command::running::Running;
use crate::shim::{Mutex, lock};

// Not from `shim`: of a process there is no model.
static FORSAKEN: sync::Mutex<Vec<Child>> = sync::Mutex::new(Vec::new());

fn forsaken() -> MutexGuard<'static, Vec<Child>> {
    // Nothing under this lock panics half way.
    FORSAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Orphan(Mutex<Option<Running>>);

/// Sees to a process that is left.
pub(crate) fn adopt(mut left: Running) {
    if !matches!(left.try_wait(), Ok(None)) {
        return;
    }
    reap();
    match context::made() {
        Some(_) => Arc::new(Orphan(Mutex::new(Some(left)))).look(),
        None => forsake(left),
    }
}

/// Looks at the forsaken: whoever has ended leaves the list.
pub(crate) fn reap() {
    forsaken().retain_mut(|process| matches!(process.try_wait(), Ok(None)));
}

/// There is no loop in which its end could be waited for.
fn forsake(left: Running) {
    let is_killed = left.is_killed();
    let mut process = left.into_process();
    match is_killed {
        // A moment, for nothing keeps a process from being killed.
        true => drop(process.wait()),
        false => forsaken().push(process),
    }
}

impl Orphan {
    /// Lets it go if it has ended; otherwise the reactor will tell.
    #[track_caller]
    fn look(self: &Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut cx = Context::from_waker(&waker);
        // Not a part of whatever is polled just now.
        let aside = leaf::set_aside();
        leaf::begin_poll();
        let mut place = lock(&self.0);
        // Under the lock, for the event may come meanwhile, in a loop of another thread. The only
        // waker that is cloned or called is this one; it is not called within, for a poll that has
        // just begun has budget left.
        let polled = place.as_mut().map(|left| {
            let polled = left.poll_end(&mut cx, Location::caller());
            left.set_idle();
            polled
        });
        let left = match polled {
            Some(Poll::Ready(_)) => place.take(),
            _ => None,
        };
        drop(place);
        leaf::end_poll();
        leaf::go_on(aside);
        // An error may be the end of the loop, and not of the process.
        if let Some(mut left) = left
            && let Ok(None) = left.try_wait()
        {
            forsake(left);
        }
    }
}

impl Wake for Orphan {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}
