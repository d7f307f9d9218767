//! A panic that nobody reads is told once, at the moment that becomes certain.
//!
//! That is when a task (a job, a callback) has panicked and its handle is gone, whichever comes
//! last. Whoever awaited the handle, peeked at the outcome or was called back with it has read it.
//!
//! Whoever is told is told on the loop's thread: a loop's own handler need not be `Send`.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use crate::engine::context;
use crate::engine::core::Engine;
use crate::engine::ready::Remote;
use crate::engine::shared::Opaque;
use crate::engine::waker::TaskWaker;
use crate::lines::Lines;
use crate::quietly::quietly;
use crate::task::error::JoinError;
use crate::task::info::TaskInfo;

/// A panic that nobody reads: what [`set_exception_handler`] and
/// [`Builder::on_unhandled`](crate::runtime::Builder::on_unhandled) are told.
///
/// Its `Display` is one line: which task, with which words, spawned where.
///
/// asyncio: the context of the exception handler. tokio lets such panics pass (its unstable
/// `UnhandledPanic` ends the runtime instead).
#[derive(Debug)]
#[non_exhaustive]
pub struct Unhandled {
    /// The task; `None` for a job in a pool and for a call from another thread.
    pub task: Option<TaskInfo>,
    /// What it would have given to whoever awaits it.
    pub error: JoinError,
    /// Where in the program the task was spawned, the job submitted, the callback added.
    pub spawned_at: Option<&'static Location<'static>>,
}

/// From now on, this is told of the panics on this loop that nobody reads, on the loop's thread.
///
/// It takes the place of the one before, of [`Builder::on_unhandled`] and of the line on standard
/// error. If it panics itself, the line is printed after all, and the loop goes on.
///
/// asyncio: `loop.set_exception_handler`.
///
/// [`Builder::on_unhandled`]: crate::runtime::Builder::on_unhandled
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use std::{cell::RefCell, rc::Rc};
///
/// let told = Rc::new(RefCell::new(Vec::new()));
/// let log = told.clone();
/// mainspring::runtime::set_exception_handler(move |unhandled| {
///     log.borrow_mut().push(unhandled.error.to_string());
/// });
/// drop(mainspring::spawn(async { panic!("nobody awaits me") }));
/// mainspring::task::idle().await;
/// assert!(told.borrow()[0].contains("nobody awaits me"));
/// # });
/// ```
#[track_caller]
pub fn set_exception_handler(handler: impl Fn(&Unhandled) + 'static) {
    let handler: Own = Box::new(handler);
    replace_handler("`set_exception_handler`", Some(Rc::new(handler)));
}

/// Takes this loop's own handler away: what is told is told as before
/// [`set_exception_handler`]. asyncio: `loop.set_exception_handler(None)`.
///
/// # Panics
///
/// Outside of a runtime.
#[track_caller]
pub fn reset_exception_handler() {
    replace_handler("`reset_exception_handler`", None);
}

#[track_caller]
fn replace_handler(what: &str, handler: Option<Rc<dyn Any>>) {
    let old = context::expect(what).on_unhandled.replace(handler);
    drop(old);
}

/// A loop's own handler.
type Own = Box<dyn Fn(&Unhandled)>;

/// The handler of all loops of a runtime. What its panic leaves behind is its own business.
type Common = AssertUnwindSafe<Box<dyn Fn(&Unhandled) + Send + Sync>>;

/// As the builder keeps it.
pub(crate) fn common(handler: impl Fn(&Unhandled) + Send + Sync + 'static) -> Opaque {
    let handler: Common = AssertUnwindSafe(Box::new(handler));
    Opaque(Arc::new(handler))
}

/// Nobody will read the panic of this task or job.
#[cold]
pub(crate) fn tell(waker: &TaskWaker, error: JoinError) {
    let unhandled = Unhandled {
        task: (!waker.is_elsewhere()).then(|| TaskInfo::of(waker)),
        error,
        spawned_at: Some(waker.spawned_at),
    };
    let report = Report {
        unhandled: Some(unhandled),
        remote: waker.remote.clone(),
    };
    match &waker.remote {
        Some(remote) => context::at_home(remote, move |_| drop(report)),
        None => drop(report),
    }
}

/// Dropping it tells, wherever that is: the letter that carries it may never be read.
struct Report {
    unhandled: Option<Unhandled>,
    remote: Option<Arc<Remote>>,
}

impl Drop for Report {
    fn drop(&mut self) {
        let Some(unhandled) = self.unhandled.take() else {
            return;
        };
        let engine = self.remote.as_ref().and_then(context::here);
        if !engine.is_some_and(|engine| engine.handle(&unhandled)) {
            print(&unhandled);
        }
        quietly(|| drop(unhandled));
    }
}

impl Engine {
    /// Hands it to whoever is to be told. `false`: there is nobody, or he panicked.
    fn handle(&self, unhandled: &Unhandled) -> bool {
        // Law 2 (no user code under a borrow): a handler may set another.
        let own = self.on_unhandled.borrow().clone();
        let common = self.shared.settings.on_unhandled.clone();
        let told = catch_unwind(AssertUnwindSafe(|| {
            let own = own.as_ref().and_then(|own| own.downcast_ref::<Own>());
            let common = common.as_ref().map(|common| &*common.0 as &dyn Any);
            let common = common.and_then(|common| common.downcast_ref::<Common>());
            match (own, common) {
                (Some(own), _) => own(unhandled),
                (None, Some(common)) => common(unhandled),
                (None, None) => return false,
            }
            true
        }));
        // It may have been replaced meanwhile, and this may be the last of it.
        quietly(|| drop((own, common)));
        told.unwrap_or_else(|payload| {
            std::mem::forget(payload);
            false
        })
    }
}

fn print(unhandled: &Unhandled) {
    static LINES: Lines = Lines::of("panics that nobody read");
    LINES.print(format_args!("nobody reads that {unhandled}"));
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        if let Some(name) = self.task.as_ref().and_then(|task| task.name.as_ref()) {
            write!(f, ", named {name:?}")?;
        }
        match self.spawned_at {
            Some(place) => write!(f, ", spawned at {place}"),
            None => Ok(()),
        }
    }
}
