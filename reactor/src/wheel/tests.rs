//! The wheel against a sorted list, at the edges of its numbers, and its old enemies by name.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Duration;

use super::{TimerKey, Wheel};
use crate::tick::Tick;

const MILLISECOND: u64 = 1_000_000;

thread_local! {
    static WOKEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// A waker that notes its number when it is called.
struct Numbered(u64);

impl Wake for Numbered {
    fn wake(self: Arc<Self>) {
        WOKEN.with_borrow_mut(|woken| woken.push(self.0));
    }
}

fn waker(number: u64) -> Waker {
    Arc::new(Numbered(number)).into()
}

fn at(nanos: u64) -> Tick {
    Tick::from_nanos(nanos)
}

/// Advances the wheel and tells the numbers of those that fired, in order.
fn fired(wheel: &mut Wheel, now: Tick) -> Vec<u64> {
    let mut due = Vec::new();
    wheel.advance(now, &mut due);
    due.into_iter().for_each(Waker::wake);
    WOKEN.take()
}

/// Random numbers that are the same on every run.
///
/// # Source
///
/// Marsaglia, "Xorshift RNGs" (2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number of at most `bits` bits, of every order of magnitude.
    fn magnitude(&mut self, bits: u64) -> u64 {
        let bits = self.below(bits + 1);
        self.next() & ((1 << bits) - 1)
    }

    /// `2^k - 1`, `2^k` or `2^k + 1`, where the wheel's digits turn over.
    fn edge(&mut self, bits: u64) -> u64 {
        (1 << self.below(bits + 1)) - 1 + self.below(3)
    }
}

/// What the wheel should be: a sorted list.
struct Model {
    wheel: Wheel,
    now: Tick,

    /// (deadline, order of setting) -> number of the timer.
    sorted: BTreeMap<(Tick, u64), u64>,

    /// Number of the timer -> its key, and where it is in `sorted` while it is set.
    timers: Vec<(TimerKey, Option<(Tick, u64)>)>,
    made: u64,
}

impl Model {
    fn new(now: Tick) -> Self {
        Model {
            wheel: Wheel::starting_at(now),
            now,
            sorted: BTreeMap::new(),
            timers: Vec::new(),
            made: 0,
        }
    }

    fn insert(&mut self, deadline: Tick) {
        let number = self.timers.len() as u64;
        let key = self.wheel.insert(deadline, waker(number));
        self.made += 1;
        self.sorted.insert((deadline, self.made), number);
        self.timers.push((key, Some((deadline, self.made))));
    }

    fn cancel(&mut self, number: usize) {
        let (key, order) = &mut self.timers[number];
        let waker = self.wheel.cancel(*key);
        assert_eq!(waker.is_some(), order.is_some());
        if let Some(order) = order.take() {
            self.sorted.remove(&order);
        }
    }

    fn reset(&mut self, number: usize, deadline: Tick) {
        let (key, order) = &mut self.timers[number];
        assert_eq!(self.wheel.reset(*key, deadline), order.is_some());
        if let Some(order) = order {
            self.sorted.remove(order);
            self.made += 1;
            *order = (deadline, self.made);
            self.sorted.insert(*order, number as u64);
        }
    }

    fn advance(&mut self, now: Tick) {
        let mut expected = Vec::new();
        while let Some(first) = self.sorted.first_entry()
            && first.key().0 <= now
            && first.key().0 != Tick::NEVER
        {
            let number = first.remove();
            self.timers[number as usize].1 = None;
            expected.push(number);
        }
        assert_eq!(fired(&mut self.wheel, now), expected);
        self.now = now;
    }

    fn first(&self) -> Option<Tick> {
        let (order, _) = self.sorted.first_key_value()?;
        (order.0 != Tick::NEVER).then_some(order.0)
    }

    fn check(&mut self) {
        let first = self.first();
        let bound = self.wheel.bound();
        assert_eq!(bound.is_some(), first.is_some());
        assert!(bound <= first);
        assert_eq!(self.wheel.len(), self.sorted.len());
        assert_eq!(self.wheel.is_empty(), self.sorted.is_empty());
    }
}

