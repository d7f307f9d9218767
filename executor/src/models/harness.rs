//! A loop for the models: the turn, as `engine/turn.rs` has it, with a latch in the reactor's
//! place; and the checker with its bound.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use crate::engine::id::TaskId;
use crate::engine::ready::{Letter, Remote};
use crate::engine::table::{Body, Running, Taken, TaskTable};
use crate::shim::Unparker;
use crate::task::JoinHandle;
use crate::task::spawn::task;

/// Runs a model through every order of its threads' steps; with a bound, through those that
/// interrupt a thread at most so often. Prints how many there were.
pub(crate) fn check(name: &str, bound: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let mut checker = loom::model::Builder::new();
    checker.preemption_bound = bound;
    checker.max_branches = 10_000;
    checker.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let bound = bound.map_or("no bound".to_owned(), |bound| {
        format!("at most {bound} interruptions")
    });
    println!(
        "{name}: {} executions, {bound}",
        runs.load(Ordering::Relaxed)
    );
}

/// What is forgotten when the checker stops a run in the middle: its destructor takes locks, and
/// then there is no thread any more that could.
pub(crate) struct Held<T>(Option<T>);

impl<T> Held<T> {
    pub(crate) fn new(value: T) -> Self {
        Held(Some(value))
    }

    pub(crate) fn let_go(mut self) -> T {
        self.0.take().expect("it is let go once")
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("it has not been let go")
    }
}

impl<T> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it has not been let go")
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::mem::forget(self.0.take());
        }
    }
}

/// The loop's side.
pub(crate) struct Loop {
    pub(crate) remote: Arc<Remote>,
    unparker: Unparker,
    tasks: TaskTable,
    ready: RefCell<VecDeque<TaskId>>,
    pub(crate) arrivals: Arrivals,
    steps: Steps,
}

/// Where a letter leaves the task that it brings. Only the loop's thread looks in here, so it is
/// no step of the model.
pub(crate) type Arrivals = Arc<Mutex<Vec<Pin<Box<dyn Body + Send>>>>>;

/// The steps that twins take wrongly.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    pub(crate) begin_park: fn(&Remote) -> bool,
    pub(crate) read_letters: fn(&Remote, &mut Vec<Letter>),
    pub(crate) close: fn(&Remote) -> Vec<Letter>,
    /// Which task it is that lives in the place of a letter.
    pub(crate) whose: fn(TaskId, Option<TaskId>) -> TaskId,
}

/// Every step as it is.
pub(crate) const RIGHT: Steps = Steps {
    begin_park: Remote::begin_park,
    read_letters: Remote::read_letters,
    close: Remote::close,
    whose: |asked, _| asked,
};

impl Loop {
    pub(crate) fn new(steps: Steps) -> Held<Self> {
        let unparker = Unparker::new();
        Held::new(Loop {
            remote: Remote::new(unparker.clone()),
            unparker,
            tasks: TaskTable::default(),
            ready: RefCell::default(),
            arrivals: Arrivals::default(),
            steps,
        })
    }

    pub(crate) fn spawn<F>(&self, future: F) -> Held<JoinHandle<F::Output>>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (body, handle) = task(future, &self.remote);
        self.admit(body);
        Held::new(handle)
    }

    /// Lets a body in, which its maker queues; returns its place.
    pub(crate) fn admit(&self, body: Running) -> TaskId {
        let waker = body.waker().clone();
        let task = self.tasks.insert(body, &waker);
        self.ready.borrow_mut().push_back(task);
        task
    }

    /// Turns until no task is left.
    pub(crate) fn run(&self) {
        self.run_until(|| self.tasks.len() == 0);
    }

    /// Turns until something is over.
    pub(crate) fn run_until(&self, is_over: impl Fn() -> bool) {
        loop {
            self.turn();
            if is_over() {
                return;
            }
            if self.ready.borrow().is_empty() && (self.steps.begin_park)(&self.remote) {
                self.unparker.park();
                self.remote.end_park();
            }
        }
    }

    /// One turn without the wait.
    pub(crate) fn turn(&self) {
        self.read_letters();
        let batch = self.ready.borrow().len();
        for _ in 0..batch {
            let task = self.ready.borrow_mut().pop_front();
            task.into_iter().for_each(|task| self.poll(task));
        }
    }

    pub(crate) fn read_letters(&self) {
        let mut letters = Vec::new();
        (self.steps.read_letters)(&self.remote, &mut letters);
        for letter in letters {
            match letter {
                Letter::Wake(task) => self.ready.borrow_mut().push_back(task),
                Letter::Call(call) => call(),
            }
        }
        let arrived = std::mem::take(&mut *self.arrivals.lock().unwrap());
        for body in arrived {
            self.admit(body);
        }
    }

    fn poll(&self, task: TaskId) {
        let waiting = self.tasks.waiting();
        let lodger = waiting.first().map(|waiting| waiting.waker.task());
        drop(waiting);
        let task = (self.steps.whose)(task, lodger);
        if let Taken::Task(mut body) = self.tasks.take(task) {
            match body.as_mut().step() {
                Poll::Pending => self.tasks.put_back(task, body, None),
                Poll::Ready(()) => self.tasks.remove(task),
            }
        }
    }

    /// The end of the loop: no more letters, then every task is dropped.
    pub(crate) fn close(&self) {
        drop((self.steps.close)(&self.remote));
        drop(self.tasks.drain(|_| true));
    }
}
