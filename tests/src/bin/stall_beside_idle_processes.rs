//! A program that can never go on: it waits for what nobody can send, while the workers of its
//! process pool are idle. `process_output` runs it.

use mainspring::process::{ProcessPool, function, serve};

fn nothing(_: ()) {}

fn main() {
    serve([function(nothing)]);
    mainspring::run(async {
        let pool = ProcessPool::new(2).unwrap();
        pool.warm_up().await.unwrap();
        pool.submit(nothing, ()).await.unwrap();
        println!("{:?}", pool.pids());
        mainspring::sync::Event::new().wait().await;
    });
}