fn a_random_life(seed: u64, start: Tick, operations: u32) {
    let mut random = Random(seed);
    let mut model = Model::new(start);
    for _ in 0..operations {
        // Up to 2 years ahead as a rule, sometimes up to the end, sometimes in the past.
        let distance = Duration::from_nanos(random.magnitude(56));
        let deadline = match random.below(32) {
            0 => at(random.edge(63)),
            1 => Tick::NEVER,
            2 => at(model.now.as_nanos().saturating_sub(random.magnitude(40))),
            3 => model.first().unwrap_or(model.now),
            _ => model.now.saturating_add(distance),
        };
        let any = random.below(model.timers.len().max(1) as u64) as usize;
        match random.below(16) {
            0..=6 => model.insert(deadline),
            7..=9 if any < model.timers.len() => model.cancel(any),
            10..=11 if any < model.timers.len() => model.reset(any, deadline),
            12 => model.advance(model.first().unwrap_or(model.now)),
            13 => model.advance(model.now.saturating_add(distance / 1024)),
            14 => model.advance(at(model.now.as_nanos().saturating_sub(1000))),
            _ => assert_eq!(model.wheel.next(), model.first()),
        }
        model.check();
    }
    model.advance(Tick::NEVER);
    model.check();
}

#[test]
fn a_million_random_operations_agree_with_a_sorted_list() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for life in 0..200 {
        let start = match life {
            0 => 0,
            1..100 => random.edge(63),
            _ => random.magnitude(62),
        };
        a_random_life(random.next(), at(start), 5_000);
    }
}

#[test]
fn every_pair_of_boundaries_fires_on_the_nanosecond() {
    let edges: Vec<u64> = (0..64)
        .flat_map(|k| [(1 << k) - 1, 1 << k, (1 << k) + 1])
        .collect();
    for &start in &edges {
        // Once by starting there, once by having come there.
        let mut wheel = Wheel::new();
        wheel.advance(at(start), &mut Vec::new());
        for mut wheel in [Wheel::starting_at(at(start)), wheel] {
            for &deadline in &edges {
                wheel.insert(at(deadline), waker(deadline));
            }
            let overdue: Vec<u64> = edges.iter().copied().filter(|&it| it <= start).collect();
            let mut sorted = overdue.clone();
            sorted.sort();
            assert_eq!(fired(&mut wheel, at(start)), sorted);

            let mut ahead: Vec<u64> = edges.iter().copied().filter(|&it| it > start).collect();
            ahead.sort();
            ahead.dedup();
            for deadline in ahead {
                assert_eq!(wheel.bound(), Some(at(deadline)), "from {start}");
                assert_eq!(wheel.next(), Some(at(deadline)), "from {start}");
                let early = fired(&mut wheel, at(deadline - 1));
                assert!(early.is_empty(), "from {start}: {deadline} is early");
                let now = fired(&mut wheel, at(deadline));
                assert!(!now.is_empty(), "from {start}: {deadline} is late");
                assert!(now.iter().all(|&it| it == deadline));
            }
            assert!(wheel.is_empty());
        }
    }
}

#[test]
fn one_timer_alone_crosses_every_boundary() {
    let edges = (0..64).flat_map(|k| [(1 << k) - 1, 1 << k, (1 << k) + 1]);
    for start in edges.clone() {
        for deadline in edges.clone().filter(|&deadline| deadline > start) {
            let mut wheel = Wheel::starting_at(at(start));
            wheel.insert(at(deadline), waker(0));
            assert_eq!(wheel.next(), Some(at(deadline)));
            assert!(fired(&mut wheel, at(deadline - 1)).is_empty());
            assert_eq!(fired(&mut wheel, at(deadline)), [0]);
        }
    }
}

#[test]
fn equal_deadlines_fire_in_the_order_of_setting_from_wherever_they_were_filed() {
    let deadline = 5_000 * MILLISECOND;
    let mut wheel = Wheel::new();
    wheel.insert(at(deadline), waker(0));
    let moved = wheel.insert(at(deadline + 1), waker(4));
    // Each is filed on another level, the last in `near`.
    for (number, before) in [(1, 4_000), (2, 50), (3, 0)] {
        wheel.advance(at(deadline - before * MILLISECOND - 1), &mut Vec::new());
        wheel.insert(at(deadline), waker(number));
    }
    assert!(wheel.reset(moved, at(deadline)));
    assert_eq!(fired(&mut wheel, at(deadline)), [0, 1, 2, 3, 4]);
}

#[test]
fn a_timer_for_never_is_kept_and_not_reported() {
    let mut wheel = Wheel::new();
    let never = wheel.insert(Tick::NEVER, waker(0));
    let last = at(u64::MAX - 1);
    wheel.insert(last, waker(1));
    assert_eq!(wheel.next(), Some(last));
    assert_eq!(fired(&mut wheel, Tick::NEVER), [1]);
    assert_eq!((wheel.next(), wheel.bound(), wheel.len()), (None, None, 1));
    assert!(wheel.reset(never, at(3)));
    assert_eq!(fired(&mut wheel, Tick::NEVER), [0]);
}

