//! `Deadline`: a time limit that moves while the work runs.

use std::cell::Cell;
use std::future::{pending, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use mainspring::future::gather;
use mainspring::runtime::LocalRuntime;
use mainspring::task::{idle, spawn_local, yield_now};
use mainspring::time::{Deadline, Duration, Instant, advance, sleep};
use mainspring_tests::by_hand::Bell;

const SECOND: Duration = Duration::from_secs(1);

#[mainspring::test(start_paused = true)]
async fn to_reschedule() {
    let start = Instant::now();
    // Later.
    let deadline = Deadline::after(SECOND);
    let moves = async {
        sleep(SECOND / 2).await;
        deadline.reschedule(start + 3 * SECOND)
    };
    let (cut, moved) = gather2(deadline.scope(pending::<()>()), moves).await;
    assert_eq!((cut.is_err(), moved), (true, Ok(())));
    assert_eq!(start.elapsed(), 3 * SECOND);
    assert!(deadline.expired());
    // Earlier.
    let start = Instant::now();
    let deadline = Deadline::after(10 * SECOND);
    let moves = async {
        sleep(SECOND).await;
        deadline.reschedule(start + 2 * SECOND)
    };
    let (cut, _) = gather2(deadline.scope(pending::<()>()), moves).await;
    assert!(cut.is_err());
    assert_eq!(start.elapsed(), 2 * SECOND);
    // Away, and back.
    let start = Instant::now();
    let deadline = Deadline::after(SECOND);
    let moves = async {
        deadline.reschedule(None).unwrap();
        assert_eq!(deadline.when(), None);
        sleep(60 * SECOND).await;
        assert!(!deadline.expired());
        deadline.reschedule(Instant::now() + SECOND).unwrap();
    };
    let (cut, _) = gather2(deadline.scope(pending::<()>()), moves).await;
    assert!(cut.is_err());
    assert_eq!(start.elapsed(), 61 * SECOND);
}

async fn gather2<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (given, taken) = (Cell::new(None), Cell::new(None));
    let children: [std::pin::Pin<Box<dyn Future<Output = ()> + '_>>; 2] = [
        Box::pin(async { given.set(Some(first.await)) }),
        Box::pin(async { taken.set(Some(second.await)) }),
    ];
    gather(children).await;
    (given.take().unwrap(), taken.take().unwrap())
}

#[mainspring::test(start_paused = true)]
async fn to_reschedule_refused() {
    let deadline = Deadline::after(SECOND);
    // Not begun: it is moved all the same.
    deadline.reschedule(Instant::now() + 2 * SECOND).unwrap();
    assert!(deadline.scope(sleep(SECOND)).await.is_ok());
    // Ended well: it may serve again.
    deadline.reschedule(Instant::now() + SECOND).unwrap();
    assert!(deadline.scope(sleep(2 * SECOND)).await.is_err());
    // Expired: no more.
    let stood = deadline.when();
    let refused = deadline.reschedule(Instant::now() + SECOND);
    assert!(refused.unwrap_err().to_string().contains("elapsed"));
    assert_eq!(deadline.when(), stood);
    assert!(
        deadline.scope(pending::<()>()).await.is_err(),
        "nor does it let anybody pass"
    );
}

#[mainspring::test(start_paused = true)]
async fn to_show_state_of_a_deadline() {
    let deadline = Deadline::after(SECOND);
    assert!(format!("{deadline:?}").contains("expired: false"));
    let _ = deadline.scope(pending::<()>()).await;
    assert!(format!("{deadline:?}").contains("expired: true"));
    assert!(format!("{:?}", deadline.scope(ready(()))).contains("Deadline"));
}

#[mainspring::test(start_paused = true)]
async fn work_that_is_ready_with_its_limit_wins() {
    let deadline = Deadline::after(SECOND);
    assert!(deadline.scope(sleep(SECOND)).await.is_ok());
    assert!(!deadline.expired());
    // Begun after the limit: polled once.
    advance(SECOND).await;
    assert!(deadline.scope(ready(())).await.is_ok());
    assert!(deadline.scope(pending::<()>()).await.is_err());
    assert!(deadline.expired());
}

#[mainspring::test(start_paused = true)]
async fn one_limit_may_be_that_of_several() {
    let start = Instant::now();
    let deadline = Deadline::after(SECOND);
    let cut = Rc::new(Cell::new(0));
    for _ in 0..3 {
        let (deadline, cut) = (deadline.clone(), cut.clone());
        drop(spawn_local(async move {
            assert!(deadline.scope(pending::<()>()).await.is_err());
            cut.set(cut.get() + 1);
        }));
    }
    yield_now().await;
    deadline.reschedule(start + 2 * SECOND).unwrap();
    sleep(SECOND + SECOND / 2).await;
    assert_eq!(cut.get(), 0);
    sleep(SECOND).await;
    assert_eq!(cut.get(), 3);
}

#[mainspring::test(start_paused = true)]
async fn a_limit_that_is_moved_at_the_moment_it_comes_has_not_come() {
    let start = Instant::now();
    let deadline = Deadline::after(SECOND);
    let mover = deadline.clone();
    // Its timer was made first, so it goes first.
    let moves = spawn_local(async move {
        sleep(SECOND).await;
        mover.reschedule(start + 2 * SECOND)
    });
    yield_now().await;
    assert!(deadline.scope(pending::<()>()).await.is_err());
    moves.await.unwrap().unwrap();
    assert_eq!(start.elapsed(), 2 * SECOND);
}

#[test]
fn a_scope_that_is_dropped_leaves_neither_timer_nor_waker() {
    let runtime = LocalRuntime::new().unwrap();
    let _inside = runtime.enter();
    let deadline = Deadline::after(3600 * SECOND);
    let bell = Bell::new();
    {
        let mut scope = pin!(deadline.scope(pending::<()>()));
        assert_eq!(bell.poll(&mut scope), Poll::Pending);
    }
    deadline.reschedule(None).unwrap();
    assert_eq!(bell.rings(), 0);
    runtime.block_on(idle());
}

#[test]
fn a_limit_is_moved_from_another_thread() {
    let runtime = LocalRuntime::new().unwrap();
    let deadline = Deadline::at(None);
    let other = deadline.clone();
    let cut = runtime.block_on(async move {
        let moves = std::thread::spawn(move || other.reschedule(Instant::now()));
        let cut = deadline.scope(pending::<()>()).await;
        moves.join().unwrap().unwrap();
        cut
    });
    assert!(cut.is_err());
}
