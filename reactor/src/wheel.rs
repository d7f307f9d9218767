//! A hierarchical timer wheel that keeps the exact order of deadlines.
//!
//! A timer is in one of four places, by its distance from the wheel's position:
//!
//! ```text
//!   position
//!      v
//!  ....|....|----+----+----+----+----+----+----|--------------------->   NEVER
//! soon, near|           levels: 6 of 64        |        far
//!   (sorted)|            (files)               |      (sorted)
//! ```
//!
//! `levels` is where a timer costs next to nothing: filed by a few bits of its deadline,
//! unsorted, taken out by swapping the last of its slot into its place. Most are set aside again
//! before they are due. When the position reaches a slot, it is emptied: one of a higher level
//! over the levels below, one of level 0 is sorted and fires. What of it is still ahead stays as
//! it was sorted (`soon`); what is set for the slot at hand afterwards goes to `near`. `far`
//! holds what no level reaches, until the position gets there.
//!
//! # Source
//!
//! Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987), scheme 7. Changed
//! here: one word of bits per level tells where the next timer is, so that empty slots are not
//! visited; deadlines are kept to the nanosecond and a slot is sorted once, when it comes due;
//! what lies beyond the top level waits in a tree instead of a slot that comes round too early.

use std::collections::BTreeMap;
use std::fmt;
use std::task::Waker;

use slab::Slab;

use crate::levels::{Levels, SlotId};
use crate::tick::Tick;

/// Timers, each a deadline and a [`Waker`], that tell who is due.
///
/// [`insert`](Wheel::insert), [`cancel`](Wheel::cancel) and [`reset`](Wheel::reset) take the
/// same short time however many timers there are. The wheel has no clock: it is told the time by
/// [`advance`](Wheel::advance), and it wakes nobody itself, but hands the wakers over, so that
/// its owner can wake them when he has let go of the wheel. For the same reason every method
/// that puts a waker out of use returns it.
///
/// asyncio keeps a heap of `TimerHandle`s in its place, tokio a wheel inside its time driver.
///
/// ```
/// use std::task::Waker;
/// use std::time::Duration;
/// use mainspring_reactor::{Tick, Wheel};
///
/// let waker = Waker::noop();
/// let second = Tick::ZERO.saturating_add(Duration::from_secs(1));
/// let hour = Tick::ZERO.saturating_add(Duration::from_secs(3600));
///
/// let mut wheel = Wheel::new();
/// let limit = wheel.insert(hour, waker.clone());
/// wheel.insert(second, waker.clone());
/// assert_eq!(wheel.next(), Some(second));
///
/// let mut due = Vec::new();
/// wheel.advance(second, &mut due);
/// assert_eq!(due.len(), 1);
///
/// assert!(wheel.cancel(limit).is_some());
/// assert!(wheel.is_empty());
/// ```
pub struct Wheel {
    timers: Slab<Timer>,

    /// How often a timer was made or set anew: the next serial.
    made: u64,

    /// The latest moment that the wheel was told. All timers that are due before it have fired.
    position: Tick,

    /// What is left of the slot of level 0 that was opened last, the first at the end. Who has
    /// left meanwhile still stands here, and is known by an order that its timer has no more.
    soon: Vec<(Order, u32)>,

    /// Timers that were set for that slot later, and overdue ones.
    near: BTreeMap<Order, u32>,

    /// Timers of later slots.
    levels: Levels,

    /// Timers beyond the top level, but not those that never fire.
    far: BTreeMap<Order, u32>,

    /// What is being sorted or filed anew; empty otherwise.
    opened: Vec<(Order, u32)>,
}

/// The name of one timer in a [`Wheel`].
///
/// When the timer has fired or was cancelled, the key reaches nobody, also not the timer that
/// takes its place in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerKey {
    index: u32,
    serial: u64,
}

/// The order of firing: by deadline, and equal ones in the order in which they were set.
type Order = (Tick, u64);

