//! The loop turns: spawn, join, sleep, panic, abort.

use std::time::Duration;

use mainspring::task::{self, idle};
use mainspring::time::{Instant, sleep, timeout};

#[mainspring::test]
async fn a_task_gives_its_output() {
    assert_eq!(mainspring::spawn(async { 1 + 1 }).await.unwrap(), 2);
}

#[mainspring::test(start_paused = true)]
async fn a_paused_hour_is_exact() {
    let start = Instant::now();
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(3600));
    let e = timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    assert!(e.is_err());
    assert_eq!(start.elapsed(), Duration::from_secs(3601));
}

#[mainspring::test]
async fn a_panic_is_its_handles_answer() {
    let error = mainspring::spawn(async { panic!("ouch") })
        .await
        .unwrap_err();
    assert!(error.is_panic());
    assert!(error.to_string().contains("ouch"));
}

#[mainspring::test]
async fn an_aborted_task_is_cancelled() {
    let task = mainspring::spawn(std::future::pending::<()>());
    idle().await;
    assert!(task.cancel());
    assert!(task.await.unwrap_err().is_cancelled());
}

#[mainspring::test]
#[should_panic(expected = "deadlock")]
async fn a_wait_that_nothing_can_end_fails_the_test() {
    std::future::pending::<()>().await;
}

#[test]
fn a_runtime_with_a_driver_runs_tasks_between_two_block_ons() {
    let runtime = mainspring::runtime::Runtime::new().unwrap();
    let task = runtime.spawn(async {
        task::yield_now().await;
        7
    });
    while !task.is_finished() {
        std::thread::yield_now();
    }
    assert_eq!(runtime.block_on(task).unwrap(), 7);
}
