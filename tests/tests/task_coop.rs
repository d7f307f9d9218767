//! The budget of a poll, for futures that are not mainspring's own; and blocking in place.

use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use mainspring::runtime::{Handle, LocalRuntime, Runtime};
use mainspring::sync::{mpsc, oneshot};
use mainspring::task::coop::{cooperative, has_budget_remaining, poll_proceed};
use mainspring::task::{
    block_in_place, consume_budget, idle, spawn_local, unconstrained, yield_now,
};
use mainspring::time::{Instant, sleep};

/// How many rounds `other` waits while this future goes round and round.
async fn rounds_before_other<F: Future>(round: impl Fn() -> F, most: usize) -> usize {
    let other = spawn_local(async {});
    for number in 0..most {
        if other.is_finished() {
            return number;
        }
        round().await;
    }
    most
}

#[mainspring::test]
async fn futures_of_others_give_way_when_they_are_asked_to() {
    assert_eq!(rounds_before_other(|| ready(()), 1000).await, 1000);
    let rounds = rounds_before_other(|| cooperative(ready(())), 1000).await;
    assert!(rounds < 1000, "{rounds}");
    let rounds = rounds_before_other(consume_budget, 1000).await;
    assert!(rounds < 1000, "{rounds}");
}

#[mainspring::test]
async fn an_unconstrained_future_never_gives_way() {
    let most = 10_000;
    let rounds = unconstrained(rounds_before_other(consume_budget, most));
    assert_eq!(rounds.await, most);
    // And afterwards everything is as before.
    assert!(rounds_before_other(consume_budget, most).await < most);
}

#[mainspring::test]
#[should_panic(expected = "a blocking wait inside a task")]
async fn an_unconstrained_future_must_not_block_all_the_same() {
    let (_tell, told) = oneshot::channel::<()>();
    unconstrained(async move { told.blocking_recv() })
        .await
        .unwrap();
}

#[mainspring::test]
async fn what_was_not_needed_is_given_back() {
    spawn_local(poll_fn(|cx| {
        for _ in 0..10_000 {
            // Dropped without progress.
            assert!(poll_proceed(cx).is_ready());
        }
        assert!(has_budget_remaining());
        let mut paid = 0;
        while let Poll::Ready(taken) = poll_proceed(cx) {
            taken.made_progress();
            paid += 1;
        }
        assert!(!has_budget_remaining());
        assert!(paid > 1);
        Poll::Ready(())
    }))
    .await
    .unwrap();
}

#[test]
fn outside_of_a_task_there_is_always_budget() {
    assert!(has_budget_remaining());
}

#[mainspring::test(start_paused = true)]
async fn a_call_in_place_may_drive_the_runtime_and_the_others_run_meanwhile() {
    let (tell, mut told) = mpsc::channel(1);
    let ticker = spawn_local(async move {
        for number in 0..3 {
            sleep(Duration::from_secs(1)).await;
            tell.send(number).await.unwrap();
        }
    });
    let start = Instant::now();
    let sum = spawn_local(async move {
        block_in_place(|| {
            Handle::current().block_on(async {
                let mut sum = 0;
                while let Some(number) = told.recv().await {
                    sum += number;
                }
                sum
            })
        })
    });
    assert_eq!(sum.await.unwrap(), 3);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    ticker.await.unwrap();
}

/// A wake of the task that has stepped aside, and one of the main future, come while neither can be
/// polled.
#[mainspring::test]
async fn a_wake_during_a_call_in_place_is_not_lost() {
    let woken = Rc::new(Cell::new(false));
    let flag = woken.clone();
    let mut has_blocked = false;
    let task = spawn_local(poll_fn(move |cx| {
        if flag.get() {
            return Poll::Ready(());
        }
        if !has_blocked {
            has_blocked = true;
            let (waker, flag) = (cx.waker().clone(), flag.clone());
            block_in_place(|| {
                Handle::current().block_on(async {
                    yield_now().await;
                    flag.set(true);
                    waker.wake();
                    yield_now().await;
                    yield_now().await;
                });
            });
            // As if it had not seen it.
            return Poll::Pending;
        }
        Poll::Pending
    }));
    let (tell, told) = oneshot::channel();
    spawn_local(async move {
        block_in_place(|| {
            Handle::current().block_on(async {
                tell.send(()).unwrap();
                yield_now().await;
                yield_now().await;
            });
        });
    });
    told.await.unwrap();
    task.await.unwrap();
    assert!(woken.get());
}

#[mainspring::test]
async fn calls_in_place_may_be_nested() {
    let answer = block_in_place(|| {
        Handle::current().block_on(async {
            let inner = spawn_local(async {
                let outcome = block_in_place(|| Handle::current().block_on(spawn_local(ready(5))));
                outcome.unwrap()
            });
            inner.await.unwrap()
        })
    });
    assert_eq!(answer, 5);
    idle().await;
}

#[test]
fn a_panic_in_a_call_in_place_leaves_the_loop_as_it_was() {
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let task = spawn_local(async {
            block_in_place(|| {
                Handle::current().block_on(async { panic!("inside") });
            });
        });
        assert!(task.await.unwrap_err().is_panic());
        // Blocking is forbidden again.
        let task = spawn_local(async { Handle::current().block_on(pending::<()>()) });
        assert!(task.await.unwrap_err().is_panic());
    });
}

#[test]
fn a_runtime_dropped_by_a_call_in_place_on_its_driver_ends() {
    let runtime = Runtime::new().unwrap();
    let handle = runtime.handle().clone();
    let (tell, told) = std::sync::mpsc::channel();
    drop(handle.spawn(async move {
        block_in_place(move || {
            let inner = runtime.handle().clone();
            inner.block_on(async {
                drop(runtime);
                yield_now().await;
            });
        });
        tell.send(()).unwrap();
    }));
    told.recv().unwrap();
    // Nobody is there any more.
    let late = handle.spawn(async {});
    assert!(mainspring::run(late).unwrap_err().is_cancelled());
}

#[test]
fn outside_of_a_runtime_it_is_a_plain_call() {
    assert_eq!(block_in_place(|| 3), 3);
}