struct Timer {
    waker: Waker,
    order: Order,
    serial: u64,
    place: Place,
}

enum Place {
    Soon,
    Near,
    Slot { slot: SlotId, place: u32 },
    Far,
    Never,
}

/// Timers that are read in one go when a slot is filed anew.
///
/// A few dozen would do to keep the memory busy; many thousands would be out of its caches again
/// before they are filed.
const BATCH: usize = 256;

/// Memory for how many timers is kept to sort the next slot.
///
/// Without a limit the fullest moment would be kept for ever; with a small one, each busy slot
/// would ask for memory and give it back.
const KEPT: usize = 4096;

impl Wheel {
    /// An empty wheel whose position is [`Tick::ZERO`].
    pub fn new() -> Self {
        Wheel::starting_at(Tick::ZERO)
    }

    /// An empty wheel whose position is `now`.
    pub fn starting_at(now: Tick) -> Self {
        Wheel {
            timers: Slab::new(),
            made: 0,
            position: now,
            soon: Vec::new(),
            near: BTreeMap::new(),
            levels: Levels::new(),
            far: BTreeMap::new(),
            opened: Vec::new(),
        }
    }

    /// Sets a timer: `waker` is handed over by the first [`advance`](Wheel::advance) that reaches
    /// `deadline`.
    ///
    /// A deadline that has passed already is due at the next `advance`. [`Tick::NEVER`] is kept
    /// until it is cancelled or reset.
    ///
    /// asyncio's counterpart is `loop.call_at`, tokio's the first poll of a `Sleep`.
    ///
    /// # Panics
    ///
    /// If 2^32 timers are set at the same time.
    pub fn insert(&mut self, deadline: Tick, waker: Waker) -> TimerKey {
        let index = u32::try_from(self.timers.vacant_key())
            .expect("a wheel holds fewer than 2^32 timers; cancel those that nobody awaits");
        let serial = self.next_serial();
        let order = (deadline, serial);
        let place = self.place(index, order);
        self.timers.insert(Timer {
            waker,
            order,
            serial,
            place,
        });
        TimerKey { index, serial }
    }

    /// Takes a timer out, whose waker is returned: it is for the caller to drop.
    ///
    /// `None` if it has fired or was cancelled before.
    ///
    /// asyncio's counterpart is `TimerHandle.cancel`, tokio's the end of a `Sleep`.
    pub fn cancel(&mut self, key: TimerKey) -> Option<Waker> {
        self.get(key)?;
        self.unlink(key.index);
        Some(self.timers.remove(key.index as usize).waker)
    }

    /// Sets a timer anew, as if it were made just now: among equal deadlines it is the last.
    ///
    /// `false` if it has fired or was cancelled.
    ///
    /// tokio's counterpart is `Sleep::reset`.
    pub fn reset(&mut self, key: TimerKey, deadline: Tick) -> bool {
        if !self.contains(key) {
            return false;
        }
        self.unlink(key.index);
        let order = (deadline, self.next_serial());
        let place = self.place(key.index, order);
        let timer = &mut self.timers[key.index as usize];
        timer.order = order;
        timer.place = place;
        true
    }

    /// Gives a timer another waker. What is returned is the waker that is out of use, for the
    /// caller to drop: the old one, or, if the timer has fired or was cancelled, the given one.
    pub fn replace_waker(&mut self, key: TimerKey, waker: Waker) -> Option<Waker> {
        match self.timers.get_mut(key.index as usize) {
            Some(timer) if timer.serial == key.serial => {
                Some(std::mem::replace(&mut timer.waker, waker))
            }
            _ => Some(waker),
        }
    }

    /// The waker of a timer, to be compared by [`Waker::will_wake`]; `None` if the timer has
    /// fired or was cancelled.
    pub fn waker(&self, key: TimerKey) -> Option<&Waker> {
        self.get(key).map(|timer| &timer.waker)
    }

