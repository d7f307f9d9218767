//! What a broadcast channel promises, and the bugs that its like have had.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use mainspring::sync::broadcast;
use mainspring::sync::broadcast::error::{RecvError, SendError, TryRecvError};
use mainspring::task::{idle, spawn_local};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

#[mainspring::test(start_paused = true)]
async fn everybody_gets_everything_from_when_he_listens_in_order() {
    let (sender, mut early) = broadcast::channel(8);
    assert_eq!(sender.send(1).unwrap(), 1);
    let mut late = sender.subscribe();
    assert_eq!(sender.send(2).unwrap(), 2);
    assert_eq!(early.recv().await, Ok(1));
    assert_eq!(early.recv().await, Ok(2));
    assert_eq!(late.recv().await, Ok(2));
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
}

#[mainspring::test(start_paused = true)]
async fn who_lags_is_told_by_how_many_and_goes_on_with_the_oldest() {
    // Three become four: a power of two.
    let (sender, mut slow) = broadcast::channel(3);
    let mut quick = sender.subscribe();
    for number in 0..10 {
        sender.send(number).unwrap();
        assert_eq!(quick.recv().await, Ok(number));
    }
    assert_eq!((slow.len(), sender.len()), (10, 4));
    assert_eq!(slow.recv().await, Err(RecvError::Lagged(6)));
    assert_eq!(slow.len(), 4);
    for number in 6..10 {
        assert_eq!(slow.recv().await, Ok(number));
    }
    assert!(slow.is_empty() && sender.is_empty());
}

#[mainspring::test(start_paused = true)]
async fn what_is_left_is_received_before_the_end_is_told() {
    let (sender, mut receiver) = broadcast::channel(4);
    sender.send(1).unwrap();
    drop(sender);
    assert!(receiver.is_closed());
    assert_eq!(receiver.recv().await, Ok(1));
    assert_eq!(receiver.recv().await, Err(RecvError::Closed));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[mainspring::test(start_paused = true)]
async fn who_waits_is_woken_by_a_value_and_by_the_end() {
    let (sender, mut receiver) = broadcast::channel(4);
    let task = spawn_local(async move { (receiver.recv().await, receiver.recv().await) });
    idle().await;
    sender.send('a').unwrap();
    idle().await;
    drop(sender);
    assert_eq!(task.await.unwrap(), (Ok('a'), Err(RecvError::Closed)));
}

#[test]
fn a_wait_that_is_dropped_after_it_was_called_takes_nothing_with_it() {
    let (sender, mut receiver) = broadcast::channel(4);
    let bell = Bell::new();
    let mut wait = receiver.recv();
    assert!(bell.poll(&mut wait).is_pending());
    sender.send(1).unwrap();
    assert_eq!(bell.rings(), 1);
    drop(wait);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn tokio_2135_a_value_sent_while_others_come_and_go_reaches_who_waits() {
    let (sender, mut receiver) = broadcast::channel(4);
    let mut gone = sender.subscribe();
    let (bell, other) = (Bell::new(), Bell::new());
    let mut leaves = gone.recv();
    let mut stays = receiver.recv();
    assert!(other.poll(&mut leaves).is_pending());
    assert!(bell.poll(&mut stays).is_pending());
    drop(leaves);
    drop(gone);
    sender.send(1).unwrap();
    assert_eq!((bell.rings(), other.rings()), (1, 0));
    assert_eq!(bell.poll(&mut stays), Poll::Ready(Ok(1)));
}

#[mainspring::test(start_paused = true)]
async fn tokio_4867_a_channel_that_nobody_heard_is_heard_again() {
    let (sender, receiver) = broadcast::channel(2);
    drop(receiver);
    assert!(matches!(sender.send(1), Err(SendError(1))));
    let mut receiver = sender.subscribe();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    let task = spawn_local(async move { receiver.recv().await });
    idle().await;
    sender.send(2).unwrap();
    assert_eq!(task.await.unwrap(), Ok(2));
}

#[test]
fn tokio_7629_a_channel_without_receivers_counts_as_closed_to_its_sender() {
    let sender = broadcast::Sender::<u8>::new(2);
    let bell = Bell::new();
    assert!(bell.poll(&mut sender.closed()).is_ready());
    let receiver = sender.subscribe();
    let mut closed = sender.closed();
    assert!(bell.poll(&mut closed).is_pending());
    drop(receiver);
    let back = sender.subscribe();
    assert!(
        bell.poll(&mut closed).is_pending(),
        "somebody came meanwhile"
    );
    drop(back);
    assert!(bell.poll(&mut closed).is_ready());
}

#[test]
fn tokio_5925_ten_thousand_receivers_are_woken_once_each() {
    let (sender, receiver) = broadcast::channel(1);
    let mut receivers: Vec<_> = (0..10_000).map(|_| receiver.resubscribe()).collect();
    let bells: Vec<_> = receivers.iter().map(|_| Bell::new()).collect();
    let mut waits: Vec<_> = receivers
        .iter_mut()
        .map(broadcast::Receiver::recv)
        .collect();
    for (bell, wait) in bells.iter().zip(&mut waits) {
        assert!(bell.poll(wait).is_pending());
    }
    assert_eq!(sender.send(1).unwrap(), 10_001);
    for (bell, wait) in bells.iter().zip(&mut waits) {
        assert_eq!(bell.rings(), 1);
        assert_eq!(bell.poll(wait), Poll::Ready(Ok(1)));
    }
}

#[test]
fn tokio_7094_a_destructor_that_panics_keeps_no_other_from_running() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = broadcast::channel(8);
    for number in 0..6 {
        let dropped = dropped.clone();
        let guard = on_drop(move || {
            dropped.fetch_add(1, Ordering::Relaxed);
            if number == 2 {
                panic!("the user's own");
            }
        });
        sender.send(Rc::new(guard)).unwrap();
    }
    let panics = catch_unwind(AssertUnwindSafe(|| drop(receiver)));
    assert!(panics.is_err());
    assert_eq!(dropped.load(Ordering::Relaxed), 6);
    assert!(sender.is_empty() && sender.receiver_count() == 0);
}

#[test]
fn a_receiver_that_goes_takes_along_what_only_it_had_not_seen() {
    let (sender, mut one) = broadcast::channel(8);
    let two = sender.subscribe();
    for number in 0..4 {
        sender.send(number).unwrap();
    }
    one.try_recv().unwrap();
    one.try_recv().unwrap();
    assert_eq!(sender.len(), 4);
    drop(two);
    assert_eq!(sender.len(), 2);
    assert_eq!(one.try_recv(), Ok(2));
    drop(one);
    assert!(sender.is_empty());
}

/// A value that uses its channel whenever it is cloned or dropped.
#[derive(Debug)]
struct Busy(broadcast::Sender<Option<Busy>>);

impl Busy {
    fn act(&self) {
        let mut receiver = self.0.subscribe();
        let _ = self.0.send(None);
        assert!(!matches!(receiver.try_recv(), Ok(Some(_))));
        assert!(self.0.len() <= 2 && self.0.receiver_count() > 0);
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        self.act();
        Busy(self.0.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.act();
    }
}

#[test]
fn a_value_may_use_the_channel_when_it_is_cloned_and_dropped() {
    let (sender, mut one) = broadcast::channel(2);
    let two = sender.subscribe();
    sender.send(Some(Busy(sender.clone()))).unwrap();
    // Cloned for the first; the clone and the value go while the channel is full.
    assert!(one.try_recv().unwrap().is_some());
    for _ in 0..4 {
        sender.send(Some(Busy(sender.clone()))).unwrap();
    }
    drop(one);
    drop(two);
    assert!(sender.is_empty());
}

#[test]
fn the_last_one_gets_the_value_itself() {
    #[derive(Debug)]
    struct Counted(Rc<Cell<usize>>);
    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.set(self.0.get() + 1);
            Counted(self.0.clone())
        }
    }
    let clones = Rc::new(Cell::new(0));
    let (sender, mut one) = broadcast::channel(2);
    let mut two = sender.subscribe();
    sender.send(Counted(clones.clone())).unwrap();
    one.try_recv().unwrap();
    two.try_recv().unwrap();
    assert_eq!(clones.get(), 1);
}

