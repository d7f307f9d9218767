//! Spawning: a future becomes a task, and its end becomes an answer.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use pin_project_lite::pin_project;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::id::TaskId;
#[cfg(all(test, mainspring_loom))]
use crate::engine::ready::Remote;
use crate::engine::shared::Shared;
use crate::engine::table::{Body, Running, Taken};
use crate::engine::waker::TaskWaker;
use crate::leaf::Note;
use crate::quietly::quietly;
use crate::task::cell::JoinCell;
use crate::task::error::JoinError;
use crate::task::hosted;
use crate::task::join::{JoinHandle, Payload};
use crate::task::local;

/// Makes a task of a future and puts it at the end of the ready queue.
///
/// The task runs beside everything else on this loop, from its next turn on, whether or not its
/// handle is awaited or kept.
///
/// One thread needs no `Send`; with the feature `strict-send` this asks for it all the same, as
/// tokio's does, and [`spawn_local`] never does.
///
/// tokio: `spawn`. asyncio: `create_task`, `ensure_future`.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the task go on.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// let rc = std::rc::Rc::new(1);
/// let one = mainspring::task::spawn_local(async move { *rc });
/// assert_eq!(one.await.unwrap(), 1);
/// # });
/// ```
#[cfg(not(feature = "strict-send"))]
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    context::expect("`spawn`").spawn(future, Location::caller())
}

/// Makes a task of a future and puts it at the end of the ready queue.
///
/// tokio: `spawn`, bounds and all (the feature `strict-send` is on).
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the task go on.
///
/// # Panics
///
/// Outside of a runtime.
#[cfg(feature = "strict-send")]
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    match context::current_shared() {
        Some(shared) => spawn_on(&shared, future),
        None => panic!("{}", context::outside("`spawn`")),
    }
}

/// [`spawn`] for futures that cannot leave this thread. Inside of a
/// [`LocalSet`](crate::task::LocalSet), the task belongs to the set.
///
/// On a runtime whose home loop is on another thread (`Runtime::new`), the task runs on this
/// thread's own loop, while this thread blocks on the runtime.
///
/// tokio: `task::spawn_local`, which needs a `LocalSet` or a `LocalRuntime`.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the task go on.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    match hosted::here() {
        Some(set) => hosted::spawn_in(&*set, future, Location::caller()),
        None => context::expect("`spawn_local`").spawn(future, Location::caller()),
    }
}

/// [`spawn_local`] with a name that reports show. asyncio: `create_task(name=)`.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the task go on.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// let ticker = mainspring::task::spawn_named("ticker", async {});
/// assert_eq!(ticker.name().as_deref(), Some("ticker"));
/// # });
/// ```
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Arc<str>>, future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let handle = context::expect("`spawn_named`").spawn(future, Location::caller());
    handle.set_name(name);
    handle
}

/// [`spawn_local`] whose first poll happens within the call: work that never has to wait is done
/// when this comes back.
///
/// The task that calls it stands still meanwhile, and is the current one again afterwards. A panic
/// in that poll is the new task's, as it would be in any other.
///
/// asyncio: `create_task` with the eager task factory. tokio has none.
///
/// # Cancel safety
///
/// **Strict**: dropping the handle lets the task go on.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// let cached = mainspring::task::spawn_eager(async { 42 });
/// assert!(cached.is_finished());
/// assert_eq!(cached.await.unwrap(), 42);
/// # });
/// ```
#[track_caller]
pub fn spawn_eager<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    context::expect("`spawn_eager`").spawn_eager(future, Location::caller())
}

/// Spawns on a runtime's home loop, from any thread. If nobody turns that one, whoever turns another
/// loop of the runtime takes the task himself: he may be about to wait for it.
#[track_caller]
pub(crate) fn spawn_on<F>(shared: &Arc<Shared>, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let place = Location::caller();
    if let Some(engine) = context::find(shared)
        && (engine.is_home() || engine.is_turning.get() && !shared.home().is_attended())
    {
        return engine.spawn(future, place);
    }
    let home = shared.home();
    let (body, cell) = TaskBody::new(future, TaskWaker::new(place, home.clone()));
    // A runtime that has ended drops the body unread, which then says "cancelled".
    context::by_letter(&home, move |engine| {
        let waker = body.cell.waker.clone();
        engine.admit(body, &waker);
    });
    JoinHandle::new(cell)
}

