//! What `Condition` promises. Tests that bear an id (`cond_…`) come from asyncio's own suite.
//!
//! Mistakes that asyncio made with conditions:
//!
//! | mistake | what broke there | its test |
//! | --- | --- | --- |
//! | bpo-32841 | cancelled after its notification, a waiter hangs | `cond_cancel_after_notify` |
//! | gh-112202 | the notification of a waiter that is cancelled is lost | `cond_notify_…`, orders_condition |

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mainspring::asyncio::TimeoutError;
use mainspring::sync::{Condition, Mutex};
use mainspring::task::{JoinHandle, all_tasks, idle, spawn, spawn_local, yield_now};
use mainspring::time::{sleep, timeout};
use mainspring_tests::by_hand::Bell;

type Log = Rc<RefCell<Vec<u32>>>;

/// A task that waits to be notified and then notes its name.
fn waiter(condition: &Rc<Condition>, log: &Log, name: u32) -> JoinHandle<()> {
    let (condition, log) = (condition.clone(), log.clone());
    spawn_local(async move {
        let guard = condition.lock().await;
        let _guard = guard.wait().await;
        log.borrow_mut().push(name);
    })
}

#[mainspring::test(start_paused = true)]
async fn cond_cancel_wait_reacquires() {
    let condition = Rc::new(Condition::default());
    let task = waiter(&condition, &Log::default(), 1);
    idle().await;
    assert!(format!("{condition:?}").contains("waiting: 1"));

    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());

    // The guard went with the wait: the lock is free, and nobody waits.
    assert!(!condition.locked());
    assert_eq!(
        format!("{condition:?}"),
        "Condition { lock: Mutex { data: () }, waiting: 0 }"
    );
}

#[mainspring::test(start_paused = true)]
async fn cond_cancel_after_notify_contested() {
    let condition = Rc::new(Condition::default());
    let task = waiter(&condition, &Log::default(), 1);
    idle().await;
    let guard = condition.lock().await;
    guard.notify(1);
    // Notified, it fights for the lock now.
    idle().await;

    task.abort();
    drop(guard);

    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!condition.locked());
    drop(condition.lock().await);
}

#[mainspring::test(start_paused = true)]
async fn cond_cancel_after_notify() {
    let condition = Rc::new(Condition::default());
    let task = waiter(&condition, &Log::default(), 1);
    idle().await;
    let guard = condition.lock().await;
    guard.notify(1);

    task.abort();
    idle().await;
    assert!(task.is_finished());
    drop(guard);

    assert!(task.await.unwrap_err().is_cancelled());
    assert!(!condition.locked());
}

#[mainspring::test(start_paused = true)]
async fn cond_wait_for_predicate() {
    let condition = Rc::new(Condition::new(0));
    let task = spawn_local({
        let condition = condition.clone();
        async move {
            let guard = condition.lock().await;
            let (guard, found) = guard
                .wait_for(|value| (*value > 1).then(|| *value * 10))
                .await;
            (*guard, found)
        }
    });
    for value in [0, 1] {
        idle().await;
        assert!(!task.is_finished(), "with {value}");
        let mut guard = condition.lock().await;
        *guard = value + 1;
        guard.notify(1);
    }
    assert_eq!(task.await.unwrap(), (2, 20));
}

#[mainspring::test(start_paused = true)]
async fn cond_notify_n() {
    let (condition, log) = (Rc::new(Condition::default()), Log::default());
    let tasks: Vec<_> = (1..=3).map(|name| waiter(&condition, &log, name)).collect();
    idle().await;

    condition.lock().await.notify(1);
    idle().await;
    assert_eq!(*log.borrow(), [1]);

    let guard = condition.lock().await;
    guard.notify(1);
    guard.notify(2048);
    drop(guard);
    idle().await;
    assert_eq!(*log.borrow(), [1, 2, 3]);
    assert!(tasks.iter().all(|task| task.is_finished()));
}

#[mainspring::test(start_paused = true)]
async fn cond_scope() {
    let condition = Condition::new(1);
    {
        let guard = condition.lock().await;
        assert!(condition.locked());
        assert_eq!(format!("{guard:?} {guard}"), "1 1");
    }
    assert!(!condition.locked());
}

#[mainspring::test(start_paused = true)]
async fn cond_timeout_in_block() {
    let condition = Condition::new(());
    let guard = condition.lock().await;
    let waited: Result<_, TimeoutError> = timeout(Duration::from_millis(1), guard.wait()).await;
    assert!(waited.is_err());
    // The guard went with the wait: who goes on locks again.
    assert!(!condition.locked());
    drop(condition.lock().await);
}

#[mainspring::test(start_paused = true)]
async fn cond_notify_not_lost_while_relocking() {
    let (condition, log) = (Rc::new(Condition::default()), Log::default());
    let one = waiter(&condition, &log, 1);
    let two = waiter(&condition, &log, 2);
    idle().await;

    let guard = condition.lock().await;
    guard.notify(1);
    // The first waits for the lock by now.
    idle().await;
    one.abort();
    idle().await;
    drop(guard);

    two.await.unwrap();
    assert_eq!(*log.borrow(), [2]);
}

