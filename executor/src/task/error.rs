//! Why a task has no output: it was cancelled, it panicked, or nobody produced it.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;
use std::panic::Location;
use std::process::ExitStatus;

use crate::engine::id::Id;
use crate::engine::waker::AbortRequest;
use crate::shim::{Mutex, lock};

/// What awaiting a [`JoinHandle`](crate::task::JoinHandle) gives: the output, or why there is
/// none.
pub type Outcome<T> = Result<T, JoinError>;

/// Why a task has no output.
///
/// tokio: `task::JoinError`. asyncio: `CancelledError`, and the exception that a task ended with.
pub struct JoinError(
    // Boxed, because the way without an error is the one that must be small.
    Box<Inner>,
);

struct Inner {
    id: Id,
    reason: Reason,
}

enum Reason {
    Cancelled(Option<AbortRequest>),
    /// Behind a mutex, because a payload is `Send` and need not be `Sync`.
    Panicked(Mutex<Box<dyn Any + Send>>),
    Abandoned,
    JoinsItself,
    NoThread(io::Error),
    #[cfg_attr(not(feature = "process"), expect(dead_code))]
    WorkerDied(WorkerDied),
    NotDone(Box<dyn Error + Send + Sync>),
}

/// A worker process ended in the middle of a job: see [`JoinError::worker_died`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerDied {
    /// Which process it was.
    pub pid: u32,
    /// How it ended: its exit code, or the signal that ended it. `None` if the system does not
    /// tell, because this program ignores `SIGCHLD`.
    pub status: Option<ExitStatus>,
}

impl fmt::Display for WorkerDied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker process {} ended in the middle of it", self.pid)?;
        match self.status {
            // "exit status: 3", "signal: 9 (SIGKILL)"
            Some(status) => write!(f, " ({status})"),
            None => Ok(()),
        }
    }
}

impl JoinError {
    fn new(id: Id, reason: Reason) -> Self {
        JoinError(Box::new(Inner { id, reason }))
    }

    pub(crate) fn cancelled(id: Id, request: Option<AbortRequest>) -> Self {
        let reason = Reason::Cancelled(request);
        JoinError::new(id, reason)
    }

    pub(crate) fn panicked(id: Id, payload: Box<dyn Any + Send>) -> Self {
        let reason = Reason::Panicked(Mutex::new(payload));
        JoinError::new(id, reason)
    }

    pub(crate) fn abandoned(id: Id) -> Self {
        let reason = Reason::Abandoned;
        JoinError::new(id, reason)
    }

    pub(crate) fn joins_itself(id: Id) -> Self {
        let reason = Reason::JoinsItself;
        JoinError::new(id, reason)
    }

    pub(crate) fn no_thread(id: Id, error: io::Error) -> Self {
        let reason = Reason::NoThread(error);
        JoinError::new(id, reason)
    }

    #[cfg(feature = "process")]
    pub(crate) fn worker_died_of(id: Id, pid: u32, status: Option<ExitStatus>) -> Self {
        let reason = Reason::WorkerDied(WorkerDied { pid, status });
        JoinError::new(id, reason)
    }

    pub(crate) fn not_done(id: Id, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let reason = Reason::NotDone(error.into());
        JoinError::new(id, reason)
    }

    /// The task was cancelled (`abort`, `cancel`, or its runtime ended).
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.reason, Reason::Cancelled(_))
    }

    /// The task, or the job on another thread, panicked.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.reason, Reason::Panicked(_))
    }

    /// The [`Resolver`](crate::future::Resolver) was dropped without setting a result.
    pub fn is_abandoned(&self) -> bool {
        matches!(self.0.reason, Reason::Abandoned)
    }

    /// The worker process that had the job ended in the middle of it: which one, and how.
    ///
    /// The pool lives on, with a new worker in its place. asyncio: `BrokenProcessPool`, which ends
    /// the pool.
    pub fn worker_died(&self) -> Option<WorkerDied> {
        match &self.0.reason {
            Reason::WorkerDied(died) => Some(*died),
            _ => None,
        }
    }

    /// What the panic carried, to go on with `std::panic::resume_unwind`.
    ///
    /// # Panics
    ///
    /// If this is not a panic; ask [`is_panic`](Self::is_panic) or use
    /// [`try_into_panic`](Self::try_into_panic).
    #[track_caller]
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        match self.try_into_panic() {
            Ok(payload) => payload,
            Err(error) => panic!("`into_panic` was called on an error that is no panic: {error}"),
        }
    }

    /// What the panic carried.
    ///
    /// # Errors
    ///
    /// This error again, if it is no panic.
    pub fn try_into_panic(self) -> Result<Box<dyn Any + Send>, JoinError> {
        let Inner { id, reason } = *self.0;
        match reason {
            Reason::Panicked(payload) => Ok(payload
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)),
            reason => Err(JoinError::new(id, reason)),
        }
    }

    /// Which task it was.
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// The words that came with [`cancel_with`](crate::task::JoinHandle::cancel_with).
    pub fn message(&self) -> Option<&str> {
        match &self.0.reason {
            Reason::Cancelled(Some(request)) => request.message.as_deref(),
            _ => None,
        }
    }

    /// Where in the program the task was cancelled; `None` if its runtime ended.
    pub fn cancelled_at(&self) -> Option<&'static Location<'static>> {
        match &self.0.reason {
            Reason::Cancelled(request) => Some(request.as_ref()?.by),
            _ => None,
        }
    }

    /// The panic's words, where it had any.
    fn panic_text(payload: &Mutex<Box<dyn Any + Send>>) -> Option<Cow<'static, str>> {
        let payload = lock(payload);
        match payload.downcast_ref::<&'static str>() {
            Some(text) => Some(Cow::Borrowed(*text)),
            None => Some(Cow::Owned(payload.downcast_ref::<String>()?.clone())),
        }
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0.id;
        match &self.0.reason {
            Reason::Cancelled(request) => {
                write!(f, "task {id} was cancelled")?;
                let Some(request) = request else {
                    return f.write_str(": its runtime or its pool has ended");
                };
                write!(f, " at {}", request.by)?;
                match &request.message {
                    Some(message) => write!(f, ": {message}"),
                    None => Ok(()),
                }
            }
            Reason::Panicked(payload) => match JoinError::panic_text(payload) {
                Some(text) => write!(f, "task {id} panicked with message {text:?}"),
                None => write!(f, "task {id} panicked"),
            },
            Reason::Abandoned => write!(f, "nobody will set result {id}: its Resolver was dropped"),
            Reason::JoinsItself => write!(
                f,
                "task {id} joins itself: it awaits its own handle, and would wait for ever"
            ),
            Reason::NoThread(_) => write!(
                f,
                "job {id} could not run: the operating system refused the pool its first thread"
            ),
            Reason::WorkerDied(died) => write!(f, "job {id} was not done: {died}"),
            Reason::NotDone(error) => write!(f, "job {id} was not done: {error}"),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl Error for JoinError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.reason {
            Reason::NoThread(error) => Some(error),
            Reason::NotDone(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<JoinError> for io::Error {
    fn from(error: JoinError) -> io::Error {
        io::Error::other(error)
    }
}
