//! F10: whatever a task does to end badly, at whatever moment it is ended, in whoever's hands its
//! handle is: only the handle hears of it, and every destructor runs exactly once.
//!
//! One test walks over the product of all these, and says what each combination must come to.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use mainspring::runtime::{Builder, Handle, LocalRuntime, Runtime};
use mainspring::task::{JoinError, JoinHandle, idle};
use mainspring_tests::watchdog::watch;

#[test]
fn every_bad_end_at_every_moment_is_told_to_the_handle_alone() {
    let _watchdog = watch();
    silence(|payload| {
        payload.is::<Payload>() || payload.downcast_ref::<&str>() == Some(&"on purpose")
    });
    let judge = LocalRuntime::new().unwrap();
    let mut walked = 0;
    for case in Case::all() {
        let seen = catch_unwind(AssertUnwindSafe(|| case.play(&judge)));
        assert!(seen.is_ok(), "{case:?}");
        walked += 1;
    }
    assert!(walked >= 10_000, "{walked}");
}

/// One combination.
#[derive(Clone, Copy, Debug)]
struct Case {
    subject: Kind,
    /// Whether the task waits once before it ends.
    waits: bool,
    reader: Reader,
    abort: Option<(Moment, By)>,
    /// When the runtime is dropped, if it is before the task had every chance to end.
    shutdown: Option<Moment>,
    is_local: bool,
}

/// What goes wrong in the task.
#[derive(Clone, Copy, Debug)]
struct Kind {
    poll: Option<Thrown>,
    drop_of_future: bool,
    drop_of_output: bool,
}

#[derive(Clone, Copy, Debug)]
enum Thrown {
    Words,
    /// Something that panics again when it is dropped.
    Bomb,
}

/// Who has the handle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reader {
    /// Nobody, from before the first poll on.
    DroppedBefore,
    /// Nobody, from the first poll on.
    DroppedMeanwhile,
    /// Nobody, after the task has ended or waits for good.
    DroppedAfter,
    /// It is kept until the runtime is gone, and never looked at.
    Kept,
    /// Another task awaits it all the time.
    Task,
    /// It is awaited when everything is over.
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    BeforeTheFirstPoll,
    WhileWaiting,
    AfterTheWake,
}

#[derive(Clone, Copy, Debug)]
enum By {
    Handle,
    AbortHandle,
    Thread,
}

/// What the handle must say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Output,
    Panicked,
    /// And whether anybody asked for it.
    Cancelled(bool),
}

impl Case {
    fn all() -> impl Iterator<Item = Case> {
        let bools = [false, true];
        let moments = [
            Moment::BeforeTheFirstPoll,
            Moment::WhileWaiting,
            Moment::AfterTheWake,
        ];
        let aborts = moments.into_iter().flat_map(|moment| {
            [By::Handle, By::AbortHandle, By::Thread].map(|by| Some((moment, by)))
        });
        let aborts: Vec<_> = std::iter::once(None).chain(aborts).collect();
        let shutdowns: Vec<_> = std::iter::once(None).chain(moments.map(Some)).collect();
        let readers = [
            Reader::DroppedBefore,
            Reader::DroppedMeanwhile,
            Reader::DroppedAfter,
            Reader::Kept,
            Reader::Task,
            Reader::Late,
        ];
        let mut all = Vec::new();
        for poll in [None, Some(Thrown::Words), Some(Thrown::Bomb)] {
            for (drop_of_future, drop_of_output) in pairs(bools, bools) {
                let subject = Kind {
                    poll,
                    drop_of_future,
                    drop_of_output,
                };
                for (waits, is_local) in pairs(bools, bools) {
                    for reader in readers {
                        for &abort in &aborts {
                            for &shutdown in &shutdowns {
                                all.push(Case {
                                    subject,
                                    waits,
                                    reader,
                                    abort,
                                    shutdown,
                                    is_local,
                                });
                            }
                        }
                    }
                }
            }
        }
        all.into_iter()
    }

