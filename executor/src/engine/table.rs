//! The table of tasks: who lives where.
//!
//! A task is *taken out* while it is polled, so that whatever it does (spawn, abort, wake) finds
//! the table unborrowed.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use slab::Slab;

use crate::branches;
use crate::engine::id::{Id, TaskId};
use crate::engine::waker::TaskWaker;
use crate::leaf::Note;

/// What the loop asks of a task, whatever its future and its output are.
///
/// A body that is dropped unfinished answers its handle "cancelled", after its future is gone.
pub(crate) trait Body {
    /// Polls the future once, or drops it if its end was asked for. `Ready`: the handle has its
    /// answer.
    fn step(self: Pin<&mut Self>) -> Poll<()>;

    /// `step` panicked: drops the future and answers the handle with the payload.
    fn panicked(self: Pin<&mut Self>, payload: Box<dyn Any + Send>);

    fn waker(&self) -> &Arc<TaskWaker>;

    /// How many clones of that `Arc` are its own, and no wakers in other hands.
    fn own_wakers(&self) -> usize;
}

/// A task that has been taken out of the table to be polled.
pub(crate) type Running = Pin<Box<dyn Body>>;

// ANCHOR: entry
#[derive(Debug, Default)]
pub(crate) struct TaskTable {
    entries: RefCell<Slab<Entry>>,
    /// Places that are main futures' seats.
    seats: Cell<usize>,
}

struct Entry {
    id: Id,
    state: State,
    /// What the task waits for, as its last leaf noted.
    note: Option<Note>,
    /// If that is several things at once: what they are.
    branches: Option<Box<branches::List>>,
}

enum State {
    /// At home: waiting, or queued. `None`: out to be polled just now.
    Task(Option<Running>),
    /// The main future lives on `block_on`'s stack and has only a seat here.
    Seat(Arc<TaskWaker>),
}
// ANCHOR_END: entry

/// What `take` found in a place.
pub(crate) enum Taken {
    Task(Running),
    Seat,
    /// It is being polled further up: that poll has stepped aside.
    Busy,
    /// Law 4: the task has ended, and maybe another lives there now.
    Nobody,
}

/// Somebody who waits, as lists show it.
pub(crate) struct Waiting {
    pub(crate) waker: Arc<TaskWaker>,
    /// How many clones of that `Arc` are in nobody's hands but its own and this list's.
    pub(crate) own_wakers: usize,
    pub(crate) note: Option<Note>,
    /// What the branches wait for, of a wait that has some.
    pub(crate) branches: Vec<Note>,
    /// It is the main future.
    pub(crate) is_main: bool,
}

/// Clones of a seat's `Arc<TaskWaker>` that are no wakers out: in the table, twice in `block_on`.
const SEAT_WAKERS: usize = 3;

impl TaskTable {
    /// Lets a task move in.
    pub(crate) fn insert(&self, body: Running, waker: &TaskWaker) -> TaskId {
        let mut entries = self.entries.borrow_mut();
        let vacant = entries.vacant_entry();
        let task = waker.move_in(place_of(vacant.key()));
        let (id, state) = (task.id, State::Task(Some(body)));
        vacant.insert(Entry {
            id,
            state,
            note: None,
            branches: None,
        });
        task
    }

    /// Gives the main future a seat.
    pub(crate) fn insert_seat(&self, waker: Arc<TaskWaker>) -> TaskId {
        self.seats.set(self.seats.get() + 1);
        let mut entries = self.entries.borrow_mut();
        let vacant = entries.vacant_entry();
        let task = waker.move_in(place_of(vacant.key()));
        let (id, state) = (task.id, State::Seat(waker));
        vacant.insert(Entry {
            id,
            state,
            note: None,
            branches: None,
        });
        task
    }

