//! Runtimes that are dropped where it is awkward: on another thread, in their own tasks, inside
//! another loop, in a thread-local, in a panic.
//!
//! Limits of a shutdown are hours here and the watchdog's is half a minute: a test that ends has
//! not waited for what will not come.

#![expect(
    clippy::async_yields_async,
    reason = "handles of tasks are carried out of their runtime"
)]

use std::cell::RefCell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use mainspring::io::ReadBuf;
use mainspring::net::UdpSocket;
use mainspring::runtime::{Handle, LocalRuntime, Runtime};
use mainspring::task::yield_now;
use mainspring::time::sleep;
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::patient::{HOUR, Log, patient, with_driver};
use mainspring_tests::watchdog::watch;

#[test]
fn a_foreign_drop_ends_the_tasks_on_the_drivers_thread() {
    let _watchdog = watch();
    let runtime = with_driver();
    let (tell, told) = channel();
    for _ in 0..3 {
        let tell = tell.clone();
        runtime.spawn(async move {
            let began = thread::current().id();
            let _guard = on_drop(move || tell.send(Some((began, thread::current().id()))).unwrap());
            // Timers that are far away do not keep the driver from hearing of the end.
            sleep(HOUR).await;
        });
    }
    runtime.spawn(async move { tell.send(None) });
    assert_eq!(told.recv().unwrap(), None);
    drop(runtime);
    let seen: Vec<_> = told.try_iter().flatten().collect();
    assert_eq!(seen.len(), 3, "all are gone when `drop` returns");
    for (began, ended) in seen {
        assert_eq!(began, ended);
        assert_ne!(ended, thread::current().id());
    }
}

#[test]
fn a_runtime_whose_home_thread_has_ended_ends_anywhere() {
    let _watchdog = watch();
    let runtime = Arc::new(patient().build().unwrap());
    let there = runtime.clone();
    let forever =
        thread::spawn(move || there.block_on(async { mainspring::spawn(pending::<()>()) }))
            .join()
            .unwrap();
    assert!(forever.cancelled(), "its loop has gone with its thread");
    let next = runtime.spawn(async { 1 });
    assert!(!next.is_finished(), "it waits for the next home");
    assert_eq!(runtime.block_on(next).unwrap(), 1);
    drop(runtime);
}

#[test]
fn a_runtime_is_not_waited_for_while_its_home_thread_does_something_else() {
    let _watchdog = watch();
    let runtime = Arc::new(patient().build().unwrap());
    let there = runtime.clone();
    let (go_on, may_go_on) = channel::<()>();
    let (tell, told) = channel();
    let home = thread::spawn(move || {
        let forever = there.block_on(async { mainspring::spawn(sleep(HOUR)) });
        drop(there);
        tell.send(forever).unwrap();
        may_go_on.recv().unwrap();
    });
    let forever = told.recv().unwrap();
    drop(runtime);
    go_on.send(()).unwrap();
    home.join().unwrap();
    assert!(forever.cancelled());
}

#[test]
fn a_thread_that_stays_gives_up_loops_of_runtimes_that_have_ended() {
    let _watchdog = watch();
    let (give, given) = channel::<Handle>();
    let (tell, told) = channel();
    let stays = thread::spawn(move || {
        for handle in given {
            tell.send(handle.block_on(async { mainspring::spawn(pending::<()>()) }))
                .unwrap();
        }
    });
    let first = patient().build().unwrap();
    give.send(first.handle().clone()).unwrap();
    let forever = told.recv().unwrap();
    drop(first);
    let second = patient().build().unwrap();
    give.send(second.handle().clone()).unwrap();
    told.recv().unwrap();
    assert!(forever.cancelled());
    drop(give);
    stays.join().unwrap();
}

#[test]
fn a_task_may_drop_its_runtime_and_goes_on_to_its_next_wait() {
    let _watchdog = watch();
    let runtime = patient().build().unwrap();
    let handle = runtime.handle().clone();
    let other = handle.block_on(async move {
        let other = mainspring::spawn(pending::<()>());
        yield_now().await;
        drop(runtime);
        yield_now().await;
        other
    });
    assert!(other.cancelled());
    assert!(handle.spawn(async {}).cancelled());
}

#[test]
fn a_task_may_drop_a_runtime_that_has_a_driver() {
    let _watchdog = watch();
    let runtime = Arc::new(with_driver());
    let own = runtime.clone();
    let (go_on, may_go_on) = channel::<()>();
    let last = runtime.spawn(async move {
        may_go_on.recv().unwrap();
        sleep(Duration::from_millis(1)).await;
        drop(own);
        sleep(HOUR).await;
    });
    drop(runtime);
    go_on.send(()).unwrap();
    let outcome = LocalRuntime::new().unwrap().block_on(last);
    assert!(outcome.unwrap_err().is_cancelled());
}

