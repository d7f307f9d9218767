//! One operation on a socket as a future, and receiving into what safe Rust cannot lend out.

use std::future::{Future, poll_fn};
use std::io;

use bytes::BufMut;
use mio::event;

use crate::io::registered::Wait;

impl<'a, S: event::Source> Wait<'a, S> {
    /// Waits until the operation does something else than block.
    pub(crate) fn io<T>(
        mut self,
        mut operation: impl FnMut(&S) -> io::Result<T>,
    ) -> impl Future<Output = io::Result<T>> {
        poll_fn(move |cx| self.poll_io(cx, &mut operation))
    }
}

/// What a receiving call says: how many bytes it gave, and perhaps from whom.
pub(crate) trait Received {
    fn count(&self) -> usize;
}

impl Received for usize {
    fn count(&self) -> usize {
        *self
    }
}

impl<A> Received for (usize, A) {
    fn count(&self) -> usize {
        self.0
    }
}

/// Receives into what may have no initialised room of its own, by way of memory that has: as much
/// as there is room for. Says what `receive` says.
pub(crate) fn receive_into<B: BufMut + ?Sized, R: Received>(
    buf: &mut B,
    receive: impl FnOnce(&mut [u8]) -> io::Result<R>,
) -> io::Result<R> {
    let mut memory = vec![0; buf.chunk_mut().len()];
    let received = receive(&mut memory)?;
    buf.put_slice(&memory[..received.count()]);
    Ok(received)
}