#[test]
fn a_bound_that_came_too_early_is_put_right_by_advancing_to_it() {
    let mut wheel = Wheel::new();
    let hour = 3_600_000 * MILLISECOND;
    let first = wheel.insert(at(hour), waker(0));
    wheel.insert(at(hour + 1), waker(1));
    wheel.cancel(first);
    let mut waits = 0;
    while !wheel.is_empty() {
        let bound = wheel.bound().expect("a timer is set");
        wheel.advance(bound, &mut Vec::new());
        waits += 1;
    }
    assert!(waits <= 2, "{waits} waits for one timer");
}

#[test]
fn a_bound_is_exact_for_a_slot_that_was_emptied_and_filled_again() {
    let mut wheel = Wheel::new();
    for later in 0..3 {
        let deadline = at(60_000 * MILLISECOND + later);
        let key = wheel.insert(deadline, waker(later));
        assert_eq!(wheel.bound(), Some(deadline));
        wheel.cancel(key);
    }
}

#[test]
fn the_first_of_many_equal_deadlines_may_leave_without_a_search() {
    let mut wheel = Wheel::new();
    let deadline = at(60_000 * MILLISECOND);
    let keys: Vec<TimerKey> = (0..100_000)
        .map(|number| wheel.insert(deadline, waker(number)))
        .collect();
    for key in keys {
        assert_eq!(wheel.next(), Some(deadline));
        wheel.cancel(key);
    }
    assert_eq!(wheel.next(), None);
}

#[test]
fn a_hundred_thousand_timers_for_the_slot_at_hand_are_no_trouble() {
    let mut wheel = Wheel::new();
    let mut random = Random(3);
    for number in 0..100_000 {
        wheel.insert(at(random.below(MILLISECOND)), waker(number));
    }
    let mut count = 0;
    while let Some(deadline) = wheel.next() {
        count += fired(&mut wheel, deadline).len();
    }
    assert_eq!(count, 100_000);
}

#[test]
fn a_timer_cancelled_after_its_slot_was_opened_does_not_fire() {
    let mut wheel = Wheel::new();
    wheel.insert(at(9 * MILLISECOND), waker(0));
    let same_slot = wheel.insert(at(9 * MILLISECOND + 5), waker(1));
    let also = wheel.insert(at(9 * MILLISECOND + 5), waker(2));
    assert_eq!(fired(&mut wheel, at(9 * MILLISECOND)), [0]);
    assert!(wheel.cancel(same_slot).is_some());
    assert!(wheel.reset(also, at(9 * MILLISECOND + 7)));
    assert!(fired(&mut wheel, at(9 * MILLISECOND + 6)).is_empty());
    assert_eq!(fired(&mut wheel, at(9 * MILLISECOND + 7)), [2]);
}

#[test]
fn a_key_that_has_fired_does_not_reach_its_successor() {
    let mut wheel = Wheel::new();
    let old = wheel.insert(at(1), waker(0));
    assert_eq!(fired(&mut wheel, at(1)), [0]);
    let new = wheel.insert(at(2), waker(1));
    assert_eq!(old.index, new.index, "the place in memory is used again");

    assert!(wheel.cancel(old).is_none());
    assert!(!wheel.reset(old, at(9)));
    assert!(!wheel.contains(old));
    assert!(wheel.waker(old).is_none());
    let given = waker(7);
    let back = wheel.replace_waker(old, given.clone());
    assert!(back.is_some_and(|it| it.will_wake(&given)));
    assert_eq!(fired(&mut wheel, at(2)), [1]);
}

#[test]
fn no_waker_is_dropped_inside() {
    let counted = Arc::new(Numbered(0));
    let holders = || Arc::strong_count(&counted) - 1;
    let mut wheel = Wheel::new();
    let key = wheel.insert(at(5), counted.clone().into());
    let replaced = wheel.replace_waker(key, counted.clone().into());
    assert_eq!(holders(), 2);
    drop(replaced);
    let cancelled = wheel.cancel(key);
    assert_eq!(holders(), 1);
    drop(cancelled);
    assert_eq!(holders(), 0);
}

#[test]
fn tokio_8334_a_far_timer_does_not_delay_short_ones() {
    let mut wheel = Wheel::new();
    let far = (1 << 36) * MILLISECOND;
    wheel.insert(at(far), waker(0));
    let mut now = 0;
    while now < (1 << 31) * MILLISECOND {
        now += (1 << 26) * MILLISECOND + 12_345;
        wheel.advance(at(now), &mut Vec::new());
        let short = at(now + 20 * MILLISECOND);
        wheel.insert(short, waker(1));
        assert_eq!(wheel.next(), Some(short));
        assert_eq!(fired(&mut wheel, short), [1]);
    }
    assert_eq!(fired(&mut wheel, at(far)), [0]);
}