#[test]
fn a_call_may_drop_its_runtime() {
    let _watchdog = watch();
    let runtime = patient().build().unwrap();
    let handle = runtime.handle().clone();
    handle.call_soon_threadsafe(move || drop(runtime)).unwrap();
    let other = handle.block_on(async {
        let other = mainspring::spawn(pending::<()>());
        yield_now().await;
        other
    });
    assert!(other.cancelled());
}

#[test]
fn a_runtime_may_end_inside_a_task_of_another() {
    let _watchdog = watch();
    let outer = LocalRuntime::new().unwrap();
    let inner = patient().build_local(Default::default()).unwrap();
    let task = inner.spawn_local(pending::<()>());
    outer.block_on(async {
        drop(inner);
        assert!(task.await.unwrap_err().is_cancelled());
        mainspring::spawn(async {}).await.unwrap();
    });
}

#[test]
fn a_runtime_ends_while_its_thread_panics() {
    let log = Log::default();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let runtime = patient().build_local(Default::default()).unwrap();
        for number in 0..3 {
            let log = log.clone();
            let guard = on_drop(move || {
                log.add(number.to_string());
                panic!("in a destructor, on purpose");
            });
            runtime.spawn_local(async move {
                let _guard = guard;
                pending::<()>().await
            });
        }
        runtime.block_on(async { panic!("on purpose") })
    }));
    assert!(caught.is_err());
    assert_eq!(log.take(), ["0", "1", "2"]);
}

thread_local! {
    static KEPT: RefCell<Option<LocalRuntime>> = const { RefCell::new(None) };
    static MADE: LocalRuntime = patient().build_local(Default::default()).unwrap();
}

#[test]
fn tokio_5162_a_runtime_in_a_thread_local_ends_with_its_thread() {
    let _watchdog = watch();
    let in_destructor = Log::default();
    let log = in_destructor.clone();
    let forever = move || {
        let guard = on_drop(move || log.add("dropped"));
        async move {
            let _guard = guard;
            sleep(HOUR).await
        }
    };
    // The thread's own list of loops goes first in one case, the user's runtime in the other.
    let set = forever.clone();
    let kept = thread::spawn(move || {
        KEPT.with(|kept| {
            let mut kept = kept.borrow_mut();
            let runtime = kept.insert(patient().build_local(Default::default()).unwrap());
            let task = runtime.spawn_local(set());
            runtime.block_on(yield_now());
            task
        })
    });
    let kept = kept.join().unwrap();
    let made = thread::spawn(move || {
        MADE.with(|runtime| {
            let task = runtime.spawn_local(forever());
            runtime.block_on(yield_now());
            task
        })
    });
    let made = made.join().unwrap();
    assert!(kept.cancelled() && made.cancelled());
    assert_eq!(in_destructor.take(), ["dropped", "dropped"]);
}

#[test]
fn a_runtime_that_is_leaked_ends_its_tasks_with_its_thread() {
    let _watchdog = watch();
    let task = thread::spawn(|| {
        let runtime = Runtime::new().unwrap();
        let local = runtime.block_on(async { mainspring::task::spawn_local(sleep(HOUR)) });
        std::mem::forget(runtime);
        local
    });
    assert!(task.join().unwrap().cancelled());
}

#[test]
fn a_task_beside_a_driver_may_drop_its_runtime() {
    let _watchdog = watch();
    let runtime = with_driver();
    let handle = runtime.handle().clone();
    let driven = runtime.spawn(pending::<()>());
    // On this thread's own loop, not on the driver's.
    handle.block_on(async move {
        yield_now().await;
        drop(runtime);
    });
    let outcome = LocalRuntime::new().unwrap().block_on(driven);
    assert!(outcome.unwrap_err().is_cancelled());
    assert!(handle.spawn(async {}).cancelled());
}

/// A waker of somebody else's that panics when it is called.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("on purpose");
    }
}

/// One that tells.
struct Tells(Sender<()>);

impl Wake for Tells {
    fn wake(self: Arc<Self>) {
        self.0.send(()).unwrap();
    }
}

#[test]
fn who_waits_for_a_socket_hears_of_the_end_although_another_waker_panics() {
    let runtime = LocalRuntime::new().unwrap();
    let bind = || runtime.block_on(UdpSocket::bind("127.0.0.1:0")).unwrap();
    let sockets = [bind(), bind(), bind()];
    let (said, heard) = channel();
    let wakers: [Waker; 3] = [
        Arc::new(Panics).into(),
        Arc::new(Tells(said)).into(),
        Arc::new(Panics).into(),
    ];
    for (socket, waker) in sockets.iter().zip(&wakers) {
        let mut memory = [0; 4];
        let mut buffer = ReadBuf::new(&mut memory);
        let polled = socket.poll_recv(&mut Context::from_waker(waker), &mut buffer);
        assert!(polled.is_pending());
    }
    drop(runtime);
    heard.try_recv().expect("it is told");
}
