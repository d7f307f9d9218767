//! Where and when a piece of work ran.

use std::time::Duration;

use std::time::Instant as StdInstant;

/// Answers "did it run in parallel, and where?" for one piece of work.
///
/// Times are real ones, whatever the loop's clock shows, except in a simulated pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobReport {
    /// The process it ran in; this one, while it waits for a worker process.
    pub pid: u32,
    /// The name of the thread it ran on, or the seat of the worker process (`worker-1`); empty while
    /// it waits for one.
    pub thread: String,
    /// How long it waited for a thread or a worker process (so far, if it still does).
    pub queued: Duration,
    /// How long it ran (so far, if it still does). In a worker process that is the time that the
    /// function took, without its way there and back.
    pub ran: Duration,
    /// When a thread or a worker process took it up.
    pub started: Option<StdInstant>,
    /// When it ended.
    pub finished: Option<StdInstant>,
}