impl Engine {
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        place: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (body, cell) = TaskBody::new(future, self.waker(place));
        self.admit(body, &cell.waker);
        JoinHandle::new(cell)
    }

    /// The same, but the task is polled once before this returns, and only what wakes it puts it
    /// into the queue.
    fn spawn_eager<F>(&self, future: F, place: &'static Location<'static>) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (body, cell) = TaskBody::new(future, self.waker(place));
        match self.closing.get() {
            true => quietly(|| drop(body)),
            false => {
                let _aside = local::set_aside();
                self.run_within(self.tasks.insert(body, &cell.waker));
            }
        }
        JoinHandle::new(cell)
    }

    /// The same for a deferred clean-up, which is let in also while the loop ends.
    pub(crate) fn spawn_clean_up<F>(&self, future: F, place: &'static Location<'static>)
    where
        F: Future<Output = ()> + 'static,
    {
        let (body, cell) = TaskBody::new(future, TaskWaker::clean_up(place, self.remote.clone()));
        match self.closed.get() {
            true => quietly(|| drop(body)),
            false => self.ready.push(self.tasks.insert(body, &cell.waker)),
        }
        drop(JoinHandle::new(cell));
    }

    /// The same, but the task waits for its first wake, as `note` says, instead of standing in
    /// the queue.
    pub(crate) fn spawn_asleep<F>(
        &self,
        future: F,
        place: &'static Location<'static>,
        note: Note,
    ) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (body, cell) = TaskBody::new(future, self.waker(place));
        self.admit_asleep(body, &cell.waker, note);
        JoinHandle::new(cell)
    }

    fn waker(&self, place: &'static Location<'static>) -> TaskWaker {
        TaskWaker::new(place, self.remote.clone())
    }

    // ANCHOR: admit
    /// Lets a task in. While the loop ends it is turned away, and its handle says "cancelled".
    pub(crate) fn admit(&self, body: Running, waker: &TaskWaker) {
        if self.closing.get() {
            quietly(|| drop(body));
            return;
        }
        let task = self.tasks.insert(body, waker);
        self.ready.push(task);
    }
    // ANCHOR_END: admit

    /// The same for one that waits for its first wake, as `note` says.
    pub(crate) fn admit_asleep(&self, body: Running, waker: &TaskWaker, note: Note) {
        if self.closing.get() {
            quietly(|| drop(body));
            return;
        }
        // It was born queued.
        waker.begin_poll();
        let task = self.tasks.insert(body, waker);
        self.tasks.note(task, Some(note));
    }

    /// Takes one that waits out again, to be dropped by the caller. `None`: it has ended, or runs
    /// just now.
    pub(crate) fn turn_out(&self, task: TaskId) -> Option<Running> {
        let Taken::Task(body) = self.tasks.take(task) else {
            return None;
        };
        self.tasks.remove(task);
        Some(body)
    }
}

pin_project! {
    /// A future, the cell its output goes to, and the waker it is polled with.
    pub(crate) struct TaskBody<F: Future> {
        #[pin]
        future: Option<F>,
        // The cell knows it, too; but the cell is far away in memory and not needed for a poll.
        task: Arc<TaskWaker>,
        cell: Arc<JoinCell<F::Output>>,
        waker: Waker,
    }

    impl<F: Future> PinnedDrop for TaskBody<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.cell.waker.is_finished() {
                return;
            }
            // The loop ends: first the future goes, then the handle is answered.
            let error = match catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
                Ok(()) => this.cell.cancelled(),
                Err(payload) => JoinError::panicked(this.cell.waker.id, payload),
            };
            this.cell.finish_or_drop(Err(error));
        }
    }
}

impl<F: Future> TaskBody<F> {
    fn new(future: F, waker: TaskWaker) -> (Pin<Box<Self>>, Arc<JoinCell<F::Output>>) {
        let cell = JoinCell::new(Arc::new(waker));
        (TaskBody::with_cell(future, cell.clone()), cell)
    }

    /// For a cell whose handle is in other hands already.
    pub(crate) fn with_cell(future: F, cell: Arc<JoinCell<F::Output>>) -> Pin<Box<Self>> {
        Box::pin(TaskBody {
            future: Some(future),
            task: cell.waker.clone(),
            waker: Waker::from(cell.waker.clone()),
            cell,
        })
    }
}

// ANCHOR: step
impl<F: Future> Body for TaskBody<F> {
    fn step(self: Pin<&mut Self>) -> Poll<()> {
        let mut this = self.project();
        if this.task.begin_poll() {
            this.future.set(None);
            this.cell.finish_or_drop(Err(this.cell.cancelled()));
            return Poll::Ready(());
        }
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            return Poll::Ready(());
        };
        let output = ready!(future.poll(&mut Context::from_waker(this.waker)));
        // The future goes before its handle is told. If its destructor panics, that is the
        // task's end, and the output is dropped.
        let outcome = match catch_unwind(AssertUnwindSafe(|| this.future.set(None))) {
            Ok(()) => Ok(output),
            Err(payload) => {
                quietly(|| drop(output));
                Err(JoinError::panicked(this.cell.waker.id, payload))
            }
        };
        this.cell.finish_or_drop(outcome);
        Poll::Ready(())
    }

    fn panicked(self: Pin<&mut Self>, payload: Payload) {
        let mut this = self.project();
        quietly(|| this.future.set(None));
        let error = JoinError::panicked(this.cell.waker.id, payload);
        this.cell.finish_or_drop(Err(error));
    }

    fn waker(&self) -> &Arc<TaskWaker> {
        &self.task
    }

    fn own_wakers(&self) -> usize {
        // Two here, one in the cell.
        3
    }
}
// ANCHOR_END: step

/// For the models, which have a loop of their own: a task, not yet in any table.
#[cfg(all(test, mainspring_loom))]
pub(crate) fn task<F>(future: F, remote: &Arc<Remote>) -> (Running, JoinHandle<F::Output>)
where
    F: Future + 'static,
    F::Output: 'static,
{
    let waker = TaskWaker::new(Location::caller(), remote.clone());
    let (body, cell) = TaskBody::new(future, waker);
    (body, JoinHandle::new(cell))
}
