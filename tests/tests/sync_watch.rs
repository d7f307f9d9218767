//! What a watch channel promises.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::Poll;

use mainspring::sync::watch;
use mainspring::task::{idle, spawn_local};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

#[mainspring::test(start_paused = true)]
async fn the_first_value_counts_as_seen_and_each_receiver_remembers_for_itself() {
    let (sender, mut one) = watch::channel(0);
    let mut two = one.clone();
    assert!(!one.has_changed().unwrap());
    sender.send(1).unwrap();
    assert!(one.has_changed().unwrap() && two.has_changed().unwrap());
    one.changed().await.unwrap();
    assert!(!one.has_changed().unwrap() && two.has_changed().unwrap());
    let three = two.clone();
    assert!(
        three.has_changed().unwrap(),
        "a clone has seen what its original has"
    );
    assert!(!sender.subscribe().has_changed().unwrap());
    assert_eq!(*two.borrow_and_update(), 1);
    assert!(!two.has_changed().unwrap());
}

#[mainspring::test(start_paused = true)]
async fn a_look_tells_whether_the_value_is_new_to_the_one_who_looks() {
    let (sender, mut receiver) = watch::channel('a');
    sender.send('b').unwrap();
    assert!(receiver.borrow().has_changed());
    assert!(
        receiver.borrow().has_changed(),
        "a mere look does not count"
    );
    assert!(receiver.borrow_and_update().has_changed());
    assert!(!receiver.borrow().has_changed());
    assert!(!sender.borrow().has_changed());
    assert_eq!(*sender.borrow(), 'b');
}

#[test]
fn a_change_wakes_every_receiver_once() {
    let (sender, mut one) = watch::channel(0);
    let mut two = one.clone();
    let bells = [Bell::new(), Bell::new()];
    let mut waits = [one.changed(), two.changed()];
    for (bell, wait) in bells.iter().zip(&mut waits) {
        assert!(bell.poll(wait).is_pending());
    }
    sender.send(1).unwrap();
    sender.send(2).unwrap();
    for (bell, wait) in bells.iter().zip(&mut waits) {
        assert_eq!(bell.rings(), 1);
        assert!(matches!(bell.poll(wait), Poll::Ready(Ok(()))));
    }
    drop(waits);
    assert!(
        bells[0].poll(&mut one.changed()).is_pending(),
        "both were seen"
    );
}

#[test]
fn a_wait_that_is_dropped_has_seen_nothing() {
    let (sender, mut receiver) = watch::channel(0);
    let bell = Bell::new();
    let mut wait = receiver.changed();
    assert!(bell.poll(&mut wait).is_pending());
    sender.send(1).unwrap();
    drop(wait);
    assert!(bell.poll(&mut receiver.changed()).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn the_last_value_is_seen_before_the_end_is_told() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    let other = sender.clone();
    drop(sender);
    assert!(!receiver.is_closed());
    drop(other);
    assert!(receiver.is_closed());
    assert!(receiver.has_changed().is_err());
    assert!(receiver.changed().await.is_ok());
    let error = receiver.changed().await.unwrap_err();
    assert_eq!(error.to_string(), "channel closed");
    assert_eq!(*receiver.borrow(), 1);
}

#[mainspring::test(start_paused = true)]
async fn who_waits_hears_of_the_end() {
    let (sender, mut receiver) = watch::channel(());
    let waits = spawn_local(async move { receiver.changed().await.is_err() });
    idle().await;
    drop(sender);
    assert!(waits.await.unwrap());
}

#[test]
fn nothing_is_sent_to_nobody_except_by_the_forms_that_say_so() {
    let (sender, receiver) = watch::channel(0);
    drop(receiver);
    assert!(sender.is_closed());
    assert_eq!(sender.send(1).unwrap_err().0, 1);
    assert_eq!(*sender.borrow(), 0);
    assert_eq!(sender.send_replace(2), 0);
    sender.send_modify(|value| *value += 1);
    let receiver = sender.subscribe();
    assert_eq!(*receiver.borrow(), 3);
    assert!(sender.send(4).is_ok());
    assert_eq!(
        format!("{:?}", watch::error::SendError(Cell::new(1))),
        "SendError { .. }"
    );
}

#[test]
fn what_did_not_change_wakes_nobody() {
    let (sender, mut receiver) = watch::channel(0);
    let bell = Bell::new();
    let mut wait = receiver.changed();
    assert!(bell.poll(&mut wait).is_pending());
    assert!(!sender.send_if_modified(|_| false));
    assert_eq!(bell.rings(), 0);
    assert!(sender.send_if_modified(|value| {
        *value = 1;
        true
    }));
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut wait).is_ready());
}

