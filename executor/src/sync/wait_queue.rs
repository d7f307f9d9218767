//! The line: who waits, in order of arrival.
//!
//! Every primitive of this room keeps its waiters in a [`WaitQueue`] inside its own mutex. To join,
//! to be called and to leave from the middle cost the same however long the line is: the waiters
//! sit in a slab, and each knows the keys of its neighbours.
//!
//! ```text
//!          join               call_first           leave
//!   poll  ------>  waiting  -------------> called ------->  done, or passed on
//!                     |
//!                     +----------- leave ---------------->  gone, as if never there
//! ```
//!
//! **Invariant L1: a place lasts until its waiter leaves.** Who is called is taken out of the line
//! and keeps its entry, where it finds that it was called, and what it was told.
//!
//! **Invariant L2: each key that was given out comes back once, by `leave`.** Futures see to that
//! when they are ready and when they are dropped, so a key needs no serial (law 4): nobody else
//! gets its entry before. `called` counts those that were called and have not left yet.

use std::task::Waker;

use slab::Slab;

use crate::sync::wakers::{Arrival, NeedsClone, Outgoing};

// ANCHOR: queue
/// A line of waiters, each with a `T` of plain data: how many permits it wants, say, or what it is
/// told when it is called.
#[derive(Debug)]
pub(crate) struct WaitQueue<T> {
    // Those in line, and those called.
    waiters: Slab<Waiter<T>>,
    first: Option<usize>,
    last: Option<usize>,

    // Called, but they have not run since.
    called: usize,
}

#[derive(Debug)]
struct Waiter<T> {
    // None after `rouse`, for who joined without one, and for who was called.
    waker: Option<Waker>,
    data: T,
    is_called: bool,
    ahead: Option<usize>,
    behind: Option<usize>,
}
// ANCHOR_END: queue

/// A waiter's place in a line. It is given back by [`WaitQueue::leave`].
#[derive(Debug)]
pub(crate) struct WaiterKey {
    index: usize,
}

/// How a waiter left.
#[derive(Debug)]
pub(crate) enum Left<T> {
    /// It was still waiting; its waker must be dropped outside the lock.
    Waiting(T, Option<Waker>),
    /// It had been called: what it was called for is in its hands, to use or to pass on.
    Called(T),
}

impl<T> WaitQueue<T> {
    pub(crate) const fn new() -> Self {
        WaitQueue {
            waiters: Slab::new(),
            first: None,
            last: None,
            called: 0,
        }
    }

    /// Waits in the line: at the back for who comes with no key, else where it stands, with the
    /// waker of this poll.
    pub(crate) fn wait(
        &mut self,
        key: &mut Option<WaiterKey>,
        data: T,
        arrival: &mut Arrival<'_>,
    ) -> Result<(), NeedsClone> {
        match key {
            Some(key) => self.stay(key, arrival),
            None => {
                *key = Some(self.join(data, Some(arrival.take()?)));
                Ok(())
            }
        }
    }

    /// Stays where it stands, with the waker of this poll.
    pub(crate) fn stay(
        &mut self,
        key: &WaiterKey,
        arrival: &mut Arrival<'_>,
    ) -> Result<(), NeedsClone> {
        arrival.refresh(&mut self.waiters[key.index].waker)
    }

    /// Goes to the back of the line; without a waker, if it will be polled later.
    #[inline]
    pub(crate) fn join(&mut self, data: T, waker: Option<Waker>) -> WaiterKey {
        let index = self.waiters.insert(Waiter {
            waker,
            data,
            is_called: false,
            ahead: self.last,
            behind: None,
        });
        match self.last {
            Some(last) => self.waiters[last].behind = Some(index),
            None => self.first = Some(index),
        }
        self.last = Some(index);
        WaiterKey { index }
    }

    /// The data of the first in line.
    pub(crate) fn first_mut(&mut self) -> Option<&mut T> {
        let first = self.first?;
        Some(&mut self.waiters[first].data)
    }

