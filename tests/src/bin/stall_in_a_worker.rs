//! A job whose own loop can never go on. `process_first_steps` runs it.

use mainspring::process::{ProcessPool, function, serve};

fn wait_for_ever(_: ()) {
    let event = mainspring::sync::Event::new();
    mainspring::run(async { event.wait().await });
}

fn main() {
    serve([function(wait_for_ever)]);
    mainspring::run(async {
        let pool = ProcessPool::new(1).unwrap();
        let error = pool.submit(wait_for_ever, ()).await.unwrap_err();
        let died = error.worker_died().expect("its worker ends");
        println!("{:?}", died.status.and_then(|status| status.code()));
    });
}
