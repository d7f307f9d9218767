//! Where a runtime's loop lives, which thread may end it, and what is left when it has ended.

use std::future::poll_fn;
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use mainspring::future::create_future;
use mainspring::join;
use mainspring::net::TcpListener;
use mainspring::runtime::{Builder, Handle, LocalRuntime, Runtime, is_rt_shutdown_err};
use mainspring::task::{JoinSet, yield_now};
use mainspring::time::{Instant, sleep};
use mainspring_tests::in_time::in_time;

/// Says so when it is dropped.
struct Tells(Sender<&'static str>);

impl Drop for Tells {
    fn drop(&mut self) {
        let _ = self.0.send("the task was dropped");
    }
}

/// A task that waits for ever and owns this.
async fn keep<T>(_it: T) {
    std::future::pending::<()>().await;
}

/// A runtime that would wait for an hour if it waited for anybody.
fn patient(mut builder: Builder) -> Runtime {
    let hour = Duration::from_secs(3600);
    builder.shutdown_timeout(hour).build().unwrap()
}

#[test]
fn a_runtime_with_a_driver_is_dropped_although_a_task_sleeps() {
    in_time(|| {
        let runtime = patient(Builder::new_multi_thread());
        let (said, heard) = channel();
        runtime.spawn(async move {
            said.send(()).unwrap();
            sleep(Duration::from_secs(3600)).await;
        });
        heard.recv().unwrap();
        drop(runtime);
    });
}

#[test]
fn a_runtime_with_a_driver_ends_when_one_of_its_own_tasks_drops_it() {
    in_time(|| {
        let runtime = patient(Builder::new_multi_thread());
        let handle = runtime.handle().clone();
        let (said, heard) = channel();
        handle.spawn(keep(Tells(said)));
        handle.spawn(async move { drop(runtime) });
        assert_eq!(heard.recv(), Ok("the task was dropped"));
    });
}

#[test]
fn a_runtime_with_a_driver_ends_when_it_is_dropped_inside_of_another_loop_of_its_own() {
    in_time(|| {
        let runtime = patient(Builder::new_multi_thread());
        let handle = runtime.handle().clone();
        let (said, heard) = channel();
        handle.spawn(keep(Tells(said)));
        handle.block_on(async move {
            yield_now().await;
            drop(runtime);
        });
        assert_eq!(heard.recv(), Ok("the task was dropped"));
    });
}

#[test]
fn a_runtime_that_is_dropped_by_a_call_ends_when_its_loop_comes_home() {
    in_time(|| {
        let runtime = patient(Builder::new_current_thread());
        let handle = runtime.handle().clone();
        let (said, heard) = channel();
        handle.block_on(async {
            let handle = Handle::current();
            handle.spawn(keep(Tells(said)));
            let dropped = handle.spawn(async {});
            handle.call_soon_threadsafe(|| drop(runtime)).unwrap();
            dropped.await.unwrap();

            // The loop still hears other threads.
            let (resolver, mut answer) = create_future();
            let (polled, is_polled) = channel();
            let thread = thread::spawn(move || {
                is_polled.recv().unwrap();
                resolver.set_result(5).unwrap();
            });
            let answer = std::future::poll_fn(|cx| {
                let poll = std::pin::Pin::new(&mut answer).poll(cx);
                let _ = polled.send(());
                poll
            });
            assert_eq!(answer.await.unwrap(), 5);
            thread.join().unwrap();
            assert!(heard.try_recv().is_err());
        });
        assert_eq!(heard.recv(), Ok("the task was dropped"));
        assert!(handle.call_soon_threadsafe(|| ()).is_err());
    });
}

#[test]
fn dropping_a_runtime_does_not_wait_for_a_home_that_nobody_turns() {
    in_time(|| {
        let runtime = patient(Builder::new_current_thread());
        let handle = runtime.handle().clone();
        let (said, heard) = channel();
        runtime.block_on(async {
            mainspring::spawn(keep(Tells(said)));
            yield_now().await;
        });
        thread::spawn(move || drop(runtime)).join().unwrap();

        let late = handle.spawn(async {});
        let late = late.try_result().expect("it is answered at once");
        assert!(late.unwrap_err().is_cancelled());
        // This thread alone can drop the tasks, and does when it is next asked for a loop.
        assert!(heard.try_recv().is_err());
        drop(LocalRuntime::new().unwrap());
        assert_eq!(heard.try_recv(), Ok("the task was dropped"));
    });
}

#[test]
fn a_runtime_whose_home_thread_has_ended_finds_another() {
    let runtime = Arc::new(Builder::new_current_thread().build().unwrap());
    let first = runtime.clone();
    let (said, heard) = channel();
    let thread = thread::spawn(move || {
        first.block_on(async {
            mainspring::spawn(keep(Tells(said)));
            yield_now().await;
        });
    });
    thread.join().unwrap();
    assert_eq!(heard.recv(), Ok("the task was dropped"));

    let before = runtime.spawn(async { 1 });
    let during = runtime.block_on(async { runtime.spawn(async { 2 }).await.unwrap() });
    assert_eq!((runtime.block_on(before).unwrap(), during), (1, 2));
}

#[test]
fn a_thread_that_was_not_home_may_become_it() {
    in_time(|| {
        let runtime = Arc::new(Builder::new_current_thread().build().unwrap());
        let first = runtime.clone();
        let (go, is_going) = channel();
        let (is_home, goes) = channel();
        let thread = thread::spawn(move || {
            first.block_on(async {});
            is_home.send(()).unwrap();
            is_going.recv().unwrap();
        });
        goes.recv().unwrap();
        runtime.block_on(async {});
        go.send(()).unwrap();
        thread.join().unwrap();
        let during = runtime.block_on(async { runtime.spawn(async { 2 }).await.unwrap() });
        assert_eq!(during, 2);
    });
}

#[test]
fn a_task_that_is_spawned_where_a_loop_turns_does_not_wait_for_a_home_that_nobody_turns() {
    in_time(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        // This thread is home, and stays.
        runtime.block_on(async {});
        let (said, heard) = channel();
        let block = move || {
            runtime.block_on(async {
                let mut set = JoinSet::new();
                set.spawn_on(async { 1 }, runtime.handle());
                let left = runtime.spawn(keep(Tells(said)));
                yield_now().await;
                assert!(!left.is_finished());
                set.join_next().await.unwrap().unwrap()
            })
        };
        assert_eq!(thread::spawn(block).join().unwrap(), 1);
        assert_eq!(heard.recv(), Ok("the task was dropped"));
    });
}

