//! Where an outcome waits for its reader: what a task and its handle share.
//!
//! One kind of cell serves all work that ends once: tasks, jobs on other threads, results that
//! are set by hand.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::context::quietly;
use crate::engine::waker::{Party, TaskWaker};
use crate::shim::{Mutex, MutexGuard, lock};
use crate::task::error::{JoinError, Outcome};
use crate::task::report::JobReport;

/// Kept small: with the body and the waker it makes up what a task costs in memory.
pub(crate) struct JoinCell<T> {
    pub(crate) waker: Arc<TaskWaker>,
    slot: Mutex<Slot<T>>,
}

struct Slot<T> {
    stage: Stage<T>,
    /// Who awaits the handle.
    reader: Option<Waker>,
    /// What few cells have.
    extra: Option<Box<Extra>>,
    /// The handle is gone: nobody will take the outcome.
    is_detached: bool,
}

enum Stage<T> {
    Pending,
    Ended(Outcome<T>),
    /// A watcher looks at it just now.
    Lent,
    Taken,
}

#[derive(Default)]
struct Extra {
    /// Who is to look at the outcome before the reader takes it, in the order of asking.
    watchers: Vec<Waker>,
    /// How many of those have not looked yet.
    looks_due: usize,
    /// Where the work has more to tell than a task has: a job's times.
    reporter: Option<Arc<dyn Reporter>>,
}

/// What knows where and when a job ran.
pub(crate) trait Reporter: Send + Sync {
    fn report(&self) -> JobReport;
}

impl<T> JoinCell<T> {
    pub(crate) fn new(waker: Arc<TaskWaker>) -> Arc<Self> {
        JoinCell::with_extra(waker, None)
    }

    pub(crate) fn with_reporter(waker: Arc<TaskWaker>, reporter: Arc<dyn Reporter>) -> Arc<Self> {
        let extra = Extra {
            reporter: Some(reporter),
            ..Extra::default()
        };
        JoinCell::with_extra(waker, Some(Box::new(extra)))
    }

    fn with_extra(waker: Arc<TaskWaker>, extra: Option<Box<Extra>>) -> Arc<Self> {
        Arc::new(JoinCell {
            waker,
            slot: Mutex::new(Slot {
                stage: Stage::Pending,
                reader: None,
                extra,
                is_detached: false,
            }),
        })
    }

    /// What the work itself tells of where and when it ran.
    pub(crate) fn report(&self) -> Option<JobReport> {
        let reporter = lock(&self.slot).extra.as_ref()?.reporter.clone()?;
        Some(reporter.report())
    }

