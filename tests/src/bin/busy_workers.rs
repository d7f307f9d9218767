//! A program whose two workers say who they are, and compute for longer than anybody looks.
//! `process_first_steps` kills it.

use std::time::{Duration, Instant};

use mainspring::process::{ProcessPool, function, serve};

fn compute(_: ()) {
    println!("{}", std::process::id());
    // Without end; but should nobody end it, it is not to burn the machine down.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(120) {
        std::hint::spin_loop();
    }
}

fn main() {
    serve([function(compute)]);
    mainspring::run(async {
        let pool = ProcessPool::new(2).unwrap();
        let jobs = [pool.submit(compute, ()), pool.submit(compute, ())];
        for job in jobs {
            job.await.unwrap();
        }
    });
}