    /// What must come of it, by the rules: an abort takes effect at the task's next turn, the end
    /// of the runtime at once, and the first panic is the task's end. `true`: it comes with the end
    /// of the runtime.
    fn expected(&self) -> (Told, bool) {
        let ends_at = match self.waits {
            true => Moment::AfterTheWake,
            false => Moment::BeforeTheFirstPoll,
        };
        for moment in [
            Moment::BeforeTheFirstPoll,
            Moment::WhileWaiting,
            Moment::AfterTheWake,
        ] {
            let is_aborted = self.abort.is_some_and(|(at, _)| at as u8 <= moment as u8);
            if self.shutdown == Some(moment) {
                return match self.subject.drop_of_future {
                    true => (Told::Panicked, true),
                    false => (Told::Cancelled(is_aborted), true),
                };
            }
            if is_aborted {
                let is_ended = self.ends_before_its_turn(moment);
                return match self.subject.drop_of_future {
                    true => (Told::Panicked, is_ended),
                    false => (Told::Cancelled(true), is_ended),
                };
            }
            if moment == ends_at {
                break;
            }
        }
        match self.subject.poll.is_some() || self.subject.drop_of_future {
            true => (Told::Panicked, false),
            false => (Told::Output, false),
        }
    }

    /// An abort while it waits is carried out after the wake, unless the runtime ends first.
    fn ends_before_its_turn(&self, aborted: Moment) -> bool {
        aborted == Moment::WhileWaiting && self.shutdown == Some(Moment::AfterTheWake)
    }

    fn play(self, judge: &LocalRuntime) {
        let tally = Arc::new(Tally::default());
        let runtime = Some(Either::new(self.is_local));
        let told: Rc<RefCell<Option<Told>>> = Rc::default();
        let waker: Arc<std::sync::Mutex<Option<Waker>>> = Arc::default();

        let subject = Subject {
            kind: self.subject,
            waits: self.waits,
            waker: waker.clone(),
            _counted: Counted::new(&tally.futures, self.subject.drop_of_future),
            tally: tally.clone(),
        };
        let handle = runtime.as_ref().unwrap().handle().spawn(subject);
        let aborter = handle.abort_handle();
        let mut play = Play {
            case: self,
            runtime,
            handle: Some(handle),
        };

        match self.reader {
            Reader::DroppedBefore => play.handle = None,
            Reader::Task => play.join(told.clone()),
            _ => {}
        }
        if play.reach(Moment::BeforeTheFirstPoll, &aborter) {
            play.run();
        }
        if self.reader == Reader::DroppedMeanwhile {
            play.handle = None;
        }
        play.reach(Moment::WhileWaiting, &aborter);
        let woken = waker.lock().unwrap().clone();
        if let Some(waker) = &woken {
            waker.wake_by_ref();
        }
        if play.reach(Moment::AfterTheWake, &aborter) {
            play.run();
        }

        if self.reader == Reader::DroppedAfter {
            play.handle = None;
        }
        play.check_the_others();
        drop(play.runtime.take());
        if self.reader == Reader::Late {
            let outcome = judge.block_on(play.handle.take().unwrap());
            *told.borrow_mut() = Some(Told::of(outcome));
        }
        drop(play.handle.take());
        // What comes too late does nothing.
        aborter.abort();
        if let Some(waker) = woken {
            waker.wake();
        }
        drop(waker.lock().unwrap().take());

        let told = told.borrow_mut().take();
        let (expected, comes_with_the_end) = self.expected();
        let is_read = match self.reader {
            Reader::Late => true,
            // Its reader goes with the runtime.
            Reader::Task => !comes_with_the_end,
            _ => false,
        };
        if is_read {
            assert_eq!(told, Some(expected));
        }
        assert_eq!(tally.futures.counts(), (1, 1));
        for counter in [&tally.outputs, &tally.payloads] {
            let (made, dropped) = counter.counts();
            assert_eq!(made, dropped);
        }
    }
}

/// A case under way.
struct Play {
    case: Case,
    runtime: Option<Either>,
    handle: Option<JoinHandle<Counted>>,
}

impl Play {
    /// Does what the case wants done at this moment. `false`: there is no runtime any more.
    fn reach(&mut self, moment: Moment, aborter: &mainspring::task::AbortHandle) -> bool {
        if let Some((at, by)) = self.case.abort
            && at == moment
            && self.runtime.is_some()
        {
            match (by, &self.handle) {
                (By::Handle, Some(handle)) => handle.abort(),
                (By::Thread, _) => {
                    let aborter = aborter.clone();
                    std::thread::scope(|scope| {
                        scope.spawn(|| aborter.abort());
                    });
                }
                _ => aborter.abort(),
            }
        }
        if self.case.shutdown == Some(moment) {
            self.runtime = None;
        }
        self.runtime.is_some()
    }

