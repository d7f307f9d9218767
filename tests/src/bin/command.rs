//! Programs that start other programs, alone in their process: what they set holds for all of it.

use std::io::ErrorKind;

use mainspring::process::Command;
use mainspring::runtime::LocalRuntime;

fn main() {
    let runtime = LocalRuntime::new().unwrap();
    match std::env::args().nth(1).as_deref() {
        Some("ignored") => runtime.block_on(ignored()),
        Some("forsaken") => forsaken(),
        other => panic!("there is no program {other:?}"),
    }
}

/// Its parent has told it to ignore SIGCHLD, so the system keeps no child's status.
async fn ignored() {
    for _ in 0..50 {
        let mut child = Command::new("true").spawn().unwrap();
        // However early or late its end is noticed: it is, and nobody knows how it was.
        let error = child.wait().await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(10), "{error}");
        assert_ne!(error.kind(), ErrorKind::WouldBlock);
    }
    let mut child = Command::new("sleep").arg("3600").spawn().unwrap();
    child.start_kill().unwrap();
    child.wait().await.unwrap_err();
    println!("noticed");
}

/// Runtimes end before the children that they left.
fn forsaken() {
    let mut pids = Vec::new();
    for _ in 0..10 {
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(async {
            let left = Command::new("sh").args(["-c", "read line"]).spawn();
            pids.push(left.unwrap().id().unwrap());
            let mut killed = Command::new("sleep");
            let killed = killed.arg("3600").kill_on_drop(true).spawn().unwrap();
            pids.push(killed.id().unwrap());
        });
    }
    println!("{pids:?}");
    // The children read the end of what is our standard input, too.
    let _ = std::io::stdin().read_line(&mut String::new());
    let exists = |pid: &u32| std::path::Path::new(&format!("/proc/{pid}")).exists();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        while pids.iter().any(exists) {
            // Whoever starts another looks after them.
            Command::new("true").status().await.unwrap();
        }
    });
    println!("gone");
}
