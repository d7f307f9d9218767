//! A group as its body and its children see it: the door by which new children come.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::future::group::member::{Child, Desk, Member, Tally};
use crate::future::roster::Bell;
use crate::quietly::quietly;

/// The handle of a task group, which [`task_group`](crate::task::task_group()) gives to its body.
///
/// Cloning it shares the group, so a child can add children. It stays on its thread. One that is
/// kept after the group has ended drops what it is given.
///
/// asyncio: `TaskGroup`. trio: `Nursery`.
pub struct TaskGroup<'env, E> {
    door: Rc<Door<'env, E>>,
}

impl<'env, E: 'env> TaskGroup<'env, E> {
    pub(crate) fn new(door: Rc<Door<'env, E>>) -> Self {
        TaskGroup { door }
    }

    /// Adds a child, which starts when the group is next polled, after those that were added
    /// before.
    ///
    /// It may borrow what lives longer than the call of `task_group`, but nothing of the body. If
    /// the group was cancelled, has failed or has ended, the child is dropped unpolled, and the
    /// member gives `None`.
    ///
    /// tokio: `JoinSet::spawn`, for tasks that borrow nothing.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the member lets the child go on.
    ///
    /// A child that borrows from the body is refused:
    ///
    /// ```compile_fail,E0373
    /// # mainspring::run(async {
    /// let ended = mainspring::task::task_group(async |tg| {
    ///     let local = String::from("gone when the body ends");
    ///     tg.spawn(async { Ok(println!("{local}")) });
    ///     Ok::<_, ()>(())
    /// });
    /// # ended.await.unwrap();
    /// # });
    /// ```
    #[track_caller]
    pub fn spawn<T: 'env>(&self, child: impl Future<Output = Result<T, E>> + 'env) -> Member<T> {
        let desk = Desk::new();
        let member = Member::new(desk.clone(), Location::caller());
        let child: Work<'env, E> = Box::pin(Child::new(child, desk, self.door.tally.clone()));
        match self.door.tally.is_stopped.get() {
            true => quietly(|| drop(child)),
            false => {
                self.door.arrivals.borrow_mut().push(child);
                self.door.ring();
            }
        }
        member
    }

    /// [`spawn`](Self::spawn) under asyncio's name.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: dropping the member lets the child go on.
    #[track_caller]
    pub fn create_task<T: 'env>(
        &self,
        child: impl Future<Output = Result<T, E>> + 'env,
    ) -> Member<T> {
        self.spawn(child)
    }

    /// Drops all children, and lets no more in. The body goes on, and the group ends with it,
    /// without an error.
    ///
    /// A child that calls this runs on to its next wait.
    ///
    /// asyncio: `TaskGroup.cancel`, of Python 3.15.
    pub fn cancel(&self) {
        self.door.tally.is_stopped.set(true);
        self.door.ring();
    }

    /// How many children have not ended.
    pub fn len(&self) -> usize {
        self.door.tally.left.get()
    }

    /// Whether all children have ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E> Clone for TaskGroup<'_, E> {
    fn clone(&self) -> Self {
        let door = self.door.clone();
        TaskGroup { door }
    }
}

impl<E> fmt::Debug for TaskGroup<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("left", &self.door.tally.left.get())
            .field("is_stopped", &self.door.tally.is_stopped.get())
            .finish()
    }
}

/// A child, whatever its value.
pub(crate) type Work<'env, E> = Pin<Box<dyn Future<Output = Option<E>> + 'env>>;

/// Between the group, which polls, and its handles, which add children while it does.
pub(crate) struct Door<'env, E> {
    arrivals: RefCell<Vec<Work<'env, E>>>,
    pub(crate) tally: Rc<Tally>,
    /// The group looks at the door anyway, after what it polls just now.
    pub(crate) is_attended: Cell<bool>,
    bell: Arc<Bell>,
}

impl<'env, E> Door<'env, E> {
    pub(crate) fn new(bell: Arc<Bell>) -> Rc<Self> {
        Rc::new(Door {
            arrivals: RefCell::new(Vec::new()),
            tally: Rc::default(),
            is_attended: Cell::new(false),
            bell,
        })
    }

    /// Those who came since the last time.
    pub(crate) fn arrivals(&self) -> Vec<Work<'env, E>> {
        mem::take(&mut *self.arrivals.borrow_mut())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.arrivals.borrow().is_empty()
    }

    fn ring(&self) {
        if !self.is_attended.get() {
            self.bell.ring();
        }
    }
}
