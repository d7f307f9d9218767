//! The way to end the reactor's wait from another thread.

use std::io;
use std::sync::Arc;

use mio::{Poll, Token, Waker};

/// Ends the wait of a [`Reactor`](crate::Reactor), from any thread.
///
/// A call that comes when nobody waits is kept: it ends the next wait at once. Many calls before
/// one wait count as one.
///
/// It costs a system call, so whoever knows that the loop is running need not call it. asyncio
/// has the self-pipe behind `call_soon_threadsafe` in its place.
///
/// ```
/// use mainspring_reactor::Reactor;
///
/// let mut reactor = Reactor::new()?;
/// let unparker = reactor.unparker();
/// std::thread::spawn(move || unparker.unpark());
/// assert!(reactor.turn(None, &mut Vec::new())?.unparked);
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug)]
pub struct Unparker {
    waker: Arc<Waker>,
}

impl Unparker {
    /// An unparker whose calls reach `poll` as events with `token`.
    pub(crate) fn new(poll: &Poll, token: Token) -> io::Result<Self> {
        let waker = Arc::new(Waker::new(poll.registry(), token)?);
        Ok(Unparker { waker })
    }

    /// Ends the wait that is under way, or the next one.
    ///
    /// It neither blocks nor fails. After the reactor is gone it does nothing.
    pub fn unpark(&self) {
        // The only failure of a counter of our own is to be full; then a call is pending already.
        let _ = self.waker.wake();
    }
}
