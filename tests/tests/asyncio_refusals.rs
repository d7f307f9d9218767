//! What asyncio finds only when the program runs, and the compiler refuses here: one test for each
//! behaviour, named after it. Those of tasks and groups are in `task_refusals.rs`.

use mainspring_tests::refusals::Refusals;

/// What every program begins with.
const PROLOGUE: &str = "
    use mainspring::future::{as_completed, create_future, wait};
    use mainspring::pool::ThreadPool;
    use mainspring::runtime::{Handle, LocalRuntime};
    use mainspring::sync::{Condition, Mutex};
    use mainspring::task::spawn_local;
    use mainspring::time::{Duration, sleep};

    async fn work() {}
";

/// Nothing is wrong with it.
const SOUND: &str = "
    fn main() {
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(async {
            let lock = Mutex::new(());
            drop(lock.lock().await);
            wait([spawn_local(work())]).await;
            as_completed([work()]);
            sleep(Duration::ZERO).await;
            Handle::current().call_soon_threadsafe(|| {}).unwrap();
        });
        drop(runtime);
    }
";

/// Checks that a program with this main future is refused.
#[track_caller]
fn refused(main: &str, wanted: &str) {
    program_refused(
        &format!("fn main() {{ mainspring::run(async {{ {main} }}) }}"),
        wanted,
    );
}

#[track_caller]
fn program_refused(program: &str, wanted: &str) {
    static PROGRAMS: Refusals = Refusals::new(PROLOGUE, SOUND);
    PROGRAMS.refused(program, wanted);
}

#[test]
fn lock_release_not_held() {
    refused(
        "let lock = Mutex::new(());
         lock.release();",
        "error[E0599]: no method named `release`",
    );
    refused(
        "let lock = Mutex::new(());
         let guard = lock.lock().await;
         drop(guard);
         drop(guard);",
        "error[E0382]: use of moved value: `guard`",
    );
}

#[test]
fn cond_notify_without_lock() {
    refused(
        "let condition = Condition::new(());
         condition.notify(1);",
        "error[E0599]: no method named `notify`",
    );
}

#[test]
fn wait_duplicates() {
    refused(
        "let task = spawn_local(work());
         wait([task, task]).await;",
        "error[E0382]: use of moved value: `task`",
    );
}

#[test]
fn cw_duplicate_in_wait() {
    refused(
        "let job = ThreadPool::new(1).submit(|| 1);
         wait([job, job]).await;",
        "error[E0382]: use of moved value: `job`",
    );
}

#[test]
fn cw_set_twice() {
    refused(
        "let (resolver, _answer) = create_future();
         ThreadPool::new(1).submit(move || {
             let _ = resolver.set_result(1);
             let _ = resolver.set_result(2);
         });",
        "error[E0382]: use of moved value: `resolver`",
    );
}

#[test]
fn ascomp_duplicates() {
    refused(
        "let work = work();
         as_completed([work, work]);",
        "error[E0382]: use of moved value: `work`",
    );
}

#[test]
fn ascomp_single_not_list() {
    refused("as_completed(work());", "is not an iterator");
}

#[test]
fn loop_call_later_none() {
    refused("sleep(None).await;", "error[E0308]: mismatched types");
}

#[test]
fn loop_non_callable() {
    refused(
        "Handle::current().call_soon_threadsafe(5);",
        "expected a `FnOnce()` closure, found `{integer}`",
    );
}

#[test]
fn loop_wrong_thread_in_debug() {
    program_refused(
        "fn main() {
             let runtime = LocalRuntime::new().unwrap();
             std::thread::spawn(move || runtime.spawn_local(work()));
         }",
        "cannot be sent between threads safely",
    );
}

#[test]
fn loop_close_while_running_from_inside() {
    program_refused(
        "fn main() {
             let runtime = LocalRuntime::new().unwrap();
             runtime.block_on(async { drop(runtime) });
         }",
        "error[E0505]: cannot move out of `runtime`",
    );
}

#[test]
fn run_runner_closed() {
    program_refused(
        "fn main() {
             let runtime = LocalRuntime::new().unwrap();
             drop(runtime);
             runtime.block_on(work());
         }",
        "error[E0382]: borrow of moved value: `runtime`",
    );
}
