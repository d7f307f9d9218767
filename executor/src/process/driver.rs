//! The task that has a worker: it starts it, gives it one job after the other, and sees to it
//! when it dies.
//!
//! It lives as long as there is something to do. An idle worker has no task, only a watcher.

use std::future::{Future, poll_fn};
use std::os::unix::process::ExitStatusExt;
use std::panic::Location;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::{Arc, Weak};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use crate::engine::context;
use crate::engine::waker::Party;
use crate::future::Resolver;
use crate::pool::job::Out;
use crate::process::channel::{Channel, Lost};
use crate::process::crew::{Closing, Crew, Next, Worker};
use crate::process::error::ProcessError;
use crate::process::frame::{Frame, Kind};
use crate::process::function::List;
use crate::process::job::Work;
use crate::process::value;
use crate::process::worker::VERSION;
use crate::time::timeout;

/// Times that a worker is started anew for one job, when it dies before it is ready, or before it
/// has got the job.
///
/// Doubling it makes a machine that kills every worker look twice as busy.
const STARTS: u32 = 3;

/// How long a worker may take to end by itself when it is told to.
///
/// Doubling it keeps a worker whose end hangs for longer; at zero none would end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Gives a job to a crew.
pub(crate) fn submit(crew: &Arc<Crew>, work: Work) {
    let place = work.place();
    if let Some((worker, next)) = crew.admit(work) {
        start(crew, worker, next, place);
    }
}

fn start(crew: &Arc<Crew>, worker: Worker, next: Next, place: &'static Location<'static>) {
    let drive = Driver::new(crew, worker, place).drive(Some(next));
    spawn(crew, drive, place);
}

/// Ends workers that have no job: each is told, and waited for.
pub(crate) fn dismiss(crew: &Arc<Crew>, idle: Vec<Worker>, place: &'static Location<'static>) {
    for worker in idle {
        spawn(crew, Driver::new(crew, worker, place).drive(None), place);
    }
}

/// A task on the crew's loop, from any thread. If the loop has ended, it is dropped.
pub(crate) fn spawn(
    crew: &Arc<Crew>,
    drive: impl Future<Output = ()> + Send + 'static,
    place: &'static Location<'static>,
) {
    context::at_home(&crew.home, move |engine| drop(engine.spawn(drive, place)));
}

pub(crate) struct Driver {
    crew: Arc<Crew>,
    /// `None` when it has given its seat up.
    worker: Option<Worker>,
    /// Its worker ended in the middle of its work: another is to take the seat, job or no job.
    is_missed: bool,
    place: &'static Location<'static>,
}

/// How a call ended.
enum Ended {
    Answered,
    /// The handle was aborted.
    GivenUp,
    Lost(Lost),
}

/// Why there is no worker.
struct NoWorker {
    error: ProcessError,
    /// It would have got ready, and so will the next, unless it is killed as well.
    was_killed: bool,
}

impl Driver {
    pub(crate) fn new(crew: &Arc<Crew>, worker: Worker, place: &'static Location<'static>) -> Self {
        Driver {
            crew: crew.clone(),
            worker: Some(worker),
            is_missed: false,
            place,
        }
    }

    // ANCHOR: drive
    /// Does one job after the other, until there is none; then the worker is idle, or ends.
    pub(crate) async fn drive(mut self, first: Option<Next>) {
        let mut next = first;
        loop {
            while let Some(job) = next {
                self.place = job.work.place();
                next = match self.run(job).await {
                    Some(job) => Some(job),
                    None if self.worker.is_none() => return,
                    None => {
                        if let Some((worker, next)) = self.crew.try_again() {
                            start(&self.crew, worker, next, self.place);
                        }
                        self.crew.next()
                    }
                };
            }
            next = match self.rest().await {
                Some(job) => Some(job),
                None => return,
            };
        }
    }

    /// Does one job, with another worker if need be. Returns it if it must be tried anew.
    async fn run(&mut self, mut next: Next) -> Option<Next> {
        let (mut deaths, mut unsent) = (0, 0);
        loop {
            if next.work.waker().is_aborted() {
                return None;
            }
            let channel = self.worker.as_ref().and_then(|at| at.channel.as_ref());
            if channel.is_some_and(|channel| channel.child.is_struck()) {
                self.end(true).await;
            }
            if let Err(NoWorker { error, was_killed }) = self.get_ready().await {
                if self.crew.closing() == Closing::Now {
                    return None;
                }
                if !was_killed {
                    return self.hand_over(next, &error);
                }
                // Killed again and again: that costs this job, and none of those that wait.
                if deaths < self.crew.settings.retries {
                    deaths += 1;
                    continue;
                }
                next.work.fail(error);
                return None;
            }
            let (crew, worker) = (&self.crew, self.worker.as_mut()?);
            let channel = worker.channel.as_mut()?;
            let pid = channel.child.pid;
            let call = next
                .work
                .begin(pid, &format!("worker-{}", worker.seat).into())?;
            crew.begin(worker.seat, next.work.times());
            let largest = crew.settings.launch.largest;
            let ended = exchange(channel, &call, &mut next.work, largest).await;
            crew.done(worker.seat);
            match ended {
                Ended::Answered => {
                    channel.served += 1;
                    let is_worn = channel.served >= crew.settings.jobs_per_worker;
                    next.work.answer();
                    drop(next);
                    if is_worn {
                        self.end(true).await;
                    }
                    return None;
                }
                Ended::GivenUp => {
                    drop(next);
                    self.end(false).await;
                    self.is_missed = true;
                    return None;
                }
                Ended::Lost(lost) => {
                    let status = self.end(false).await;
                    self.is_missed = true;
                    if self.crew.closing() == Closing::Now {
                        return None;
                    }
                    next.work.give_back(call);
                    match lost.garbage {
                        _ if lost.is_unsent && unsent < STARTS => unsent += 1,
                        _ if deaths < self.crew.settings.retries => deaths += 1,
                        Some(what) => {
                            next.work.fail(ProcessError::Garbage { pid, what });
                            return None;
                        }
                        None => {
                            next.work.died(pid, status);
                            return None;
                        }
                    }
                }
            }
        }
    }
    // ANCHOR_END: drive

