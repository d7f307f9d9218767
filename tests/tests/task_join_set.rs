//! `JoinSet`: tasks that are joined in the order in which they end, and aborted with the set.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use mainspring::future::create_future;
use mainspring::runtime::Runtime;
use mainspring::task::{JoinSet, idle, spawn_local, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::by_hand::{Bell, evil};
use mainspring_tests::in_time::in_time;
use mainspring_tests::on_drop::on_drop;

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

#[mainspring::test(start_paused = true)]
async fn outcomes_come_in_the_order_of_ending() {
    let began = Instant::now();
    let mut set = JoinSet::new();
    for ms in [30, 10, 20, 10] {
        set.spawn(after(ms, ms));
    }
    assert_eq!(set.len(), 4);
    for expected in [10, 10, 20, 30] {
        assert_eq!(set.join_next().await.unwrap().unwrap(), expected);
    }
    assert_eq!(began.elapsed(), Duration::from_millis(30));
    assert!(set.is_empty());
    assert!(set.join_next().await.is_none());
}

#[mainspring::test(start_paused = true)]
async fn the_order_of_ending_is_kept_also_if_nobody_joined_meanwhile() {
    let mut set = JoinSet::new();
    for ms in [3, 1, 2] {
        set.spawn(after(ms, ms));
    }
    after(10, ()).await;
    assert_eq!(set.join_all().await, [1, 2, 3]);
}

#[mainspring::test]
async fn try_join_next_takes_what_has_ended_and_waits_for_nothing() {
    let mut set = JoinSet::new();
    assert!(set.try_join_next().is_none());
    set.spawn(ready(1));
    let id = set.spawn(pending()).id();
    assert!(set.try_join_next().is_none(), "it has not begun");
    idle().await;
    assert_eq!(set.try_join_next().unwrap().unwrap(), 1);
    assert!(set.try_join_next_with_id().is_none());
    set.abort_all();
    idle().await;
    let error = set.try_join_next_with_id().unwrap().unwrap_err();
    assert!(error.is_cancelled());
    assert_eq!(error.id(), id);
    assert!(set.try_join_next().is_none());
}

#[mainspring::test]
async fn ids_come_with_outputs_and_with_errors() {
    let mut set = JoinSet::new();
    let first = set.spawn(ready("value")).id();
    let second = set.spawn_local(async { panic!("a task, on purpose") }).id();
    assert_eq!(
        set.join_next_with_id().await.unwrap().unwrap(),
        (first, "value")
    );
    let error = set.join_next_with_id().await.unwrap().unwrap_err();
    assert!(error.is_panic());
    assert_eq!(error.id(), second);
    assert!(set.join_next_with_id().await.is_none());
    let third = set.spawn(ready("polled")).id();
    let next = poll_fn(|cx| set.poll_join_next_with_id(cx)).await;
    assert_eq!(next.unwrap().unwrap(), (third, "polled"));
    assert!(poll_fn(|cx| set.poll_join_next(cx)).await.is_none());
}

#[mainspring::test]
async fn dropping_the_set_aborts_its_tasks_in_the_order_of_spawning() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let mut set = JoinSet::new();
    for n in 0..4 {
        let log = log.clone();
        set.spawn_local(async move {
            let _guard = on_drop(|| log.borrow_mut().push(n));
            pending::<()>().await
        });
    }
    // A slot is used again, which must not change the order.
    set.spawn_local(ready(()));
    set.join_next().await.unwrap().unwrap();
    let last = log.clone();
    let abort = set.spawn_local(async move {
        let _guard = on_drop(|| last.borrow_mut().push(4));
        pending::<()>().await
    });
    idle().await;
    drop(set);
    assert!(
        log.borrow().is_empty(),
        "they are dropped when their turn comes"
    );
    idle().await;
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4]);
    assert!(abort.is_finished());
}

#[mainspring::test]
async fn detached_tasks_run_on() {
    let ended = Rc::new(Cell::new(0));
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let ended = ended.clone();
        set.spawn_local(async move {
            yield_now().await;
            ended.set(ended.get() + 1);
        });
    }
    set.detach_all();
    assert!(set.is_empty());
    assert!(set.join_next().await.is_none());
    set.spawn_local(ready(()));
    drop(set);
    idle().await;
    assert_eq!(ended.get(), 3);
}

