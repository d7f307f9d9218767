//! asyncio's behaviour of task groups: one test for each behaviour, named after it.
//!
//! What is different on purpose is said beside the test. What the types refuse (a child that
//! borrows from the body, a group that is entered twice) has no test here, or one beside the type.

use std::cell::{Cell, RefCell};
use std::future::{Pending, pending};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use mainspring::asyncio;
use mainspring::task::{ErrorGroup, Member, TaskGroup, idle, spawn_local, task_group, yield_now};
use mainspring::time::{Instant, sleep, timeout};
use mainspring_tests::on_drop::on_drop;

type Log = RefCell<Vec<&'static str>>;

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

fn never<E>() -> Pending<Result<(), E>> {
    pending()
}

fn failed<T, E>(error: E) -> Result<T, ErrorGroup<E>> {
    let errors = vec![error];
    Err(ErrorGroup { errors })
}

#[mainspring::test(start_paused = true)]
async fn tg_child_cancelled_alone() {
    let outcome = task_group(async |tg| {
        let lonely = tg.spawn(never::<()>());
        let other = tg.spawn(after(10, Ok(1)));
        yield_now().await;
        assert!(lonely.cancel());
        assert!(!lonely.done());
        assert_eq!(lonely.await, None);
        Ok(other.await)
    });
    assert_eq!(outcome.await, Ok(Some(1)));
}

#[mainspring::test(start_paused = true)]
async fn tg_child_error_interrupts_body() {
    let began = Instant::now();
    let log = Log::default();
    let outcome = task_group(async |tg| {
        for name in ["one", "two", "three"] {
            tg.spawn(after(10, Err::<(), _>(name)));
        }
        tg.spawn(async {
            let _guard = on_drop(|| log.borrow_mut().push("child"));
            never().await
        });
        let _guard = on_drop(|| log.borrow_mut().push("body"));
        after(10_000, Ok(())).await
    });
    let errors = vec!["one", "two", "three"];
    assert_eq!(outcome.await, Err(ErrorGroup { errors }));
    assert_eq!(began.elapsed(), Duration::from_millis(10));
    assert_eq!(log.take(), ["body", "child"]);
}

#[mainspring::test]
async fn tg_outer_cancel() {
    let alive = Rc::new(Cell::new(0));
    let counted = alive.clone();
    let task = spawn_local(async move {
        let outcome = task_group(async |tg| {
            for _ in 0..5 {
                tg.spawn(async {
                    counted.set(counted.get() + 1);
                    let _guard = on_drop(|| counted.set(counted.get() - 1));
                    never::<()>().await
                });
            }
            Ok(())
        });
        outcome.await
    });
    idle().await;
    assert_eq!(alive.get(), 5);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(alive.get(), 0);
}

#[mainspring::test]
async fn tg_outer_cancel_body_too() {
    let log = Rc::new(Log::default());
    let inside = log.clone();
    let task = spawn_local(async move {
        let outcome = task_group(async |tg| {
            for name in ["first child", "second child"] {
                tg.spawn(async {
                    let _guard = on_drop(|| inside.borrow_mut().push(name));
                    never::<()>().await
                });
            }
            let _guard = on_drop(|| inside.borrow_mut().push("body"));
            never().await
        });
        outcome.await
    });
    idle().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(*log.borrow(), ["body", "first child", "second child"]);
}

/// A destructor that panics has been told of, and changes nothing: asyncio's error would come out
/// instead of the cancellation.
#[mainspring::test]
async fn tg_cleanup_error_after_outer_cancel() {
    let dropped = Rc::new(Cell::new(false));
    let inside = dropped.clone();
    let task = spawn_local(async move {
        let outcome = task_group(async |tg| {
            tg.spawn(async {
                let _guard = on_drop(|| panic!("in a clean-up, on purpose"));
                never::<()>().await
            });
            tg.spawn(async {
                let _guard = on_drop(|| inside.set(true));
                never().await
            });
            never().await
        });
        outcome.await
    });
    idle().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(dropped.get());
}