    /// Starts the worker, and has no job for it. The sender hears how that went.
    pub(crate) async fn warm_up(mut self, done: Resolver<Result<(), ProcessError>>) {
        let ready = self.get_ready().await;
        // Whoever waited may be gone.
        let _ = done.set_result(ready.map_err(|none| none.error));
        self.drive(None).await;
    }

    /// No worker can be had in this seat.
    fn hand_over(&mut self, next: Next, error: &ProcessError) -> Option<Next> {
        let seat = self.worker.take()?.seat;
        let (worker, next) = self.crew.hand_over(seat, next, error)?;
        self.worker = Some(worker);
        Some(next)
    }

    /// Nothing is in the line: the worker is idle, or ends. `Some`: there is a job after all.
    async fn rest(&mut self) -> Option<Next> {
        loop {
            let closing = self.crew.closing();
            if closing == Closing::No && std::mem::take(&mut self.is_missed) {
                // Without success the next job will hear of it.
                let _ = self.get_ready().await;
            }
            let worker = self.worker.as_ref()?;
            let Some(channel) = &worker.channel else {
                let next = self.crew.leave(worker.seat);
                if next.is_none() {
                    self.worker = None;
                }
                return next;
            };
            if closing != Closing::No {
                self.end(closing == Closing::WhenDone).await;
                continue;
            }
            let watcher = Waker::from(Arc::new(Watcher {
                crew: Arc::downgrade(&self.crew),
                seat: worker.seat,
                place: self.place,
            }));
            if channel.watch(&watcher).await.is_ready() {
                // One that was of no use need not be replaced before there is a job.
                self.is_missed = channel.served > 0;
                self.end(false).await;
                continue;
            }
            let (worker, next) = self.crew.rest(self.worker.take()?)?;
            self.worker = Some(worker);
            if next.is_some() {
                return next;
            }
        }
    }

    /// Starts a worker, if there is none in this seat.
    async fn get_ready(&mut self) -> Result<(), NoWorker> {
        let Some(worker) = &mut self.worker else {
            return Ok(());
        };
        if worker.channel.is_some() {
            return Ok(());
        }
        // The paused clock stands still meanwhile.
        let _out = Out::new(Some(self.crew.home.clone()));
        let mut attempt = 1;
        loop {
            let mut channel = launch(&self.crew, self.place)?;
            let pid = channel.child.pid;
            if self.crew.sit(worker.seat, &channel.child).is_err() {
                let why = "the pool has ended".to_owned();
                return Err(ProcessError::NotReady { pid, why }.into());
            }
            let limit = self.crew.settings.start_limit;
            let greeted = timeout(limit, greet(&mut channel, &self.crew)).await;
            let lost = match greeted {
                Ok(Ok(())) => {
                    worker.channel = Some(channel);
                    return Ok(());
                }
                Ok(Err(lost)) => Some(lost),
                Err(_) => None,
            };
            // One that ends closes its socket a little earlier. One that lives on has let go of it.
            let is_gone = matches!(lost, Some(Lost { garbage: None, .. }));
            let lives_on = is_gone && timeout(GRACE, channel.ended()).await.is_err();
            channel.child.kill();
            let status = channel.ended().await;
            self.crew.stand_up(worker.seat);
            // By somebody else.
            let was_killed = is_gone && !lives_on && status.and_then(|it| it.signal()).is_some();
            let why = match lost {
                Some(_) if lives_on => "it let go of its standard input before it called `serve`, \
                    which belongs in the first line of `main`"
                    .to_owned(),
                Some(Lost {
                    garbage: Some(what),
                    ..
                }) => what,
                // From outside: a start anew may have more luck.
                Some(_) if was_killed && attempt < STARTS => {
                    attempt += 1;
                    continue;
                }
                Some(_) if was_killed => killed_early(status),
                Some(_) => ended_early(status),
                None => format!(
                    "it did not call `serve` within {limit:?}: call it in the first line of `main`, \
                     or raise `ProcessPool::builder().start_limit(..)`"
                ),
            };
            let error = ProcessError::NotReady { pid, why };
            return Err(NoWorker { error, was_killed });
        }
    }

