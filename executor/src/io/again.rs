//! What a signal interrupted is tried again.

use std::io;
use std::task::Poll;

/// Does a step until it answers something else than `Interrupted`.
///
/// Sockets never answer that here, but other people's streams may; those who do more than one
/// step have no place to report it.
pub(crate) fn again<T>(mut step: impl FnMut() -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
    loop {
        match step() {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => return polled,
        }
    }
}