    /// Whether a timer is still set.
    pub fn contains(&self, key: TimerKey) -> bool {
        self.get(key).is_some()
    }

    /// How many timers are set, those that never fire included.
    pub fn len(&self) -> usize {
        self.timers.len()
    }

    /// Whether no timer is set.
    pub fn is_empty(&self) -> bool {
        self.timers.is_empty()
    }

    /// A moment before which no timer is due, for waiting in real time; `None` if none will ever
    /// be due.
    ///
    /// It is the first deadline, or too early if the timer that had the first deadline of a slot
    /// was cancelled: whoever waits until then and advances the wheel is told a later one.
    pub fn bound(&self) -> Option<Tick> {
        let soon = self.soon.last().map(|(order, _)| order.0);
        let near = self.near.first_key_value().map(|(order, _)| order.0);
        if let Some(first) = soon.into_iter().chain(near).min() {
            return Some(first);
        }
        if let Some(slot) = self.levels.first() {
            return Some(self.levels.bound(slot));
        }
        self.far.first_key_value().map(|(order, _)| order.0)
    }

    /// The first deadline, for clocks that jump; `None` if no timer will ever be due.
    ///
    /// Where [`bound`](Wheel::bound) may be too early, this looks through the slot once.
    #[expect(clippy::should_implement_trait, reason = "it takes nothing out")]
    pub fn next(&mut self) -> Option<Tick> {
        if self.first_soon().is_none()
            && self.near.is_empty()
            && let Some(slot) = self.levels.first()
        {
            let timers = &self.timers;
            let deadline = |timer: u32| timers[timer as usize].order.0;
            return Some(self.levels.least(slot, deadline));
        }
        self.bound()
    }

    // ANCHOR: advance
    /// Tells the wheel that it is `now`, and appends the wakers of all timers that are due to
    /// `due`, in the order of their deadlines, equal ones in the order in which they were set.
    ///
    /// They are out of the wheel then. Time may stand still or go backwards: nothing fires before
    /// its deadline, and nothing fires twice.
    pub fn advance(&mut self, now: Tick, due: &mut Vec<Waker>) {
        self.fire_near(now, due);
        while let Some(start) = self.next_start()
            && start <= now
        {
            // `soon` and `near` are empty here: what was in them is behind this slot, and has fired.
            self.position = start;
            match self.levels.first() {
                Some(slot) if slot.is_lowest() => self.open(slot, now, due),
                Some(slot) => self.spread(slot),
                None => self.fetch_far(),
            }
        }
        self.position = self.position.max(now);
    }
    // ANCHOR_END: advance

    /// Fires what is due of the slot that was opened last, and of what came to it later.
    fn fire_near(&mut self, now: Tick, due: &mut Vec<Waker>) {
        loop {
            let soon = self.first_soon();
            let near = self.near.first_key_value().map(|(order, _)| *order);
            let index = match (soon, near) {
                (Some(soon), near) if soon.0 <= now && near.is_none_or(|near| soon < near) => {
                    self.soon.pop().map(|(_, index)| index)
                }
                (_, Some(near)) if near.0 <= now => self.near.pop_first().map(|(_, index)| index),
                _ => return,
            };
            if let Some(index) = index {
                due.push(self.timers.remove(index as usize).waker);
            }
        }
    }

    /// Who is first in what is left of the slot; those who have left are cleared away before it.
    fn first_soon(&mut self) -> Option<Order> {
        while let Some(&(order, index)) = self.soon.last() {
            let timer = self.timers.get(index as usize);
            if timer.is_some_and(|timer| timer.order == order) {
                return Some(order);
            }
            self.soon.pop();
        }
        None
    }

    /// The first moment of the next slot that is occupied, or of the stretch that the first far
    /// timer is in.
    fn next_start(&self) -> Option<Tick> {
        match self.levels.first() {
            Some(slot) => Some(Levels::start(slot, self.position)),
            None => {
                let (order, _) = self.far.first_key_value()?;
                Some(Levels::start_of_all(order.0))
            }
        }
    }