    /// Ends the worker, gently or at once, and waits until it has ended.
    async fn end(&mut self, gently: bool) -> Option<ExitStatus> {
        let worker = self.worker.as_mut()?;
        let channel = worker.channel.take()?;
        if gently {
            channel.hang_up();
            // On the paused clock this is no time, and the end a kill: nothing is lost by it.
            let _ = timeout(GRACE, channel.ended()).await;
        }
        channel.child.kill();
        let status = channel.ended().await;
        self.crew.stand_up(worker.seat);
        status
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            let seat = worker.seat;
            drop(worker);
            self.crew.forsake(seat);
        }
    }
}

/// Sends a call and waits for its answer, or until nobody wants it any more.
async fn exchange(channel: &mut Channel, call: &[u8], work: &mut Work, largest: usize) -> Ended {
    let task = work.waker().clone();
    let read = |frame: &Frame<'_>| work.read(frame, largest);
    let mut exchange = pin!(channel.exchange(call, read));
    poll_fn(|cx| {
        // An answer that is there is taken, and its worker spared.
        if let Poll::Ready(ended) = exchange.as_mut().poll(cx) {
            return Poll::Ready(match ended {
                Ok(()) => Ended::Answered,
                Err(lost) => Ended::Lost(lost),
            });
        }
        match task.on_abort(Party::Worker, cx.waker()) {
            true => Poll::Pending,
            false => Poll::Ready(Ended::GivenUp),
        }
    })
    .await
}

fn launch(crew: &Crew, place: &'static Location<'static>) -> Result<Channel, ProcessError> {
    let start = || {
        let (child, socket) = crew.settings.launch.start()?;
        let engine = context::expect("a worker process");
        let largest = crew.settings.launch.largest;
        Channel::new(&engine, Arc::new(child), socket, largest, place)
    };
    start().map_err(|error| ProcessError::NotStarted(Arc::new(error)))
}

/// Hears who the worker is, and lets it do what every worker does first.
async fn greet(channel: &mut Channel, crew: &Crew) -> Result<(), Lost> {
    channel.exchange(&[], check_hello).await?;
    match &crew.settings.initializer {
        Some(call) => channel.exchange(call, check_initialized).await,
        None => Ok(()),
    }
}

fn check_hello(frame: &Frame<'_>) -> Result<(), String> {
    let words = || String::from_utf8_lossy(frame.value).into_owned();
    match frame.kind {
        Kind::Hello if frame.id == VERSION => {}
        Kind::Hello => return Err("it is of another version of mainspring".to_owned()),
        Kind::Panicked => return Err(words()),
        kind => return Err(format!("it began with a frame of the kind {kind:?}")),
    }
    let theirs: Vec<String> = value::read(frame.value)?;
    let ours = List::get().map(List::names).unwrap_or_default();
    match ours.iter().eq(&theirs) {
        true => Ok(()),
        false => Err(format!(
            "its list of functions is {theirs:?}, and ours {ours:?}: `serve` the same list, \
             whatever the environment"
        )),
    }
}

fn check_initialized(frame: &Frame<'_>) -> Result<(), String> {
    let words = || String::from_utf8_lossy(frame.value).into_owned();
    match frame.kind {
        Kind::Value if frame.id == 0 => Ok(()),
        Kind::Panicked => Err(format!("the initializer panicked: {}", words())),
        Kind::BadArgument => Err(format!("the initializer's argument: {}", words())),
        kind => Err(format!("it answered the initializer with {kind:?}")),
    }
}

fn killed_early(status: Option<ExitStatus>) -> String {
    let status = status.map_or(String::new(), |status| format!(" ({status})"));
    format!("it was killed{status} while it started, as were those that were started before it")
}

fn ended_early(status: Option<ExitStatus>) -> String {
    let status = status.map_or(String::new(), |status| format!(" ({status})"));
    format!(
        "it ended{status} before it called `serve`, which belongs in the first line of `main`: a \
         worker is started without the program's arguments. In a test program, `worker_test` must \
         be the full path of a test that calls it, as `cargo test -- --list` shows it, without the \
         name of the crate"
    )
}

impl From<ProcessError> for NoWorker {
    fn from(error: ProcessError) -> Self {
        let was_killed = false;
        NoWorker { error, was_killed }
    }
}

/// Learns of the end of an idle worker, and lets a driver see to it.
struct Watcher {
    crew: Weak<Crew>,
    seat: usize,
    place: &'static Location<'static>,
}

impl Wake for Watcher {
    fn wake(self: Arc<Self>) {
        let Some(crew) = self.crew.upgrade() else {
            return;
        };
        // It may have got a job meanwhile, and its driver knows.
        if let Some(worker) = crew.take_idle(self.seat) {
            dismiss(&crew, vec![worker], self.place);
        }
    }
}
