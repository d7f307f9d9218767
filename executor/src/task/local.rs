//! Task-local values: what a task carries with it, beside its arguments.
//!
//! While a scope is polled its value is *in force*: it stands in a thread-local, where everything
//! that the poll calls finds it. When the poll ends it goes back into the scope's future. So no
//! task ever sees another's, and nothing is looked up anywhere.
//!
//! # What is inherited
//!
//! A spawned task starts with no values, as tokio's does: what a task reads was set in its own
//! future. asyncio copies the whole context into each task instead. Here that takes two who want
//! it: whoever sets a value may say that it may be inherited ([`LocalKey::scope_inherited`], which
//! asks for `Clone`), and whoever spawns may say that the task is to inherit
//! ([`spawn_with_locals`]). Each task gets clones of its own: what it does with them its parent does
//! not see, unless they share something (an `Rc`) on purpose.
//!
//! # Source
//!
//! The key over a thread-local that scopes swap their values into is tokio's design.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};
use std::thread;

use pin_project_lite::pin_project;

use crate::engine::context;
use crate::task::join::JoinHandle;

/// Declares keys of task-local values.
///
/// Each is a `static` of the type [`LocalKey`](crate::task::LocalKey), with its own visibility and
/// attributes.
///
/// tokio: `task_local!`. asyncio: `contextvars.ContextVar`.
///
/// ```
/// mainspring::task_local! {
///     /// Who asked.
///     pub static USER: String;
///     static DEPTH: u32
/// }
/// # mainspring::run(async {
/// let greeting = USER.scope("Ada".to_owned(), async { format!("Hello, {}!", USER.get()) });
/// assert_eq!(greeting.await, "Hello, Ada!");
/// assert_eq!(DEPTH.sync_scope(3, || DEPTH.get()), 3);
/// # });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty; $($rest:tt)*) => {
        $crate::__task_local_key!($(#[$attribute])* $visibility $name, $type);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty) => {
        $crate::__task_local_key!($(#[$attribute])* $visibility $name, $type);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __task_local_key {
    ($(#[$attribute:meta])* $visibility:vis $name:ident, $type:ty) => {
        $(#[$attribute])*
        $visibility static $name: $crate::task::LocalKey<$type> = {
            ::std::thread_local! {
                static VALUE: ::std::cell::RefCell<::std::option::Option<$type>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey { in_force: VALUE }
        };
    };
}

/// The key of a task-local value; [`task_local!`](crate::task_local) makes them.
///
/// tokio: `task::LocalKey`. asyncio: `contextvars.ContextVar`.
pub struct LocalKey<T: 'static> {
    #[doc(hidden)]
    pub in_force: thread::LocalKey<RefCell<Option<T>>>,
}

impl<T: 'static> LocalKey<T> {
    /// Runs a future with `value` in force, also while it is dropped.
    ///
    /// # Cancel safety
    ///
    /// **Strict** where the future is: dropping the scope drops the future, then the value.
    ///
    /// # Panics
    ///
    /// When it is polled inside of [`with`](Self::with) on the same key.
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            heir: None,
            future: Some(future),
        }
    }

    /// Runs a call with `value` in force.
    ///
    /// # Panics
    ///
    /// Inside of [`with`](Self::with) on the same key.
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, call: F) -> R
    where
        F: FnOnce() -> R,
    {
        let mut value = Some(value);
        let _in_force = InForce::enter(self, &mut value, None);
        call()
    }

    /// Calls `look` with the value that is in force.
    ///
    /// # Panics
    ///
    /// If none is: outside of every scope of this key.
    #[track_caller]
    pub fn with<F, R>(&'static self, look: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(look) {
            Ok(seen) => seen,
            Err(error) => panic!("{error}; read it inside of a `scope` of its key"),
        }
    }

    /// Calls `look` with the value that is in force.
    ///
    /// # Errors
    ///
    /// None is: outside of every scope of this key.
    pub fn try_with<F, R>(&'static self, look: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let look = |value: &RefCell<Option<T>>| value.borrow().as_ref().map(look);
        let seen = self.in_force.try_with(look);
        seen.ok().flatten().ok_or(AccessError(()))
    }
}

impl<T: Clone + 'static> LocalKey<T> {
    /// A clone of the value that is in force.
    ///
    /// # Panics
    ///
    /// If none is: outside of every scope of this key.
    #[track_caller]
    pub fn get(&'static self) -> T {
        self.with(T::clone)
    }

    /// A clone of the value that is in force.
    ///
    /// # Errors
    ///
    /// None is: outside of every scope of this key.
    pub fn try_get(&'static self) -> Result<T, AccessError> {
        self.try_with(T::clone)
    }

    /// [`scope`](Self::scope), and tasks that are spawned inside with [`spawn_with_locals`] get
    /// clones of the value.
    ///
    /// # Cancel safety
    ///
    /// **Strict** where the future is: dropping the scope drops the future, then the value.
    ///
    /// # Panics
    ///
    /// When it is polled inside of [`with`](Self::with) on the same key.
    pub fn scope_inherited<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            heir: Some(self),
            future: Some(future),
        }
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("LocalKey { .. }")
    }
}

