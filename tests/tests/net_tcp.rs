//! What `TcpListener` and `TcpStream` promise, on the loopback.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use mainspring::io::{AsyncReadExt, AsyncWriteExt};
use mainspring::net::{TcpListener, TcpStream, lookup_host, tcp};
use mainspring::runtime::LocalRuntime;
use mainspring::task::{idle, yield_now};
use mainspring::time::{Duration, sleep};
use rustix::net::SendFlags;

const MEBIBYTE: usize = 1 << 20;

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two ends of one connection, both in this runtime.
async fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listener().await;
    let here = TcpStream::connect(address).await.unwrap();
    let (there, _) = listener.accept().await.unwrap();
    (here, there)
}

/// One end in this runtime, and one of std's, which blocks.
async fn pair_with_std() -> (TcpStream, std::net::TcpStream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap()).await;
    (here.unwrap(), listener.accept().unwrap().0)
}

/// One poll, whose waker nobody hears.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

#[mainspring::test]
async fn a_hundred_clients_each_hear_their_own_echo() {
    let (listener, address) = listener().await;
    let server = mainspring::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            mainspring::spawn(async move {
                let mut buf = [0; 64];
                loop {
                    match stream.read(&mut buf).await.unwrap() {
                        0 => return,
                        count => stream.write_all(&buf[..count]).await.unwrap(),
                    }
                }
            });
        }
    });
    let clients: Vec<_> = (0..100_u32)
        .map(|client| {
            mainspring::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for request in 0..10_u32 {
                    let sent = [client.to_be_bytes(), request.to_be_bytes()].concat();
                    stream.write_all(&sent).await.unwrap();
                    let mut heard = [0; 8];
                    stream.read_exact(&mut heard).await.unwrap();
                    assert_eq!(heard, *sent);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    server.abort();
}

#[mainspring::test]
async fn f35_a_mebibyte_crosses_both_ways_at_once_and_each_end_is_read_once() {
    let (here, there) = pair().await;
    let ends = [here, there].map(|stream| {
        mainspring::spawn(async move {
            let (mut reads, mut writes) = stream.into_split();
            let writer = mainspring::spawn(async move {
                writes.write_all(&pattern(MEBIBYTE)).await.unwrap();
                // Dropped here: the stream ends in this direction.
            });
            let mut read = Vec::new();
            assert_eq!(reads.read_to_end(&mut read).await.unwrap(), MEBIBYTE);
            writer.await.unwrap();
            assert!(read == pattern(MEBIBYTE));
            assert_eq!(reads.read(&mut [0; 8]).await.unwrap(), 0);
        })
    });
    for end in ends {
        end.await.unwrap();
    }
}

#[mainspring::test]
async fn libuv_4992_a_stream_that_was_ended_with_a_mebibyte_unread_is_read_to_its_end() {
    let (mut here, mut there) = pair_with_std().await;
    let peer = thread::spawn(move || {
        there.write_all(&pattern(MEBIBYTE)).unwrap();
        there.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        there.read_to_string(&mut answer).unwrap();
        answer
    });
    // Nothing is read before the kernel can take no more, or all of it.
    here.readable().await.unwrap();
    let mut read = Vec::new();
    here.read_to_end(&mut read).await.unwrap();
    assert!(read == pattern(MEBIBYTE));

    // The other direction is still open.
    here.write_all(b"all of it").await.unwrap();
    here.shutdown().await.unwrap();
    assert_eq!(peer.join().unwrap(), "all of it");
}

#[mainspring::test]
async fn f33_an_urgent_byte_cuts_a_read_short_and_what_is_behind_it_comes() {
    let (mut here, mut there) = pair_with_std().await;
    there.write_all(b"before").unwrap();
    rustix::net::send(&there, b"!", SendFlags::OOB).unwrap();
    there.write_all(b"behind").unwrap();
    let mut heard = Vec::new();
    let mut buf = [0; 64];
    while heard.len() < 12 {
        let count = here.read(&mut buf).await.unwrap();
        heard.extend_from_slice(&buf[..count]);
    }
    assert_eq!(heard, b"beforebehind");
}

#[mainspring::test]
async fn a_cancelled_accept_leaves_the_connection_to_the_next() {
    let (listener, address) = listener().await;
    let mut accept = listener.accept();
    assert!(poll_once(&mut accept).is_pending());
    let client = std::net::TcpStream::connect(address).unwrap();
    drop(accept);

    let (_stream, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, client.local_addr().unwrap());
}

#[mainspring::test]
async fn two_tasks_that_accept_get_a_connection_each() {
    let (listener, address) = listener().await;
    let listener = std::sync::Arc::new(listener);
    let accepting = [listener.clone(), listener]
        .map(|listener| mainspring::spawn(async move { listener.accept().await.unwrap().1 }));
    idle().await;
    let clients = [(); 2].map(|()| std::net::TcpStream::connect(address).unwrap());

    let mut heard = Vec::new();
    for task in accepting {
        heard.push(task.await.unwrap());
    }
    let mut told: Vec<_> = clients.map(|client| client.local_addr().unwrap()).into();
    heard.sort();
    told.sort();
    assert_eq!(heard, told);
}

#[mainspring::test]
async fn a_wait_that_is_dropped_does_not_take_the_others_along() {
    let (listener, address) = listener().await;
    let listener = std::sync::Arc::new(listener);
    let patient = mainspring::spawn({
        let listener = listener.clone();
        async move { listener.accept().await.unwrap().1 }
    });
    idle().await;
    let mut impatient = listener.accept();
    assert!(poll_once(&mut impatient).is_pending());
    drop(impatient);

    let client = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(patient.await.unwrap(), client.local_addr().unwrap());
}

#[mainspring::test]
async fn a_refused_connection_is_an_error_and_the_next_address_is_tried() {
    let (closed, refusing) = listener().await;
    drop(closed);
    let error = TcpStream::connect(refusing).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);

    let (_listener, answering) = listener().await;
    let stream = TcpStream::connect(&[refusing, answering][..])
        .await
        .unwrap();
    assert_eq!(stream.peer_addr().unwrap(), answering);
}

#[mainspring::test]
async fn an_address_in_use_is_an_error() {
    let (_listener, address) = listener().await;
    let error = TcpListener::bind(address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[mainspring::test]
async fn addresses_are_written_in_many_ways() {
    let expected: SocketAddr = "127.0.0.1:80".parse().unwrap();
    let ip = std::net::Ipv4Addr::LOCALHOST;
    let mut found = lookup_host("127.0.0.1:80")
        .await
        .unwrap()
        .collect::<Vec<_>>();
    found.extend(lookup_host(("127.0.0.1", 80)).await.unwrap());
    found.extend(lookup_host((ip, 80)).await.unwrap());
    found.extend(lookup_host(String::from("127.0.0.1:80")).await.unwrap());
    found.extend(lookup_host(&[expected][..]).await.unwrap());
    assert_eq!(found, [expected; 5]);
    let six = lookup_host("[::1]:80").await.unwrap().next().unwrap();
    assert!(six.is_ipv6());
}

#[mainspring::test]
async fn a_name_is_looked_up_on_a_thread_of_the_pool() {
    for found in [
        lookup_host("localhost:80").await.unwrap(),
        lookup_host(("localhost", 80)).await.unwrap(),
        lookup_host((String::from("localhost"), 80)).await.unwrap(),
    ] {
        let found: Vec<_> = found.collect();
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|at| at.ip().is_loopback() && at.port() == 80)
        );
    }
    let (listener, address) = listener().await;
    let stream = TcpStream::connect(("localhost", address.port()))
        .await
        .unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    drop(listener);
}

#[test]
fn a_name_that_is_looked_up_is_reported_where_the_program_asked() {
    let mut one_thread = mainspring::runtime::Builder::new_current_thread();
    let runtime = one_thread
        .max_blocking_threads(1)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        // Nothing is looked up while the only thread is held.
        let (let_go, go) = mpsc::channel::<()>();
        drop(mainspring::spawn_blocking(move || go.recv().is_err()));

        let (lookup, line) = (lookup_host("localhost:80"), line!());
        let lookup = mainspring::spawn(async move { lookup.await.is_ok() });
        yield_now().await;
        let mut tasks = mainspring::task::all_tasks().into_iter();
        let told = tasks.find(|task| task.id == lookup.id()).unwrap();
        assert_eq!(told.waiting_on, Some("a name to be looked up"));
        let at = told.waiting_at.unwrap();
        assert_eq!((at.file(), at.line()), (file!(), line));

        drop(let_go);
        assert!(lookup.await.unwrap());
    });
}

