// The workloads, in the words both runtimes share: this file is included once for each, which
// it knows as `rt`, so that the two sides cannot differ. Each does `n` operations and returns
// their number.

use std::cell::Cell;
use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn runtime() -> rt::runtime::Runtime {
    let mut builder = rt::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// Spawn tasks that end at once and await them, ten thousand at a time, on one runtime.
pub(crate) fn spawn_join(n: usize) -> usize {
    spawn_join_by(10_000, n)
}

/// The same, a thousand at a time.
pub(crate) fn spawn_join_1k(n: usize) -> usize {
    spawn_join_by(1_000, n)
}

fn spawn_join_by(batch: usize, n: usize) -> usize {
    runtime().block_on(async {
        // One list for all rounds: what is measured is the tasks.
        let mut tasks = Vec::with_capacity(batch);
        for _ in 0..n / batch {
            tasks.extend((0..batch).map(|i| rt::spawn(async move { i })));
            for (i, task) in tasks.drain(..).enumerate() {
                assert_eq!(task.await.expect("a value"), i);
            }
        }
    });
    n
}

/// Ask for calls on the next turn, ten thousand at a time: beside a spawned task that never waits.
pub(crate) fn call_soon(n: usize) -> usize {
    const BATCH: usize = 10_000;
    thread_local! {
        static CALLED: Cell<usize> = const { Cell::new(0) };
    }
    runtime().block_on(async {
        for _ in 0..n / BATCH {
            CALLED.set(0);
            (0..BATCH).for_each(|_| call(|| CALLED.set(CALLED.get() + 1)));
            while CALLED.get() < BATCH {
                rt::task::yield_now().await;
            }
        }
    });
    n
}

/// Spawn a thousand tasks into a set and join them in the order of ending, again and again.
pub(crate) fn join_set_1k(n: usize) -> usize {
    const BATCH: usize = 1_000;
    runtime().block_on(async {
        let mut set = rt::task::JoinSet::new();
        for _ in 0..n / BATCH {
            for i in 0..BATCH {
                set.spawn(async move { i });
            }
            while let Some(outcome) = set.join_next().await {
                assert!(outcome.expect("a value") < BATCH);
            }
        }
    });
    n
}

/// Give way, a thousand tasks in turn.
pub(crate) fn yield_now(n: usize) -> usize {
    const TASKS: usize = 1000;
    runtime().block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                rt::spawn(async move {
                    for _ in 0..n / TASKS {
                        rt::task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    n
}

/// A timeout that never fires, around a future that is ready at its second poll, in one task.
pub(crate) fn timeout_1(n: usize) -> usize {
    runtime().block_on(async {
        rt::spawn(async move {
            for _ in 0..n {
                timeout_once().await;
            }
        })
        .await
        .expect("no panic");
    });
    n
}

/// The same in a thousand tasks, one timer each at a time.
pub(crate) fn timeout_1k(n: usize) -> usize {
    const TASKS: usize = 1000;
    runtime().block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                rt::spawn(async move {
                    for _ in 0..n / TASKS {
                        timeout_once().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    n
}

async fn timeout_once() {
    rt::time::timeout(Duration::from_secs(30), rt::task::yield_now())
        .await
        .expect("it is ready");
}

/// Sleeps of 1 to 50 ms, ten thousand at once.
pub(crate) fn timers_fire(n: usize) -> usize {
    const AT_ONCE: usize = 10_000;
    runtime().block_on(async {
        let mut tasks = Vec::with_capacity(AT_ONCE);
        for _ in 0..n / AT_ONCE {
            tasks.extend((0..AT_ONCE).map(|i| {
                // A fixed shuffle of the microseconds.
                let micros = 1_000 + (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 49_000;
                rt::spawn(rt::time::sleep(Duration::from_micros(micros)))
            }));
            for task in tasks.drain(..) {
                task.await.expect("no panic");
            }
        }
    });
    n
}

/// A wake from another thread and back: the loop is parked each time.
pub(crate) fn remote_wake(n: usize) -> usize {
    let line = Arc::new(Line::default());
    let other = line.clone();
    let thread = std::thread::spawn(move || {
        for _ in 0..n {
            other.answer();
        }
    });
    runtime().block_on(async {
        for _ in 0..n {
            line.ask().await;
        }
    });
    thread.join().expect("no panic");
    n
}

/// A question that another thread answers.
#[derive(Default)]
struct Line {
    state: Mutex<(Option<Waker>, bool)>,
    asked: Condvar,
}

impl Line {
    fn ask(&self) -> impl Future<Output = ()> + '_ {
        let mut is_asked = false;
        poll_fn(move |cx: &mut Context<'_>| {
            let mut state = self.state.lock().expect("no panic");
            if is_asked && std::mem::take(&mut state.1) {
                return Poll::Ready(());
            }
            is_asked = true;
            state.0 = Some(cx.waker().clone());
            self.asked.notify_one();
            Poll::Pending
        })
    }

    fn answer(&self) {
        let mut state = self.state.lock().expect("no panic");
        let waker = loop {
            match state.0.take() {
                Some(waker) => break waker,
                None => state = self.asked.wait(state).expect("no panic"),
            }
        };
        state.1 = true;
        drop(state);
        waker.wake();
    }
}

/// A call on the pool that does nothing, one at a time.
pub(crate) fn blocking_1(n: usize) -> usize {
    runtime().block_on(async {
        for i in 0..n {
            let answer = rt::task::spawn_blocking(move || i).await;
            assert_eq!(answer.expect("no panic"), i);
        }
    });
    n
}

/// The same, sixty-four at a time.
pub(crate) fn blocking_64(n: usize) -> usize {
    const AT_ONCE: usize = 64;
    runtime().block_on(async {
        let mut jobs = Vec::with_capacity(AT_ONCE);
        for _ in 0..n / AT_ONCE {
            jobs.extend((0..AT_ONCE).map(|i| rt::task::spawn_blocking(move || i)));
            for (i, job) in jobs.drain(..).enumerate() {
                assert_eq!(job.await.expect("no panic"), i);
            }
        }
    });
    n
}

/// A future that is awaited in place, to show what a poll without a task costs.
pub(crate) fn block_on_ready(n: usize) -> usize {
    let runtime = runtime();
    for _ in 0..n {
        let ready = pin!(async {});
        runtime.block_on(ready);
    }
    n
}

/// Messages from one task to another, through a channel with room for a hundred.
pub(crate) fn mpsc_1p(n: usize) -> usize {
    mpsc_from(1, n)
}

/// The same from eight tasks.
pub(crate) fn mpsc_8p(n: usize) -> usize {
    mpsc_from(8, n)
}

fn mpsc_from(producers: usize, n: usize) -> usize {
    let each = n / producers;
    runtime().block_on(async {
        let (tx, mut rx) = rt::sync::mpsc::channel(100);
        for _ in 0..producers {
            let tx = tx.clone();
            rt::spawn(async move {
                for i in 0..each {
                    tx.send(i).await.expect("a receiver");
                }
            });
        }
        drop(tx);
        let mut count = 0;
        while rx.recv().await.is_some() {
            count += 1;
        }
        assert_eq!(count, each * producers);
    });
    n
}

/// Messages from one task to another through a channel without a limit, a hundred at a time.
pub(crate) fn mpsc_unbounded(n: usize) -> usize {
    runtime().block_on(async {
        let (tx, mut rx) = rt::sync::mpsc::unbounded_channel();
        rt::spawn(async move {
            for i in 0..n {
                tx.send(i).expect("a receiver");
                if i % 100 == 99 {
                    rt::task::yield_now().await;
                }
            }
        });
        while rx.recv().await.is_some() {}
    });
    n
}

/// A message to another task and one back, one at a time.
pub(crate) fn ping_pong(n: usize) -> usize {
    runtime().block_on(async {
        let (ping, mut pings) = rt::sync::mpsc::channel(1);
        let (pong, mut pongs) = rt::sync::mpsc::channel(1);
        rt::spawn(async move {
            while let Some(i) = pings.recv().await {
                pong.send(i).await.expect("a receiver");
            }
        });
        rt::spawn(async move {
            for i in 0..n {
                ping.send(i).await.expect("a receiver");
                assert_eq!(pongs.recv().await, Some(i));
            }
        })
        .await
        .expect("no panic");
    });
    n
}

/// A question to another task, with a oneshot for the answer, one at a time.
pub(crate) fn ping_pong_oneshot(n: usize) -> usize {
    runtime().block_on(async {
        let (ask, mut questions) = rt::sync::mpsc::channel(1);
        rt::spawn(async move {
            while let Some((i, answer)) = questions.recv().await {
                let answer: rt::sync::oneshot::Sender<usize> = answer;
                answer.send(i).expect("a receiver");
            }
        });
        rt::spawn(async move {
            for i in 0..n {
                let (answer, answered) = rt::sync::oneshot::channel();
                ask.send((i, answer)).await.expect("a receiver");
                assert_eq!(answered.await, Ok(i));
            }
        })
        .await
        .expect("no panic");
    });
    n
}

/// A oneshot whose message is there before its receiver looks.
pub(crate) fn oneshot_ready(n: usize) -> usize {
    runtime().block_on(async {
        for i in 0..n {
            let (tx, rx) = rt::sync::oneshot::channel();
            tx.send(i).expect("a receiver");
            assert_eq!(rx.await, Ok(i));
        }
    });
    n
}

/// Take and give back a permit that nobody else wants, in one task.
pub(crate) fn semaphore_free(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let permits = rt::sync::Semaphore::new(1);
            for _ in 0..n {
                drop(permits.acquire().await.expect("an open semaphore"));
            }
            permits.available_permits()
        });
        assert_eq!(task.await.expect("no panic"), 1);
    });
    n
}

/// A hundred tasks take turns with ten permits, and each gives way while it has one.
pub(crate) fn semaphore_contended(n: usize) -> usize {
    const TASKS: usize = 100;
    runtime().block_on(async {
        let permits = Arc::new(rt::sync::Semaphore::new(10));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let permits = permits.clone();
                rt::spawn(async move {
                    for _ in 0..n / TASKS {
                        let _permit = permits.acquire().await.expect("an open semaphore");
                        rt::task::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(permits.available_permits(), 10);
    });
    n
}

/// Lock and unlock a mutex that nobody else wants, in one task.
pub(crate) fn mutex_free(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let count = rt::sync::Mutex::new(0);
            for _ in 0..n {
                *count.lock().await += 1;
            }
            count.into_inner()
        });
        assert_eq!(task.await.expect("no panic"), n);
    });
    n
}

/// A hundred tasks take turns with one mutex, and each gives way while it has it.
pub(crate) fn mutex_contended(n: usize) -> usize {
    const TASKS: usize = 100;
    runtime().block_on(async {
        let count = Arc::new(rt::sync::Mutex::new(0));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let count = count.clone();
                rt::spawn(async move {
                    for _ in 0..n / TASKS {
                        let mut count = count.lock().await;
                        rt::task::yield_now().await;
                        *count += 1;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        assert_eq!(*count.lock().await, n);
    });
    n
}

/// Lock a reader-writer lock that nobody else wants, to read and in turn to write, in one task.
pub(crate) fn rwlock_free(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let count = rt::sync::RwLock::new(0);
            for i in 0..n / 2 {
                assert_eq!(*count.read().await, i);
                *count.write().await += 1;
            }
            count.into_inner()
        });
        assert_eq!(task.await.expect("no panic"), n / 2);
    });
    n
}

