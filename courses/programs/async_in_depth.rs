//! Async in depth: a future by hand, and the smallest executor that is worth its name.
//!
//! A future is polled. It either has its value, or it has seen to it that the waker is called when
//! it should be polled again. That is the whole contract, so a future that knows of no runtime runs
//! on every one.

use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use tokio::sync::Notify;

fn main() {
    println!("-- our own executor");
    let mut executor = Executor::new();
    executor.spawn(count("a", 3));
    executor.spawn(count("b", 2));
    executor.run();
    executor.spawn(async { println!("the thread says {}", FromThread::begin().await) });
    executor.run();

    println!("-- tokio's");
    use_tokio();
}

#[tokio::main(flavor = "current_thread")]
async fn use_tokio() {
    // One task, two futures, which are polled in turn. Each round begins with another one of them.
    tokio::join!(count("a", 3), count("b", 2));
    println!("the thread says {}", FromThread::begin().await);

    // `Notify` keeps a waker for you. Whoever waits sees a notification that came before.
    let notify = Notify::new();
    notify.notify_one();
    notify.notified().await;
    println!("notified");
}

async fn count(name: &str, from: u32) {
    for number in (1..=from).rev() {
        println!("{name}: {number}");
        GiveWay {
            has_given_way: false,
        }
        .await;
    }
}

/// Pending once, and then ready.
struct GiveWay {
    has_given_way: bool,
}

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_given_way {
            return Poll::Ready(());
        }
        self.has_given_way = true;
        // Without this line nobody would ever poll again.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// A value that another thread comes up with.
struct FromThread(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    value: Option<u32>,
    waker: Option<Waker>,
}

impl FromThread {
    fn begin() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        thread::spawn({
            let state = Arc::clone(&state);
            move || {
                let mut state = state.lock().unwrap();
                state.value = Some(42);
                if let Some(waker) = state.waker.take() {
                    waker.wake();
                }
            }
        });
        FromThread(state)
    }
}

impl Future for FromThread {
    type Output = u32;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        // Look and leave the waker under one lock: else the value could come in between.
        let mut state = self.0.lock().unwrap();
        if let Some(value) = state.value.take() {
            return Poll::Ready(value);
        }
        // Always the latest: the future may have moved to another task since.
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Polls whatever has been woken, and sleeps while nothing has.
struct Executor {
    queue: Sender<Arc<Task>>,
    woken: Receiver<Arc<Task>>,
    unfinished: usize,
}

struct Task {
    // `None` when it has finished. The lock is there because wakers may go to other threads.
    body: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    queue: Sender<Arc<Task>>,
}

/// Waking means: into the queue with it.
impl Wake for Task {
    fn wake(self: Arc<Self>) {
        // Fails when the executor is gone, and then nothing is to be done.
        let _ = self.queue.send(Arc::clone(&self));
    }
}

impl Executor {
    fn new() -> Self {
        let (queue, woken) = channel();
        Executor {
            queue,
            woken,
            unfinished: 0,
        }
    }

    fn spawn(&mut self, body: impl Future<Output = ()> + Send + 'static) {
        let task = Arc::new(Task {
            body: Mutex::new(Some(Box::pin(body))),
            queue: self.queue.clone(),
        });
        // The first poll needs no waker: it is in the queue from the beginning.
        task.wake();
        self.unfinished += 1;
    }

    /// Until all tasks have finished.
    fn run(&mut self) {
        while self.unfinished > 0 {
            let task = self.woken.recv().expect("we hold a sender ourselves");
            let mut slot = task.body.lock().unwrap();
            let Some(body) = slot.as_mut() else {
                continue; // woken once more after its end
            };
            let waker = Waker::from(Arc::clone(&task));
            if body
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_ready()
            {
                *slot = None;
                self.unfinished -= 1;
            }
        }
    }
}
