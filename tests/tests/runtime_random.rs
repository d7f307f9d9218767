//! Random programs: tasks that spawn, wait, wake, abort, panic and drop each other on every kind
//! of runtime, which other threads use and end at any moment. What must hold: nothing hangs,
//! every task is dropped, and where a runtime has ended in good time every handle is answered.
//!
//! The seed of a program that fails is in the message; `SEED=n` begins with another one. Threads
//! interleave as they like, so a seed brings a program back, not every failure.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, Handle, LocalRuntime, Runtime};
use mainspring::task::{AbortHandle, JoinHandle, spawn, spawn_blocking, yield_now};
use mainspring::time::{Sleep, interval, sleep, timeout};
use mainspring_tests::in_time::in_time;

/// Programs in a run of the test.
const PROGRAMS: u64 = 400;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What everybody in a program shares.
#[derive(Clone)]
struct World {
    runtime: Handle,
    /// Whoever goes here is woken by another thread. It lives until the last task is gone.
    waker: Sender<Waker>,
    left: Arc<Left>,
}

/// What tasks leave for each other.
#[derive(Default)]
struct Left {
    tasks: Mutex<Vec<JoinHandle<()>>>,
    aborts: Mutex<Vec<AbortHandle>>,
    sleeps: Mutex<Vec<Pin<Box<Sleep>>>>,
}

fn take<T>(left: &Mutex<Vec<T>>) -> Option<T> {
    left.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn leave<T>(left: &Mutex<Vec<T>>, it: T) {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    left.push(it);
}

/// xorshift64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn micros(&mut self, limit: u64) -> Duration {
        Duration::from_micros(self.below(limit))
    }
}

/// A destructor that does what destructors should not.
struct Rude(World, u64);

impl Drop for Rude {
    fn drop(&mut self) {
        let world = self.0.clone();
        match self.1 {
            0 => drop(world.runtime.clone().spawn(async move { drop(world) })),
            1 if Handle::try_current().is_ok() => drop(spawn(async move { drop(world) })),
            2 => drop(world.runtime.call_soon_threadsafe(|| ())),
            _ if !thread::panicking() => panic!("on purpose"),
            _ => {}
        }
    }
}

fn task(seed: u64, depth: u32, world: World) -> Task {
    Box::pin(async move {
        let mut dice = Dice(seed | 1);
        let mut rude = Vec::new();
        for _ in 0..dice.below(8) {
            step(&mut dice, depth, &world, &mut rude).await;
        }
    })
}

async fn step(dice: &mut Dice, depth: u32, world: &World, rude: &mut Vec<Rude>) {
    let left = &world.left;
    let child = |dice: &mut Dice| task(dice.next(), depth - 1, world.clone());
    match dice.below(15) {
        0 | 1 => yield_now().await,
        2 => sleep(dice.micros(1500)).await,
        3 => woken_from_another_thread(world).await,
        4 if depth > 0 => leave(&left.tasks, world.runtime.spawn(child(dice))),
        5 if depth > 0 => drop(world.runtime.spawn(child(dice)).await),
        6 if depth > 0 => {
            let child = spawn(child(dice));
            leave(&left.aborts, child.abort_handle());
            drop(child.await);
        }
        7 => {
            if let Some(task) = take(&left.tasks) {
                drop(task.await);
            }
        }
        8 => {
            if let Some(task) = take(&left.tasks) {
                task.abort();
            }
        }
        9 => {
            if let Some(task) = take(&left.aborts) {
                task.abort();
            }
        }
        10 if dice.below(10) == 0 => panic!("on purpose"),
        11 => rude.push(Rude(world.clone(), dice.below(4))),
        12 => {
            // Begun here, and awaited by whoever finds it.
            let mut begun = Box::pin(sleep(dice.micros(3000)));
            poll_fn(|cx| Poll::Ready(begun.as_mut().poll(cx).is_ready())).await;
            leave(&left.sleeps, begun);
        }
        13 => {
            let asleep = take(&left.sleeps);
            if let Some(asleep) = asleep {
                asleep.await;
            }
            let mut ticks = interval(Duration::from_micros(300));
            ticks.tick().await;
            ticks.tick().await;
        }
        _ => drop(timeout(dice.micros(2000), spawn_blocking(thread::yield_now)).await),
    }
}