    /// Calls the first in line: takes it out and has it woken. False if the line is empty.
    pub(crate) fn call_first(&mut self, out: &mut Outgoing) -> bool {
        let called = self.take_first();
        if let Some(Some(waker)) = called {
            out.call(waker);
            return true;
        }
        called.is_some()
    }

    /// Calls the first in line, if there is one: its waker, to be woken after the lock.
    #[inline]
    pub(crate) fn take_first(&mut self) -> Option<Option<Waker>> {
        Some(self.call(self.first?))
    }

    /// The same, and it is told something.
    #[inline]
    pub(crate) fn tell_first(&mut self, told: T) -> Option<Option<Waker>> {
        *self.first_mut()? = told;
        self.take_first()
    }

    /// The same with the last in line, who came latest.
    pub(crate) fn tell_last(&mut self, told: T) -> Option<Option<Waker>> {
        let last = self.last?;
        self.waiters[last].data = told;
        Some(self.call(last))
    }

    #[inline]
    fn call(&mut self, index: usize) -> Option<Waker> {
        self.called += 1;
        let waiter = &mut self.waiters[index];
        waiter.is_called = true;
        let waker = waiter.waker.take();
        let (ahead, behind) = (waiter.ahead, waiter.behind);
        self.close_gap(ahead, behind);
        waker
    }

    /// Calls everybody who waits now, from first to last.
    pub(crate) fn call_all(&mut self, out: &mut Outgoing) {
        out.reserve(self.len());
        while self.call_first(out) {}
    }

    /// The same, and each is told something.
    pub(crate) fn tell_all(&mut self, told: T, out: &mut Outgoing)
    where
        T: Copy,
    {
        out.reserve(self.len());
        while let Some(waker) = self.tell_first(told) {
            waker.into_iter().for_each(|waker| out.call(waker));
        }
    }

    /// Has everybody woken without calling them: they find something changed, and leave.
    pub(crate) fn rouse(&mut self, out: &mut Outgoing) {
        let mut next = self.first;
        while let Some(index) = next {
            let waiter = &mut self.waiters[index];
            next = waiter.behind;
            if let Some(waker) = waiter.waker.take() {
                out.call(waker);
            }
        }
    }

    /// Gives the place back if its waiter has been called: what it was told.
    #[inline]
    pub(crate) fn leave_if_called(&mut self, key: &mut Option<WaiterKey>) -> Option<T> {
        let index = key.as_ref()?.index;
        if !self.waiters[index].is_called {
            return None;
        }
        *key = None;
        self.called -= 1;
        Some(self.waiters.remove(index).data)
    }

    // ANCHOR: leave
    /// Gives a place back.
    #[inline]
    pub(crate) fn leave(&mut self, key: WaiterKey) -> Left<T> {
        let waiter = self.waiters.remove(key.index);
        if waiter.is_called {
            self.called -= 1;
            return Left::Called(waiter.data);
        }
        self.close_gap(waiter.ahead, waiter.behind);
        Left::Waiting(waiter.data, waiter.waker)
    }

    /// The neighbours of one that has gone from the line.
    #[inline]
    fn close_gap(&mut self, ahead: Option<usize>, behind: Option<usize>) {
        match ahead {
            Some(ahead) => self.waiters[ahead].behind = behind,
            None => self.first = behind,
        }
        match behind {
            Some(behind) => self.waiters[behind].ahead = ahead,
            None => self.last = ahead,
        }
    }
    // ANCHOR_END: leave

    /// True until the waiter is called.
    #[inline]
    pub(crate) fn still_waits(&self, key: &WaiterKey) -> bool {
        !self.waiters[key.index].is_called
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiters.len() - self.called
    }

    /// How many were called and have not run since.
    pub(crate) fn called(&self) -> usize {
        self.called
    }

    /// True if nobody would be overtaken: nobody waits, and everybody called has run.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.first.is_none() && self.called == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Counts its calls.
    #[derive(Default)]
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A waiter as the model sees it.
    struct Guest {
        name: u32,
        key: WaiterKey,
        bell: Arc<Bell>,
    }

