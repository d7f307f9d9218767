//! When nothing is left that can wake anybody: say so, as far as it is certain.
//!
//! The loop knows its own sources exactly: it comes here when nothing is ready, no timer is set,
//! no socket is waited for and no job is out. What it cannot know is whether another thread holds
//! a waker. Two proofs make the verdict certain: no waiting task has a waker anywhere, or there
//! is no other thread. Otherwise it is a suspicion, and is called one.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::engine::core::Engine;
use crate::engine::shared::OnStall;
use crate::task::TaskInfo;

/// How long the loop waits for another thread before it voices a suspicion.
///
/// Doubling it keeps a test that hangs silent for longer; halving it accuses threads that are
/// merely slow.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long a test waits for another thread before it fails.
const TEST_PATIENCE: Duration = Duration::from_secs(5);

/// The status a program ends with when it can never go on: the one Node has for the same fact.
const EXIT_STATUS: i32 = 13;

/// Threads of ours that wait for work and wake nobody.
pub(crate) static IDLE_THREADS: AtomicUsize = AtomicUsize::new(0);

/// Jobs of all pools that were ever submitted, and how many of them have ended. While they
/// differ, a thread that is called idle may be on its way to work.
pub(crate) static JOBS_BEGUN: AtomicUsize = AtomicUsize::new(0);
pub(crate) static JOBS_ENDED: AtomicUsize = AtomicUsize::new(0);

/// Why nobody can wake anybody.
#[derive(Debug)]
enum Verdict {
    Certain(&'static str),
    Suspected,
}

/// The loop can go on only if another thread wakes it: waits for that, or ends as the runtime was
/// told to.
///
/// # Panics
///
/// On a certain stall, on the paused clock and in tests.
pub(crate) fn met(engine: &Rc<Engine>) {
    let on_stall = match (engine.clock.is_paused(), engine.shared.settings.on_stall) {
        (true, OnStall::Report) => OnStall::Panic,
        (_, told) => told,
    };
    if let Verdict::Certain(proof) = verdict(engine) {
        let report = report(engine, proof);
        match on_stall {
            OnStall::Panic => panic!("{report}"),
            OnStall::Exit if other_threads() == Some(0) => {
                eprint!("{report}");
                std::process::exit(EXIT_STATUS);
            }
            // This loop is stuck for certain; what the program is for may be done by a thread.
            OnStall::Exit | OnStall::Report => tell_once(engine, &report),
        }
        park(engine, None);
        return;
    }
    if engine.shared.settings.on_stall != OnStall::Panic && !engine.clock.is_paused() {
        park(engine, None);
        return;
    }
    if park(engine, Some(PATIENCE)) {
        return;
    }
    let report = report(engine, "suspected: only another thread could, and none has");
    tell_once(engine, &report);
    let limit = match engine.shared.settings.on_stall {
        OnStall::Panic => Some(TEST_PATIENCE - PATIENCE),
        _ => None,
    };
    if !park(engine, limit) {
        panic!("{report}");
    }
}

/// Whether the loop is stalled for certain, and who waits.
pub(crate) fn certain(engine: &Rc<Engine>) -> Option<Vec<TaskInfo>> {
    match verdict(engine) {
        Verdict::Certain(_) => Some(engine.waiting_tasks()),
        Verdict::Suspected => None,
    }
}

/// Waits in the reactor until another thread interrupts; says whether one has.
pub(crate) fn park(engine: &Rc<Engine>, limit: Option<Duration>) -> bool {
    let until = limit.map(|limit| std::time::Instant::now() + limit);
    loop {
        if !engine.remote.begin_park() {
            return true;
        }
        let left = until.map(|until| until.saturating_duration_since(std::time::Instant::now()));
        let any = engine.look(left);
        engine.remote.end_park();
        if any || !engine.remote.is_quiet() {
            return true;
        }
        if left.is_none_or(|left| left.is_zero()) {
            return left.is_none();
        }
    }
}

fn verdict(engine: &Rc<Engine>) -> Verdict {
    // Look first, and at the inbox after: a thread that woke us and then ended, or let go of the
    // waker, has left its letter there.
    let is_lost = engine.waiting_tasks().iter().all(|task| task.is_lost);
    let is_alone = !is_lost && other_threads() == Some(0);
    match (is_lost, is_alone, engine.remote.is_quiet()) {
        (true, _, true) => Verdict::Certain("nobody holds a waker"),
        (_, true, true) => Verdict::Certain("no other thread, no timer, no socket, no job"),
        _ => Verdict::Suspected,
    }
}

/// Threads of this process that may do something, beside this one; `None` where the operating
/// system does not tell.
///
/// Idle threads of our pools do not count, if they were idle all the time that it took to look:
/// a job could have started another thread, and be gone.
fn other_threads() -> Option<usize> {
    let begun = JOBS_BEGUN.load(Ordering::SeqCst);
    let had_job = JOBS_ENDED.load(Ordering::SeqCst) != begun;
    let idle = IDLE_THREADS.load(Ordering::SeqCst);
    let all = threads()?;
    match had_job || JOBS_BEGUN.load(Ordering::SeqCst) != begun {
        true => Some(all - 1),
        false => Some(all.saturating_sub(1 + idle)),
    }
}

/// Threads of this process. (A list of them, as in `/proc/self/task`, lacks some if others end
/// while it is read.)
fn threads() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let count = lines.find_map(|line| line.strip_prefix("Threads:"))?;
    count.trim().parse().ok()
}

