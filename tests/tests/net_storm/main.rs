//! The storm of clients: a good one is served beside bad ones of every kind, and nothing of them is
//! left behind.
//!
//! This is a test with `harness = false`, for the server is this program again, in a process of its
//! own, whose files, memory and time can be told from those of its clients.
//!
//! A test says nothing about time. `STORM=5 cargo test --release --test net_storm` lets each kind
//! rage for five seconds, and also asks for what takes a quiet machine: that nobody good waits for
//! a tenth of a second, and that a server out of files is at rest.

mod bad;
mod server;

use std::env;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mainspring_tests::on_drop::on_drop;
use mainspring_tests::watchdog::watch_for;

use crate::bad::{KINDS, Kind};
use crate::server::Server;

/// The longest that a good client may wait beside bad ones, if anybody asks.
const LONGEST: Duration = Duration::from_millis(100);

/// The part of a processor that a server may take which has nothing to do, if anybody asks.
const AT_REST: f64 = 0.05;

/// What a server's memory may grow by, whatever its clients do.
const GROWTH: u64 = 32 << 20;

fn main() {
    if server::is_asked_for() {
        return server::serve();
    }
    // As a harness is asked by those who list tests.
    if env::args().any(|argument| argument == "--list") {
        return;
    }
    let seconds = env::var("STORM").ok();
    let seconds = seconds.map(|it| it.parse().expect("STORM is a number of seconds"));
    let length = seconds.map_or(Duration::from_millis(150), Duration::from_secs);
    let _watch = watch_for(Duration::from_secs(60) + 30 * length);
    let is_asked = seconds.is_some();

    let server = Server::start(None);
    tick(&mut server.connect());
    server.wait_for_clients(0);
    let memory = server.memory();
    for (name, kind) in KINDS {
        let mut waits = beside(server.address, kind, length);
        server.wait_for_clients(0);
        let rests = server.busy(length);
        waits.sort();
        let most = waits[waits.len() - 1];
        println!(
            "{name}: {} rounds, half of them within {:?}, all within {most:?}; afterwards \
             {:.1} % of a processor, {} KiB",
            waits.len(),
            waits[waits.len() / 2],
            rests * 100.0,
            server.memory() >> 10,
        );
        assert!(!is_asked || most < LONGEST, "{name}");
        assert!(!is_asked || rests < AT_REST, "{name}");
    }
    let grown = server.memory().saturating_sub(memory);
    assert!(grown < GROWTH, "the server grew by {grown} bytes");

    let busy = out_of_files(length);
    println!("out of files: {:.1} % of a processor", busy * 100.0);
    assert!(!is_asked || busy < AT_REST);
}

/// How long a good client waits for each of its answers, as long as bad ones are there.
fn beside(address: SocketAddr, kind: Kind, length: Duration) -> Vec<Duration> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _end = on_drop(|| is_over.store(true, Ordering::Relaxed));
        for _ in 0..kind.threads {
            scope.spawn(|| (kind.act)(address, &is_over));
        }
        let began = Instant::now();
        let mut waits = Vec::new();
        let mut client = None;
        while began.elapsed() < length || waits.is_empty() {
            let asked = Instant::now();
            if waits.len() % 16 == 0 {
                client = None;
            }
            let client = client.get_or_insert_with(|| server::connect(address));
            tick(client);
            waits.push(asked.elapsed());
            // It is not one of those who never cease.
            thread::sleep(Duration::from_millis(1));
        }
        waits
    })
}

/// One question, and its answer.
fn tick(client: &mut TcpStream) {
    client.write_all(b"tick").unwrap();
    let mut heard = [0; 4];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"tick");
}

/// More clients than a server has files: it rests, serves those whom it has, and then all others.
/// Says how busy it was meanwhile.
fn out_of_files(length: Duration) -> f64 {
    let server = Server::start(Some(30));
    let mut before = server.connect();
    tick(&mut before);
    let clients: Vec<_> = (0..100_u64)
        .map(|number| {
            let mut client = server.connect();
            client.write_all(&number.to_be_bytes()).unwrap();
            client
        })
        .collect();
    server.wait_for_clients(30);
    let busy = server.busy(length);
    tick(&mut before);
    for (number, mut client) in (0..).zip(clients) {
        let mut heard = [0; 8];
        client.read_exact(&mut heard).unwrap();
        assert_eq!(u64::from_be_bytes(heard), number);
        // Which leaves a file to the next.
    }
    tick(&mut before);
    drop(before);
    server.wait_for_clients(0);
    busy
}
