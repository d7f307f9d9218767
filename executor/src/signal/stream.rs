//! `Signal`: what comes of one kind, from now on.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::context;
use crate::leaf;
use crate::runtime::interrupt;
use crate::signal::ear::Ear;
use crate::signal::kind::SignalKind;

/// Listens for a kind of signal, from now on and for the whole process: every live stream, of any
/// runtime, hears each signal.
///
/// The signal's default action is gone for good. If it is SIGINT, `Ctrl-C` is the program's to
/// answer now, also where [`run`](crate::run) would have.
///
/// tokio: `signal::unix::signal`. asyncio: `loop.add_signal_handler`.
///
/// # Errors
///
/// SIGKILL and SIGSTOP, for which the system lets nobody listen; SIGILL, SIGFPE and SIGSEGV, after
/// which a program cannot go on; and what the system answers.
///
/// # Panics
///
/// Outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::signal::unix::{SignalKind, signal};
///
/// let mut hangups = signal(SignalKind::hangup())?;
/// # let pid = rustix::process::getpid();
/// # let _ = rustix::process::kill_process(pid, rustix::process::Signal::HUP);
/// // kill -HUP ...
/// hangups.recv().await;
/// println!("reading the settings again");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[track_caller]
pub fn signal(kind: SignalKind) -> io::Result<Signal> {
    Signal::listen(kind, "`signal`", Location::caller())
}

/// A stream of signals of one kind; [`signal`] makes it.
///
/// Signals that come faster than they are received merge. It may be used on any thread, as long
/// as the runtime it was made in is driven.
///
/// tokio: `signal::unix::Signal`.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is received from"]
pub struct Signal {
    ear: Arc<Ear>,
    /// What it has been told of what the ear has heard.
    seen: u64,
}

impl Signal {
    #[track_caller]
    pub(crate) fn listen(
        kind: SignalKind,
        what: &str,
        place: &'static Location<'static>,
    ) -> io::Result<Signal> {
        if kind.is_impossible() {
            let number = kind.as_raw_value();
            return Err(io::Error::other(format!(
                "nobody can listen for signal {number}: the system forbids it, or the program \
                 could not go on after it"
            )));
        }
        let Some(engine) = context::current() else {
            panic!("{}", context::outside(what));
        };
        let ear = Ear::of(&engine, kind, place)?;
        if kind == SignalKind::interrupt() {
            // The program answers it itself from now on.
            interrupt::give_up();
        }
        let seen = ear.heard();
        Ok(Signal { ear, seen })
    }

    /// Waits for the next signal. `None` once the runtime has ended; as tokio's, it is never
    /// `None` inside of one.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: no signal is lost.
    #[track_caller]
    pub fn recv(&mut self) -> Recv<'_> {
        Recv {
            signal: self,
            place: Location::caller(),
            is_waiting: false,
        }
    }

    /// As [`recv`](Signal::recv), for those who poll by hand.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.ear.poll_heard(cx, &mut self.seen).map(Result::ok)
    }

    pub(crate) fn release(&self) {
        self.ear.release();
    }
}

/// The future of [`Signal::recv`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Recv<'a> {
    signal: &'a mut Signal,
    place: &'static Location<'static>,
    is_waiting: bool,
}

impl Future for Recv<'_> {
    type Output = Option<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<()>> {
        let polled = self.signal.poll_recv(cx);
        self.is_waiting = polled.is_pending();
        if self.is_waiting {
            leaf::waiting_for("Signal::recv", self.place);
        }
        polled
    }
}

impl Drop for Recv<'_> {
    fn drop(&mut self) {
        if self.is_waiting {
            self.signal.release();
        }
    }
}
