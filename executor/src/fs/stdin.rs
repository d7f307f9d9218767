//! Standard input: one thread of the process reads it, when somebody asks, and for everybody.
//!
//! ```text
//!   Stdin::poll_read                        Input                    the reader thread
//!     nothing there: asks, and waits --->  asked: 4096  ----------->  read(0, 4096)
//!                                          bytes, or the end  <-----  it may take for ever
//!     woken, takes bytes  <--------------  wakes all who wait
//! ```
//!
//! A terminal or a pipe can be made non-blocking, but only together with every other process that
//! has it, the shell among them. So a thread has to block, and it may block for ever: nothing ends
//! a read from outside. It is therefore no thread of a pool, for whose jobs a runtime waits when it
//! ends, and no job, for which the paused clock would stand still.
//!
//! *Nothing is lost*: the answer lands in `Input`, which is the process's. If whoever asked has
//! gone, the next who asks gets it, also in another runtime.

use std::fmt;
use std::io::{self, Read};
use std::mem;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::panic::Location;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::thread;

use crate::engine::context;
use crate::engine::ready::Remote;
use crate::io::{AsyncRead, ReadBuf};
use crate::leaf;
use crate::quietly::quietly;
use crate::runtime::stall::IDLE_THREADS;

/// How much is read at once, at most: as much as a pipe holds on Linux.
///
/// Twice as much would seldom be there; half of it would make twice the round trips to the thread
/// for a file on standard input.
const MOST: usize = 64 * 1024;

/// Standard input, to be read by a future. Made by [`stdin`].
///
/// All handles of a process share one stream, and what one of them has not taken yet the next one
/// gets. Nothing is read before somebody asks, and never more than was asked for; what has been
/// read, and nobody has taken, is not there any more for `std::io::stdin` or for a child process.
///
/// **Nothing waits for a read that never ends**: a runtime ends although somebody at the terminal
/// has not pressed Enter, and so does the process. (In tokio the end of the runtime waits for it.)
/// A wait for standard input is no reason for the paused clock to stand still, for it may never
/// end; nor is it a deadlock.
///
/// For lines, put it into a [`BufReader`](crate::io::BufReader). It works outside of a runtime, too.
///
/// tokio: `io::Stdin`. asyncio: `loop.connect_read_pipe` with `sys.stdin`.
///
/// # Cancel safety
///
/// **Strict**: what a thread reads for a future that has gone, the next one gets. (In tokio it is
/// lost with the handle.)
///
/// ```no_run
/// # mainspring::run(async {
/// use mainspring::io::{AsyncBufReadExt, BufReader, stdin};
///
/// let mut lines = BufReader::new(stdin()).lines();
/// while let Some(line) = lines.next_line().await? {
///     println!("{} letters", line.chars().count());
/// }
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct Stdin {
    /// For its descriptor.
    std: io::Stdin,
    /// Who it is among those who wait.
    key: u64,
    place: &'static Location<'static>,
}

/// A handle to the process's standard input.
///
/// tokio: `io::stdin`.
#[track_caller]
pub fn stdin() -> Stdin {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    Stdin {
        std: io::stdin(),
        key: KEYS.fetch_add(1, Ordering::Relaxed),
        place: Location::caller(),
    }
}

impl AsyncRead for Stdin {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(leaf::proceed(cx));
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let waiter = Waiter {
            key: self.key,
            waker: cx.waker().clone(),
            _hope: Hope::here(),
        };
        match INPUT.take_or_ask(buf, waiter)? {
            true => {
                leaf::spend();
                Poll::Ready(Ok(()))
            }
            false => {
                leaf::waiting_for("standard input", self.place);
                Poll::Pending
            }
        }
    }

    fn abandon_read(self: Pin<&mut Self>) {
        INPUT.forget(self.key);
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        INPUT.forget(self.key);
    }
}

impl AsRawFd for Stdin {
    fn as_raw_fd(&self) -> RawFd {
        self.std.as_raw_fd()
    }
}

impl AsFd for Stdin {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.std.as_fd()
    }
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdin").finish_non_exhaustive()
    }
}

/// The process's standard input, as its handles and the thread share it.
struct Input {
    // Any thread, under its lock.
    state: Mutex<State>,

    // Where the thread waits until somebody asks.
    asked: Condvar,
}

static INPUT: Input = Input {
    state: Mutex::new(State {
        bytes: Vec::new(),
        taken: 0,
        answer: None,
        asked: None,
        waiters: Vec::new(),
        has_thread: false,
        is_waking: false,
        is_idle: false,
    }),
    asked: Condvar::new(),
};