    /// Marsaglia's xorshift: a test wants the same numbers everywhere, not good ones.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % sides as u64) as usize
        }
    }

    #[test]
    fn a_line_behaves_like_a_deque_under_random_operations() {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut line = WaitQueue::new();
        let mut model: VecDeque<Guest> = VecDeque::new();
        let mut called: Vec<Guest> = Vec::new();

        for name in 0..200_000 {
            // Long lines and empty ones: what is likely changes over time.
            let joins = if name / 1_000 % 2 == 0 { 5 } else { 2 };
            let mut out = Outgoing::new();
            match dice.roll(joins + 4) {
                0 => {
                    let expected = model.pop_front();
                    assert_eq!(line.call_first(&mut out), expected.is_some());
                    out.settle();
                    if let Some(guest) = expected {
                        assert_eq!(guest.bell.0.load(Ordering::Relaxed), 1);
                        called.push(guest);
                    }
                }
                1 if !model.is_empty() => {
                    let guest = model.remove(dice.roll(model.len())).unwrap();
                    match line.leave(guest.key) {
                        Left::Waiting(wants, Some(_)) => assert_eq!(wants, guest.name),
                        left => panic!("guest {} left as {left:?}", guest.name),
                    }
                    assert_eq!(guest.bell.0.load(Ordering::Relaxed), 0);
                }
                2 if !called.is_empty() => {
                    let guest = called.swap_remove(dice.roll(called.len()));
                    assert!(!line.still_waits(&guest.key));
                    assert!(
                        matches!(line.leave(guest.key), Left::Called(told) if told == guest.name)
                    );
                }
                3 if dice.roll(4) == 0 => {
                    let expected = model.pop_back();
                    let waker = line.tell_last(name);
                    assert_eq!(waker.is_some(), expected.is_some());
                    if let Some(mut guest) = expected {
                        waker.flatten().unwrap().wake();
                        assert_eq!(guest.bell.0.load(Ordering::Relaxed), 1);
                        guest.name = name;
                        called.push(guest);
                    }
                }
                3 if dice.roll(500) == 0 => {
                    line.call_all(&mut out);
                    out.settle();
                    for guest in model.drain(..) {
                        assert_eq!(guest.bell.0.load(Ordering::Relaxed), 1);
                        called.push(guest);
                    }
                }
                _ => {
                    let bell = Arc::new(Bell::default());
                    let key = line.join(name, Some(Waker::from(bell.clone())));
                    model.push_back(Guest { name, key, bell });
                }
            }
            assert_eq!(line.len(), model.len());
            assert_eq!(line.called(), called.len());
            assert_eq!(line.first_mut().copied(), model.front().map(|g| g.name));
            assert_eq!(line.is_idle(), model.is_empty() && called.is_empty());
            if name % 1_000 == 0 {
                assert!(model.iter().all(|guest| line.still_waits(&guest.key)));
            }
        }
    }

    #[test]
    fn those_roused_are_woken_in_order_and_stay_in_line() {
        let mut line = WaitQueue::new();
        let bells: Vec<_> = (0..3).map(|_| Arc::new(Bell::default())).collect();
        let keys: Vec<_> = bells
            .iter()
            .map(|bell| line.join((), Some(Waker::from(bell.clone()))))
            .collect();

        let mut out = Outgoing::new();
        line.rouse(&mut out);
        out.settle();

        assert!(bells.iter().all(|bell| bell.0.load(Ordering::Relaxed) == 1));
        assert!(keys.iter().all(|key| line.still_waits(key)));
    }

    #[test]
    fn who_was_called_keeps_its_entry_until_it_leaves() {
        let mut line = WaitQueue::new();
        let first = line.join(1, Some(Waker::noop().clone()));
        let waker = line.tell_first(10);
        assert!(waker.is_some());

        let second = line.join(2, Some(Waker::noop().clone()));

        assert_ne!(first.index, second.index);
        assert!(!line.still_waits(&first));
        assert!(line.still_waits(&second));
        assert!(matches!(line.leave(first), Left::Called(10)));
        assert!(matches!(line.leave(second), Left::Waiting(2, Some(_))));
    }
}
