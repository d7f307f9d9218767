//! What `Barrier` promises. Tests that bear an id (`barrier_…`) come from asyncio's own suite.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use mainspring::future::gather;
use mainspring::sync::{Barrier, BrokenBarrier};
use mainspring::task::{JoinHandle, idle, spawn_local, yield_now};
use mainspring_tests::by_hand::Bell;

type Arrived = JoinHandle<Result<usize, BrokenBarrier>>;

fn arrive(barrier: &Rc<Barrier>) -> Arrived {
    let barrier = barrier.clone();
    spawn_local(async move { barrier.arrive().await })
}

fn arrivals(barrier: &Rc<Barrier>, count: usize) -> Vec<Arrived> {
    (0..count).map(|_| arrive(barrier)).collect()
}

async fn answers(arrived: Vec<Arrived>) -> Vec<Result<usize, BrokenBarrier>> {
    let mut answers = Vec::new();
    for one in arrived {
        answers.push(one.await.unwrap());
    }
    answers
}

#[test]
#[should_panic(expected = "make it for 1 or more parties")]
fn barrier_parties_positive() {
    Barrier::new(0);
}

#[mainspring::test(start_paused = true)]
async fn barrier_show_state() {
    let shown = |barrier: &Barrier, phase: &str, waiting: usize| {
        let text = format!("{barrier:?}");
        let phase = format!("phase: {phase}, waiting: {waiting}");
        assert!(
            text.contains(&phase) && text.contains("parties: 2"),
            "{text}"
        );
    };
    let barrier = Barrier::new(2);
    shown(&barrier, "Filling", 0);
    let bell = Bell::new();
    let mut waits = barrier.arrive();
    assert!(bell.poll(&mut waits).is_pending());
    shown(&barrier, "Filling", 1);
    assert_eq!(barrier.arrive().await, Ok(1));
    shown(&barrier, "Draining", 0);
    barrier.reset();
    shown(&barrier, "Resetting", 0);
    barrier.abort();
    shown(&barrier, "Broken", 0);
}

#[mainspring::test(start_paused = true)]
async fn barrier_indices_unique() {
    let barrier = Rc::new(Barrier::new(3));
    let mut indices = answers(arrivals(&barrier, 3)).await;
    assert_eq!(indices, [Ok(0), Ok(1), Ok(2)]);
    indices.dedup();
    assert_eq!(indices.len(), 3);
    assert_eq!((barrier.n_waiting(), barrier.broken()), (0, false));
}

#[mainspring::test(start_paused = true)]
async fn barrier_one_party() {
    let barrier = Barrier::new(1);
    assert_eq!(barrier.arrive().await, Ok(0));
    assert_eq!(barrier.arrive().await, Ok(0));
    assert!(barrier.wait().await.is_leader());
    assert_eq!(barrier.n_waiting(), 0);
}

#[mainspring::test(start_paused = true)]
async fn barrier_reusable() {
    let barrier = Rc::new(Barrier::new(5));
    let twice = || {
        let barrier = barrier.clone();
        spawn_local(async move {
            (
                barrier.arrive().await.unwrap(),
                barrier.arrive().await.unwrap(),
            )
        })
    };
    let tasks: Vec<_> = (0..5).map(|_| twice()).collect();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for task in tasks {
        let (one, two) = task.await.unwrap();
        first.push(one);
        second.push(two);
    }
    first.sort();
    second.sort();
    assert_eq!((first, second), ((0..5).collect(), (0..5).collect()));
}