    // ANCHOR: take
    /// Takes a task out to be polled.
    pub(crate) fn take(&self, task: TaskId) -> Taken {
        let mut entries = self.entries.borrow_mut();
        match entries.get_mut(task.place as usize) {
            Some(entry) if entry.id == task.id => match &mut entry.state {
                State::Task(body) => body.take().map_or(Taken::Busy, Taken::Task),
                State::Seat(_) => Taken::Seat,
            },
            _ => Taken::Nobody,
        }
    }
    // ANCHOR_END: take

    /// The waker of a task that is at home, or of a main future; and which of the two it is.
    pub(crate) fn waker(&self, task: TaskId) -> Option<(Arc<TaskWaker>, bool)> {
        let entries = self.entries.borrow();
        let entry = entries.get(task.place as usize)?;
        match &entry.state {
            _ if entry.id != task.id => None,
            State::Task(body) => Some((body.as_ref()?.waker().clone(), false)),
            State::Seat(waker) => Some((waker.clone(), true)),
        }
    }

    // ANCHOR: put_back
    /// The poll ended with `Pending`.
    #[inline(always)]
    pub(crate) fn put_back(&self, task: TaskId, body: Running, note: Option<Note>) {
        let mut entries = self.entries.borrow_mut();
        let entry = &mut entries[task.place as usize];
        entry.state = State::Task(Some(body));
        entry.set_note(note);
    }
    // ANCHOR_END: put_back

    /// What a main future waits for, or a task that was never polled.
    pub(crate) fn note(&self, task: TaskId, note: Option<Note>) {
        self.entries.borrow_mut()[task.place as usize].set_note(note);
    }

    /// The task has ended: its place is free for another.
    pub(crate) fn remove(&self, task: TaskId) {
        let left = self.entries.borrow_mut().remove(task.place as usize);
        if let State::Seat(_) = left.state {
            self.seats.set(self.seats.get() - 1);
        }
    }

    /// Everybody at home whom it concerns moves out, in the order of spawning.
    pub(crate) fn drain(&self, concerns: impl Fn(&TaskWaker) -> bool) -> Vec<Running> {
        let mut entries = self.entries.borrow_mut();
        let moves = |entry: &Entry| match &entry.state {
            State::Task(Some(body)) => concerns(body.waker()),
            _ => false,
        };
        let mut homes: Vec<(Id, usize)> = entries
            .iter()
            .filter(|(_, entry)| moves(entry))
            .map(|(place, entry)| (entry.id, place))
            .collect();
        homes.sort_unstable();
        homes
            .into_iter()
            .filter_map(|(_, place)| match entries.remove(place).state {
                State::Task(body) => body,
                State::Seat(_) => None,
            })
            .collect()
    }

    /// How many tasks there are, main futures not counted.
    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len() - self.seats.get()
    }

    /// Everybody that waits, in the order of spawning.
    pub(crate) fn waiting(&self) -> Vec<Waiting> {
        let entries = self.entries.borrow();
        let mut list: Vec<Waiting> = entries
            .iter()
            .filter_map(|(_, entry)| {
                let (waker, own_wakers) = match &entry.state {
                    State::Task(Some(body)) => (body.waker(), body.own_wakers()),
                    State::Task(None) => return None,
                    State::Seat(waker) => (waker, SEAT_WAKERS),
                };
                Some(Waiting {
                    waker: waker.clone(),
                    own_wakers: own_wakers + 1,
                    note: entry.note,
                    branches: entry.branches(),
                    is_main: matches!(entry.state, State::Seat(_)),
                })
            })
            .collect();
        list.sort_unstable_by_key(|waiting| waiting.waker.id);
        list
    }
}

impl Entry {
    #[inline]
    fn set_note(&mut self, note: Option<Note>) {
        self.note = note;
        if branches::is_any() {
            branches::read(&mut self.branches);
        }
    }

    fn branches(&self) -> Vec<Note> {
        match (&self.branches, self.note) {
            (Some(list), Some(note)) => list.of(note),
            _ => Vec::new(),
        }
    }
}

fn place_of(key: usize) -> u32 {
    u32::try_from(key).expect("more than 2^32 tasks at once")
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("id", &self.id)
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}
