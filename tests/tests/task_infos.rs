//! What `all_tasks` tells of whom.

use mainspring::task::{all_tasks, current_task, idle, spawn_local};

#[mainspring::test]
async fn a_main_future_that_asks_who_waits_is_not_called_lost() {
    let tasks = all_tasks();
    assert_eq!(tasks.len(), 1);
    assert_eq!(Some(tasks[0].id), current_task());
    assert!(tasks[0].is_main && !tasks[0].is_lost, "{}", tasks[0]);
}

#[mainspring::test]
async fn a_task_without_a_waker_is_lost_whatever_handles_it_has() {
    let lost = spawn_local(std::future::pending::<()>());
    let abort = [(); 3].map(|()| lost.abort_handle());
    idle().await;
    let waits = |tasks: &[mainspring::task::TaskInfo]| {
        let lost = tasks.iter().find(|task| task.id == lost.id());
        lost.is_some_and(|task| task.is_lost)
    };
    assert!(waits(&all_tasks()));
    let copies = abort.clone();
    drop(abort);
    assert!(waits(&all_tasks()));

    copies[0].abort();
    assert!(!copies[0].is_finished());
    let id = lost.id();
    assert!(lost.await.unwrap_err().is_cancelled());
    // Nothing of the task is left but these.
    assert!(
        copies
            .iter()
            .all(|copy| copy.is_finished() && copy.id() == id)
    );
    copies[1].abort();
}
