//! An echo server beside tokio's current-thread runtime and a loop written by hand upon mio.
//!
//! `cargo bench -p mainspring --bench echo [-- BYTES...]` lets 50 connections send so many bytes at
//! a time (64 and 16384 if nothing is said) and read them back, again and again. It prints for each
//! server the nanoseconds of CPU time that one round trip cost *it*, and the round trips per second
//! of the clock; and the medians of both beside tokio's and beside the hand-written loop's of the
//! same round. Machines are noisy, so the servers take turns within each round, and only the ratios
//! mean something: of the CPU time less is better, of the rate more.
//!
//! Each server is a process of its own, with one thread. The clients are one thread of this process,
//! which writes to all connections and then reads from all. What they cost is in the rate alone.
//!
//! For `strace -fc` and `valgrind --tool=callgrind`: `-- --serve SERVER` says a port, serves 50
//! connections and says what that cost; `-- --drive PORT BYTES TIMES` is such clients.

mod by_hand;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

mod mainspring_side {
    use mainspring as rt;
    include!("server.rs");
}

mod tokio_side {
    use tokio as rt;
    include!("server.rs");
}

const CONNECTIONS: usize = 50;

/// Room for what a server reads at once: more than any message, so that no read fills it.
const ROOM: usize = 32 * 1024;

/// How often all servers have their turn. Doubling it halves nothing but the noise.
const ROUNDS: usize = 15;

/// How long one turn is to last, roughly.
const TURN: Duration = Duration::from_millis(500);

/// A name, and what serves all connections, each until its end.
type Server = (&'static str, fn(TcpListener));

const SERVERS: [Server; 3] = [
    ("mainspring", mainspring_side::serve),
    ("tokio", tokio_side::serve),
    ("mio", by_hand::serve),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--serve", server, ..] => serve(server),
        ["--drive", port, bytes, times, ..] => {
            let address = (Ipv4Addr::LOCALHOST, number(port) as u16).into();
            drive(&mut connect(address), number(bytes), number(times));
        }
        _ => {
            let sizes = arguments.iter().filter(|it| !it.starts_with("--"));
            let sizes: Vec<usize> = sizes.map(|it| number(it)).collect();
            match sizes[..] {
                [] => [64, 16 * 1024].into_iter().for_each(compare),
                _ => sizes.into_iter().for_each(compare),
            }
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

/// What one turn of one server came to.
#[derive(Clone, Copy)]
struct Turn {
    /// Nanoseconds of its CPU time per round trip.
    cost: f64,
    /// Round trips per second.
    rate: f64,
}

fn compare(bytes: usize) {
    let times = calibrate(bytes);
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let mut turns = [None; SERVERS.len()];
        // Everybody is first now and then.
        for place in 0..SERVERS.len() {
            let server = (round + place) % SERVERS.len();
            turns[server] = Some(turn(SERVERS[server].0, bytes, times));
        }
        rounds.push(turns.map(|turn| turn.expect("everybody had a turn")));
    }
    println!("{bytes} bytes, {CONNECTIONS} connections");
    println!(
        "              CPU each      per second    CPU beside tokio, mio   rate beside tokio, mio"
    );
    for (server, (name, _)) in SERVERS.iter().enumerate() {
        let cost = median(rounds.iter().map(|turns| turns[server].cost));
        let rate = median(rounds.iter().map(|turns| turns[server].rate));
        let cost_beside =
            |other: usize| median(rounds.iter().map(|it| it[server].cost / it[other].cost));
        let rate_beside =
            |other: usize| median(rounds.iter().map(|it| it[server].rate / it[other].rate));
        println!(
            "{name:<12} {cost:>7.0} ns {rate:>13.0} {:>18.3} {:>6.3} {:>17.3} {:>6.3}",
            cost_beside(1),
            cost_beside(2),
            rate_beside(1),
            rate_beside(2),
        );
    }
}

/// How often each connection sends so that a turn lasts about as long as it should.
fn calibrate(bytes: usize) -> usize {
    const TRIAL: usize = 200;
    let trips = (TRIAL * CONNECTIONS) as f64;
    let trial = trips / turn("mio", bytes, TRIAL).rate;
    (TRIAL as f64 * TURN.as_secs_f64() / trial).max(1.0) as usize
}

/// Starts a server, lets all connections send and read back `times` times, and hears what it cost.
fn turn(server: &str, bytes: usize, times: usize) -> Turn {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(program)
        .args(["--serve", server])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program can be started again");
    let mut said = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut line = String::new();
    said.read_line(&mut line).expect("the server says its port");
    let port = number(line.trim()) as u16;

    let mut clients = connect((Ipv4Addr::LOCALHOST, port).into());
    let start = Instant::now();
    drive(&mut clients, bytes, times);
    let took = start.elapsed();
    drop(clients);

    let mut spent = String::new();
    said.read_to_string(&mut spent)
        .expect("the server says its cost");
    assert!(child.wait().expect("the server ends").success());
    let trips = (times * CONNECTIONS) as f64;
    Turn {
        cost: number(spent.trim()) as f64 / trips,
        rate: trips / took.as_secs_f64(),
    }
}

fn connect(address: SocketAddr) -> Vec<TcpStream> {
    let connect = |_| {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        stream
    };
    (0..CONNECTIONS).map(connect).collect()
}

fn drive(clients: &mut [TcpStream], bytes: usize, times: usize) {
    let sent = vec![b'm'; bytes];
    let mut read = vec![0; bytes];
    for _ in 0..times {
        for client in &mut *clients {
            client.write_all(&sent).expect("the server reads");
        }
        for client in &mut *clients {
            read.fill(0);
            client.read_exact(&mut read).expect("the server answers");
            assert!(read == sent, "what came back is what was sent");
        }
    }
}

fn serve(server: &str) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port that is free");
    println!("{}", listener.local_addr().expect("an address").port());
    let (_, serve) = (SERVERS.iter())
        .find(|(name, _)| *name == server)
        .expect("the name of a server");
    let start = cpu_time();
    serve(listener);
    println!("{}", (cpu_time() - start).as_nanos());
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
