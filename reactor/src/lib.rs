//! mainspring's reactor: a timer wheel and a table of sources, which know wakers and nothing of
//! tasks.
//!
//! The files are listed from the ground up: each uses only those listed before it.
//!
//! ```text
//!        the loop                                     other threads
//!    insert, advance |  turn | register              | poll_ready   | unpark
//!                    v       v                       v              v
//!             +---------+  +---------+  shares   +--------+   +----------+
//!             |  Wheel  |  | Reactor | --------> | Source |   | Unparker |
//!             +---------+  +---------+           +--------+   +----------+
//!               deadline      |  ^                 read, write:    |
//!               and waker     v  |                 ready? who      |
//!                            mio::Poll               waits?        |
//!                                ^---------------------------------+
//! ```
//!
//! Two decisions carry it. *It is told the time and asked for wakers* (law 6): [`Wheel::advance`]
//! and [`Reactor::turn`] fill a `Vec<Waker>`, which its owner calls when he has let go of both, so
//! that no foreign code runs inside. *A key carries a serial* (law 4): places in memory are used
//! again at once, and what comes late for one timer or socket must not reach its successor.
//!
//! A loop that waits for sockets and for moments is a few lines:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering};
//! use std::task::{Poll, Wake, Waker};
//! use std::time::{Duration, Instant};
//!
//! use mainspring_reactor::{Direction, Interest, Reactor, Tick, Wheel};
//! use mio::net::UnixDatagram;
//!
//! /// A waker that counts.
//! struct Bell(AtomicUsize);
//!
//! impl Wake for Bell {
//!     fn wake(self: Arc<Self>) {
//!         self.0.fetch_add(1, Ordering::Relaxed);
//!     }
//! }
//!
//! let start = Instant::now();
//! let now = || Tick::ZERO.saturating_add(start.elapsed());
//! let mut wheel = Wheel::starting_at(now());
//! let mut reactor = Reactor::new()?;
//! let bell = Arc::new(Bell(AtomicUsize::new(0)));
//! let waker = Waker::from(bell.clone());
//!
//! // Wait for a moment, and wait for a socket.
//! let deadline = now().saturating_add(Duration::from_millis(3));
//! wheel.insert(deadline, waker.clone());
//! let (mut ours, theirs) = UnixDatagram::pair()?;
//! let source = reactor.register(&mut ours, Interest::READABLE | Interest::WRITABLE)?;
//! if let Poll::Ready(first) = source.poll_ready(Direction::Read, &waker) {
//!     assert!(ours.recv(&mut [0; 8]).is_err(), "nothing was sent yet");
//!     source.clear_ready(Direction::Read, first);
//! }
//! assert!(source.poll_ready(Direction::Read, &waker).is_pending());
//! theirs.send(b"tick")?;
//!
//! // The loop: turn the reactor until the next deadline at most, advance the wheel, wake.
//! let mut due = Vec::new();
//! while bell.0.load(Ordering::Relaxed) < 2 {
//!     let limit = wheel.bound().map(|moment| moment.saturating_since(now()));
//!     reactor.turn(limit, &mut due)?;
//!     wheel.advance(now(), &mut due);
//!     due.drain(..).for_each(Waker::wake);
//! }
//! assert!(now() >= deadline);
//! assert!(source.poll_ready(Direction::Read, &waker).is_ready());
//! # std::io::Result::Ok(())
//! ```

#![forbid(unsafe_code)]

mod tick;
mod levels;
mod wheel;

mod unpark;
mod source;
mod registrar;
mod reactor;

pub use mio::Interest;

pub use crate::reactor::{Reactor, Turned};
pub use crate::registrar::Registrar;
pub use crate::source::{Direction, Ready, Source, SourceKey};
pub use crate::tick::Tick;
pub use crate::unpark::Unparker;
pub use crate::wheel::{TimerKey, Wheel};
