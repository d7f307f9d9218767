//! A waker is a name and a way: which task, and how to put it into its loop's queue.
//!
//! ```text
//!             spawn              popped             Ready
//!   (nothing) -----> QUEUED -----------> running ---------> FINISHED
//!                     ^  ^                |   |
//!                     |  +---- woken -----+   | Pending
//!                     |   (while running)     v
//!                     +------- woken ------ waiting
//! ```
//!
//! The flags are one atomic word, and every change of it is a read-modify-write: a wake that
//! finds the task queued already must still hand over what its thread wrote before, or the poll
//! that follows may not see it (tokio #7622).

use std::borrow::Cow;
use std::mem;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::engine::id::{Id, TaskId};
use crate::engine::ready::Remote;
use crate::quietly::wake_all;
use crate::shim::atomic::{AtomicU32, Ordering, fence};
use crate::shim::{Mutex, lock};

/// The task stands in the queue or in the inbox.
const QUEUED: u32 = 1;
/// Somebody asked for the task to be dropped.
const ABORTED: u32 = 2;
/// The outcome is known; nothing will be polled any more.
const FINISHED: u32 = 4;
/// The work is done outside the table (a job, a result set by hand): there is nothing to queue.
const ELSEWHERE: u32 = 8;
/// A deferred clean-up, which gets its chance when the loop ends.
const CLEAN_UP: u32 = 16;

/// What all who know of a task share: its name, the way to its loop, and its flags.
#[derive(Debug)]
pub(crate) struct TaskWaker {
    // Never changes.
    pub(crate) id: Id,
    pub(crate) spawned_at: &'static Location<'static>,
    /// The way to its loop. Work that is done elsewhere may have come from none.
    pub(crate) remote: Option<Arc<Remote>>,

    // Any thread.
    /// Where in the table it lives; written once, by the loop, before the first poll.
    place: AtomicU32,
    flags: AtomicU32,
    /// When the work ended, as [`ends`] counts.
    ended: AtomicU32,
    rare: Mutex<Option<Box<Rare>>>,
}

/// What few tasks have.
#[derive(Debug, Default)]
struct Rare {
    name: Option<Arc<str>>,
    abort: Option<AbortRequest>,
    /// Who is to hear of an abort of work that is done elsewhere: reader and worker.
    on_abort: [Option<Waker>; 2],
    /// Who is to look at the outcome before the reader takes it, in the order of asking.
    watchers: Vec<Waker>,
}

/// Who asked for the end, and in which words.
#[derive(Clone, Debug)]
pub(crate) struct AbortRequest {
    pub(crate) by: &'static Location<'static>,
    pub(crate) message: Option<Cow<'static, str>>,
}

/// Which of the two parties of work that is done elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Party {
    /// Awaits the outcome.
    Reader = 0,
    /// Will produce it.
    Worker = 1,
}

// ANCHOR: wake
impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Law 3 (at most once in the queue): whoever turns QUEUED on does the push.
        let before = self.flags.fetch_or(QUEUED, Ordering::AcqRel);
        if before & (QUEUED | FINISHED | ELSEWHERE) == 0
            && let Some(remote) = &self.remote
        {
            remote.wake(self.task());
        }
    }
}
// ANCHOR_END: wake

impl TaskWaker {
    /// A task that will move into the table behind `remote`. It is born queued: whoever makes
    /// it does the push.
    pub(crate) fn new(spawned_at: &'static Location<'static>, remote: Arc<Remote>) -> Self {
        TaskWaker::with_flags(spawned_at, Some(remote), QUEUED)
    }

    /// The same for a deferred clean-up.
    pub(crate) fn clean_up(spawned_at: &'static Location<'static>, remote: Arc<Remote>) -> Self {
        TaskWaker::with_flags(spawned_at, Some(remote), QUEUED | CLEAN_UP)
    }

    /// Work that is done outside of any table, for the loop behind `remote`, if for any.
    pub(crate) fn elsewhere(
        spawned_at: &'static Location<'static>,
        remote: Option<Arc<Remote>>,
    ) -> Self {
        TaskWaker::with_flags(spawned_at, remote, ELSEWHERE)
    }

