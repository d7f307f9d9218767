//! The other side: am I a worker? Then do jobs, until nobody asks any more.
//!
//! ```text
//!   parent                                worker
//!   ------                                ------
//!   starts this program, told by its      main: serve(list): yes, I am one
//!   environment, stdin = a socket
//!             <----- Hello: version, names of the list
//!   the same names as mine?
//!             ----- Call: number, argument --->
//!                                         list[number](argument)
//!             <----- Value, Panicked, ...
//!   closes the socket                     exits, wherever it is
//! ```

use std::env;
use std::fs::File;
use std::hint;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use rustix::process::{Signal, getpid, kill_process};

use crate::process::frame::{self, Frame, Incoming, Kind};
use crate::process::function::{Fault, Function, List};
use crate::process::patience::Patience;
use crate::process::value;
use crate::runtime::stall::IDLE_THREADS;

/// How a worker is told that it is one.
const MARKER: &str = "MAINSPRING_WORKER";

/// What both sides must agree on: how frames look, and what they mean.
pub(crate) const VERSION: u64 = u64::from_le_bytes(*b"mspring1");

/// How long the orderly end of a worker may take that nobody asks any more.
///
/// Doubling it keeps an orphan whose end hangs for longer; at zero none would end in order.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the parent tells a worker by its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summons {
    /// The number of the file that is the worker's standard input: whoever inherits this
    /// environment, and not that file, is not meant.
    pub(crate) inode: u64,
    /// How many workers stand above it: a worker's own workers say one more.
    pub(crate) depth: u32,
    /// The largest value that may be sent.
    pub(crate) largest: usize,
    /// The worker was given arguments: the test that it is to run.
    pub(crate) is_test: bool,
}

/// Makes functions known to worker processes. To be called before anything else, as the first
/// line of `main`.
///
/// A worker process is this program again, without its arguments. There `serve` does jobs and
/// **never returns**; what stands before it happens in every worker. In the program itself it keeps the list and returns
/// at once, so that a function which is missing is refused where it is submitted. To call it again
/// with the same list does no harm.
///
/// `#[mainspring::main(serve = [fib])]` writes this line. Within an `async fn main` it would come
/// too late: there the worker's jobs, too, are within a runtime, and cannot start one.
///
/// In a worker, standard output and error are the program's: what a job prints is seen, and lines
/// of up to 1,024 bytes that are written by `println!` never mix. Its standard input is empty.
///
/// **In tests** the copy of the program is the test program, which must be told to run a test that
/// calls `serve`: see [`worker_test`](crate::process::ProcessPoolBuilder::worker_test).
///
/// asyncio: `if __name__ == "__main__"`, and that functions must be importable.
///
/// # Panics
///
/// If it is called again with another list.
///
/// ```standalone_crate
/// use mainspring::process::{ProcessPool, function, serve};
///
/// fn fib(n: u32) -> u64 {
///     if n < 2 { n.into() } else { fib(n - 1) + fib(n - 2) }
/// }
///
/// fn main() -> std::io::Result<()> {
///     serve([function(fib)]);
///     mainspring::run(async {
///         let pool = ProcessPool::new(2)?;
///         assert_eq!(pool.submit(fib, 20).await?, 6765);
///         Ok(())
///     })
/// }
/// ```
#[track_caller]
pub fn serve(list: impl IntoIterator<Item = Function>) {
    let list = List::keep(list.into_iter().collect());
    let Some(summons) = Summons::read() else {
        return;
    };
    let here = thread::current().id();
    match SERVER.set(here) {
        Ok(()) => work(list, &summons),
        // A job calls it again.
        Err(_) if SERVER.get() == Some(&here) => {}
        // A test program that runs all its tests is a worker in one of them, and nothing in others.
        Err(_) => loop {
            thread::park();
        },
    }
}

impl Summons {
    /// What this process was told; `None`: it is no worker.
    pub(crate) fn read() -> Option<Self> {
        let summons = Summons::told()?;
        let stdin = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
        // Once it serves, its standard input is another, and it is a worker all the same.
        let stdin = stdin.metadata().ok()?;
        let is_meant = stdin.file_type().is_socket() && stdin.ino() == summons.inode;
        (is_meant || SERVER.get().is_some()).then_some(summons)
    }

