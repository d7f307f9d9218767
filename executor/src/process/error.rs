//! Why a worker process could not do a job.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why a job was not done, when neither the function nor the death of its worker is the reason:
/// the [source](Error::source) of the job's [`JoinError`](crate::task::JoinError).
///
/// ```standalone_crate
/// use mainspring::process::{ProcessError, ProcessPool, function, serve};
///
/// fn length(text: String) -> usize {
///     text.len()
/// }
///
/// serve([function(length)]);
/// mainspring::run(async {
///     let pool = ProcessPool::builder().workers(1).largest_frame(10).build().unwrap();
///     let error = pool.submit(length, "longer than ten bytes".to_owned()).await.unwrap_err();
///     let reason = std::error::Error::source(&error).unwrap();
///     let reason = reason.downcast_ref::<ProcessError>().unwrap();
///     assert!(matches!(reason, ProcessError::ArgumentTooLarge { largest: 10 }));
/// });
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ProcessError {
    /// The serialised argument is larger than the pool allows. Nothing was sent.
    ArgumentTooLarge {
        /// How many bytes it may have.
        largest: usize,
    },
    /// The serialised result is larger than the pool allows. The function has run.
    ResultTooLarge {
        /// How many bytes it may have.
        largest: usize,
    },
    /// The argument could not be serialised, or not be read by the worker. The function has not
    /// run.
    Argument(String),
    /// The result could not be serialised by the worker, or not be read here. The function has
    /// run.
    Result(String),
    /// The operating system refused to start a worker.
    NotStarted(Arc<io::Error>),
    /// A worker was started and did not get as far as to take jobs.
    NotReady {
        /// Which process it was.
        pid: u32,
        /// What was the matter, and what to do.
        why: String,
    },
    /// The worker sent what is no answer to this job, and was ended.
    Garbage {
        /// Which process it was.
        pid: u32,
        /// What it sent.
        what: String,
    },
}

impl fmt::Display for ProcessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remedy = "raise `ProcessPool::builder().largest_frame(..)`, or send the name of a file";
        match self {
            ProcessError::ArgumentTooLarge { largest } => write!(
                f,
                "its argument takes more than the {largest} bytes that may be sent: {remedy}"
            ),
            ProcessError::ResultTooLarge { largest } => write!(
                f,
                "its result takes more than the {largest} bytes that may be sent: {remedy}"
            ),
            ProcessError::Argument(why) => {
                write!(f, "its argument could not be carried to the worker: {why}")
            }
            ProcessError::Result(why) => {
                write!(f, "its result could not be carried back: {why}")
            }
            ProcessError::NotStarted(error) => {
                write!(f, "no worker process could be started: {error}")
            }
            ProcessError::NotReady { pid, why } => {
                write!(f, "worker process {pid} did not get ready: {why}")
            }
            ProcessError::Garbage { pid, what } => write!(
                f,
                "worker process {pid} sent {what} instead of an answer, and was ended"
            ),
        }
    }
}

impl Error for ProcessError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ProcessError::NotStarted(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<ProcessError> for io::Error {
    fn from(error: ProcessError) -> io::Error {
        match &error {
            ProcessError::NotStarted(source) => io::Error::new(source.kind(), error),
            _ => io::Error::other(error),
        }
    }
}
