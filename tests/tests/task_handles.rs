//! Handles that tie a task to their life, or share its outcome; and tasks that begin at once.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use mainspring::future::create_future;
use mainspring::pool::spawn_blocking;
use mainspring::runtime::LocalRuntime;
use mainspring::sync::Semaphore;
use mainspring::task::{
    all_tasks, current_task, idle, spawn_eager, spawn_local, spawn_named, yield_now,
};
use mainspring::time::{sleep, timeout};
use mainspring_tests::by_hand::{Bell, evil};
use mainspring_tests::in_time::in_time;
use mainspring_tests::on_drop::on_drop;

#[mainspring::test]
async fn dropping_the_handle_aborts_the_task() {
    let dropped = Rc::new(Cell::new(false));
    let inside = dropped.clone();
    let task = spawn_local(async move {
        let _guard = on_drop(|| inside.set(true));
        pending::<()>().await
    });
    let outcome = Rc::new(RefCell::new(None));
    let seen = outcome.clone();
    task.add_done_callback(move |outcome| {
        let error = outcome.as_ref().unwrap_err();
        let by = error.cancelled_at().unwrap();
        *seen.borrow_mut() = Some((error.message().unwrap().to_owned(), by.file(), by.line()));
    });
    let line = line!() + 1;
    let tied = task.abort_on_drop();
    idle().await;
    drop(tied);
    assert!(!dropped.get(), "it goes when its turn comes");
    idle().await;
    assert!(dropped.get());
    let (message, file, at) = outcome.take().unwrap();
    assert_eq!(message, "its `AbortOnDrop` was dropped");
    assert_eq!((file, at), (file!(), line));
}

/// asyncio's behaviour, on request: who cancels the awaiter cancels the awaited.
#[mainspring::test(start_paused = true)]
async fn a_limit_around_a_tied_handle_ends_the_task() {
    let task = spawn_local(pending::<()>()).abort_on_drop();
    let abort = task.abort_handle();
    let limit = timeout(Duration::from_millis(1), task);
    assert!(limit.await.is_err());
    idle().await;
    assert!(abort.is_finished());
}

#[mainspring::test]
async fn a_tied_handle_gives_the_output_and_may_be_let_go() {
    let mut tied = spawn_named("tied", async { 1 }).abort_on_drop();
    assert_eq!(tied.name().as_deref(), Some("tied"));
    assert!(!tied.as_ref().is_finished());
    assert_eq!((&mut tied).await.unwrap(), 1);
    drop(tied);

    let ended = Rc::new(Cell::new(false));
    let inside = ended.clone();
    let tied = spawn_local(async move {
        yield_now().await;
        inside.set(true);
    });
    drop(tied.abort_on_drop().detach());
    idle().await;
    assert!(ended.get());
}

#[mainspring::test]
async fn all_who_share_a_task_get_its_output() {
    let polls = Rc::new(Cell::new(0));
    let inside = polls.clone();
    let shared = spawn_local(async move {
        inside.set(inside.get() + 1);
        yield_now().await;
        "output".to_owned()
    })
    .shared();
    let log = Rc::new(RefCell::new(Vec::new()));
    let readers: Vec<_> = (0..3)
        .map(|n| {
            let (shared, log) = (shared.clone(), log.clone());
            spawn_local(async move {
                assert_eq!(shared.await.unwrap(), "output");
                log.borrow_mut().push(n);
            })
        })
        .collect();
    idle().await;
    // In the order of their arrival.
    assert_eq!(*log.borrow(), [0, 1, 2]);
    assert!(readers.iter().all(|reader| reader.is_finished()));
    assert!(shared.is_finished());
    let mut shared = shared;
    // Late, and twice.
    assert_eq!((&mut shared).await.unwrap(), "output");
    assert_eq!((&mut shared).await.unwrap(), "output");
    assert_eq!(polls.get(), 1);
}

#[mainspring::test]
async fn all_who_share_a_task_get_the_same_error() {
    let shared = spawn_local(pending::<u8>()).shared();
    let other = shared.clone();
    shared.abort_handle().abort();
    let (first, second) = (shared.await.unwrap_err(), other.await.unwrap_err());
    assert!(first.is_cancelled());
    assert!(Arc::ptr_eq(&first, &second));
}

