//! F01 to F09: wakers called at the wrong time, from the wrong place, by the thousand; and wakers
//! that are not ours.
//!
//! F05, the end of the runtime, is in `runtime_shutdown.rs`, too.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::runtime::LocalRuntime;
use mainspring::task::{all_tasks, idle, spawn_local, yield_now};
use mainspring::time::{Instant, advance, interval, sleep, timeout, wait_for};
use mainspring_tests::by_hand::{Bell, evil};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

const SECOND: Duration = Duration::from_secs(1);
const THREADS: usize = 4;

/// A task that counts its polls and hands out its waker, and ends when it is told to.
#[derive(Clone, Default)]
struct Subject {
    polls: Rc<Cell<usize>>,
    waker: Rc<RefCell<Option<Waker>>>,
    may_end: Rc<Cell<bool>>,
}

impl Subject {
    fn spawn(&self) -> mainspring::task::JoinHandle<()> {
        let subject = self.clone();
        spawn_local(poll_fn(move |cx| {
            subject.polls.set(subject.polls.get() + 1);
            *subject.waker.borrow_mut() = Some(cx.waker().clone());
            match subject.may_end.get() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }))
    }

    fn waker(&self) -> Waker {
        self.waker.borrow().clone().unwrap()
    }
}

// F01: no wake-up is lost between "nothing to do" and "asleep".