#[mainspring::test(start_paused = true)]
async fn a_panic_while_the_value_is_changed_or_tried_poisons_nothing() {
    let (sender, mut receiver) = watch::channel(0);
    let panics = catch_unwind(AssertUnwindSafe(|| {
        sender.send_modify(|value| {
            *value = 1;
            panic!("the user's own");
        });
    }));
    assert!(panics.is_err());
    assert!(!receiver.has_changed().unwrap(), "nobody was told");
    assert_eq!(*receiver.borrow(), 1);
    let mut tries = Box::pin(receiver.wait_for(|_| panic!("the user's own")));
    assert!(catch_unwind(AssertUnwindSafe(|| Bell::new().poll(&mut tries))).is_err());
    drop(tries);
    sender.send(2).unwrap();
    assert_eq!(*receiver.borrow(), 2);
}

#[mainspring::test(start_paused = true)]
async fn a_wait_for_a_value_begins_with_the_one_that_is_there() {
    let (sender, mut receiver) = watch::channel(5);
    assert_eq!(*receiver.wait_for(|value| *value == 5).await.unwrap(), 5);
    assert!(
        !receiver
            .wait_for(|value| *value == 5)
            .await
            .unwrap()
            .has_changed()
    );
    sender.send(6).unwrap();
    assert!(
        receiver
            .wait_for(|value| *value == 6)
            .await
            .unwrap()
            .has_changed()
    );

    let tried = Rc::new(Cell::new(0));
    let count = tried.clone();
    let waits = spawn_local(async move {
        let accept = |value: &i32| {
            count.set(count.get() + 1);
            *value > 8
        };
        receiver.wait_for(accept).await.map(|value| *value).ok()
    });
    for value in 7..10 {
        idle().await;
        sender.send(value).unwrap();
    }
    assert_eq!(waits.await.unwrap(), Some(9));
    assert_eq!(tried.get(), 4);
}

#[mainspring::test(start_paused = true)]
async fn a_wait_for_a_value_that_never_comes_ends_with_the_senders() {
    let (sender, mut receiver) = watch::channel(0);
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!(*receiver.wait_for(|value| *value == 1).await.unwrap(), 1);
    assert!(receiver.wait_for(|value| *value == 2).await.is_err());
}

#[mainspring::test(start_paused = true)]
async fn marks_can_be_set_by_hand() {
    let (_sender, mut receiver) = watch::channel(0);
    receiver.mark_changed();
    assert!(receiver.has_changed().unwrap());
    receiver.mark_unchanged();
    assert!(!receiver.has_changed().unwrap());
}

#[test]
fn a_sender_waits_for_its_receivers_to_go_and_for_those_who_come_meanwhile() {
    let sender = watch::Sender::<i32>::default();
    let bell = Bell::new();
    assert!(bell.poll(&mut sender.closed()).is_ready());
    let receiver = sender.subscribe();
    let mut closed = sender.closed();
    assert!(bell.poll(&mut closed).is_pending());
    drop(receiver);
    assert_eq!(bell.rings(), 1);
    let back = sender.subscribe();
    assert!(bell.poll(&mut closed).is_pending());
    drop(back);
    assert!(bell.poll(&mut closed).is_ready());
}

#[test]
fn ends_are_counted_and_compared() {
    let (sender, receiver) = watch::channel(0);
    let (other, stranger) = (sender.clone(), watch::Sender::new(0));
    assert_eq!((sender.sender_count(), sender.receiver_count()), (2, 1));
    assert!(sender.same_channel(&other) && !sender.same_channel(&stranger));
    assert!(receiver.same_channel(&sender.subscribe()));
    drop(other);
    assert_eq!((sender.sender_count(), sender.receiver_count()), (1, 1));
    assert!(format!("{sender:?}").contains("version: 0"));
}

#[test]
fn a_value_that_is_replaced_is_dropped_without_the_lock() {
    let (sender, _receiver) = watch::channel::<Option<Box<dyn Any>>>(None);
    let looks = sender.clone();
    let guard = on_drop(move || {
        looks.borrow();
    });
    assert!(sender.send(Some(Box::new(guard))).is_ok());
    assert!(sender.send(None).is_ok());
}

#[mainspring::test]
async fn a_value_changes_on_another_thread() {
    let (sender, mut receiver) = watch::channel(0);
    let thread = std::thread::spawn(move || {
        for value in 1..=1000 {
            sender.send(value).unwrap();
        }
        sender
    });
    assert_eq!(
        *receiver.wait_for(|value| *value == 1000).await.unwrap(),
        1000
    );
    thread.join().unwrap();
}
