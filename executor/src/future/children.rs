//! Children that are polled in place: what `gather`, `wait` and `as_completed` stand on.
//!
//! They start in the order given, at most `limit` of them at a time; those that were woken are
//! polled in the order of waking; and each at most once in a turn, so that a child that is always
//! ready starves nobody.

use std::collections::VecDeque;
use std::future::{Future, IntoFuture};
use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::vec;

use slab::Slab;

use crate::future::roster::{Bell, Key, Roster};
use crate::leaf;

pub(crate) struct Children<F> {
    /// Not started yet, in the order given.
    unstarted: vec::IntoIter<F>,
    /// How many have been started.
    started: usize,
    /// Started and not ended.
    running: Slab<Child<F>>,
    limit: usize,
    /// Whose turn it is: just started, or woken and not polled since.
    turn: VecDeque<Key>,
    roster: Arc<Roster>,
}

struct Child<F> {
    index: usize,
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl<F: Future> Children<F> {
    pub(crate) fn new<I>(futures: I) -> Self
    where
        I: IntoIterator,
        I::Item: IntoFuture<IntoFuture = F>,
    {
        let futures: Vec<F> = futures.into_iter().map(IntoFuture::into_future).collect();
        Children {
            unstarted: futures.into_iter(),
            started: 0,
            running: Slab::new(),
            limit: usize::MAX,
            turn: VecDeque::new(),
            roster: Arc::default(),
        }
    }

    /// Polls everybody whose turn it is, and hands the output of each that ends to `ended`, with
    /// its place in the order given. `Ready`: all have ended, or `ended` said that it is enough.
    pub(crate) fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        mut ended: impl FnMut(usize, F::Output) -> ControlFlow<()>,
    ) -> Poll<()> {
        self.roster.ask(cx.waker(), &mut self.turn);
        self.start();
        while !self.turn.is_empty() {
            // With the budget spent, the rest of the turn goes on in the task's next poll.
            ready!(leaf::proceed(cx));
            let Some(key) = self.turn.pop_front() else {
                break;
            };
            if let Some(output) = self.poll_child(key) {
                self.start();
                if ended(key.index, output).is_break() {
                    return Poll::Ready(());
                }
            }
        }
        match self.running.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Starts as many as the limit allows: they stand behind those whose turn it is.
    fn start(&mut self) {
        while self.running.len() < self.limit
            && let Some(future) = self.unstarted.next()
        {
            self.admit(future);
        }
    }

    /// Starts one more: it stands behind those whose turn it is.
    pub(crate) fn admit(&mut self, future: F) {
        let place = self.running.vacant_entry();
        let key = Key {
            slot: place.key(),
            index: self.started,
        };
        self.started += 1;
        let bell = Bell::new(self.roster.clone(), key);
        place.insert(Child {
            index: key.index,
            future: Box::pin(future),
            waker: Waker::from(bell.clone()),
            bell,
        });
        self.turn.push_back(key);
    }

    fn poll_child(&mut self, key: Key) -> Option<F::Output> {
        let child = self.running.get_mut(key.slot)?;
        // Law 4: a ring that comes late must not reach the successor in the slot.
        if child.index != key.index {
            return None;
        }
        child.bell.reset();
        let mut cx = Context::from_waker(&child.waker);
        let Poll::Ready(output) = child.future.as_mut().poll(&mut cx) else {
            return None;
        };
        let child = self.running.remove(key.slot);
        child.bell.silence();
        drop(child);
        Some(output)
    }
}

impl<F> Children<F> {
    /// From now on, at most `limit` are started and not ended.
    ///
    /// # Panics
    ///
    /// If `limit` is 0.
    #[track_caller]
    pub(crate) fn set_limit(&mut self, limit: usize) {
        assert!(
            limit > 0,
            "`limit(0)` would never start anything: give the number that may run at a time, or \
             leave `limit` out to run all"
        );
        self.limit = limit;
    }

    /// How many have not ended.
    pub(crate) fn len(&self) -> usize {
        self.unstarted.len() + self.running.len()
    }

    /// Those that are started and not ended, in no particular order.
    pub(crate) fn running(&self) -> impl Iterator<Item = &F> {
        self.running.iter().map(|(_, child)| &*child.future)
    }

    /// Drops all that have not ended, in the order given.
    pub(crate) fn clear(&mut self) {
        let running = self.take_running();
        let unstarted = mem::take(&mut self.unstarted);
        drop(running);
        drop(unstarted);
    }

    fn take_running(&mut self) -> Vec<Child<F>> {
        self.turn.clear();
        let running = mem::take(&mut self.running).into_iter();
        let mut running: Vec<Child<F>> = running.map(|(_, child)| child).collect();
        running.sort_by_key(|child| child.index);
        running
    }
}

impl<F: Unpin> Children<F> {
    /// Takes out all that have not ended, in the order given.
    pub(crate) fn take_rest(&mut self) -> Vec<F> {
        let running = self.take_running().into_iter();
        let running = running.map(|child| *Pin::into_inner(child.future));
        running.chain(mem::take(&mut self.unstarted)).collect()
    }
}

/// The children are pinned in boxes of their own.
impl<F> Unpin for Children<F> {}

impl<F> Drop for Children<F> {
    fn drop(&mut self) {
        self.roster.retire();
        self.clear();
    }
}
