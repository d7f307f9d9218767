//! Files that runtimes keep open. One test, for no other may open any meanwhile.
#![cfg(target_os = "linux")]

use std::sync::mpsc::channel;
use std::thread;

use mainspring::runtime::{Handle, LocalRuntime, Runtime};

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn runtimes_that_have_ended_keep_no_file_open() {
    let before = open_files();

    // Handles and wakers that outlive them.
    let mut kept = Vec::new();
    for _ in 0..50 {
        let runtime = LocalRuntime::new().unwrap();
        let task = runtime.spawn_local(std::future::pending::<()>());
        let waker = runtime.block_on(std::future::poll_fn(|cx| cx.waker().clone().into()));
        kept.push((task, runtime.handle().clone(), waker));
    }
    assert_eq!(open_files(), before);

    // A thread that blocks on one after the other.
    let (ask, asked) = channel::<Handle>();
    let (answer, answered) = channel();
    let thread = thread::spawn(move || {
        for handle in asked {
            handle.block_on(async {});
            answer.send(()).unwrap();
        }
    });
    for _ in 0..50 {
        let runtime = Runtime::new().unwrap();
        ask.send(runtime.handle().clone()).unwrap();
        answered.recv().unwrap();
    }
    drop(ask);
    thread.join().unwrap();
    assert_eq!(open_files(), before);
}
