//! `gather` and `try_gather`: children polled in place, a waker each, outputs in the order given.

use std::cell::{Cell, RefCell};
use std::future::{self, Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use mainspring::future::{create_future, gather, try_gather};
use mainspring::runtime::LocalRuntime;
use mainspring::sync::Semaphore;
use mainspring::task::{idle, yield_now};
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::by_hand::{Bell, evil};

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

#[mainspring::test(start_paused = true)]
async fn gather_input_order() {
    let began = Instant::now();
    let ended = RefCell::new(Vec::new());
    let child = async |ms: u64| {
        let ms = after(ms, ms).await;
        ended.borrow_mut().push(ms);
        ms
    };
    assert_eq!(gather([20, 10, 30].map(child)).await, [20, 10, 30]);
    assert_eq!(ended.take(), [10, 20, 30]);
    assert_eq!(began.elapsed(), Duration::from_millis(30));
}

#[test]
fn gather_empty_is_ready_at_the_first_poll() {
    let bell = Bell::new();
    let mut none = gather(Vec::<future::Ready<u8>>::new());
    assert_eq!(bell.poll(&mut none), Poll::Ready(vec![]));
    let mut none = try_gather(Vec::<future::Ready<Result<u8, u8>>>::new());
    assert_eq!(bell.poll(&mut none), Poll::Ready(Ok(vec![])));
}

#[mainspring::test(start_paused = true)]
async fn gather_first_error_ends() {
    let began = Instant::now();
    let ended = RefCell::new(Vec::new());
    let child = async |ms: u64| {
        let ms = after(ms, ms).await;
        ended.borrow_mut().push(ms);
        if ms == 10 { Err(ms) } else { Ok(ms) }
    };
    let outcome = try_gather([30, 10, 5, 40, 50].map(child)).await;
    assert_eq!(outcome, Err(10));
    assert_eq!(began.elapsed(), Duration::from_millis(10));
    after(100, ()).await;
    assert_eq!(ended.take(), [5, 10]);
}

#[mainspring::test(start_paused = true)]
async fn values_that_are_all_ok_come_in_input_order() {
    let outcome = try_gather([2, 1, 3].map(async |ms| Ok::<_, ()>(after(ms, ms).await))).await;
    assert_eq!(outcome, Ok(vec![2, 1, 3]));
}

/// Says when it is dropped.
struct Gone<'a>(&'a Cell<u32>);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[mainspring::test(start_paused = true)]
async fn the_rest_is_dropped_before_the_first_error_is_given() {
    let gone = Cell::new(0);
    let child = async |fails: bool| {
        let _gone = Gone(&gone);
        match fails {
            true => Err(()),
            false => future::pending::<Result<(), ()>>().await,
        }
    };
    let mut all = try_gather([false, true, false].map(child)).limit(2);
    let outcome = poll_fn(|cx| pin!(&mut all).poll(cx)).await;
    assert_eq!(outcome, Err(()));
    // The third was never started, so it has nothing to drop.
    assert_eq!(gone.get(), 2);
}

#[mainspring::test(start_paused = true)]
async fn gather_second_error_not_lost_but_never_made() {
    let made = Cell::new(0);
    let child = async |ms| {
        after(ms, ()).await;
        made.set(made.get() + 1);
        Err::<(), u64>(ms)
    };
    assert_eq!(try_gather([10, 20].map(child)).await, Err(10));
    after(50, ()).await;
    assert_eq!(made.get(), 1);
}

/// Different on purpose: asyncio refuses them.
#[test]
fn gather_mixed_loops() {
    let (first, second) = (LocalRuntime::new().unwrap(), LocalRuntime::new().unwrap());
    let tasks = [&first, &second].map(|home| home.spawn_local(yield_now()));
    first.block_on(idle());
    for outcome in second.block_on(gather(tasks)) {
        outcome.unwrap();
    }
}