pin_project! {
    /// The future of [`LocalKey::scope`]. tokio: `task::futures::TaskLocalFuture`.
    #[must_use = "futures do nothing unless awaited"]
    #[project(!Unpin)]
    pub struct TaskLocalFuture<T, F>
    where
        T: 'static,
    {
        key: &'static LocalKey<T>,
        // Here between two polls, in force while one lasts.
        value: Option<T>,
        // The key once more, if the value may be inherited.
        heir: Option<&'static dyn Heirloom>,
        #[pin]
        future: Option<F>,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_some() {
                // Where it cannot be in force (inside of `with`), the future is dropped without.
                let in_force = InForce::try_enter(*this.key, this.value, *this.heir);
                this.future.set(None);
                drop(in_force);
            }
        }
    }
}

impl<T: 'static, F> TaskLocalFuture<T, F> {
    /// Takes the value out of the scope, whether or not the future has ended; `None` if it was
    /// taken before. What is polled after that runs without.
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T: 'static, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _in_force = InForce::enter(*this.key, this.value, *this.heir);
        let Some(future) = this.future.as_mut().as_pin_mut() else {
            panic!("a `TaskLocalFuture` was polled again after it gave its output");
        };
        let polled = future.poll(cx);
        if polled.is_ready() {
            this.future.set(None);
        }
        polled
    }
}

impl<T: fmt::Debug + 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture")
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// While it lives, a scope's value is in force, and the one before lies in the scope.
struct InForce<'a, T: 'static> {
    key: &'static LocalKey<T>,
    value: &'a mut Option<T>,
}

impl<'a, T: 'static> InForce<'a, T> {
    #[track_caller]
    fn enter(
        key: &'static LocalKey<T>,
        value: &'a mut Option<T>,
        heir: Option<&'static dyn Heirloom>,
    ) -> Self {
        match InForce::try_enter(key, value, heir) {
            Some(in_force) => in_force,
            None => panic!(
                "a scope of a task-local key was entered inside of `with` on that key, or while \
                 its thread ends: leave `with` first, taking along a clone (`get`)"
            ),
        }
    }

    fn try_enter(
        key: &'static LocalKey<T>,
        value: &'a mut Option<T>,
        heir: Option<&'static dyn Heirloom>,
    ) -> Option<Self> {
        key.swap(value)?;
        let scope = Scope { key, heir };
        let _ = SCOPES.try_with(|scopes| scopes.borrow_mut().push(scope));
        Some(InForce { key, value })
    }
}

impl<T: 'static> Drop for InForce<'_, T> {
    fn drop(&mut self) {
        let _ = SCOPES.try_with(|scopes| scopes.borrow_mut().pop());
        // Nobody but a `with` further in could hold it, and that has ended.
        let _ = self.key.swap(self.value);
    }
}

impl<T: 'static> LocalKey<T> {
    /// `None`: somebody looks at what is in force, or the thread ends.
    fn swap(&'static self, value: &mut Option<T>) -> Option<()> {
        let swap = |in_force: &RefCell<Option<T>>| {
            mem::swap(&mut *in_force.try_borrow_mut().ok()?, value);
            Some(())
        };
        self.in_force.try_with(swap).ok()?
    }
}

/// No value is in force. tokio: `task::AccessError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("task-local value not set")
    }
}

impl Error for AccessError {}

thread_local! {
    /// The scopes that are being polled, from the outermost to the innermost.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

#[derive(Clone, Copy)]
struct Scope {
    key: &'static dyn Key,
    /// The key once more, if the value may be inherited.
    heir: Option<&'static dyn Heirloom>,
}

/// A key of any type.
trait Key: Sync {
    /// A place for its value while it is not in force.
    fn drawer(&'static self) -> Box<dyn Drawer>;
}

impl<T: 'static> Key for LocalKey<T> {
    fn drawer(&'static self) -> Box<dyn Drawer> {
        Box::new((self, None))
    }
}

trait Drawer {
    /// What is in force goes in, and what was in comes in force.
    fn swap(&mut self);
}

impl<T: 'static> Drawer for (&'static LocalKey<T>, Option<T>) {
    fn swap(&mut self) {
        // Inside of `with` it stays where it is.
        let _ = self.0.swap(&mut self.1);
    }
}