struct State {
    /// What was read, and how much of it has been taken.
    bytes: Vec<u8>,
    taken: usize,
    /// What came in the place of bytes, once: the end, or an error.
    answer: Option<io::Result<()>>,
    /// So much is wanted, and no read is out for it.
    asked: Option<usize>,
    waiters: Vec<Waiter>,
    has_thread: bool,
    /// The thread wakes those who waited.
    is_waking: bool,
    /// The thread will wake nobody: it counts among the idle ones.
    is_idle: bool,
}

/// A handle that waits.
struct Waiter {
    key: u64,
    waker: Waker,
    _hope: Hope,
}

impl Input {
    // ANCHOR: take_or_ask
    /// Takes what is there, or asks the thread for it and leaves the waiter there. Says which.
    fn take_or_ask(&self, buf: &mut ReadBuf<'_>, waiter: Waiter) -> io::Result<bool> {
        let mut state = self.lock();
        let before = state.remove(waiter.key);
        let taken = match state.take(buf) {
            Some(answer) => {
                state.count_idle();
                answer.map(|()| true)
            }
            None => state.ask(buf.remaining().min(MOST)).map(|()| {
                state.waiters.push(waiter);
                state.count_idle();
                false
            }),
        };
        drop(state);
        self.asked.notify_one();
        // A waker may be anybody's, and is dropped after the lock.
        drop(before);
        taken
    }
    // ANCHOR_END: take_or_ask

    /// That handle waits no more.
    fn forget(&self, key: u64) {
        let mut state = self.lock();
        let waiter = state.remove(key);
        state.count_idle();
        drop(state);
        drop(waiter);
    }

    // ANCHOR: serve
    /// The thread's life. It ends with the process.
    fn serve(&self) {
        let mut memory = Vec::new();
        loop {
            let length = self.wait_until_asked();
            if memory.len() < length {
                memory = vec![0; length];
            }
            let read = read(&mut memory[..length]);

            let mut state = self.lock();
            match read {
                Ok(0) => state.answer = Some(Ok(())),
                Ok(length) => state.bytes.extend_from_slice(&memory[..length]),
                Err(error) => state.answer = Some(Err(error)),
            }
            // Whoever asked meanwhile is answered with the rest; if that is not enough, he asks
            // again.
            state.asked = None;
            state.is_waking = true;
            let waiters = mem::take(&mut state.waiters);
            drop(state);
            for waiter in waiters {
                quietly(|| waiter.waker.wake());
            }
            let mut state = self.lock();
            state.is_waking = false;
            state.count_idle();
        }
    }
    // ANCHOR_END: serve

    fn wait_until_asked(&self) -> usize {
        let mut state = self.lock();
        loop {
            match state.asked.take() {
                Some(length) => return length,
                None => {
                    let woken = self.asked.wait(state);
                    state = woken.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Bytes first, then what came after them.
    fn take(&mut self, buf: &mut ReadBuf<'_>) -> Option<io::Result<()>> {
        if self.taken == self.bytes.len() {
            return self.answer.take();
        }
        let rest = &self.bytes[self.taken..];
        let length = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..length]);
        self.taken += length;
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.taken = 0;
        }
        Some(Ok(()))
    }

    /// Says what is wanted, to a thread that there is or will be.
    fn ask(&mut self, length: usize) -> io::Result<()> {
        if !self.has_thread {
            let builder = thread::Builder::new().name("mainspring-stdin".to_owned());
            builder.spawn(|| INPUT.serve())?;
            self.has_thread = true;
        }
        self.asked = self.asked.max(Some(length));
        Ok(())
    }

    fn remove(&mut self, key: u64) -> Option<Waiter> {
        let place = self.waiters.iter().position(|waiter| waiter.key == key)?;
        Some(self.waiters.swap_remove(place))
    }

    /// A thread that reads for nobody will wake nobody: whoever looks for a deadlock need not
    /// wonder about it.
    fn count_idle(&mut self) {
        let is_idle = self.has_thread && self.waiters.is_empty() && !self.is_waking;
        match (self.is_idle, is_idle) {
            (false, true) => IDLE_THREADS.fetch_add(1, Ordering::AcqRel),
            (true, false) => IDLE_THREADS.fetch_sub(1, Ordering::AcqRel),
            _ => return,
        };
        self.is_idle = is_idle;
    }
}

/// Reads what there is, and blocks until there is something.
fn read(memory: &mut [u8]) -> io::Result<usize> {
    loop {
        match io::stdin().lock().read(memory) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// While it lives, a loop knows that one of its tasks may be woken from outside.
struct Hope(Option<Arc<Remote>>);

impl Hope {
    /// For the loop that this thread is inside of, if any.
    fn here() -> Self {
        let remote = context::made().map(|engine| engine.remote.clone());
        if let Some(remote) = &remote {
            remote.hope_begins();
        }
        Hope(remote)
    }
}

impl Drop for Hope {
    fn drop(&mut self) {
        if let Some(remote) = &self.0 {
            remote.hope_ends();
        }
    }
}
