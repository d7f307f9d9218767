//! No code of a waker's owner, and no destructor of a message, runs under a channel's lock; and the
//! waker of the last poll counts.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use mainspring::sync::{mpsc, oneshot};
use mainspring_tests::by_hand::{Bell, evil, the_last_waker_counts};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch;

/// A waker that does `act` when it is cloned, woken or dropped, but not within `act`; and how often
/// it has.
fn abusive(act: impl Fn() + Send + Sync + 'static) -> (Waker, Arc<AtomicUsize>) {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    let count = Arc::new(AtomicUsize::new(0));
    let waker = evil({
        let count = count.clone();
        move |_occasion| {
            if !INSIDE.replace(true) {
                act();
                count.fetch_add(1, Ordering::Relaxed);
                INSIDE.set(false);
            }
        }
    });
    (waker, count)
}

/// What another may do to a channel at any time.
fn use_sender(tx: &mpsc::Sender<u32>) {
    drop(tx.clone());
    drop(tx.downgrade().upgrade());
    drop(tx.try_reserve());
    let mut reserve = tx.reserve();
    let _ = Bell::new().poll(&mut reserve);
    let _ = Bell::new().poll(&mut tx.closed());
    let _ = (tx.capacity(), format!("{tx:?}"));
}

#[test]
fn tokio_4129_the_wakers_of_a_channel_may_use_the_channel() {
    let _watchdog = watch();
    let (tx, mut rx) = mpsc::channel(1);
    let (waker, count) = abusive({
        let tx = tx.clone();
        move || use_sender(&tx)
    });
    let mut cx = Context::from_waker(&waker);

    // A receiver that changes its waker, is woken, and goes.
    assert!(rx.poll_recv(&mut cx).is_pending());
    assert!(Bell::new().poll(&mut rx.recv()).is_pending());
    assert!(rx.poll_recv(&mut cx).is_pending());
    tx.try_send(1).unwrap();

    // Senders that wait: one goes, one is woken, one is told of the close.
    let mut leaves = tx.send(2);
    assert!(Pin::new(&mut leaves).poll(&mut cx).is_pending());
    assert!(Bell::new().poll(&mut leaves).is_pending());
    assert!(Pin::new(&mut leaves).poll(&mut cx).is_pending());
    drop(leaves);
    let mut sends = tx.send(3);
    assert!(Pin::new(&mut sends).poll(&mut cx).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert!(Pin::new(&mut sends).poll(&mut cx).is_ready());
    drop(sends);
    let mut is_told = tx.reserve();
    assert!(Pin::new(&mut is_told).poll(&mut cx).is_pending());
    let mut watches = tx.closed();
    assert!(Pin::new(&mut watches).poll(&mut cx).is_pending());
    let mut stops_watching = tx.closed();
    assert!(Pin::new(&mut stops_watching).poll(&mut cx).is_pending());
    drop(stops_watching);
    assert_eq!(rx.try_recv(), Ok(3));
    assert!(rx.poll_recv(&mut cx).is_pending());
    drop(rx);
    assert!(Pin::new(&mut watches).poll(&mut cx).is_ready());
    let _ = Pin::new(&mut is_told).poll(&mut cx);
    assert!(count.load(Ordering::Relaxed) > 10);
}

#[test]
fn tokio_5471_the_wakers_of_a_oneshot_may_use_the_oneshot() {
    let _watchdog = watch();
    let (tx, mut rx) = oneshot::channel::<u32>();
    let tx = Arc::new(Mutex::new(Some(tx)));
    let (waker, count) = abusive({
        let tx = tx.clone();
        move || {
            // Whoever polls the sender holds it; the receiver's waker finds it free.
            if let Ok(tx) = tx.try_lock() {
                let _ = tx.as_ref().map(|tx| (tx.is_closed(), format!("{tx:?}")));
            }
        }
    });
    let mut cx = Context::from_waker(&waker);
    assert!(Pin::new(&mut rx).poll(&mut cx).is_pending());
    assert!(Bell::new().poll(&mut rx).is_pending());
    assert!(Pin::new(&mut rx).poll(&mut cx).is_pending());
    let mut sender = tx.lock().unwrap().take().unwrap();
    assert!(sender.poll_closed(&mut cx).is_pending());
    sender.send(1).unwrap();
    assert!(Pin::new(&mut rx).poll(&mut cx).is_ready());
    assert!(count.load(Ordering::Relaxed) > 5);
}

#[test]
fn messages_may_use_the_channel_when_they_are_dropped() {
    let _watchdog = watch();
    let (tx, rx) = mpsc::unbounded_channel::<Box<dyn Send>>();
    let dropped = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        let (weak, dropped) = (tx.downgrade(), dropped.clone());
        let message = on_drop(move || {
            let tx = weak.upgrade().unwrap();
            assert!(tx.send(Box::new(1)).is_err());
            let _ = format!("{tx:?}");
            dropped.fetch_add(1, Ordering::Relaxed);
        });
        assert!(tx.send(Box::new(message)).is_ok());
    }
    drop(rx);
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

#[test]
fn those_who_wait_at_a_channel_may_change_their_wakers() {
    let (tx, mut rx) = mpsc::channel(1);
    the_last_waker_counts(rx.recv(), || tx.try_send(1).unwrap());
    let mut buffer = Vec::new();
    the_last_waker_counts(rx.recv_many(&mut buffer, 2), || tx.try_send(1).unwrap());

    tx.try_send(1).unwrap();
    the_last_waker_counts(tx.send(2), || {
        rx.try_recv().unwrap();
    });
    the_last_waker_counts(tx.clone().reserve_owned(), || {
        rx.try_recv().unwrap();
    });
    the_last_waker_counts(tx.closed(), || rx.close());

    let (tx, mut rx) = oneshot::channel();
    the_last_waker_counts(&mut rx, || tx.send(1).unwrap());
    let (mut tx, rx) = oneshot::channel::<u32>();
    the_last_waker_counts(poll_fn(|cx| tx.poll_closed(cx)), || drop(rx));
}
