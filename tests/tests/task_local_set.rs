//! Sets of tasks that run only while they are driven.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use mainspring::runtime::{LocalRuntime, Runtime};
use mainspring::sync::mpsc;
use mainspring::task::{JoinSet, LocalSet, idle, spawn_local, try_id, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::on_drop::on_drop;

#[test]
fn a_set_may_be_filled_before_there_is_a_runtime() {
    let set = LocalSet::new();
    let task = set.spawn_local(async { 42 });
    let runtime = Runtime::new().unwrap();
    assert_eq!(set.block_on(&runtime, task).unwrap(), 42);
}

#[mainspring::test]
async fn tasks_stand_still_while_nobody_drives_them() {
    let set = LocalSet::new();
    let steps = Rc::new(Cell::new(0));
    let inside = steps.clone();
    let task = set.spawn_local(async move {
        loop {
            inside.set(inside.get() + 1);
            yield_now().await;
        }
    });
    idle().await;
    assert_eq!(steps.get(), 0);
    set.run_until(yield_now()).await;
    let driven = steps.get();
    assert!(driven > 0);
    idle().await;
    assert_eq!(steps.get(), driven);
    assert!(!task.is_finished());
}

#[mainspring::test]
async fn spawn_local_finds_the_set_that_is_driven_or_entered_and_the_loop_otherwise() {
    let set = LocalSet::new();
    let inside = poll_fn(|_| Poll::Ready(spawn_local(pending::<()>())));
    let inside = set.run_until(inside).await;
    let entered = {
        let _guard = set.enter();
        spawn_local(pending::<()>())
    };
    let outside = spawn_local(async {});
    idle().await;
    assert!(outside.is_finished());
    drop(set);
    assert!(inside.await.unwrap_err().is_cancelled());
    assert!(entered.await.unwrap_err().is_cancelled());
}

#[mainspring::test]
async fn awaiting_a_set_waits_for_all_its_tasks_and_for_what_they_spawn() {
    let set = LocalSet::new();
    let ended = Rc::new(RefCell::new(Vec::new()));
    let list = ended.clone();
    set.spawn_local(async move {
        yield_now().await;
        let inner = list.clone();
        spawn_local(async move {
            yield_now().await;
            inner.borrow_mut().push("inner");
        });
        list.borrow_mut().push("outer");
    });
    set.await;
    assert_eq!(*ended.borrow(), ["outer", "inner"]);
}

#[mainspring::test]
async fn dropping_a_set_drops_its_tasks_in_the_order_of_spawning() {
    let dropped = Rc::new(RefCell::new(Vec::new()));
    let set = LocalSet::new();
    let tasks: Vec<_> = (0..3)
        .map(|number| {
            let dropped = dropped.clone();
            let guard = on_drop(move || dropped.borrow_mut().push(number));
            set.spawn_local(async move {
                let _guard = guard;
                pending::<()>().await
            })
        })
        .collect();
    set.run_until(yield_now()).await;
    drop(set);
    assert_eq!(*dropped.borrow(), [0, 1, 2]);
    for task in tasks {
        assert!(task.await.unwrap_err().is_cancelled());
    }
}

#[mainspring::test]
async fn what_is_spawned_while_the_set_is_dropped_is_cancelled() {
    let set = LocalSet::new();
    let late = Rc::new(RefCell::new(None));
    let place = late.clone();
    let guard = on_drop(move || *place.borrow_mut() = Some(spawn_local(async {})));
    set.spawn_local(async move {
        let _guard = guard;
        pending::<()>().await
    });
    drop(set);
    let late = late.take().unwrap();
    assert!(late.await.unwrap_err().is_cancelled());
}

#[mainspring::test]
async fn a_panic_is_its_tasks_and_spares_the_others() {
    let set = LocalSet::new();
    let bad = set.spawn_local(async { panic!("this one") });
    let good = set.spawn_local(async { 1 });
    let outcome: Result<(), _> = set.run_until(bad).await;
    assert!(outcome.unwrap_err().is_panic());
    assert_eq!(set.run_until(good).await.unwrap(), 1);
}

#[mainspring::test]
async fn an_aborted_task_is_dropped_when_the_set_is_next_driven() {
    let set = LocalSet::new();
    let is_dropped = Rc::new(Cell::new(false));
    let flag = is_dropped.clone();
    let task = set.spawn_local(async move {
        let _guard = on_drop(move || flag.set(true));
        pending::<()>().await
    });
    set.run_until(yield_now()).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!is_dropped.get());
    set.run_until(yield_now()).await;
    assert!(is_dropped.get());
}