#[test]
fn tokio_util_5536_a_wheel_as_old_as_its_levels_reach_takes_timers() {
    for age in [(1 << 36) * MILLISECOND, 1 << 56, u64::MAX - 9] {
        for start in [age - 1, age, age + 1] {
            let mut wheel = Wheel::starting_at(at(start));
            wheel.insert(at(start), waker(0));
            wheel.insert(at(start + 5), waker(1));
            assert_eq!(fired(&mut wheel, at(start + 4)), [0]);
            assert_eq!(fired(&mut wheel, at(start + 5)), [1]);
        }
    }
}

#[test]
fn tokio_5183_the_last_moments_are_not_mistaken_for_never() {
    let mut wheel = Wheel::new();
    for before in 1..4 {
        wheel.insert(at(u64::MAX - before), waker(before));
    }
    assert_eq!(fired(&mut wheel, at(u64::MAX - 4)), []);
    assert_eq!(fired(&mut wheel, at(u64::MAX - 1)), [3, 2, 1]);
}

#[test]
fn tokio_2408_huge_durations_are_never() {
    let now = at(77);
    assert_eq!(now.saturating_add(Duration::MAX), Tick::NEVER);
    assert_eq!(
        now.saturating_add(Duration::from_secs(u64::MAX)),
        Tick::NEVER
    );
    assert_eq!(
        Tick::NEVER.saturating_add(Duration::from_nanos(1)),
        Tick::NEVER
    );
}

#[test]
fn tokio_4044_a_clock_that_goes_backwards_fires_nothing_early_and_nothing_twice() {
    let mut wheel = Wheel::new();
    wheel.insert(at(10 * MILLISECOND), waker(0));
    wheel.insert(at(90 * MILLISECOND), waker(1));
    assert_eq!(fired(&mut wheel, at(50 * MILLISECOND)), [0]);
    assert!(fired(&mut wheel, at(5 * MILLISECOND)).is_empty());
    wheel.insert(at(20 * MILLISECOND), waker(2));
    assert!(fired(&mut wheel, at(19 * MILLISECOND)).is_empty());
    assert_eq!(fired(&mut wheel, at(20 * MILLISECOND)), [2]);
    assert_eq!(fired(&mut wheel, at(90 * MILLISECOND)), [1]);
    assert_eq!(at(5).saturating_since(at(9)), Duration::ZERO);
}

#[test]
fn tokio_3069_a_timer_for_now_or_before_fires_at_the_next_advance() {
    let mut wheel = Wheel::new();
    let now = at(123 * MILLISECOND + 456);
    wheel.advance(now, &mut Vec::new());
    for overdue in [0, 1, MILLISECOND, now.as_nanos() - 1, now.as_nanos()] {
        wheel.insert(at(overdue), waker(overdue));
        assert_eq!(wheel.next(), Some(at(overdue)));
        assert_eq!(fired(&mut wheel, now), [overdue]);
    }
}

#[test]
fn tokio_3229_a_cancel_at_the_moment_of_firing_is_before_it_or_after_it() {
    let mut wheel = Wheel::new();
    let before = wheel.insert(at(10), waker(0));
    let after = wheel.insert(at(10), waker(1));
    assert!(wheel.cancel(before).is_some());
    assert_eq!(fired(&mut wheel, at(10)), [1]);
    assert!(wheel.cancel(after).is_none());
    assert!(wheel.is_empty());
}

#[test]
fn tokio_8252_cancelled_timers_leave_the_wheel() {
    let mut wheel = Wheel::new();
    let mut random = Random(8252);
    for round in 0..100_000 {
        let key = wheel.insert(at(random.magnitude(63)), waker(round));
        wheel.cancel(key);
    }
    assert!(wheel.is_empty());
    assert!(wheel.near.is_empty() && wheel.far.is_empty());
    assert_eq!(wheel.levels.first(), None);
    assert!(wheel.timers.capacity() <= 4, "one place is enough for all");
}

#[test]
fn smol_167_the_last_waker_that_was_given_is_the_one_that_is_called() {
    let mut wheel = Wheel::new();
    let key = wheel.insert(at(10), waker(0));
    let second = waker(1);
    wheel.replace_waker(key, second.clone());
    assert!(wheel.waker(key).is_some_and(|it| it.will_wake(&second)));
    assert_eq!(fired(&mut wheel, at(10)), [1]);
}

#[test]
fn libuv_4245_a_timer_set_by_one_that_fires_waits_for_the_next_advance() {
    let mut wheel = Wheel::new();
    wheel.insert(at(0), waker(0));
    for round in 0..3 {
        assert_eq!(fired(&mut wheel, at(0)), [round]);
        wheel.insert(at(0), waker(round + 1));
    }
}
