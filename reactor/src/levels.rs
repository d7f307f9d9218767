//! Six levels of 64 slots: where the wheel files a timer, and which slot is the next in time.
//!
//! A slot is a list of numbers of timers. The level does not say *how long* a timer is but *how
//! soon its slot can matter*: it is the highest digit, counted to the base of 64, in which the
//! deadline differs from the wheel's position. So everything on a lower level is earlier than
//! anything on a higher one, and a level's slots are in the order of their numbers.
//!
//! ```text
//!  level    width of a slot    reaches
//!    0           1.05 ms         67 ms
//!    1          67    ms          4.3 s
//!    2           4.3   s        275 s
//!    3         275     s          4.9 h
//!    4           4.9   h         13   d
//!    5          13     d          2.3 y     then `far`, see `wheel`
//! ```

use crate::tick::Tick;

const LEVELS: usize = 6;

/// Bits of one digit: a level has 64 slots, so that one `u64` says which are occupied.
const DIGIT: u32 = 6;
const SLOTS: usize = 1 << DIGIT;

/// The width of a slot of level 0 is two to this power nanoseconds: 1.05 ms.
///
/// Nothing fires early or late for it, since deadlines are kept exactly: it is the size of the
/// heaps that are sorted when they come due. One more halves the number of sortings and doubles
/// what is sorted at once.
const WIDTH: u32 = 20;

/// The capacity that an emptied slot keeps, in timers of 4 bytes.
///
/// Without one, slots would give memory back and ask for it again with every turn of their
/// level; without a limit, each would for ever keep the memory of its fullest moment.
const KEPT: usize = 1024;

/// The number of a slot: the level and the digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotId(u16);

/// All slots of all levels.
#[derive(Debug)]
pub(crate) struct Levels {
    slots: Box<[Slot]>,

    /// One word for each level, one bit for each of its slots: is anything in it?
    occupied: [u64; LEVELS],
}

#[derive(Debug)]
struct Slot {
    timers: Vec<u32>,
    soonest: Soonest,
}

/// What a slot knows of its first deadline without looking through its timers.
#[derive(Clone, Copy, Debug)]
struct Soonest {
    /// No timer is earlier.
    least: Tick,

    /// So many are due just then. None, if those that were have left.
    count: usize,
}

impl Levels {
    pub(crate) fn new() -> Self {
        Levels {
            slots: (0..LEVELS * SLOTS).map(|_| Slot::empty()).collect(),
            occupied: [0; LEVELS],
        }
    }

    // ANCHOR: slot_for
    /// Which slot `deadline` belongs to, seen from a `position` that is not in a later slot of
    /// level 0; `None` if it lies beyond the top level.
    pub(crate) fn slot_for(position: Tick, deadline: Tick) -> Option<SlotId> {
        let there = deadline.as_nanos() >> WIDTH;
        let differing = there ^ (position.as_nanos() >> WIDTH);

        // `| 1`: if no bit differs, it is level 0 as well.
        let level = (differing | 1).ilog2() / DIGIT;
        if level as usize >= LEVELS {
            return None;
        }
        Some(SlotId::new(level, there >> (level * DIGIT)))
    }
    // ANCHOR_END: slot_for

    /// Whether `deadline` lies in the slot of level 0 that `position` is in, or before it.
    pub(crate) fn has_reached(position: Tick, deadline: Tick) -> bool {
        deadline.as_nanos() >> WIDTH <= position.as_nanos() >> WIDTH
    }

    /// The first moment of the stretch that all levels together cover, if it contains `moment`.
    pub(crate) fn start_of_all(moment: Tick) -> Tick {
        const ALL: u32 = WIDTH + LEVELS as u32 * DIGIT;
        Tick::from_nanos(moment.as_nanos() >> ALL << ALL)
    }

    /// The occupied slot that comes first in time.
    pub(crate) fn first(&self) -> Option<SlotId> {
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        let digit = self.occupied[level].trailing_zeros();
        Some(SlotId::new(level as u32, digit.into()))
    }