    /// Until nobody can run.
    fn run(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(idle());
        }
    }

    /// Another task takes the handle and awaits it.
    fn join(&mut self, told: Rc<RefCell<Option<Told>>>) {
        let handle = self.handle.take().unwrap();
        let reads = async move {
            let outcome = handle.await;
            *told.borrow_mut() = Some(Told::of(outcome));
        };
        let runtime = self.runtime.as_ref().unwrap();
        let _inside = runtime.handle().enter();
        drop(mainspring::task::spawn_local(reads));
    }

    /// The runtime runs other tasks as if nothing had happened.
    fn check_the_others(&self) {
        if let Some(runtime) = &self.runtime {
            let other = runtime.handle().spawn(async {
                idle().await;
                7
            });
            assert_eq!(runtime.block_on(other).unwrap(), 7);
        }
    }
}

impl Told {
    fn of(outcome: Result<Counted, JoinError>) -> Told {
        match outcome {
            Ok(output) => {
                let _ = catch_unwind(AssertUnwindSafe(|| drop(output)));
                Told::Output
            }
            Err(error) if error.is_panic() => {
                let payload = error.into_panic();
                let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
                Told::Panicked
            }
            Err(error) => {
                assert!(error.is_cancelled());
                Told::Cancelled(error.cancelled_at().is_some())
            }
        }
    }
}

/// The future that the task is made of.
struct Subject {
    kind: Kind,
    waits: bool,
    waker: Arc<std::sync::Mutex<Option<Waker>>>,
    tally: Arc<Tally>,
    _counted: Counted,
}

impl Future for Subject {
    type Output = Counted;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Counted> {
        if std::mem::take(&mut self.waits) {
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            return Poll::Pending;
        }
        match self.kind.poll {
            None => Poll::Ready(Counted::new(&self.tally.outputs, self.kind.drop_of_output)),
            Some(Thrown::Words) => panic!("on purpose"),
            Some(Thrown::Bomb) => panic_any(Payload(Counted::new(&self.tally.payloads, true))),
        }
    }
}

/// What a panic carries that is a bomb itself.
struct Payload(#[expect(dead_code, reason = "it is there to be dropped")] Counted);

/// Something whose destructor is counted, and may panic.
struct Counted {
    counter: Arc<Counter>,
    panics: bool,
}

impl Counted {
    fn new(counter: &Arc<Counter>, panics: bool) -> Counted {
        counter.made.fetch_add(1, Ordering::Relaxed);
        Counted {
            counter: counter.clone(),
            panics,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counter.dropped.fetch_add(1, Ordering::Relaxed);
        if self.panics {
            panic!("on purpose");
        }
    }
}

#[derive(Default)]
struct Tally {
    futures: Arc<Counter>,
    outputs: Arc<Counter>,
    payloads: Arc<Counter>,
}

#[derive(Default)]
struct Counter {
    made: AtomicU32,
    dropped: AtomicU32,
}

impl Counter {
    fn counts(&self) -> (u32, u32) {
        (
            self.made.load(Ordering::Relaxed),
            self.dropped.load(Ordering::Relaxed),
        )
    }
}

enum Either {
    Local(LocalRuntime),
    Sendable(Runtime),
}

impl Either {
    fn new(is_local: bool) -> Either {
        let mut builder = Builder::new_current_thread();
        match is_local {
            true => Either::Local(builder.build_local(Default::default()).unwrap()),
            false => Either::Sendable(builder.build().unwrap()),
        }
    }

    fn handle(&self) -> &Handle {
        match self {
            Either::Local(runtime) => runtime.handle(),
            Either::Sendable(runtime) => runtime.handle(),
        }
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self {
            Either::Local(runtime) => runtime.block_on(future),
            Either::Sendable(runtime) => runtime.block_on(future),
        }
    }
}

fn pairs<A: Copy, B: Copy, const N: usize, const M: usize>(
    first: [A; N],
    second: [B; M],
) -> impl Iterator<Item = (A, B)> {
    first.into_iter().flat_map(move |a| second.map(|b| (a, b)))
}

/// Panics that are part of the test are not printed.
fn silence(is_ours: fn(&(dyn Any + Send)) -> bool) {
    let loud = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !is_ours(info.payload()) {
            loud(info);
        }
    }));
}
