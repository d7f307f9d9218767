//! What `Notify` promises: tokio's rules, and the bugs that its like have had.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;

use mainspring::sync::Notify;
use mainspring::sync::futures::Notified;
use mainspring::task::{idle, spawn_local};
use mainspring_tests::by_hand::Bell;

/// So many waiters, in line and asleep.
fn waiters(notify: &Notify, count: usize) -> Vec<(Arc<Bell>, Pin<Box<Notified<'_>>>)> {
    let new = || (Bell::new(), Box::pin(notify.notified()));
    let mut waiters: Vec<_> = std::iter::repeat_with(new).take(count).collect();
    for (bell, notified) in &mut waiters {
        assert!(bell.poll(notified).is_pending());
    }
    waiters
}

fn is_ready(notify: &Notify) -> bool {
    Bell::new()
        .poll(&mut Box::pin(notify.notified()))
        .is_ready()
}

#[test]
fn a_call_that_finds_nobody_is_kept_once() {
    let notify = Notify::new();
    assert!(!is_ready(&notify));
    notify.notify_one();
    notify.notify_one();
    notify.notify_last();
    assert!(is_ready(&notify));
    assert!(!is_ready(&notify));
}

#[test]
fn a_call_for_all_is_not_kept() {
    let notify = Notify::new();
    notify.notify_waiters();
    assert!(!is_ready(&notify));
}

#[test]
fn a_kept_call_survives_a_call_for_all() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_waiters();
    assert!(is_ready(&notify));
}

#[mainspring::test(start_paused = true)]
async fn each_call_wakes_one_in_order_of_arrival() {
    let (notify, log) = (Rc::new(Notify::new()), Rc::new(RefCell::new(Vec::new())));
    for name in 0..5 {
        let (notify, log) = (notify.clone(), log.clone());
        spawn_local(async move {
            notify.notified().await;
            log.borrow_mut().push(name);
        });
    }
    idle().await;
    notify.notify_one();
    idle().await;
    assert_eq!(*log.borrow(), [0]);
    notify.notify_last();
    idle().await;
    assert_eq!(*log.borrow(), [0, 4]);
    notify.notify_waiters();
    idle().await;
    assert_eq!(*log.borrow(), [0, 4, 1, 2, 3]);
}

#[test]
fn a_future_counts_for_all_from_its_making_and_for_one_from_its_first_poll() {
    let notify = Notify::new();
    let mut made = Box::pin(notify.notified());
    let mut polled = waiters(&notify, 1);
    notify.notify_one();
    let (bell, first) = &mut polled[0];
    assert!(bell.poll(first).is_ready());

    notify.notify_waiters();
    assert!(Bell::new().poll(&mut made).is_ready());
    // And again, if somebody should ask.
    assert!(Bell::new().poll(&mut made).is_ready());
}

#[test]
fn who_was_called_with_all_leaves_the_kept_call_to_another() {
    let notify = Notify::new();
    let mut made = Box::pin(notify.notified());
    notify.notify_waiters();
    notify.notify_one();
    assert!(Bell::new().poll(&mut made).is_ready());
    assert!(is_ready(&notify));
}

#[test]
fn tokio_7965_who_was_called_with_all_does_not_eat_the_next_call_for_one() {
    let notify = Notify::new();
    let mut waiting = waiters(&notify, 2);
    notify.notify_waiters();
    // Both have been called and have not run. This one is for who comes next.
    notify.notify_one();
    for (bell, notified) in &mut waiting {
        assert!(bell.poll(notified).is_ready());
    }
    assert!(is_ready(&notify));
    assert!(!is_ready(&notify));
}

#[test]
fn tokio_3652_a_call_goes_on_from_who_is_dropped_to_the_next() {
    let notify = Notify::new();
    let mut waiting = waiters(&notify, 3);
    notify.notify_one();
    drop(waiting.remove(0));
    let rings: Vec<usize> = waiting.iter().map(|(bell, _)| bell.rings()).collect();
    assert_eq!(rings, [1, 0]);
    drop(waiting.remove(0));
    drop(waiting.remove(0));
    assert!(is_ready(&notify), "the call is kept when nobody is left");
}

#[test]
fn a_call_for_the_last_goes_on_to_the_last() {
    let notify = Notify::new();
    let mut waiting = waiters(&notify, 3);
    notify.notify_last();
    drop(waiting.pop());
    let rings: Vec<usize> = waiting.iter().map(|(bell, _)| bell.rings()).collect();
    assert_eq!(rings, [0, 1]);
}

#[test]
fn a_call_for_all_does_not_go_on() {
    let notify = Notify::new();
    let mut waiting = waiters(&notify, 2);
    notify.notify_waiters();
    waiting.clear();
    assert!(!is_ready(&notify));
}

#[test]
fn a_call_for_one_goes_on_also_after_a_call_for_all() {
    let notify = Notify::new();
    let waiting = waiters(&notify, 1);
    notify.notify_one();
    notify.notify_waiters();
    drop(waiting);
    assert!(is_ready(&notify));
}

#[test]
fn who_enables_stands_in_line_without_a_waker() {
    let notify = Notify::new();
    let mut enabled = Box::pin(notify.notified());
    assert!(!enabled.as_mut().enable());
    assert!(!enabled.as_mut().enable());
    let mut other = waiters(&notify, 1);
    notify.notify_one();
    assert!(enabled.as_mut().enable());
    assert!(Bell::new().poll(&mut enabled).is_ready());

    // Polled later, it gets a waker; dropped, it leaves.
    let (bell, mut late) = (Bell::new(), Box::pin(notify.notified()));
    assert!(!late.as_mut().enable());
    assert!(bell.poll(&mut late).is_pending());
    notify.notify_waiters();
    assert_eq!((bell.rings(), other[0].0.rings()), (1, 1));
    let (second, stays) = &mut other[0];
    assert!(second.poll(stays).is_ready());
    let mut leaves = Box::pin(notify.notified());
    assert!(!leaves.as_mut().enable());
    drop(leaves);
    notify.notify_one();
    assert!(is_ready(&notify));
}

#[mainspring::test]
async fn a_notify_may_be_owned_and_called_from_another_thread() {
    let notify = Arc::new(Notify::new());
    let mut notified = pin!(notify.clone().notified_owned());
    notified.as_mut().enable();
    let thread = std::thread::spawn(move || notify.notify_one());
    notified.await;
    thread.join().unwrap();
}

#[mainspring::test(start_paused = true)]
async fn a_task_that_is_never_left_without_a_call_gives_way() {
    let notify = Rc::new(Notify::new());
    let other = spawn_local(async {});
    let eager = spawn_local({
        let notify = notify.clone();
        async move {
            while !other.is_finished() {
                notify.notify_one();
                notify.notified().await;
            }
        }
    });
    eager.await.unwrap();
}

#[test]
fn a_notify_shows_whether_a_call_is_kept_and_how_many_wait() {
    let notify = Notify::default();
    let waiting = waiters(&notify, 2);
    assert_eq!(
        format!("{notify:?}"),
        "Notify { permit: false, waiting: 2 }"
    );
    drop(waiting);
    notify.notify_one();
    assert_eq!(format!("{notify:?}"), "Notify { permit: true, waiting: 0 }");
}
