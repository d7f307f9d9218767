//! No code of a waker's owner runs under a lock of `sync`, and the waker of the last poll counts.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::Context;
use std::thread;
use std::time::Duration;

use futures_core::Stream;
use mainspring::sync::{
    Barrier, Condition, Event, Mutex, Notify, Queue, RwLock, Semaphore, SetOnce, broadcast, watch,
};
use mainspring_tests::by_hand::{Bell, evil, the_last_waker_counts};

/// Fails instead of hanging if `body` locks what it has locked already.
fn without_deadlock(body: impl FnOnce() + Send + 'static) {
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        body();
        let _ = tell.send(());
    });
    match told.recv_timeout(Duration::from_secs(60)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("a waker ran under the lock"),
        _ => thread.join().unwrap(),
    }
}

type Wait<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Has a future wait with a waker that does `act` on every occasion, has `finish` call that waker,
/// and has another one wait, change its waker twice and go.
fn abuse<P: Clone + Send + Sync + 'static>(
    primitive: &P,
    wait: fn(&P) -> Wait<'_>,
    act: fn(&P),
    finish: fn(&P),
) {
    thread_local! {
        static INSIDE: Cell<bool> = const { Cell::new(false) };
    }
    const OCCASIONS: [&str; 3] = ["clone", "wake", "drop"];

    let seen = Arc::new([const { AtomicUsize::new(0) }; 3]);
    let waker = evil({
        let (primitive, seen) = (primitive.clone(), seen.clone());
        move |occasion| {
            let number = OCCASIONS.iter().position(|known| *known == occasion);
            seen[number.unwrap()].fetch_add(1, Ordering::Relaxed);
            // What `act` does may call this very waker: once is enough.
            if !INSIDE.replace(true) {
                act(&primitive);
                INSIDE.set(false);
            }
        }
    });
    let mut cx = Context::from_waker(&waker);
    let bell = Bell::new();

    let mut leaving = wait(primitive);
    assert!(leaving.as_mut().poll(&mut cx).is_pending());
    let _ = bell.poll(&mut leaving);
    let _ = leaving.as_mut().poll(&mut cx);
    drop(leaving);

    let mut woken = wait(primitive);
    assert!(woken.as_mut().poll(&mut cx).is_pending());
    finish(primitive);
    drop(woken);

    for (occasion, count) in OCCASIONS.iter().zip(seen.iter()) {
        let count = count.load(Ordering::Relaxed);
        assert!(count > 0, "the waker never saw a {occasion}");
    }
}

#[test]
fn tokio_5471_a_semaphores_wakers_may_use_the_semaphore() {
    without_deadlock(|| {
        let semaphore = Arc::new(Semaphore::new(0));
        let wait: fn(&Arc<Semaphore>) -> Wait<'_> = |semaphore| {
            Box::pin(async {
                let _ = semaphore.acquire().await;
            })
        };
        let act: fn(&Arc<Semaphore>) = |semaphore| {
            drop(semaphore.try_acquire());
            let mut claim = semaphore.acquire();
            let _ = Bell::new().poll(&mut claim);
            drop(claim);
            let _ = format!("{semaphore:?}");
        };
        abuse(&semaphore, wait, act, |semaphore| semaphore.add_permits(1));
        semaphore.forget_permits(1);
        abuse(&semaphore, wait, act, |semaphore| semaphore.close());
    });
}

/// A lock, and its guard until somebody unlocks.
type Locked<L, G> = (Arc<L>, Arc<std::sync::Mutex<Option<G>>>);

fn locked<L, G>(lock: &Arc<L>, guard: Result<G, mainspring::sync::TryLockError>) -> Locked<L, G> {
    let guard = guard.expect("nobody else is here");
    (lock.clone(), Arc::new(std::sync::Mutex::new(Some(guard))))
}

fn unlock<L, G>((_, guard): &Locked<L, G>) {
    let guard = guard.lock().unwrap().take();
    drop(guard);
}

