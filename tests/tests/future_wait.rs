//! `wait`: who has ended, in the order of ending, and who has not.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use mainspring::future::ReturnWhen::{FirstCompleted, FirstException};
use mainspring::future::{Finished, Wait, create_future, wait};
use mainspring::task::{JoinHandle, idle, yield_now};
use mainspring::time::{Duration, Instant, sleep};
use mainspring_tests::by_hand::Bell;

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

/// Tasks that end after so many milliseconds, with that number.
fn tasks<const N: usize>(ends: [u64; N]) -> [JoinHandle<u64>; N] {
    ends.map(|ms| mainspring::spawn(after(ms, ms)))
}

fn values<T>(done: Vec<Finished<T>>) -> Vec<T> {
    let outcomes = done.into_iter().map(|finished| finished.result().unwrap());
    outcomes.collect()
}

#[mainspring::test(start_paused = true)]
async fn wait_done_in_completion_order() {
    let handles = tasks([20, 10, 30]);
    let ids = [handles[0].id(), handles[1].id(), handles[2].id()];
    let (done, pending) = wait(handles).await;
    let places: Vec<usize> = done.iter().map(|finished| finished.index).collect();
    assert_eq!(places, [1, 0, 2]);
    assert!(
        done.iter()
            .all(|finished| ids[finished.index] == finished.id)
    );
    assert_eq!(done[0].as_ref().unwrap(), &10);
    assert_eq!(values(done), [10, 20, 30]);
    assert!(pending.is_empty());
}

#[mainspring::test(start_paused = true)]
async fn tasks_that_ended_before_the_wait_come_in_the_order_of_ending_too() {
    let handles = tasks([20, 10, 40, 15, 30]);
    after(25, ()).await;
    assert_eq!(values(wait(handles).await.0), [10, 15, 20, 30, 40]);
}

#[mainspring::test(start_paused = true)]
async fn results_set_by_hand_and_given_up_stand_in_the_same_order() {
    let (first, set) = create_future();
    let (second, given_up) = create_future();
    let task = mainspring::spawn(after(10, 0));
    let (third, abandoned) = create_future::<u64>();
    given_up.abort();
    after(20, ()).await;
    drop(third);
    first.set_result(1).unwrap();
    let (done, _) = wait([set, given_up, task, abandoned]).await;
    let places: Vec<usize> = done.iter().map(|finished| finished.index).collect();
    assert_eq!(places, [1, 2, 3, 0]);
    assert_eq!(second.set_result(2), Err(2));
}

#[test]
fn wait_empty() {
    let mut none = wait(Vec::<JoinHandle<u8>>::new()).timeout(Duration::from_secs(1));
    let Poll::Ready((done, pending)) = Bell::new().poll(&mut none) else {
        panic!("nothing to wait for");
    };
    assert!(done.is_empty() && pending.is_empty());
}

#[mainspring::test(start_paused = true)]
async fn wait_first_completed() {
    let began = Instant::now();
    let (done, mut pending) = wait(tasks([10_000, 100])).return_when(FirstCompleted).await;
    assert_eq!(began.elapsed(), Duration::from_millis(100));
    assert_eq!(values(done), [100]);
    let rest = pending.pop().unwrap();
    assert!(!rest.is_finished() && pending.is_empty());
    assert_eq!(rest.await.unwrap(), 10_000);
}

#[mainspring::test(start_paused = true)]
async fn cw_first_completed_some_done() {
    let handles = tasks([10, 30, 20, 100]);
    after(50, ()).await;
    let mut first = wait(handles).return_when(FirstCompleted);
    let Poll::Ready((done, pending)) = Bell::new().poll(&mut first) else {
        panic!("three of them have ended");
    };
    assert_eq!(values(done), [10, 20, 30]);
    assert_eq!(pending.len(), 1);
}

#[mainspring::test(start_paused = true)]
async fn wait_first_exception() {
    for ms in [0, 10] {
        let began = Instant::now();
        let long = mainspring::spawn(after(10_000, ()));
        let fails = mainspring::spawn(async move {
            after(ms, ()).await;
            panic!("this one fails");
        });
        let (done, pending) = wait([long, fails]).return_when(FirstException).await;
        assert_eq!(began.elapsed(), Duration::from_millis(ms));
        assert_eq!((done[0].index, pending.len()), (1, 1));
        assert!(done[0].as_ref().unwrap_err().is_panic());
    }
}

#[mainspring::test(start_paused = true)]
async fn a_value_of_err_is_a_failure_only_for_first_err() {
    let start = || [20_u64, 10, 30].map(|ms| mainspring::spawn(after(ms, Err::<(), _>(ms))));
    let (done, pending) = wait(start()).return_when(FirstException).await;
    assert_eq!((done.len(), pending.len()), (3, 0));
    let (done, pending) = wait(start()).first_err().await;
    assert_eq!(values(done), [Err(10)]);
    assert_eq!(pending.len(), 2);
}

#[mainspring::test(start_paused = true)]
async fn wait_first_exception_none() {
    let (done, pending) = wait(tasks([20, 10])).return_when(FirstException).await;
    assert_eq!(values(done), [10, 20]);
    assert!(pending.is_empty());
}

#[mainspring::test(start_paused = true)]
async fn wait_first_exception_ignores_cancelled() {
    let handles = tasks([20, 10]);
    handles[0].abort();
    let (done, pending) = wait(handles).return_when(FirstException).await;
    assert!(done[0].as_ref().unwrap_err().is_cancelled());
    assert_eq!(done[1].as_ref().unwrap(), &10);
    assert!(pending.is_empty());
}

