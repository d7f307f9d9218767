//! What a report says of a task.

use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::id::Id;
use crate::engine::table::Waiting;
use crate::engine::waker::TaskWaker;

/// A task as reports show it.
#[derive(Clone, Debug)]
pub struct TaskInfo {
    /// Its name for good.
    pub id: Id,
    /// The name it was given.
    pub name: Option<Arc<str>>,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// What it waits for, if its last poll ended in a wait that mainspring knows.
    pub waiting_on: Option<&'static str>,
    /// Where that wait was written; if it is for a task, where that one was spawned.
    pub waiting_at: Option<&'static Location<'static>>,
    /// If it waits for several things at once (`select!`, `join!`): each of them, and where. At
    /// most eight are noted.
    pub branches: Vec<(&'static str, &'static Location<'static>)>,
    /// It is the future that `block_on` was given.
    pub is_main: bool,
    /// It was polled, it waits, and nobody has a waker of it: nothing can ever wake it.
    pub is_lost: bool,
}

impl TaskInfo {
    /// A task that has ended, or is about to be looked at.
    pub(crate) fn of(waker: &TaskWaker) -> Self {
        TaskInfo {
            id: waker.id,
            name: waker.name(),
            spawned_at: waker.spawned_at,
            waiting_on: None,
            waiting_at: None,
            branches: Vec::new(),
            is_main: false,
            is_lost: false,
        }
    }
}

impl Engine {
    /// Everybody that waits, in the order of spawning.
    pub(crate) fn waiting_tasks(self: &Rc<Self>) -> Vec<TaskInfo> {
        let waiting = self.tasks.waiting().into_iter();
        waiting
            .map(
                |Waiting {
                     waker,
                     own_wakers,
                     note,
                     branches,
                     is_main,
                 }| {
                    let is_out = waker.wakers_out(own_wakers) > 0;
                    let is_lost =
                        !is_out && !waker.is_queued() && self.current.get() != Some(waker.id);
                    TaskInfo {
                        waiting_on: note.map(|note| note.what),
                        waiting_at: note.map(|note| note.place),
                        branches: branches.iter().map(|it| (it.what, it.place)).collect(),
                        is_main,
                        is_lost,
                        ..TaskInfo::of(&waker)
                    }
                },
            )
            .collect()
    }
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        match (&self.name, self.is_main) {
            (Some(name), _) => write!(f, " {name}")?,
            (None, true) => f.write_str(" main")?,
            (None, false) => write!(f, " (spawned at {})", self.spawned_at)?,
        }
        match (self.waiting_on, self.waiting_at) {
            (Some(what), Some(place)) => write!(f, "  waits for {what} at {place}"),
            _ => f.write_str("  waits"),
        }?;
        for (number, (what, place)) in self.branches.iter().enumerate() {
            let before = if number == 0 { ": " } else { ", " };
            write!(f, "{before}{what} at {place}")?;
        }
        match self.is_lost {
            true => f.write_str("; it kept no waker, so nothing can wake it"),
            false => Ok(()),
        }
    }
}

/// The task that is running, if this is one (or the future that `block_on` was given).
///
/// asyncio: `current_task`. tokio: [`try_id`].
///
/// ```
/// # mainspring::run(async {
/// let task = mainspring::spawn(async { mainspring::task::current_task() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), Some(id));
/// # });
/// ```
pub fn current_task() -> Option<Id> {
    context::polling()
}

/// The task that is running, or the job of a pool. Unlike [`current_task`], this does not count what
/// `block_on` was given.
///
/// # Panics
///
/// Outside of a task.
///
/// ```
/// # mainspring::run(async {
/// let task = mainspring::spawn(async { mainspring::task::id() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), id);
/// assert_eq!(mainspring::task::try_id(), None); // no task, but the main future
/// # });
/// ```
#[track_caller]
pub fn id() -> Id {
    match try_id() {
        Some(id) => id,
        None => panic!(
            "`task::id` was called outside of a task: what `block_on` and `#[main]` run is none; \
             `spawn` it, or ask with `try_id`"
        ),
    }
}

/// The same; `None` outside of a task.
pub fn try_id() -> Option<Id> {
    let task = current_task().filter(|id| !context::is_main(*id));
    task.or_else(context::job)
}

/// Every task of this loop that waits or is ready, in the order of spawning. asyncio: `all_tasks`.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn all_tasks() -> Vec<TaskInfo> {
    context::expect("`all_tasks`").waiting_tasks()
}
