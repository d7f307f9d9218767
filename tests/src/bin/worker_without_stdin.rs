//! A program that gives its standard input away before it calls `serve`: its workers do not know
//! what they are, and start workers, or stay. `process_first_steps` runs it, with the name of a file
//! to which each process adds a line.

use std::fs::File;
use std::io::Write;

use mainspring::process::{ProcessPool, function, serve};

fn nothing(_: ()) {}

fn main() {
    let name = std::env::var("STARTED").expect("the name of a file");
    let mut file = File::options().append(true).open(&name).unwrap();
    writeln!(file, "{}", std::process::id()).unwrap();
    let started = std::fs::read_to_string(&name).unwrap().lines().count();
    // Should nobody else put an end to it.
    assert!(started < 30, "workers without end");

    rustix::stdio::dup2_stdin(File::open("/dev/null").unwrap()).unwrap();
    serve([function(nothing)]);
    while started > 1 && std::env::var_os("STAY").is_some() {
        std::thread::park();
    }
    mainspring::run(async {
        let pool = ProcessPool::new(1).unwrap();
        pool.submit(nothing, ()).await.unwrap();
    });
}
