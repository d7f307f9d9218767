//! Task-local values: each task sees its own, and a task inherits what two have agreed on.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;

use mainspring::future::gather;
use mainspring::runtime::{Handle, LocalRuntime};
use mainspring::task::{
    JoinHandle, LocalSet, block_in_place, idle, spawn_blocking, spawn_eager, spawn_local,
    spawn_with_locals, yield_now,
};
use mainspring::{spawn, task_local};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

task_local! {
    /// Documented, and public.
    pub static NUMBER: u32;

    #[allow(dead_code)]
    static UNUSED: f32;

    static NAME: &'static str;
}

task_local! {
    static SHARED: Rc<Cell<u32>>
}

task_local! {}

#[mainspring::test]
async fn a_task_that_is_polled_within_a_scope_does_not_see_its_values() {
    let sees = || async { [NUMBER.try_get().is_ok(), NAME.try_get().is_ok()] };
    let named = NAME.scope("inner", async move {
        // Its first poll is within this one.
        let eager = spawn_eager(async move {
            let first = sees().await;
            let own = NUMBER.scope(2, async { NUMBER.get() }).await;
            yield_now().await;
            (first, own, sees().await)
        });
        assert_eq!((NUMBER.get(), NAME.get()), (1, "inner"));
        assert_eq!(eager.await.unwrap(), ([false; 2], 2, [false; 2]));

        // The loop turns within this poll.
        let other = spawn_local(async move { sees().await });
        let heir = spawn_local(async move { spawn_with_locals(sees()).await.unwrap() });
        block_in_place(|| {
            Handle::current().block_on(async {
                assert_eq!(other.await.unwrap(), [false; 2]);
                assert_eq!(heir.await.unwrap(), [false; 2]);
                assert_eq!((NUMBER.get(), NAME.get()), (1, "inner"));
            });
        });
        assert_eq!((NUMBER.get(), NAME.get()), (1, "inner"));

        // A set is driven within this poll.
        let set = LocalSet::new();
        let hosted = set.spawn_local(sees());
        assert_eq!(set.run_until(hosted).await.unwrap(), [false; 2]);
    });
    NUMBER.scope_inherited(1, named).await;
}

#[test]
fn a_runtime_that_is_driven_within_a_scope_keeps_its_values_from_the_tasks() {
    let runtime = LocalRuntime::new().unwrap();
    NUMBER.sync_scope(1, || {
        let task = runtime.spawn_local(async { NUMBER.try_get().is_ok() });
        let seen = runtime.block_on(async { (NUMBER.get(), task.await.unwrap()) });
        assert_eq!(seen, (1, false));
        let task = runtime.spawn_local(async { assert!(NUMBER.try_get().is_err()) });
        runtime.run_until_idle();
        runtime.block_on(task).unwrap();

        let panics = AssertUnwindSafe(|| runtime.block_on(async { panic!("on purpose") }));
        assert!(catch_unwind(panics).is_err());
        assert_eq!(NUMBER.get(), 1);
    });
    assert!(NUMBER.try_get().is_err());
}

#[mainspring::test]
async fn task_context_isolated() {
    NUMBER
        .scope(1, async {
            let tasks = (10..13).map(|number| {
                NUMBER.scope(number, async move {
                    for _ in 0..3 {
                        assert_eq!(NUMBER.get(), number);
                        yield_now().await;
                    }
                })
            });
            gather(tasks).await;
            let tasks: Vec<JoinHandle<_>> = (20..23)
                .map(|number| {
                    spawn_local(NUMBER.scope(number, async move {
                        yield_now().await;
                        NUMBER.get() == number
                    }))
                })
                .collect();
            for task in tasks {
                assert!(task.await.unwrap());
            }
            assert_eq!(NUMBER.get(), 1);
        })
        .await;
    assert!(NUMBER.try_get().is_err());
}

/// What is shared is shared on purpose.
#[mainspring::test]
async fn task_context_explicit() {
    let shared = Rc::new(Cell::new(0));
    let first = spawn_local(SHARED.scope(shared.clone(), async { SHARED.with(|it| it.set(7)) }));
    let second = spawn_local(SHARED.scope(shared, async {
        yield_now().await;
        SHARED.with(|it| it.get())
    }));
    first.await.unwrap();
    assert_eq!(second.await.unwrap(), 7);
}

#[mainspring::test]
async fn exec_context() {
    let name = NAME.scope("loop", async {
        let name = NAME.get();
        // Each thread has its own: what the job is to see goes with it.
        let job = spawn_blocking(move || NAME.sync_scope(name, || NAME.get()));
        job.await.unwrap()
    });
    assert_eq!(name.await, "loop");
}

#[mainspring::test]
async fn scopes_nest_and_an_ended_one_gives_back_what_was_before() {
    let outer = NAME.scope("outer", async {
        let inner = NAME.scope("inner", async {
            yield_now().await;
            NAME.get()
        });
        assert_eq!(inner.await, "inner");
        NAME.sync_scope("sync", || assert_eq!(NAME.get(), "sync"));
        NAME.get()
    });
    assert_eq!(outer.await, "outer");
}

#[mainspring::test]
async fn a_scope_that_panics_gives_back_what_was_before() {
    NUMBER
        .scope(1, async {
            let broken = catch_unwind(|| NUMBER.sync_scope(2, || panic!("on purpose")));
            assert!(broken.is_err());
            let broken = spawn_local(NUMBER.scope(3, async { panic!("on purpose") }));
            broken.await.unwrap_err();
            assert_eq!(NUMBER.get(), 1);
        })
        .await;
}