/// Pass a baton around: a hundred tasks wait on one `Notify`, and who has it calls the next.
pub(crate) fn notify_baton(n: usize) -> usize {
    const TASKS: usize = 100;
    runtime().block_on(async {
        let baton = Arc::new(rt::sync::Notify::new());
        let runners: Vec<_> = (0..TASKS)
            .map(|_| {
                let baton = baton.clone();
                rt::spawn(async move {
                    for _ in 0..n / TASKS {
                        baton.notified().await;
                        baton.notify_one();
                    }
                })
            })
            .collect();
        // All stand in line before it starts.
        rt::task::yield_now().await;
        baton.notify_one();
        for runner in runners {
            runner.await.expect("no panic");
        }
    });
    n
}

/// Two tasks that call each other, with a `Notify` each.
pub(crate) fn notify_pair(n: usize) -> usize {
    runtime().block_on(async {
        let (ping, pong) = (Arc::new(rt::sync::Notify::new()), Arc::new(rt::sync::Notify::new()));
        let (heard, answer) = (ping.clone(), pong.clone());
        let other = rt::spawn(async move {
            for _ in 0..n / 2 {
                heard.notified().await;
                answer.notify_one();
            }
        });
        let one = rt::spawn(async move {
            for _ in 0..n / 2 {
                ping.notify_one();
                pong.notified().await;
            }
        });
        one.await.expect("no panic");
        other.await.expect("no panic");
    });
    n
}

