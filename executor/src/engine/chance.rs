//! What the loop leaves to chance, and a chance that comes out the same on every run.
//!
//! Nobody's order is left open unless a seed is given: then the tasks that are ready at one moment
//! run in an order that is drawn. `select!` draws always, or its first branch would starve the
//! others; it draws from the same beginning on every loop.
//!
//! Each kind of choice has a stream of its own, so that another draw of one kind does not shift
//! the others.
//!
//! # Source
//!
//! SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014).
//! For the branches, which are drawn in each poll of a `select!`, the linear congruential step of
//! Knuth's MMIX (The Art of Computer Programming, 3.3.4): half the work, and good enough for turns.

use std::cell::Cell;

/// The odd number nearest to 2^64 divided by the golden ratio: the step from state to state.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of numbers. Small, fast and the same everywhere; not for secrets.
#[derive(Debug)]
pub(crate) struct Stream {
    state: Cell<u64>,
}

impl Stream {
    pub(crate) const fn new(seed: u64) -> Self {
        Stream {
            state: Cell::new(seed),
        }
    }

    // ANCHOR: below
    /// One of the numbers below `bound`, which is not zero.
    #[inline]
    pub(crate) fn below(&self, bound: u32) -> u32 {
        share(self.next(), bound)
    }

    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(STEP);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    // ANCHOR_END: below
}

/// The upper half of a number times the bound, cut: fair to one in 2^32 for each below it.
#[inline]
fn share(number: u64, bound: u32) -> u32 {
    (((number >> 32) * u64::from(bound)) >> 32) as u32
}

/// The streams of one loop.
#[derive(Debug)]
pub(crate) struct Chance {
    /// Which branch of a `select!` is asked first.
    branch: Cell<u64>,
    /// Who runs first of those who are ready; `None`: who came first.
    pub(crate) order: Option<Stream>,
}

impl Chance {
    pub(crate) fn new(seed: Option<u64>) -> Self {
        // Streams whose seeds are numbers of another stream have nothing to do with each other.
        let seeds = Stream::new(seed.unwrap_or(0));
        Chance {
            branch: Cell::new(seeds.next()),
            order: seed.map(|_| Stream::new(seeds.next())),
        }
    }

    /// The loop's thread draws from this loop's stream from now on, or draws no more: the same
    /// call does both, before a loop turns and after.
    pub(crate) fn swap_branch(&self) {
        self.branch.set(BRANCH.replace(self.branch.get()));
    }
}

thread_local! {
    /// The stream of the loop that turns on this thread; where none does, the thread's own.
    static BRANCH: Cell<u64> = const { Cell::new(0) };
}

/// Which of so many branches is asked first.
#[inline]
pub(crate) fn first_branch(branches: u32) -> u32 {
    let next = (BRANCH.get())
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    BRANCH.set(next);
    share(next, branches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_algorithm() {
        let stream = Stream::new(1_234_567);
        let numbers: Vec<u64> = (0..5).map(|_| stream.next()).collect();
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(numbers, published);
    }

    #[test]
    fn every_number_below_the_bound_has_its_share() {
        let stream = Stream::new(0);
        let mut counts = [0; 7];
        for _ in 0..7_000 {
            counts[stream.below(7) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (900..1_100).contains(count)),
            "{counts:?}"
        );
        assert!((0..100).all(|_| stream.below(1) == 0));
    }

    #[test]
    fn every_branch_has_its_share() {
        let mut counts = [0; 7];
        for _ in 0..7_000 {
            counts[first_branch(7) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (900..1_100).contains(count)),
            "{counts:?}"
        );
        assert!((0..100).all(|_| first_branch(1) == 0));
    }
}