#[mainspring::test(start_paused = true)]
async fn tg_body_error_cancels_children() {
    for pause in [0, 10] {
        let log = Log::default();
        let outcome = task_group(async |tg| {
            for name in ["one", "two"] {
                tg.spawn(async {
                    log.borrow_mut().push("began");
                    let _guard = on_drop(|| log.borrow_mut().push(name));
                    never().await
                });
            }
            if pause > 0 {
                after(pause, ()).await;
            }
            Err::<(), _>("body")
        });
        let outcome: Result<(), ErrorGroup<&str>> = outcome.await;
        assert_eq!(outcome, failed("body"));
        // Without a pause they have not even begun.
        match pause {
            0 => assert!(log.take().is_empty()),
            _ => assert_eq!(log.take(), ["began", "began", "one", "two"]),
        }
    }
}

/// A clean-up that fails is a destructor that panics: it is told of, and is no error of the group.
#[mainspring::test]
async fn tg_nested_cleanup_error() {
    let outcome: Result<(), ErrorGroup<ErrorGroup<&str>>> = task_group(async |_outer| {
        let inner = task_group(async |tg| {
            tg.spawn(async {
                let _guard = on_drop(|| panic!("in a clean-up, on purpose"));
                never().await
            });
            yield_now().await;
            Err::<(), _>("inner")
        });
        inner.await
    })
    .await;
    assert_eq!(
        outcome,
        failed(ErrorGroup {
            errors: vec!["inner"]
        })
    );
}

#[mainspring::test(start_paused = true)]
async fn tg_inner_child_fails() {
    let cancelled = Cell::new(false);
    let outcome: Result<(), ErrorGroup<ErrorGroup<&str>>> = task_group(async |outer| {
        outer.spawn(async {
            let _guard = on_drop(|| cancelled.set(true));
            never().await
        });
        let inner = task_group(async |tg| {
            tg.spawn(after(10, Err::<(), _>("inner child")));
            Ok(())
        });
        inner.await
    })
    .await;
    assert_eq!(
        outcome,
        failed(ErrorGroup {
            errors: vec!["inner child"]
        })
    );
    assert!(cancelled.get());
}

/// In asyncio a child can fail while it is being cancelled. Here it fails or is dropped.
#[mainspring::test]
async fn tg_error_during_cancel() {
    let outcome: Result<(), ErrorGroup<&str>> = task_group(async |tg| {
        let child: Member<()> = tg.spawn(async {
            yield_now().await;
            Err("too late")
        });
        yield_now().await;
        child.cancel();
        assert_eq!(child.await, None);
        Ok(())
    })
    .await;
    assert_eq!(outcome, Ok(()));
}

/// Only what was returned before the drop is kept.
#[mainspring::test(start_paused = true)]
async fn tg_both_errors() {
    let outcome: Result<(), ErrorGroup<&str>> = task_group(async |tg| {
        tg.spawn(after(10, Err::<(), _>("child")));
        tg.spawn(after(10, Err::<(), _>("sister")));
        let _guard = on_drop(|| ());
        after(20, Err("body")).await
    })
    .await;
    let errors = vec!["child", "sister"];
    assert_eq!(outcome, Err(ErrorGroup { errors }));
}

#[mainspring::test(start_paused = true)]
async fn tg_forgets_finished() {
    let held = Rc::new(());
    let outcome: Result<(), ErrorGroup<()>> = task_group(async |tg| {
        for _ in 0..100 {
            let mine = held.clone();
            tg.spawn(async move { after(1, Ok(mine)).await.map(drop) });
            assert_eq!(tg.len(), 1);
            after(2, ()).await;
            assert!(tg.is_empty());
            assert_eq!(Rc::strong_count(&held), 1);
        }
        Ok(())
    })
    .await;
    assert_eq!(outcome, Ok(()));
}