#[test]
fn a_mutexs_wakers_may_use_the_mutex() {
    without_deadlock(|| {
        let mutex = Arc::new(Mutex::new(1));
        let guard = mutex.clone().try_lock_owned();
        abuse(
            &locked(&mutex, guard),
            |(mutex, _)| Box::pin(async { drop(mutex.lock().await) }),
            |(mutex, _)| {
                drop(mutex.try_lock());
                let _ = Bell::new().poll(&mut mutex.lock());
                let _ = (mutex.locked(), format!("{mutex:?}"));
            },
            unlock,
        );
        assert!(!mutex.locked());
    });
}

#[test]
fn a_rwlocks_wakers_may_use_the_lock() {
    without_deadlock(|| {
        let lock = Arc::new(RwLock::new(1));
        // Whoever is woken for a permit finds no other with the value.
        /// Whoever is woken for the last permit finds no other with the value.
        fn act<G>((lock, _): &Locked<RwLock<i32>, G>) {
            drop(lock.try_read());
            let _ = lock.try_write().map(|mut value| *value += 1);
            let _ = Bell::new().poll(&mut lock.read());
            let _ = Bell::new().poll(&mut lock.write());
            let _ = format!("{lock:?}");
        }
        let guard = lock.clone().try_read_owned();
        abuse(
            &locked(&lock, guard),
            |(lock, _)| Box::pin(async { *lock.write().await += 1 }),
            act,
            unlock,
        );
        let guard = lock.clone().try_write_owned();
        abuse(
            &locked(&lock, guard),
            |(lock, _)| Box::pin(async { drop(lock.read().await) }),
            act,
            unlock,
        );
        assert!(lock.try_write().is_ok());
    });
}

#[test]
fn a_conditions_wakers_may_use_the_condition() {
    without_deadlock(|| {
        abuse(
            &Arc::new(Condition::new(1)),
            |condition| Box::pin(async { drop(condition.lock().await.wait().await) }),
            |condition| {
                let _ = Bell::new().poll(&mut condition.lock());
                let _ = (condition.locked(), format!("{condition:?}"));
            },
            |condition| condition.blocking_lock().notify_all(),
        );
    });
}

#[test]
fn tokio_4129_an_events_wakers_may_use_the_event() {
    without_deadlock(|| {
        abuse(
            &Event::new(),
            |event| Box::pin(event.wait()),
            |event| {
                let _ = Bell::new().poll(&mut event.wait());
                let _ = (event.is_set(), format!("{event:?}"));
            },
            |event| event.set(),
        );
    });
}

#[test]
fn tokio_5578_a_queues_wakers_may_use_the_queue() {
    without_deadlock(|| {
        let act: fn(&Queue<u32>) = |queue| {
            let _ = Bell::new().poll(&mut queue.get());
            let _ = Bell::new().poll(&mut queue.put(1));
            let _ = Bell::new().poll(&mut queue.join());
            let _ = format!("{queue:?}");
        };
        let get: fn(&Queue<u32>) -> Wait<'_> = |queue| {
            Box::pin(async {
                let _ = queue.get().await;
            })
        };
        // It only looks, so that nothing it does lets those who wait go on.
        let look: fn(&Queue<u32>) = |queue| {
            let _ = (queue.qsize(), queue.unfinished(), format!("{queue:?}"));
        };

        let queue = Queue::unbounded();
        abuse(&queue, get, look, |queue| queue.put_nowait(1).unwrap());
        abuse(
            &queue,
            |queue| Box::pin(queue.join()),
            look,
            |queue| while queue.task_done().is_ok() {},
        );
        abuse(&Queue::unbounded(), get, look, |queue| queue.shutdown(true));

        let full = Queue::bounded(1);
        full.put_nowait(1).unwrap();
        abuse(
            &full,
            |queue| {
                Box::pin(async {
                    let _ = queue.put(2).await;
                })
            },
            look,
            |queue| {
                queue.get_nowait().unwrap();
            },
        );

        // And one that puts and gets: whatever comes of it, it comes to an end.
        let queue = Queue::bounded(1);
        queue.put_nowait(1).unwrap();
        let waker = evil({
            let queue = queue.clone();
            let inside = Arc::new(AtomicUsize::new(0));
            move |_| {
                if inside.fetch_add(1, Ordering::Relaxed) == 0 {
                    act(&queue);
                }
                inside.fetch_sub(1, Ordering::Relaxed);
            }
        });
        for _ in 0..3 {
            let mut put = queue.put(2);
            let _ = Pin::new(&mut put).poll(&mut Context::from_waker(&waker));
            let mut get = queue.get();
            let _ = Pin::new(&mut get).poll(&mut Context::from_waker(&waker));
        }
    });
}

