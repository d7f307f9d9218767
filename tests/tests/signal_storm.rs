//! A process under a storm of signals: whatever they interrupt is done all the same.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use mainspring::io::{AsyncReadExt, AsyncWriteExt};
use mainspring::net::TcpListener;
use mainspring::process::Command;
use mainspring::runtime::LocalRuntime;
use mainspring::signal::unix::{SignalKind, signal};
use mainspring::task::{JoinSet, spawn_local};
use mainspring::time::{sleep, timeout};
use mainspring_tests::watchdog::watch;
use rustix::process::{Signal, getpid, kill_process};

const CLIENTS: usize = 30;

const MESSAGES: usize = 100;

/// Sends this process a signal again and again, until it is dropped.
struct Storm {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Storm {
    fn begin() -> Storm {
        let is_over = Arc::<AtomicBool>::default();
        let thread = thread::spawn({
            let is_over = is_over.clone();
            move || {
                while !is_over.load(Ordering::SeqCst) {
                    kill_process(getpid(), Signal::USR1).unwrap();
                    thread::yield_now();
                }
            }
        });
        Storm {
            is_over,
            thread: Some(thread),
        }
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// Sends messages of many lengths, and reads each back.
fn client(to: SocketAddr) {
    let mut stream = TcpStream::connect(to).unwrap();
    for round in 0..MESSAGES {
        let sent = vec![round as u8; 1 + round * 97];
        stream.write_all(&sent).unwrap();
        let mut back = vec![0; sent.len()];
        stream.read_exact(&mut back).unwrap();
        assert_eq!(back, sent);
    }
}

/// Answers so many clients until they go.
async fn serve(listener: TcpListener, clients: usize) {
    let mut served = JoinSet::new();
    for _ in 0..clients {
        let (mut stream, _) = listener.accept().await.unwrap();
        served.spawn_local(async move {
            let mut buffer = [0; 4096];
            loop {
                match stream.read(&mut buffer).await.unwrap() {
                    0 => break,
                    count => stream.write_all(&buffer[..count]).await.unwrap(),
                }
            }
        });
    }
    while let Some(ended) = served.join_next().await {
        ended.unwrap();
    }
}

#[test]
fn f32_f45_no_client_is_lost_to_an_interrupted_call_and_the_signals_are_heard() {
    let _watch = watch();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let mut signals = signal(SignalKind::user_defined1()).unwrap();
        let heard = Arc::<AtomicUsize>::default();
        let listening = spawn_local({
            let heard = heard.clone();
            async move {
                while signals.recv().await.is_some() {
                    heard.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let storm = Storm::begin();
        let clients = [(); CLIENTS].map(|()| thread::spawn(move || client(address)));
        serve(listener, CLIENTS).await;
        for client in clients {
            client.join().unwrap();
        }
        // Timers and other programs go on, too.
        sleep(Duration::from_millis(5)).await;
        let line = "printf 'tick'; exit 3";
        let output = Command::new("sh")
            .args(["-c", line])
            .output()
            .await
            .unwrap();
        assert_eq!(output.stdout, b"tick");
        assert_eq!(output.status.code(), Some(3));
        drop(storm);
        listening.abort();
        assert!(heard.load(Ordering::SeqCst) > 1);
    });
}

#[test]
fn gh_94454_a_child_has_nothing_of_the_listening_and_its_signals_are_its_own() {
    let _watch = watch();
    let files = |output: Output| String::from_utf8(output.stdout).unwrap();
    let mut list = std::process::Command::new("ls");
    list.arg("/proc/self/fd").stdin(Stdio::null());
    let before = files(list.output().unwrap());
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let mut signals = signal(SignalKind::hangup()).unwrap();
        let with = files(Command::from(list).output().await.unwrap());
        assert_eq!(with, before);
        let mut shell = Command::new("sh");
        let status = shell.args(["-c", "kill -HUP $$; exit 9"]).status().await;
        assert_eq!(status.unwrap().signal(), Some(1));
        let limit = Duration::from_millis(5);
        assert!(timeout(limit, signals.recv()).await.is_err());
    });
}
