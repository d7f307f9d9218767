//! The server: this program again, seen from outside by `/proc`.

use std::collections::HashSet;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use mainspring::net::TcpListener;
use mainspring::runtime::LocalRuntime;
use mainspring::task::spawn_local;
use mainspring_tests::processes::descriptors;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Asks for the server: how many clients it may have at a time, or nothing.
const VARIABLE: &str = "MAINSPRING_STORM_SERVER";

pub(crate) fn is_asked_for() -> bool {
    env::var_os(VARIABLE).is_some()
}

/// Answers everybody with what he sends, until its own standard input ends.
pub(crate) fn serve() {
    thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    LocalRuntime::new().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        if let Ok(clients) = env::var(VARIABLE).unwrap().parse() {
            leave_files(clients);
        }
        println!("{}", listener.local_addr().unwrap());
        loop {
            // What it is told about its files is all the same to it: it goes on.
            let Ok((mut stream, _)) = listener.accept().await else {
                continue;
            };
            spawn_local(async move {
                let (mut from, mut to) = stream.split();
                // Whoever goes badly harms himself.
                let _ = mainspring::io::copy(&mut from, &mut to).await;
            });
        }
    });
}

/// Allows this process so many files more.
fn leave_files(count: usize) {
    let open = descriptors().unwrap().into_iter();
    // Without the one by which they are read.
    let open = open.filter(|(_, file)| !file.starts_with("/proc"));
    let open: HashSet<_> = open.map(|it| it.0).collect();
    // The limit is one of numbers, and whoever started this may have left some of his.
    let mut free = (0..).filter(|number| !open.contains(number)).skip(count);
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = free.next().map(u64::from);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

fn files(process: &str) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// One that runs, until this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// How many files it has open without clients.
    alone: usize,
}

impl Server {
    pub(crate) fn start(clients: Option<usize>) -> Server {
        let clients = clients.map_or(String::new(), |count| count.to_string());
        let mut process = Command::new(env::current_exe().unwrap())
            .env(VARIABLE, clients)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.as_mut().unwrap());
        said.read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap();
        let alone = files(&process.id().to_string());
        Server {
            process,
            address,
            alone,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// Blocks until it has so many clients; a watchdog is to bound it.
    pub(crate) fn wait_for_clients(&self, count: usize) {
        while files(&self.process.id().to_string()) != self.alone + count {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// In bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kibibytes = line.trim().strip_suffix(" kB").unwrap();
        kibibytes.parse::<u64>().unwrap() << 10
    }

    /// The part of a processor that its loop takes for as long as this.
    pub(crate) fn busy(&self, length: Duration) -> f64 {
        let (before, began) = (self.nanoseconds(), Instant::now());
        thread::sleep(length);
        let spent = self.nanoseconds() - before;
        spent as f64 / began.elapsed().as_nanos() as f64
    }

    /// What its loop has spent on a processor.
    fn nanoseconds(&self) -> u64 {
        let text = fs::read_to_string(self.proc("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client, who would rather fail than wait for ever.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    client
        .set_write_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    client.set_nodelay(true).unwrap();
    client
}
