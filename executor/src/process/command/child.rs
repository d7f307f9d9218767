//! `Child`: a program that was started.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::process::{self, ExitStatus, Output};
use std::task::{Context, Poll};

use crate::io::{AsyncRead, AsyncReadExt};
use crate::leaf;
use crate::process::command::orphan;
use crate::process::command::pipe::{ChildStderr, ChildStdin, ChildStdout};
use crate::process::command::running::Running;

/// A program that was started by a [`Command`](crate::process::Command).
///
/// If it is dropped before the program has ended, the program goes on, unless
/// [`kill_on_drop`](crate::process::Command::kill_on_drop) was asked for. In both cases the loop
/// sees to its end, so that no zombie is left.
///
/// While somebody waits for it, a paused clock stands still: the program's time is real.
///
/// tokio: `process::Child`. asyncio: `subprocess.Process`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::io::{AsyncReadExt, AsyncWriteExt};
/// use mainspring::process::Command;
/// use std::process::Stdio;
///
/// let mut child = Command::new("cat")
///     .stdin(Stdio::piped())
///     .stdout(Stdio::piped())
///     .spawn()?;
/// let mut stdin = child.stdin.take().unwrap();
/// stdin.write_all(b"tick").await?;
/// drop(stdin); // `cat` reads the end
///
/// let output = child.wait_with_output().await?;
/// assert!(output.status.success());
/// assert_eq!(output.stdout, b"tick");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Child {
    life: Life,
    /// The pipe to its standard input, if `Stdio::piped()` was asked for.
    pub stdin: Option<ChildStdin>,
    /// The pipe from its standard output, if `Stdio::piped()` was asked for.
    pub stdout: Option<ChildStdout>,
    /// The pipe from its standard error, if `Stdio::piped()` was asked for.
    pub stderr: Option<ChildStderr>,
}

#[derive(Debug)]
enum Life {
    Running(Ward),
    Ended(ExitStatus),
}

/// A process that somebody is to see to in the end.
#[derive(Debug)]
struct Ward {
    /// `None` only while it is dropped.
    running: Option<Running>,
    kill_on_drop: bool,
}

impl Child {
    /// Takes over what was started.
    ///
    /// # Errors
    ///
    /// What the system answers. The program is not left running then.
    #[track_caller]
    pub(crate) fn new(mut process: process::Child, kill_on_drop: bool) -> io::Result<Child> {
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let ward = Ward {
            running: Some(Running::new(process)?),
            // If the pipes are refused.
            kill_on_drop: true,
        };
        let mut child = Child {
            life: Life::Running(ward),
            stdin: pipes.0.map(ChildStdin::from_std).transpose()?,
            stdout: pipes.1.map(ChildStdout::from_std).transpose()?,
            stderr: pipes.2.map(ChildStderr::from_std).transpose()?,
        };
        if let Life::Running(ward) = &mut child.life {
            ward.kill_on_drop = kill_on_drop;
        }
        Ok(child)
    }

    /// The number of the process; `None` once it has been waited for, since it may be another's
    /// then.
    pub fn id(&self) -> Option<u32> {
        match &self.life {
            Life::Running(ward) => ward.running.as_ref().map(Running::id),
            Life::Ended(_) => None,
        }
    }