#[test]
fn outside_of_a_scope_there_is_no_value() {
    let error = NUMBER.try_with(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "task-local value not set");
    let text = catch_unwind(|| NUMBER.get()).unwrap_err();
    assert!(text.downcast_ref::<String>().unwrap().contains("`scope`"));
}

#[test]
fn a_scope_inside_of_a_look_names_the_remedy() {
    NUMBER.sync_scope(1, || {
        NUMBER.with(|_| {
            assert_eq!(
                NUMBER.with(|number| *number),
                1,
                "a look inside of a look is fine"
            );
            let refused = catch_unwind(|| NUMBER.sync_scope(2, || ()));
            let text = refused.unwrap_err();
            assert!(text.downcast_ref::<&str>().unwrap().contains("`with`"));
            // Dropping a scope there is none of the programmer's mistakes.
            drop(NUMBER.scope(3, async {}));
        });
    });
}

#[mainspring::test]
async fn what_is_dropped_in_a_scope_still_sees_its_value() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let scope = || {
        let seen = seen.clone();
        NUMBER.scope(5, async move {
            let _guard = on_drop(move || seen.borrow_mut().push(NUMBER.get()));
            idle().await;
            idle().await;
        })
    };
    drop(scope());
    assert!(seen.borrow().is_empty(), "it has not begun");
    let begun = spawn_local(scope());
    yield_now().await;
    begun.abort();
    let _ = begun.await;
    scope().await;
    assert_eq!(*seen.borrow(), [5, 5]);
}

#[mainspring::test]
async fn the_value_can_be_taken_out_of_a_scope() {
    let mut scope = pin!(NUMBER.scope(7, async { NUMBER.try_get().ok() }));
    assert_eq!(scope.as_mut().await, Some(7));
    assert_eq!(scope.as_mut().take_value(), Some(7));
    assert_eq!(scope.as_mut().take_value(), None);
    // Also before the end: then the future runs without.
    let mut scope = pin!(NUMBER.scope(8, async { NUMBER.try_get().ok() }));
    assert_eq!(scope.as_mut().take_value(), Some(8));
    assert_eq!(scope.as_mut().await, None);
    let again = catch_unwind(AssertUnwindSafe(|| Bell::new().poll(&mut scope)));
    assert!(again.is_err(), "it has given its output");
}

#[mainspring::test]
async fn a_task_inherits_what_may_be_inherited_and_nothing_else() {
    let both = NUMBER.scope_inherited(
        1,
        NAME.scope("kept", async {
            let heir = spawn_with_locals(async { (NUMBER.try_get().ok(), NAME.try_get().ok()) });
            let other = spawn_local(async { NUMBER.try_get().ok() });
            (heir.await.unwrap(), other.await.unwrap())
        }),
    );
    assert_eq!(both.await, ((Some(1), None), None));
}

#[mainspring::test]
async fn an_inherited_value_is_handed_down_and_outlives_its_first_scope() {
    let family = async {
        yield_now().await;
        let child = NUMBER.get();
        let grandchild = spawn_with_locals(async {
            yield_now().await;
            NUMBER.get()
        });
        (child, grandchild.await.unwrap())
    };
    let spawns = async { [spawn_with_locals(family)] };
    let inner = NUMBER.scope_inherited(2, spawns);
    let [child] = NUMBER.scope_inherited(1, inner).await;
    assert!(NUMBER.try_get().is_err());
    assert_eq!(child.await.unwrap(), (2, 2), "the innermost");
    let heir = spawn_with_locals(async { NUMBER.try_get() });
    assert!(
        heir.await.unwrap().is_err(),
        "outside of every scope there is nothing to inherit"
    );
}

#[mainspring::test]
async fn each_heir_has_a_clone_of_its_own() {
    /// Counts how often it was cloned.
    struct Heirloom(Rc<Cell<u32>>, u32);
    impl Clone for Heirloom {
        fn clone(&self) -> Self {
            self.0.set(self.0.get() + 1);
            Heirloom(self.0.clone(), self.0.get())
        }
    }
    task_local! { static HEIRLOOM: Heirloom }
    let clones = Rc::new(Cell::new(0));
    let numbers = HEIRLOOM.scope_inherited(Heirloom(clones.clone(), 0), async {
        let heirs = [(); 2].map(|()| {
            spawn_with_locals(async {
                yield_now().await;
                HEIRLOOM.with(|it| it.1)
            })
        });
        let own = HEIRLOOM.with(|it| it.1);
        let [first, second] = heirs;
        (own, first.await.unwrap(), second.await.unwrap())
    });
    assert_eq!(numbers.await, (0, 1, 2));
    assert_eq!(Rc::strong_count(&clones), 1, "all are gone");
}

#[mainspring::test]
async fn an_heir_that_is_dropped_still_sees_its_value() {
    let seen = Rc::new(Cell::new(None));
    let tell = seen.clone();
    let waits = async move {
        let _guard = on_drop(move || tell.set(NUMBER.try_get().ok()));
        std::future::pending::<()>().await;
    };
    let spawns = async { [spawn_with_locals(waits)] };
    let [heir] = NUMBER.scope_inherited(9, spawns).await;
    yield_now().await;
    heir.abort();
    let _ = heir.await;
    assert_eq!(seen.get(), Some(9));
}

/// As far as `Send` goes, a scope is what its value and its future are.
#[mainspring::test]
async fn a_scope_may_be_sent_if_its_value_may() {
    fn sent<T: Send>(it: T) -> T {
        it
    }
    task_local! { static CELL: Cell<u32> }
    let scope = sent(CELL.scope(Cell::new(4), async { CELL.with(Cell::get) }));
    assert_eq!(spawn(scope).await.unwrap(), 4);
    assert_eq!(format!("{NUMBER:?}"), "LocalKey { .. }");
}