#[mainspring::test]
async fn a_shared_task_outlives_its_handles_and_who_waits_may_leave() {
    let ended = Rc::new(Cell::new(false));
    let inside = ended.clone();
    let shared = spawn_local(async move {
        yield_now().await;
        yield_now().await;
        inside.set(true);
    })
    .shared();
    let (bell, other) = (Bell::new(), Bell::new());
    let (mut first, mut second) = (shared.clone(), shared.clone());
    assert!(bell.poll(&mut first).is_pending());
    assert!(other.poll(&mut second).is_pending());
    // Polled again by another task: the new one is woken.
    assert!(other.poll(&mut first).is_pending());
    drop(second);
    idle().await;
    assert_eq!((bell.rings(), other.rings()), (0, 1));
    assert!(ended.get());
    drop((first, shared));

    let dropped = Rc::new(Cell::new(false));
    let inside = dropped.clone();
    let output = spawn_local(async move { Rc::new(on_drop(move || inside.set(true))) }).shared();
    idle().await;
    drop(output);
    assert!(dropped.get(), "nobody reads it any more");
}

#[mainspring::test]
async fn a_done_callback_looks_before_those_who_share() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let task = spawn_local(async { 1 });
    let seen = log.clone();
    task.add_done_callback(move |_| seen.borrow_mut().push("callback"));
    let (shared, seen) = (task.shared(), log.clone());
    let reader = spawn_local(async move {
        shared.await.unwrap();
        seen.borrow_mut().push("reader");
    });
    reader.await.unwrap();
    assert_eq!(*log.borrow(), ["callback", "reader"]);
}

#[mainspring::test]
async fn an_output_may_use_what_it_is_cloned_and_dropped_out_of() {
    struct Nosy(
        Rc<RefCell<Option<mainspring::task::Shared<Nosy>>>>,
        Rc<Cell<u32>>,
    );
    impl Clone for Nosy {
        fn clone(&self) -> Self {
            self.1.set(self.1.get() + 1);
            if let Some(shared) = &*self.0.borrow() {
                assert!(shared.is_finished());
                let other = shared.clone();
                drop(other);
            }
            Nosy(self.0.clone(), self.1.clone())
        }
    }
    let (own, clones) = (Rc::default(), Rc::new(Cell::new(0)));
    let output = Nosy(own, clones.clone());
    let place = output.0.clone();
    let shared = spawn_local(async move { output }).shared();
    *place.borrow_mut() = Some(shared.clone());
    assert!(shared.clone().await.is_ok());
    assert!(shared.await.is_ok());
    assert_eq!(clones.get(), 2);
    let own = place.take();
    drop(own);
}

#[mainspring::test]
async fn foreign_wakers_may_use_the_shared_handle_they_wait_for() {
    let (resolver, answer) = create_future::<u8>();
    let shared = answer.shared();
    let calls = Arc::new(AtomicUsize::new(0));
    let (inside, counted) = (shared.clone(), calls.clone());
    let waker = evil(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        let mut other = inside.clone();
        let _ = Bell::new().poll(&mut other);
    });
    let mut waiting = shared.clone();
    let mut poll = || std::pin::Pin::new(&mut waiting).poll(&mut Context::from_waker(&waker));
    assert!(poll().is_pending());
    assert!(poll().is_pending());
    resolver.set_result(1).unwrap();
    assert!(matches!(poll(), Poll::Ready(Ok(1))));
    assert!(calls.load(Ordering::Relaxed) >= 2);
}

#[test]
fn a_shared_job_is_read_from_many_threads() {
    in_time(|| {
        mainspring::run(async {
            let (open, is_open) = std::sync::mpsc::channel::<()>();
            let job = spawn_blocking(move || {
                let _ = is_open.recv();
                String::from("output")
            });
            let shared = job.shared();
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let shared = shared.clone();
                    thread::spawn(move || mainspring::run(async { shared.await.unwrap() }))
                })
                .collect();
            drop(open);
            assert_eq!(shared.await.unwrap(), "output");
            for thread in threads {
                assert_eq!(thread.join().unwrap(), "output");
            }
        });
    });
}

#[mainspring::test]
async fn task_eager_runs_first_step() {
    let (resolver, answer) = create_future();
    resolver.set_result(1).unwrap();
    let task = spawn_eager(async move { answer.await.unwrap() + 1 });
    assert!(task.done());
    assert_eq!(task.await.unwrap(), 2);
}

