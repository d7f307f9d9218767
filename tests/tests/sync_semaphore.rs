//! What `Semaphore` promises. Tests that bear an id (`sem_…`) come from asyncio's own suite.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mainspring::sync::{
    OverRelease, OwnedSemaphorePermit, Semaphore, SemaphorePermit, TryAcquireError,
};
use mainspring::task::{JoinHandle, idle, spawn, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::by_hand::Bell;

type Log<T> = Rc<RefCell<Vec<T>>>;

/// A task that takes a permit for good and notes its name.
fn taker(semaphore: &Rc<Semaphore>, log: &Log<u32>, name: u32) -> JoinHandle<()> {
    let (semaphore, log) = (semaphore.clone(), log.clone());
    spawn(async move {
        semaphore.acquire().await.unwrap().forget();
        log.borrow_mut().push(name);
    })
}

#[mainspring::test(start_paused = true)]
async fn a_permit_is_taken_at_the_first_poll_and_comes_back_with_the_guard() {
    let semaphore = Semaphore::new(1);
    let mut acquire = semaphore.acquire();
    let permit = Bell::new().poll(&mut acquire);
    assert!(permit.is_ready());
    assert_eq!(semaphore.available_permits(), 0);
    drop(permit);
    assert_eq!(semaphore.available_permits(), 1);
}

#[mainspring::test(start_paused = true)]
async fn sem_show_state() {
    let semaphore = Rc::new(Semaphore::new(1));
    let shown = format!("{semaphore:?}");
    assert!(
        shown.contains("permits: 1") && shown.contains("waiting: 0"),
        "{shown}"
    );
    assert!(shown.contains("locked: false"), "{shown}");

    let permit = semaphore.acquire().await.unwrap();
    let waiter = taker(&semaphore, &Log::default(), 1);
    idle().await;
    let shown = format!("{semaphore:?}");
    assert!(
        shown.contains("permits: 0") && shown.contains("waiting: 1"),
        "{shown}"
    );
    assert!(shown.contains("locked: true"), "{shown}");
    drop(permit);
    waiter.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn sem_cancel_before_wake_goes_on() {
    let semaphore = Rc::new(Semaphore::new(0));
    let log = Log::default();
    let tasks: Vec<_> = (1..=4).map(|name| taker(&semaphore, &log, name)).collect();
    idle().await;

    tasks[0].abort();
    tasks[1].abort();
    semaphore.release().unwrap();
    idle().await;

    assert_eq!(*log.borrow(), [3]);
    assert!(!tasks[3].is_finished());
    semaphore.release().unwrap();
    idle().await;
    assert_eq!(*log.borrow(), [3, 4]);
}

#[mainspring::test(start_paused = true)]
async fn sem_holder_cancels_waiter_after_release() {
    let semaphore = Rc::new(Semaphore::new(1));
    let held = semaphore.acquire().await.unwrap();
    let waiter = taker(&semaphore, &Log::default(), 1);
    idle().await;

    drop(held);
    waiter.abort();

    let permit = timeout(Duration::from_secs(1), semaphore.acquire()).await;
    assert!(permit.is_ok(), "the permit was lost with the waiter");
    assert!(waiter.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn cpython_gh_90155_a_permit_called_for_an_aborted_waiter_goes_to_the_next() {
    let semaphore = Rc::new(Semaphore::new(1));
    let log = Log::default();
    let held = semaphore.acquire().await.unwrap();
    let tasks: Vec<_> = (1..=3).map(|name| taker(&semaphore, &log, name)).collect();
    idle().await;

    drop(held);
    tasks[0].abort();
    tasks[1].abort();
    idle().await;

    assert_eq!(*log.borrow(), [3]);
}

#[mainspring::test(start_paused = true)]
async fn sem_fifo_two_rounds() {
    let semaphore = Rc::new(Semaphore::new(1));
    let log: Log<(u32, char)> = Log::default();
    for name in 1..=3 {
        let (semaphore, log) = (semaphore.clone(), log.clone());
        spawn(async move {
            for round in ['a', 'b'] {
                let permit = semaphore.acquire().await.unwrap();
                log.borrow_mut().push((name, round));
                sleep(Duration::from_millis(100)).await;
                drop(permit);
            }
        });
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(
        *log.borrow(),
        [(1, 'a'), (2, 'a'), (3, 'a'), (1, 'b'), (2, 'b'), (3, 'b')]
    );
}

#[mainspring::test(start_paused = true)]
async fn sem_fifo_reacquire_behind_queue() {
    let semaphore = Rc::new(Semaphore::new(1));
    let log: Log<u32> = Log::default();
    let held = semaphore.acquire().await.unwrap();
    let _one = taker(&semaphore, &log, 1);
    let _two = spawn({
        let (semaphore, log) = (semaphore.clone(), log.clone());
        async move {
            semaphore.acquire().await.unwrap().forget();
            log.borrow_mut().push(2);
            semaphore.release().unwrap();
            semaphore.acquire().await.unwrap().forget();
            log.borrow_mut().push(4);
        }
    });
    let _three = taker(&semaphore, &log, 3);
    idle().await;

    drop(held);
    semaphore.release().unwrap();
    idle().await;
    assert_eq!(*log.borrow(), [1, 2, 3]);
    semaphore.release().unwrap();
    idle().await;
    assert_eq!(*log.borrow(), [1, 2, 3, 4]);
}

#[mainspring::test(start_paused = true)]
async fn sem_fifo_after_cancel() {
    let semaphore = Rc::new(Semaphore::new(0));
    let log = Log::default();
    let tasks: Vec<_> = (1..=3).map(|name| taker(&semaphore, &log, name)).collect();
    idle().await;

    tasks[0].abort();
    semaphore.release().unwrap();
    semaphore.release().unwrap();
    idle().await;

    assert_eq!(*log.borrow(), [2, 3]);
}

#[mainspring::test(start_paused = true)]
async fn sem_fifo_burst_release() {
    let semaphore = Rc::new(Semaphore::new(0));
    let log: Log<u32> = Log::default();
    let one = spawn({
        let (semaphore, log) = (semaphore.clone(), log.clone());
        async move {
            semaphore.acquire().await.unwrap().forget();
            let four = spawn({
                let log = log.clone();
                async move { log.borrow_mut().push(4) }
            });
            log.borrow_mut().push(1);
            four.await.unwrap();
        }
    });
    let two = spawn({
        let (semaphore, log) = (semaphore.clone(), log.clone());
        async move {
            for _ in 0..3 {
                semaphore.release().unwrap();
            }
            assert!(semaphore.locked(), "task 1 was called and has not run");
            semaphore.acquire().await.unwrap().forget();
            log.borrow_mut().push(2);
        }
    });
    let three = taker(&semaphore, &log, 3);

    for task in [one, two, three] {
        task.await.unwrap();
    }
    assert_eq!(*log.borrow(), [1, 2, 3, 4]);
}

#[mainspring::test(start_paused = true)]
async fn sem_locked_while_queue() {
    let semaphore = Rc::new(Semaphore::new(0));
    let log = Log::default();
    let _called = taker(&semaphore, &log, 1);
    idle().await;

    semaphore.add_permits(2);
    assert_eq!(semaphore.available_permits(), 1);
    assert!(semaphore.locked());

    let bell = Bell::new();
    let mut newcomer = semaphore.acquire();
    assert!(bell.poll(&mut newcomer).is_pending());
    assert_eq!(
        bell.rings(),
        1,
        "it has its permit, and waits for its turn only"
    );
    idle().await;
    assert_eq!(*log.borrow(), [1]);
    assert!(bell.poll(&mut newcomer).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn sem_peak_concurrency() {
    let semaphore = Rc::new(Semaphore::new(3));
    let inside = Rc::new(Cell::new(0));
    let ended: Log<(u64, u64)> = Log::default();
    let start = Instant::now();

    let jobs: Vec<_> = [3, 1, 2, 0, 3, 1, 2, 2, 0]
        .map(|seconds| {
            let (semaphore, inside, ended) = (semaphore.clone(), inside.clone(), ended.clone());
            spawn(async move {
                let _permit = semaphore.acquire().await.unwrap();
                inside.set(inside.get() + 1);
                assert!(inside.get() <= 3);
                sleep(Duration::from_secs(seconds)).await;
                inside.set(inside.get() - 1);
                ended
                    .borrow_mut()
                    .push((start.elapsed().as_secs(), seconds));
            })
        })
        .into();
    for job in jobs {
        job.await.unwrap();
    }

    // Three lanes, in the order of arrival: (when it ended, how long it took).
    let schedule = [
        [(1, 0), (1, 1), (2, 2)],
        [(3, 1), (3, 3), (4, 0)],
        [(4, 3), (5, 2), (5, 2)],
    ];
    let mut ended = ended.take();
    ended.sort_unstable();
    assert_eq!(ended, schedule.concat());
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[mainspring::test(start_paused = true)]
async fn sem_close_wakes_waiters() {
    let semaphore = Arc::new(Semaphore::new(0));
    let tasks: Vec<_> = (0..3)
        .map(|_| spawn(semaphore.clone().acquire_owned()))
        .collect();
    idle().await;

    semaphore.close();

    for task in tasks {
        assert_eq!(
            task.await.unwrap().unwrap_err().to_string(),
            "semaphore closed"
        );
    }
    assert!(semaphore.is_closed());
    assert!(semaphore.acquire().await.is_err());
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
}

#[mainspring::test(start_paused = true)]
async fn sem_acquire_many_fair() {
    let semaphore = Rc::new(Semaphore::new(0));
    let log: Log<u32> = Log::default();
    let _three = spawn({
        let (semaphore, log) = (semaphore.clone(), log.clone());
        async move {
            let permit = semaphore.acquire_many(3).await.unwrap();
            assert_eq!(permit.num_permits(), 3);
            log.borrow_mut().push(3);
            permit.forget();
        }
    });
    let _one = taker(&semaphore, &log, 1);
    idle().await;

    semaphore.add_permits(2);
    idle().await;
    assert!(log.borrow().is_empty());
    assert_eq!(semaphore.available_permits(), 0);

    semaphore.add_permits(1);
    idle().await;
    assert_eq!(*log.borrow(), [3]);
    semaphore.add_permits(1);
    idle().await;
    assert_eq!(*log.borrow(), [3, 1]);
}

#[mainspring::test(start_paused = true)]
async fn permits_that_a_dropped_waiter_had_collected_go_to_the_next() {
    let semaphore = Rc::new(Semaphore::new(2));
    let log: Log<u32> = Log::default();
    let bell = Bell::new();
    let mut three = semaphore.acquire_many(3);
    assert!(bell.poll(&mut three).is_pending());
    let _one = taker(&semaphore, &log, 1);
    idle().await;
    assert!(log.borrow().is_empty());

    drop(three);
    idle().await;
    assert_eq!(*log.borrow(), [1]);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn tokio_8021_forgetting_does_not_reopen_a_closed_semaphore() {
    let semaphore = Semaphore::new(3);
    let permit = semaphore.try_acquire().unwrap();
    semaphore.close();
    permit.forget();
    assert_eq!(semaphore.forget_permits(5), 2);
    assert!(semaphore.is_closed());
    semaphore.add_permits(1);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn tokio_3644_the_most_permits_are_allowed_and_one_more_panics() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    semaphore.forget_permits(1);
    semaphore.add_permits(1);
    assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);

    for too_many in [1, Semaphore::MAX_PERMITS, usize::MAX] {
        let added = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            semaphore.add_permits(too_many);
        }));
        assert!(added.is_err());
        assert_eq!(semaphore.available_permits(), Semaphore::MAX_PERMITS);
    }
    assert!(std::panic::catch_unwind(|| Semaphore::new(Semaphore::MAX_PERMITS + 1)).is_err());
}

#[test]
fn a_bounded_semaphore_refuses_a_release_past_its_start() {
    let semaphore = Semaphore::bounded(2);
    assert_eq!(semaphore.release(), Err(OverRelease));
    semaphore.try_acquire().unwrap().forget();
    assert_eq!(semaphore.release(), Ok(()));
    assert_eq!(semaphore.release(), Err(OverRelease));

    // What the first in line has collected is not out either.
    let mut three = semaphore.acquire_many(3);
    assert!(Bell::new().poll(&mut three).is_pending());
    assert_eq!(semaphore.release(), Err(OverRelease));
}

#[test]
fn permits_split_and_merge_without_changing_their_sum() {
    let semaphore = Arc::new(Semaphore::new(10));
    let mut many = semaphore.try_acquire_many(5).unwrap();
    assert!(many.split(6).is_none());
    assert!(many.split(usize::MAX).is_none());
    let two = many.split(2).unwrap();
    assert_eq!((many.num_permits(), two.num_permits()), (3, 2));
    many.merge(two);
    assert_eq!(many.num_permits(), 5);
    assert!(std::ptr::eq(many.semaphore(), &*semaphore));
    assert_eq!(semaphore.available_permits(), 5);
    drop(many);

    let mut many = semaphore.clone().try_acquire_many_owned(5).unwrap();
    drop(many.split(1).unwrap());
    assert_eq!(semaphore.available_permits(), 6);
    many.merge(semaphore.clone().try_acquire_owned().unwrap());
    assert!(Arc::ptr_eq(many.semaphore(), &semaphore));
    drop(many);
    assert_eq!(semaphore.available_permits(), 10);
}

#[test]
#[should_panic(expected = "two semaphores")]
fn permits_of_two_semaphores_do_not_merge() {
    let (one, other) = (Semaphore::new(1), Semaphore::new(1));
    one.try_acquire()
        .unwrap()
        .merge(other.try_acquire().unwrap());
}

#[mainspring::test(start_paused = true)]
async fn no_permits_at_all_are_had_at_once_even_behind_a_queue() {
    let semaphore = Semaphore::new(0);
    let mut waiting = semaphore.acquire();
    assert!(Bell::new().poll(&mut waiting).is_pending());
    assert_eq!(semaphore.acquire_many(0).await.unwrap().num_permits(), 0);
    assert!(semaphore.try_acquire_many(0).is_ok());
}

#[mainspring::test(start_paused = true)]
async fn async_channel_49_a_forgotten_guard_costs_its_permit_and_nothing_else() {
    let semaphore = Rc::new(Semaphore::new(2));
    std::mem::forget(semaphore.acquire().await.unwrap());
    let log = Log::default();
    let held = semaphore.acquire().await.unwrap();
    let _one = taker(&semaphore, &log, 1);
    idle().await;
    drop(held);
    idle().await;
    assert_eq!(*log.borrow(), [1]);
}

#[mainspring::test(start_paused = true)]
async fn a_semaphore_that_is_always_free_does_not_hold_the_loop() {
    let semaphore = Rc::new(Semaphore::new(1));
    let hog = spawn({
        let semaphore = semaphore.clone();
        async move {
            loop {
                drop(semaphore.acquire().await.unwrap());
            }
        }
    });
    for _ in 0..10 {
        yield_now().await;
    }
    hog.abort();
}

#[test]
fn a_thread_waits_for_permits_and_is_woken() {
    let semaphore = Arc::new(Semaphore::new(0));
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn({
        let semaphore = semaphore.clone();
        move || {
            let three = semaphore.blocking_acquire_many(3).unwrap();
            tell.send(three.num_permits()).unwrap();
            semaphore.clone().blocking_acquire_many_owned(1).is_err()
        }
    });
    semaphore.add_permits(1);
    semaphore.add_permits(2);
    assert_eq!(told.recv(), Ok(3));
    semaphore.close();
    assert!(thread.join().unwrap());
}

#[test]
fn semaphores_and_their_permits_are_send_and_sync() {
    fn both<T: Send + Sync>() {}
    both::<Semaphore>();
    both::<SemaphorePermit<'_>>();
    both::<OwnedSemaphorePermit>();
    both::<mainspring::sync::Acquire<'_>>();
    both::<mainspring::sync::AcquireOwned>();
}
