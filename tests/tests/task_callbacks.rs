//! Done callbacks: called once, in order, with a look at the outcome before anybody takes it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread;

use mainspring::future::{CallbackId, create_future};
use mainspring::runtime::set_exception_handler;
use mainspring::task::{JoinHandle, Outcome, idle, yield_now};
use mainspring::time::{Duration, sleep};

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

/// What was called, in order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn note(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }

    /// A callback that notes its name and what it saw.
    fn callback<T: std::fmt::Debug>(&self, name: &str) -> impl FnOnce(&Outcome<T>) + 'static {
        let (log, name) = (self.clone(), name.to_owned());
        move |outcome| match outcome {
            Ok(value) => log.note(format!("{name} {value:?}")),
            Err(error) if error.is_cancelled() => log.note(format!("{name} cancelled")),
            Err(_) => log.note(format!("{name} failed")),
        }
    }
}

#[mainspring::test(start_paused = true)]
async fn callbacks_are_called_in_the_order_of_adding_on_the_turn_after_the_end() {
    let log = Log::default();
    let task = mainspring::spawn(async { 1 });
    for name in ["a", "b", "c"] {
        task.add_done_callback(log.callback(name));
    }
    yield_now().await;
    assert!(task.is_finished() && log.take().is_empty());
    yield_now().await;
    assert_eq!(log.take(), ["a 1", "b 1", "c 1"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_add_after_done() {
    let log = Log::default();
    let task = mainspring::spawn(async { 1 });
    idle().await;
    task.add_done_callback(log.callback("late"));
    assert!(log.take().is_empty());
    yield_now().await;
    assert_eq!(log.take(), ["late 1"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_borrow_then_await() {
    let log = Log::default();
    let task = mainspring::spawn(async { String::from("value") });
    task.add_done_callback(log.callback("callback"));
    idle().await;
    let late = task;
    late.add_done_callback(log.callback("late"));
    // Until every callback has looked, the value stays where it is.
    let late = late.try_result().unwrap_err();
    log.note(late.await.unwrap());
    assert_eq!(
        log.take(),
        ["callback \"value\"", "late \"value\"", "value"]
    );
}

#[mainspring::test(start_paused = true)]
async fn cb_order_with_waiters() {
    // asyncio keeps waiters and callbacks in one list. Here there is one waiter, who takes the
    // outcome: so it comes last, whenever it began to wait.
    let log = Log::default();
    let (resolver, handle) = create_future::<u8>();
    handle.add_done_callback(log.callback("before"));
    let waiter = mainspring::spawn({
        let log = log.clone();
        async move { log.note(format!("waiter {}", handle.await.unwrap())) }
    });
    idle().await;
    resolver.set_result(1).unwrap();
    waiter.await.unwrap();
    assert_eq!(log.take(), ["before 1", "waiter 1"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_adds_callback_to_same() {
    let log = Log::default();
    let task = Rc::new(mainspring::spawn(async { 1 }));
    task.add_done_callback({
        let (task, log) = (task.clone(), log.clone());
        move |_| {
            log.note("first");
            task.add_done_callback(log.callback("second"));
        }
    });
    task.add_done_callback(log.callback("other"));
    yield_now().await;
    yield_now().await;
    assert_eq!(log.take(), ["first", "other 1"]);
    yield_now().await;
    assert_eq!(log.take(), ["second 1"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_spawns() {
    let log = Log::default();
    let task = mainspring::spawn(async {});
    task.add_done_callback({
        let log = log.clone();
        move |_| {
            log.note("first");
            mainspring::spawn(async move { log.note("spawned") });
        }
    });
    task.add_done_callback(log.callback("second"));
    idle().await;
    assert_eq!(log.take(), ["first", "second ()", "spawned"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_failing() {
    let log = Log::default();
    let handler = log.clone();
    set_exception_handler(move |unhandled| handler.note(unhandled.error.to_string()));
    let task = mainspring::spawn(async { 1 });
    task.add_done_callback(|_| panic!("this callback fails"));
    task.add_done_callback(log.callback("second"));
    assert_eq!(task.await.unwrap(), 1);
    let log = log.take();
    assert!(log[0].contains("this callback fails"), "{log:?}");
    assert_eq!(log[1..], ["second 1"]);
}

/// Different on purpose: each callback has a name of its own, and is taken back alone.
#[mainspring::test(start_paused = true)]
async fn cb_remove_counts() {
    let task = mainspring::spawn(after(10, ()));
    let called = Rc::new(Cell::new(0));
    let ids: Vec<CallbackId> = (0..6)
        .map(|_| {
            let called = called.clone();
            task.add_done_callback(move |_| called.set(called.get() + 1))
        })
        .collect();
    let other = mainspring::spawn(after(10, ()));
    assert!(!other.remove_done_callback(ids[0]), "it is another's");
    for id in &ids[..4] {
        assert!(task.remove_done_callback(*id));
        assert!(!task.remove_done_callback(*id), "once");
    }
    task.await.unwrap();
    assert_eq!(called.get(), 2);
}

#[mainspring::test(start_paused = true)]
async fn cb_on_cancelled() {
    let log = Log::default();
    let task = mainspring::spawn(std::future::pending::<()>());
    task.add_done_callback(log.callback("task"));
    let (resolver, result) = create_future::<()>();
    result.add_done_callback(log.callback("result"));
    let (abandoned, unset) = create_future::<()>();
    unset.add_done_callback(log.callback("unset"));
    idle().await;
    assert!(log.take().is_empty());
    task.abort();
    result.abort();
    drop(abandoned);
    idle().await;
    let mut lines = log.take();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["result cancelled", "task cancelled", "unset failed"]
    );
    assert!(result.await.unwrap_err().is_cancelled());
    assert_eq!(resolver.set_result(()), Err(()));
}

#[mainspring::test(start_paused = true)]
async fn the_reader_of_a_result_that_was_given_up_waits_for_the_callbacks_too() {
    let log = Log::default();
    let (_resolver, result) = create_future::<()>();
    let abort = result.abort_handle();
    result.add_done_callback(log.callback("callback"));
    let reader = mainspring::spawn({
        let log = log.clone();
        async move {
            assert!(result.await.unwrap_err().is_cancelled());
            log.note("reader");
        }
    });
    idle().await;
    abort.abort();
    reader.await.unwrap();
    assert_eq!(log.take(), ["callback cancelled", "reader"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_chain_of_three() {
    let log = Log::default();
    let (done_in, done) = create_future();
    let first = mainspring::spawn(after(10, 1));
    first.add_done_callback({
        let log = log.clone();
        move |outcome| {
            log.note(format!("first {}", outcome.as_ref().unwrap()));
            let second = mainspring::spawn(async {
                after(10, ()).await;
                panic!("the middle one fails")
            });
            second.add_done_callback(move |outcome: &Outcome<()>| {
                log.note(format!("second failed: {}", outcome.is_err()));
                let third = mainspring::spawn(after(10, 3));
                third.add_done_callback(log.callback("third"));
                done_in.set_result(third).unwrap();
            });
        }
    });
    assert_eq!(done.await.unwrap().await.unwrap(), 3);
    assert_eq!(log.take(), ["first 1", "second failed: true", "third 3"]);
}

#[mainspring::test(start_paused = true)]
async fn cb_mutate_while_running() {
    let log = Log::default();
    let task = Rc::new(mainspring::spawn(async { 1 }));
    let ids: Rc<RefCell<Vec<CallbackId>>> = Rc::default();
    let first = task.add_done_callback({
        let (task, ids, log) = (task.clone(), ids.clone(), log.clone());
        move |_| {
            let ids = ids.take();
            // Itself: it is being called. The third: in time. And once more: too late.
            log.note(format!(
                "{:?}",
                [ids[0], ids[2], ids[2]].map(|id| task.remove_done_callback(id))
            ));
            task.add_done_callback(log.callback("added"));
        }
    });
    let second = task.add_done_callback(log.callback("second"));
    let third = task.add_done_callback(log.callback("third"));
    *ids.borrow_mut() = vec![first, second, third];
    idle().await;
    assert_eq!(log.take(), ["[false, true, false]", "second 1", "added 1"]);
    assert!(!task.remove_done_callback(second));
}

#[mainspring::test(start_paused = true)]
async fn a_callback_that_is_taken_back_is_dropped_uncalled_and_frees_the_outcome() {
    let captured = Rc::new(());
    let (resolver, handle) = create_future();
    let (_other_resolver, other) = create_future::<u8>();
    let held = captured.clone();
    let id = handle.add_done_callback(move |_| drop(held));
    assert!(!other.remove_done_callback(id));
    resolver.set_result(1).unwrap();
    assert!(handle.remove_done_callback(id));
    assert!(!handle.remove_done_callback(id));
    assert_eq!(Rc::strong_count(&captured), 1);
    assert_eq!(handle.try_result().unwrap().unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn a_callback_outlives_the_handle() {
    let log = Log::default();
    let task = mainspring::spawn(after(10, 1));
    task.add_done_callback(log.callback("callback"));
    drop(task);
    after(20, ()).await;
    assert_eq!(log.take(), ["callback 1"]);
}

#[mainspring::test(start_paused = true)]
async fn inside_of_a_callback_the_handle_still_tells_its_state() {
    let log = Log::default();
    let task = Rc::new(mainspring::spawn(std::future::pending::<()>()));
    task.add_done_callback({
        let (task, log) = (task.clone(), log.clone());
        move |_| log.note(format!("{} {}", task.is_finished(), task.cancelled()))
    });
    task.abort();
    idle().await;
    assert_eq!(log.take(), ["true true"]);
}

#[mainspring::test(start_paused = true)]
async fn a_callback_is_called_on_the_loop_wherever_the_work_ends() {
    let here = thread::current().id();
    let (resolver, handle) = create_future();
    let seen = Rc::new(Cell::new(None));
    let see = seen.clone();
    handle.add_done_callback(move |_| see.set(Some(thread::current().id())));
    thread::spawn(move || resolver.set_result(1).unwrap());
    assert_eq!(handle.await.unwrap(), 1);
    assert_eq!(seen.get(), Some(here));
}

/// Two callbacks and a reader here; there, a thread that sets, gives up or aborts.
#[mainspring::test]
async fn callbacks_come_before_the_reader_whichever_thread_ends_the_work() {
    let (work_in, work) = std::sync::mpsc::channel::<Box<dyn FnOnce() + Send>>();
    let other = thread::spawn(move || work.iter().for_each(|work| work()));
    for round in 0..2_000 {
        let log = Log::default();
        let (resolver, handle) = create_future();
        let abort = handle.abort_handle();
        let end: Box<dyn FnOnce() + Send> = match round % 3 {
            0 => Box::new(move || resolver.set_result(1).unwrap()),
            1 => Box::new(move || drop(resolver)),
            _ => Box::new(move || {
                abort.abort();
                drop(resolver);
            }),
        };
        if round % 2 == 0 {
            handle.add_done_callback(log.callback("first"));
        }
        work_in.send(end).unwrap();
        handle.add_done_callback(log.callback("second"));
        let name = match handle.await {
            Ok(value) => format!("{value}"),
            Err(error) if error.is_cancelled() => String::from("cancelled"),
            Err(_) => String::from("failed"),
        };
        let mut expected = vec![format!("first {name}"), format!("second {name}")];
        if round % 2 != 0 {
            expected.remove(0);
        }
        let mut lines = log.take();
        lines.sort_unstable();
        assert_eq!(lines, expected, "round {round}");
    }
    drop(work_in);
    other.join().unwrap();
}

#[test]
fn a_callback_that_is_never_called_is_dropped_with_its_runtime() {
    let captured = Rc::new(());
    let held = captured.clone();
    let (resolver, handle) = create_future::<u8>();
    mainspring::run(async {
        handle.add_done_callback(move |_| drop(held));
    });
    assert_eq!(Rc::strong_count(&captured), 1);
    // The outcome is free: nobody is left to look at it first.
    resolver.set_result(1).unwrap();
    assert_eq!(handle.try_result().unwrap().unwrap(), 1);
}

#[test]
#[should_panic(expected = "`add_done_callback` was called outside a runtime")]
fn adding_a_callback_outside_of_a_runtime_names_the_remedy() {
    let (_resolver, handle) = create_future::<u8>();
    handle.add_done_callback(|_| {});
}

#[mainspring::test(start_paused = true)]
async fn adding_a_callback_after_the_outcome_was_taken_is_refused() {
    let mut task: JoinHandle<u8> = mainspring::spawn(async { 1 });
    (&mut task).await.unwrap();
    let add = std::panic::AssertUnwindSafe(|| task.add_done_callback(|_| {}));
    assert!(std::panic::catch_unwind(add).is_err());
}

#[mainspring::test(start_paused = true)]
async fn a_report_says_where_a_callback_that_waits_was_added() {
    let (_resolver, handle) = create_future::<u8>();
    handle.add_done_callback(|_| {});
    idle().await;
    let callback = mainspring::task::all_tasks().pop().unwrap();
    assert_eq!(callback.name.as_deref(), Some("done callback"));
    let place = callback.waiting_at.unwrap();
    assert!(place.file().ends_with("task_callbacks.rs") && !callback.is_lost);
}