#[mainspring::test]
async fn task_eager_parks() {
    let permits = Rc::new(Semaphore::new(0));
    let inside = permits.clone();
    let task = spawn_eager(async move {
        inside.acquire().await.unwrap().forget();
        7
    });
    assert!(!task.done());
    let listed = all_tasks();
    let listed = listed.iter().find(|info| info.id == task.id()).unwrap();
    assert_eq!(listed.waiting_on, Some("Semaphore::acquire"));
    assert_eq!(listed.spawned_at.file(), file!());
    permits.add_permits(1);
    assert_eq!(task.await.unwrap(), 7);
}

#[mainspring::test]
async fn task_eager_false() {
    let ran = Rc::new(Cell::new(false));
    let inside = ran.clone();
    let task = spawn_local(async move { inside.set(true) });
    assert!(!ran.get());
    task.await.unwrap();
    assert!(ran.get());
}

#[mainspring::test]
async fn task_eager_current() {
    let spawner = spawn_local(async {
        let me = current_task().unwrap();
        let seen = Rc::new(Cell::new(None));
        let inside = seen.clone();
        let task = spawn_eager(async move {
            inside.set(current_task());
            // One within the other.
            let inner = spawn_eager(async { current_task().unwrap() });
            let id = inner.id();
            assert_eq!(inner.await.unwrap(), id);
        });
        assert_eq!(seen.get(), Some(task.id()));
        assert_eq!(current_task(), Some(me));
        task.set_name("eager");
        assert_eq!(task.name().as_deref(), Some("eager"));
        task.await.unwrap();
    });
    spawner.await.unwrap();
}

#[mainspring::test]
async fn a_panic_in_an_eager_first_step_is_the_tasks() {
    let task = spawn_eager(async { panic!("an eager task, on purpose") });
    assert!(task.is_finished());
    assert!(current_task().is_some());
    assert!(task.await.unwrap_err().is_panic());
}

#[mainspring::test]
async fn an_eager_task_that_wakes_itself_stands_at_the_end_of_the_queue() {
    let log = Rc::new(RefCell::new(Vec::new()));
    let step = |name: &'static str| {
        let log = log.clone();
        async move {
            log.borrow_mut().push(name);
            yield_now().await;
            log.borrow_mut().push(name);
        }
    };
    spawn_local(step("lazy"));
    spawn_eager(step("eager"));
    idle().await;
    assert_eq!(*log.borrow(), ["eager", "lazy", "eager", "lazy"]);
}

#[mainspring::test]
async fn an_eager_task_does_not_pay_from_its_spawners_budget_nor_fill_it() {
    let semaphore = Rc::new(Semaphore::new(1));
    let other = spawn_local(async {});
    // Far more operations than one poll may make, half of them in eager tasks.
    let mut before = 0;
    while !other.is_finished() {
        let inside = semaphore.clone();
        spawn_eager(async move { drop(inside.acquire().await.unwrap()) });
        drop(semaphore.acquire().await.unwrap());
        before += 1;
        assert!(before < 10_000, "the spawner never gives way");
    }
}

#[test]
fn an_eager_task_may_be_spawned_from_outside_of_any_task() {
    let runtime = LocalRuntime::new().unwrap();
    let _inside = runtime.enter();
    let ended = spawn_eager(async { current_task() });
    assert!(ended.is_finished());
    assert_eq!(current_task(), None);
    let parked = spawn_eager(async {
        sleep(Duration::from_millis(1)).await;
        1
    });
    let id = ended.id();
    assert_eq!(runtime.block_on(ended).unwrap(), Some(id));
    assert_eq!(runtime.block_on(parked).unwrap(), 1);
}

#[test]
fn an_eager_task_at_the_end_of_its_runtime_is_turned_away() {
    let runtime = LocalRuntime::new().unwrap();
    let outcome = Rc::new(RefCell::new(None));
    let seen = outcome.clone();
    runtime.spawn_local(async move {
        let _guard = on_drop(move || {
            *seen.borrow_mut() = Some(spawn_eager(async { panic!("it must not run") }));
        });
        pending::<()>().await
    });
    runtime.block_on(async { idle().await });
    drop(runtime);
    let task = outcome.take().unwrap();
    assert!(task.try_result().unwrap().unwrap_err().is_cancelled());
}
