//! What sockets survive: resets at any moment, ends half way, connections that are given up, files
//! that are used again, names that nobody answers for.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, Read, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::pin;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread;

use mainspring::io::{AsyncReadExt, AsyncWriteExt, Interest};
use mainspring::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use mainspring::process::Command;
use mainspring::runtime::{Builder, Handle, LocalRuntime};
use mainspring::signal::unix::{SignalKind, signal};
use mainspring::task::{idle, spawn_local, yield_now};
use mainspring::time::{Duration, sleep, timeout};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::sockets::{listener, pair_with_std};
use mainspring_tests::watchdog::watch;
use rustix::net::sockopt::set_socket_linger;

const MEBIBYTE: usize = 1 << 20;

fn pattern(seed: usize) -> Vec<u8> {
    (0..MEBIBYTE)
        .map(|at| ((at + seed) * 31 % 251) as u8)
        .collect()
}

/// Ends a connection as badly as can be.
fn reset(stream: net::TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// How the connections of a server ended.
type Ends = Rc<RefCell<Vec<Result<(), ErrorKind>>>>;

/// Answers whoever comes with what he sent, and takes down how it ended.
async fn echo(listener: TcpListener, ends: Ends) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let ends = ends.clone();
        spawn_local(async move {
            let (mut from, mut to) = stream.split();
            let ended = mainspring::io::copy(&mut from, &mut to).await;
            ends.borrow_mut()
                .push(ended.map(drop).map_err(|error| error.kind()));
        });
    }
}

/// Writes until neither the system nor the server takes any more.
async fn stuff(mut stream: &net::TcpStream) {
    stream.set_nonblocking(true).unwrap();
    let mut refusals = 0;
    while refusals < 3 {
        match stream.write(&[7; 65_536]) {
            Ok(_) => refusals = 0,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                refusals += 1;
            }
        }
        idle().await;
    }
}

#[mainspring::test]
async fn f34_a_reset_at_any_moment_costs_its_own_connection_and_no_other() {
    let _watch = watch();
    let (listener, address) = listener().await;
    let ends = Ends::default();
    let server = spawn_local(echo(listener, ends.clone()));
    let mut calm = net::TcpStream::connect(address).unwrap();
    for round in 0..50_usize {
        let mut client = net::TcpStream::connect(address).unwrap();
        match round % 5 {
            // Before it is accepted,
            0 => {}
            // without a word,
            1 => idle().await,
            // with a word that nobody has read,
            2 => client.write_all(b"half a mess").unwrap(),
            // with an answer unread,
            3 => {
                client.write_all(b"tick").unwrap();
                idle().await;
            }
            // while it is written to.
            _ => stuff(&client).await,
        }
        reset(client);
        while ends.borrow().len() <= round {
            yield_now().await;
        }
        calm.write_all(b"tock").unwrap();
        idle().await;
        let mut heard = [0; 4];
        calm.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"tock");
    }
    for end in ends.borrow().iter() {
        let kind = end.unwrap_err();
        assert!(
            matches!(kind, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
            "{kind}"
        );
    }
    drop(calm);
    while ends.borrow().len() < 51 {
        yield_now().await;
    }
    assert_eq!(ends.borrow().last(), Some(&Ok(())));
    server.abort();
}

#[mainspring::test]
async fn f35_a_peer_that_has_said_all_still_hears_all() {
    let _watch = watch();
    let (mut here, mut there) = pair_with_std().await;
    let peer = thread::spawn(move || {
        there.write_all(&pattern(1)).unwrap();
        there.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        there.read_to_end(&mut heard).unwrap();
        assert!(heard == pattern(2));
    });
    let mut heard = Vec::new();
    here.read_to_end(&mut heard).await.unwrap();
    assert!(heard == pattern(1));
    assert_eq!(here.read(&mut [0; 8]).await.unwrap(), 0);
    here.write_all(&pattern(2)).await.unwrap();
    assert_eq!(here.read(&mut [0; 8]).await.unwrap(), 0);
    here.shutdown().await.unwrap();
    peer.join().unwrap();
}

