//! What `OnceCell` and `SetOnce` promise.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;

use mainspring::sync::{OnceCell, SetError, SetOnce, SetOnceError};
use mainspring::task::{idle, spawn_local, yield_now};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

#[mainspring::test(start_paused = true)]
async fn a_cell_is_filled_by_the_first_and_the_others_wait_for_it() {
    let (cell, made) = (Rc::new(OnceCell::new()), Rc::new(Cell::new(0)));
    let tasks: Vec<_> = (0..5)
        .map(|name| {
            let (cell, made) = (cell.clone(), made.clone());
            spawn_local(async move {
                let value = cell.get_or_init(|| async {
                    yield_now().await;
                    made.set(made.get() + 1);
                    name
                });
                *value.await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 0);
    }
    assert_eq!(made.get(), 1);
}

#[mainspring::test(start_paused = true)]
async fn when_one_is_dropped_while_it_fills_a_cell_the_next_begins() {
    let (cell, log) = (Rc::new(OnceCell::new()), Rc::new(RefCell::new(Vec::new())));
    let first = spawn_local({
        let (cell, log) = (cell.clone(), log.clone());
        async move {
            let stuck = || {
                let log = log.clone();
                let guard = on_drop(move || log.borrow_mut().push("the first is gone"));
                async move {
                    let _guard = guard;
                    pending().await
                }
            };
            cell.get_or_init(stuck).await;
        }
    });
    let second = spawn_local({
        let (cell, log) = (cell.clone(), log.clone());
        async move {
            *cell
                .get_or_init(|| async {
                    log.borrow_mut().push("the second begins");
                    2
                })
                .await
        }
    });
    idle().await;
    assert!(cell.set(9).unwrap_err().is_initializing_err());
    first.abort();
    assert_eq!(second.await.unwrap(), 2);
    assert_eq!(*log.borrow(), ["the first is gone", "the second begins"]);
}

#[mainspring::test(start_paused = true)]
async fn a_cell_stays_empty_after_an_error_or_a_panic_and_the_next_tries() {
    let cell = Rc::new(OnceCell::new());
    let failed = cell.get_or_try_init(|| async { Err::<i32, _>("no") }).await;
    assert_eq!(failed, Err("no"));
    let panics = spawn_local({
        let cell = cell.clone();
        async move {
            cell.get_or_init(|| async { panic!("the user's own") })
                .await;
        }
    });
    assert!(panics.await.unwrap_err().is_panic());
    assert!(!cell.initialized());
    assert_eq!(
        cell.get_or_try_init(|| async { Ok::<_, &str>(3) }).await,
        Ok(&3)
    );
    assert_eq!(cell.get(), Some(&3));
}

#[test]
fn a_cell_is_set_once_and_gives_the_value_back_otherwise() {
    let cell = OnceCell::new();
    assert_eq!(cell.set(1), Ok(()));
    assert_eq!(cell.set(2), Err(SetError::AlreadyInitializedError(2)));

    let making = OnceCell::new();
    let mut init = Box::pin(making.get_or_init(pending::<i32>));
    assert!(Bell::new().poll(&mut init).is_pending());
    assert_eq!(making.set(1), Err(SetError::InitializingError(1)));
    drop(init);
    assert_eq!(making.set(1), Ok(()));
}

#[test]
fn a_cell_may_be_made_full_compared_cloned_shown_and_emptied() {
    static GIVEN: OnceCell<i32> = OnceCell::const_new_with(1);
    assert_eq!(GIVEN.get(), Some(&1));
    assert!(GIVEN.set(2).unwrap_err().is_already_init_err());

    let mut cell = OnceCell::from(1);
    assert_eq!(cell, OnceCell::new_with(Some(1)));
    assert_ne!(cell, OnceCell::new());
    *cell.get_mut().unwrap() += 1;
    let copy = cell.clone();
    assert_eq!(cell.take(), Some(2));
    assert_eq!((cell.get(), copy.into_inner()), (None, Some(2)));
    cell.set(5).unwrap();
    *cell.get_mut().unwrap() += 1;
    assert_eq!(format!("{cell:?}"), "OnceCell { value: Some(6) }");
}

#[test]
fn a_cell_is_filled_once_by_threads() {
    let cell = Arc::new(OnceCell::new());
    let threads: Vec<_> = (0..4)
        .map(|name| {
            let cell = cell.clone();
            std::thread::spawn(move || {
                mainspring::run(async move {
                    *cell
                        .get_or_init(|| async {
                            yield_now().await;
                            name
                        })
                        .await
                })
            })
        })
        .collect();
    let names: Vec<i32> = threads.into_iter().map(|one| one.join().unwrap()).collect();
    assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
}

#[mainspring::test(start_paused = true)]
async fn a_value_that_is_set_wakes_all_in_order_of_arrival_and_stays() {
    let (cell, log) = (Rc::new(SetOnce::new()), Rc::new(RefCell::new(Vec::new())));
    for name in 0..3 {
        let (cell, log) = (cell.clone(), log.clone());
        spawn_local(async move {
            let value = *cell.wait().await;
            log.borrow_mut().push((name, value));
        });
    }
    idle().await;
    cell.set('x').unwrap();
    assert_eq!(cell.set('y'), Err(SetOnceError('y')));
    idle().await;
    assert_eq!(*log.borrow(), [(0, 'x'), (1, 'x'), (2, 'x')]);
    assert_eq!(cell.wait().await, &'x');
}

#[test]
fn a_wait_that_was_made_before_the_value_was_set_has_it_at_its_first_poll() {
    let cell = SetOnce::new();
    let mut wait = cell.wait();
    cell.set(1).unwrap();
    assert!(Bell::new().poll(&mut wait).is_ready());
}

#[test]
fn a_value_may_be_there_from_the_start() {
    static GIVEN: SetOnce<i32> = SetOnce::const_new_with(1);
    static LATER: SetOnce<i32> = SetOnce::const_new();
    assert_eq!((GIVEN.get(), LATER.get()), (Some(&1), None));
    let full = SetOnce::from(1);
    assert!(full.initialized() && full == full.clone() && full != SetOnce::default());
    assert_eq!(format!("{full:?}"), "SetOnce { value: Some(1) }");
    assert_eq!(full.into_inner(), Some(1));
    assert_eq!(SetOnce::<i32>::new_with(None).into_inner(), None);
}

#[mainspring::test]
async fn a_value_is_set_from_another_thread() {
    let cell = Arc::new(SetOnce::new());
    let thread = std::thread::spawn({
        let cell = cell.clone();
        move || cell.set(7).unwrap()
    });
    assert_eq!(*cell.wait().await, 7);
    thread.join().unwrap();
}
