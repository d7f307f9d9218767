//! F15: a million tasks, a million wakes at once, a million spawned by one poll, and a chain of a
//! hundred thousand that each spawn the next.
//!
//! One test, because it looks at the memory of its process.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::thread;

use mainspring::runtime::LocalRuntime;
use mainspring::task::{JoinHandle, all_tasks, idle, spawn_local, yield_now};
use mainspring_tests::watchdog::watch;

const MANY: usize = 1_000_000;
const LONG: usize = 100_000;

/// What an idle task may cost beside its future, in bytes.
const PER_TASK: usize = 1024;

#[test]
fn f15_a_million_tasks_are_no_trouble() {
    let _watchdog = watch();
    a_million_at_once();
    a_chain();
    // A stack that a recursion of this depth would burst.
    let small = thread::Builder::new().stack_size(128 * 1024);
    small.spawn(a_chain).unwrap().join().unwrap();
}

fn a_million_at_once() {
    let before = resident();
    let ran = Rc::new(Cell::new(0_usize));
    let wakers: Rc<RefCell<Vec<Waker>>> = Rc::default();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        // In one poll of the main future.
        for _ in 0..MANY {
            let (ran, wakers) = (ran.clone(), wakers.clone());
            let mut is_woken = false;
            drop(spawn_local(poll_fn(move |cx| {
                if std::mem::replace(&mut is_woken, true) {
                    ran.set(ran.get() + 1);
                    return Poll::Ready(());
                }
                wakers.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            })));
        }
        yield_now().await;
        assert_eq!(wakers.borrow().len(), MANY);
        if let (Some(before), Some(now)) = (before, resident()) {
            let each = now.saturating_sub(before) / MANY;
            assert!(each < PER_TASK, "an idle task takes {each} bytes");
        }
        wakers.borrow().iter().for_each(Waker::wake_by_ref);
        yield_now().await;
        assert_eq!(ran.get(), MANY);
        assert_eq!(all_tasks().len(), 1, "the main future alone");
        // Late ones, from another thread.
        let late = std::mem::take(&mut *wakers.borrow_mut());
        thread::spawn(move || late.into_iter().for_each(Waker::wake))
            .join()
            .unwrap();
        idle().await;
    });
}

/// Each task spawns the next and waits for it; the handles are dropped from the end.
fn a_chain() {
    fn link(left: usize) -> Pin<Box<dyn Future<Output = usize>>> {
        Box::pin(async move {
            match left {
                0 => 0,
                _ => 1 + spawn_local(link(left - 1)).await.unwrap(),
            }
        })
    }
    let runtime = LocalRuntime::new().unwrap();
    assert_eq!(runtime.block_on(link(LONG)), LONG);

    // Broken off half way, the chain of handles goes with the runtime.
    let first: JoinHandle<usize> = runtime.spawn_local(link(LONG));
    runtime.block_on(async {
        for _ in 0..LONG / 2 {
            yield_now().await;
        }
    });
    drop(runtime);
    assert!(first.cancelled());
}

/// The memory of this process, in bytes, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: usize = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
