//! Where an outcome waits for its reader: what a task and its handle share.
//!
//! One kind of cell serves all work that ends once: tasks, jobs on other threads, results that
//! are set by hand.
//!
//! ```text
//!   Pending --- finish ---> Ended --- take ---> Taken
//!      |                    |   ^
//!      |              look  v   |  the look is over
//!      |                    Lent
//!      +--- take, of work elsewhere that was given up ---> Taken
//! ```
//!
//! Watchers (done callbacks) look before the reader takes. `looks_due` counts those that have
//! yet to, and while it is not zero the outcome stays where it is.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::waker::{Party, TaskWaker};
use crate::quietly::{quietly, wake_all};
use crate::shim::{Mutex, lock};
use crate::task::error::{JoinError, Outcome};
use crate::task::report::JobReport;
use crate::task::unhandled;

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
    /// It ended by being cancelled.
    is_cancelled: bool,
    /// The handle is gone: nobody will take the outcome.
    is_detached: bool,
    /// Somebody has looked at the outcome.
    is_seen: bool,
}

enum Stage<T> {
    Pending,
    Ended(Outcome<T>),
    /// Somebody looks at it just now.
    Lent,
    Taken,
}

#[derive(Default)]
struct Extra {
    /// How many watchers have not looked yet.
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
                is_cancelled: false,
                is_detached: false,
                is_seen: false,
            }),
        })
    }

    /// What the work itself tells of where and when it ran.
    pub(crate) fn report(&self) -> Option<JobReport> {
        let reporter = lock(&self.slot).extra.as_ref()?.reporter.clone()?;
        Some(reporter.report())
    }

    /// Puts the outcome in place and wakes who waits for it. An outcome that nobody wants comes
    /// back: a second one, one that is late because the work was given up, one whose handle is
    /// gone.
    pub(crate) fn finish(&self, outcome: Outcome<T>) -> Result<(), Outcome<T>> {
        let mut slot = lock(&self.slot);
        if !matches!(slot.stage, Stage::Pending) || self.waker.is_finished() {
            return Err(outcome);
        }
        let is_cancelled = outcome.as_ref().is_err_and(JoinError::is_cancelled);
        if slot.is_unread() {
            slot.stage = Stage::Taken;
            slot.is_cancelled = is_cancelled;
            self.waker.finish();
            return Err(outcome);
        }
        self.waker.note_end();
        // Work elsewhere may be given up at this very moment: one of the two comes first.
        if !self.waker.finish() {
            return Err(outcome);
        }
        slot.is_cancelled = is_cancelled;
        slot.stage = Stage::Ended(outcome);
        if slot.looks_due() > 0 {
            // The last to look wakes the reader.
            drop(slot);
            wake_all(self.waker.take_watchers());
            return Ok(());
        }
        let reader = slot.reader.take();
        drop(slot);
        wake_all(reader);
        Ok(())
    }

    /// The same for an outcome that is of no further interest if nobody takes it.
    pub(crate) fn finish_or_drop(&self, outcome: Outcome<T>) {
        if let Err(unwanted) = self.finish(outcome) {
            self.drop_unread(unwanted);
        }
    }

    /// Nobody will take it. A panic that nobody has even looked at is told.
    fn drop_unread(&self, outcome: Outcome<T>) {
        match outcome {
            Err(error) if error.is_panic() && !lock(&self.slot).is_seen => {
                unhandled::tell(&self.waker, error);
            }
            outcome => quietly(|| drop(outcome)),
        }
    }

    /// The reader's side: takes the outcome out, or leaves the waker.
    pub(crate) fn poll_take(&self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        let mut taken = self.try_take();
        if taken.is_none() {
            taken = self.take_or_register(cx.waker());
        }
        // Whoever gives work elsewhere up tells the reader at once.
        if taken.is_none()
            && self.waker.is_elsewhere()
            && !self.waker.on_abort(Party::Reader, cx.waker())
        {
            taken = self.try_take();
        }
        let Some(outcome) = taken else {
            return Poll::Pending;
        };
        self.forget_reader();
        Poll::Ready(outcome)
    }

    /// Law 2 (no user code under a lock): cloning and dropping a waker may be anybody's code.
    fn take_or_register(&self, waker: &Waker) -> Option<Outcome<T>> {
        {
            let mut slot = lock(&self.slot);
            if let Some(outcome) = self.take_from(&mut slot) {
                return Some(outcome);
            }
            if slot.reader.as_ref().is_some_and(|old| old.will_wake(waker)) {
                return None;
            }
        }
        let new = waker.clone();
        let (taken, old) = {
            let mut slot = lock(&self.slot);
            match self.take_from(&mut slot) {
                Some(outcome) => (Some(outcome), Some(new)),
                None => (None, slot.reader.replace(new)),
            }
        };
        drop(old);
        taken
    }

    /// Takes the outcome out if it is there and every watcher has looked at it.
    pub(crate) fn try_take(&self) -> Option<Outcome<T>> {
        if !self.waker.is_finished() {
            return None;
        }
        self.take_from(&mut lock(&self.slot))
    }

    /// The same, and no link to whoever waited stays behind.
    pub(crate) fn take_now(&self) -> Option<Outcome<T>> {
        let outcome = self.try_take()?;
        self.forget_reader();
        Some(outcome)
    }

    /// The reader's side, without a look: the waker is called as soon as there is an outcome to
    /// take, which may be now.
    pub(crate) fn call_at_end(&self, waker: Waker) {
        // Whoever gives work elsewhere up calls the listener, or is seen below.
        if self.waker.is_elsewhere() {
            self.waker.on_abort(Party::Reader, &waker);
        }
        let (called, old) = {
            let mut slot = lock(&self.slot);
            match self.waker.is_finished() && slot.looks_due() == 0 {
                true => (Some(waker), None),
                false => (None, slot.reader.replace(waker)),
            }
        };
        drop(old);
        wake_all(called);
    }

    fn take_from(&self, slot: &mut Slot<T>) -> Option<Outcome<T>> {
        if slot.looks_due() > 0 {
            return None;
        }
        match &slot.stage {
            Stage::Ended(_) => slot.take_unread(),
            // Work elsewhere that was given up: what comes later is dropped where it is made.
            Stage::Pending if self.waker.is_finished() => {
                slot.stage = Stage::Taken;
                slot.is_cancelled = true;
                Some(Err(self.cancelled()))
            }
            Stage::Pending | Stage::Lent => None,
            Stage::Taken => panic!("a `JoinHandle` was used again after it gave its outcome"),
        }
    }

    /// The outcome of work that was cancelled.
    pub(crate) fn cancelled(&self) -> JoinError {
        JoinError::cancelled(self.waker.id, self.waker.abort_request())
    }

    /// Whether the work has ended by being cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        let slot = lock(&self.slot);
        match &slot.stage {
            Stage::Pending => self.waker.is_finished(),
            _ => slot.is_cancelled,
        }
    }

    /// How many watchers have not looked yet.
    pub(crate) fn looks_due(&self) -> usize {
        lock(&self.slot).looks_due()
    }

    /// A watcher will come: the reader waits until it has looked.
    ///
    /// # Panics
    ///
    /// If there is nothing left to look at.
    #[track_caller]
    pub(crate) fn expect_look(&self) {
        let mut slot = lock(&self.slot);
        assert!(
            !matches!(slot.stage, Stage::Taken),
            "a done callback was added to a `JoinHandle` that has given its outcome: add it before \
             the handle is awaited to its end"
        );
        slot.extra.get_or_insert_default().looks_due += 1;
    }

    /// Lends the outcome to `look`, outside of the lock. `None`: it is not there yet, or not any
    /// more, or lent to somebody else just now.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Outcome<T>) -> R) -> Option<R> {
        let lent = {
            let mut slot = lock(&self.slot);
            match &slot.stage {
                Stage::Ended(_) => mem::replace(&mut slot.stage, Stage::Lent),
                Stage::Pending if self.waker.is_finished() => Stage::Pending,
                _ => return None,
            }
        };
        let Stage::Ended(outcome) = lent else {
            // Given up: nothing is there to be lent, and all that look see the same.
            return Some(look(&Err(self.cancelled())));
        };
        let seen = catch_unwind(AssertUnwindSafe(|| look(&outcome)));
        // Nobody has put another in its place: what is lent can neither be taken nor be set.
        let mut slot = lock(&self.slot);
        slot.stage = Stage::Ended(outcome);
        slot.is_seen = true;
        drop(slot);
        match seen {
            Ok(seen) => Some(seen),
            Err(payload) => resume_unwind(payload),
        }
    }

    /// A watcher has looked, or will not come any more.
    pub(crate) fn looked(&self) {
        let (reader, unread) = {
            let mut slot = lock(&self.slot);
            if let Some(extra) = &mut slot.extra {
                extra.looks_due -= 1;
            }
            match slot.looks_due() {
                0 if slot.is_detached => (None, slot.take_unread()),
                0 if self.waker.is_finished() => (slot.reader.take(), None),
                _ => return,
            }
        };
        unread
            .into_iter()
            .for_each(|unread| self.drop_unread(unread));
        wake_all(reader);
        self.tell_worker();
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
            unread
                .into_iter()
                .for_each(|unread| self.drop_unread(unread));
            quietly(|| drop(reader));
        }
        self.tell_worker();
    }

    /// Nobody reads any more, or the work was given up: a result would be in vain.
    pub(crate) fn is_unwanted(&self) -> bool {
        self.waker.is_aborted() || lock(&self.slot).is_unread()
    }

    /// The worker's wait: until its result would be in vain.
    pub(crate) fn poll_unwanted(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Asked again after the waker is in place: the handle may be dropped meanwhile.
        if self.is_unwanted()
            || !self.waker.on_abort(Party::Worker, cx.waker())
            || self.is_unwanted()
        {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Work elsewhere has lost its reader: the worker hears of it, if it wants to.
    fn tell_worker(&self) {
        if !self.waker.is_elsewhere() || !lock(&self.slot).is_detached {
            return;
        }
        self.forget_reader();
        if self.is_unwanted() {
            wake_all(self.waker.take_listener(Party::Worker));
        }
    }

    /// No link to whoever awaited the handle stays behind.
    fn forget_reader(&self) {
        if self.waker.is_elsewhere() {
            let reader = lock(&self.slot).reader.take();
            let listener = self.waker.take_listener(Party::Reader);
            quietly(|| drop((reader, listener)));
        }
    }
}

impl<T> Slot<T> {
    /// Neither a reader nor a watcher is left.
    fn is_unread(&self) -> bool {
        self.is_detached && self.looks_due() == 0
    }

    fn looks_due(&self) -> usize {
        self.extra.as_ref().map_or(0, |extra| extra.looks_due)
    }

    fn take_unread(&mut self) -> Option<Outcome<T>> {
        if !matches!(self.stage, Stage::Ended(_)) {
            return None;
        }
        match mem::replace(&mut self.stage, Stage::Taken) {
            Stage::Ended(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// Wrong on purpose: the steps that the models must find fault with.
#[cfg(all(test, mainspring_loom))]
impl<T> JoinCell<T> {
    /// Looks for the outcome and leaves the waker in two steps.
    pub(crate) fn poll_take_in_two_steps(&self, cx: &mut Context<'_>) -> Poll<Outcome<T>> {
        if let Some(outcome) = self.try_take() {
            return Poll::Ready(outcome);
        }
        lock(&self.slot).reader = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Looks whether the handle is there and puts the outcome in place in two steps.
    pub(crate) fn finish_in_two_steps(&self, outcome: Outcome<T>) {
        if lock(&self.slot).is_detached {
            return drop(outcome);
        }
        let mut slot = lock(&self.slot);
        slot.stage = Stage::Ended(outcome);
        self.waker.finish();
        let reader = slot.reader.take();
        drop(slot);
        wake_all(reader);
    }
    /// Puts the outcome in place although the work may have been given up since the look.
    pub(crate) fn finish_after_the_look(&self, outcome: Outcome<T>) {
        let mut slot = lock(&self.slot);
        if self.waker.is_finished() {
            return drop(outcome);
        }
        self.waker.finish();
        slot.stage = Stage::Ended(outcome);
        let reader = slot.reader.take();
        drop(slot);
        wake_all(reader);
    }
}