#[mainspring::test(start_paused = true)]
async fn tg_child_adds_child() {
    let began = Instant::now();
    let log = Log::default();
    let outcome: Result<(), ErrorGroup<()>> = task_group(async |tg| {
        let door = tg.clone();
        let log = &log;
        tg.spawn(async move {
            for name in ["first grandchild", "second grandchild"] {
                door.spawn(async move {
                    after(10, ()).await;
                    log.borrow_mut().push(name);
                    Ok(())
                });
            }
            log.borrow_mut().push("child");
            Ok(())
        });
        Ok(())
    })
    .await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        log.take(),
        ["child", "first grandchild", "second grandchild"]
    );
    assert_eq!(began.elapsed(), Duration::from_millis(10));
}

#[mainspring::test(start_paused = true)]
async fn tg_hydra() {
    let count = Cell::new(0);
    // Boxed, for it contains itself.
    fn head<'env>(
        tg: TaskGroup<'env, &'static str>,
        count: &'env Cell<usize>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), &'static str>> + 'env>> {
        Box::pin(async move {
            count.set(count.get() + 1);
            after(10, ()).await;
            for _ in 0..2 {
                tg.spawn(head(tg.clone(), count));
            }
            Ok(())
        })
    }
    let outcome = task_group(async |tg| {
        tg.spawn(head(tg.clone(), &count));
        tg.spawn(after(45, Err::<(), _>("killed")));
        Ok(())
    });
    assert_eq!(outcome.await, failed("killed"));
    let heads = count.get();
    assert_eq!(heads, 1 + 2 + 4 + 8 + 16);
    after(100, ()).await;
    assert_eq!(count.get(), heads);
}

/// There is no entering: a handle that is kept after the end drops what it is given.
#[mainspring::test]
async fn tg_enter_twice() {
    let outcome = task_group(async |tg| Ok::<_, ()>(tg));
    let kept: TaskGroup<'_, ()> = outcome.await.unwrap();
    let ran = Rc::new(Cell::new(false));
    let inside = ran.clone();
    let member = kept.spawn(async move {
        inside.set(true);
        Ok(())
    });
    assert_eq!(Rc::strong_count(&ran), 1);
    assert!(member.done());
    assert!(!member.cancel());
    assert_eq!(member.await, None);
    assert!(kept.is_empty());
    assert!(!ran.get());
}

#[mainspring::test(start_paused = true)]
async fn tg_nested_both_fail() {
    let seen = Cell::new(None);
    let outcome: Result<(), ErrorGroup<&str>> = task_group(async |outer| {
        outer.spawn(after(10, Err::<(), _>("outer child")));
        let inner = task_group(async |inner| {
            inner.spawn(after(10, Err::<(), _>("inner child")));
            never().await
        });
        seen.set(inner.await.err());
        never().await
    })
    .await;
    assert_eq!(outcome, failed("outer child"));
    let errors = vec!["inner child"];
    assert_eq!(seen.take(), Some(ErrorGroup { errors }));
}

#[mainspring::test]
async fn tg_error_and_outer_cancel() {
    let reached = Rc::new(Cell::new("nothing"));
    let inside = reached.clone();
    let task = spawn_local(async move {
        let outcome: Result<(), ErrorGroup<()>> = task_group(async |tg| {
            tg.spawn(async {
                yield_now().await;
                Err::<(), _>(())
            });
            never().await
        })
        .await;
        assert!(outcome.is_err());
        inside.set("the error");
        yield_now().await;
        inside.set("the end");
    });
    let abort = task.abort_handle();
    yield_now().await;
    // In the same turn in which the child fails, and after it.
    let cancel = spawn_local(async move { abort.abort() });
    assert!(task.await.unwrap_err().is_cancelled());
    cancel.await.unwrap();
    assert_eq!(reached.get(), "the error");
}

#[mainspring::test]
async fn tg_cancel_child_of_cancelling_group() {
    let parks = Rc::new(Cell::new(0));
    let outcome: Result<(), ErrorGroup<&str>> = task_group(async |tg| {
        let door = tg.clone();
        let parks = &parks;
        tg.spawn(async move {
            door.spawn(async { Err::<(), _>("grandchild") });
            for _ in 0..2 {
                yield_now().await;
                parks.set(parks.get() + 1);
            }
            never().await
        });
        Ok(())
    })
    .await;
    assert_eq!(outcome, failed("grandchild"));
    assert!(
        parks.get() < 2,
        "cancelled at its second park at the latest"
    );
}

