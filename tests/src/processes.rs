//! Worker processes, seen and struck from outside: by `/proc`, and by signals.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use mainspring::process::ProcessError;
use mainspring::task::JoinError;
use rustix::process::{Pid, Signal, kill_process};

/// The children of this process, zombies among them.
///
/// # Panics
///
/// If there is no `/proc`.
#[must_use]
pub fn children() -> Vec<u32> {
    let parent = std::process::id().to_string();
    let entries = fs::read_dir("/proc").unwrap();
    let pids = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|&pid| stat(pid).is_some_and(|stat| stat[1] == parent))
        .collect()
}

/// Whether a process runs, or is stopped. A zombie does neither: what is left of an orphan is its
/// new parent's to see to.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| {
        // Its first thread may be a zombie while others still hold its sockets open.
        let threads: u32 = stat[17].parse().unwrap_or_default();
        threads > 1 || (stat[0] != "Z" && stat[0] != "X")
    })
}

/// Whether a process has been stopped by a signal, with all its threads.
#[must_use]
pub fn is_stopped(pid: u32) -> bool {
    let Ok(mut threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return false;
    };
    threads.all(|thread| {
        let thread = thread.ok().and_then(|thread| stat_in(&thread.path()));
        thread.is_some_and(|stat| stat[0] == "T")
    })
}

/// Blocks until none of these processes is alive; a watchdog is to bound it.
pub fn wait_gone(pids: &[u32]) {
    while pids.iter().any(|&pid| is_alive(pid)) {
        thread::yield_now();
    }
}

/// Sends a signal to a process, which may have ended.
///
/// # Panics
///
/// If it may not be sent.
pub fn strike(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a process's number");
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => panic!("{signal:?} for {pid:?}: {error}"),
    }
}

/// What each descriptor of this process is, by number: a path, or words like `socket:[7]`.
///
/// # Errors
///
/// There is no `/proc`.
pub fn descriptors() -> io::Result<Vec<(u32, PathBuf)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        let number = entry.file_name().to_string_lossy().parse();
        // The one by which the folder is read is gone again.
        if let (Ok(number), Ok(file)) = (number, fs::read_link(entry.path())) {
            all.push((number, file));
        }
    }
    all.sort();
    Ok(all)
}

/// What stands in a process's `stat` behind its name: its state, its parent, its group, and so on.
fn stat(pid: u32) -> Option<Vec<String>> {
    stat_in(Path::new(&format!("/proc/{pid}")))
}

fn stat_in(folder: &Path) -> Option<Vec<String>> {
    let text = fs::read_to_string(folder.join("stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    Some(rest.split(' ').map(str::to_owned).collect())
}

/// Why a job was not done.
///
/// # Panics
///
/// If it is for another reason than those of `ProcessError`.
#[must_use]
pub fn reason(error: &JoinError) -> &ProcessError {
    let source = error.source().and_then(<dyn Error>::downcast_ref);
    source.unwrap_or_else(|| panic!("{error}"))
}