#[test]
fn f01_each_of_many_thousand_wakes_from_four_threads_ends_a_park() {
    const ROUNDS: usize = 2_500;
    let _watchdog = watch();
    let slot: Arc<Mutex<Option<Waker>>> = Arc::default();
    let asked: Arc<[AtomicUsize; THREADS]> = Arc::default();
    let (mut tell, mut threads) = (Vec::new(), Vec::new());
    for number in 0..THREADS {
        let (slot, asked) = (slot.clone(), asked.clone());
        let (answer, answered) = channel();
        tell.push(answer);
        threads.push(thread::spawn(move || {
            for round in 1..=ROUNDS {
                asked[number].store(round, Ordering::Release);
                let waker = slot.lock().unwrap().clone();
                if let Some(waker) = waker {
                    waker.wake();
                }
                // Nobody asks again before he was heard: a wake that is lost is a hang.
                assert_eq!(answered.recv(), Ok(round));
            }
        }));
    }
    let mut heard = [0; THREADS];
    LocalRuntime::new().unwrap().block_on(poll_fn(|cx| {
        *slot.lock().unwrap() = Some(cx.waker().clone());
        for number in 0..THREADS {
            let asked = asked[number].load(Ordering::Acquire);
            if asked > heard[number] {
                heard[number] = asked;
                tell[number].send(asked).unwrap();
            }
        }
        match heard == [ROUNDS; THREADS] {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[test]
fn f01_a_million_wakes_while_the_loop_does_not_run_block_nobody_and_are_one_poll() {
    let _watchdog = watch();
    let runtime = LocalRuntime::new().unwrap();
    let subject = Subject::default();
    let task = {
        let _inside = runtime.enter();
        subject.spawn()
    };
    runtime.block_on(idle());
    let waker = subject.waker();
    thread::spawn(move || (0..1_000_000).for_each(|_| waker.wake_by_ref()))
        .join()
        .unwrap();
    runtime.block_on(idle());
    assert_eq!(subject.polls.get(), 2);
    subject.may_end.set(true);
    subject.waker().wake();
    runtime.block_on(task).unwrap();
}

// F02: a wake during the poll counts, once.

#[mainspring::test]
async fn f02_wakes_during_a_poll_make_exactly_one_more() {
    let polls = Rc::new(Cell::new(0));
    let count = polls.clone();
    let task = spawn_local(poll_fn(move |cx| {
        count.set(count.get() + 1);
        if count.get() > 1 {
            return Poll::<()>::Pending;
        }
        for _ in 0..10 {
            cx.waker().wake_by_ref();
            drop(cx.waker().clone());
        }
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake()).join().unwrap();
        Poll::Pending
    }));
    idle().await;
    assert_eq!(polls.get(), 2);
    task.abort();
}

#[mainspring::test]
async fn f02_a_wake_never_polls_in_its_callers_stack() {
    let subject = Subject::default();
    let task = subject.spawn();
    idle().await;
    subject.waker().wake();
    assert_eq!(subject.polls.get(), 1);
    idle().await;
    assert_eq!(subject.polls.get(), 2);
    task.abort();
}

// F03: late wakes.

#[mainspring::test]
async fn f03_a_wake_of_a_task_that_has_ended_reaches_nobody() {
    let old = Subject::default();
    let task = old.spawn();
    idle().await;
    let late = old.waker();
    old.may_end.set(true);
    late.wake_by_ref();
    task.await.unwrap();

    // Its place in the table belongs to another now.
    let new: Vec<Subject> = (0..8).map(|_| Subject::default()).collect();
    let tasks: Vec<_> = new.iter().map(Subject::spawn).collect();
    idle().await;
    for _ in 0..100 {
        late.wake_by_ref();
        let there = late.clone();
        thread::spawn(move || there.wake()).join().unwrap();
    }
    idle().await;
    assert!(new.iter().all(|subject| subject.polls.get() == 1));
    assert_eq!(old.polls.get(), 2);
    tasks.iter().for_each(|task| task.abort());
}

#[mainspring::test]
async fn f03_a_wake_that_is_on_its_way_when_its_task_ends_reaches_nobody() {
    let old = Subject::default();
    let task = old.spawn();
    idle().await;
    let waker = old.waker();
    // Aborted and woken from elsewhere: two letters, one task.
    let abort = task.abort_handle();
    thread::spawn(move || {
        abort.abort();
        waker.wake();
    })
    .join()
    .unwrap();
    assert!(task.await.unwrap_err().is_cancelled());
    let new = Subject::default();
    let task = new.spawn();
    idle().await;
    assert_eq!((old.polls.get(), new.polls.get()), (1, 1));
    task.abort();
}

// F04: wakers in the hands of other threads.

#[test]
fn f04_wakers_abused_by_four_threads_lose_no_wake_and_move_no_future() {
    const TASKS: usize = 64;
    const ROUNDS: u32 = 50;
    let _watchdog = watch();
    let (give, given) = channel::<Waker>();
    let hands: Arc<Mutex<Vec<Waker>>> = Arc::default();
    let kept = hands.clone();
    let feeder = thread::spawn(move || {
        for waker in given {
            kept.lock().unwrap().push(waker);
        }
    });
    let stop = Arc::new(AtomicU32::new(0));
    let abusers: Vec<_> = (0..THREADS as u64)
        .map(|seed| {
            let (hands, stop) = (hands.clone(), stop.clone());
            thread::spawn(move || {
                let mut dice = seed + 1;
                while stop.load(Ordering::Relaxed) == 0 {
                    dice ^= dice << 13;
                    dice ^= dice >> 7;
                    dice ^= dice << 17;
                    let waker = {
                        let mut hands = hands.lock().unwrap();
                        match hands.len() {
                            0 => None,
                            many if dice & 1 == 0 => Some(hands.swap_remove(dice as usize % many)),
                            many => Some(hands[dice as usize % many].clone()),
                        }
                    };
                    match (waker, dice >> 8 & 3) {
                        (Some(waker), 0) => waker.wake(),
                        (Some(waker), 1) => waker.wake_by_ref(),
                        (Some(waker), 2) => drop((waker.clone(), waker)),
                        (Some(waker), _) => hands.lock().unwrap().push(waker),
                        (None, _) => thread::yield_now(),
                    }
                }
            })
        })
        .collect();

    let home = thread::current().id();
    let ended = Rc::new(Cell::new(0));
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        for round in 0..ROUNDS {
            let tasks: Vec<_> = (0..TASKS)
                .map(|number| {
                    let (give, ended) = (give.clone(), ended.clone());
                    let guard = on_drop(move || {
                        assert_eq!(thread::current().id(), home);
                        ended.set(ended.get() + 1);
                    });
                    let mut left = number % 7;
                    spawn_local(poll_fn(move |cx| {
                        let _guard = &guard;
                        assert_eq!(thread::current().id(), home);
                        give.send(cx.waker().clone()).unwrap();
                        match left.checked_sub(1) {
                            None => Poll::Ready(()),
                            Some(fewer) => {
                                left = fewer;
                                // Its own wake must not be lost among the others.
                                cx.waker().wake_by_ref();
                                Poll::Pending
                            }
                        }
                    }))
                })
                .collect();
            for (number, task) in tasks.into_iter().enumerate() {
                match (number as u32 + round) % 5 {
                    0 => task.abort(),
                    1 => drop(task),
                    _ => task.await.unwrap(),
                }
            }
        }
        idle().await;
    });
    drop(runtime);
    assert_eq!(ended.get(), TASKS * ROUNDS as usize);
    stop.store(1, Ordering::Relaxed);
    drop(give);
    feeder.join().unwrap();
    abusers
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

// F05: the last waker of a runtime that has ended.

#[test]
fn f05_the_last_waker_goes_on_another_thread_long_after_the_end() {
    let wakers = LocalRuntime::new().unwrap().block_on(async {
        let subjects: Vec<Subject> = (0..10).map(|_| Subject::default()).collect();
        let tasks: Vec<_> = subjects.iter().map(Subject::spawn).collect();
        idle().await;
        drop(tasks);
        subjects.iter().map(Subject::waker).collect::<Vec<_>>()
    });
    thread::spawn(move || {
        for (number, waker) in wakers.into_iter().enumerate() {
            match number % 2 {
                0 => waker.wake(),
                _ => drop(waker),
            }
        }
    })
    .join()
    .unwrap();
}

// F06: wakes from destructors.

#[mainspring::test]
async fn f06_a_future_that_is_dropped_may_wake_its_task_and_others() {
    let other = Subject::default();
    let waits = other.spawn();
    idle().await;
    let (own, others) = (Rc::new(RefCell::new(None::<Waker>)), other.waker());
    let inside = own.clone();
    let guard = on_drop(move || {
        inside.take().unwrap().wake();
        others.wake_by_ref();
    });
    let task = spawn_local(poll_fn(move |cx| {
        let _guard = &guard;
        *own.borrow_mut() = Some(cx.waker().clone());
        Poll::<()>::Pending
    }));
    idle().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    idle().await;
    assert_eq!(other.polls.get(), 2, "it was queued, and ran in its turn");
    waits.abort();
}

thread_local! {
    static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
}

/// Is called when thread-locals are destroyed.
struct Late(Waker, Arc<AtomicU32>);

impl Drop for Late {
    fn drop(&mut self) {
        self.0.wake_by_ref();
        let _ = self.0.clone();
        // Whatever else a destructor might try, it is told and does not break the thread.
        assert_eq!(mainspring::task::current_task(), None);
        let _ = mainspring::runtime::Handle::try_current();
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn tokio_6091_a_wake_from_the_destructor_of_a_thread_local_is_taken() {
    let _watchdog = watch();
    let counted = Arc::new(AtomicU32::new(0));
    // Registered before the loop's own thread-locals, and after them.
    for is_first in [true, false] {
        let count = counted.clone();
        let (give, given) = channel();
        let set = move |waker: Waker| {
            LATE.with(|late| *late.borrow_mut() = Some(Late(waker, count)));
        };
        // On the loop's own thread, where it ends with the loop.
        thread::spawn(move || {
            if is_first {
                LATE.with(|_| ());
            }
            let runtime = LocalRuntime::new().unwrap();
            runtime.block_on(async {
                let subject = Subject::default();
                let task = subject.spawn();
                idle().await;
                set(subject.waker());
                drop(task);
            });
            give.send(()).unwrap();
        })
        .join()
        .unwrap();
        assert_eq!(given.recv(), Ok(()));
    }
    assert_eq!(counted.load(Ordering::Relaxed), 2);

    // On another thread, for a loop that waits for it.
    let count = counted.clone();
    let mut thread = None;
    LocalRuntime::new().unwrap().block_on(poll_fn(|cx| {
        if thread.is_some() {
            return Poll::Ready(());
        }
        let (waker, count) = (cx.waker().clone(), count.clone());
        thread = Some(thread::spawn(move || {
            LATE.with(|late| *late.borrow_mut() = Some(Late(waker, count)));
        }));
        Poll::Pending
    }));
    thread.unwrap().join().unwrap();
    assert_eq!(counted.load(Ordering::Relaxed), 3);
}

// F07: wakers that use the loop whenever they are cloned, called or dropped.

/// Everything that borrows something of the loop.
fn use_the_loop() {
    let _ = (Instant::now(), all_tasks().len());
    let task = spawn_local(async {});
    task.abort();
    let bell = Bell::new();
    let mut nap = Box::pin(sleep(SECOND));
    let _ = bell.poll(&mut nap);
    nap.as_mut().reset(Instant::now());
    let _ = (nap.is_elapsed(), nap.deadline());
    let _ = bell.poll(&mut idle());
    let mut task = task;
    let _ = bell.poll(&mut task);
}

/// Polls twice with a waker that uses the loop on every occasion, changes to another and back,
/// lets `finish` end the wait, and drops what is left.
async fn abuse<F: Future>(future: F, finish: impl AsyncFn()) {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    let seen = Arc::new(AtomicU32::new(0));
    let count = seen.clone();
    let waker = evil(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        // The wakers of what it starts are its own: once is enough.
        if !INSIDE.replace(true) {
            use_the_loop();
            INSIDE.set(false);
        }
    });
    let mut cx = Context::from_waker(&waker);
    let bell = Bell::new();
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut cx).is_pending());
    let _ = future.as_mut().poll(&mut cx);
    let _ = bell.poll(&mut future);
    let _ = future.as_mut().poll(&mut cx);
    finish().await;
    drop(future);
    assert!(seen.load(Ordering::Relaxed) > 0);
}

#[mainspring::test(start_paused = true)]
async fn f07_wakers_that_use_the_loop_find_nothing_borrowed() {
    let _watchdog = watch();
    let later = async || sleep(2 * SECOND).await;
    let now = async || idle().await;
    for is_dropped in [false, true] {
        let finish = async || match is_dropped {
            true => {}
            false => later().await,
        };
        abuse(sleep(SECOND), finish).await;
        abuse(timeout(SECOND, sleep(5 * SECOND)), finish).await;
        abuse(wait_for(sleep(SECOND), None), finish).await;
        let mut ticks = interval(SECOND);
        ticks.tick().await;
        abuse(ticks.tick(), finish).await;
        abuse(spawn_local(sleep(SECOND)), finish).await;
        let aborted = spawn_local(std::future::pending::<()>());
        let abort = aborted.abort_handle();
        abuse(aborted, async || {
            abort.abort();
            finish().await;
        })
        .await;
        abuse(idle(), now).await;
        abuse(yield_now(), now).await;
        abuse(advance(SECOND), now).await;
    }
}

#[test]
fn f07_wakers_that_use_the_loop_may_be_left_in_it_at_its_end() {
    let _watchdog = watch();
    let waker = evil(|what| {
        if what == "wake" {
            let _ = all_tasks();
        }
    });
    let mut kept: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
    LocalRuntime::new().unwrap().block_on(async {
        let mut cx = Context::from_waker(&waker);
        kept.push(Box::pin(sleep(SECOND)));
        kept.push(Box::pin(idle()));
        kept.push(Box::pin(async {
            let _ = spawn_local(std::future::pending::<()>()).await;
        }));
        for future in &mut kept {
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
    });
    drop(kept);
}

// F08: the waker of the last poll is the one that counts.

/// Polls with one waker, then with another, ends the wait: the second must ring.
async fn moved<F: Future>(future: F, finish: impl AsyncFnOnce()) {
    let (before, after) = (Bell::new(), Bell::new());
    let mut future = Box::pin(future);
    assert!(before.poll(&mut future).is_pending());
    assert!(after.poll(&mut future).is_pending());
    finish().await;
    assert!(after.rings() > 0);
    assert!(after.poll(&mut future).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn smol_167_a_future_that_moved_wakes_its_last_task() {
    let later = async || sleep(2 * SECOND).await;
    moved(sleep(SECOND), later).await;
    moved(timeout(SECOND, std::future::pending::<()>()), later).await;
    moved(timeout(5 * SECOND, sleep(SECOND)), later).await;
    let mut ticks = interval(SECOND);
    ticks.tick().await;
    moved(ticks.tick(), later).await;
    moved(spawn_local(sleep(SECOND)), later).await;
    let aborted = spawn_local(std::future::pending::<()>());
    let abort = aborted.abort_handle();
    moved(aborted, async move || {
        abort.abort();
        idle().await;
    })
    .await;
    moved(idle(), async || idle().await).await;
}

#[mainspring::test(start_paused = true)]
async fn f08_a_sleep_may_be_begun_in_one_task_and_ended_in_another() {
    let start = Instant::now();
    let mut nap = Box::pin(sleep(SECOND));
    assert!(Bell::new().poll(&mut nap).is_pending());
    spawn_local(nap).await.unwrap();
    assert_eq!(start.elapsed(), SECOND);
}

// F09: spurious wakes.

#[mainspring::test(start_paused = true)]
async fn f09_ten_thousand_spurious_wakes_end_no_wait_early() {
    let _watchdog = watch();
    let start = Instant::now();
    let wakers: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let stop = Rc::new(Cell::new(false));
    // Every task hands its waker out at every poll.
    let nosy = |future: Pin<Box<dyn Future<Output = ()>>>| {
        let wakers = wakers.clone();
        let mut future = future;
        let mut known: Option<Waker> = None;
        spawn_local(poll_fn(move |cx| {
            if !known
                .as_ref()
                .is_some_and(|known| known.will_wake(cx.waker()))
            {
                known = Some(cx.waker().clone());
                wakers.borrow_mut().push(cx.waker().clone());
            }
            future.as_mut().poll(cx)
        }))
    };
    let slow = spawn_local(sleep(5 * SECOND));
    let tasks = [
        nosy(Box::pin(async move {
            sleep(3 * SECOND).await;
            assert_eq!(start.elapsed(), 3 * SECOND);
        })),
        nosy(Box::pin(async move {
            let never = timeout(2 * SECOND, std::future::pending::<()>());
            assert!(never.await.is_err());
            assert_eq!(start.elapsed(), 2 * SECOND);
        })),
        nosy(Box::pin(async move {
            let mut ticks = interval(SECOND);
            for tick in 0..4 {
                ticks.tick().await;
                assert_eq!(start.elapsed(), tick * SECOND);
            }
        })),
        nosy(Box::pin(async move {
            slow.await.unwrap();
            assert_eq!(start.elapsed(), 5 * SECOND);
        })),
    ];
    let (all, ends) = (wakers.clone(), stop.clone());
    let storm = spawn_local(async move {
        for _ in 0..10_000 {
            all.borrow().iter().for_each(Waker::wake_by_ref);
            yield_now().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "nobody was at rest");
        while !ends.get() {
            all.borrow().iter().for_each(Waker::wake_by_ref);
            sleep(SECOND / 4).await;
        }
    });
    for task in tasks {
        task.await.unwrap();
    }
    stop.set(true);
    storm.await.unwrap();
}