#[test]
fn asking_for_the_time_makes_nobody_home() {
    in_time(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let guard = runtime.enter();
        let _ = Instant::now();
        drop(guard);
        let block = move || runtime.block_on(async { runtime.spawn(async { 1 }).await.unwrap() });
        assert_eq!(thread::spawn(block).join().unwrap(), 1);
    });
}

#[test]
fn a_runtime_in_a_thread_local_ends_with_its_thread() {
    thread_local! {
        static RUNTIME: LocalRuntime = LocalRuntime::new().unwrap();
    }
    in_time(|| {
        let (said, heard) = channel();
        let thread = thread::spawn(move || {
            RUNTIME.with(|runtime| {
                runtime.spawn_local(keep(Tells(said)));
                runtime.block_on(yield_now());
            });
        });
        thread.join().unwrap();
        assert_eq!(heard.recv(), Ok("the task was dropped"));
    });
}

#[test]
fn many_threads_block_on_a_runtime_while_it_is_dropped() {
    in_time(|| {
        for _ in 0..100 {
            let runtime = patient(Builder::new_current_thread());
            let block = |handle: Handle| {
                for _ in 0..5 {
                    drop(handle.spawn(yield_now()));
                    handle.block_on(async { yield_now().await });
                }
            };
            let handles = std::iter::repeat_n(runtime.handle().clone(), 4);
            let threads: Vec<_> = handles
                .map(|handle| thread::spawn(move || block(handle)))
                .collect();
            drop(runtime);
            for thread in threads {
                thread.join().unwrap();
            }
        }
    });
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    let runtimes = [LocalRuntime::new().unwrap(), LocalRuntime::new().unwrap()];
    let [first, second] = [0, 1].map(|place: usize| runtimes[place].enter());
    drop(first);
    let late = mainspring::spawn(async { 1 });
    assert_eq!(runtimes[1].block_on(late).unwrap(), 1);
    drop(second);
    assert!(Handle::try_current().is_err());
}

