//! Ctrl-C ends a program that waits, in good order: its `main` is dropped, then its tasks, then
//! the clean-ups that they deferred are run, and then the process ends by the signal after all.
//!
//! ```text
//!   no run       Ctrl-C ends the process at once, as it does without all this
//!   a run        the first Ctrl-C ends the run, and with it the process; the second does not wait
//!   a listener   (`signal::ctrl_c` and its like) Ctrl-C is the program's to answer, for good
//! ```
//!
//! asyncio's `run` raises `KeyboardInterrupt` in the same place. There is no such thing here that
//! would unwind what has called `run`, so the process ends where `run` would have come back.

use std::future::Future;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::pin::Pin;
// Not from `shim`: the handler knows std's alone, and of a process there is no model.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use mainspring_reactor::{Direction, Interest, SourceKey};
use mio::unix::SourceFd;
use mio::unix::pipe::{self, Receiver};
use pin_project_lite::pin_project;
use signal_hook::consts::SIGINT;
use signal_hook::{SigId, flag, low_level};

use crate::engine::context;
use crate::engine::hold::Wire;
use crate::engine::shared::OnStall;
use crate::runtime::builder::Builder;
use crate::runtime::local::run_with;

/// Whether a Ctrl-C ends the process on the spot, as long as that is ours to say.
static KILLS: AtomicBool = AtomicBool::new(true);

static ANSWERS: Mutex<Answers> = Mutex::new(Answers::Nobody);

fn answers() -> MutexGuard<'static, Answers> {
    // Nothing under this lock panics half way.
    ANSWERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who answers a Ctrl-C.
#[derive(Debug)]
enum Answers {
    /// Nobody yet: the system.
    Nobody,
    /// We do, with these actions: first what `KILLS` says, then it says so, then what a run is
    /// told.
    Ours([SigId; 2], Option<SigId>),
    /// Somebody else, or the program itself.
    Theirs,
}

/// Runs a program's `main`, on the program's main thread in a way that Ctrl-C ends in good order.
#[track_caller]
pub(crate) fn run_interruptible<F: Future>(builder: &mut Builder, main: F) -> F::Output {
    let Some(interrupt) = Interrupt::begin() else {
        return run_with(builder, OnStall::Exit, main);
    };
    let heard = interrupt.heard.clone();
    let main = Interruptible {
        main,
        heard,
        listening: None,
    };
    let output = run_with(builder, OnStall::Exit, main);
    drop(interrupt);
    output.unwrap_or_else(|| die())
}

pin_project! {
    /// A `main` until Ctrl-C comes: `None` then.
    #[derive(Debug)]
    struct Interruptible<F> {
        #[pin]
        main: F,
        heard: Arc<Heard>,
        listening: Option<Listening>,
    }
}

impl<F: Future> Future for Interruptible<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        let this = self.project();
        if this.listening.is_none() {
            *this.listening = Some(Listening::begin(this.heard));
        }
        if this.heard.is_heard.load(Ordering::Relaxed) {
            return Poll::Ready(None);
        }
        this.main.poll(cx).map(Some)
    }
}

/// Ends the process by the signal, so that whoever started it sees why it ended.
fn die() -> ! {
    let _ = io::stdout().flush();
    let _ = low_level::emulate_default_handler(SIGINT);
    // What a shell would say of it.
    std::process::exit(128 + SIGINT);
}

/// The program listens itself: Ctrl-C is no business of ours any more.
pub(crate) fn give_up() {
    let answers = std::mem::replace(&mut *answers(), Answers::Theirs);
    if let Answers::Ours(always, run) = answers {
        for action in always.into_iter().chain(run) {
            low_level::unregister(action);
        }
    }
}

/// While it lives, Ctrl-C is heard instead of ending the process on the spot.
#[derive(Debug)]
struct Interrupt {
    heard: Arc<Heard>,
}