#[mainspring::test(start_paused = true)]
async fn tg_cancel_method() {
    let began = Instant::now();
    let dropped = Cell::new(0);
    let outcome: Result<_, ErrorGroup<()>> = task_group(async |tg| {
        for _ in 0..3 {
            tg.spawn(async {
                let _guard = on_drop(|| dropped.set(dropped.get() + 1));
                never().await
            });
        }
        after(10, ()).await;
        tg.cancel();
        // Afterwards nobody is let in, and the body goes on.
        let late = tg.spawn(async { Ok(()) });
        assert!(late.done());
        yield_now().await;
        assert_eq!((dropped.get(), tg.len()), (3, 0));
        after(10, Ok("the body's output")).await
    })
    .await;
    assert_eq!(outcome, Ok("the body's output"));
    assert_eq!(began.elapsed(), Duration::from_millis(20));

    // From within a child, which runs on to its next wait.
    let log = Log::default();
    let outcome: Result<(), ErrorGroup<()>> = task_group(async |tg| {
        let door = tg.clone();
        let log = &log;
        tg.spawn(async move {
            door.cancel();
            log.borrow_mut().push("said so");
            yield_now().await;
            log.borrow_mut().push("went on");
            Ok(())
        });
        tg.spawn(async {
            log.borrow_mut().push("began");
            Ok(())
        });
        Ok(())
    })
    .await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(log.take(), ["said so"]);
}

#[mainspring::test]
async fn tg_borrow_locals() {
    let words = [String::from("one"), String::from("three")];
    let total = Cell::new(0);
    let mut only = Vec::new();
    let outcome: Result<(), ErrorGroup<()>> = asyncio::task_group(async |tg| {
        for word in &words {
            tg.create_task(async {
                total.set(total.get() + word.len());
                Ok(())
            });
        }
        tg.create_task(async {
            only.push("a child may even borrow for itself alone");
            Ok(())
        });
        Ok(())
    })
    .await;
    assert_eq!(outcome, Ok(()));
    assert_eq!((total.get(), only.len()), (8, 1));
}

#[mainspring::test]
async fn a_panic_drops_all_others_and_goes_on_in_the_caller() {
    let log = Rc::new(Log::default());
    let inside = log.clone();
    let task = spawn_local(async move {
        let inside = &*inside;
        let outcome: Result<(), ErrorGroup<()>> = task_group(async |tg| {
            tg.spawn(async move {
                let _guard = on_drop(|| inside.borrow_mut().push("child"));
                never().await
            });
            tg.spawn::<()>(async { panic!("a child, on purpose") });
            let _guard = on_drop(|| inside.borrow_mut().push("body"));
            never().await
        })
        .await;
        drop(outcome);
        inside.borrow_mut().push("went on");
    });
    let payload = task.await.unwrap_err().into_panic();
    assert_eq!(payload.downcast_ref(), Some(&"a child, on purpose"));
    assert_eq!(*log.borrow(), ["body", "child"]);
}

#[mainspring::test]
async fn a_panic_that_is_caught_leaves_nobody_behind() {
    let dropped = Cell::new(false);
    let mut group = pin!(task_group(async |tg: TaskGroup<'_, ()>| {
        tg.spawn(async {
            let _guard = on_drop(|| dropped.set(true));
            never().await
        });
        yield_now().await;
        if !tg.is_empty() {
            panic!("the body, on purpose");
        }
        Ok(())
    }));
    let caught = std::future::poll_fn(|cx| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| group.as_mut().poll(cx)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(payload) => std::task::Poll::Ready(Err(payload)),
        }
    });
    assert!(caught.await.is_err());
    assert!(dropped.get());
}

#[mainspring::test]
async fn children_start_in_the_order_of_adding_and_after_the_body_waits() {
    let log = Log::default();
    let outcome: Result<(), ErrorGroup<()>> = task_group(async |tg| {
        for name in ["one", "two", "three"] {
            tg.spawn(async {
                log.borrow_mut().push(name);
                Ok(())
            });
        }
        log.borrow_mut().push("body");
        yield_now().await;
        assert!(tg.is_empty());
        Ok(())
    })
    .await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(log.take(), ["body", "one", "two", "three"]);
}