#[test]
fn a_main_future_that_panics_leaves_its_thread_as_it_was() {
    let runtime = LocalRuntime::new().unwrap();
    let main = || runtime.block_on(async { panic!("on purpose") });
    assert!(catch_unwind(AssertUnwindSafe(main)).is_err());

    // What blocks is refused in a task, and only there; nobody counts what it does.
    let queue: mainspring::sync::Queue<u32> = mainspring::sync::Queue::unbounded();
    for number in 0..1000 {
        queue.put_blocking(number).unwrap();
        assert_eq!(queue.get_blocking().unwrap(), number);
    }
}

#[test]
fn waiting_for_a_driver_inside_of_a_loop_is_refused() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        for wait in [Runtime::run_until_idle, Runtime::run_forever] {
            let wait = || wait(&runtime);
            assert!(catch_unwind(AssertUnwindSafe(wait)).is_err());
        }
    });
}

#[test]
fn a_runtime_that_has_ended_takes_no_task_through_a_guard() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let handle = runtime.handle().clone();
    let guard = handle.enter();
    drop(runtime);
    let late = mainspring::spawn(async {});
    let late = late.try_result().expect("it is answered at once");
    assert!(late.unwrap_err().is_cancelled());
    drop(guard);

    // What is awaited on it is still awaited; it only takes no tasks.
    let late = handle.block_on(async {
        yield_now().await;
        mainspring::spawn(async {}).await
    });
    assert!(late.unwrap_err().is_cancelled());
}

#[test]
fn a_runtime_may_wait_for_ever_for_its_jobs() {
    in_time(|| {
        let (go, is_going) = channel();
        let runtime = Builder::new_current_thread().build().unwrap();
        let (began, has_begun) = channel();
        let job = runtime.spawn_blocking(move || {
            began.send(()).unwrap();
            is_going.recv().unwrap()
        });
        // A job that still waits in line would be answered "cancelled".
        has_begun.recv().unwrap();
        let thread = thread::spawn(move || runtime.shutdown_timeout(Duration::MAX));
        go.send(5).unwrap();
        thread.join().unwrap();
        assert_eq!(job.try_result().unwrap().unwrap(), 5);
    });
}

/// A listener, and a task that waits on it for one client; it waits when this returns.
fn one_client(runtime: &Runtime, listener: TcpListener) -> std::sync::mpsc::Receiver<bool> {
    let (tell, told) = channel();
    runtime.spawn(async move {
        let accepted = poll_fn(|cx| {
            let polled = listener.poll_accept(cx);
            tell.send(polled.is_ready()).unwrap();
            polled
        });
        accepted.await.unwrap();
    });
    assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(false));
    told
}

#[test]
fn a_socket_made_while_blocking_wakes_tasks_when_nobody_blocks_any_more() {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let told = one_client(&runtime, listener);
    let _client = TcpStream::connect(address).unwrap();
    assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(true));
}

#[test]
fn a_socket_made_while_entered_wakes_tasks_of_the_driver() {
    let runtime = Runtime::new().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let listener = {
        let _inside = runtime.enter();
        TcpListener::from_std(listener).unwrap()
    };
    let told = one_client(&runtime, listener);
    let _client = TcpStream::connect(address).unwrap();
    assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(true));
}

#[test]
fn a_socket_made_beside_a_driver_that_ends_says_so() {
    in_time(|| {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let waiting = LocalRuntime::new().unwrap();
        let error = waiting.block_on(async {
            let (accepted, ()) = join!(listener.accept(), async { drop(runtime) });
            accepted.expect_err("nobody comes")
        });
        assert!(is_rt_shutdown_err(&error), "{error}");
    });
}