#[mainspring::test(start_paused = true)]
async fn gather_collect_cancelled() {
    let handles = [0, 1, 2].map(|n| mainspring::spawn(after(10, n)));
    handles[0].abort();
    handles[2].abort();
    let outcomes = gather(handles).await;
    assert!(outcomes[0].as_ref().unwrap_err().is_cancelled());
    assert_eq!(*outcomes[1].as_ref().unwrap(), 1);
    assert!(outcomes[2].as_ref().unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn gather_cancel_in_collect_mode_is_not_swallowed() {
    let outer = mainspring::spawn(async {
        loop {
            gather([after(10, ()), after(20, ())]).await;
        }
    });
    after(15, ()).await;
    assert!(outer.cancel());
    assert!(outer.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn gather_cancel_after_all_done_comes_in_time_as_long_as_the_gather_has_not_run() {
    let (resolver, answer) = create_future::<u8>();
    let outer = mainspring::spawn(async { gather([answer]).await.len() });
    idle().await;
    resolver.set_result(1).unwrap();
    assert!(outer.cancel());
    assert!(outer.await.unwrap_err().is_cancelled());
}

#[mainspring::test(start_paused = true)]
async fn gather_leaves_no_trace() {
    let bell = Bell::new();
    let (resolver, answer) = create_future::<u8>();
    let (mut survivor, later) = create_future::<u8>();
    let mut all = try_gather([answer, later].map(async |handle| handle.await));
    assert!(bell.poll(&mut all).is_pending());
    drop(resolver);
    let rings = bell.rings();
    assert!(matches!(bell.poll(&mut all), Poll::Ready(Err(error)) if error.is_abandoned()));
    // The other child is gone, and with it the handle: nobody wants its result.
    survivor.cancelled().await;
    assert_eq!(survivor.set_result(1), Err(1));
    assert_eq!(bell.rings(), rings);
    drop(all);
    assert_eq!(std::sync::Arc::strong_count(&bell), 1);
}

#[mainspring::test(start_paused = true)]
async fn gather_borrow_locals() {
    let names = [String::from("a"), String::from("b")];
    let sum = Cell::new(0);
    gather(names.iter().map(async |name| {
        yield_now().await;
        sum.set(sum.get() + name.len());
    }))
    .await;
    assert_eq!(sum.get(), 2);
}

#[mainspring::test(start_paused = true)]
async fn gather_limit() {
    let (now, most) = (Cell::new(0), Cell::new(0));
    let started = RefCell::new(Vec::new());
    let child = async |n: u64| {
        started.borrow_mut().push(n);
        now.set(now.get() + 1);
        most.set(most.get().max(now.get()));
        after(1 + n % 3, ()).await;
        now.set(now.get() - 1);
        n
    };
    let outputs = gather((0..100).map(child)).limit(7).await;
    assert_eq!(outputs, Vec::from_iter(0..100));
    assert_eq!(started.take(), outputs);
    assert_eq!(most.get(), 7);
    let outputs = try_gather((0..100).map(async |n| Ok::<_, ()>(child(n).await)))
        .limit(1)
        .await;
    assert_eq!(outputs, Ok(Vec::from_iter(0..100)));
    assert_eq!(most.get(), 7);
}

#[test]
#[should_panic(expected = "leave `limit` out to run all")]
fn a_limit_of_zero_names_the_remedy() {
    drop(gather([future::ready(1)]).limit(0));
}

#[test]
#[should_panic(expected = "polled again")]
fn a_gather_that_has_given_its_outputs_says_so() {
    let bell = Bell::new();
    let mut all = gather([future::ready(1)]);
    assert!(bell.poll(&mut all).is_ready());
    let _ = bell.poll(&mut all);
}

#[mainspring::test(start_paused = true)]
async fn children_start_in_the_order_given_and_go_on_in_the_order_of_waking() {
    let log = RefCell::new(Vec::new());
    let (resolvers, handles): (Vec<_>, Vec<_>) = (0..4).map(|_| create_future::<()>()).unzip();
    let waker = mainspring::spawn(async move {
        let mut resolvers: Vec<_> = resolvers.into_iter().map(Some).collect();
        for n in [2, 0, 3, 1] {
            resolvers[n].take().unwrap().set_result(()).unwrap();
        }
    });
    gather(handles.into_iter().enumerate().map(async |(n, handle)| {
        log.borrow_mut().push(n);
        handle.await.unwrap();
        log.borrow_mut().push(n);
    }))
    .await;
    waker.await.unwrap();
    assert_eq!(log.take(), [0, 1, 2, 3, 2, 0, 3, 1]);
}

#[mainspring::test(start_paused = true)]
async fn ten_thousand_children_cost_nothing_while_asleep() {
    let polls = Cell::new(0);
    let count = &polls;
    let children = (0..10_000).map(async |n: u64| {
        let mut child = pin!(after(1 + n, ()));
        poll_fn(|cx| {
            count.set(count.get() + 1);
            child.as_mut().poll(cx)
        })
        .await;
    });
    gather(children).await;
    assert_eq!(polls.get(), 20_000);
}

#[mainspring::test(start_paused = true)]
async fn tokio_4624_a_child_that_is_always_ready_starves_nobody() {
    let ticks = Cell::new(0);
    let outcome = timeout(
        Duration::from_millis(10),
        gather([0, 1].map(async |n| match n {
            0 => loop {
                yield_now().await;
                ticks.set(ticks.get() + 1);
                if ticks.get() % 100 == 0 {
                    mainspring::time::advance(Duration::from_millis(1)).await;
                }
            },
            _ => after(5, ()).await,
        })),
    );
    assert!(outcome.await.is_err());
    assert!(ticks.get() >= 500, "{}", ticks.get());
}

#[mainspring::test(start_paused = true)]
async fn children_that_spend_the_budget_let_other_tasks_run() {
    let permits = Rc::new(Semaphore::new(1));
    let rounds = Rc::new(Cell::new(0));
    let other = mainspring::spawn({
        let rounds = rounds.clone();
        async move {
            yield_now().await;
            rounds.get()
        }
    });
    gather((0..100).map(async |_| {
        for _ in 0..100 {
            drop(permits.acquire().await.unwrap());
            rounds.set(rounds.get() + 1);
        }
    }))
    .await;
    assert_eq!(rounds.get(), 10_000);
    assert!(other.await.unwrap() < 1_000);
}

#[mainspring::test(start_paused = true)]
async fn a_panic_in_a_child_goes_up_into_the_caller() {
    let gone = Rc::new(Cell::new(0));
    let task = mainspring::spawn({
        let gone = gone.clone();
        async move {
            gather([0, 1].map(async |n| {
                let _gone = Gone(&gone);
                after(n, ()).await;
                assert!(n == 1, "the first child fails");
            }))
            .await
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(gone.get(), 2);
}

#[test]
fn a_waker_that_is_replaced_between_polls_is_not_rung() {
    let (first, second) = (Bell::new(), Bell::new());
    let (resolver, answer) = create_future();
    let mut all = gather([answer]);
    assert!(first.poll(&mut all).is_pending());
    assert!(second.poll(&mut all).is_pending());
    resolver.set_result(7).unwrap();
    assert_eq!((first.rings(), second.rings()), (0, 1));
    assert!(second.poll(&mut all).is_ready());
}

#[test]
fn a_child_that_is_rung_twice_wakes_its_parent_once() {
    let bell = Bell::new();
    let wakers: Mutex<Vec<Waker>> = Mutex::default();
    let mut all = gather((0..3).map(|_| {
        poll_fn(|cx| {
            wakers.lock().unwrap().push(cx.waker().clone());
            Poll::<()>::Pending
        })
    }));
    assert!(bell.poll(&mut all).is_pending());
    let first: Vec<Waker> = wakers.lock().unwrap().drain(..).collect();
    first.iter().for_each(Waker::wake_by_ref);
    first.iter().for_each(Waker::wake_by_ref);
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut all).is_pending());
    assert_eq!(wakers.lock().unwrap().len(), 3);
    drop(all);
    // Whoever still has a child's waker reaches nobody, and keeps nobody.
    wakers.lock().unwrap().iter().for_each(Waker::wake_by_ref);
    assert_eq!((bell.rings(), std::sync::Arc::strong_count(&bell)), (1, 1));
}

#[test]
fn a_late_ring_does_not_reach_the_successor_in_the_slot() {
    let bell = Bell::new();
    let polls = Cell::new(0);
    let kept: RefCell<Option<Waker>> = RefCell::default();
    let child = |n: u32| {
        let (polls, kept) = (&polls, &kept);
        poll_fn(move |cx: &mut Context<'_>| {
            if n == 0 {
                *kept.borrow_mut() = Some(cx.waker().clone());
                return Poll::Ready(());
            }
            polls.set(polls.get() + 1);
            Poll::Pending
        })
    };
    let mut all = gather([child(0), child(1)]).limit(1);
    assert!(bell.poll(&mut all).is_pending());
    kept.take().unwrap().wake();
    assert!(bell.poll(&mut all).is_pending());
    assert_eq!((polls.get(), bell.rings()), (1, 0));
}

#[test]
fn a_waker_that_polls_the_same_gather_again_does_no_harm() {
    type All = mainspring::future::Gather<mainspring::task::JoinHandle<u8>>;
    let all: std::sync::Arc<Mutex<Option<All>>> = std::sync::Arc::default();
    let (resolver, answer) = create_future();
    *all.lock().unwrap() = Some(gather([answer]));
    let inner = all.clone();
    let waker = evil(move |_| {
        // Taken out, so that it is polled outside of our own lock.
        let Ok(mut place) = inner.try_lock() else {
            return;
        };
        let Some(mut gather) = place.take() else {
            return;
        };
        drop(place);
        if Bell::new().poll(&mut gather).is_pending() {
            *inner.lock().unwrap() = Some(gather);
        }
    });
    let mut gather = all.lock().unwrap().take().unwrap();
    assert!(
        pin!(&mut gather)
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    *all.lock().unwrap() = Some(gather);
    resolver.set_result(1).unwrap();
    drop(waker);
    assert!(all.lock().unwrap().is_none());
}

#[test]
fn a_waker_that_panics_keeps_no_other_child_from_its_end() {
    let (resolver, answer) = create_future();
    let mut all = gather([answer]);
    let waker = evil(|what| assert!(what != "wake", "a waker that panics"));
    let poll = pin!(&mut all).poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    let _ = catch_unwind(AssertUnwindSafe(|| resolver.set_result(1)));
    assert!(Bell::new().poll(&mut all).is_ready());
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a destructor that panics");
    }
}

#[mainspring::test(start_paused = true)]
async fn a_destructor_that_panics_keeps_no_other_child_from_being_dropped() {
    let gone = Rc::new(Cell::new(0));
    let task = mainspring::spawn({
        let gone = gone.clone();
        async move {
            let child = async |n: u64| {
                let _gone = Gone(&gone);
                let _bomb = (n == 1).then(|| Bomb);
                after(n, ()).await;
            };
            gather([0, 1, 2, 3].map(child)).await
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(gone.get(), 4);
}
