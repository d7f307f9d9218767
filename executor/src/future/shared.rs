//! One outcome for many awaiters.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use crate::leaf;
use crate::quietly::wake_all;
use crate::shim::{Mutex, lock};
use crate::sync::wakers::look_under;
use crate::task::{AbortHandle, Id, JoinError, JoinHandle};

impl<T: Clone> JoinHandle<T> {
    /// Makes of the handle one that can be cloned: everybody who awaits it gets a clone of the
    /// output, at once or when it comes.
    ///
    /// asyncio: every `Task` can be awaited by many. tokio has none; futures: `FutureExt::shared`.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: a wait that is dropped takes nothing. When all clones are dropped the task goes
    /// on, as with a handle.
    ///
    /// ```
    /// # mainspring::run(async {
    /// let config = mainspring::spawn(async { "config".to_owned() }).shared();
    /// let (a, b) = (config.clone(), config);
    /// assert_eq!(a.await.unwrap(), "config");
    /// assert_eq!(b.await.unwrap(), "config");
    /// # });
    /// ```
    pub fn shared(self) -> Shared<T> {
        Shared {
            abort: self.abort_handle(),
            spawned_at: self.spawned_at(),
            bell: Arc::default(),
            source: Arc::new(Mutex::new(Source::Coming(self))),
            number: None,
        }
    }
}

/// A handle of which there may be many: see [`JoinHandle::shared`].
///
/// It can be awaited again after it gave its output.
#[must_use = "futures do nothing unless awaited"]
pub struct Shared<T> {
    abort: AbortHandle,
    spawned_at: &'static Location<'static>,
    bell: Arc<Bell>,
    source: Arc<Mutex<Source<T>>>,
    /// Its place in the line of those who wait.
    number: Option<u64>,
}

enum Source<T> {
    Coming(JoinHandle<T>),
    Come(Arc<Result<T, Arc<JoinError>>>),
}

impl<T> Shared<T> {
    /// Whether the outcome is known.
    pub fn is_finished(&self) -> bool {
        self.abort.is_finished()
    }

    /// The task's name for good.
    pub fn id(&self) -> Id {
        self.abort.id()
    }

    /// A handle that can end the task and read nothing.
    pub fn abort_handle(&self) -> AbortHandle {
        self.abort.clone()
    }

    fn poll_source(&self) -> Poll<Arc<Result<T, Arc<JoinError>>>> {
        let (come, spent) = {
            let mut source = lock(&self.source);
            let taken = match &mut *source {
                Source::Come(outcome) => return Poll::Ready(outcome.clone()),
                Source::Coming(handle) => handle.take_now().ok_or_else(|| handle.cell().clone()),
            };
            match taken {
                Ok(outcome) => {
                    let outcome = Arc::new(outcome.map_err(Arc::new));
                    let come = Source::Come(outcome.clone());
                    (Ok(outcome), Some(mem::replace(&mut *source, come)))
                }
                Err(cell) => (Err(cell), None),
            }
        };
        drop(spent);
        match come {
            Ok(outcome) => Poll::Ready(outcome),
            Err(cell) => {
                // Not under the lock: if it ends just now, all who wait are woken here.
                cell.call_at_end(Waker::from(self.bell.clone()));
                Poll::Pending
            }
        }
    }
}

impl<T: Clone> Future for Shared<T> {
    type Output = Result<T, Arc<JoinError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(leaf::proceed(cx));
        // Into the line first: the end may come from another thread between the two.
        let number = self.bell.register(self.number, cx.waker());
        self.number = Some(number);
        let Poll::Ready(outcome) = self.poll_source() else {
            leaf::waiting_for("a shared task to end, spawned", self.spawned_at);
            return Poll::Pending;
        };
        leaf::spend();
        self.leave();
        Poll::Ready((*outcome).clone())
    }
}

impl<T> Shared<T> {
    /// Out of the line.
    fn leave(&mut self) {
        if let Some(number) = self.number.take() {
            self.bell.forget(number);
        }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Shared {
            abort: self.abort.clone(),
            spawned_at: self.spawned_at,
            bell: self.bell.clone(),
            source: self.source.clone(),
            number: None,
        }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl<T> Unpin for Shared<T> {}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("id", &self.id())
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

/// The waker that the task's end calls: it calls all who wait, in the order of their arrival.
#[derive(Debug, Default)]
struct Bell {
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    /// By number, and so in the order of arrival.
    waiting: VecDeque<(u64, Option<Waker>)>,
    next: u64,
}

impl Bell {
    /// Sees to it that `waker` is called, for a new waiter or for one that has a number.
    fn register(&self, number: Option<u64>, waker: &Waker) -> u64 {
        look_under(&self.line, waker, number.is_none(), |line, arrival| {
            if let Some(number) = number
                && let Some(place) = line.place(number)
            {
                arrival.refresh(&mut line.waiting[place].1)?;
                return Ok(number);
            }
            let waker = arrival.take()?;
            let number = line.next;
            line.next += 1;
            line.waiting.push_back((number, Some(waker)));
            Ok(number)
        })
    }

    /// This one waits no longer.
    fn forget(&self, number: u64) {
        let gone = {
            let mut line = lock(&self.line);
            let place = line.place(number);
            place.and_then(|place| line.waiting.remove(place))
        };
        drop(gone);
    }
}

impl Line {
    fn place(&self, number: u64) -> Option<usize> {
        self.waiting
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let waiting = mem::take(&mut lock(&self.line).waiting);
        wake_all(waiting.into_iter().filter_map(|(_, waker)| waker));
    }
}
