//! Tasks that are joined in the order in which they end.
//!
//! Each task's handle waits with a bell (`roster.rs`), so ten thousand tasks that sleep cost the
//! set nothing, and those that have ended stand in a line.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use slab::Slab;

use crate::future::local_set::LocalSet;
use crate::future::roster::{Bell, Key, Roster};
use crate::leaf;
use crate::runtime::Handle;
use crate::task::{AbortHandle, Id, JoinError, JoinHandle, Outcome, spawn, spawn_local};

/// Tasks that belong together: their outcomes come in the order in which the tasks end, and
/// dropping the set aborts those that have not.
///
/// The tasks run on their own, whether or not anybody joins them. For children that borrow, or of
/// which the first failure is to end the others, there is
/// [`task_group`](crate::task::task_group()).
///
/// tokio: `task::JoinSet`. asyncio has none; `wait` over a set of tasks is what people write there.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::task::JoinSet;
/// use mainspring::time::{Duration, sleep};
///
/// let mut set = JoinSet::new();
/// for ms in [20, 1] {
///     set.spawn(async move {
///         sleep(Duration::from_millis(ms)).await;
///         ms
///     });
/// }
/// assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
/// assert_eq!(set.join_next().await.unwrap().unwrap(), 20);
/// assert!(set.join_next().await.is_none());
/// # });
/// ```
pub struct JoinSet<T> {
    tasks: Slab<Entry<T>>,
    /// How many were ever put in.
    count: usize,
    /// Who rang, in the order of ringing.
    turn: VecDeque<Key>,
    roster: Arc<Roster>,
}

struct Entry<T> {
    index: usize,
    handle: JoinHandle<T>,
    bell: Arc<Bell>,
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        JoinSet {
            tasks: Slab::new(),
            count: 0,
            turn: VecDeque::new(),
            roster: Arc::default(),
        }
    }

    /// How many tasks are in the set: those whose outcome was not taken.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether no task is in the set.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task into the set, as [`spawn`](crate::spawn) does.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[cfg(not(feature = "strict-send"))]
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn(task))
    }

    /// Spawns a task into the set, with tokio's bounds (the feature `strict-send` is on).
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[cfg(feature = "strict-send")]
    #[track_caller]
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(spawn(task))
    }

    /// Spawns a task into the set, on another runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, task: F, handle: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.insert(handle.spawn(task))
    }

    /// Spawns a task that stays on this thread into the set.
    ///
    /// # Panics
    ///
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn_local(task))
    }

    /// Spawns a task into the set which lives in a `LocalSet` and runs when that is driven.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, task: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(task))
    }

    /// Takes a task, or a job, in.
    pub(crate) fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        let place = self.tasks.vacant_entry();
        let key = Key {
            slot: place.key(),
            index: self.count,
        };
        self.count += 1;
        let bell = Bell::new(self.roster.clone(), key);
        // From now on, so that who ends first is first, also before anybody joins.
        bell.reset();
        handle.cell().call_at_end(Waker::from(bell.clone()));
        place.insert(Entry {
            index: key.index,
            handle,
            bell,
        });
        abort
    }

    /// Takes the next task that has ended out of the set, if there is one.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        Some(self.try_take()?.1)
    }

    /// The same, with the task's id beside its output.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(Id, T), JoinError>> {
        let (id, outcome) = self.try_take()?;
        Some(outcome.map(|output| (id, output)))
    }

    /// [`join_next`](Self::join_next) as a poll: the task of `cx` is woken when one ends. Only the
    /// last to poll is.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let taken = ready!(self.poll_take(cx));
        Poll::Ready(taken.map(|(_, outcome)| outcome))
    }

    /// The same, with the task's id beside its output.
    pub fn poll_join_next_with_id(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(Id, T), JoinError>>> {
        let taken = ready!(self.poll_take(cx));
        Poll::Ready(taken.map(|(id, outcome)| outcome.map(|output| (id, output))))
    }

    /// Asks for all tasks to be dropped, in the order of spawning. They stay in the set, which
    /// still says what became of each.
    #[track_caller]
    pub fn abort_all(&mut self) {
        for task in self.in_order() {
            task.handle.abort();
        }
    }

    /// Lets all tasks go: they run on, and the set is empty.
    pub fn detach_all(&mut self) {
        drop(mem::take(&mut self.tasks));
    }

    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Id, Outcome<T>)>> {
        if self.is_empty() {
            return Poll::Ready(None);
        }
        ready!(leaf::proceed(cx));
        let taken = self.take_from_turn().or_else(|| {
            self.roster.ask(cx.waker(), &mut self.turn);
            self.take_from_turn()
        });
        match taken {
            Some(taken) => {
                leaf::spend();
                Poll::Ready(Some(taken))
            }
            None => Poll::Pending,
        }
    }

    fn try_take(&mut self) -> Option<(Id, Outcome<T>)> {
        self.take_from_turn().or_else(|| {
            self.roster.look(&mut self.turn);
            self.take_from_turn()
        })
    }

    /// Takes the first of those who rang that has really ended.
    fn take_from_turn(&mut self) -> Option<(Id, Outcome<T>)> {
        while let Some(key) = self.turn.pop_front() {
            // Law 4: a ring that comes late must not reach the successor in the slot.
            let task = self.tasks.get_mut(key.slot);
            let Some(task) = task.filter(|task| task.index == key.index) else {
                continue;
            };
            let Some(outcome) = task.handle.take_now() else {
                // A done callback has yet to look, or looks just now.
                task.bell.reset();
                let waker = Waker::from(task.bell.clone());
                task.handle.cell().call_at_end(waker);
                continue;
            };
            let task = self.tasks.remove(key.slot);
            return Some((task.handle.id(), outcome));
        }
        None
    }
}

impl<T> JoinSet<T> {
    /// Those in the set, in the order of spawning.
    fn in_order(&self) -> Vec<&Entry<T>> {
        let mut tasks: Vec<_> = self.tasks.iter().map(|(_, task)| task).collect();
        tasks.sort_by_key(|task| task.index);
        tasks
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.roster.retire();
        for task in self.in_order() {
            task.handle.abort();
        }
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

/// Spawns all of them.
#[cfg(not(feature = "strict-send"))]
impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + 'static,
    T: 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, tasks: I) {
        for task in tasks {
            self.spawn(task);
        }
    }
}

/// Spawns all of them, with tokio's bounds.
#[cfg(feature = "strict-send")]
impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn extend<I: IntoIterator<Item = F>>(&mut self, tasks: I) {
        for task in tasks {
            self.spawn(task);
        }
    }
}

/// Spawns all of them into a new set.
impl<T, F> FromIterator<F> for JoinSet<T>
where
    JoinSet<T>: Extend<F>,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(tasks: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(tasks);
        set
    }
}
