//! Semaphore, Event and Queue between threads: no permit, item or wake-up is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mainspring::sync::{Event, Queue, Semaphore};
use mainspring::task::{spawn, yield_now};
use mainspring_tests::by_hand::Bell;

#[test]
fn threads_that_take_give_up_and_give_back_lose_no_permit() {
    let semaphore = Semaphore::new(2);
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..4_u32 {
            let (semaphore, inside) = (&semaphore, &inside);
            scope.spawn(move || {
                for round in 0..2_000 {
                    // Some ask and go away, called or not.
                    let mut given_up = semaphore.acquire_many(1 + round % 2);
                    let _ = Bell::new().poll(&mut given_up);
                    drop(given_up);

                    let many = 1 + (round + number) % 2;
                    let permit = semaphore.blocking_acquire_many(many).unwrap();
                    let before = inside.fetch_add(many as usize, Ordering::SeqCst);
                    assert!(before + many as usize <= 2, "too many are inside");
                    inside.fetch_sub(many as usize, Ordering::SeqCst);
                    drop(permit);
                }
            });
        }
    });
    assert_eq!(semaphore.available_permits(), 2);
    assert!(!semaphore.locked());
}

#[test]
fn threads_that_put_and_get_lose_no_item() {
    let queue: Queue<usize> = Queue::bounded(3);
    let sum = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Ok(item) = queue.get_blocking() {
                    sum.fetch_add(item, Ordering::Relaxed);
                    queue.task_done().unwrap();
                    // One asks and goes away: what it was called for goes to the others.
                    let _ = Bell::new().poll(&mut queue.join());
                    let mut given_up = queue.get();
                    if let std::task::Poll::Ready(Ok(item)) = Bell::new().poll(&mut given_up) {
                        sum.fetch_add(item, Ordering::Relaxed);
                        queue.task_done().unwrap();
                    }
                }
            });
        }
        let putters: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (1..=2_000).for_each(|item| queue.put_blocking(item).unwrap())))
            .collect();
        for putter in putters {
            putter.join().unwrap();
        }
        queue.shutdown(false);
    });
    assert_eq!(sum.into_inner(), 2 * 2_000 * 2_001 / 2);
    assert_eq!((queue.qsize(), queue.unfinished()), (0, 0));
}

#[mainspring::test]
async fn a_task_and_a_thread_pass_an_event_to_and_fro() {
    let (there, back) = (Event::new(), Event::new());
    let rounds = 1_000;
    let thread = thread::spawn({
        let (there, back) = (there.clone(), back.clone());
        move || {
            for _ in 0..rounds {
                while !there.is_set() {
                    thread::yield_now();
                }
                there.clear();
                back.set();
            }
        }
    });
    for _ in 0..rounds {
        there.set();
        back.wait().await;
        back.clear();
    }
    thread.join().unwrap();
}

#[mainspring::test]
async fn tasks_and_threads_share_a_semaphore() {
    let semaphore = Arc::new(Semaphore::new(1));
    let count = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (semaphore, count) = (semaphore.clone(), count.clone());
            thread::spawn(move || {
                for _ in 0..1_000 {
                    let _permit = semaphore.blocking_acquire().unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (semaphore, count) = (semaphore.clone(), count.clone());
            spawn(async move {
                for _ in 0..250 {
                    let _permit = semaphore.acquire().await.unwrap();
                    yield_now().await;
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(count.load(Ordering::Relaxed), 3_000);
    assert_eq!(semaphore.available_permits(), 1);
}

#[mainspring::test]
#[should_panic(expected = "spawn_blocking")]
async fn a_blocking_wait_inside_a_task_is_refused_with_the_remedy() {
    let queue: Queue<u32> = Queue::unbounded();
    let _ = queue.get_blocking();
}
