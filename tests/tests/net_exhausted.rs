//! Out of file descriptors: a server is told once, rests, and goes on when there are some again.
//!
//! The limit is the process's, so each test runs itself again in a process of its own.

use std::cell::Cell;
use std::fs::File;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;
use std::{env, thread};

use mainspring::io::AsyncReadExt;
use mainspring::net::{TcpListener, TcpStream};
use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::{spawn_local, yield_now};
use mainspring::time::{sleep, timeout};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How long a process with few files may take before it is taken for stuck.
const LIMIT: Duration = Duration::from_secs(20);

/// Calls `test` in another process, in which only a few files may be open.
fn with_few_files(test: impl FnOnce()) {
    if env::var_os("MAINSPRING_FEW_FILES").is_some() {
        limit_files(60);
        thread::spawn(|| {
            thread::sleep(LIMIT);
            eprintln!("nothing happened for {LIMIT:?}");
            std::process::exit(1);
        });
        return test();
    }
    let name = thread::current().name().unwrap().to_owned();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env("MAINSPRING_FEW_FILES", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn limit_files(count: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = Some(count);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

/// Opens files until there are no more.
fn hoard() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

fn paused() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap()
}

async fn listener() -> (Rc<TcpListener>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (Rc::new(listener), address)
}

fn is_exhaustion(error: &std::io::Error) -> bool {
    error.to_string().contains("Too many open files")
}

async fn is_served(client: &mut std::net::TcpStream, mut stream: TcpStream) {
    client.write_all(b"tick").unwrap();
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"tick");
}

/// A server that does nothing about an error but go on.
async fn serve(listener: Rc<TcpListener>, errors: Rc<Cell<usize>>) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                assert!(is_exhaustion(&error), "{error}");
                errors.set(errors.get() + 1);
            }
        }
    }
}

/// Counts how often a future is polled.
async fn counted<F: Future>(polls: Rc<Cell<usize>>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| {
        polls.set(polls.get() + 1);
        future.as_mut().poll(cx)
    })
    .await
}

#[test]
fn f30_accept_tells_of_it_once_and_does_not_spin() {
    with_few_files(|| {
        paused().block_on(async {
            let (listener, address) = listener().await;
            let mut client = std::net::TcpStream::connect(address).unwrap();
            let hoard = hoard();
            let [errors, polls] = [(); 2].map(|()| Rc::new(Cell::new(0)));
            let server = serve(listener.clone(), errors.clone());
            let server = spawn_local(counted(polls.clone(), server));
            sleep(Duration::from_secs(10)).await;
            assert_eq!(errors.get(), 1);
            // One look in a tenth of a second, and each is one poll.
            assert!((50..=105).contains(&polls.get()), "{}", polls.get());

            drop(hoard);
            is_served(&mut client, server.await.unwrap()).await;
        });
    });
}

#[test]
fn f30_files_that_nobody_here_gave_back_are_found() {
    with_few_files(|| {
        paused().block_on(async {
            let (listener, address) = listener().await;
            let mut client = std::net::TcpStream::connect(address).unwrap();
            let hoard = hoard();
            let error = listener.accept().await.unwrap_err();
            assert!(is_exhaustion(&error), "{error}");
            let mut accept = pin!(listener.accept());
            let waited = timeout(Duration::from_secs(5), accept.as_mut()).await;
            waited.unwrap_err();

            limit_files(100);
            let (stream, _) = accept.await.unwrap();
            is_served(&mut client, stream).await;
            drop(hoard);
        });
    });
}

#[test]
fn f30_all_who_wait_for_connections_go_on_whether_they_await_or_poll() {
    with_few_files(|| {
        paused().block_on(async {
            let (listener, address) = listener().await;
            let connect = |_| std::net::TcpStream::connect(address).unwrap();
            let clients: Vec<_> = (0..4).map(connect).collect();
            let hoard = hoard();
            let errors = Rc::new(Cell::new(0));
            let mut servers: Vec<_> = (0..3)
                .map(|_| spawn_local(serve(listener.clone(), errors.clone())))
                .collect();
            let by_hand = listener.clone();
            servers.push(spawn_local(async move {
                let (stream, _) = poll_fn(|cx| by_hand.poll_accept(cx)).await.unwrap();
                stream
            }));
            sleep(Duration::from_secs(3)).await;
            assert_eq!(errors.get(), 1, "one of them is told for all");
            drop(hoard);
            for server in servers {
                server.await.unwrap();
            }
            drop(clients);
        });
    });
}

#[test]
fn f30_an_accept_that_is_given_up_again_and_again_goes_on_all_the_same() {
    with_few_files(|| {
        paused().block_on(async {
            let (listener, address) = listener().await;
            let mut client = std::net::TcpStream::connect(address).unwrap();
            let hoard = hoard();
            listener.accept().await.unwrap_err();
            // As a `select!` in a loop does it, whose other branch is faster than any rest.
            for _ in 0..50 {
                let brief = timeout(Duration::from_millis(7), listener.accept());
                brief.await.unwrap_err();
            }
            drop(hoard);
            let stream = loop {
                let brief = timeout(Duration::from_millis(7), listener.accept());
                if let Ok(accepted) = brief.await {
                    break accepted.unwrap().0;
                }
            };
            is_served(&mut client, stream).await;
        });
    });
}

#[test]
fn f30_those_who_were_served_before_go_on_and_a_second_time_is_told_again() {
    with_few_files(|| {
        paused().block_on(async {
            let (listener, address) = listener().await;
            let mut first = std::net::TcpStream::connect(address).unwrap();
            let (served, _) = listener.accept().await.unwrap();
            let second = std::net::TcpStream::connect(address).unwrap();
            let held = hoard();
            listener.accept().await.unwrap_err();
            is_served(&mut first, served).await;
            drop((held, first));
            listener.accept().await.unwrap();

            let third = std::net::TcpStream::connect(address).unwrap();
            let held = hoard();
            let error = listener.accept().await.unwrap_err();
            assert!(is_exhaustion(&error), "{error}");
            drop((held, second, third));
        });
    });
}

#[test]
fn f30_a_listener_that_is_dropped_while_it_rests_leaves_nothing_behind() {
    with_few_files(|| {
        let runtime = paused();
        runtime.block_on(async {
            let (listener, address) = listener().await;
            let _client = std::net::TcpStream::connect(address).unwrap();
            let hoard = hoard();
            listener.accept().await.unwrap_err();
            let brief = timeout(Duration::from_millis(1), listener.accept());
            brief.await.unwrap_err();
            drop((listener, hoard));
            sleep(Duration::from_secs(1)).await;
            yield_now().await;
        });
    });
}

#[test]
fn who_entered_a_runtime_is_told_that_there_are_no_files_for_a_loop() {
    with_few_files(|| {
        let runtime = LocalRuntime::new().unwrap();
        let handle = runtime.handle().clone();
        let hoard = hoard();
        let sleeps = move || {
            let _guard = handle.enter();
            drop(sleep(Duration::ZERO));
        };
        let panic = thread::spawn(sleeps).join().unwrap_err();
        drop(hoard);
        let text = panic.downcast::<String>().unwrap();
        assert!(text.starts_with("`sleep` found no loop"), "{text}");
        assert!(text.contains("Too many open files"), "{text}");
    });
}