    /// Kills it, and does not wait for its end. Nothing happens if it has been waited for.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn start_kill(&mut self) -> io::Result<()> {
        match self.running() {
            Some(running) => running.kill(),
            None => Ok(()),
        }
    }

    /// Kills it and waits for its end.
    ///
    /// # Errors
    ///
    /// As [`start_kill`](Child::start_kill) and [`wait`](Child::wait).
    ///
    /// # Cancel safety
    ///
    /// **Strict**: it is killed at the first poll, and can be waited for again.
    #[track_caller]
    pub fn kill(&mut self) -> impl Future<Output = io::Result<()>> + Send + use<'_> {
        let place = Location::caller();
        async move {
            self.start_kill()?;
            self.wait_at("process::Child::kill", place).await?;
            Ok(())
        }
    }

    /// Waits for its end, and says how that was. Its standard input is closed first, if it is
    /// still here: a program that reads to the end would wait as well.
    ///
    /// To read what it writes meanwhile, take [`stdout`](Child::stdout) and
    /// [`stderr`](Child::stderr) out: a full pipe stops it.
    ///
    /// # Errors
    ///
    /// What the system answers. If this process ignores SIGCHLD, nobody knows how a child ended.
    ///
    /// # Cancel safety
    ///
    /// **Strict**: it can be waited for again, also when it has ended.
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = io::Result<ExitStatus>> + Send + use<'_> {
        self.wait_at("process::Child::wait", Location::caller())
    }

    pub(crate) fn wait_at<'a>(
        &'a mut self,
        what: &'static str,
        place: &'static Location<'static>,
    ) -> Wait<'a> {
        Wait {
            child: self,
            what,
            place,
            is_waiting: false,
        }
    }

    /// Whether it has ended, and how. Its standard input is left as it is.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = match &mut self.life {
            Life::Ended(status) => return Ok(Some(*status)),
            Life::Running(ward) => match &mut ward.running {
                Some(running) => running.try_wait()?,
                None => None,
            },
        };
        if let Some(status) = status {
            self.life = Life::Ended(status);
        }
        Ok(status)
    }

    /// Waits for its end, and reads meanwhile what it writes into its pipes.
    ///
    /// # Errors
    ///
    /// As [`wait`](Child::wait), and what the pipes answer.
    ///
    /// # Cancel safety
    ///
    /// **Loses data**: what was read so far is gone, and the child is dropped.
    #[track_caller]
    pub fn wait_with_output(self) -> impl Future<Output = io::Result<Output>> + Send + use<> {
        self.output_at("process::Child::wait_with_output", Location::caller())
    }

    pub(crate) async fn output_at(
        mut self,
        what: &'static str,
        place: &'static Location<'static>,
    ) -> io::Result<Output> {
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let reads = both(read_to_end(stdout), read_to_end(stderr));
        let (status, (stdout, stderr)) = both(self.wait_at(what, place), reads).await?;
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    fn running(&mut self) -> Option<&mut Running> {
        match &mut self.life {
            Life::Running(ward) => ward.running.as_mut(),
            Life::Ended(_) => None,
        }
    }
}

async fn read_to_end(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Two things side by side: what both came to, or the first error.
async fn both<A, B>(
    one: impl Future<Output = io::Result<A>>,
    other: impl Future<Output = io::Result<B>>,
) -> io::Result<(A, B)> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let mut ended = (None, None);
    poll_fn(|cx| {
        if ended.0.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(cx)?
        {
            ended.0 = Some(output);
        }
        if ended.1.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(cx)?
        {
            ended.1 = Some(output);
        }
        match std::mem::take(&mut ended) {
            (Some(one), Some(other)) => Poll::Ready(Ok((one, other))),
            not_yet => {
                ended = not_yet;
                Poll::Pending
            }
        }
    })
    .await
}

impl Drop for Ward {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        if self.kill_on_drop {
            // It may have ended by itself.
            let _ = running.kill();
        }
        orphan::adopt(running);
    }
}

/// The future of [`Child::wait`].
#[derive(Debug)]
pub(crate) struct Wait<'a> {
    child: &'a mut Child,
    what: &'static str,
    place: &'static Location<'static>,
    is_waiting: bool,
}

impl Future for Wait<'_> {
    type Output = io::Result<ExitStatus>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        let this = &mut *self;
        drop(this.child.stdin.take());
        let running = match &mut this.child.life {
            Life::Ended(status) => return Poll::Ready(Ok(*status)),
            Life::Running(ward) => ward.running.as_mut().expect("it is not being dropped"),
        };
        let polled = running.poll_end(cx, this.place);
        this.is_waiting = polled.is_pending();
        if this.is_waiting {
            leaf::waiting_for(this.what, this.place);
        }
        if let Poll::Ready(Ok(status)) = &polled {
            this.child.life = Life::Ended(*status);
        }
        polled
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.is_waiting
            && let Some(running) = self.child.running()
        {
            running.release();
        }
    }
}