    /// The first moment of `slot`, seen from `position`.
    pub(crate) fn start(slot: SlotId, position: Tick) -> Tick {
        let below = WIDTH + slot.level() * DIGIT;
        let above = below + DIGIT;
        let start = position.as_nanos() >> above << above | slot.digit() << below;
        Tick::from_nanos(start)
    }

    /// A moment before which no timer of `slot` is due.
    pub(crate) fn bound(&self, slot: SlotId) -> Tick {
        self.slots[slot.index()].soonest.least
    }

    /// The moment at which the first timer of `slot` is due.
    pub(crate) fn least(&mut self, slot: SlotId, deadline: impl Fn(u32) -> Tick) -> Tick {
        let Slot { timers, soonest } = &mut self.slots[slot.index()];
        if soonest.count == 0 {
            *soonest = Soonest::NOBODY;
            for &timer in timers.iter() {
                soonest.came(deadline(timer));
            }
        }
        soonest.least
    }

    /// Puts a timer into `slot` and tells its place there.
    pub(crate) fn push(&mut self, slot: SlotId, timer: u32, deadline: Tick) -> u32 {
        self.occupied[slot.level() as usize] |= 1 << slot.digit();
        let slot = &mut self.slots[slot.index()];
        slot.soonest.came(deadline);
        slot.timers.push(timer);
        slot.timers.len() as u32 - 1
    }

    /// Takes the timer at `place` out of `slot`; the one that takes its place, if any, is
    /// returned.
    pub(crate) fn remove(&mut self, slot: SlotId, place: u32, deadline: Tick) -> Option<u32> {
        let Slot { timers, soonest } = &mut self.slots[slot.index()];
        timers.swap_remove(place as usize);
        soonest.left(deadline);
        if timers.is_empty() {
            timers.shrink_to(KEPT);
            *soonest = Soonest::NOBODY;
            self.occupied[slot.level() as usize] &= !(1 << slot.digit());
        }
        timers.get(place as usize).copied()
    }

    /// Takes all timers out of `slot`. The list should come back by [`Levels::give_back`].
    pub(crate) fn take(&mut self, slot: SlotId) -> Vec<u32> {
        self.occupied[slot.level() as usize] &= !(1 << slot.digit());
        std::mem::replace(&mut self.slots[slot.index()], Slot::empty()).timers
    }

    /// Returns the memory of a list to the slot that it was taken from, which is still empty.
    pub(crate) fn give_back(&mut self, slot: SlotId, mut timers: Vec<u32>) {
        timers.clear();
        timers.shrink_to(KEPT);
        self.slots[slot.index()].timers = timers;
    }
}

impl SlotId {
    fn new(level: u32, digit: u64) -> Self {
        SlotId((level << DIGIT) as u16 | (digit as u16 & (SLOTS as u16 - 1)))
    }

    /// Whether it is a slot of level 0: one whose timers are fired rather than filed anew.
    pub(crate) fn is_lowest(self) -> bool {
        self.level() == 0
    }

    fn level(self) -> u32 {
        u32::from(self.0) >> DIGIT
    }

    fn digit(self) -> u64 {
        u64::from(self.0) % SLOTS as u64
    }

    fn index(self) -> usize {
        self.0.into()
    }
}

impl Slot {
    fn empty() -> Self {
        Slot {
            timers: Vec::new(),
            soonest: Soonest::NOBODY,
        }
    }
}

impl Soonest {
    const NOBODY: Soonest = Soonest {
        least: Tick::NEVER,
        count: 0,
    };

    fn came(&mut self, deadline: Tick) {
        if deadline < self.least {
            self.least = deadline;
            self.count = 0;
        }
        if deadline == self.least {
            self.count += 1;
        }
    }

    fn left(&mut self, deadline: Tick) {
        if deadline == self.least {
            self.count -= 1;
        }
    }
}
