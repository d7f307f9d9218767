//! `shield`: work that outlives its waiter.

use std::cell::Cell;
use std::rc::Rc;

use mainspring::future::shield;
use mainspring::task::idle;
use mainspring::time::{Duration, sleep, timeout};

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

#[mainspring::test(start_paused = true)]
async fn shield_result() {
    assert_eq!(shield(after(10, 42)).await.unwrap(), 42);
    let ended = shield(async { 42 });
    idle().await;
    assert_eq!(ended.await.unwrap(), 42);
}

#[mainspring::test(start_paused = true)]
async fn shield_error() {
    let outcome = shield(async { Err::<(), _>("no") }).await;
    assert_eq!(outcome.unwrap(), Err("no"));
    let outcome = shield(async { panic!("this one fails") }).await;
    assert!(outcome.unwrap_err().is_panic());
}

#[mainspring::test(start_paused = true)]
async fn shield_outer_cancelled() {
    let ended = Rc::new(Cell::new(false));
    let end = ended.clone();
    let outer = mainspring::spawn(async move {
        let work = async move {
            after(20, ()).await;
            end.set(true);
        };
        shield(work).await.unwrap();
    });
    after(10, ()).await;
    outer.abort();
    assert!(outer.await.unwrap_err().is_cancelled());
    assert!(!ended.get());
    after(15, ()).await;
    assert!(ended.get());
}

#[mainspring::test(start_paused = true)]
async fn shield_outer_cancelled_then_result_can_still_be_read() {
    let mut work = shield(after(20, 1));
    let limit = Duration::from_millis(10);
    assert!(timeout(limit, &mut work).await.is_err());
    assert_eq!(work.await.unwrap(), 1);
}

#[mainspring::test(start_paused = true)]
async fn shield_outer_cancelled_then_error() {
    let mut work = shield(async {
        after(20, ()).await;
        panic!("the work, on purpose");
    });
    let limit = Duration::from_millis(10);
    assert!(timeout(limit, &mut work).await.is_err());
    after(20, ()).await;
    // Somebody can still read it, and does.
    assert!(work.await.unwrap_err().is_panic());
}

#[mainspring::test(start_paused = true)]
async fn a_shield_tells_where_it_was_put_up() {
    let work = shield(async {});
    assert!(work.spawned_at().file().ends_with("future_shield.rs"));
}
