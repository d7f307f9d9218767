//! A stand-in for the web: a small HTTP server on loopback, in a loop of its own on another thread.
//!
//! It is written on mainspring's own sockets, so a recipe that blocks *its* loop does not keep
//! the pages from being answered.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Sender};
use std::thread;

use mainspring::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use mainspring::net::{TcpListener, TcpStream};
use mainspring::runtime::{Handle, LocalRuntime};
use mainspring::task::spawn_local;
use mainspring::time::{Duration, sleep};

/// The article's hosts, and how long each takes to answer in its story.
pub const HOSTS: [(&str, Duration); 3] = [
    ("www.google.com", Duration::from_millis(3000)),
    ("www.yahoo.com", Duration::from_millis(2000)),
    ("github.com", Duration::from_millis(500)),
];

/// How much faster the stand-in is than the story: nobody wants to wait for a page of nothing.
const FASTER: u32 = 10;

/// The longest request it reads; a client that sends more is no client of ours.
const LONGEST_REQUEST: u64 = 16 * 1024;

/// How long it waits when a connection cannot be accepted: what is missing may come free.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(10);

/// The server, while it runs; dropping it ends it.
#[derive(Debug)]
pub struct StandIn {
    address: SocketAddr,
    event_loop: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

/// How long a host takes to answer in the article's story; `None` if it is not in the story.
pub fn time_to_answer(host: &str) -> Option<Duration> {
    let found = HOSTS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(host));
    found.map(|&(_, time)| time)
}

impl StandIn {
    /// Starts the server.
    ///
    /// # Errors
    ///
    /// The operating system refused a thread, a loop or a port.
    pub fn start() -> io::Result<StandIn> {
        let (started, is_started) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("stand-in".to_owned())
            .spawn(move || {
                if let Err(error) = serve(&started) {
                    let _ = started.send(Err(error));
                }
            })?;
        let (address, event_loop) = is_started
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("the stand-in server panicked")))?;
        Ok(StandIn {
            address,
            event_loop,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.event_loop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

type Started = Sender<io::Result<(SocketAddr, Handle)>>;

fn serve(started: &Started) -> io::Result<()> {
    let runtime = LocalRuntime::new()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let _ = started.send(Ok((listener.local_addr()?, runtime.handle().clone())));
    runtime.spawn_local(accept(listener));
    runtime.run_forever();
    Ok(())
}

// ANCHOR: accept
async fn accept(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => drop(spawn_local(async {
                // A client that went away is not ours to mourn: it says so itself.
                let _ = answer(client).await;
            })),
            Err(_) => sleep(PAUSE_AFTER_REFUSAL).await,
        }
    }
}

async fn answer(client: TcpStream) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let host = read_host(&mut client).await?;
    let page = match time_to_answer(&host) {
        Some(time) => {
            sleep(time / FASTER).await;
            page("200 OK", &format!("This is {host}, or stands in for it.\n"))
        }
        None => page(
            "404 Not Found",
            &format!("Nobody stands in for {host:?}.\n"),
        ),
    };
    let client = client.get_mut();
    client.write_all(page.as_bytes()).await?;
    client.shutdown().await
}
// ANCHOR_END: accept

/// Reads a request up to its empty line; what it asks for does not matter, only whom it asks.
async fn read_host(client: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut client = client.take(LONGEST_REQUEST);
    let mut host = String::new();
    let mut line = String::new();
    while client.read_line(&mut line).await? > 0 && line != "\r\n" && line != "\n" {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("host")
        {
            let value = value.trim();
            host = value.split(':').next().unwrap_or(value).to_owned();
        }
        line.clear();
    }
    Ok(host)
}

fn page(status: &str, text: &str) -> String {
    let length = text.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{text}"
    )
}