fn tell_once(engine: &Engine, report: &str) {
    if !engine.stall_told.replace(true) {
        eprint!("{report}");
    }
}

/// The list of who waits on what.
fn report(engine: &Rc<Engine>, proof: &str) -> String {
    let tasks = engine.waiting_tasks();
    let mut text = match tasks.len() {
        1 => format!("deadlock: the only task is waiting and nothing can wake it ({proof})\n"),
        all => {
            format!("deadlock: all {all} tasks are waiting and nothing can wake them ({proof})\n")
        }
    };
    for task in &tasks {
        let _ = writeln!(text, "  {task}");
    }
    let hints: BTreeSet<&str> = tasks.iter().flat_map(hints).collect();
    for hint in hints {
        let _ = writeln!(text, "  hint: {hint}");
    }
    if let Some(seed) = engine.shared.settings.seed {
        let _ = writeln!(text, "  again: MAINSPRING_SEED={seed:#x}");
    }
    text
}

/// What usually lies behind the waits of a task.
fn hints(task: &TaskInfo) -> Vec<&'static str> {
    if task.is_lost {
        return vec![
            "a future that returns `Pending` must keep the waker it was given and call it; \
             `std::future::pending` never does",
        ];
    }
    let branches = task.branches.iter().map(|(what, _)| *what);
    task.waiting_on
        .into_iter()
        .chain(branches)
        .filter_map(hint)
        .collect()
}

/// What usually lies behind a wait of this kind.
fn hint(what: &str) -> Option<&'static str> {
    match what {
        "Queue::get" => {
            Some("nobody is left that puts: `shutdown` the queue when its producers are done")
        }
        "Queue::join" => {
            Some("`join` waits for one `task_done` per item: take items with `checkout`")
        }
        "mpsc::Receiver::recv" => Some(
            "a channel ends when its last sender is dropped: is one left, perhaps the first, whose \
             clones do the sending?",
        ),
        "mpsc::Sender::send" | "mpsc::Sender::reserve" => {
            Some("a channel is full and its receiver does not receive, or a permit was forgotten")
        }
        "oneshot::Receiver" => Some("the sender of a oneshot is kept by somebody who waits itself"),
        "Notify::notified" => Some(
            "`notify_waiters` is not kept for those who come later: make the `notified` before \
             the look, or use `notify_one`",
        ),
        "Barrier::wait" | "Barrier::arrive" => {
            Some("a party that ended early never arrives: `abort` the barrier when one fails")
        }
        "broadcast::Receiver::recv" | "watch::Receiver::changed" => {
            Some("a sender that nobody uses is still there: drop it, and the channel ends")
        }
        "Semaphore::acquire" => {
            Some("a permit is held by a task that waits itself, or was forgotten")
        }
        "Mutex::lock" => {
            Some("a task that has the lock waits itself: for the same lock, or for one who does")
        }
        "RwLock::read" | "RwLock::write" => Some(
            "a guard is held by a task that waits itself; a reader that reads again waits behind \
             the writer between",
        ),
        "Condition::wait" => Some("nobody is left that calls `notify`"),
        _ => None,
    }
}
