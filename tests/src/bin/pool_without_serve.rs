//! A program that forgot `serve`: its copies would not know that they are workers. `process_output`
//! runs it.

use mainspring::pool::run_in_executor;
use mainspring::process::{ProcessPool, Processes, function};

fn double(n: u32) -> u32 {
    2 * n
}

fn main() {
    println!("started");
    // That a function is known to somebody does not make it known to workers.
    let _ = function(double);
    let refused = ProcessPool::new(1).unwrap_err();
    println!("{refused}");
    mainspring::run(async {
        let _ = run_in_executor(&Processes, double, 21).await;
    });
}
