//! Programs that use their standard streams: the tests are at the other ends.

use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mainspring::io::{
    AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Stdout, stderr, stdin, stdout,
};
use mainspring::runtime::{Builder, LocalRuntime, OnStall};
use mainspring::sync::{Mutex, mpsc};
use mainspring::time::{sleep, timeout};

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("echo") => mainspring::run(echo()),
        Some("parts") => mainspring::run(parts()),
        Some("ends-while-reading") => ends_while_reading(),
        Some("ends-while-writing") => ends_while_writing(),
        Some("given-up") => given_up(),
        Some("given-up-and-stuck") => given_up_and_stuck(),
        Some("paused") => paused(),
        Some("alone") => alone(),
        Some("in-order") => mainspring::run(in_order()),
        Some("whole-lines") => mainspring::run(whole_lines()),
        Some("both-streams") => mainspring::run(both_streams()),
        Some("gone-reader") => mainspring::run(gone_reader()),
        Some("without-a-runtime") => without_a_runtime(),
        other => panic!("there is no scenario {other:?}"),
    }
}

async fn say(out: &mut Stdout, text: &str) {
    out.write_all(text.as_bytes()).await.unwrap();
    out.flush().await.unwrap();
}

/// Each line, in capitals, as soon as it is there.
async fn echo() {
    let mut lines = BufReader::new(stdin()).lines();
    let mut out = stdout();
    while let Some(line) = lines.next_line().await.unwrap() {
        say(&mut out, &format!("{}\n", line.to_uppercase())).await;
    }
    say(&mut out, "the end\n").await;
    assert_eq!(stdin().read(&mut [0; 8]).await.unwrap(), 0);
}

/// Two handles, one stream, and short reads.
async fn parts() {
    let (mut one, mut other) = (stdin(), stdin());
    let mut text = [0; 9];
    one.read_exact(&mut text[..3]).await.unwrap();
    other.read_exact(&mut text[3..5]).await.unwrap();
    drop(other);
    one.read_exact(&mut text[5..]).await.unwrap();
    let mut rest = String::new();
    one.read_to_string(&mut rest).await.unwrap();
    let text = String::from_utf8_lossy(&text);
    println!("{text}|{}", rest.len());
}

/// Nobody ever types anything.
fn ends_while_reading() {
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        assert!(
            timeout(Duration::from_millis(1), stdin().read(&mut [0; 8]))
                .await
                .is_err()
        );
        drop(mainspring::spawn(async { stdin().read(&mut [0; 8]).await }));
        mainspring::task::yield_now().await;
    });
    drop(runtime);
    println!("ended");
}

/// The only thread is busy, and nobody flushes.
fn ends_while_writing() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .max_blocking_threads(1)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        let (let_go, go) = std::sync::mpsc::channel::<()>();
        drop(mainspring::spawn_blocking(move || go.recv().is_err()));
        stdout().write_all(b"tick").await.unwrap();
        stdout().write_all(b" tock").await.unwrap();
        // A job behind them is thrown out when the runtime ends, and their thread is free only then.
        drop(mainspring::spawn_blocking(move || drop(let_go)));
    });
}

/// What comes after the reader has gone is there for the next one, in another runtime.
fn given_up() {
    for round in ["one", "two"] {
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(async {
            if round == "two" {
                let mut lines = BufReader::new(stdin()).lines();
                while let Some(line) = lines.next_line().await.unwrap() {
                    println!("{round}: {line}");
                }
                return;
            }
            let mut input = stdin();
            assert!(begun(input.read(&mut [0; 2])).await.is_pending());
            drop(input);
            println!("begun");
        });
    }
}

/// A read that nobody waits for any more helps nobody out of a deadlock.
fn given_up_and_stuck() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .on_stall(OnStall::Exit)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        assert!(begun(stdin().read(&mut [0; 8])).await.is_pending());
        let (_sender, mut receiver) = mpsc::channel::<u8>(1);
        receiver.recv().await;
    });
}

async fn begun<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// The clock does not stand still for somebody who may never type anything.
fn paused() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        let mut input = stdin();
        let hour = Duration::from_secs(3600);
        assert!(timeout(hour, input.read(&mut [0; 8])).await.is_err());
        println!("an hour later");
        // And without a timer it is no deadlock.
        let mut word = [0; 4];
        input.read_exact(&mut word).await.unwrap();
        println!("{}", String::from_utf8_lossy(&word));
    });
}

/// A test would fail if it were stuck.
fn alone() {
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .on_stall(OnStall::Panic)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        println!("waiting");
        let mut word = [0; 4];
        stdin().read_exact(&mut word).await.unwrap();
        println!("{}", String::from_utf8_lossy(&word));
    });
}

/// Many handles, no flush: the lines come in the order of writing.
async fn in_order() {
    for number in 0..500 {
        let line = format!("{number}\n");
        stdout().write_all(line.as_bytes()).await.unwrap();
    }
}

/// Long lines from tasks and from a thread.
async fn whole_lines() {
    let line = |letter: char| format!("{}\n", String::from(letter).repeat(100_000));
    let printer = thread::spawn(move || {
        for _ in 0..5 {
            std::io::stdout().write_all(line('p').as_bytes()).unwrap();
        }
    });
    let tasks = ['a', 'b', 'c'].map(|letter| {
        mainspring::spawn(async move {
            let mut out = stdout();
            for _ in 0..5 {
                out.write_all(line(letter).as_bytes()).await.unwrap();
            }
            out.flush().await.unwrap();
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    printer.join().unwrap();
}

async fn both_streams() {
    let (mut out, mut errors) = (stdout(), stderr());
    out.write_all("tick ✓".as_bytes()).await.unwrap();
    errors.write_all(b"tock").await.unwrap();
    out.flush().await.unwrap();
    errors.shutdown().await.unwrap();
}

/// Waits until its reader has gone, and says on the other stream what it heard.
async fn gone_reader() {
    assert_eq!(stdin().read(&mut [0; 8]).await.unwrap(), 0);
    let out = Mutex::new(stdout());
    let mut out = out.lock().await;
    // It is told to be done when it has begun.
    assert_eq!(out.write(b"tick\n").await.unwrap(), 5);
    let error = out.flush().await.unwrap_err();
    eprintln!("{:?}", error.kind());
    sleep(Duration::ZERO).await;
    out.flush().await.unwrap();
}

/// Any executor will do for standard input.
fn without_a_runtime() {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut input = stdin();
    let mut word = [0; 4];
    let mut read = input.read(&mut word);
    while Pin::new(&mut read).poll(&mut cx).is_pending() {
        thread::park();
    }
    drop(read);
    println!("{}", String::from_utf8_lossy(&word));
}
