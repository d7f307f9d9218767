//! What `Event` promises. Tests that bear an id (`event_…`) come from asyncio's own suite.

use std::cell::RefCell;
use std::rc::Rc;

use mainspring::sync::Event;
use mainspring::task::{idle, spawn};
use mainspring_tests::by_hand::Bell;

#[mainspring::test(start_paused = true)]
async fn event_show_state() {
    let event = Event::new();
    let mut wait = event.wait();
    assert!(Bell::new().poll(&mut wait).is_pending());
    let shown = format!("{event:?}");
    assert!(
        shown.contains("set: false") && shown.contains("waiting: 1"),
        "{shown}"
    );
    event.set();
    let shown = format!("{event:?}");
    assert!(
        shown.contains("set: true") && shown.contains("waiting: 0"),
        "{shown}"
    );
}

#[mainspring::test(start_paused = true)]
async fn event_cancel_wait() {
    let event = Event::new();
    let waiter = spawn({
        let event = event.clone();
        async move { event.wait().await }
    });
    idle().await;
    waiter.abort();
    assert!(waiter.await.unwrap_err().is_cancelled());
    assert!(format!("{event:?}").contains("waiting: 0"));
}

#[test]
fn event_clear() {
    let event = Event::new();
    assert!(!event.is_set());
    event.set();
    assert!(event.is_set());
    event.clear();
    assert!(!event.is_set());
    assert!(Bell::new().poll(&mut event.wait()).is_pending());
}

#[test]
fn event_set_clear_same_turn_still_wakes() {
    let event = Event::new();
    let bell = Bell::new();
    let mut wait = event.wait();
    assert!(bell.poll(&mut wait).is_pending());

    event.set();
    event.clear();
    event.set();
    event.set();

    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut wait).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn event_set_then_clear_wakes_parked() {
    let event = Event::new();
    let waiter = spawn({
        let event = event.clone();
        async move { event.wait().await }
    });
    idle().await;

    event.set();
    event.clear();

    waiter.await.unwrap();
    assert!(!event.is_set());
}

#[mainspring::test(start_paused = true)]
async fn an_event_wakes_in_order_of_arrival_and_waiting_does_not_use_it_up() {
    let event = Event::new();
    let log = Rc::new(RefCell::new(Vec::new()));
    for name in 0..5 {
        let (event, log) = (event.clone(), log.clone());
        spawn(async move {
            event.wait().await;
            log.borrow_mut().push(name);
        });
    }
    idle().await;
    event.set();
    idle().await;
    assert_eq!(*log.borrow(), [0, 1, 2, 3, 4]);
    event.wait().await;
    event.wait().await;
}

#[mainspring::test(start_paused = true)]
async fn a_called_waiter_that_is_dropped_takes_nothing_with_it() {
    let event = Event::new();
    let (bell, other) = (Bell::new(), Bell::new());
    let mut wait = event.wait();
    let mut stays = event.wait();
    assert!(bell.poll(&mut wait).is_pending());
    assert!(other.poll(&mut stays).is_pending());
    event.set();
    drop(wait);
    assert!(other.poll(&mut stays).is_ready());
    event.wait().await;
}

#[mainspring::test]
async fn an_event_is_set_from_another_thread() {
    let event = Event::new();
    let thread = std::thread::spawn({
        let event = event.clone();
        move || event.set()
    });
    event.wait().await;
    thread.join().unwrap();
}

#[test]
fn events_are_send_and_sync() {
    fn both<T: Send + Sync>() {}
    both::<Event>();
    both::<mainspring::sync::EventWait<'_>>();
}