    fn with_flags(
        spawned_at: &'static Location<'static>,
        remote: Option<Arc<Remote>>,
        flags: u32,
    ) -> Self {
        TaskWaker {
            id: Id::next(),
            spawned_at,
            remote,
            place: AtomicU32::new(u32::MAX),
            flags: AtomicU32::new(flags),
            ended: AtomicU32::new(0),
            rare: Mutex::new(None),
        }
    }

    /// The loop's side: the task lives there from now on.
    pub(crate) fn move_in(&self, place: u32) -> TaskId {
        self.place.store(place, Ordering::Relaxed);
        self.task()
    }

    /// Where to find it. (It is asked for by wakers, which exist since the first poll only.)
    pub(crate) fn task(&self) -> TaskId {
        TaskId {
            place: self.place.load(Ordering::Relaxed),
            id: self.id,
        }
    }

    // ANCHOR: begin_poll
    /// The loop takes the task out of the queue; was its end asked for?
    ///
    /// QUEUED goes off *before* the poll, so that a wake during the poll counts.
    pub(crate) fn begin_poll(&self) -> bool {
        // Whoever stands in the queue has it on: to subtract is to clear, in one step.
        let before = self.flags.fetch_sub(QUEUED, Ordering::AcqRel);
        debug_assert!(before & QUEUED != 0, "a task is polled that nobody queued");
        before & ABORTED != 0
    }
    // ANCHOR_END: begin_poll

    /// The outcome is there, and is in place as soon as the cell's lock is free. Later wakes do
    /// nothing. `false`: it is work elsewhere, and was given up before.
    pub(crate) fn finish(&self) -> bool {
        let before = self.flags.fetch_or(FINISHED, Ordering::AcqRel);
        before & (ABORTED | ELSEWHERE) != ABORTED | ELSEWHERE
    }

    /// Asks for the end: the task is dropped when its turn comes, work elsewhere is given up at
    /// once. Says whether it came in time.
    pub(crate) fn abort(self: &Arc<Self>, request: AbortRequest) -> bool {
        let (listeners, watchers) = {
            let mut rare = lock(&self.rare);
            if self.is_elsewhere() && !self.is_finished() {
                self.note_end();
            }
            let before = self.flags.fetch_or(ABORTED, Ordering::AcqRel);
            if before & FINISHED != 0 || before & (ABORTED | ELSEWHERE) == ABORTED | ELSEWHERE {
                return false;
            }
            let rare = rare.get_or_insert_default();
            rare.abort.get_or_insert(request);
            match before & ELSEWHERE {
                // The watchers of a task wait for its turn.
                0 => (Default::default(), Vec::new()),
                _ => (mem::take(&mut rare.on_abort), mem::take(&mut rare.watchers)),
            }
        };
        wake_all(watchers);
        wake_all(listeners.into_iter().flatten());
        self.wake_by_ref();
        true
    }

    /// This party is to be told when work elsewhere is aborted; `false` if it was already.
    ///
    /// Law 2 (no user code under a lock): cloning and dropping a waker may be anybody's code.
    pub(crate) fn on_abort(&self, party: Party, waker: &Waker) -> bool {
        {
            let rare = lock(&self.rare);
            let old = rare
                .as_ref()
                .and_then(|rare| rare.on_abort[party as usize].as_ref());
            if old.is_some_and(|old| old.will_wake(waker)) {
                return true;
            }
        }
        let new = waker.clone();
        let (is_in_time, old) = {
            let mut rare = lock(&self.rare);
            match self.is_aborted() {
                true => (false, Some(new)),
                false => {
                    let place = &mut rare.get_or_insert_default().on_abort[party as usize];
                    (true, place.replace(new))
                }
            }
        };
        drop(old);
        is_in_time
    }

    /// This party need not be told any more.
    pub(crate) fn take_listener(&self, party: Party) -> Option<Waker> {
        lock(&self.rare).as_mut()?.on_abort[party as usize].take()
    }

