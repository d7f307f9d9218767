//! A body and its children, polled in place until all have ended or one has failed.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use crate::future::children::Children;
use crate::future::group::error::ErrorGroup;
use crate::future::group::handle::{Door, TaskGroup, Work};
use crate::future::roster::{Bell, Key, Roster};
use crate::leaf;
use crate::quietly::quietly;

/// Runs a body that adds children to a group, and ends when the body and every child have ended.
///
/// The first `Err`, of the body or of a child, drops all the others, and is what the group gives,
/// with those that came from other children in the same turn. A panic does the same and goes on
/// in the caller. A child that is cancelled ([`Member::cancel`](crate::task::Member::cancel)) is
/// no failure.
///
/// Body and children are polled in place, inside of the task that awaits the group: children may
/// borrow what lives longer than this call, and dropping the group drops the body and then the
/// children, in the order in which they were added. Nothing can outlive the block: there is
/// nobody to forget, and no error to miss.
///
/// The group stays on its thread: inside of a `spawn` that asks for `Send`, use `spawn_local`.
///
/// asyncio: `async with TaskGroup()`. trio: `open_nursery`. tokio has `JoinSet`, whose tasks borrow
/// nothing.
///
/// # Cancel safety
///
/// **Loses data**: what the children have done so far goes with the group.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::task::task_group;
///
/// let words = vec!["one".to_owned(), "three".to_owned()];
/// let sum = task_group(async |tg| {
///     let first = tg.spawn(async { Ok(words[0].len()) });
///     let second = tg.spawn(async { Ok(words[1].len()) });
///     Ok::<_, std::io::Error>(first.await.unwrap() + second.await.unwrap())
/// });
/// assert_eq!(sum.await.unwrap(), 8);
/// # });
/// ```
#[track_caller]
pub fn task_group<'env, R, E, B, F>(body: B) -> Group<'env, R, E, F>
where
    B: FnOnce(TaskGroup<'env, E>) -> F,
    F: Future<Output = Result<R, E>>,
    E: 'env,
{
    let roster = Arc::<Roster>::default();
    let body_bell = Bell::new(roster.clone(), BODY);
    let door_bell = Bell::new(roster.clone(), DOOR);
    door_bell.reset();
    let door = Door::new(door_bell.clone());
    Group {
        body: Some(body(TaskGroup::new(door.clone()))),
        output: None,
        children: Children::new(std::iter::empty::<Work<'env, E>>()),
        door,
        front: Front {
            roster,
            turn: VecDeque::from([BODY]),
            body_waker: Waker::from(body_bell.clone()),
            body_bell,
            door_bell,
        },
        is_over: false,
        place: Location::caller(),
    }
}

/// Who may ring beside the children.
const BODY: Key = Key { slot: 0, index: 0 };
const DOOR: Key = Key { slot: 1, index: 0 };

/// The bells of the body and of the door.
struct Front {
    roster: Arc<Roster>,
    turn: VecDeque<Key>,
    body_bell: Arc<Bell>,
    body_waker: Waker,
    door_bell: Arc<Bell>,
}

impl Front {
    /// Whether it is the body's turn. From now on the bells wake the task of `cx`.
    fn ask(&mut self, cx: &mut Context<'_>) -> bool {
        self.roster.ask(cx.waker(), &mut self.turn);
        if self.turn.contains(&DOOR) {
            self.door_bell.reset();
        }
        let is_body = self.turn.contains(&BODY);
        self.turn.clear();
        is_body
    }
}

pin_project! {
    /// The future of [`task_group()`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Group<'env, R, E, F> {
        #[pin]
        body: Option<F>,
        // What the body gave.
        output: Option<R>,
        children: Children<Work<'env, E>>,
        door: Rc<Door<'env, E>>,
        front: Front,
        is_over: bool,
        place: &'static Location<'static>,
    }

    impl<'env, R, E, F> PinnedDrop for Group<'env, R, E, F> {
        fn drop(this: Pin<&mut Self>) {
            this.end();
        }
    }
}

impl<R, E, F> Future for Group<'_, R, E, F>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, ErrorGroup<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(
            !self.is_over,
            "a `task_group` was polled again after it ended"
        );
        leaf::waiting_for("the body and the children of `task_group`", self.place);
        let group = self.as_mut();
        let polled = catch_unwind(AssertUnwindSafe(|| group.poll_all(cx)));
        if !matches!(polled, Ok(Poll::Pending)) {
            self.end();
        }
        match polled {
            Ok(polled) => polled.map_err(|errors| ErrorGroup { errors }),
            Err(payload) => resume_unwind(payload),
        }
    }
}

impl<R, E, F> Group<'_, R, E, F>
where
    F: Future<Output = Result<R, E>>,
{
    /// The body, if it is its turn, and then the children whose turn it is.
    fn poll_all(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<R, Vec<E>>> {
        let mut this = self.project();
        if this.front.ask(cx)
            && let Some(body) = this.body.as_mut().as_pin_mut()
        {
            this.front.body_bell.reset();
            this.door.is_attended.set(true);
            let polled = body.poll(&mut Context::from_waker(&this.front.body_waker));
            this.door.is_attended.set(false);
            match polled {
                Poll::Ready(Ok(output)) => {
                    this.body.set(None);
                    *this.output = Some(output);
                }
                // The children do not even start.
                Poll::Ready(Err(error)) => return Poll::Ready(Err(vec![error])),
                Poll::Pending => {}
            }
        }
        // Those whom the body adds start in this turn, those whom children add in the next: a
        // child that always adds another starves nobody.
        for child in this.door.arrivals() {
            this.children.admit(child);
        }
        drop_if_stopped(this.door, this.children);
        let mut errors = Vec::new();
        let _left = this.children.poll_turn(cx, |_, error| {
            errors.extend(error);
            ControlFlow::Continue(())
        });
        drop_if_stopped(this.door, this.children);
        if !errors.is_empty() {
            return Poll::Ready(Err(errors));
        }
        let is_empty = this.children.len() == 0 && this.door.is_empty();
        match this.output.take() {
            Some(output) if is_empty => Poll::Ready(Ok(output)),
            output => {
                *this.output = output;
                Poll::Pending
            }
        }
    }
}

impl<R, E, F> Group<'_, R, E, F> {
    /// Drops what is left: the body, then the children in the order in which they were added. A
    /// destructor that panics has been told of, and spares the others.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        *this.is_over = true;
        this.door.tally.is_stopped.set(true);
        quietly(|| this.body.set(None));
        drop_if_stopped(this.door, this.children);
        this.front.roster.retire();
    }
}

/// Drops all children if none is to run any more.
fn drop_if_stopped<'env, E>(door: &Door<'env, E>, children: &mut Children<Work<'env, E>>) {
    if door.tally.is_stopped.get() {
        for child in children.take_rest().into_iter().chain(door.arrivals()) {
            quietly(|| drop(child));
        }
    }
}

impl<R, E, F> fmt::Debug for Group<'_, R, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("body", &self.body.is_some())
            .field("left", &self.door.tally.left.get())
            .finish_non_exhaustive()
    }
}