#[test]
fn a_clone_that_panics_loses_its_own_value_only() {
    struct Refuses(Rc<Cell<bool>>);
    impl Clone for Refuses {
        fn clone(&self) -> Self {
            assert!(!self.0.get(), "the user's own");
            Refuses(self.0.clone())
        }
    }
    let refuses = Rc::new(Cell::new(true));
    let (sender, mut one) = broadcast::channel(2);
    let (mut two, mut three) = (sender.subscribe(), sender.subscribe());
    assert!(sender.send(Refuses(refuses.clone())).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| one.try_recv().is_ok())).is_err());
    refuses.set(false);
    assert!(two.try_recv().is_ok());
    assert!(three.try_recv().is_ok());
    assert!(matches!(one.try_recv(), Err(TryRecvError::Empty)));
}

#[test]
fn a_weak_sender_keeps_no_channel_open() {
    let (sender, mut receiver) = broadcast::channel::<u8>(2);
    let weak = sender.downgrade();
    let other = weak.clone();
    assert_eq!((weak.strong_count(), weak.weak_count()), (1, 2));
    let second = weak.upgrade().unwrap();
    assert_eq!(receiver.sender_strong_count(), 2);
    assert!(second.same_channel(&sender));
    drop((sender, second, other));
    assert!(weak.upgrade().is_none());
    assert_eq!(
        (receiver.is_closed(), receiver.sender_weak_count()),
        (true, 1)
    );
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
#[should_panic(expected = "capacity 0 could never deliver anything")]
fn a_channel_of_0_is_refused() {
    let _ = broadcast::channel::<u8>(0);
}

#[test]
fn errors_say_what_programs_print() {
    assert_eq!(SendError(1).to_string(), "channel closed");
    assert_eq!(RecvError::Closed.to_string(), "channel closed");
    assert_eq!(RecvError::Lagged(3).to_string(), "channel lagged by 3");
    assert_eq!(TryRecvError::Empty.to_string(), "channel empty");
    assert_eq!(TryRecvError::Closed.to_string(), "channel closed");
    assert_eq!(TryRecvError::Lagged(3).to_string(), "channel lagged by 3");
}

#[test]
fn threads_receive_at_the_same_time_what_may_not_be_shared() {
    // `Cell` is not `Sync`: its clones must come one after the other.
    const VALUES: usize = 2_000;
    let (sender, receiver) = broadcast::channel::<Cell<usize>>(VALUES);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let mut receiver = receiver.resubscribe();
            std::thread::spawn(move || {
                let mut next = 0;
                while let Ok(value) = receiver.blocking_recv() {
                    assert_eq!(value.get(), next);
                    next += 1;
                }
                next
            })
        })
        .collect();
    drop(receiver);
    for value in 0..VALUES {
        sender.send(Cell::new(value)).unwrap();
    }
    drop(sender);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), VALUES);
    }
}
