//! Programs that must be alone in their process: the tests run them and look at how they end.
//!
//! Under the test harness there are always other threads, which could wake anybody; and no test
//! may end its process, or see another clock than its neighbours.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::io::{Read, stdin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime, RunEnd, call_soon};
use mainspring::sync::{Mutex, Queue, RwLock, Semaphore, mpsc};
use mainspring::task::{JoinHandle, spawn_local, spawn_named, yield_now};
use mainspring::time::{Instant, sleep, sleep_until};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("nothing-left") => mainspring::run(pending::<()>()),
        Some("each-other") => mainspring::run(each_other()),
        Some("queue") => mainspring::run(queue()),
        Some("channel") => mainspring::run(channel()),
        Some("full-channel") => mainspring::run(full_channel()),
        Some("join") => mainspring::run(join()),
        Some("semaphore") => mainspring::run(semaphore()),
        Some("lock") => mainspring::run(lock()),
        Some("panic-when-paused") => {
            let mut builder = Builder::new_current_thread();
            let runtime = builder
                .start_paused(true)
                .build_local(Default::default())
                .unwrap();
            runtime.block_on(each_other());
        }
        Some("idle-run") => idle_run(),
        Some("other-thread") => other_thread(),
        Some("far-timer") => far_timer(),
        Some("order-of-timers") => order_of_timers(),
        Some("storm-of-panics") => mainspring::run(storm_of_panics()),
        Some("long-step") => long_step(),
        Some("slow-steps") => slow_steps(),
        Some("order-of-tasks") => mainspring::run(order_of_tasks()),
        other => panic!("there is no scenario {other:?}"),
    }
}

/// Two tasks that join each other: each has the other's waker, and nobody will ever call it.
async fn each_other() {
    let second: Rc<RefCell<Option<JoinHandle<()>>>> = Rc::default();
    let handle = second.clone();
    let first = spawn_named("first", async move {
        yield_now().await;
        let second = handle.take().unwrap();
        let _ = second.await;
    });
    let task = spawn_named("second", async move {
        let _ = first.await;
    });
    *second.borrow_mut() = Some(task);
    pending::<()>().await;
}

async fn queue() {
    let queue = Queue::<u32>::unbounded();
    let _ = spawn_named("consumer", async move {
        let _ = queue.get().await;
    })
    .await;
}

/// The clones are gone, and the sender that they were made of is kept.
async fn channel() {
    let (tx, mut rx) = mpsc::channel::<u32>(1);
    drop(tx.clone());
    rx.recv().await;
}

/// Nobody receives.
async fn full_channel() {
    let (tx, _rx) = mpsc::channel(1);
    tx.send(1).await.unwrap();
    let _ = tx.send(2).await;
}

/// An item was taken, and nobody said that it was worked off.
async fn join() {
    let queue = Queue::<u32>::unbounded();
    queue.put(1).await.unwrap();
    queue.get().await.unwrap();
    queue.join().await;
}

async fn semaphore() {
    let permits = Semaphore::new(1);
    let _held = permits.acquire().await;
    let _ = permits.acquire().await;
}

/// A reader that reads again behind a writer, who waits for it; and all of that under a lock that
/// another wants.
async fn lock() {
    let (prices, lock) = (Arc::new(RwLock::new(1)), Arc::new(Mutex::new(())));
    let _first = prices.read().await;
    let _held = lock.lock().await;
    let _writer = spawn_named("writer", prices.clone().write_owned());
    let _wants = spawn_named("wants", lock.clone().lock_owned());
    yield_now().await;
    let _second = prices.read().await;
}

/// A loop that is asked to run until nothing is left says who is.
fn idle_run() {
    let runtime = LocalRuntime::new().unwrap();
    runtime.spawn_local(each_other());
    let RunEnd::Stalled(tasks) = runtime.run_until_idle() else {
        panic!("it must be stalled");
    };
    for task in tasks {
        println!("{task}");
    }
}

/// Somebody who may wake the loop is there, and takes its time: until there is input.
fn other_thread() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let mut thread = None;
    let mut has_come = false;
    runtime.block_on(poll_fn(|cx| {
        if std::mem::replace(&mut has_come, thread.is_some()) {
            return Poll::Ready(());
        }
        let waker = cx.waker().clone();
        thread.get_or_insert_with(|| {
            std::thread::spawn(move || {
                let _ = stdin().read(&mut [0]);
                waker.wake();
            })
        });
        has_come = true;
        Poll::Pending
    }));
    println!("woken");
}

/// A loop whose only timer is thirty days away. Each line of input interrupts it, the end of
/// input stops it.
fn far_timer() {
    let runtime = LocalRuntime::new().unwrap();
    let handle = runtime.handle().clone();
    std::thread::spawn(move || {
        for _ in stdin().lines() {
            let _ = handle.call_soon_threadsafe(|| println!("heard"));
        }
        handle.stop();
    });
    runtime.spawn_local(async {
        println!("parks");
        sleep(Duration::from_secs(30 * 24 * 3600)).await;
    });
    assert!(matches!(runtime.run_forever(), RunEnd::Stopped));
}

/// On the running clock: never early, in order, each once.
fn order_of_timers() {
    LocalRuntime::new().unwrap().block_on(async {
        let start = Instant::now();
        let mut tasks = Vec::new();
        for millis in [7, 3, 0, 5, 3, 1] {
            let length = Duration::from_millis(millis);
            tasks.push(spawn_local(async move {
                // From the common start: how long the tasks take to begin changes nothing.
                sleep_until(start + length).await;
                assert!(start.elapsed() >= length);
                println!("{millis}");
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// A task whose panic is read, one whose is not, and a thousand callbacks that panic.
async fn storm_of_panics() {
    std::panic::set_hook(Box::new(|_| ()));
    let read = spawn_named("read", async { panic!("this is read") });
    assert!(read.await.unwrap_err().is_panic());
    drop(spawn_named("unread", async { panic!("this is not") }));
    yield_now().await;
    for _ in 0..1000 {
        call_soon(|| panic!("one of many"));
    }
    yield_now().await;
}

/// Holds the loop for a little longer than it may in debug mode.
fn long_step() {
    let mut builder = Builder::new_current_thread();
    match std::env::args().nth(2).as_deref() {
        Some("on") => builder.debug(true),
        Some("off") => builder.debug(false),
        _ => &mut builder,
    };
    let runtime = builder.build_local(Default::default()).unwrap();
    runtime.block_on(async {
        let long = async { std::thread::sleep(Duration::from_millis(101)) };
        spawn_named("long", long).await.unwrap();
    });
}

/// Ten thousand steps, each of them too long.
fn slow_steps() {
    let mut builder = Builder::new_current_thread();
    builder.debug(true).slow_step(Duration::ZERO);
    builder
        .build_local(Default::default())
        .unwrap()
        .block_on(async {
            for _ in 0..10_000 {
                yield_now().await;
            }
        });
}

/// Prints the order in which eight tasks run, and hangs.
async fn order_of_tasks() {
    let tasks: Vec<_> = (0..8)
        .map(|number| spawn_local(async move { print!("{number} ") }))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    println!();
    pending::<()>().await;
}
