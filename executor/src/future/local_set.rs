//! A set of tasks that stay on their thread and run only while the set is driven.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::future::children::Children;
use crate::future::roster::{Bell, Key, Roster};
use crate::leaf;
use crate::quietly::quietly;
use crate::runtime::{Id, Runtime};
use crate::task::hosted::{self, Host, Hosted, Inside};
use crate::task::{JoinHandle, local};

/// Tasks that stay on this thread and run only while somebody drives the set: awaits it, or runs
/// something in it.
///
/// mainspring needs none, for its loop takes any task ([`spawn_local`](crate::task::spawn_local)).
/// This one is for programs of tokio's, and for whoever wants a part of his tasks to stand still, or
/// to end with a value. Inside of a set that is driven or entered, `spawn_local` spawns into it.
///
/// The tasks are polled in place, by whoever drives the set (one at a time), in the order of being
/// woken, each at most once in a turn. Dropping the set drops them in the order of spawning; a set
/// may be made, filled and dropped outside of any runtime.
///
/// tokio: `task::LocalSet`. There an aborted task is dropped before its handle says so; here its
/// handle says so at once, and the set drops it when it is next driven.
///
/// ```
/// use std::rc::Rc;
/// use mainspring::task::{LocalSet, spawn_local};
///
/// # mainspring::run(async {
/// let set = LocalSet::new();
/// let shared = Rc::new(1);
/// let mine = shared.clone();
/// let task = set.spawn_local(async move { *mine + 1 });
/// mainspring::task::idle().await;
/// assert!(!task.is_finished()); // nobody drives the set
/// let sum = set.run_until(async {
///     let three = spawn_local(async { 3 });
///     task.await.unwrap() + three.await.unwrap()
/// });
/// assert_eq!(sum.await, 5);
/// set.await; // until all have ended
/// # });
/// ```
pub struct LocalSet {
    door: Rc<Door>,
    place: &'static Location<'static>,
}

impl LocalSet {
    /// A set without tasks.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: whoever awaits the set itself drops the tasks with it. Await `&mut set` to
    /// keep them.
    #[track_caller]
    pub fn new() -> LocalSet {
        let roster = Arc::<Roster>::default();
        let bell = Bell::new(roster.clone(), DOOR);
        bell.reset();
        LocalSet {
            door: Rc::new(Door {
                id: Id::next(),
                arrivals: RefCell::default(),
                tasks: Cell::new(Some(Children::new(std::iter::empty::<Hosted>()))),
                is_closed: Cell::new(false),
                roster,
                bell,
            }),
            place: Location::caller(),
        }
    }

    /// Spawns a task into the set. It starts when the set is next driven.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the handle lets the task go on.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        hosted::spawn_in(&*self.door, future, Location::caller())
    }

    /// Runs a future beside the tasks of the set, which are driven until it is done.
    ///
    /// # Cancel safety
    ///
    /// **Strict** where the future is: the tasks stay in the set.
    #[track_caller]
    pub fn run_until<F: Future>(&self, future: F) -> RunUntil<'_, F> {
        RunUntil {
            set: self,
            future,
            place: Location::caller(),
        }
    }

    /// Blocks this thread on `runtime` until the future is done, driving the tasks meanwhile.
    ///
    /// # Panics
    ///
    /// If a loop is turning on this thread already, or if the future panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// Enters the set: until the guard is dropped, `spawn_local` on this thread spawns into it.
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard {
            _inside: hosted::enter(self.door.clone()),
        }
    }

    /// The set's number, which no other set or runtime of this process bears.
    pub fn id(&self) -> Id {
        self.door.id
    }
}

impl Default for LocalSet {
    fn default() -> Self {
        LocalSet::new()
    }
}

/// Drives the tasks until all have ended.
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _inside = hosted::enter(self.door.clone());
        ready!(self.door.poll_tasks(cx));
        Poll::Ready(())
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        self.door.is_closed.set(true);
        let _inside = hosted::enter(self.door.clone());
        self.door.roster.retire();
        let tasks = self.door.tasks.take();
        let tasks = tasks.map(|mut tasks| tasks.take_rest());
        for task in tasks.into_iter().flatten().chain(self.door.arrivals()) {
            quietly(|| drop(task));
        }
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet")
            .field("id", &self.id())
            .field("made_at", &format_args!("{}", self.place))
            .finish_non_exhaustive()
    }
}

/// While it lives, `spawn_local` on its thread spawns into a set. tokio: `task::LocalEnterGuard`.
#[must_use = "dropping the guard leaves the set"]
pub struct LocalEnterGuard {
    _inside: Inside,
}

impl fmt::Debug for LocalEnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEnterGuard").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`LocalSet::run_until`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct RunUntil<'a, F> {
        set: &'a LocalSet,
        #[pin]
        future: F,
        place: &'static Location<'static>,
    }
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let door = &this.set.door;
        let _inside = hosted::enter(door.clone());
        // What it spends is not missing to the tasks, nor the other way round.
        let polled = {
            let _budget = leaf::fresh_budget();
            this.future.poll(cx)
        };
        if polled.is_pending() {
            let _left = door.poll_tasks(cx);
            leaf::waiting_for("what runs in a `LocalSet`", this.place);
        }
        polled
    }
}

/// The only one who rings at the door's own roster.
const DOOR: Key = Key { slot: 0, index: 0 };

/// The set as `spawn_local` sees it.
struct Door {
    id: Id,
    arrivals: RefCell<Vec<Hosted>>,
    /// `None` while they are polled, and when the set is gone.
    tasks: Cell<Option<Children<Hosted>>>,
    is_closed: Cell<bool>,
    roster: Arc<Roster>,
    bell: Arc<Bell>,
}

impl Door {
    /// Polls every task whose turn it is. `Ready`: all have ended.
    fn poll_tasks(&self, cx: &mut Context<'_>) -> Poll<()> {
        // None: one of them drives the set from inside. The one outside sees to the others.
        let Some(mut tasks) = self.tasks.take() else {
            return Poll::Pending;
        };
        self.roster.ask(cx.waker(), &mut VecDeque::new());
        self.bell.reset();
        for task in self.arrivals() {
            tasks.admit(task);
        }
        let polled = {
            let _aside = local::set_aside();
            tasks.poll_turn(cx, |_, ()| ControlFlow::Continue(()))
        };
        self.tasks.set(Some(tasks));
        match self.arrivals.borrow().is_empty() {
            true => polled,
            // They have rung the bell.
            false => Poll::Pending,
        }
    }

    fn arrivals(&self) -> Vec<Hosted> {
        std::mem::take(&mut *self.arrivals.borrow_mut())
    }
}

impl Host for Door {
    fn take_in(&self, task: Hosted) {
        if self.is_closed.get() {
            return quietly(|| drop(task));
        }
        self.arrivals.borrow_mut().push(task);
        self.bell.ring();
    }
}