#[mainspring::test(start_paused = true)]
async fn a_notification_of_a_waiter_that_goes_before_it_ran_reaches_the_next() {
    let (condition, log) = (Rc::new(Condition::default()), Log::default());
    let one = waiter(&condition, &log, 1);
    let two = waiter(&condition, &log, 2);
    let three = waiter(&condition, &log, 3);
    idle().await;
    condition.lock().await.notify(1);
    one.abort();
    two.abort();
    three.await.unwrap();
    assert_eq!(*log.borrow(), [3]);
}

#[mainspring::test(start_paused = true)]
async fn notify_all_wakes_those_who_wait_in_order_and_nobody_who_comes_later() {
    let (condition, log) = (Rc::new(Condition::default()), Log::default());
    let tasks: Vec<_> = (1..=3).map(|name| waiter(&condition, &log, name)).collect();
    idle().await;
    condition.lock().await.notify_all();
    let late = waiter(&condition, &log, 4);
    for task in tasks {
        task.await.unwrap();
    }
    idle().await;
    assert_eq!(*log.borrow(), [1, 2, 3]);
    assert!(!late.is_finished());
    late.abort();
}

#[mainspring::test(start_paused = true)]
async fn a_notification_that_nobody_waits_for_is_not_kept() {
    let condition = Condition::new(());
    condition.lock().await.notify_all();
    let guard = condition.lock().await;
    let waited = timeout(Duration::from_secs(1), guard.wait()).await;
    assert!(waited.is_err());
}

#[mainspring::test(start_paused = true)]
async fn a_wait_unlocks_at_its_first_poll_and_misses_nothing_from_then_on() {
    let condition = Condition::new(0);
    let bell = Bell::new();
    let mut wait = condition.lock().await.wait();
    assert!(condition.locked(), "a future does nothing by itself");
    assert!(bell.poll(&mut wait).is_pending());
    let mut guard = condition.lock().await;
    *guard = 7;
    guard.notify(1);
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut wait).is_pending(), "the lock is taken");
    drop(guard);
    assert_eq!(bell.rings(), 2);
    let std::task::Poll::Ready(guard) = bell.poll(&mut wait) else {
        panic!("notified, and the lock is free");
    };
    assert_eq!(*guard, 7);
}

#[mainspring::test(start_paused = true)]
async fn a_wait_that_is_dropped_before_its_first_poll_unlocks() {
    let condition = Condition::new(());
    drop(condition.lock().await.wait());
    drop(condition.lock().await.wait_until(|()| false));
    assert!(!condition.locked());
}

#[mainspring::test(start_paused = true)]
async fn a_predicate_that_holds_at_once_never_unlocks() {
    let condition = Condition::new(vec![1]);
    let guard = condition.lock().await;
    let mut wait = guard.wait_for(|items| items.pop());
    let std::task::Poll::Ready((guard, item)) = Bell::new().poll(&mut wait) else {
        panic!("there was an item");
    };
    assert_eq!((guard.len(), item), (0, 1));
    assert!(condition.locked());
}

#[mainspring::test(start_paused = true)]
async fn a_predicate_is_asked_with_the_lock_only() {
    let condition = Rc::new(Condition::new(0));
    let asked = Rc::new(Cell::new(0));
    let task = spawn_local({
        let (condition, asked) = (condition.clone(), asked.clone());
        async move {
            let outside = condition.clone();
            let guard = condition.lock().await;
            let holds = |value: &mut i32| {
                assert!(outside.locked());
                asked.set(asked.get() + 1);
                *value == 2
            };
            drop(guard.wait_until(holds).await);
        }
    });
    for value in 1..=2 {
        idle().await;
        assert_eq!(asked.get(), value);
        let mut guard = condition.lock().await;
        *guard = value;
        guard.notify_all();
        idle().await;
        assert_eq!(asked.get(), value, "the notifier has the lock still");
    }
    task.await.unwrap();
    assert_eq!(asked.get(), 3);
}

#[mainspring::test(start_paused = true)]
async fn a_predicate_that_panics_unlocks() {
    let condition = Rc::new(Condition::new(0));
    let task = spawn_local({
        let condition = condition.clone();
        async move {
            let guard = condition.lock().await;
            drop(guard.wait_until(|_| panic!("on purpose")).await);
        }
    });
    assert!(task.await.unwrap_err().is_panic());
    assert!(!condition.locked());
}