#[mainspring::test]
async fn shutdown_waits_until_all_are_gone() {
    let alive = Rc::new(Cell::new(3));
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let alive = alive.clone();
        set.spawn_local(async move {
            let _guard = on_drop(|| alive.set(alive.get() - 1));
            pending::<()>().await
        });
    }
    set.spawn_local(async { panic!("a task, on purpose") });
    idle().await;
    set.shutdown().await;
    assert!(set.is_empty());
    assert_eq!(alive.get(), 0);
    set.shutdown().await;
}

#[mainspring::test]
async fn join_all_goes_on_with_the_panic_and_aborts_the_others() {
    let dropped = Rc::new(Cell::new(false));
    let inside = dropped.clone();
    let joiner = spawn_local(async move {
        let mut set = JoinSet::new();
        set.spawn_local(async move {
            let _guard = on_drop(|| inside.set(true));
            pending::<()>().await
        });
        set.spawn_local(async { panic!("a task, on purpose") });
        set.join_all().await
    });
    let payload = joiner.await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref(), Some(&"a task, on purpose"));
    idle().await;
    assert!(dropped.get());

    let mut set = JoinSet::new();
    set.spawn(pending::<()>()).abort();
    let joiner = spawn_local(set.join_all());
    let payload = joiner.await.unwrap_err().into_panic();
    let text = payload.downcast_ref::<String>().unwrap();
    assert!(text.contains("was cancelled"), "{text}");
}

#[mainspring::test(start_paused = true)]
async fn a_wait_that_is_dropped_takes_nothing() {
    let mut set = JoinSet::new();
    set.spawn(after(10, 1));
    let limit = timeout(Duration::from_millis(5), set.join_next());
    assert!(limit.await.is_err());
    assert_eq!(set.len(), 1);
    // Dropped after it was called, and before it ran.
    let bell = Bell::new();
    assert!(bell.poll(&mut set.join_next()).is_pending());
    after(10, ()).await;
    assert_eq!((bell.rings(), set.len()), (1, 1));
    assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
}

#[mainspring::test]
async fn a_set_may_be_collected_and_extended() {
    let mut set = JoinSet::new();
    for n in 0..3 {
        set.spawn_local(async move {
            yield_now().await;
            n
        });
    }
    let all: JoinSet<u32> = (3..6).map(ready).collect();
    set.extend((6..9).map(ready));
    assert_eq!(set.join_all().await, [6, 7, 8, 0, 1, 2]);
    assert_eq!(all.join_all().await, [3, 4, 5]);
}

#[mainspring::test]
async fn sleeping_tasks_cost_the_joiner_no_poll() {
    let mut set = JoinSet::new();
    for _ in 0..1000 {
        set.spawn(pending::<()>());
    }
    let ended = set.spawn(ready(()));
    let polls = Cell::new(0);
    let next = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        set.poll_join_next_with_id(cx)
    });
    let (id, ()) = next.await.unwrap().unwrap();
    assert_eq!((id, polls.get()), (ended.id(), 2));
}

#[mainspring::test]
async fn a_set_whose_tasks_have_all_ended_does_not_hold_the_loop() {
    let mut set: JoinSet<()> = (0..10_000).map(|_| ready(())).collect();
    idle().await;
    let other = spawn_local(async {});
    let mut joined = 0;
    let mut joined_when_other_ended = None;
    while set.join_next().await.is_some() {
        joined += 1;
        if other.is_finished() {
            joined_when_other_ended.get_or_insert(joined);
        }
    }
    assert_eq!(joined, 10_000);
    assert!(joined_when_other_ended.unwrap() < 1_000);
}

#[test]
fn jobs_and_tasks_of_other_runtimes_join_too() {
    in_time(|| {
        let other = Runtime::new().unwrap();
        let here = Runtime::new().unwrap();
        let other_handle = other.handle().clone();
        here.block_on(async move {
            let count = Arc::new(AtomicUsize::new(0));
            let mut set = JoinSet::new();
            for _ in 0..50 {
                let counted = count.clone();
                set.spawn_on(
                    async move { counted.fetch_add(1, Ordering::Relaxed) },
                    &other_handle,
                );
                let counted = count.clone();
                set.spawn_blocking(move || counted.fetch_add(1, Ordering::Relaxed));
                let counted = count.clone();
                let call = move || counted.fetch_add(1, Ordering::Relaxed);
                set.spawn_blocking_on(call, &other_handle);
            }
            let mut seen = set.join_all().await;
            seen.sort_unstable();
            assert_eq!(seen, (0..150).collect::<Vec<_>>());
        });
    });
}