    /// How many workers stand above this process. It counts for whoever inherited the environment:
    /// a program that has put another standard input in place before it calls `serve` does not
    /// know that it is a worker, and would start workers without end.
    pub(crate) fn depth() -> u32 {
        Summons::told().map_or(0, |summons| summons.depth)
    }

    fn told() -> Option<Self> {
        Summons::parse(&env::var(MARKER).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let mut next = || parts.next()?.parse::<u64>().ok();
        let told = [next()?, next()?, next()?, next()?, next()?];
        let [VERSION, inode, depth, largest, is_test] = told else {
            return None;
        };
        Some(Summons {
            inode,
            depth: depth.try_into().ok()?,
            largest: largest.try_into().ok()?,
            is_test: is_test == 1,
        })
    }

    /// The environment variable that tells it.
    pub(crate) fn variable(&self) -> (&'static str, String) {
        let Summons {
            inode,
            depth,
            largest,
            is_test,
        } = self;
        let is_test = u8::from(*is_test);
        (
            MARKER,
            format!("{VERSION} {inode} {depth} {largest} {is_test}"),
        )
    }
}

/// The thread of this process that does jobs.
static SERVER: OnceLock<ThreadId> = OnceLock::new();

fn work(list: &'static List, summons: &Summons) -> ! {
    let status = match serve_calls(list, summons) {
        Ok(()) => 0,
        Err(error) if is_gone(&error) => 0,
        Err(error) => {
            eprintln!(
                "mainspring: worker process {} ends: {error}",
                std::process::id()
            );
            1
        }
    };
    std::process::exit(status)
}

/// The parent has closed its end, or is no more.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

// ANCHOR: serve
/// Does what is asked, one call after the other, until the parent closes the socket.
fn serve_calls(list: &'static List, summons: &Summons) -> io::Result<()> {
    let mut socket = take_stdin()?;
    watch(socket.try_clone()?)?;
    socket.write_all(&hello(list, summons))?;
    let mut incoming = Incoming::new(summons.largest);
    let mut patience = Patience::new();
    loop {
        while let Some(call) = incoming.take().map_err(garbage)? {
            let answer = answer(list, &call, summons.largest);
            // Before the answer, so that the parent prints after it.
            let _ = io::stdout().flush();
            socket.write_all(&answer)?;
        }
        match read(&mut socket, incoming.room(), &mut patience) {
            Ok(0) => return Ok(()),
            Ok(count) => incoming.filled(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads what comes next. (Giving way while it looks, by `yield_now`, was tried: it brings parent
/// and worker together on one processor, and costs most of what is won.)
fn read(socket: &mut UnixStream, room: &mut [u8], patience: &mut Patience) -> io::Result<usize> {
    patience.begin();
    while patience.lasts() {
        match recv(&*socket, &mut *room, RecvFlags::DONTWAIT) {
            Err(Errno::WOULDBLOCK) => hint::spin_loop(),
            Ok((count, _)) => return Ok(count),
            Err(error) => return Err(error.into()),
        }
    }
    socket.read(room)
}

/// Does one call, and makes a frame of what came of it.
fn answer(list: &'static List, call: &Frame<'_>, largest: usize) -> Vec<u8> {
    let mut answer = frame::open(Kind::Value, call.id, 0);
    let start = Instant::now();
    let called = match list.at(call.number).filter(|_| call.kind == Kind::Call) {
        Some(function) => catch_unwind(AssertUnwindSafe(|| {
            function.call(call.value, &mut answer, largest)
        })),
        // The lists were compared: the parent would not ask.
        None => Ok(Err(Fault::Argument(format!(
            "there is no function {}",
            call.number
        )))),
    };
    let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let (kind, text) = match called {
        Ok(Ok(())) => (Kind::Value, String::new()),
        Ok(Err(Fault::Argument(text))) => (Kind::BadArgument, text),
        Ok(Err(Fault::Result(text))) => (Kind::BadResult, text),
        Ok(Err(Fault::TooLarge)) => (Kind::TooLarge, String::new()),
        Err(payload) => (Kind::Panicked, words(&*payload)),
    };
    let mut head = frame::open(kind, call.id, nanoseconds);
    match kind {
        Kind::Value => answer[..frame::HEAD].copy_from_slice(&head),
        _ => {
            let end = text.floor_char_boundary(frame::WORDS);
            head.extend_from_slice(&text.as_bytes()[..end]);
            answer = head;
        }
    }
    frame::seal(&mut answer);
    answer
}
// ANCHOR_END: serve

/// A panic's words, where it has any.
fn words(payload: &(dyn std::any::Any + Send)) -> String {
    match payload.downcast_ref::<&'static str>() {
        Some(text) => (*text).to_owned(),
        None => match payload.downcast_ref::<String>() {
            Some(text) => text.clone(),
            None => "a panic without words".to_owned(),
        },
    }
}

/// The first frame: who I am. Or why I am not: a test program that was not told which test it is
/// runs all of them, and the first to call `serve` comes here.
fn hello(list: &'static List, summons: &Summons) -> Vec<u8> {
    let thread = thread::current();
    let mut bytes;
    match thread.name() {
        Some(name) if name != "main" && !summons.is_test => {
            bytes = frame::open(Kind::Panicked, VERSION, 0);
            let why = format!(
                "`serve` was called on thread `{name}`, not in `main`. If this is a test program, \
                 name the test that calls `serve`: \
                 `ProcessPool::builder().worker_test(\"path::of::the::test\")`"
            );
            bytes.extend_from_slice(why.as_bytes());
        }
        _ => {
            bytes = frame::open(Kind::Hello, VERSION, 0);
            // A list of names that is larger than memory would not be.
            let _ = value::append(&mut bytes, &list.names(), frame::LARGEST);
        }
    }
    frame::seal(&mut bytes);
    bytes
}

/// Takes the socket out of the standard input, and leaves nothing there: neither a job that reads
/// nor a program that it starts gets hold of what is not theirs.
fn take_stdin() -> io::Result<UnixStream> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(UnixStream::from(socket))
}

// ANCHOR: watch
/// Ends this process as soon as the parent has closed its end of the socket, or is no more: also
/// while a job computes.
fn watch(socket: UnixStream) -> io::Result<()> {
    let watch = move || {
        // To be hung up on, and nothing else: who asks for more, if only for what is urgent, is
        // woken by every call, and for nothing.
        let mut watched = [PollFd::new(&socket, PollFlags::HUP)];
        // A wait that fails, fails for ever: better no worker than one that nobody can end.
        while matches!(poll(&mut watched, None), Ok(0) | Err(Errno::INTR)) {}
        // Beside this thread: whoever ends the process second waits for the first, whose end may
        // never come, if a job has left something in its thread that hangs when it is dropped.
        let _ = thread::Builder::new().spawn(|| std::process::exit(0));
        thread::sleep(LAST_WORDS);
        let _ = kill_process(getpid(), Signal::KILL);
    };
    thread::Builder::new()
        .name("mainspring-watch".to_owned())
        .spawn(watch)?;
    // It wakes nobody: a job whose own loop can never go on is to say so, and not to hang.
    IDLE_THREADS.fetch_add(1, Ordering::AcqRel);
    Ok(())
}
// ANCHOR_END: watch

fn garbage(garbage: frame::Garbage) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("its parent sent {garbage} instead of a call"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summons_is_read_as_it_was_written() {
        let summons = Summons {
            inode: u64::MAX,
            depth: 3,
            largest: 1 << 20,
            is_test: true,
        };
        assert_eq!(Summons::parse(&summons.variable().1), Some(summons));
    }

    #[test]
    fn a_summons_of_another_version_is_none() {
        for text in ["", "1 2 3 4 5", "x", "7881706594452104813 1 2"] {
            assert_eq!(Summons::parse(text), None, "{text:?}");
        }
    }
}
