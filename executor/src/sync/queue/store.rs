//! The order in which items come out of a queue.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;

/// Where a [`Queue`](crate::sync::Queue) keeps its items, and so the order in which they come out.
///
/// The methods run under the queue's lock: they must not use that queue. `drop` and `clone` of
/// items never run there.
pub trait Store<T>: Default {
    /// Takes an item in.
    fn push(&mut self, item: T);

    /// Gives the next item out; `None` only if there is none.
    fn pop(&mut self) -> Option<T>;

    /// How many items are in.
    fn len(&self) -> usize;

    /// True if no item is in.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// First in, first out.
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out.
pub struct Lifo<T>(Vec<T>);

/// The smallest first, and equal ones in the order of arrival.
///
/// Comparisons run under the queue's lock: `Ord` of an item must not use the queue.
pub struct Heap<T> {
    items: BinaryHeap<Ranked<T>>,
    arrivals: u64,
}

struct Ranked<T> {
    item: T,
    arrival: u64,
}

impl<T> Store<T> for Fifo<T> {
    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Store<T> for Lifo<T> {
    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Ord> Store<T> for Heap<T> {
    fn push(&mut self, item: T) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.items.push(Ranked { item, arrival });
    }

    fn pop(&mut self) -> Option<T> {
        self.items.pop().map(|ranked| ranked.item)
    }

    fn len(&self) -> usize {
        self.items.len()
    }
}

impl<T: Ord> Ord for Ranked<T> {
    // std's heap has the greatest on top: turned round, the smallest and earliest is there.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_item = other.item.cmp(&self.item);
        by_item.then_with(|| other.arrival.cmp(&self.arrival))
    }
}

impl<T: Ord> PartialOrd for Ranked<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> PartialEq for Ranked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Ord> Eq for Ranked<T> {}

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Fifo(VecDeque::new())
    }
}

impl<T> Default for Lifo<T> {
    fn default() -> Self {
        Lifo(Vec::new())
    }
}

impl<T: Ord> Default for Heap<T> {
    fn default() -> Self {
        Heap {
            items: BinaryHeap::new(),
            arrivals: 0,
        }
    }
}

impl<T> fmt::Debug for Fifo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fifo({} items)", self.0.len())
    }
}

impl<T> fmt::Debug for Lifo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lifo({} items)", self.0.len())
    }
}

impl<T> fmt::Debug for Heap<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Heap({} items)", self.items.len())
    }
}
