//! `Ready`: what has been told.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

use mainspring_reactor::Direction;

/// What a socket is ready for. It is a hint: the operation may still have to wait.
///
/// tokio: `io::Ready`.
///
/// ```
/// use mainspring::io::Ready;
///
/// let ready = Ready::READABLE | Ready::WRITE_CLOSED;
/// assert!(ready.is_readable() && !ready.is_read_closed());
/// assert!(ready.is_writable(), "a write answers at once that nobody listens");
/// assert_eq!(ready - Ready::READABLE, Ready::WRITE_CLOSED);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Ready = Ready(0);

    /// There is something to read.
    pub const READABLE: Ready = Ready(1);

    /// There is room to write.
    pub const WRITABLE: Ready = Ready(2);

    /// The other side writes no more: after what is there, reading finds the end.
    pub const READ_CLOSED: Ready = Ready(4);

    /// Nobody reads what is written.
    pub const WRITE_CLOSED: Ready = Ready(8);

    /// There is something urgent.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const PRIORITY: Ready = Ready::URGENT;

    /// An error came by itself.
    pub const ERROR: Ready = Ready(32);

    /// All of them.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub const ALL: Ready = Ready(63);

    /// All of them.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub const ALL: Ready = Ready(63 - Ready::URGENT.0);

    /// `PRIORITY`, where it has no name, too.
    const URGENT: Ready = Ready(16);

    /// Whether nothing is told.
    pub fn is_empty(self) -> bool {
        self == Ready::EMPTY
    }

    /// Whether a read will not wait: because there is something, or the end.
    pub fn is_readable(self) -> bool {
        self.has(Ready::READABLE) || self.is_read_closed()
    }

    /// Whether a write will not wait: because there is room, or nobody to write to.
    pub fn is_writable(self) -> bool {
        self.has(Ready::WRITABLE) || self.is_write_closed()
    }

    /// Whether the other side writes no more.
    pub fn is_read_closed(self) -> bool {
        self.has(Ready::READ_CLOSED)
    }

    /// Whether nobody reads what is written.
    pub fn is_write_closed(self) -> bool {
        self.has(Ready::WRITE_CLOSED)
    }

    /// Whether there is something urgent.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn is_priority(self) -> bool {
        self.has(Ready::PRIORITY)
    }

    /// Whether an error came by itself.
    pub fn is_error(self) -> bool {
        self.has(Ready::ERROR)
    }

    fn has(self, other: Ready) -> bool {
        self & other == other
    }

    /// What one direction is ready for when an event told it.
    pub(crate) fn of(direction: Direction) -> Ready {
        match direction {
            Direction::Read => Ready::READABLE,
            Direction::Write => Ready::WRITABLE,
            Direction::Priority => Ready::URGENT,
            Direction::Error => Ready::ERROR,
        }
    }

    /// What the reactor told of one direction.
    pub(crate) fn from_told(direction: Direction, told: mainspring_reactor::Ready) -> Ready {
        let closed = match direction {
            Direction::Read | Direction::Priority => Ready::READ_CLOSED,
            Direction::Write => Ready::WRITE_CLOSED,
            Direction::Error => Ready::EMPTY,
        };
        match (told.is_told(), told.is_closed()) {
            (true, true) => Ready::of(direction) | closed,
            (true, false) => Ready::of(direction),
            (false, true) => closed,
            (false, false) => Ready::EMPTY,
        }
    }
}

impl BitOr for Ready {
    type Output = Ready;

    fn bitor(self, other: Ready) -> Ready {
        Ready(self.0 | other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Ready) {
        *self = *self | other;
    }
}

impl BitAnd for Ready {
    type Output = Ready;

    fn bitand(self, other: Ready) -> Ready {
        Ready(self.0 & other.0)
    }
}

impl Sub for Ready {
    type Output = Ready;

    fn sub(self, other: Ready) -> Ready {
        Ready(self.0 & !other.0)
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("Ready");
        told.field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_error", &self.is_error());
        #[cfg(any(target_os = "linux", target_os = "android"))]
        told.field("is_priority", &self.is_priority());
        told.finish()
    }
}
