//! `ctrl_c`: one signal, mostly waited for once.

use std::future::Future;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::leaf;
use crate::signal::kind::SignalKind;
use crate::signal::stream::Signal;

/// Waits for Ctrl-C (SIGINT).
///
/// It listens from the first poll on, and from then on Ctrl-C is the program's to answer: the
/// default action does not come back when this future is gone. A program that wants the second
/// Ctrl-C, too, waits for it, or keeps a
/// [`signal(SignalKind::interrupt())`](crate::signal::unix::signal), which misses none between two
/// waits.
///
/// tokio: `signal::ctrl_c`. asyncio: `loop.add_signal_handler(SIGINT, …)`.
///
/// # Errors
///
/// What the system answers.
///
/// # Panics
///
/// When it is polled outside of a runtime.
///
/// # Cancel safety
///
/// **Strict**, but that nobody listens while there is no such future: a Ctrl-C between two of them
/// is lost if the loop looks meanwhile.
///
/// ```
/// # mainspring::run(async {
/// use std::time::Duration;
/// use mainspring::signal::ctrl_c;
/// use mainspring::time::timeout;
///
/// // A server's work, until somebody stops it or an hour has passed.
/// # let press = mainspring::runtime::call_later(Duration::ZERO, || {
/// #     let pid = rustix::process::getpid();
/// #     let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
/// # });
/// let stopped = timeout(Duration::from_secs(3600), ctrl_c()).await;
/// assert!(matches!(stopped, Ok(Ok(()))));
/// # });
/// ```
#[track_caller]
pub fn ctrl_c() -> CtrlC {
    CtrlC {
        place: Location::caller(),
        listening: None,
        is_waiting: false,
    }
}

/// The future of [`ctrl_c`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct CtrlC {
    place: &'static Location<'static>,
    listening: Option<Signal>,
    is_waiting: bool,
}

impl Future for CtrlC {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let signal = match &mut this.listening {
            Some(signal) => signal,
            none => {
                let kind = SignalKind::interrupt();
                none.insert(Signal::listen(kind, "`ctrl_c`", this.place)?)
            }
        };
        let polled = signal.poll_recv(cx);
        this.is_waiting = polled.is_pending();
        if this.is_waiting {
            leaf::waiting_for("ctrl_c", this.place);
        }
        let heard = ready!(polled);
        Poll::Ready(heard.ok_or_else(|| io::Error::other("the runtime has ended")))
    }
}

impl Drop for CtrlC {
    fn drop(&mut self) {
        if self.is_waiting
            && let Some(signal) = &self.listening
        {
            signal.release();
        }
    }
}