#[test]
fn a_semaphores_waiter_may_change_its_waker() {
    let semaphore = Arc::new(Semaphore::new(0));
    the_last_waker_counts(semaphore.acquire(), || semaphore.add_permits(1));
    semaphore.forget_permits(1);
    the_last_waker_counts(semaphore.clone().acquire_many_owned(2), || {
        semaphore.add_permits(2);
    });
    the_last_waker_counts(semaphore.acquire_many(3), || semaphore.close());
}

#[test]
fn an_events_waiter_may_change_its_waker() {
    let event = Event::new();
    the_last_waker_counts(event.wait(), || event.set());
}

#[test]
fn those_who_wait_for_a_lock_may_change_their_wakers() {
    let mutex = Arc::new(Mutex::new(1));
    let held = mutex.try_lock().unwrap();
    the_last_waker_counts(mutex.lock(), || drop(held));
    let held = mutex.try_lock().unwrap();
    the_last_waker_counts(mutex.clone().lock_owned(), || drop(held));

    let lock = Arc::new(RwLock::new(1));
    let held = lock.try_read().unwrap();
    the_last_waker_counts(lock.write(), || drop(held));
    let held = lock.try_write().unwrap();
    the_last_waker_counts(lock.clone().read_owned(), || drop(held));

    let condition = Condition::with_lock(mutex.clone());
    let wait = condition.blocking_lock().wait();
    the_last_waker_counts(wait, || condition.blocking_lock().notify(1));
    // Notified already, it waits for the lock.
    let mut wait = condition.blocking_lock().wait();
    assert!(Bell::new().poll(&mut wait).is_pending());
    let guard = condition.blocking_lock();
    guard.notify(1);
    the_last_waker_counts(wait, || drop(guard));
}

#[test]
fn a_queues_waiters_may_change_their_wakers() {
    let queue: Queue<u32> = Queue::bounded(1);
    let put = || queue.put_nowait(1).unwrap();
    the_last_waker_counts(queue.get(), put);
    the_last_waker_counts(queue.checkout(), put);
    let mut items = queue.stream();
    let next = poll_fn(|cx| Pin::new(&mut items).poll_next(cx));
    the_last_waker_counts(next, put);

    put();
    the_last_waker_counts(queue.put(2), || {
        queue.get_nowait().unwrap();
    });
    the_last_waker_counts(queue.join(), || while queue.task_done().is_ok() {});
    queue.get_nowait().unwrap();
    the_last_waker_counts(queue.get(), || queue.shutdown(false));
}