#[test]
fn barrier_drain_before_refill() {
    let barrier = Barrier::new(2);
    let bells = [(); 4].map(|()| Bell::new());
    let mut slow = barrier.arrive();
    assert!(bells[0].poll(&mut slow).is_pending());
    assert!(bells[1].poll(&mut barrier.arrive()).is_ready());

    // Two more arrive while the slow one has not left: they are held.
    let (mut third, mut fourth) = (barrier.arrive(), barrier.arrive());
    assert!(bells[2].poll(&mut third).is_pending());
    assert!(bells[3].poll(&mut fourth).is_pending());
    assert_eq!((bells[2].rings(), bells[3].rings()), (0, 0));
    assert_eq!(barrier.n_waiting(), 0);

    assert!(bells[0].poll(&mut slow).is_ready());
    assert_eq!((bells[2].rings(), bells[3].rings()), (1, 1));
    assert!(bells[2].poll(&mut third).is_ready());
    assert!(bells[3].poll(&mut fourth).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn barrier_drain_before_refill_also_in_a_crowd() {
    // As many rounds as there are, none mixed with another: nobody is two rounds ahead.
    const PARTIES: usize = 3;
    let barrier = Rc::new(Barrier::new(PARTIES));
    let log = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<_> = (0..2 * PARTIES)
        .map(|_| {
            let (barrier, log) = (barrier.clone(), log.clone());
            spawn_local(async move {
                for _ in 0..10 {
                    let index = barrier.arrive().await.unwrap();
                    log.borrow_mut().push(index);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for round in log.borrow().chunks(PARTIES) {
        let mut round = round.to_vec();
        round.sort();
        assert_eq!(round, [0, 1, 2], "two rounds were mixed");
    }
}

#[mainspring::test(start_paused = true)]
async fn barrier_leader() {
    let barrier = Barrier::new(4);
    for _ in 0..3 {
        let results = gather([(); 4].map(|()| barrier.wait())).await;
        assert_eq!(results.iter().filter(|one| one.is_leader()).count(), 1);
    }
}

#[test]
fn barrier_leader_of_a_round_that_was_held_is_whoever_goes_on_first() {
    let barrier = Barrier::new(2);
    let bell = Bell::new();
    let mut slow = barrier.wait();
    assert!(bell.poll(&mut slow).is_pending());
    assert!(bell.poll(&mut barrier.wait()).is_ready());
    let (mut gone, mut stays) = (barrier.wait(), barrier.wait());
    assert!(bell.poll(&mut gone).is_pending());
    assert!(bell.poll(&mut stays).is_pending());
    drop(slow);
    drop(gone);
    let std::task::Poll::Ready(result) = bell.poll(&mut stays) else {
        panic!("both had arrived");
    };
    assert!(result.is_leader());
}

#[mainspring::test(start_paused = true)]
async fn barrier_cancel_one_filling() {
    let barrier = Rc::new(Barrier::new(3));
    let first = arrive(&barrier);
    let second = arrive(&barrier);
    idle().await;
    assert_eq!(barrier.n_waiting(), 2);
    first.abort();
    idle().await;
    assert_eq!(barrier.n_waiting(), 1);
    let third = arrive(&barrier);
    idle().await;
    assert!(!second.is_finished());
    let fourth = arrive(&barrier);
    let all = answers(vec![second, third, fourth]).await;
    assert_eq!(all, [Ok(0), Ok(1), Ok(2)]);
}

#[mainspring::test(start_paused = true)]
async fn barrier_reset_idle() {
    let barrier = Barrier::new(2);
    barrier.reset();
    assert_eq!((barrier.broken(), barrier.n_waiting()), (false, 0));
}

#[mainspring::test(start_paused = true)]
async fn barrier_reset_breaks_waiters() {
    let barrier = Rc::new(Barrier::new(5));
    let waiting = arrivals(&barrier, 4);
    idle().await;
    assert_eq!(barrier.n_waiting(), 4);
    barrier.reset();
    assert_eq!(answers(waiting).await, [Err(BrokenBarrier); 4]);
    assert_eq!((barrier.broken(), barrier.n_waiting()), (false, 0));
    let again = answers(arrivals(&barrier, 5)).await;
    assert_eq!(again, [Ok(0), Ok(1), Ok(2), Ok(3), Ok(4)]);
}

#[mainspring::test(start_paused = true)]
async fn barrier_reset_half_drained() {
    let barrier = Rc::new(Barrier::new(5));
    let out = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let (barrier, out) = (barrier.clone(), out.clone());
            spawn_local(async move {
                let answer = barrier.arrive().await;
                out.borrow_mut().push(answer.is_ok());
                if out.borrow().len() == 3 {
                    barrier.reset();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*out.borrow(), [true, true, true, false, false]);
    assert!(!barrier.broken());
    assert!(
        answers(arrivals(&barrier, 5))
            .await
            .iter()
            .all(Result::is_ok)
    );
}

#[mainspring::test(start_paused = true)]
async fn barrier_reset_then_wait_again() {
    let barrier = Rc::new(Barrier::new(4));
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let barrier = barrier.clone();
            spawn_local(async move {
                assert_eq!(barrier.arrive().await, Err(BrokenBarrier));
                barrier.arrive().await.unwrap()
            })
        })
        .collect();
    idle().await;
    barrier.reset();
    idle().await;
    let last = barrier.arrive().await.unwrap();
    assert_eq!(last, 3);
    for task in tasks {
        assert!(task.await.unwrap() < 3);
    }
}

#[mainspring::test(start_paused = true)]
async fn barrier_reset_after_drained() {
    let barrier = Rc::new(Barrier::new(3));
    let count = Rc::new(RefCell::new(0));
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let (barrier, count) = (barrier.clone(), count.clone());
            spawn_local(async move {
                for round in 1..=3 {
                    barrier.arrive().await.unwrap();
                    *count.borrow_mut() += 1;
                    if *count.borrow() == 3 * round {
                        barrier.reset();
                    }
                    while *count.borrow() < 3 * round {
                        yield_now().await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((*count.borrow(), barrier.broken()), (9, false));
}

#[mainspring::test(start_paused = true)]
async fn barrier_abort_idle() {
    let barrier = Barrier::new(2);
    barrier.abort();
    assert!(barrier.broken());
    assert_eq!(barrier.n_waiting(), 0);
    assert_eq!(barrier.arrive().await, Err(BrokenBarrier));
    assert_eq!(barrier.arrive().await, Err(BrokenBarrier));
    assert!(barrier.broken());
    barrier.reset();
    assert!(!barrier.broken());
}

#[mainspring::test(start_paused = true)]
async fn barrier_abort_on_failure() {
    let barrier = Rc::new(Barrier::new(3));
    let tasks: Vec<_> = (0..3)
        .map(|name| {
            let barrier = barrier.clone();
            spawn_local(async move {
                barrier.arrive().await.unwrap();
                if name == 1 {
                    barrier.abort();
                    return Ok(0);
                }
                barrier.arrive().await
            })
        })
        .collect();
    let answers = answers(tasks).await;
    assert_eq!(answers, [Err(BrokenBarrier), Ok(0), Err(BrokenBarrier)]);
    assert!(barrier.broken());
}

#[mainspring::test(start_paused = true)]
async fn an_abort_reaches_those_who_wait_and_those_on_their_way_out() {
    let barrier = Rc::new(Barrier::new(2));
    let (bell, mut leaves) = (Bell::new(), barrier.arrive());
    assert!(bell.poll(&mut leaves).is_pending());
    assert_eq!(barrier.arrive().await, Ok(1));
    let held = arrive(&barrier);
    idle().await;
    barrier.abort();
    assert_eq!(leaves.await, Err(BrokenBarrier));
    assert_eq!(held.await.unwrap(), Err(BrokenBarrier));
}

#[test]
fn a_wait_at_a_broken_barrier_panics_and_names_the_remedy() {
    let barrier = Barrier::new(2);
    barrier.abort();
    let mut wait = barrier.wait();
    let panic = catch_unwind(AssertUnwindSafe(|| Bell::new().poll(&mut wait)));
    let panic = panic.unwrap_err();
    let text = panic.downcast_ref::<&str>().unwrap();
    assert!(text.contains("await `arrive` instead"), "{text}");
}

#[test]
fn a_barrier_lets_threads_meet_through_runtimes_of_their_own() {
    static BARRIER: std::sync::OnceLock<Barrier> = std::sync::OnceLock::new();
    let barrier = BARRIER.get_or_init(|| Barrier::new(3));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn(|| {
                mainspring::run(async {
                    let mut led = 0;
                    for _ in 0..50 {
                        led += usize::from(barrier.wait().await.is_leader());
                    }
                    led
                })
            })
        })
        .collect();
    let led: usize = threads.into_iter().map(|one| one.join().unwrap()).sum();
    assert_eq!(led, 50, "one leader for each round");
}
