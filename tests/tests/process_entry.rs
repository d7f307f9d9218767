//! The list of functions, given to the attribute: a worker process finds out that it is one before
//! there is a runtime.

use std::process::Command;

use mainspring as spring;
use mainspring::process::{ProcessPool, Remote, function, serve};

fn pid(_: ()) -> u32 {
    std::process::id()
}

fn adder() -> impl Remote<u32, u32> {
    |number| number + 1
}

#[test]
fn a_program_serves_before_it_builds_its_runtime() {
    let program = env!("CARGO_BIN_EXE_served_by_attribute");
    let ended = Command::new(program).output().unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{}: {errors}", ended.status);
    let printed = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(printed, "42, elsewhere: true\n", "{errors}");
}

#[mainspring::test(serve = [pid, adder()])]
async fn a_test_is_an_entry_for_its_own_workers() {
    let itself = "a_test_is_an_entry_for_its_own_workers";
    let pool = ProcessPool::builder().workers(1).worker_test(itself);
    let pool = pool.build().unwrap();
    assert_ne!(pool.submit(pid, ()).await.unwrap(), std::process::id());
    assert_eq!(pool.submit(adder(), 1).await.unwrap(), 2);
}

#[mainspring::main(serve = [pid, adder()], crate = "spring", start_paused = true)]
async fn under_another_name() -> usize {
    ProcessPool::simulated(3).max_workers()
}

#[test]
fn the_list_may_be_given_again() {
    for _ in 0..2 {
        assert_eq!(under_another_name(), 3);
        serve([function(pid), function(adder())]);
    }
}

#[mainspring::main(serve = [adder(), pid])]
async fn another_list() {
    unreachable!("its list was accepted");
}

#[test]
#[should_panic(expected = "two lists in one program")]
fn another_list_is_refused() {
    serve([function(pid), function(adder())]);
    another_list();
}
