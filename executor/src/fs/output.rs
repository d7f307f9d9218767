//! Standard output and standard error, to be written by futures.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::fs::call::runtime;
use crate::fs::line::{Line, Stream};
use crate::io::AsyncWrite;
use crate::leaf;
use crate::pool::blocking::spawn_on;
use crate::pool::job::Duty;
use crate::task::JoinHandle;

/// How much one write takes, at most. tokio's number; a longer one is written in parts, and what
/// other handles write may come between them.
const MOST: usize = 2 * 1024 * 1024;

static OUTPUT: Line = Line::new(Stream::Output);
static ERRORS: Line = Line::new(Stream::Errors);

/// Standard output. Made by [`stdout`].
///
/// **A write is told to be done when it has begun**: its bytes are copied and lined up, and a
/// thread writes them while the caller goes on. `flush` waits for that, and tells of an error.
/// A runtime that ends waits for what has been lined up; a process that ends by `exit` does not.
///
/// All handles of a process, whichever runtime they are used in, stand in one line: what is written
/// first comes out first. What goes in by one `write` (of up to 2 MiB) comes out in one piece,
/// beside `println!`, too. (In tokio neither the order between handles nor an end without newline
/// is kept up without a flush.)
///
/// For one line in a program that has nothing better to do meanwhile, `println!` is good enough.
///
/// tokio: `io::Stdout`. asyncio: `loop.connect_write_pipe` with `sys.stdout`.
///
/// # Panics
///
/// Writing panics outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncWriteExt, stdout};
///
/// let mut out = stdout();
/// out.write_all(b"tick\ntock\n").await?;
/// out.flush().await
/// # }).unwrap();
/// ```
pub struct Stdout {
    /// For its descriptor.
    std: io::Stdout,
    writer: Writer,
}

/// Standard error. Made by [`stderr`]. It is written in the same way as [`Stdout`].
///
/// tokio: `io::Stderr`.
///
/// # Panics
///
/// Writing panics outside of a runtime.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncWriteExt, stderr};
///
/// let mut errors = stderr();
/// errors.write_all(b"all is well\n").await?;
/// errors.flush().await
/// # }).unwrap();
/// ```
pub struct Stderr {
    /// For its descriptor.
    std: io::Stderr,
    writer: Writer,
}

/// A handle to the process's standard output.
///
/// tokio: `io::stdout`.
#[track_caller]
pub fn stdout() -> Stdout {
    Stdout {
        std: io::stdout(),
        writer: Writer::new(&OUTPUT),
    }
}

/// A handle to the process's standard error.
///
/// tokio: `io::stderr`.
#[track_caller]
pub fn stderr() -> Stderr {
    Stderr {
        std: io::stderr(),
        writer: Writer::new(&ERRORS),
    }
}

/// A handle's part of the work: it waits for its own last write before it does another.
struct Writer {
    line: &'static Line,
    /// The number of the last piece, and its job.
    sent: Option<(u64, JoinHandle<io::Result<()>>)>,
    place: &'static Location<'static>,
}

impl Writer {
    #[track_caller]
    fn new(line: &'static Line) -> Self {
        Writer {
            line,
            sent: None,
            place: Location::caller(),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_flush(cx))?;
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(leaf::proceed(cx));
        leaf::spend();
        let shared = runtime("writing to a standard stream");
        let length = bytes.len().min(MOST);
        let line = self.line;
        let number = line.put(bytes[..length].to_vec());
        let write = move || line.write_up_to(number);
        let job = spawn_on(&shared, write, Duty::Mandatory, self.place);
        self.sent = Some((number, job));
        Poll::Ready(Ok(length))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some((number, job)) = &mut self.sent else {
            return Poll::Ready(Ok(()));
        };
        let number = *number;
        let written = ready!(Pin::new(job).poll(cx));
        self.sent = None;
        Poll::Ready(match written {
            Ok(written) => written,
            // The runtime has ended, or there was no thread.
            Err(error) if self.line.withdraw(number) => Err(error.into()),
            Err(_) => self.line.outcome_of(number),
        })
    }
}

macro_rules! stream {
    ($stream:ident) => {
        impl AsyncWrite for $stream {
            fn poll_write(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.writer.poll_write(cx, buf)
            }

            fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.writer.poll_flush(cx)
            }

            fn poll_shutdown(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.writer.poll_flush(cx)
            }
        }

        impl AsRawFd for $stream {
            fn as_raw_fd(&self) -> RawFd {
                self.std.as_raw_fd()
            }
        }

        impl AsFd for $stream {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.std.as_fd()
            }
        }

        impl fmt::Debug for $stream {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($stream)).finish_non_exhaustive()
            }
        }
    };
}

stream!(Stdout);
stream!(Stderr);