#[mainspring::test(start_paused = true)]
async fn a_sleep_in_the_set_wakes_whoever_drives_it() {
    let start = Instant::now();
    let set = LocalSet::new();
    let task = set.spawn_local(sleep(Duration::from_secs(1)));
    set.run_until(task).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[mainspring::test(start_paused = true)]
async fn a_limit_around_run_until_leaves_the_tasks_in_the_set() {
    let set = LocalSet::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    set.spawn_local(async move {
        sleep(Duration::from_secs(2)).await;
        tell.send("done").unwrap();
    });
    let limited = timeout(Duration::from_secs(1), set.run_until(told.recv()));
    assert!(limited.await.is_err());
    assert_eq!(set.run_until(told.recv()).await, Some("done"));
}

#[mainspring::test]
async fn a_task_that_is_always_ready_starves_neither_the_others_nor_who_drives() {
    let set = LocalSet::new();
    let (fill, mut take) = mpsc::unbounded_channel();
    let greedy = set.spawn_local(async move {
        loop {
            fill.send(()).unwrap();
            take.recv().await.unwrap();
        }
    });
    let modest = set.spawn_local(async {
        yield_now().await;
        yield_now().await;
    });
    set.run_until(modest).await.unwrap();
    greedy.abort();
}

#[mainspring::test]
async fn a_task_of_a_set_knows_its_own_id() {
    let set = LocalSet::new();
    let task = set.spawn_local(async { try_id() });
    let id = task.id();
    assert_eq!(set.run_until(task).await.unwrap(), Some(id));
}

#[test]
fn two_runtimes_drive_a_set_one_after_the_other() {
    let set = LocalSet::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    let task = set.spawn_local(async move {
        let first: i32 = told.recv().await.unwrap();
        first + told.recv().await.unwrap()
    });
    for number in [1, 2] {
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(set.run_until(async {
            tell.send(number).unwrap();
            yield_now().await;
            yield_now().await;
        }));
    }
    assert_eq!(task.try_result().unwrap().unwrap(), 3);
}

#[mainspring::test]
async fn a_join_set_takes_tasks_of_a_set() {
    let set = LocalSet::new();
    let mut tasks = JoinSet::new();
    tasks.spawn_local_on(async { 1 }, &set);
    tasks.spawn_local_on(async { 2 }, &set);
    let mut outputs = set.run_until(tasks.join_all()).await;
    outputs.sort_unstable();
    assert_eq!(outputs, [1, 2]);
}

#[mainspring::test]
async fn a_task_that_drives_its_own_set_does_not_run_into_itself() {
    let set = Rc::new(LocalSet::new());
    let again = set.clone();
    let outer = set.spawn_local(async move { again.run_until(async { 7 }).await });
    assert_eq!(set.run_until(outer).await.unwrap(), 7);
}

#[mainspring::test]
async fn another_threads_wake_reaches_a_task_of_the_set() {
    let set = LocalSet::new();
    let (tell, told) = mainspring::sync::oneshot::channel();
    let task = set.spawn_local(told);
    let thread = std::thread::spawn(move || tell.send(5).unwrap());
    assert_eq!(set.run_until(task).await.unwrap().unwrap(), 5);
    thread.join().unwrap();
}