    /// Puts the outcome in place and wakes who waits for it. A second outcome, or one that comes
    /// after work elsewhere was given up, comes back.
    pub(crate) fn finish(&self, outcome: Outcome<T>) -> Result<(), Outcome<T>> {
        let mut slot = lock(&self.slot);
        if !matches!(slot.stage, Stage::Pending) || self.waker.is_finished() {
            return Err(outcome);
        }
        if slot.is_detached && slot.looks_due() == 0 {
            self.waker.finish();
            slot.stage = Stage::Taken;
            return Err(outcome);
        }
        slot.stage = Stage::Ended(outcome);
        self.waker.finish();
        let watchers = slot.take_watchers();
        let reader = slot.next_reader();
        drop(slot);
        watchers.into_iter().for_each(Waker::wake);
        reader.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// The same for an outcome that is of no further interest if nobody takes it.
    pub(crate) fn finish_or_drop(&self, outcome: Outcome<T>) {
        if let Err(unwanted) = self.finish(outcome) {
            quietly(|| drop(unwanted));
        }
    }

    /// The reader's side: takes the outcome out, or leaves the waker.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        if let Some(outcome) = self.try_take() {
            return Poll::Ready(outcome);
        }
        if self.waker.is_elsewhere() {
            // Whoever gives the work up tells the reader at once.
            match self.waker.on_abort(Party::Reader, cx.waker().clone()) {
                Ok(before) => drop(before),
                Err(_) => return Poll::Ready(self.give_up()),
            }
        }
        self.register(cx, |slot| &mut slot.reader)
    }

    /// Law 2 (no user code under a lock): cloning and dropping a waker may be anybody's code.
    fn register(
        &self,
        cx: &mut Context<'_>,
        place: fn(&mut Slot<T>) -> &mut Option<Waker>,
    ) -> Poll<Outcome<T>> {
        {
            let mut slot = lock(&self.slot);
            if let Some(outcome) = self.take_from(&mut slot) {
                return Poll::Ready(outcome);
            }
            if place(&mut slot)
                .as_ref()
                .is_some_and(|old| old.will_wake(cx.waker()))
            {
                return Poll::Pending;
            }
        }
        let new = cx.waker().clone();
        let mut slot = lock(&self.slot);
        let taken = self.take_from(&mut slot);
        let old = match taken {
            Some(_) => Some(new),
            None => place(&mut slot).replace(new),
        };
        drop(slot);
        drop(old);
        match taken {
            Some(outcome) => Poll::Ready(outcome),
            None => Poll::Pending,
        }
    }

    /// Takes the outcome out if it is there and every watcher has looked at it.
    pub(crate) fn try_take(&self) -> Option<Outcome<T>> {
        if !self.waker.is_finished() {
            return None;
        }
        let mut slot = lock(&self.slot);
        if let Some(outcome) = self.take_from(&mut slot) {
            return Some(outcome);
        }
        // Work elsewhere that was given up before it had an outcome.
        if matches!(slot.stage, Stage::Pending) && slot.looks_due() == 0 {
            drop(slot);
            return Some(self.give_up());
        }
        None
    }

    fn take_from(&self, slot: &mut MutexGuard<'_, Slot<T>>) -> Option<Outcome<T>> {
        if slot.looks_due() > 0 || !matches!(slot.stage, Stage::Ended(_)) {
            assert!(
                !matches!(slot.stage, Stage::Taken),
                "a `JoinHandle` was polled again after it gave its outcome"
            );
            return None;
        }
        match mem::replace(&mut slot.stage, Stage::Taken) {
            Stage::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The reader of work that was given up: whatever comes later is dropped where it is made.
    fn give_up(&self) -> Outcome<T> {
        let mut slot = lock(&self.slot);
        match mem::replace(&mut slot.stage, Stage::Taken) {
            // It was there all the same.
            Stage::Ended(outcome) => outcome,
            _ => Err(self.cancelled()),
        }
    }

    pub(crate) fn cancelled(&self) -> JoinError {
        JoinError::cancelled(self.waker.id, self.waker.abort_request())
    }

    /// A watcher will come: the reader waits until it has looked.
    pub(crate) fn expect_look(&self) {
        lock(&self.slot).extra.get_or_insert_default().looks_due += 1;
    }

    /// The watcher's wait: until there is something to look at.
    pub(crate) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        let new = cx.waker().clone();
        let mut slot = lock(&self.slot);
        if self.waker.is_finished() && !matches!(slot.stage, Stage::Lent) {
            drop(slot);
            drop(new);
            return Poll::Ready(());
        }
        slot.extra.get_or_insert_default().watchers.push(new);
        Poll::Pending
    }

    /// Lends the outcome to `look`, outside of the lock; `None` while there is none.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Outcome<T>) -> R) -> Option<R> {
        let lent = {
            let mut slot = lock(&self.slot);
            if !matches!(slot.stage, Stage::Ended(_)) {
                drop(slot);
                return self.look_at_given_up(look);
            }
            mem::replace(&mut slot.stage, Stage::Lent)
        };
        let Stage::Ended(outcome) = lent else {
            return None;
        };
        let seen = catch_unwind(AssertUnwindSafe(|| look(&outcome)));
        let (reader, watchers) = {
            let mut slot = lock(&self.slot);
            slot.stage = Stage::Ended(outcome);
            (slot.next_reader(), slot.take_watchers())
        };
        watchers.into_iter().for_each(Waker::wake);
        reader.into_iter().for_each(Waker::wake);
        match seen {
            Ok(seen) => Some(seen),
            Err(payload) => resume_unwind(payload),
        }
    }

    fn look_at_given_up<R>(&self, look: impl FnOnce(&Outcome<T>) -> R) -> Option<R> {
        let is_given_up =
            self.waker.is_finished() && matches!(lock(&self.slot).stage, Stage::Pending);
        is_given_up.then(|| look(&Err(self.cancelled())))
    }

    /// A watcher has looked, or will not come any more.
    pub(crate) fn looked(&self) {
        let (reader, unwanted) = {
            let mut slot = lock(&self.slot);
            if let Some(extra) = &mut slot.extra {
                extra.looks_due -= 1;
            }
            let unwanted = match slot.is_detached && slot.looks_due() == 0 {
                true => slot.take_unread(),
                false => None,
            };
            (slot.next_reader(), unwanted)
        };
        quietly(|| drop(unwanted));
        reader.into_iter().for_each(Waker::wake);
    }

    /// The handle is dropped: the work goes on, its outcome is nobody's. An outcome that waits
    /// is dropped here.
    pub(crate) fn detach(&self) {
        let (unread, reader) = {
            let mut slot = lock(&self.slot);
            slot.is_detached = true;
            let unread = match slot.looks_due() {
                0 => slot.take_unread(),
                _ => None,
            };
            (unread, slot.reader.take())
        };
        if unread.is_some() || reader.is_some() {
            quietly(|| drop((unread, reader)));
        }
    }

    /// Nobody reads any more, or the work was given up: setting a result is in vain.
    pub(crate) fn is_unwanted(&self) -> bool {
        let slot = lock(&self.slot);
        self.waker.is_aborted() || slot.is_detached && slot.looks_due() == 0
    }
}

impl<T> Slot<T> {
    fn looks_due(&self) -> usize {
        self.extra.as_ref().map_or(0, |extra| extra.looks_due)
    }

    fn take_watchers(&mut self) -> Vec<Waker> {
        match &mut self.extra {
            Some(extra) => mem::take(&mut extra.watchers),
            None => Vec::new(),
        }
    }

    /// The reader's waker, if the outcome is there for it.
    fn next_reader(&mut self) -> Option<Waker> {
        match (&self.stage, self.looks_due()) {
            (Stage::Ended(_) | Stage::Pending, 0) => self.reader.take(),
            _ => None,
        }
    }

    fn take_unread(&mut self) -> Option<Outcome<T>> {
        match &self.stage {
            Stage::Ended(_) => match mem::replace(&mut self.stage, Stage::Taken) {
                Stage::Ended(outcome) => Some(outcome),
                _ => None,
            },
            _ => None,
        }
    }
}