#[mainspring::test(start_paused = true)]
async fn a_wake_polls_only_whom_it_is_for() {
    let polls = Cell::new(0);
    let counted = async || {
        let mut sleep = pin!(sleep(Duration::from_secs(3600)));
        std::future::poll_fn(|cx| {
            polls.set(polls.get() + 1);
            sleep.as_mut().poll(cx)
        })
        .await;
        Ok::<_, ()>(())
    };
    let outcome = task_group(async |tg| {
        for _ in 0..1000 {
            tg.spawn(counted());
        }
        for _ in 0..100 {
            after(1, ()).await;
        }
        assert_eq!(polls.get(), 1000);
        tg.cancel();
        Ok(())
    });
    assert_eq!(outcome.await, Ok(()));
}

#[mainspring::test(start_paused = true)]
async fn children_that_always_add_others_starve_nobody() {
    async fn endless(tg: TaskGroup<'_, ()>) -> Result<(), ()> {
        let again = tg.clone();
        // The handle is all that it holds.
        tg.spawn(Box::pin(endless(again)) as std::pin::Pin<Box<dyn Future<Output = _>>>);
        Ok(())
    }
    let beside = spawn_local(async {
        for _ in 0..10 {
            yield_now().await;
        }
    });
    let limit = timeout(
        Duration::from_millis(1),
        task_group(async |tg: TaskGroup<'static, ()>| {
            tg.spawn(endless(tg.clone()));
            beside.await.unwrap();
            tg.cancel();
            Ok(())
        }),
    );
    assert_eq!(limit.await, Ok(Ok(())));
}

#[mainspring::test]
async fn a_member_gives_its_value_to_a_sister_and_after_the_group() {
    let outcome: Result<_, ErrorGroup<()>> = task_group(async |tg| {
        let first = tg.spawn(async {
            yield_now().await;
            Ok(20)
        });
        let second = tg.spawn(async move { Ok(first.await.unwrap() + 22) });
        let unread = tg.spawn(async { Ok(String::from("dropped with its member")) });
        drop(unread);
        Ok(second)
    })
    .await;
    let second = outcome.unwrap();
    assert!(second.done() && !second.cancel());
    assert_eq!(second.await, Some(42));
}

#[mainspring::test]
async fn a_group_that_failed_tells_the_members_that_others_keep() {
    let kept = RefCell::new(None);
    let outcome: Result<(), ErrorGroup<&str>> = task_group(async |tg| {
        *kept.borrow_mut() = Some(tg.spawn(pending::<Result<u8, _>>()));
        yield_now().await;
        Err("body")
    })
    .await;
    assert_eq!(outcome, failed("body"));
    let member = kept.take().unwrap();
    assert!(member.done());
    assert_eq!(member.await, None);
}

#[mainspring::test]
async fn a_child_that_another_task_adds_is_run() {
    let (give, mut given) = mainspring::future::create_future::<()>();
    let door = Rc::new(RefCell::new(None));
    let inside = door.clone();
    let group = spawn_local(async move {
        let outcome = task_group(async move |tg: TaskGroup<'static, ()>| {
            *inside.borrow_mut() = Some(tg);
            never().await
        });
        outcome.await
    });
    idle().await;
    let tg = door.take().unwrap();
    let set = async move {
        give.set_result(()).unwrap();
        Ok(())
    };
    tg.spawn(set);
    (&mut given).await.unwrap();
    tg.spawn(async { Err::<(), _>(()) });
    assert!(group.await.unwrap().is_err());
}

#[test]
fn an_error_group_says_what_failed() {
    let errors = vec![std::fmt::Error, std::fmt::Error];
    let group = ErrorGroup { errors };
    let one = std::fmt::Error.to_string();
    assert_eq!(
        group.to_string(),
        format!("the task group failed: {one}; {one}")
    );
    let error: Box<dyn std::error::Error> = group.into();
    assert_eq!(error.source().unwrap().to_string(), one);
}