    // ANCHOR: open
    /// Sorts a slot of level 0 and fires it, as far as it is due.
    fn open(&mut self, slot: SlotId, now: Tick, due: &mut Vec<Waker>) {
        let timers = self.levels.take(slot);
        self.read(&timers);
        self.levels.give_back(slot, timers);
        self.opened.sort_unstable();

        let ahead = self.opened.partition_point(|(order, _)| order.0 <= now);
        for &(_, index) in &self.opened[ahead..] {
            self.timers[index as usize].place = Place::Soon;
        }
        // `soon` was empty, see `advance`.
        self.soon.shrink_to(KEPT);
        self.soon.extend(self.opened.drain(ahead..).rev());
        for (_, index) in self.opened.drain(..) {
            due.push(self.timers.remove(index as usize).waker);
        }
        self.opened.shrink_to(KEPT);
    }
    // ANCHOR_END: open

    /// Files the timers of a slot of a higher level anew, seen from its first moment.
    fn spread(&mut self, slot: SlotId) {
        let timers = self.levels.take(slot);
        for some in timers.chunks(BATCH) {
            self.read(some);
            let mut opened = std::mem::take(&mut self.opened);
            for (order, index) in opened.drain(..) {
                self.file(index, order.0);
            }
            self.opened = opened;
        }
        self.levels.give_back(slot, timers);
    }

    /// Reads the deadlines of `timers`, which lie anywhere in memory: a loop that does nothing
    /// else has many reads under way at once.
    fn read(&mut self, timers: &[u32]) {
        let orders = timers
            .iter()
            .map(|&index| (self.timers[index as usize].order, index));
        self.opened.extend(orders);
    }

    /// Files the far timers that the levels reach now.
    fn fetch_far(&mut self) {
        while let Some(first) = self.far.first_entry()
            && Levels::start_of_all(first.key().0) == self.position
        {
            let (deadline, _) = *first.key();
            let index = first.remove();
            self.file(index, deadline);
        }
    }

    /// Puts a timer into the levels, which reach it.
    fn file(&mut self, index: u32, deadline: Tick) {
        let slot = Levels::slot_for(self.position, deadline)
            .expect("a timer is filed when the levels reach it");
        let place = self.levels.push(slot, index, deadline);
        self.timers[index as usize].place = Place::Slot { slot, place };
    }

    // ANCHOR: place
    /// Puts a timer where it belongs.
    fn place(&mut self, index: u32, order: Order) -> Place {
        let deadline = order.0;
        if deadline == Tick::NEVER {
            return Place::Never;
        }
        if Levels::has_reached(self.position, deadline) {
            self.near.insert(order, index);
            return Place::Near;
        }
        if let Some(slot) = Levels::slot_for(self.position, deadline) {
            let place = self.levels.push(slot, index, deadline);
            return Place::Slot { slot, place };
        }
        self.far.insert(order, index);
        Place::Far
    }
    // ANCHOR_END: place

    /// Takes a timer out of its place; it stays in `timers`.
    fn unlink(&mut self, index: u32) {
        let timer = &self.timers[index as usize];
        match timer.place {
            Place::Never | Place::Soon => {}
            Place::Near => {
                self.near.remove(&timer.order);
            }
            Place::Far => {
                self.far.remove(&timer.order);
            }
            Place::Slot { slot, place } => {
                if let Some(moved) = self.levels.remove(slot, place, timer.order.0) {
                    self.timers[moved as usize].place = Place::Slot { slot, place };
                }
            }
        }
    }

    fn get(&self, key: TimerKey) -> Option<&Timer> {
        let timer = self.timers.get(key.index as usize)?;
        (timer.serial == key.serial).then_some(timer)
    }

    fn next_serial(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel::new()
    }
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("position", &self.position)
            .field("len", &self.len())
            .field("bound", &self.bound())
            .finish()
    }
}

#[cfg(test)]
mod tests;