    /// Somebody waits for the end, to look at the outcome before the reader does.
    ///
    /// # Errors
    ///
    /// The waker comes back if the end has come.
    pub(crate) fn watch(&self, watcher: Waker) -> Result<(), Waker> {
        let mut rare = lock(&self.rare);
        // Whoever ends the work takes the list after it has said so: either we see that here, or
        // it sees us there.
        if self.is_finished() {
            return Err(watcher);
        }
        rare.get_or_insert_default().watchers.push(watcher);
        Ok(())
    }

    /// This one waits no longer.
    pub(crate) fn unwatch(&self, watcher: &Waker) {
        let gone = {
            let mut rare = lock(&self.rare);
            let watchers = rare.as_mut().map(|rare| &mut rare.watchers);
            watchers.and_then(|watchers| {
                let place = watchers.iter().position(|waker| waker.will_wake(watcher))?;
                Some(watchers.remove(place))
            })
        };
        drop(gone);
    }

    /// The end has come: who waited for it, in the order of asking.
    pub(crate) fn take_watchers(&self) -> Vec<Waker> {
        match lock(&self.rare).as_mut() {
            Some(rare) => mem::take(&mut rare.watchers),
            None => Vec::new(),
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        let flags = self.flags.load(Ordering::Acquire);
        flags & FINISHED != 0 || flags & (ABORTED | ELSEWHERE) == ABORTED | ELSEWHERE
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.flags.load(Ordering::Acquire) & ABORTED != 0
    }

    pub(crate) fn is_queued(&self) -> bool {
        self.flags.load(Ordering::Acquire) & QUEUED != 0
    }

    pub(crate) fn is_elsewhere(&self) -> bool {
        self.flags.load(Ordering::Acquire) & ELSEWHERE != 0
    }

    pub(crate) fn is_clean_up(&self) -> bool {
        self.flags.load(Ordering::Acquire) & CLEAN_UP != 0
    }

    pub(crate) fn abort_request(&self) -> Option<AbortRequest> {
        lock(&self.rare).as_ref()?.abort.clone()
    }

    /// The end comes now: the next number is its own.
    pub(crate) fn note_end(&self) {
        let end = ENDS.fetch_add(1, Ordering::Relaxed);
        self.ended.store(end, Ordering::Relaxed);
    }

    /// When the work ended, as [`ends`] counts.
    pub(crate) fn ended(&self) -> u32 {
        self.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn name(&self) -> Option<Arc<str>> {
        lock(&self.rare).as_ref()?.name.clone()
    }

    pub(crate) fn set_name(&self, name: Arc<str>) {
        let old = lock(&self.rare).get_or_insert_default().name.replace(name);
        drop(old);
    }

    /// How many wakers of this task are in other hands, when `own` clones of its `Arc` belong to
    /// the task itself (abort handles hold weak ones). Zero for a task that waits: nothing can
    /// ever wake it. Ask first and look at `is_queued` after: who wakes lets go of the waker last.
    pub(crate) fn wakers_out(self: &Arc<Self>, own: usize) -> usize {
        let clones = Arc::strong_count(self);
        // What was done with a waker before it was dropped is seen from here on.
        fence(Ordering::Acquire);
        clones.saturating_sub(own)
    }
}

/// Ends are numbered, so that whoever comes late can still tell what ended first. The number
/// starts again after 2^32 ends: compare how long ago they are, not the numbers.
static ENDS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

/// How many ends there have been.
pub(crate) fn ends() -> u32 {
    ENDS.load(Ordering::Relaxed)
}

/// Wrong on purpose: the steps that the models must find fault with.
#[cfg(all(test, mainspring_loom))]
impl TaskWaker {
    /// Only looks whether the task is queued already, and hands nothing over then (tokio #7622).
    pub(crate) fn wake_without_release(&self) {
        if self.flags.load(Ordering::Relaxed) & QUEUED != 0 {
            return;
        }
        let before = self.flags.fetch_or(QUEUED, Ordering::AcqRel);
        if before & QUEUED == 0
            && let Some(remote) = &self.remote
        {
            let _ = remote.send(crate::engine::ready::Letter::Wake(self.task()));
        }
    }

    /// Marks the task and wakes nobody.
    pub(crate) fn abort_silently(&self) {
        self.flags.fetch_or(ABORTED, Ordering::AcqRel);
    }
}
