//! Where a recipe is played: the clock its loop has, where its lines go, what is measured.
//!
//! A recipe is code that a reader may copy, so none of this is in its signatures: the stage
//! belongs to the thread, as asyncio's current loop does. Without one, recipes run on the real
//! clock and print on standard output.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::process;
use std::rc::Rc;
use std::time::SystemTime;

use mainspring::task::Unhandled;
use mainspring::time::{Duration, Instant};

use crate::aside::aside;
use crate::meter::{Meter, Summary};

thread_local! {
    static CURRENT: RefCell<Option<Rc<Stage>>> = const { RefCell::new(None) };
}

/// How a recipe is played.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Whether the loop's clock is paused, so that waiting takes no time.
    pub paused: bool,
    /// Whether each line begins with the loop's time.
    pub times: bool,
    /// How many blocking jobs the simulated pool of the paused clock runs at once.
    pub lanes: usize,
}

/// Where a recipe is played.
pub(crate) struct Stage {
    pub(crate) setting: Setting,
    pub(crate) meter: Meter,
    sink: RefCell<Box<dyn Write>>,
    clock: Cell<LoopTime>,
    complaints: Cell<usize>,
    /// What to do when a line arrives nowhere.
    give_up: fn(&io::Error) -> !,
}

/// The time since the loop began, or the last that it had.
#[derive(Clone, Copy)]
enum LoopTime {
    RunsSince(Instant),
    Ended(Duration),
}

/// Plays a recipe: its lines go to `sink`, and what comes back is what it took.
///
/// ```
/// use recipes::semaphore;
/// use recipes::stage::{Setting, play};
///
/// let setting = Setting { paused: true, ..Setting::default() };
/// let lengths = [3, 1, 2, 0, 3, 1, 2, 2, 0];
/// let summary = play(setting, std::io::sink(), |_| semaphore::main(3, lengths));
/// assert_eq!(summary.to_string(), "wall 5.0 s, busy 14.0 s, at most 3 jobs at once");
/// ```
pub fn play(setting: Setting, sink: impl Write + 'static, recipe: impl FnOnce(&Meter)) -> Summary {
    let stage = Rc::new(Stage::new(setting, sink));
    let before = CURRENT.replace(Some(stage.clone()));
    recipe(&stage.meter);
    CURRENT.set(before);
    Summary {
        complaints: stage.complaints.get(),
        ..stage.meter.summary(stage.time())
    }
}

impl Stage {
    fn new(setting: Setting, sink: impl Write + 'static) -> Self {
        Stage {
            setting,
            meter: Meter::default(),
            sink: RefCell::new(Box::new(sink)),
            clock: Cell::new(LoopTime::Ended(Duration::ZERO)),
            complaints: Cell::new(0),
            give_up,
        }
    }

    /// The stage of this thread; without one, the real clock and standard output.
    pub(crate) fn current() -> Rc<Stage> {
        Stage::here().unwrap_or_else(|| {
            let stage = Rc::new(Stage::new(Setting::default(), io::stdout()));
            CURRENT.set(Some(stage.clone()));
            stage
        })
    }

    /// The stage of this thread, if a recipe is played on it.
    pub(crate) fn here() -> Option<Rc<Stage>> {
        CURRENT.with_borrow(Option::clone)
    }

    /// The loop's time; once it has ended, its last.
    pub(crate) fn time(&self) -> Duration {
        match self.clock.get() {
            LoopTime::RunsSince(began) => began.elapsed(),
            LoopTime::Ended(last) => last,
        }
    }

    pub(crate) fn loop_begins(&self) {
        self.clock.set(LoopTime::RunsSince(Instant::now()));
    }

    pub(crate) fn loop_ends(&self) {
        self.clock.set(LoopTime::Ended(self.time()));
    }

    /// One line of the recipe's output. If nobody reads it any more, the program ends.
    pub(crate) fn line(&self, line: fmt::Arguments<'_>) {
        let mut sink = self.sink.borrow_mut();
        let written = match self.setting.times {
            true => writeln!(sink, "[{:.1}s] {line}", self.time().as_secs_f64()),
            false => writeln!(sink, "{line}"),
        };
        if let Err(error) = written.and_then(|()| sink.flush()) {
            (self.give_up)(&error);
        }
    }

    /// One line of trouble, on standard error; the program's status will tell of it, too.
    pub(crate) fn complain(&self, trouble: &dyn fmt::Display) {
        self.complaints.set(self.complaints.get() + 1);
        aside!("recipes: {trouble}");
    }
}

/// In a worker process: its jobs say their lines with the time of the parent's loop, if that began
/// at `began`; without a time, if they are to have none.
pub fn follow(began: Option<SystemTime>) {
    let setting = Setting {
        times: began.is_some(),
        ..Setting::default()
    };
    let stage = Stage {
        give_up: give_up_job,
        ..Stage::new(setting, io::stdout())
    };
    // A clock that was set meanwhile makes the times wrong, and nothing else.
    let age = began.and_then(|began| began.elapsed().ok());
    if let Some(began) = age.and_then(|age| Instant::now().checked_sub(age)) {
        stage.clock.set(LoopTime::RunsSince(began));
    }
    CURRENT.set(Some(Rc::new(stage)));
}

/// Ends the program, because what it prints arrives nowhere.
pub fn give_up(error: &io::Error) -> ! {
    aside!("recipes: {NO_OUTPUT} ({error}): the lines that follow are lost");
    process::exit(1)
}

/// Ends a worker's job for the same reason: its handle brings the message, and brings it once.
fn give_up_job(error: &io::Error) -> ! {
    resume_unwind(Box::new(format!("{NO_OUTPUT} ({error})")))
}

const NO_OUTPUT: &str = "cannot write to standard output";

/// Tells of a panic that the recipe lets pass unread. That a job has given up is told by the one
/// whose handle is read; the others would say the same.
pub(crate) fn tell_unread(unhandled: &Unhandled) {
    if !unhandled.error.to_string().contains(NO_OUTPUT) {
        aside!("recipes: nobody reads that {unhandled}");
    }
}

impl Default for Setting {
    fn default() -> Self {
        Setting {
            paused: false,
            times: false,
            lanes: 1,
        }
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage")
            .field("setting", &self.setting)
            .field("meter", &self.meter)
            .finish_non_exhaustive()
    }
}