#[mainspring::test(start_paused = true)]
async fn wait_all_with_failure() {
    let good = mainspring::spawn(after(20, 1));
    let bad = mainspring::spawn(async { panic!("this one fails") });
    let (done, _) = wait([good, bad]).await;
    assert!(done[0].as_ref().unwrap_err().is_panic());
    assert_eq!(done[1].as_ref().unwrap(), &1);
}

#[mainspring::test(start_paused = true)]
async fn wait_timeout_splits() {
    let began = Instant::now();
    let limit = Duration::from_millis(110);
    let (done, mut pending) = wait(tasks([150, 100])).timeout(limit).await;
    assert_eq!(began.elapsed(), limit);
    assert_eq!(values(done), [100]);
    assert_eq!(pending.pop().unwrap().await.unwrap(), 150);
    assert_eq!(began.elapsed(), Duration::from_millis(150));
}

#[mainspring::test(start_paused = true)]
async fn wait_timeout_splits_for_the_work_when_they_tie() {
    for early in [true, false] {
        let began = Instant::now();
        let limit = Duration::from_millis(100);
        let handles = tasks([100, 150, 100]);
        if early {
            // Their sleeps are in the wheel before the limit is.
            yield_now().await;
        }
        let (done, pending) = wait(handles).timeout(limit).await;
        assert_eq!(began.elapsed(), limit);
        assert_eq!((values(done), pending.len()), (vec![100, 100], 1));
    }
}

#[mainspring::test(start_paused = true)]
async fn a_limit_of_zero_still_takes_along_what_has_ended() {
    let handles = tasks([0, 10]);
    after(5, ()).await;
    let (done, pending) = wait(handles).timeout(Duration::ZERO).await;
    assert_eq!((values(done), pending.len()), (vec![0], 1));
}

#[mainspring::test(start_paused = true)]
async fn a_limit_that_is_never_reached_leaves_no_timer() {
    let (done, _) = wait(tasks([10])).timeout(Duration::MAX).await;
    assert_eq!(values(done), [10]);
    let (done, _) = wait(tasks([10])).timeout(Duration::from_secs(3600)).await;
    assert_eq!(values(done), [10]);
    // With a timer left, the clock could still jump there.
    let began = Instant::now();
    idle().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[mainspring::test(start_paused = true)]
async fn dropping_a_wait_leaves_the_tasks_running() {
    let ended = Rc::new(Cell::new(0));
    let handles = [10, 20].map(|ms| {
        let ended = ended.clone();
        mainspring::spawn(async move {
            after(ms, ()).await;
            ended.set(ended.get() + 1);
        })
    });
    let mut all = wait(handles);
    assert!(Bell::new().poll(&mut all).is_pending());
    drop(all);
    after(30, ()).await;
    assert_eq!(ended.get(), 2);
}

#[mainspring::test(start_paused = true)]
async fn wait_leaves_no_trace() {
    let bell = Bell::new();
    let mut first = wait(tasks([10, 20])).return_when(FirstCompleted);
    assert!(bell.poll(&mut first).is_pending());
    after(15, ()).await;
    let Poll::Ready((_, mut pending)) = bell.poll(&mut first) else {
        panic!("the first has ended");
    };
    drop(first);
    assert_eq!(Arc::strong_count(&bell), 1);
    let rings = bell.rings();
    let rest = pending.pop().unwrap();
    assert_eq!(rest.await.unwrap(), 20);
    assert_eq!(bell.rings(), rings);
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_has_ended_is_done_also_while_its_callbacks_have_yet_to_look() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let handles = tasks([10, 10, 30]);
    let see = seen.clone();
    handles[1].add_done_callback(move |outcome| see.borrow_mut().push(*outcome.as_ref().unwrap()));
    let (done, pending) = wait(handles).return_when(FirstCompleted).await;
    assert_eq!((done.len(), pending.len()), (2, 1));
    assert_eq!(seen.take(), [10]);
}

#[mainspring::test(start_paused = true)]
async fn a_wait_wakes_for_those_that_ended_and_polls_nobody_else() {
    let (resolvers, handles): (Vec<_>, Vec<_>) = (0..1_000).map(|_| create_future()).unzip();
    let all = mainspring::spawn(wait(handles));
    for (n, resolver) in resolvers.into_iter().enumerate().rev() {
        resolver.set_result(n).unwrap();
        if n % 100 == 0 {
            idle().await;
        }
    }
    let (done, _) = all.await.unwrap();
    assert_eq!(values(done), Vec::from_iter((0..1_000).rev()));
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_waits_for_itself_is_told_so() {
    let (own_in, own) = create_future::<JoinHandle<()>>();
    let told = Rc::new(Cell::new(false));
    let tell = told.clone();
    let task = mainspring::spawn(async move {
        let (done, _) = wait([own.await.unwrap()]).await;
        let error = done[0].as_ref().unwrap_err();
        tell.set(error.to_string().contains("joins itself"));
    });
    assert!(own_in.set_result(task).is_ok());
    idle().await;
    assert!(told.get());
}

fn _is_send<T: Send>(_: T) {}

fn _a_wait_is_send_when_its_values_are(handles: Vec<JoinHandle<u8>>) {
    let all: Wait<u8> = wait(handles);
    _is_send(all);
}