#[test]
fn tokio_7886_a_dropped_waiter_leaves_no_waker_behind() {
    let semaphore = Semaphore::new(0);
    let event = Event::new();
    let queue: Queue<u32> = Queue::bounded(1);
    queue.put_nowait(1).unwrap();
    let empty: Queue<u32> = Queue::unbounded();
    let bell = Bell::new();

    let mut acquire = semaphore.acquire();
    let mut wait = event.wait();
    let mut put = queue.put(2);
    let mut join = queue.join();
    let mut get = empty.get();
    let mutex = Arc::new(Mutex::new(1));
    let condition = Condition::with_lock(mutex.clone());
    let mut notice = condition.blocking_lock().wait();
    assert!(bell.poll(&mut notice).is_pending());
    let _held = mutex.try_lock().unwrap();
    let mut lock = mutex.lock();
    assert!(bell.poll(&mut lock).is_pending());
    assert!(bell.poll(&mut acquire).is_pending());
    assert!(bell.poll(&mut wait).is_pending());
    assert!(bell.poll(&mut put).is_pending());
    assert!(bell.poll(&mut join).is_pending());
    assert!(bell.poll(&mut get).is_pending());
    assert_eq!(Arc::strong_count(&bell), 8);

    drop((acquire, wait, put, join, get, notice, lock));
    assert_eq!(Arc::strong_count(&bell), 1);
    assert_eq!(bell.rings(), 0);
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    let event = Event::new();
    let mut waits = [(); 4].map(|()| event.wait());
    let bell = Bell::new();
    for (place, wait) in waits.iter_mut().enumerate() {
        let polled = match place {
            0 | 2 => {
                let waker = evil(|call| {
                    if call == "wake" {
                        panic!("a waker's own");
                    }
                });
                Pin::new(wait).poll(&mut Context::from_waker(&waker))
            }
            _ => bell.poll(wait),
        };
        assert!(polled.is_pending());
    }
    event.set();
    assert_eq!(bell.rings(), 2);
}

#[test]
fn async_lock_42_a_waiter_rings_no_more_than_it_has_reason_to() {
    let semaphore = Arc::new(Semaphore::new(0));
    let bell = Bell::new();
    let mut acquire = semaphore.clone().acquire_owned();
    for _ in 0..10 {
        assert!(bell.poll(&mut acquire).is_pending());
    }
    assert_eq!(bell.rings(), 0);
    semaphore.add_permits(1);
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut acquire).is_ready());
    assert_eq!(bell.rings(), 1);
}

#[test]
fn tokio_4129_a_notifys_wakers_may_use_the_notify() {
    without_deadlock(|| {
        let wait: fn(&Arc<Notify>) -> Wait<'_> = |notify| Box::pin(notify.notified());
        // It comes and goes without taking what is kept.
        let act: fn(&Arc<Notify>) = |notify| {
            let mut other = Box::pin(notify.notified());
            if Bell::new().poll(&mut other).is_ready() {
                notify.notify_one();
            }
            let _ = format!("{notify:?}");
        };
        abuse(&Arc::new(Notify::new()), wait, act, |n| n.notify_one());
        abuse(&Arc::new(Notify::new()), wait, act, |n| n.notify_last());
        abuse(&Arc::new(Notify::new()), wait, act, |n| n.notify_waiters());
    });
}

#[test]
fn tokio_5471_a_barriers_wakers_may_use_the_barrier() {
    without_deadlock(|| {
        let wait: fn(&Arc<Barrier>) -> Wait<'_> = |barrier| {
            Box::pin(async {
                let _ = barrier.arrive().await;
            })
        };
        let act: fn(&Arc<Barrier>) = |barrier| {
            let _ = (barrier.n_waiting(), barrier.broken());
            let _ = Bell::new().poll(&mut barrier.arrive());
            let _ = format!("{barrier:?}");
        };
        abuse(&Arc::new(Barrier::new(9)), wait, act, |b| b.abort());
        abuse(&Arc::new(Barrier::new(9)), wait, act, |b| b.reset());
        abuse(&Arc::new(Barrier::new(2)), wait, act, |b| {
            let _ = Bell::new().poll(&mut b.arrive());
        });
    });
}