#[mainspring::test]
async fn tokio_5098_f35_who_has_said_all_is_not_told_that_the_peer_has() {
    let _watch = watch();
    let (mut here, mut there) = pair_with_std().await;
    here.write_all(&pattern(3)[..1000]).await.unwrap();
    here.shutdown().await.unwrap();
    let mut heard = Vec::new();
    there.read_to_end(&mut heard).unwrap();
    assert!(heard == pattern(3)[..1000]);
    idle().await;
    let both = Interest::READABLE | Interest::WRITABLE;
    assert!(!here.ready(both).await.unwrap().is_read_closed());

    let peer = thread::spawn(move || there.write_all(&pattern(4)).unwrap());
    let ready = here.ready(Interest::READABLE).await.unwrap();
    assert!(ready.is_readable());
    let mut heard = Vec::new();
    here.read_to_end(&mut heard).await.unwrap();
    assert!(heard == pattern(4));
    assert_eq!(here.read(&mut [0; 8]).await.unwrap(), 0);
    // A read may find the end before the reactor tells of it.
    let is_told = async || {
        here.ready(Interest::READABLE)
            .await
            .unwrap()
            .is_read_closed()
    };
    while !is_told().await {
        yield_now().await;
    }
    peer.join().unwrap();
}

/// In one batch: what the first event makes its task do is to close the second's socket, and to
/// open another by the same number.
#[mainspring::test]
async fn f39_a_socket_by_a_number_that_is_used_again_gets_no_event_of_the_one_before() {
    let _watch = watch();
    let mut reused = 0;
    for _ in 0..100 {
        let (first, mut first_peer) = pair_with_std().await;
        let (mut second, mut second_peer) = pair_with_std().await;
        let bell = Bell::new();
        assert!(bell.poll(&mut second.read(&mut [0; 1])).is_pending());
        first_peer.write_all(b"1").unwrap();
        second_peer.write_all(b"2").unwrap();
        first.readable().await.unwrap();
        let number = second.as_raw_fd();
        drop(second);
        let (mut third, mut third_peer) = pair_with_std().await;
        reused += usize::from(third.as_raw_fd() == number);
        let mut buf = [0; 1];
        let mut read = third.read(&mut buf);
        let bell = Bell::new();
        assert!(bell.poll(&mut read).is_pending());
        idle().await;
        second_peer.write_all(b"2").ok();
        idle().await;
        assert_eq!(bell.rings(), 0);
        third_peer.write_all(b"3").unwrap();
        read.await.unwrap();
        assert_eq!(&buf, b"3");
    }
    assert!(reused > 0);
}

#[mainspring::test]
async fn f40_a_program_that_is_started_has_none_of_our_sockets() {
    let _watch = watch();
    let list = || {
        let mut command = std::process::Command::new("ls");
        command.arg("/proc/self/fd");
        command
    };
    let before = list().output().unwrap();
    let (_listener, address) = listener().await;
    let _here = TcpStream::connect(address).await.unwrap();
    let _datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let _signals = signal(SignalKind::user_defined1()).unwrap();
    let mut cat = Command::new("cat");
    let cat = cat.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let after = Command::from(list()).output().await.unwrap();
    assert_eq!(
        String::from_utf8(after.stdout),
        String::from_utf8(before.stdout)
    );
    drop(cat);
}

#[mainspring::test]
async fn f40_a_socket_that_a_child_keeps_open_disturbs_nobody_once_it_is_dropped_here() {
    let _watch = watch();
    let (mut here, mut there) = pair_with_std().await;
    let copy = here.as_fd().try_clone_to_owned().unwrap();
    let mut sleeper = Command::new("sleep");
    let mut child = sleeper.arg("3600").stdin(copy).spawn().unwrap();
    assert!(Bell::new().poll(&mut here.read(&mut [0; 8])).is_pending());
    drop(here);

    let bell = Bell::new();
    let (mut next, mut next_peer) = pair_with_std().await;
    let mut read_into = [0; 4];
    let mut read = next.read(&mut read_into);
    assert!(bell.poll(&mut read).is_pending());
    for _ in 0..100 {
        there.write_all(b"x").unwrap();
        idle().await;
    }
    assert_eq!(bell.rings(), 0);
    next_peer.write_all(b"next").unwrap();
    assert_eq!(read.await.unwrap(), 4);
    child.kill().await.unwrap();
}

#[test]
fn f43_a_lookup_that_hangs_can_be_given_up_and_the_loop_goes_on() {
    let _watch = watch();
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_all().max_blocking_threads(1);
    let runtime = builder.build_local(Default::default()).unwrap();
    runtime.block_on(async {
        // For the loop it is the same whether the answer or a thread to ask does not come.
        let (let_go, go) = mpsc::channel::<()>();
        let held = mainspring::task::spawn_blocking(move || go.recv().is_err());
        let (listener, address) = listener().await;
        let brief = Duration::from_millis(1);
        for _ in 0..20 {
            assert!(timeout(brief, lookup_host("localhost:80")).await.is_err());
            assert!(
                timeout(brief, TcpStream::connect("localhost:80"))
                    .await
                    .is_err()
            );
            // Whoever has an address asks nobody.
            let here = TcpStream::connect(address).await.unwrap();
            let (there, _) = listener.accept().await.unwrap();
            assert_eq!(there.peer_addr().unwrap(), here.local_addr().unwrap());
        }
        drop(let_go);
        assert!(held.await.unwrap());
        let found = lookup_host("localhost:80").await.unwrap();
        assert!(found.count() > 0);
    });
}

