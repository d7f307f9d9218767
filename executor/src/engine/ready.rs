//! The ready queue: a local FIFO and, for other threads, an inbox.
//!
//! A task stands in at most one of them, once: whoever turns its `queued` flag on does the push
//! (see `waker`).
//!
//! ```text
//!   wake on the loop's thread ----> local queue --------------+
//!                                                             v
//!   wake, letter on any other ----> inbox --- read_letters -> turn
//!                                     |
//!                                     +--- was the loop parked? then unpark it, once
//! ```
//!
//! Why no wake-up is lost: the letters and the `parked` flag live under one mutex. The loop
//! parks only if it found no letter *while it set the flag*; a letter that comes later finds the
//! flag set, takes it down and interrupts the park. There is no third order. While the loop runs
//! the flag is down, so a wake from another thread costs a short lock and no system call.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::engine::id::TaskId;
use crate::shim::atomic::{AtomicBool, Ordering};
use crate::shim::{Mutex, Unparker, lock};

/// What another thread may ask of the loop.
pub(crate) enum Letter {
    /// This task can go on.
    Wake(TaskId),
    /// Run this on the loop's thread ("spawn this", "drop that timer", "forget that source").
    Call(Box<dyn FnOnce() + Send>),
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Letter::Wake(id) => f.debug_tuple("Wake").field(id).finish(),
            Letter::Call(_) => f.write_str("Call"),
        }
    }
}

// ANCHOR: queue
/// The loop's own half: who runs next.
#[derive(Debug)]
pub(crate) struct ReadyQueue {
    tasks: RefCell<VecDeque<TaskId>>,
    remote: Arc<Remote>,
}

thread_local! {
    /// The queue of the loop that this thread is inside of.
    static HERE: RefCell<Option<Rc<ReadyQueue>>> = const { RefCell::new(None) };
}

impl ReadyQueue {
    pub(crate) fn new(remote: Arc<Remote>) -> Rc<Self> {
        Rc::new(ReadyQueue {
            tasks: RefCell::new(VecDeque::new()),
            remote,
        })
    }

    pub(crate) fn push(&self, id: TaskId) {
        self.tasks.borrow_mut().push_back(id);
    }

    pub(crate) fn pop(&self) -> Option<TaskId> {
        self.tasks.borrow_mut().pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.borrow().len()
    }

    /// Puts those who stand in line now into an order that `below` draws: each order is as likely
    /// as any other (Fisher and Yates).
    pub(crate) fn shuffle(&self, below: impl Fn(u32) -> u32) {
        let mut tasks = self.tasks.borrow_mut();
        for left in (2..=tasks.len()).rev() {
            tasks.swap(left - 1, below(left as u32) as usize);
        }
    }

    /// From now on this thread is inside of this queue's loop (`None`: of no loop). Returns what
    /// was before.
    pub(crate) fn set_here(queue: Option<Rc<ReadyQueue>>) -> Option<Rc<ReadyQueue>> {
        // The thread may be ending, and with it its thread-locals: then there is no "here".
        HERE.try_with(|here| here.replace(queue)).ok().flatten()
    }
}
// ANCHOR_END: queue

/// The half that other threads hold: law 7's first door between threads.
pub(crate) struct Remote {
    // Any thread, under its lock.
    inbox: Mutex<Inbox>,

    // Any thread. Only a hint that spares a running loop the lock: what counts is the inbox.
    has_letters: AtomicBool,
}

/// Under one lock, because parking asks about all of it at once.
#[derive(Default)]
struct Inbox {
    letters: Vec<Letter>,
    /// A thread turns the loop: somebody will read.
    attended: bool,
    /// The loop waits in the reactor, or is about to.
    parked: bool,
    /// How to interrupt the wait. `None`: the loop is gone, nobody will read, and whoever still
    /// holds this half keeps no file open.
    unparker: Option<Unparker>,
    /// The loop ends: what is left of it can be woken, and nothing new is done.
    refuses_calls: bool,
    /// Calls that are out on other threads: the paused clock stands still for them.
    jobs: usize,
    /// Waits for something outside that may never come: the clock does not stand still for them,
    /// and they are no stall.
    hopes: usize,
}

