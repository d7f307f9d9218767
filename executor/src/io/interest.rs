//! `Interest`: what one wants to be told of.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use mainspring_reactor::Direction;

/// What somebody wants to be told of: reading, writing, or something rarer, together by `|`.
///
/// tokio: `io::Interest`. asyncio: `add_reader` is one, `add_writer` another.
///
/// ```
/// use mainspring::io::Interest;
///
/// let both = Interest::READABLE | Interest::WRITABLE;
/// assert!(both.is_readable() && both.is_writable());
/// assert_eq!(both.remove(Interest::READABLE), Some(Interest::WRITABLE));
/// assert_eq!(format!("{both:?}"), "READABLE | WRITABLE");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interest(u8);

impl Interest {
    /// There is something to read, or the end of it.
    pub const READABLE: Interest = Interest(1);

    /// There is room to write, or nobody to write to.
    pub const WRITABLE: Interest = Interest(2);

    /// There is something urgent: out-of-band data, for example.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Interest = Interest::URGENT;

    /// An error came by itself: outside of any call.
    pub const ERROR: Interest = Interest(8);

    /// `PRIORITY`, where it has no name, too.
    const URGENT: Interest = Interest(4);

    /// Whether reading is among it.
    pub const fn is_readable(self) -> bool {
        self.has(Interest::READABLE)
    }

    /// Whether writing is among it.
    pub const fn is_writable(self) -> bool {
        self.has(Interest::WRITABLE)
    }

    /// Whether what is urgent is among it.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const fn is_priority(self) -> bool {
        self.has(Interest::PRIORITY)
    }

    /// Whether errors are among it.
    pub const fn is_error(self) -> bool {
        self.has(Interest::ERROR)
    }

    /// Both together, as `|` does it.
    #[must_use = "it changes nothing in place"]
    pub const fn add(self, other: Interest) -> Interest {
        Interest(self.0 | other.0)
    }

    /// What is left without the other; `None` if nothing is.
    #[must_use = "it changes nothing in place"]
    pub fn remove(self, other: Interest) -> Option<Interest> {
        let left = self.0 & !other.0;
        (left != 0).then_some(Interest(left))
    }

    const fn has(self, other: Interest) -> bool {
        self.0 & other.0 != 0
    }

    /// What the reactor calls each of it.
    pub(crate) fn directions(self) -> impl Iterator<Item = Direction> {
        let names = [
            (Interest::READABLE, Direction::Read),
            (Interest::WRITABLE, Direction::Write),
            (Interest::URGENT, Direction::Priority),
            (Interest::ERROR, Direction::Error),
        ];
        let named = names.into_iter();
        named.filter_map(move |(each, direction)| self.has(each).then_some(direction))
    }

    /// What the reactor registers for it.
    pub(crate) fn to_register(self) -> mainspring_reactor::Interest {
        let names = self.directions().map(|direction| match direction {
            // Errors are told of always; but something has to be registered.
            Direction::Read | Direction::Error => mainspring_reactor::Interest::READABLE,
            Direction::Write => mainspring_reactor::Interest::WRITABLE,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            Direction::Priority => mainspring_reactor::Interest::PRIORITY,
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            Direction::Priority => mainspring_reactor::Interest::READABLE,
        });
        let all = names.reduce(BitOr::bitor);
        all.expect("an interest is in something")
    }
}

impl BitOr for Interest {
    type Output = Interest;

    fn bitor(self, other: Interest) -> Interest {
        self.add(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Interest) {
        *self = *self | other;
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.directions().map(|direction| match direction {
            Direction::Read => "READABLE",
            Direction::Write => "WRITABLE",
            Direction::Priority => "PRIORITY",
            Direction::Error => "ERROR",
        });
        f.write_str(&names.collect::<Vec<_>>().join(" | "))
    }
}