#[test]
fn tokio_5578_a_broadcasts_wakers_may_use_the_channel() {
    type Ends = Arc<(
        broadcast::Sender<u8>,
        std::sync::Mutex<Option<broadcast::Receiver<u8>>>,
    )>;
    without_deadlock(|| {
        let wait: fn(&Ends) -> Wait<'_> = |ends| {
            let mut receiver = ends.0.subscribe();
            Box::pin(async move {
                let _ = receiver.recv().await;
            })
        };
        let act: fn(&Ends) = |ends| {
            let mut receiver = ends.0.subscribe();
            let _ = Bell::new().poll(&mut receiver.recv());
            let _ = (ends.0.len(), ends.0.receiver_count(), receiver.try_recv());
        };
        let (sender, receiver) = broadcast::channel(2);
        let ends: Ends = Arc::new((sender, std::sync::Mutex::new(Some(receiver))));
        abuse(&ends, wait, act, |ends| drop(ends.0.send(1)));

        let gone: fn(&Ends) -> Wait<'_> = |ends| Box::pin(ends.0.closed());
        let look: fn(&Ends) = |ends| assert!(ends.0.receiver_count() < 3);
        abuse(&ends, gone, look, |ends| {
            drop(ends.1.lock().unwrap().take())
        });
    });
}

#[test]
fn tokio_5471_a_watch_channels_wakers_may_use_the_channel() {
    type Ends = Arc<(watch::Sender<u8>, watch::Receiver<u8>)>;
    without_deadlock(|| {
        let wait: fn(&Ends) -> Wait<'_> = |ends| {
            let mut receiver = ends.1.clone();
            receiver.mark_unchanged();
            Box::pin(async move {
                let _ = receiver.changed().await;
            })
        };
        let act: fn(&Ends) = |ends| {
            let mut receiver = ends.0.subscribe();
            let _ = Bell::new().poll(&mut receiver.changed());
            let _ = (*ends.0.borrow(), format!("{:?}", ends.1));
        };
        let ends: Ends = Arc::new(watch::channel(0));
        abuse(&ends, wait, act, |ends| ends.0.send(1).unwrap());
    });
}

#[test]
fn those_who_wait_for_a_signal_may_change_their_waker() {
    let notify = Notify::new();
    the_last_waker_counts(Box::pin(notify.notified()), || notify.notify_one());
    the_last_waker_counts(Box::pin(notify.notified()), || notify.notify_waiters());
    let barrier = Barrier::new(2);
    the_last_waker_counts(barrier.arrive(), || barrier.abort());
    let cell = SetOnce::new();
    the_last_waker_counts(cell.wait(), || cell.set(1).unwrap());
    let (sender, mut receiver) = watch::channel(0);
    the_last_waker_counts(receiver.changed(), || sender.send(1).unwrap());
    let accept = |value: &i32| *value == 2;
    the_last_waker_counts(receiver.wait_for(accept), || sender.send(2).unwrap());
    let (sender, mut receiver) = broadcast::channel(1);
    the_last_waker_counts(receiver.recv(), || drop(sender.send(1)));
    the_last_waker_counts(sender.closed(), || drop(receiver));
}

#[test]
fn tokio_7886_a_dropped_wait_for_a_signal_leaves_no_waker_behind() {
    let (notify, barrier, cell) = (Notify::new(), Barrier::new(2), SetOnce::<u8>::new());
    let (_publisher, mut watches) = watch::channel(0);
    let (sender, mut receiver) = broadcast::channel::<u8>(1);
    let bell = Bell::new();
    let mut notified = Box::pin(notify.notified());
    let mut arrives = barrier.arrive();
    let mut waits = cell.wait();
    let mut changed = watches.changed();
    let mut closed = sender.closed();
    let mut recv = receiver.recv();
    assert!(bell.poll(&mut notified).is_pending());
    assert!(bell.poll(&mut arrives).is_pending());
    assert!(bell.poll(&mut waits).is_pending());
    assert!(bell.poll(&mut changed).is_pending());
    assert!(bell.poll(&mut closed).is_pending());
    assert!(bell.poll(&mut recv).is_pending());
    assert_eq!(Arc::strong_count(&bell), 7);
    drop((notified, arrives, waits, changed, closed, recv));
    assert_eq!(Arc::strong_count(&bell), 1);
    assert_eq!(bell.rings(), 0);
}