impl Remote {
    pub(crate) fn new(unparker: impl Into<Unparker>) -> Arc<Self> {
        Arc::new(Remote {
            inbox: Mutex::new(Inbox {
                unparker: Some(unparker.into()),
                ..Inbox::default()
            }),
            has_letters: AtomicBool::new(false),
        })
    }

    // ANCHOR: push
    /// Puts a task into its loop's queue, from any thread.
    ///
    /// Law 8 (a wake never waits for room or for user code, and never fails): the inbox has no
    /// bound, and after the loop has gone there is nothing left to wake.
    pub(crate) fn wake(self: &Arc<Self>, id: TaskId) {
        let pushed = HERE.try_with(|here| match &*here.borrow() {
            Some(queue) if Arc::ptr_eq(&queue.remote, self) => {
                queue.push(id);
                true
            }
            _ => false,
        });
        if pushed != Ok(true) {
            let _ = self.send(Letter::Wake(id));
        }
    }

    /// Puts a letter into the inbox and interrupts the loop if it is parked.
    ///
    /// # Errors
    ///
    /// The letter comes back if the loop is gone; a call also while it ends.
    pub(crate) fn send(&self, letter: Letter) -> Result<(), Letter> {
        let parked = {
            let mut inbox = lock(&self.inbox);
            let is_call = matches!(letter, Letter::Call(_));
            if inbox.unparker.is_none() || is_call && inbox.refuses_calls {
                return Err(letter);
            }
            inbox.letters.push(letter);
            self.has_letters.swap(true, Ordering::AcqRel);
            inbox.take_parked()
        };
        if let Some(unparker) = parked {
            unparker.unpark();
        }
        Ok(())
    }
    // ANCHOR_END: push

    // ANCHOR: parked
    /// The loop's side: may it park? Only if no letter has come, and then the next one will
    /// interrupt it.
    pub(crate) fn begin_park(&self) -> bool {
        let mut inbox = lock(&self.inbox);
        inbox.parked = inbox.letters.is_empty();
        inbox.parked
    }

    /// The loop's side: awake again.
    pub(crate) fn end_park(&self) {
        lock(&self.inbox).parked = false;
    }
    // ANCHOR_END: parked

    /// The loop's side: whether a look into the inbox is worth its lock.
    #[inline]
    pub(crate) fn has_letters(&self) -> bool {
        self.has_letters.load(Ordering::Acquire)
    }

    /// The loop's side: takes the letters that have come, into an empty `letters`.
    pub(crate) fn read_letters(&self, letters: &mut Vec<Letter>) {
        if !self.has_letters() {
            return;
        }
        let mut inbox = lock(&self.inbox);
        self.has_letters.swap(false, Ordering::AcqRel);
        std::mem::swap(&mut inbox.letters, letters);
    }

    /// Nothing has come and nothing is out: asked at one instant, so that an answer that is
    /// being delivered is seen as one or the other.
    pub(crate) fn is_quiet(&self) -> bool {
        let inbox = lock(&self.inbox);
        inbox.letters.is_empty() && inbox.jobs == 0
    }

    /// A call leaves for another thread.
    pub(crate) fn job_leaves(&self) {
        lock(&self.inbox).jobs += 1;
    }

    /// Its answer is in place and whoever awaits it has been woken.
    pub(crate) fn job_is_back(&self) {
        let parked = {
            let mut inbox = lock(&self.inbox);
            inbox.jobs -= 1;
            // A loop that stood still for this job looks again.
            match inbox.jobs {
                0 => inbox.take_parked(),
                _ => None,
            }
        };
        if let Some(unparker) = parked {
            unparker.unpark();
        }
    }

