//! One call to the operating system, as a future: the shape of this room's functions.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::engine::context;
use crate::engine::shared::Shared;
use crate::leaf;
use crate::pool::blocking::spawn_blocking_on;
use crate::task::JoinHandle;

/// A call on a thread of the runtime's default pool: the future of the functions in
/// [`fs`](crate::fs).
///
/// It keeps what it was given, and borrows nothing.
///
/// # Panics
///
/// If it is polled first outside of a runtime, or again after it was ready.
///
/// ```
/// # mainspring::run(async {
/// let call = mainspring::fs::read_to_string("/no/such/file");
/// assert_eq!(call.await.unwrap_err().kind(), std::io::ErrorKind::NotFound);
/// # });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Call<A, T> {
    step: Step<A, T>,
    place: &'static Location<'static>,
}

enum Step<A, T> {
    /// To be asked with the first poll.
    New(A, fn(A) -> io::Result<T>),
    /// A thread is at it.
    Asked(JoinHandle<io::Result<T>>),
    /// Nobody had to be asked.
    Known(T),
    Told,
}

impl<A, T> Call<A, T> {
    #[track_caller]
    pub(crate) fn new(argument: A, call: fn(A) -> io::Result<T>) -> Self {
        Call {
            step: Step::New(argument, call),
            place: Location::caller(),
        }
    }

    #[track_caller]
    pub(crate) fn known(answer: T) -> Self {
        Call {
            step: Step::Known(answer),
            place: Location::caller(),
        }
    }
}

impl<T> Call<PathBuf, T> {
    #[track_caller]
    pub(crate) fn on_path(path: impl AsRef<Path>, call: fn(PathBuf) -> io::Result<T>) -> Self {
        Call::new(path.as_ref().to_owned(), call)
    }
}

impl<T> Call<(PathBuf, PathBuf), T> {
    #[track_caller]
    pub(crate) fn on_paths(
        first: impl AsRef<Path>,
        second: impl AsRef<Path>,
        call: fn((PathBuf, PathBuf)) -> io::Result<T>,
    ) -> Self {
        Call::new(
            (first.as_ref().to_owned(), second.as_ref().to_owned()),
            call,
        )
    }
}

// ANCHOR: call
impl<A: Send + 'static, T: Send + 'static> Future for Call<A, T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let place = self.place;
        loop {
            match std::mem::replace(&mut self.step, Step::Told) {
                Step::New(argument, call) => {
                    let shared = runtime("a call of `fs`");
                    let job = spawn_blocking_on(&shared, move || call(argument), place);
                    self.step = Step::Asked(job);
                }
                Step::Asked(mut job) => {
                    let polled = Pin::new(&mut job).poll(cx);
                    if polled.is_pending() {
                        leaf::waiting_for("the file system", place);
                        self.step = Step::Asked(job);
                    }
                    // An error of the job: the runtime has ended, or there is no thread to ask.
                    return Poll::Ready(ready!(polled)?);
                }
                Step::Known(answer) => return Poll::Ready(Ok(answer)),
                Step::Told => panic!("a call of `fs` was polled after it was ready"),
            }
        }
    }
}
// ANCHOR_END: call

/// The runtime this thread is inside of, which is to have a pool.
pub(crate) fn runtime(what: &str) -> Arc<Shared> {
    context::current_shared().unwrap_or_else(|| panic!("{}", context::outside(what)))
}

impl<A, T> Unpin for Call<A, T> {}

impl<A, T> fmt::Debug for Call<A, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            Step::New(..) => "new",
            Step::Asked(_) => "asked",
            Step::Known(_) => "known",
            Step::Told => "told",
        };
        f.debug_struct("Call")
            .field("step", &step)
            .field("place", &format_args!("{}", self.place))
            .finish()
    }
}
