//! Which signal: a number with names.

use signal_hook::consts;

/// A kind of signal.
///
/// tokio: `signal::unix::SignalKind`. asyncio: `signal.SIGTERM` and its like.
///
/// ```
/// use mainspring::signal::unix::SignalKind;
///
/// assert_eq!(SignalKind::interrupt().as_raw_value(), 2);
/// assert_eq!(SignalKind::from_raw(15), SignalKind::terminate());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

impl SignalKind {
    /// The signal of this number, real-time signals among them.
    ///
    /// Numbers for which nobody can listen are refused by [`signal`](crate::signal::unix::signal).
    pub const fn from_raw(signum: i32) -> SignalKind {
        SignalKind(signum)
    }

    /// The number of this signal.
    pub const fn as_raw_value(&self) -> i32 {
        self.0
    }

    /// SIGALRM: a timer of the system's has run out. Ends a process unless it listens.
    pub const fn alarm() -> SignalKind {
        SignalKind(consts::SIGALRM)
    }

    /// SIGCHLD: a child process ended, stopped or went on.
    pub const fn child() -> SignalKind {
        SignalKind(consts::SIGCHLD)
    }

    /// SIGHUP: the terminal is gone; for daemons, mostly a wish to read their settings again. Ends
    /// a process unless it listens.
    pub const fn hangup() -> SignalKind {
        SignalKind(consts::SIGHUP)
    }

    /// SIGINFO: Ctrl-T at the terminal, a question for the state of things.
    #[cfg(target_os = "macos")]
    pub const fn info() -> SignalKind {
        SignalKind(consts::SIGINFO)
    }

    /// SIGINT: Ctrl-C at the terminal. Ends a process unless it listens.
    pub const fn interrupt() -> SignalKind {
        SignalKind(consts::SIGINT)
    }

    /// SIGIO: a file that was told to say so is ready. Ends a process on Linux unless it listens.
    pub const fn io() -> SignalKind {
        SignalKind(consts::SIGIO)
    }

    /// SIGPIPE: something was written to a pipe that nobody reads. Rust's programs ignore it from
    /// the start.
    pub const fn pipe() -> SignalKind {
        SignalKind(consts::SIGPIPE)
    }

    /// SIGQUIT: Ctrl-\ at the terminal. Ends a process, with a core dump, unless it listens.
    pub const fn quit() -> SignalKind {
        SignalKind(consts::SIGQUIT)
    }

    /// SIGTERM: what `kill` sends, and service managers. Ends a process unless it listens.
    pub const fn terminate() -> SignalKind {
        SignalKind(consts::SIGTERM)
    }

    /// SIGUSR1: free for every program. Ends a process unless it listens.
    pub const fn user_defined1() -> SignalKind {
        SignalKind(consts::SIGUSR1)
    }

    /// SIGUSR2: free for every program. Ends a process unless it listens.
    pub const fn user_defined2() -> SignalKind {
        SignalKind(consts::SIGUSR2)
    }

    /// SIGWINCH: the terminal's window has another size.
    pub const fn window_change() -> SignalKind {
        SignalKind(consts::SIGWINCH)
    }

    /// Whether no handler can be had for it: the system forbids it, or a program could not go on.
    pub(crate) fn is_impossible(self) -> bool {
        self.0 <= 0 || consts::FORBIDDEN.contains(&self.0)
    }
}

impl From<i32> for SignalKind {
    fn from(signum: i32) -> SignalKind {
        SignalKind::from_raw(signum)
    }
}

impl From<SignalKind> for i32 {
    fn from(kind: SignalKind) -> i32 {
        kind.as_raw_value()
    }
}