async fn woken_from_another_thread(world: &World) {
    let mut is_sent = false;
    poll_fn(|cx| {
        if is_sent || world.waker.send(cx.waker().clone()).is_err() {
            return Poll::Ready(());
        }
        is_sent = true;
        Poll::Pending
    })
    .await;
}

/// Blocks on a task for a while, on whichever thread this is.
fn block_on(world: &World, task: Task) {
    let limited = async { timeout(Duration::from_millis(20), task).await };
    // It may have panicked on purpose.
    drop(catch_unwind(AssertUnwindSafe(|| {
        world.runtime.block_on(limited)
    })));
}

/// What a thread beside the first does.
fn beside(seed: u64, world: &World) {
    let mut dice = Dice(seed | 1);
    for _ in 0..dice.below(6) {
        let task = task(dice.next(), 2, world.clone());
        match dice.below(4) {
            0 => leave(&world.left.tasks, world.runtime.spawn(task)),
            1 => block_on(world, task),
            2 => drop(take(&world.left.tasks)),
            _ => drop(world.runtime.call_soon_threadsafe(move || drop(task))),
        }
    }
}

/// Drops the runtime, somewhere.
fn end(runtime: Runtime, way: u64) {
    let handle = runtime.handle().clone();
    match way {
        0 => drop(runtime),
        1 => thread::spawn(|| drop(runtime)).join().unwrap(),
        2 => handle.block_on(async {
            yield_now().await;
            drop(runtime);
        }),
        _ => {
            let (said, heard) = channel();
            drop(handle.spawn(async move {
                drop(runtime);
                said.send(()).unwrap();
            }));
            heard.recv().unwrap();
        }
    }
}

fn program(seed: u64) {
    let mut dice = Dice(seed | 1);
    let has_driver = dice.below(3) == 0;
    let mut builder = match has_driver {
        true => Builder::new_multi_thread(),
        false => Builder::new_current_thread(),
    };
    builder.shutdown_timeout(Duration::from_secs(3600));
    let runtime = builder.max_blocking_threads(4).build().unwrap();

    let (waker, wakers) = channel::<Waker>();
    let wakes = thread::spawn(move || wakers.into_iter().for_each(Waker::wake));
    let world = World {
        runtime: runtime.handle().clone(),
        waker,
        left: Arc::default(),
    };
    let threads: Vec<_> = (0..dice.below(3))
        .map(|_| {
            let (seed, world) = (dice.next(), world.clone());
            thread::spawn(move || beside(seed, &world))
        })
        .collect();
    for _ in 0..dice.below(6) {
        let task = task(dice.next(), 3, world.clone());
        leave(&world.left.tasks, world.runtime.spawn(task));
    }
    if dice.below(4) > 0 {
        block_on(&world, task(dice.next(), 3, world.clone()));
    }
    // Without a driver, a task that would drop the runtime may never run.
    end(runtime, dice.below(if has_driver { 4 } else { 3 }));
    for thread in threads {
        thread.join().unwrap();
    }

    // This also drops the tasks of a loop that this thread has left behind.
    let other = LocalRuntime::new().unwrap();
    while let Some(task) = take(&world.left.tasks) {
        if has_driver || task.is_finished() {
            drop(other.block_on(task));
        }
    }
    while let Some(asleep) = take(&world.left.sleeps) {
        other.block_on(asleep);
    }
    // The channel ends when the last task is gone.
    drop(world);
    wakes.join().unwrap();
}

#[test]
fn random_programs_end() {
    std::panic::set_hook(Box::new(|panic| {
        let panic = panic.to_string();
        if !panic.contains("on purpose") {
            eprintln!("{panic}");
        }
    }));
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let first: u64 = seed.unwrap_or(1);
    for number in 0..PROGRAMS {
        let seed = (first + number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let ended = catch_unwind(|| in_time(move || program(seed)));
        assert!(ended.is_ok(), "program {}", first + number);
    }
}
