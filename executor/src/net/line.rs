//! A listener's line: taking the next connection that is still one, and waiting for files.
//!
//! A process that has no more files cannot take a connection, so it stays in line, and the system
//! tells of no news. Whoever went on trying would spin; whoever waited for news would wait for
//! ever. So the first is told, and after that the listener rests: a timer says now and then that
//! it is ready.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use mainspring_reactor::{Direction, Source};
use mio::event;

use crate::engine::context;
use crate::io::registered::Registered;
use crate::quietly::wake_all;

/// How long a listener rests while there are no files.
///
/// Twice as long leaves those who wait that much longer when files come back; half as long tries
/// twice as often in vain. Files may come back from another process, so nothing else can tell.
const REST: Duration = Duration::from_millis(100);

/// The line of one listener.
#[derive(Debug)]
pub(crate) struct Line {
    /// Somebody has been told that there are no files.
    is_told: AtomicBool,
    rest: Arc<Rest>,
}

#[derive(Debug)]
struct Rest {
    is_on: AtomicBool,
    listener: Source,
}

impl Line {
    pub(crate) fn new<S: event::Source>(listener: &Registered<S>) -> Line {
        Line {
            is_told: AtomicBool::new(false),
            rest: Arc::new(Rest {
                is_on: AtomicBool::new(false),
                listener: listener.source().clone(),
            }),
        }
    }

    /// Takes the next connection; `WouldBlock` if there is none, or while the listener rests.
    pub(crate) fn take<S: event::Source, T>(
        &self,
        listener: &Registered<S>,
        accept: impl Fn() -> io::Result<T>,
    ) -> io::Result<T> {
        if self.rest.is_on.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        loop {
            match accept() {
                Err(error) if is_about_the_peer(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_exhaustion(&error) => {
                    if !self.is_told.swap(true, Ordering::Relaxed) {
                        return Err(error);
                    }
                    self.rest(listener);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                result => {
                    self.is_told.store(false, Ordering::Relaxed);
                    return result;
                }
            }
        }
    }

    fn rest<S: event::Source>(&self, listener: &Registered<S>) {
        self.rest.is_on.store(true, Ordering::Relaxed);
        let end = Waker::from(self.rest.clone());
        context::at_home(listener.home(), |engine| {
            let deadline = engine.clock.now().saturating_add(REST);
            engine.wheel.borrow_mut().insert(deadline, end);
        });
    }
}

/// The rest is over.
impl Wake for Rest {
    fn wake(self: Arc<Self>) {
        self.is_on.store(false, Ordering::Relaxed);
        let mut due = Vec::new();
        self.listener.renew(Direction::Read, &mut due);
        wake_all(due);
    }
}

/// The connection was given up, by the other side or by the network, before it was accepted.
fn is_about_the_peer(error: &io::Error) -> bool {
    // `EPROTO`, which has no name in std.
    let protocol_error = if cfg!(target_os = "linux") { 71 } else { 100 };
    error.kind() == io::ErrorKind::ConnectionAborted || error.raw_os_error() == Some(protocol_error)
}

/// There are no more files, or no more memory for sockets.
fn is_exhaustion(error: &io::Error) -> bool {
    // `ENOMEM`, `ENFILE`, `EMFILE` and `ENOBUFS`, which have no names in std.
    let no_buffers = if cfg!(target_os = "linux") { 105 } else { 55 };
    let number = error.raw_os_error();
    [12, 23, 24, no_buffers]
        .into_iter()
        .any(|each| number == Some(each))
}

#[cfg(test)]
mod tests {
    //! What the system answers only under pressure.

    use std::cell::RefCell;

    use super::*;
    use crate::runtime::LocalRuntime;
    use crate::time::sleep;

    const ABORTED: i32 = 103;
    const PROTOCOL: i32 = 71;
    const INTERRUPTED: i32 = 4;
    const NO_FILES: i32 = 24;
    const NO_FILES_ANYWHERE: i32 = 23;
    const NO_MEMORY: i32 = 12;
    const NO_BUFFERS: i32 = 105;
    const REFUSED: i32 = 111;

    /// Calls `test` with a listener and a line on the paused clock.
    fn with_line(test: impl AsyncFnOnce(&Registered<mio::net::TcpListener>, &Line)) {
        let mut builder = crate::runtime::Builder::new_current_thread();
        let runtime: LocalRuntime = builder
            .start_paused(true)
            .build_local(Default::default())
            .unwrap();
        runtime.block_on(async {
            let engine = context::expect("a test");
            let io = mio::net::TcpListener::bind(([127, 0, 0, 1], 0).into()).unwrap();
            let place = std::panic::Location::caller();
            let listener = Registered::new(&engine, io, place).unwrap();
            test(&listener, &Line::new(&listener)).await;
        });
    }

    /// An `accept` that answers these, one after the other; a zero is a connection.
    fn answers<const N: usize>(errors: [i32; N]) -> impl Fn() -> io::Result<()> {
        let left = RefCell::new(errors.into_iter());
        move || match left.borrow_mut().next() {
            Some(0) => Ok(()),
            Some(number) => Err(io::Error::from_raw_os_error(number)),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    #[test]
    fn f31_connections_that_were_given_up_and_interruptions_are_passed_over() {
        with_line(async |listener, line| {
            let accept = answers([ABORTED, PROTOCOL, INTERRUPTED, ABORTED, 0, PROTOCOL]);
            line.take(listener, &accept).unwrap();
            let none = line.take(listener, &accept).unwrap_err();
            assert_eq!(none.kind(), io::ErrorKind::WouldBlock);
        });
    }

    #[test]
    fn f30_every_kind_of_exhaustion_is_told_once_and_rests_afterwards() {
        for number in [NO_FILES, NO_FILES_ANYWHERE, NO_MEMORY, NO_BUFFERS] {
            with_line(async |listener, line| {
                let accept = answers([number, INTERRUPTED, number, 0, number]);
                let told = line.take(listener, &accept).unwrap_err();
                assert_eq!(told.raw_os_error(), Some(number));
                for _ in 0..2 {
                    let rests = line.take(listener, &accept).unwrap_err();
                    assert_eq!(rests.kind(), io::ErrorKind::WouldBlock);
                }
                let ready = listener.source().ready(Direction::Read).unwrap();
                listener.source().clear_ready(Direction::Read, ready);

                sleep(REST).await;
                assert!(listener.source().ready(Direction::Read).is_some());
                line.take(listener, &accept).unwrap();
                let told = line.take(listener, &accept).unwrap_err();
                assert_eq!(told.raw_os_error(), Some(number));
            });
        }
    }

    #[test]
    fn other_errors_are_told_each_time() {
        with_line(async |listener, line| {
            let accept = answers([REFUSED, REFUSED]);
            for _ in 0..2 {
                let told = line.take(listener, &accept).unwrap_err();
                assert_eq!(told.raw_os_error(), Some(REFUSED));
            }
        });
    }
}