/// A call that is there already: no task waits.
pub(crate) fn notify_kept(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let notify = rt::sync::Notify::new();
            for _ in 0..n {
                notify.notify_one();
                notify.notified().await;
            }
        });
        task.await.expect("no panic");
    });
    n
}

/// Ten tasks meet at a barrier, round after round; counted are arrivals.
pub(crate) fn barrier_10(n: usize) -> usize {
    const TASKS: usize = 10;
    runtime().block_on(async {
        let barrier = Arc::new(rt::sync::Barrier::new(TASKS));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let barrier = barrier.clone();
                rt::spawn(async move {
                    for _ in 0..n / TASKS {
                        barrier.wait().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
    n
}

/// A cell that is full already is asked again and again.
pub(crate) fn once_full(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let cell = rt::sync::OnceCell::new();
            let mut sum = 0;
            for _ in 0..n {
                sum += *cell.get_or_init(|| async { 1 }).await;
            }
            sum
        });
        assert_eq!(task.await.expect("no panic"), n);
    });
    n
}

/// One value changes, and ten tasks see each change; counted is what was seen.
pub(crate) fn watch_10(n: usize) -> usize {
    const WATCHERS: usize = 10;
    runtime().block_on(async {
        let (sender, receiver) = rt::sync::watch::channel(0);
        let watchers: Vec<_> = (0..WATCHERS)
            .map(|_| {
                let mut receiver = receiver.clone();
                rt::spawn(async move {
                    let mut seen = 0;
                    while receiver.changed().await.is_ok() {
                        seen += 1;
                        assert!(*receiver.borrow_and_update() >= seen);
                    }
                    seen
                })
            })
            .collect();
        drop(receiver);
        for change in 1..=n / WATCHERS {
            sender.send(change).expect("somebody watches");
            rt::task::yield_now().await;
        }
        drop(sender);
        for watcher in watchers {
            assert!(watcher.await.expect("no panic") > 0);
        }
    });
    n
}

/// Values to one receiver, a hundred at a time.
pub(crate) fn broadcast_1(n: usize) -> usize {
    broadcast_to(1, n)
}

/// Values to ten receivers, a hundred at a time; counted is what was received.
pub(crate) fn broadcast_10(n: usize) -> usize {
    broadcast_to(10, n)
}

fn broadcast_to(receivers: usize, n: usize) -> usize {
    const AT_ONCE: usize = 100;
    runtime().block_on(async {
        let sender = rt::sync::broadcast::Sender::new(2 * AT_ONCE);
        let receivers: Vec<_> = (0..receivers)
            .map(|_| {
                let mut receiver = sender.subscribe();
                rt::spawn(async move {
                    let mut received = 0;
                    while let Ok(number) = receiver.recv().await {
                        assert_eq!(number, received);
                        received += 1;
                    }
                    received
                })
            })
            .collect();
        let sent = n / receivers.len();
        for number in 0..sent {
            sender.send(number).expect("somebody listens");
            if number % AT_ONCE == 0 {
                rt::task::yield_now().await;
            }
        }
        drop(sender);
        for receiver in receivers {
            assert_eq!(receiver.await.expect("no panic"), sent);
        }
    });
    n
}

/// A file of 4 KiB, in the machine's memory as a rule, that is gone with the run.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Self {
        let name = format!("mainspring-bench-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, [0; 4096]).expect("a file");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Read a file of 4 KiB by a single call, again and again.
pub(crate) fn file_whole(n: usize) -> usize {
    let file = Scratch::new();
    runtime().block_on(async {
        for _ in 0..n {
            assert_eq!(rt::fs::read(&file.0).await.expect("a file").len(), 4096);
        }
    });
    n
}

/// Write a file in pieces of 4 KiB, each of which waits for the one before.
pub(crate) fn file_writes(n: usize) -> usize {
    use rt::io::AsyncWriteExt;
    let path = Scratch::new();
    runtime().block_on(async {
        let mut file = rt::fs::File::create(&path.0).await.expect("a file");
        for _ in 0..n {
            file.write_all(&[1; 4096]).await.expect("room");
        }
        file.flush().await.expect("room");
    });
    n
}

/// Read an endless file in pieces of 4 KiB.
pub(crate) fn file_reads(n: usize) -> usize {
    use rt::io::AsyncReadExt;
    runtime().block_on(async {
        let mut file = rt::fs::File::open("/dev/zero").await.expect("a file");
        let mut piece = [1; 4096];
        for _ in 0..n {
            assert_eq!(file.read(&mut piece).await.expect("zeros"), 4096);
        }
    });
    n
}

/// `select!` of three, all ready.
pub(crate) fn select_ready(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let mut won = [0; 3];
            for _ in 0..n {
                rt::select! {
                    () = ready(()) => won[0] += 1,
                    () = ready(()) => won[1] += 1,
                    () = ready(()) => won[2] += 1,
                }
            }
            won.iter().sum::<usize>()
        });
        assert_eq!(task.await.expect("no panic"), n);
    });
    n
}

/// `select!` of three, one of which is ready in its second poll.
pub(crate) fn select_waits(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            let never = rt::sync::Notify::new();
            for _ in 0..n {
                rt::select! {
                    () = never.notified() => return 0,
                    () = pending() => return 1,
                    () = again() => {}
                }
            }
            n
        });
        assert_eq!(task.await.expect("no panic"), n);
    });
    n
}

/// `join!` of three, each of which is ready in its second poll.
pub(crate) fn join_waits(n: usize) -> usize {
    runtime().block_on(async {
        let task = rt::spawn(async move {
            for _ in 0..n {
                rt::join!(again(), again(), again());
            }
        });
        task.await.expect("no panic");
    });
    n
}

/// Ready in its second poll, with a wake of its own and no runtime's help.
async fn again() {
    let mut is_second = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_second, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
