//! What the compiler refuses to do with tasks and groups of them, each by the name of asyncio's
//! behaviour, where asyncio finds it only when the program runs.

use mainspring_tests::refusals::Refusals;

/// What every program begins with.
const PROLOGUE: &str = "
    use mainspring::future::{create_future, gather, wait};
    use mainspring::task::{JoinSet, spawn_local, task_group};
    use mainspring::time::{Duration, sleep};

    async fn work() {}
";

/// Nothing is wrong with it.
const SOUND: &str = "
    fn main() {
        mainspring::run(async {
            let local = String::from(\"lives longer than the call\");
            let group = task_group(async |tg| {
                tg.spawn(async { Ok(local.len()) });
                Ok::<_, ()>(())
            });
            group.await.unwrap();
            let (resolver, answer) = create_future();
            resolver.set_result(1).unwrap();
            answer.await.unwrap();
            wait([spawn_local(work())]).await;
            gather([work()]).await;
        })
    }
";

/// Checks that a program with this main future is refused.
#[track_caller]
fn refused(main: &str, wanted: &str) {
    static PROGRAMS: Refusals = Refusals::new(PROLOGUE, SOUND);
    let program = format!("fn main() {{ mainspring::run(async {{ {main} }}) }}");
    PROGRAMS.refused(&program, wanted);
}

#[test]
fn tg_borrow_locals_of_the_body_is_refused() {
    refused(
        "let group = task_group(async |tg| {
             let local = String::from(\"gone when the body ends\");
             tg.spawn(async { Ok(local.len()) });
             Ok::<_, ()>(())
         });
         let _ = group.await;",
        "error[E0373]: async block may outlive the current function, but it borrows `local`",
    );
    // Neither by way of a child of its own.
    refused(
        "let group = task_group(async |tg| {
             let door = tg.clone();
             tg.spawn(async move {
                 let local = String::from(\"gone when the child ends\");
                 door.spawn(async { Ok(local.len()) });
                 Ok(())
             });
             Ok::<_, ()>(())
         });
         let _ = group.await;",
        "error[E0373]: async block may outlive the current function, but it borrows `local`",
    );
}

#[test]
fn tg_borrow_locals_that_end_before_the_group_is_refused() {
    refused(
        "let group = {
             let local = String::from(\"gone before the group is awaited\");
             task_group(async |tg| {
                 tg.spawn(async { Ok(local.len()) });
                 Ok::<_, ()>(())
             })
         };
         let _ = group.await;",
        "`local` does not live long enough",
    );
}

#[test]
fn a_group_does_not_go_to_another_thread() {
    refused(
        "let handle = mainspring::runtime::Handle::current();
         let _ = handle.spawn(task_group(async |_tg| Ok::<_, ()>(())));",
        "cannot be sent between threads safely",
    );
}

#[test]
fn a_task_of_a_set_may_not_borrow() {
    refused(
        "let local = String::new();
         let mut set = JoinSet::new();
         set.spawn_local(async { local.len() });",
        "error[E0373]",
    );
}

#[test]
fn task_not_awaitable_refused() {
    refused("spawn_local(5);", "`{integer}` is not a future");
}

#[test]
fn task_no_set_result() {
    refused(
        "spawn_local(work()).set_result(());",
        "error[E0599]: no method named `set_result`",
    );
    refused(
        "let _ = spawn_local(work()).result();",
        "error[E0599]: no method named `result`",
    );
}

#[test]
fn task_double_await_of_one_coroutine() {
    refused(
        "let coroutine = work();
         spawn_local(coroutine);
         coroutine.await;",
        "error[E0382]: use of moved value: `coroutine`",
    );
}

#[test]
fn a_result_is_set_once() {
    refused(
        "let (resolver, _answer) = create_future();
         let _ = resolver.set_result(1);
         let _ = resolver.set_result(2);",
        "error[E0382]: use of moved value: `resolver`",
    );
}

#[test]
fn a_wait_takes_tasks_and_no_bare_futures() {
    refused("wait([work()]).await;", "expected `JoinHandle<_>`");
}

#[test]
fn gather_bad_argument() {
    refused("gather([1, 2]).await;", "`{integer}` is not a future");
}

#[test]
fn what_is_not_awaited_is_told() {
    static STRICT: Refusals = Refusals::new(
        "#![forbid(unused_must_use)]
         use mainspring::future::{gather, wait};
         use mainspring::task::{JoinHandle, JoinSet, task_group, spawn_local};
         use mainspring::time::{Duration, sleep};
         async fn work() {}",
        "fn main() { mainspring::run(async { work().await }) }",
    );
    for main in [
        "work();",
        "sleep(Duration::ZERO);",
        "gather([work()]);",
        "wait(Vec::<JoinHandle<()>>::new());",
        "task_group(async |_tg| Ok::<_, ()>(()));",
        "JoinSet::<()>::new().join_next();",
        "mainspring::task::defer(work());",
        "spawn_local(work()).abort_on_drop();",
    ] {
        let program = format!("fn main() {{ mainspring::run(async {{ {main} }}) }}");
        STRICT.refused(&program, "that must be used");
    }
}