#[mainspring::test(start_paused = true)]
async fn two_conditions_share_a_lock() {
    let items = Arc::new(Mutex::new(Vec::new()));
    let not_empty = Arc::new(Condition::with_lock(items.clone()));
    let not_full = Arc::new(Condition::with_lock(items.clone()));
    let producer = spawn({
        let (not_empty, not_full) = (not_empty.clone(), not_full.clone());
        async move {
            for item in 0..10 {
                let mut items = not_full.lock().await.wait_until(|i| i.len() < 2).await;
                items.push(item);
                drop(items);
                not_empty.lock().await.notify(1);
            }
        }
    });
    let mut got = Vec::new();
    for _ in 0..10 {
        let look = |items: &mut Vec<i32>| (!items.is_empty()).then(|| items.remove(0));
        let (items, item) = not_empty.lock().await.wait_for(look).await;
        drop(items);
        got.push(item);
        not_full.lock().await.notify(1);
    }
    producer.await.unwrap();
    assert_eq!(got, (0..10).collect::<Vec<_>>());
    assert!(items.try_lock().unwrap().is_empty());
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_waits_says_whether_for_news_or_for_the_lock() {
    let condition = Rc::new(Condition::default());
    let task = waiter(&condition, &Log::default(), 1);
    let waits_on = |id| {
        let infos = all_tasks();
        infos
            .iter()
            .find(|info| info.id == id)
            .and_then(|info| info.waiting_on)
    };
    idle().await;
    assert_eq!(waits_on(task.id()), Some("Condition::wait"));
    let guard = condition.lock().await;
    guard.notify(1);
    idle().await;
    assert_eq!(waits_on(task.id()), Some("Mutex::lock"));
    drop(guard);
    task.await.unwrap();
}

#[mainspring::test(start_paused = true)]
async fn an_aborted_waiter_at_every_moment_leaves_the_rest_in_order() {
    // Before its first poll, in line, called, waiting for the lock, with the lock.
    for moment in 0..5 {
        let (condition, log) = (Rc::new(Condition::new(())), Log::default());
        let first = spawn_local({
            let (condition, log) = (condition.clone(), log.clone());
            async move {
                let guard = condition.lock().await;
                let _guard = guard.wait().await;
                log.borrow_mut().push(1);
                pending::<()>().await;
            }
        });
        if moment == 0 {
            first.abort();
        }
        idle().await;
        let second = waiter(&condition, &log, 2);
        idle().await;
        if moment == 1 {
            first.abort();
            idle().await;
        }
        let guard = condition.lock().await;
        guard.notify(1);
        if moment == 3 {
            idle().await;
        }
        if moment == 2 || moment == 3 {
            first.abort();
            idle().await;
        }
        drop(guard);
        idle().await;
        if moment == 4 {
            assert_eq!(*log.borrow(), [1]);
            assert!(condition.locked());
            first.abort();
            condition.lock().await.notify(1);
            idle().await;
        }
        assert!(second.is_finished(), "moment {moment}");
        assert_eq!(log.borrow().last(), Some(&2));
        assert!(!condition.locked());
    }
}

#[mainspring::test]
async fn threads_and_tasks_pass_a_number_to_and_fro() {
    let turn = Arc::new(Condition::new(0_u32));
    let thread = thread::spawn({
        let turn = turn.clone();
        move || {
            for round in 0..500 {
                let guard = turn.blocking_lock();
                let mut guard = guard.blocking_wait_until(|turn| *turn == 2 * round + 1);
                *guard += 1;
                guard.notify_all();
            }
        }
    });
    for round in 0..500 {
        let guard = turn.lock().await;
        let mut guard = guard.wait_until(|turn| *turn == 2 * round).await;
        *guard += 1;
        guard.notify_all();
    }
    thread.join().unwrap();
    assert_eq!(*turn.lock().await, 1_000);
}

#[mainspring::test]
async fn a_thread_waits_to_be_notified() {
    let door = Arc::new(Condition::new("closed"));
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::spawn({
        let door = door.clone();
        move || {
            let guard = door.blocking_lock();
            tell.send(()).unwrap();
            let guard = guard.blocking_wait();
            let (_, letter) = guard.blocking_wait_for(|state| state.chars().next());
            letter
        }
    });
    told.recv().unwrap();
    // The thread has the lock until it waits.
    let mut guard = door.lock().await;
    *guard = "open";
    guard.notify(1);
    drop(guard);
    assert_eq!(thread.join().unwrap(), 'o');
}

#[mainspring::test]
#[should_panic(expected = "spawn_blocking")]
async fn a_blocking_wait_inside_a_task_is_refused_with_the_remedy() {
    let condition = Condition::new(());
    drop(condition.lock().await.blocking_wait());
}

#[mainspring::test(start_paused = true)]
async fn a_producer_and_a_consumer_in_time() {
    let stock = Rc::new(Condition::new(0));
    let consumer = spawn_local({
        let stock = stock.clone();
        async move {
            for _ in 0..3 {
                let mut left = stock.lock().await.wait_until(|left| *left > 0).await;
                *left -= 1;
                yield_now().await;
            }
        }
    });
    for _ in 0..3 {
        sleep(Duration::from_millis(10)).await;
        let mut left = stock.lock().await;
        *left += 1;
        left.notify(1);
    }
    consumer.await.unwrap();
}

// `cond.notify-without-lock`: cannot be written. `notify` and `notify_all` are methods of the guard,
// and a condition has none of that name.