#[test]
fn f43_a_runtime_ends_although_a_lookup_hangs() {
    let _watch = watch();
    let (let_go, go) = mpsc::channel::<()>();
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_all().max_blocking_threads(1);
    let runtime = builder.build_local(Default::default()).unwrap();
    runtime.block_on(async {
        drop(mainspring::task::spawn_blocking(move || go.recv().is_err()));
        spawn_local(async { lookup_host("localhost:80").await.map(drop) });
        yield_now().await;
    });
    runtime.shutdown_background();
    drop(let_go);
}

/// Polls a future so often, and then gives it up.
async fn polled<F: Future>(times: u64, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Pending if left == 0 => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}

/// Says a number, and hears it.
async fn ask(address: SocketAddr, number: u64) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&number.to_be_bytes()).await.unwrap();
    let mut heard = [0; 8];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(u64::from_be_bytes(heard), number);
}

#[mainspring::test]
async fn uvloop_646_clients_that_give_up_at_any_moment_leave_the_others_their_answers() {
    let _watch = watch();
    let (listener, address) = listener().await;
    let ends = Ends::default();
    let server = spawn_local(echo(listener, ends.clone()));
    let answered = Rc::new(Cell::new(0));
    for batch in 0..40 {
        let clients: Vec<_> = (0..50)
            .map(|client| {
                let patience = (batch + client) % 7;
                let answered = answered.clone();
                spawn_local(async move {
                    if polled(patience, ask(address, batch * 50 + client))
                        .await
                        .is_some()
                    {
                        answered.set(answered.get() + 1);
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    }
    assert!((100..1900).contains(&answered.get()), "{}", answered.get());
    ask(address, 646).await;
    server.abort();
}

#[mainspring::test]
async fn gh_74116_two_who_wait_to_write_to_one_stream_both_go_on() {
    let _watch = watch();
    let (here, mut there) = pair_with_std().await;
    here.writable().await.unwrap();
    let mut stuffed = 0;
    while let Ok(count) = here.try_write(&[0; 65_536]) {
        stuffed += count;
    }
    let here = Rc::new(here);
    let writers = [1, 2].map(|name| {
        let here = here.clone();
        spawn_local(async move {
            let mut left = MEBIBYTE;
            while left > 0 {
                here.writable().await.unwrap();
                match here.try_write(&vec![name; left.min(5000)]) {
                    Ok(count) => left -= count,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
        })
    });
    yield_now().await;
    let peer = thread::spawn(move || {
        let mut heard = Vec::new();
        there.read_to_end(&mut heard).unwrap();
        [0, 1, 2].map(|name| heard.iter().filter(|&&byte| byte == name).count())
    });
    for writer in writers {
        writer.await.unwrap();
    }
    drop(here);
    assert_eq!(peer.join().unwrap(), [stuffed, MEBIBYTE, MEBIBYTE]);
}

/// Polls a future that waits again and again, though nothing has happened.
#[track_caller]
fn poke(bell: &std::sync::Arc<Bell>, future: &mut (impl Future + Unpin)) {
    for _ in 0..1000 {
        assert!(bell.poll(future).is_pending());
    }
}

#[mainspring::test]
async fn tokio_7494_a_wake_without_a_cause_ends_no_wait() {
    let _watch = watch();
    let bell = Bell::new();
    let (listener, address) = listener().await;
    let (mut reader, mut reader_peer) = pair_with_std().await;
    let (mut writer, mut writer_peer) = pair_with_std().await;
    while polled(1, writer.write(&[0; 65_536])).await.is_some() {}
    let datagrams = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let datagrams_at = datagrams.local_addr().unwrap();
    let mut signals = signal(SignalKind::user_defined2()).unwrap();
    let mut cat = Command::new("cat");
    let mut child = cat.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    let looked = reader.as_fd().try_clone_to_owned().unwrap();
    let looked = mainspring::io::unix::AsyncFd::new(looked).unwrap();
    {
        let mut accept = Box::pin(listener.accept());
        let (mut buf, mut datagram) = ([0; 4], [0; 4]);
        let mut read = reader.read(&mut buf);
        let mut readable = Box::pin(looked.readable());
        let mut write = writer.write(b"more");
        let mut receive = Box::pin(datagrams.recv_from(&mut datagram));
        let mut heard = Box::pin(signals.recv());
        let mut end = Box::pin(child.wait());
        poke(&bell, &mut accept);
        poke(&bell, &mut read);
        poke(&bell, &mut readable);
        poke(&bell, &mut write);
        poke(&bell, &mut receive);
        poke(&bell, &mut heard);
        poke(&bell, &mut end);
        idle().await;
        assert_eq!(bell.rings(), 0);

        let _client = net::TcpStream::connect(address).unwrap();
        accept.await.unwrap();
        reader_peer.write_all(b"tick").unwrap();
        assert_eq!(read.await.unwrap(), 4);
        readable.await.unwrap().retain_ready();
        let drain =
            thread::spawn(move || drop(std::io::copy(&mut writer_peer, &mut std::io::sink())));
        assert_eq!(write.await.unwrap(), 4);
        let sender = net::UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(b"tock", datagrams_at).unwrap();
        assert_eq!(receive.await.unwrap().0, 4);
        signal_hook::low_level::raise(SignalKind::user_defined2().as_raw_value()).unwrap();
        heard.await.unwrap();
        drop(stdin);
        assert!(end.await.unwrap().success());
        drop(writer);
        drain.join().unwrap();
    }
}

#[test]
fn libuv_3202_a_loop_ends_at_once_with_its_last_socket_full_and_nothing_is_lost() {
    let _watch = watch();
    let runtime = LocalRuntime::new().unwrap();
    let (sent, mut there) = runtime.block_on(async {
        let (mut here, there) = pair_with_std().await;
        let mut sent = 0;
        while let Some(count) = polled(1, here.write(&[5; 65_536])).await {
            sent += count.unwrap();
        }
        here.shutdown().await.unwrap();
        (sent, there)
    });
    drop(runtime);
    let mut heard = Vec::new();
    there.read_to_end(&mut heard).unwrap();
    assert_eq!(heard.len(), sent);
}

/// How often the loop goes to rest while nothing happens.
async fn rests() -> u64 {
    let metrics = Handle::current().metrics();
    let before = metrics.worker_park_count(0);
    sleep(Duration::from_millis(20)).await;
    metrics.worker_park_count(0) - before
}

#[mainspring::test]
async fn libuv_2162_a_loop_whose_clients_went_badly_is_at_rest() {
    let _watch = watch();
    let (listener, address) = listener().await;
    let ends = Ends::default();
    let server = spawn_local(echo(listener, ends.clone()));
    let connect = || net::TcpStream::connect(address).unwrap();
    // Nothing said; nothing read; only one way open; a lot of them; and those who went.
    let silent = connect();
    let stuffed = connect();
    stuff(&stuffed).await;
    let half = connect();
    half.shutdown(Shutdown::Read).unwrap();
    let many: Vec<_> = (0..100).map(|_| connect()).collect();
    idle().await;
    assert!(rests().await <= 10);
    reset(connect());
    many.into_iter().for_each(reset);
    idle().await;
    reset(stuffed);
    idle().await;
    assert!(rests().await <= 10);
    // A half that nobody reads any more, though its peer goes on.
    let (reads, mut peer) = pair_with_std().await;
    let (_, writes) = reads.into_split();
    peer.write_all(&pattern(0)[..10_000]).unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    idle().await;
    assert!(rests().await <= 10);
    drop((silent, half, writes));
    server.abort();
}

#[mainspring::test]
async fn f36_who_is_busy_with_system_calls_lets_the_loop_look_at_the_others() {
    let _watch = watch();
    let (mut calm, mut peer) = pair_with_std().await;
    let nobody = net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = nobody.local_addr().unwrap();
    let sent = Rc::new(Cell::new(0_u64));
    let greedy = spawn_local({
        let sent = sent.clone();
        async move {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            // What has no room is dropped: there is never a reason to wait.
            while socket.send_to(b"x", to).await.is_ok() {
                sent.set(sent.get() + 1);
            }
        }
    });
    while sent.get() == 0 {
        yield_now().await;
    }
    for _ in 0..10 {
        let mut heard = [0; 1];
        let mut read = calm.read(&mut heard);
        assert!(Bell::new().poll(&mut read).is_pending());
        peer.write_all(b"x").unwrap();
        let before = sent.get();
        read.await.unwrap();
        let meanwhile = sent.get() - before;
        assert!(meanwhile < 1000, "{meanwhile} datagrams went before");
    }
    greedy.abort();
}