#[test]
fn a_set_may_be_joined_on_another_loop_than_its_tasks_run_on() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let mut set = JoinSet::new();
        for n in 0..100 {
            set.spawn_on(async move { n }, runtime.handle());
        }
        let mut outputs = mainspring::run(set.join_all());
        outputs.sort_unstable();
        assert_eq!(outputs, (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn what_an_ended_runtime_is_given_is_cancelled_at_once() {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    drop(runtime);
    let mut set = JoinSet::new();
    set.spawn_on(async {}, &handle);
    set.spawn_blocking_on(|| (), &handle);
    for _ in 0..2 {
        assert!(set.try_join_next().unwrap().unwrap_err().is_cancelled());
    }
    assert!(set.try_join_next().is_none());
}

#[test]
fn a_set_of_ended_tasks_may_be_joined_without_a_runtime() {
    let mut set = JoinSet::new();
    mainspring::run(async {
        set.spawn(ready(1));
        set.spawn(pending());
        idle().await;
    });
    let bell = Bell::new();
    let Poll::Ready(Some(Ok(1))) = bell.poll(&mut set.join_next()) else {
        panic!("it has ended");
    };
    let Poll::Ready(Some(Err(error))) = bell.poll(&mut set.join_next()) else {
        panic!("its runtime has ended");
    };
    assert!(error.is_cancelled());
}

/// The set inside of its own task, and a task whose output is the set: both are freed.
#[test]
fn sets_in_cycles_are_freed() {
    let count = Rc::new(());
    mainspring::run(async {
        let held = count.clone();
        let shared: Rc<RefCell<JoinSet<()>>> = Rc::default();
        let inside = shared.clone();
        shared.borrow_mut().spawn_local(async move {
            let _held = (held, inside);
            pending::<()>().await
        });
        idle().await;
    });
    assert_eq!(Rc::strong_count(&count), 1);
}

#[mainspring::test]
async fn an_output_that_panics_when_dropped_spares_the_others() {
    let freed = Rc::new(Cell::new(0));
    let mut set = JoinSet::new();
    for n in 0..3 {
        let freed = freed.clone();
        set.spawn_local(async move {
            on_drop(move || {
                freed.set(freed.get() + 1);
                assert!(n != 1, "an output, on purpose");
            })
        });
    }
    idle().await;
    drop(set);
    assert_eq!(freed.get(), 3);
}

#[test]
fn it_says_how_many_are_left() {
    let set = JoinSet::<()>::default();
    assert_eq!(format!("{set:?}"), "JoinSet { len: 0 }");
}

/// tokio's joiner once dropped its old waker under the lock of its list.
#[mainspring::test]
async fn foreign_wakers_may_end_tasks_of_the_set_they_wait_for() {
    const TASKS: usize = 24;
    let mut set = JoinSet::new();
    let mut resolvers = Vec::new();
    for _ in 0..TASKS {
        let (resolver, answer) = create_future::<()>();
        resolvers.push(resolver);
        set.spawn_local(async move { answer.await.unwrap() });
    }
    idle().await;
    let resolvers = Arc::new(Mutex::new(resolvers));
    let mut joined = 0;
    while joined < TASKS {
        let left = resolvers.clone();
        // Another one each time: the old one is dropped.
        let waker = evil(move |_| {
            let resolver = left.lock().unwrap().pop();
            if let Some(resolver) = resolver {
                resolver.set_result(()).unwrap();
            }
        });
        if let Poll::Ready(next) = set.poll_join_next(&mut Context::from_waker(&waker)) {
            next.unwrap().unwrap();
            joined += 1;
        }
        idle().await;
    }
    assert!(set.is_empty());
}

/// A future that panics in `poll` when it is told to.
struct Fuse(Rc<Cell<bool>>);

impl Future for Fuse {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        assert!(!self.0.get(), "a fuse, on purpose");
        Poll::Pending
    }
}

#[test]
fn a_set_survives_a_joiner_that_panics() {
    let lit = Rc::new(Cell::new(true));
    let mut set = JoinSet::new();
    mainspring::run(async {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let bell = Bell::new();
            assert!(bell.poll(&mut set.join_next()).is_ready());
            assert!(bell.poll(&mut Fuse(lit.clone())).is_pending());
        }));
        assert!(caught.is_err());
        set.spawn(ready(7));
        assert_eq!(set.join_next().await.unwrap().unwrap(), 7);
    });
}