impl Interrupt {
    /// `None` where Ctrl-C is not ours to answer: somebody else does, or this is not the program's
    /// main thread (of several runs, whose would it be?). Also if the system refuses.
    fn begin() -> Option<Interrupt> {
        if std::thread::current().name() != Some("main") {
            return None;
        }
        let mut answers = answers();
        if let Answers::Nobody = &*answers {
            *answers = match is_default() {
                true => {
                    let kills = flag::register_conditional_default(SIGINT, &KILLS).ok()?;
                    let second = flag::register(SIGINT, &KILLS).ok()?;
                    Answers::Ours([kills, second], None)
                }
                false => Answers::Theirs,
            };
        }
        // A run within a run does not come so far that it would need an answer of its own.
        let Answers::Ours(_, run @ None) = &mut *answers else {
            return None;
        };
        let (sender, receiver) = pipe::new().ok()?;
        *run = Some(low_level::pipe::register(SIGINT, sender).ok()?);
        KILLS.store(false, Ordering::SeqCst);
        let heard = Arc::new(Heard {
            pipe: receiver,
            is_heard: AtomicBool::new(false),
        });
        Some(Interrupt { heard })
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        let mut answers = answers();
        if let Answers::Ours(_, run) = &mut *answers {
            KILLS.store(true, Ordering::SeqCst);
            if let Some(action) = run.take() {
                low_level::unregister(action);
            }
        }
    }
}

/// Whether SIGINT does what it does by default. A shell's background job ignores it, and a library
/// may answer it. (Where the system does not tell, it is taken to be so.)
fn is_default() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut masks = status.lines().filter_map(|line| {
        let (name, mask) = line.split_once(':')?;
        let is_asked = matches!(name, "SigIgn" | "SigCgt");
        is_asked.then(|| u64::from_str_radix(mask.trim(), 16).ok())?
    });
    !masks.any(|mask| mask & 1 << (SIGINT - 1) != 0)
}

/// What was heard, and the reactor's way to say so.
///
/// It keeps no waker of `main`: who waits for nobody else is lost all the same, and is told so.
#[derive(Debug)]
struct Heard {
    pipe: Receiver,
    is_heard: AtomicBool,
}

// ANCHOR: heard
impl Wake for Heard {
    fn wake(self: Arc<Self>) {
        // Nothing but a byte counts: the other end may have been closed, or the loop.
        if !matches!((&self.pipe).read(&mut [0]), Ok(1)) {
            return;
        }
        self.is_heard.store(true, Ordering::Relaxed);
        let Some(engine) = context::made() else {
            return;
        };
        let mut waiting = engine.tasks.waiting().into_iter();
        if let Some(main) = waiting.find(|task| task.is_main) {
            Waker::from(main.waker).wake();
        }
    }
}
// ANCHOR_END: heard

/// The pipe's place in the reactor of the loop that is entered just now. `None`: the system has
/// refused one, and only the second Ctrl-C will end the program.
#[derive(Debug)]
struct Listening(Option<SourceKey>);

impl Listening {
    fn begin(heard: &Arc<Heard>) -> Self {
        let engine = context::expect("`run`");
        let descriptor = heard.pipe.as_raw_fd();
        let mut pipe = SourceFd(&descriptor);
        let registered = (engine.reactor.borrow_mut()).register(&mut pipe, Interest::READABLE);
        let Ok(source) = registered else {
            return Listening(None);
        };
        // It may come or not, and nobody waits for it: a program that is stuck is stuck.
        engine.wires.set(source.key(), Wire::Idle);
        let waker = Waker::from(heard.clone());
        // A new source counts as ready.
        while let Poll::Ready(ready) = source.poll_ready(Direction::Read, &waker) {
            source.clear_ready(Direction::Read, ready);
        }
        Listening(Some(source.key()))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let (Some(key), Some(engine)) = (self.0, context::made()) {
            engine.wires.remove(key);
            engine.reactor.borrow_mut().forget(key);
        }
    }
}
