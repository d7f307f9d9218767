//! Calls of the user's on the runtime's own threads: when one starts and ends, when a loop parks
//! and goes on, how a thread is to be called.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use crate::quietly::quietly;

/// What the builder was told to call, and when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hooks {
    pub(crate) on_thread_start: Option<Hook>,
    pub(crate) on_thread_stop: Option<Hook>,
    pub(crate) on_park: Option<Hook>,
    pub(crate) on_unpark: Option<Hook>,
}

/// One of them. What its panic leaves behind is its own business.
pub(crate) struct Hook<R = ()>(Arc<AssertUnwindSafe<Call<R>>>);

type Call<R> = Box<dyn Fn() -> R + Send + Sync>;

impl<R> Hook<R> {
    pub(crate) fn new(call: impl Fn() -> R + Send + Sync + 'static) -> Self {
        Hook(Arc::new(AssertUnwindSafe(Box::new(call))))
    }

    pub(crate) fn call(&self) -> R {
        (self.0.0)()
    }
}

impl Hook {
    /// The same where a panic must not reach the caller.
    pub(crate) fn call_quietly(&self) {
        quietly(|| self.call());
    }
}

impl<R> Clone for Hook<R> {
    fn clone(&self) -> Self {
        Hook(self.0.clone())
    }
}

impl<R> fmt::Debug for Hook<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// How the runtime's threads are called.
#[derive(Clone, Debug)]
pub(crate) enum ThreadName {
    /// Those of a pool add their number.
    Given(Arc<str>),
    /// Each as this says.
    Made(Hook<String>),
}

impl ThreadName {
    /// # Panics
    ///
    /// If it contains a zero byte. (A thread that is to be started later could only fail.)
    #[track_caller]
    pub(crate) fn given(name: String) -> ThreadName {
        assert!(
            !name.contains('\0'),
            "{name:?} has a zero byte, which the name of a thread may not: leave it out"
        );
        ThreadName::Given(name.into())
    }

    /// The name of a thread that is the only one of its kind. This is user code.
    pub(crate) fn of_one(&self) -> String {
        match self {
            ThreadName::Given(name) => name.to_string(),
            ThreadName::Made(make) => make.call().replace('\0', ""),
        }
    }

    /// What is in force for a thread of a pool, but for its number. This is user code.
    pub(crate) fn of_many(&self) -> Numbered {
        Numbered {
            name: self.of_one(),
            is_numbered: matches!(self, ThreadName::Given(_)),
        }
    }
}

/// A name that waits for its number.
pub(crate) struct Numbered {
    name: String,
    is_numbered: bool,
}

impl Numbered {
    pub(crate) fn with(self, number: usize) -> String {
        match self.is_numbered {
            true => format!("{}-{number}", self.name),
            false => self.name,
        }
    }
}
