//! Programs that somebody presses Ctrl-C upon. Each says when it is to be pressed.

use std::future::pending;
use std::io::{Read, stdin};
use std::thread;
use std::time::Duration;

use mainspring as tokio;
use mainspring::runtime::LocalRuntime;
use mainspring::signal::ctrl_c;
use mainspring::signal::unix::{SignalKind, signal};
use mainspring::task::{defer, yield_now};
use mainspring::time::sleep;
use mainspring_tests::on_drop::on_drop;

const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("parked") => mainspring::run(parked()),
        Some("ours") => ours(),
        Some("tokios") => tokios(),
        Some("block-on") => LocalRuntime::new().unwrap().block_on(parked()),
        Some("busy") => mainspring::run(busy()),
        Some("after") => after(),
        Some("answered") => mainspring::run(answered()),
        Some("answered-before") => {
            let runtime = LocalRuntime::new().unwrap();
            runtime.block_on(async { drop(signal(SignalKind::interrupt())) });
            mainspring::run(asks_standard_input());
        }
        Some("asks") => mainspring::run(asks_standard_input()),
        Some("listens-alone") => mainspring::run(listens_alone()),
        other => panic!("there is no program {other:?}"),
    }
}

/// Waits for ever, with things to be put in order.
async fn parked() {
    let _main = on_drop(|| println!("main is dropped"));
    mainspring::task::spawn_local(async {
        let _task = on_drop(|| println!("a task is dropped"));
        let _armed = defer(async {
            yield_now().await;
            println!("a clean-up has run");
        });
        pending::<()>().await;
    });
    yield_now().await;
    println!("now");
    sleep(HOUR).await;
}

#[mainspring::main]
async fn ours() {
    parked().await;
}

#[tokio::main(crate = "tokio")]
async fn tokios() {
    parked().await;
}

/// Never comes back to the loop.
async fn busy() {
    let _main = on_drop(|| println!("main is dropped"));
    println!("now");
    thread::sleep(HOUR);
}

/// Has its run behind it.
fn after() {
    mainspring::run(async {});
    println!("now");
    thread::sleep(HOUR);
}

/// Answers itself.
async fn answered() {
    let mut signals = signal(SignalKind::interrupt()).unwrap();
    println!("now");
    ctrl_c().await.unwrap();
    println!("once");
    signals.recv().await;
    // The first wait was the first Ctrl-C's; this one's is the second.
    println!("now");
    signals.recv().await;
    println!("twice");
}

/// Goes on when its standard input ends, and not before.
async fn asks_standard_input() {
    println!("now");
    let read = mainspring::spawn_blocking(|| stdin().read_to_string(&mut String::new()));
    read.await.unwrap().unwrap();
    println!("went on");
}

/// Nothing but a signal can wake it.
async fn listens_alone() {
    let mut signals = signal(SignalKind::interrupt()).unwrap();
    println!("now");
    signals.recv().await;
    println!("heard");
}
