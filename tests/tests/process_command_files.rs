//! Programs and open files: what they take, they give back, also when there are none left. Alone in
//! its process, whose files it counts.

use std::fs;
use std::process::Stdio;
use std::thread;

use mainspring::process::Command;
use mainspring::runtime::LocalRuntime;
use mainspring::signal::unix::{SignalKind, signal};
use mainspring_tests::watchdog::watch;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

fn files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A runtime that listens for a signal, and ends.
fn listen_and_end() -> std::io::Result<()> {
    let runtime = LocalRuntime::new()?;
    runtime.block_on(async { signal(SignalKind::user_defined2()).map(drop) })
}

/// The children of this process, zombies among them.
fn children() -> usize {
    mainspring_tests::processes::children().len()
}

async fn start_and_leave() -> std::io::Result<()> {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn()?;
    assert!(child.wait().await?.success());
    Ok(())
}

#[test]
fn whatever_is_refused_leaves_no_file_and_no_process_behind() {
    let _watch = watch();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        start_and_leave().await.unwrap();
        let before = files();
        thread::spawn(|| (0..20).for_each(|_| listen_and_end().unwrap()))
            .join()
            .unwrap();
        assert_eq!(files(), before);
        for _ in 0..20 {
            start_and_leave().await.unwrap();
        }
        assert_eq!(files(), before);

        // With so many files left, it is refused here and there: by the program's start, by one of
        // its pipes, by what tells of its end; by a reactor, by the signal's pipe.
        let limit = getrlimit(Resource::Nofile);
        let mut refused = 0;
        for left in 0..12 {
            let current = Some((before + left) as u64);
            let none_left = Rlimit { current, ..limit };
            setrlimit(Resource::Nofile, none_left).unwrap();
            let started = start_and_leave().await;
            let listened = thread::scope(|scope| scope.spawn(listen_and_end).join());
            setrlimit(Resource::Nofile, limit).unwrap();
            refused += usize::from(started.is_err());
            assert!(listened.is_ok(), "{listened:?}");
            assert_eq!(files(), before, "{left} left: {started:?}");
            assert_eq!(children(), 0, "{left} left: {started:?}");
        }
        assert!((4..12).contains(&refused), "{refused}");
    });
}
