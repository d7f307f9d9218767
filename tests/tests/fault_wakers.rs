//! F01 to F06: wakers called at the wrong time, from the wrong place, by the million.
//!
//! F05, the end of the runtime, is in `runtime_shutdown.rs`, too; F07 to F09, wakers of others, are
//! in `fault_leaves.rs`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use mainspring::runtime::LocalRuntime;
use mainspring::task::{idle, spawn_local};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

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

#[mainspring::test]
async fn f03_a_wake_in_its_last_poll_does_not_poll_the_successor_in_its_place() {
    let mut kept = Vec::new();
    for _ in 0..10 {
        // It stands in the queue once more when it has ended.
        let ends = spawn_local(poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::Ready(())
        }));
        let new = Subject::default();
        let (inside, tell) = (new.clone(), Rc::new(RefCell::new(None)));
        let task = tell.clone();
        drop(spawn_local(async move {
            *tell.borrow_mut() = Some(inside.spawn());
        }));
        idle().await;
        let task = task.take().unwrap();
        assert_eq!(new.polls.get(), 1);
        assert!(!task.is_finished());
        ends.await.unwrap();
        kept.push(task);
    }
    kept.iter().for_each(|task| task.abort());
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