/// Puts aside what is in force: other tasks are going to be polled within this poll.
pub(crate) fn set_aside() -> Aside {
    let scopes = SCOPES.try_with(RefCell::take).unwrap_or_default();
    let mut keys: Vec<&'static dyn Key> = Vec::new();
    for scope in &scopes {
        // What counts is the value in force, however many scopes of the key there are.
        if !keys.iter().any(|known| ptr::addr_eq(*known, scope.key)) {
            keys.push(scope.key);
        }
    }
    let mut values: Vec<_> = keys.into_iter().map(Key::drawer).collect();
    values.iter_mut().for_each(|value| value.swap());
    Aside { scopes, values }
}

/// The values of the poll that stands still, until it goes on.
pub(crate) struct Aside {
    scopes: Vec<Scope>,
    values: Vec<Box<dyn Drawer>>,
}

impl Aside {
    /// They are in force for what belongs to that poll.
    pub(crate) fn bring_back(&mut self) -> BroughtBack<'_> {
        self.swap();
        BroughtBack(self)
    }

    fn swap(&mut self) {
        if self.values.is_empty() {
            return;
        }
        self.values.iter_mut().for_each(|value| value.swap());
        let scopes = &mut self.scopes;
        let _ = SCOPES.try_with(|others| mem::swap(&mut *others.borrow_mut(), scopes));
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.swap();
    }
}

pub(crate) struct BroughtBack<'a>(&'a mut Aside);

impl Drop for BroughtBack<'_> {
    fn drop(&mut self) {
        self.0.swap();
    }
}

/// A key whose value in force may be inherited.
trait Heirloom: Sync {
    /// A clone of it, for a task.
    fn bequeath(&'static self) -> Option<Box<dyn Bequest>>;
}

impl<T: Clone + 'static> Heirloom for LocalKey<T> {
    fn bequeath(&'static self) -> Option<Box<dyn Bequest>> {
        let value = self.try_get().ok();
        value
            .is_some()
            .then(|| Box::new((self, value)) as Box<dyn Bequest>)
    }
}

/// An inherited value: around each poll of its task it is in force.
trait Bequest {
    /// Puts it in force for the rest of `inside`.
    fn during(&mut self, inside: &mut dyn FnMut());
}

impl<T: Clone + 'static> Bequest for (&'static LocalKey<T>, Option<T>) {
    fn during(&mut self, inside: &mut dyn FnMut()) {
        let _in_force = InForce::enter(self.0, &mut self.1, Some(self.0));
        inside();
    }
}

/// [`spawn_local`](crate::task::spawn_local) for a task that inherits: clones of the values that
/// are in force and may be inherited ([`LocalKey::scope_inherited`]) are in force in it, too, and
/// in what it spawns in the same way.
///
/// asyncio: `create_task`, which copies the context. tokio has none.
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
/// use mainspring::task::{spawn_local, spawn_with_locals};
///
/// mainspring::task_local! {
///     static REQUEST: u64;
/// }
/// # mainspring::run(async {
/// REQUEST
///     .scope_inherited(17, async {
///         let heir = spawn_with_locals(async { REQUEST.get() });
///         assert_eq!(heir.await.unwrap(), 17);
///         let other = spawn_local(async { REQUEST.try_get() });
///         assert!(other.await.unwrap().is_err());
///     })
///     .await;
/// # });
/// ```
#[track_caller]
pub fn spawn_with_locals<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let place = Location::caller();
    let engine = context::expect("`spawn_with_locals`");
    let scopes = SCOPES.with(|scopes| scopes.borrow().clone());
    let mut keys: Vec<&'static dyn Heirloom> = Vec::new();
    for key in scopes.iter().filter_map(|scope| scope.heir) {
        // What counts is the value in force, however many scopes of the key there are.
        if !keys.iter().any(|known| ptr::addr_eq(*known, key)) {
            keys.push(key);
        }
    }
    let inherits = Inherits {
        bequests: keys.iter().filter_map(|key| key.bequeath()).collect(),
        future: Some(future),
    };
    engine.spawn(inherits, place)
}

pin_project! {
    struct Inherits<F> {
        bequests: Vec<Box<dyn Bequest>>,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Inherits<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            within(this.bequests, &mut || this.future.set(None));
        }
    }
}

impl<F: Future> Future for Inherits<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let mut polled = Poll::Pending;
        within(this.bequests, &mut || {
            if let Some(future) = this.future.as_mut().as_pin_mut() {
                polled = future.poll(cx);
            }
        });
        polled
    }
}

/// Does something with all of these in force.
fn within(bequests: &mut [Box<dyn Bequest>], act: &mut dyn FnMut()) {
    match bequests.split_first_mut() {
        Some((first, rest)) => first.during(&mut || within(rest, act)),
        None => act(),
    }
}