#[mainspring::test]
async fn a_name_that_nobody_knows_is_the_systems_error() {
    lookup_host("no such name:80").await.map(drop).unwrap_err();
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_while_a_name_is_looked_up() {
    let lookup = lookup_host("localhost:80");
    let lookup = mainspring::time::timeout(Duration::from_millis(1), lookup).await;
    lookup.expect("the clock waited for the answer").unwrap();
}

#[mainspring::test]
async fn what_is_no_address_is_an_error_that_says_what_one_is() {
    for wrong in [
        "localhost",
        "127.0.0.1",
        "127.0.0.1:eighty",
        "localhost:65536",
        "",
    ] {
        let error = TcpStream::connect(wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong}");
        assert!(error.to_string().contains("127.0.0.1:80"), "{error}");
    }
    let none: &[SocketAddr] = &[];
    let error = TcpListener::bind(none).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[mainspring::test]
async fn f34_a_peer_that_resets_is_an_error_to_its_own_stream_alone() {
    let (mut here, there) = pair_with_std().await;
    let (mut calm, mut calm_peer) = pair().await;
    // To close with something unread is a reset.
    here.write_all(b"unread").await.unwrap();
    let mut seen = [0; 6];
    while there.peek(&mut seen).unwrap() < 6 {}
    drop(there);

    let error = here.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(here.write_all(b"to nobody").await.is_err());

    calm.write_all(b"tick").await.unwrap();
    calm_peer.read_exact(&mut [0; 4]).await.unwrap();
}

#[mainspring::test]
async fn f34_a_client_that_resets_before_it_is_accepted_ends_no_server() {
    let (listener, address) = listener().await;
    let mut early = std::net::TcpStream::connect(address).unwrap();
    early.write_all(b"gone").unwrap();
    drop(early);
    let late = std::net::TcpStream::connect(address).unwrap();
    let mut peers = Vec::new();
    while !peers.contains(&late.local_addr().unwrap()) {
        peers.push(listener.accept().await.unwrap().1);
    }
}

#[mainspring::test]
async fn a_stream_may_be_used_and_dropped_on_another_thread() {
    let (mut here, there) = pair().await;
    let thread = thread::spawn(move || {
        assert_eq!(there.try_write(b"tick").unwrap(), 4);
        drop(there);
    });
    let mut text = String::new();
    here.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "tick");
    thread.join().unwrap();
}

#[mainspring::test]
async fn a_stream_that_is_dropped_outside_of_its_runtime_is_closed_at_once() {
    let (here, mut there) = pair_with_std().await;
    thread::spawn(move || drop(here)).join().unwrap();
    assert_eq!(there.read(&mut [0; 8]).unwrap(), 0);
}

#[mainspring::test]
async fn halves_of_a_borrowed_stream_read_and_write_at_once() {
    let (mut here, mut there) = pair().await;
    let (mut reads, mut writes) = here.split();
    let mut buf = [0; 4];
    let mut read = pin!(reads.read_exact(&mut buf));
    assert!(poll_once(&mut read).is_pending());
    writes.write_all(b"tick").await.unwrap();
    there.read_exact(&mut [0; 4]).await.unwrap();
    there.write_all(b"tock").await.unwrap();
    read.await.unwrap();
    assert_eq!(&buf, b"tock");
}

#[mainspring::test]
async fn a_dropped_write_half_ends_the_stream_and_a_forgotten_one_does_not() {
    let (here, mut there) = pair().await;
    let (_reads, writes) = here.into_split();
    drop(writes);
    assert_eq!(there.read(&mut [0; 8]).await.unwrap(), 0);

    let (here, mut there) = pair().await;
    let (reads, writes) = here.into_split();
    writes.forget();
    let mut buf = [0; 8];
    let mut read = there.read(&mut buf);
    idle().await;
    assert!(poll_once(&mut read).is_pending());
    drop(reads);
    assert_eq!(read.await.unwrap(), 0);
}

#[mainspring::test]
async fn two_halves_are_one_stream_again_and_strangers_are_not() {
    let (here, there) = pair().await;
    let (here_reads, here_writes) = here.into_split();
    let (there_reads, there_writes) = there.into_split();
    let tcp::ReuniteError(here_reads, there_writes) = here_reads.reunite(there_writes).unwrap_err();
    let mut here = here_reads.reunite(here_writes).unwrap();
    let mut there = there_writes.reunite(there_reads).unwrap();
    here.write_all(b"tick").await.unwrap();
    there.read_exact(&mut [0; 4]).await.unwrap();
}

#[mainspring::test]
async fn try_read_blocks_nobody_and_readable_waits_again_after_it() {
    let (here, mut there) = pair().await;
    let mut buf = [0; 8];
    let error = here.try_read(&mut buf).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    for _ in 0..3 {
        let mut readable = here.readable();
        assert!(poll_once(&mut readable).is_pending());
        there.write_all(b"tick").await.unwrap();
        readable.await.unwrap();
        assert_eq!(here.try_read(&mut buf).unwrap(), 4);
        let error = here.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

#[mainspring::test]
async fn try_read_buf_appends() {
    let (here, mut there) = pair().await;
    there.write_all(b"tock").await.unwrap();
    here.readable().await.unwrap();
    let mut buf = b"tick ".to_vec();
    assert_eq!(here.try_read_buf(&mut buf).unwrap(), 4);
    assert_eq!(buf, b"tick tock");
}

#[mainspring::test]
async fn a_full_socket_is_written_to_again_when_the_peer_has_read() {
    let (here, mut there) = pair_with_std().await;
    let chunk = pattern(MEBIBYTE);
    let mut sent = 0;
    loop {
        match here.try_write(&chunk) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    let mut writable = here.writable();
    assert!(poll_once(&mut writable).is_pending());
    let peer = thread::spawn(move || {
        io::copy(
            &mut Read::by_ref(&mut there).take(sent as u64),
            &mut io::sink(),
        )
        .unwrap();
        there
    });
    writable.await.unwrap();
    assert!(here.try_write(b"more").unwrap() > 0);
    drop(peer.join().unwrap());
}

#[mainspring::test]
async fn several_buffers_are_written_as_if_they_were_one() {
    let (mut here, mut there) = pair().await;
    let bufs = [&b"ti"[..], b"", b"ck"].map(io::IoSlice::new);
    assert_eq!(here.write_vectored(&bufs).await.unwrap(), 4);
    let mut word = [0; 4];
    there.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"tick");
}

#[mainspring::test]
async fn options_are_the_sockets() {
    let (here, _there) = pair().await;
    for nodelay in [true, false] {
        here.set_nodelay(nodelay).unwrap();
        assert_eq!(here.nodelay().unwrap(), nodelay);
    }
    here.set_ttl(7).unwrap();
    assert_eq!(here.ttl().unwrap(), 7);
    assert!(here.take_error().unwrap().is_none());

    let (listener, _) = listener().await;
    listener.set_ttl(9).unwrap();
    assert_eq!(listener.ttl().unwrap(), 9);
}

#[mainspring::test]
async fn tokio_7172_a_socket_of_std_that_blocks_is_set_not_to() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let listener = TcpListener::from_std(listener).unwrap();
    let (mut accepted, _) = listener.accept().await.unwrap();
    // Both would hold this thread for ever if they blocked.
    assert!(poll_once(&mut listener.accept()).is_pending());
    let mut there = TcpStream::from_std(there).unwrap();
    assert!(poll_once(&mut there.read(&mut [0; 8])).is_pending());

    accepted.write_all(b"tick").await.unwrap();
    there.read_exact(&mut [0; 4]).await.unwrap();
}

#[test]
fn a_socket_that_went_to_std_outside_of_its_runtime_comes_back() {
    let runtime = LocalRuntime::new().unwrap();
    let (here, mut there) = runtime.block_on(pair());
    let std = here.into_std().unwrap();
    runtime.block_on(async {
        let mut here = TcpStream::from_std(std).unwrap();
        let mut buf = [0; 4];
        let mut read = here.read_exact(&mut buf);
        assert!(poll_once(&mut read).is_pending());
        there.write_all(b"tick").await.unwrap();
        read.await.unwrap();
    });
}

#[mainspring::test]
async fn a_socket_goes_to_std_and_back() {
    let (here, mut there) = pair().await;
    let std = here.into_std().unwrap();
    let mut here = TcpStream::from_std(std).unwrap();
    there.write_all(b"tick").await.unwrap();
    here.read_exact(&mut [0; 4]).await.unwrap();

    let (listener, address) = listener().await;
    let listener = TcpListener::from_std(listener.into_std().unwrap()).unwrap();
    assert_eq!(listener.local_addr().unwrap(), address);
}

#[mainspring::test]
async fn mio_1895_a_peek_that_waited_leaves_what_it_saw() {
    let (mut here, mut there) = pair().await;
    for _ in 0..3 {
        let mut seen = [0; 8];
        let mut peek = here.peek(&mut seen);
        assert!(poll_once(&mut peek).is_pending());
        there.write_all(b"tick").await.unwrap();
        assert_eq!(peek.await.unwrap(), 4);
        assert_eq!(&seen[..4], b"tick");
        here.read_exact(&mut [0; 4]).await.unwrap();
    }
}

#[mainspring::test]
async fn tokio_8251_reading_into_nothing_is_not_the_end() {
    let (mut here, mut there) = pair().await;
    assert_eq!(here.read(&mut []).await.unwrap(), 0);
    there.write_all(b"tick").await.unwrap();
    here.read_exact(&mut []).await.unwrap();
    here.read_exact(&mut [0; 4]).await.unwrap();
    assert_eq!(here.write(&[]).await.unwrap(), 0);
}

#[mainspring::test]
async fn tokio_6133_readiness_that_came_between_two_polls_is_kept() {
    let (mut here, mut there) = pair().await;
    let mut buf = [0; 1];
    for round in 0..200_u8 {
        let mut read = here.read(&mut buf);
        if round % 2 == 0 {
            assert!(poll_once(&mut read).is_pending());
        }
        there.write_all(&[round]).await.unwrap();
        if round % 3 == 0 {
            yield_now().await;
        }
        assert_eq!(read.await.unwrap(), 1);
        assert_eq!(buf, [round]);
    }
}

#[mainspring::test]
async fn libuv_5030_a_stream_may_be_dropped_upon_its_own_event() {
    for _ in 0..100 {
        let (here, mut there) = pair_with_std().await;
        let task = mainspring::spawn(async move {
            let mut here = here;
            let mut buf = [0; 1];
            let _ = here.read(&mut buf).await;
            // The reset that comes with the same event finds nobody.
        });
        idle().await;
        there.write_all(b"x").unwrap();
        drop(there);
        task.await.unwrap();
    }
}

#[mainspring::test]
async fn libuv_1787_a_peer_that_never_stops_does_not_hold_up_a_timer() {
    let (mut here, mut there) = pair_with_std().await;
    let peer = thread::spawn(move || while there.write_all(&[0; 4096]).is_ok() {});
    let greedy = mainspring::spawn(async move {
        let mut buf = [0; 64];
        while here.read(&mut buf).await.is_ok_and(|count| count > 0) {}
    });
    sleep(Duration::from_millis(5)).await;
    greedy.abort();
    assert!(greedy.await.unwrap_err().is_cancelled());
    peer.join().unwrap();
}

#[test]
fn a_socket_outside_of_a_runtime_is_a_mistake_that_names_its_remedy() {
    let told = |call: fn()| {
        let panic = std::panic::catch_unwind(call).unwrap_err();
        panic.downcast::<String>().unwrap()
    };
    for (what, message) in [
        (
            "`TcpListener::bind`",
            told(|| drop(poll_once(&mut TcpListener::bind("127.0.0.1:0")))),
        ),
        (
            "`TcpStream::connect`",
            told(|| drop(poll_once(&mut TcpStream::connect("127.0.0.1:1")))),
        ),
        (
            "`TcpListener::from_std`",
            told(|| {
                let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
                drop(TcpListener::from_std(listener));
            }),
        ),
    ] {
        assert!(message.contains(what), "{message}");
        assert!(message.contains("block_on"), "{message}");
    }
}

#[test]
fn a_socket_that_outlives_its_runtime_says_so() {
    let first = LocalRuntime::new().unwrap();
    let (mut here, there) = first.block_on(pair_with_std());
    drop(first);
    let second = LocalRuntime::new().unwrap();
    let error = second.block_on(here.read(&mut [0; 8])).unwrap_err();
    assert!(error.to_string().contains("has ended"), "{error}");

    // In a runtime of its own it goes on.
    let mut here = second
        .block_on(async { TcpStream::from_std(here.into_std().unwrap()) })
        .unwrap();
    (&there).write_all(b"tick").unwrap();
    second.block_on(here.read_exact(&mut [0; 4])).unwrap();
}

#[test]
fn a_reader_that_waits_when_the_runtime_of_its_socket_ends_is_told() {
    let first = LocalRuntime::new().unwrap();
    let (mut here, _there) = first.block_on(pair_with_std());
    let second = LocalRuntime::new().unwrap();
    let error = second.block_on(async {
        let mut buf = [0; 8];
        let mut read = here.read(&mut buf);
        let mut first = Some(first);
        poll_fn(|cx| {
            let polled = pin!(&mut read).poll(cx);
            // Ends while the read is waiting.
            drop(first.take());
            polled
        })
        .await
        .unwrap_err()
    });
    assert!(error.to_string().contains("has ended"), "{error}");
}

#[test]
fn a_socket_that_is_dropped_between_two_block_ons_is_forgotten() {
    let runtime = LocalRuntime::new().unwrap();
    let (here, mut there) = runtime.block_on(pair_with_std());
    drop(here);
    assert_eq!(there.read(&mut [0; 8]).unwrap(), 0);
    let (mut here, mut there) = runtime.block_on(pair_with_std());
    there.write_all(b"tick").unwrap();
    runtime.block_on(here.read_exact(&mut [0; 4])).unwrap();
}

#[test]
fn sockets_and_their_futures_may_be_sent_and_shared() {
    fn shared<T: Send + Sync + Unpin>() {}
    shared::<TcpListener>();
    shared::<TcpStream>();
    shared::<tcp::ReadHalf<'_>>();
    shared::<tcp::WriteHalf<'_>>();
    shared::<tcp::OwnedReadHalf>();
    shared::<tcp::OwnedWriteHalf>();
    fn sent<T: Send>(_: &T) {}
    sent(&TcpStream::connect("127.0.0.1:1"));
    sent(&TcpListener::bind("127.0.0.1:0"));
    fn futures(listener: &TcpListener, stream: &mut TcpStream) {
        sent(&listener.accept());
        sent(&stream.readable());
        sent(&stream.read(&mut []));
        sent(&stream.write_all(&[]));
    }
    let _ = futures;
}

// Under the paused clock.

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_for_a_real_peer() {
    let (mut here, mut there) = pair_with_std().await;
    let (go, may_go) = mpsc::channel();
    let peer = thread::spawn(move || {
        may_go.recv().unwrap();
        there.write_all(b"tick").unwrap();
        there
    });
    let starter = mainspring::spawn(async move {
        // The read waits by now, and so does everybody else.
        idle().await;
        go.send(()).unwrap();
    });
    let read = async { here.read_exact(&mut [0; 4]).await };
    let read = mainspring::time::timeout(Duration::from_secs(1), read).await;
    read.expect("the clock waited for the peer").unwrap();
    starter.await.unwrap();
    peer.join().unwrap();
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_jumps_when_both_ends_are_here() {
    let (mut here, _there) = pair().await;
    let start = mainspring::time::Instant::now();
    let hour = Duration::from_secs(3600);
    let mut buf = [0; 4];
    mainspring::time::timeout(hour, here.read(&mut buf))
        .await
        .unwrap_err();
    assert_eq!(start.elapsed(), hour);
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_knows_an_end_here_by_whatever_address_it_has() {
    for (at, from) in [
        ("0.0.0.0:0", "127.0.0.1"),
        ("[::]:0", "127.0.0.1"),
        ("[::1]:0", "::1"),
    ] {
        // Not every machine has IPv6.
        let Ok(listener) = TcpListener::bind(at).await else {
            continue;
        };
        let port = listener.local_addr().unwrap().port();
        let Ok(mut here) = TcpStream::connect((from, port)).await else {
            continue;
        };
        let (mut there, _) = listener.accept().await.unwrap();
        let hour = Duration::from_secs(3600);
        for stream in [&mut here, &mut there] {
            let mut buf = [0; 4];
            mainspring::time::timeout(hour, stream.read(&mut buf))
                .await
                .unwrap_err();
        }
    }
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_does_not_wait_for_a_connection_that_waits_for_a_server_that_sleeps() {
    let (listener, address) = listener().await;
    // The system's line is full when one does not get connected at once.
    let mut connected = Vec::new();
    let mut waiting = loop {
        let mut client = TcpStream::connect(address);
        let mut polled = poll_once(&mut client);
        if polled.is_pending() {
            idle().await;
            polled = poll_once(&mut client);
        }
        match polled {
            Poll::Ready(stream) => connected.push(stream.unwrap()),
            Poll::Pending => break client,
        }
    };
    sleep(Duration::from_secs(3600)).await;
    assert!(poll_once(&mut waiting).is_pending());
    drop(listener);
}

/// The end that takes IPv4 on a socket for IPv6 has other words for the same addresses.
#[mainspring::test(start_paused = true)]
async fn the_paused_clock_jumps_when_both_ends_are_here_in_two_families() {
    let Ok(listener) = TcpListener::bind("[::]:0").await else {
        return; // This machine has no IPv6.
    };
    let port = listener.local_addr().unwrap().port();
    let mut here = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut there, _) = listener.accept().await.unwrap();
    drop(listener);
    let hour = Duration::from_secs(3600);
    for end in [&mut here, &mut there] {
        mainspring::time::timeout(hour, end.read(&mut [0; 4]))
            .await
            .unwrap_err();
    }
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_does_not_wait_for_clients() {
    let (listener, _) = listener().await;
    let hour = Duration::from_secs(3600);
    mainspring::time::timeout(hour, listener.accept())
        .await
        .unwrap_err();
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_forgets_a_wait_that_was_given_up() {
    let (mut here, _silent) = pair_with_std().await;
    assert!(poll_once(&mut here.read(&mut [0; 4])).is_pending());
    assert!(poll_once(&mut here.peek(&mut [0; 4])).is_pending());
    assert!(poll_once(&mut here.readable()).is_pending());
    let mut reader = mainspring::io::BufReader::new(&mut here);
    let mut line = String::new();
    assert!(
        poll_once(&mut mainspring::io::AsyncBufReadExt::read_line(
            &mut reader,
            &mut line
        ))
        .is_pending()
    );
    // It would last for ever if the clock stood still for the silent peer.
    sleep(Duration::from_secs(3600)).await;
}

#[mainspring::test(start_paused = true)]
async fn answers_between_two_ends_here_take_no_time_and_come_before_a_timeout() {
    let (mut here, mut there) = pair().await;
    let server = mainspring::spawn(async move {
        let mut buf = [0; 4];
        while there.read_exact(&mut buf).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
            there.write_all(&buf).await.unwrap();
        }
    });
    let start = mainspring::time::Instant::now();
    for _ in 0..100 {
        let ask = async {
            here.write_all(b"tick").await.unwrap();
            here.read_exact(&mut [0; 4]).await.unwrap();
        };
        mainspring::time::timeout(Duration::from_millis(11), ask)
            .await
            .unwrap();
    }
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    drop(here);
    server.await.unwrap();
}