    /// Whether the loop has ended.
    #[cfg(feature = "signal")]
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.inbox).unparker.is_none()
    }

    pub(crate) fn jobs(&self) -> usize {
        lock(&self.inbox).jobs
    }

    /// A task waits for something outside that may never come.
    pub(crate) fn hope_begins(&self) {
        lock(&self.inbox).hopes += 1;
    }

    /// It has come, and whoever awaits it has been woken; or nobody awaits it any more.
    pub(crate) fn hope_ends(&self) {
        lock(&self.inbox).hopes -= 1;
    }

    /// Whether another thread is to answer, for certain or perhaps.
    pub(crate) fn is_awaiting(&self) -> bool {
        let inbox = lock(&self.inbox);
        inbox.jobs + inbox.hopes > 0
    }

    /// Letters that have not been read.
    pub(crate) fn letters(&self) -> usize {
        lock(&self.inbox).letters.len()
    }

    /// The loop's side: a thread turns it from now on. `false`: the door is shut, and it cannot
    /// be turned any more.
    pub(crate) fn attend(&self) -> bool {
        let mut inbox = lock(&self.inbox);
        inbox.attended = inbox.unparker.is_some();
        inbox.attended
    }

    /// The loop's side: nobody turns it for now.
    pub(crate) fn leave(&self) {
        lock(&self.inbox).attended = false;
    }

    /// Whether a thread turns the loop just now.
    pub(crate) fn is_attended(&self) -> bool {
        lock(&self.inbox).attended
    }

    /// The loop's side: no more calls. Those that nobody will read come back, to be dropped by the
    /// caller.
    pub(crate) fn refuse_calls(&self) -> Vec<Letter> {
        let mut inbox = lock(&self.inbox);
        inbox.refuses_calls = true;
        let is_call = |letter: &mut Letter| matches!(letter, Letter::Call(_));
        inbox.letters.extract_if(.., is_call).collect()
    }

    /// Shuts the door. What nobody will read comes back, to be dropped by the caller.
    pub(crate) fn close(&self) -> Vec<Letter> {
        lock(&self.inbox).close()
    }

    /// Shuts the door, unless somebody turns the loop, who must do it himself.
    pub(crate) fn close_unattended(&self) -> Option<Vec<Letter>> {
        let mut inbox = lock(&self.inbox);
        (!inbox.attended).then(|| inbox.close())
    }
}

impl Inbox {
    /// Takes the flag down. If it was up, the caller is to interrupt the loop, after the lock.
    fn take_parked(&mut self) -> Option<Unparker> {
        match std::mem::take(&mut self.parked) {
            true => self.unparker.clone(),
            false => None,
        }
    }

    fn close(&mut self) -> Vec<Letter> {
        self.unparker = None;
        std::mem::take(&mut self.letters)
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inbox = lock(&self.inbox);
        f.debug_struct("Remote")
            .field("letters", &inbox.letters.len())
            .field("parked", &inbox.parked)
            .field("closed", &inbox.unparker.is_none())
            .field("jobs", &inbox.jobs)
            .finish_non_exhaustive()
    }
}

/// Wrong on purpose: the steps that the models must find fault with.
#[cfg(all(test, mainspring_loom))]
impl Remote {
    /// Looks at the letters and sets the flag in two steps.
    pub(crate) fn begin_park_in_two_steps(&self) -> bool {
        let is_empty = lock(&self.inbox).letters.is_empty();
        lock(&self.inbox).parked = is_empty;
        is_empty
    }

    /// Looks at the flag and puts the letter in in two steps.
    pub(crate) fn send_in_two_steps(&self, letter: Letter) {
        let parked = lock(&self.inbox).take_parked();
        lock(&self.inbox).letters.push(letter);
        self.has_letters.swap(true, Ordering::AcqRel);
        if let Some(unparker) = parked {
            unparker.unpark();
        }
    }

    /// Takes the hint down when the lock is gone.
    pub(crate) fn read_letters_and_forget(&self, letters: &mut Vec<Letter>) {
        if !self.has_letters.load(Ordering::Acquire) {
            return;
        }
        std::mem::swap(&mut lock(&self.inbox).letters, letters);
        self.has_letters.swap(false, Ordering::AcqRel);
    }

    /// Empties the inbox and leaves the door open.
    pub(crate) fn close_without_shutting(&self) -> Vec<Letter> {
        std::mem::take(&mut lock(&self.inbox).letters)
    }
}
