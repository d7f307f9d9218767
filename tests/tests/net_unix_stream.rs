//! What `UnixListener` and `UnixStream` promise.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::BytesMut;
use mainspring::io::{AsyncReadExt, AsyncWriteExt, Interest};
use mainspring::net::unix::{self, SocketAddr};
use mainspring::net::{UnixListener, UnixSocket, UnixStream};
use mainspring::runtime::LocalRuntime;
use mainspring::task::idle;
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::by_hand::{Bell, poll_once};
use mainspring_tests::folder::Folder;

const MEBIBYTE: usize = 1 << 20;

/// One end in this runtime, and one of std's, which blocks. The clock holds for it.
fn pair_with_std() -> (UnixStream, net::UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    (UnixStream::from_std(here).unwrap(), there)
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

#[mainspring::test]
async fn a_hundred_clients_each_hear_their_own_echo() {
    let folder = Folder::new();
    let path = folder.file("echo.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let server = mainspring::spawn(async move {
        loop {
            let (mut stream, from) = listener.accept().await.unwrap();
            assert!(from.is_unnamed());
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
            let path = path.clone();
            mainspring::spawn(async move {
                let mut stream = UnixStream::connect(&path).await.unwrap();
                assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(&*path));
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
    let (here, there) = UnixStream::pair().unwrap();
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
async fn f35_what_was_written_before_the_peer_went_is_read_and_then_the_end() {
    let (mut here, mut there) = pair_with_std();
    there.write_all(&pattern(10_000)).unwrap();
    drop(there);
    // The news of the end came before the first byte was asked for.
    here.readable().await.unwrap();
    let mut read = Vec::new();
    here.read_to_end(&mut read).await.unwrap();
    assert!(read == pattern(10_000));
    assert_eq!(here.read(&mut [0; 8]).await.unwrap(), 0);
}

#[mainspring::test]
async fn f34_a_peer_that_goes_with_something_unread_is_an_error_to_its_own_stream_alone() {
    let (mut here, there) = pair_with_std();
    let (mut calm, mut calm_peer) = UnixStream::pair().unwrap();
    here.write_all(b"unread").await.unwrap();
    drop(there);
    let error = here.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    calm.write_all(b"tick").await.unwrap();
    calm_peer.read_exact(&mut [0; 4]).await.unwrap();
}

#[mainspring::test]
async fn f34_writing_to_nobody_is_an_error_and_no_signal() {
    let (mut here, there) = UnixStream::pair().unwrap();
    drop(there);
    for _ in 0..2 {
        let error = here.write_all(b"tick").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
    let bufs = [IoSlice::new(b"tick")];
    let error = here.try_write_vectored(&bufs).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[mainspring::test]
async fn f34_a_peer_that_goes_half_way_through_a_write_is_an_error() {
    let (mut here, there) = pair_with_std();
    let writer = mainspring::spawn(async move {
        let error = here.write_all(&pattern(4 * MEBIBYTE)).await.unwrap_err();
        error.kind()
    });
    // The socket is full by now.
    idle().await;
    drop(there);
    assert_eq!(writer.await.unwrap(), ErrorKind::BrokenPipe);
}

#[mainspring::test]
async fn f34_a_client_that_went_before_it_is_accepted_ends_no_server() {
    let folder = Folder::new();
    let path = folder.file("s");
    let listener = UnixListener::bind(&path).unwrap();
    drop(net::UnixStream::connect(&path).unwrap());
    let mut late = net::UnixStream::connect(&path).unwrap();
    late.write_all(b"tick").unwrap();
    let (mut gone, _) = listener.accept().await.unwrap();
    assert_eq!(gone.read(&mut [0; 8]).await.unwrap(), 0);
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_exact(&mut [0; 4]).await.unwrap();
}

#[mainspring::test]
async fn a_read_that_is_given_up_takes_nothing() {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    let mut buf = [0; 8];
    {
        let mut read = Box::pin(here.read(&mut buf));
        assert!(Bell::new().poll(&mut read).is_pending());
        there.write_all(b"tick").await.unwrap();
        // It has been woken, and nobody polls it.
        idle().await;
    }
    here.read_exact(&mut buf[..4]).await.unwrap();
    assert_eq!(&buf[..4], b"tick");
}

#[mainspring::test]
async fn a_cancelled_accept_leaves_the_connection_to_the_next() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("s")).unwrap();
    let mut accept = Box::pin(listener.accept());
    assert!(poll_once(&mut accept).is_pending());
    let mut client = net::UnixStream::connect(folder.file("s")).unwrap();
    client.write_all(b"tick").unwrap();
    drop(accept);
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_exact(&mut [0; 4]).await.unwrap();
}

#[mainspring::test]
async fn two_tasks_that_accept_get_a_connection_each() {
    let folder = Folder::new();
    let listener = Arc::new(UnixListener::bind(folder.file("s")).unwrap());
    let accepting = [listener.clone(), listener].map(|listener| {
        mainspring::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut name = [0];
            stream.read_exact(&mut name).await.unwrap();
            name
        })
    });
    idle().await;
    let mut clients = [(); 2].map(|()| net::UnixStream::connect(folder.file("s")).unwrap());
    for (name, client) in (1..).zip(&mut clients) {
        client.write_all(&[name]).unwrap();
    }
    let mut heard = Vec::new();
    for task in accepting {
        heard.push(task.await.unwrap());
    }
    heard.sort();
    assert_eq!(heard, [[1], [2]]);
}

#[mainspring::test]
async fn whoever_accepts_by_hand_is_woken() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("s")).unwrap();
    let bell = Bell::new();
    let mut accept = std::future::poll_fn(|cx| listener.poll_accept(cx));
    assert!(bell.poll(&mut accept).is_pending());
    let _client = net::UnixStream::connect(folder.file("s")).unwrap();
    idle().await;
    assert_eq!(bell.rings(), 1);
    assert!(bell.poll(&mut accept).is_ready());
}

#[mainspring::test]
async fn nobody_there_is_an_error_of_its_own_kind() {
    let folder = Folder::new();
    let path = folder.file("s");
    let error = UnixStream::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    drop(UnixListener::bind(&path).unwrap());
    // Its file stays.
    let error = UnixStream::connect(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let error = UnixListener::bind(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    fs::remove_file(&path).unwrap();
    UnixListener::bind(&path).unwrap();
    let error = UnixListener::bind("a".repeat(200)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[mainspring::test]
async fn a_line_that_is_full_is_an_error_at_once() {
    let folder = Folder::new();
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(folder.file("s")).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut line = Vec::new();
    let error = loop {
        match UnixStream::connect(folder.file("s")).await {
            Ok(stream) => line.push(stream),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    listener.accept().await.unwrap();
    UnixStream::connect(folder.file("s")).await.unwrap();
}

#[cfg(target_os = "linux")]
#[mainspring::test]
async fn an_abstract_name_makes_no_file() {
    let name = format!("\0mainspring-test-{}", std::process::id());
    let listener = UnixListener::bind(&name).unwrap();
    let at = listener.local_addr().unwrap();
    assert_eq!(at.as_abstract_name(), Some(&name.as_bytes()[1..]));
    assert!(at.as_pathname().is_none() && !at.is_unnamed());

    let mut by_path = UnixStream::connect(OsStr::from_bytes(name.as_bytes()))
        .await
        .unwrap();
    let mut by_address = UnixStream::connect_addr(&at).await.unwrap();
    let mut by_socket = UnixSocket::new_stream()
        .unwrap()
        .connect(&name)
        .await
        .unwrap();
    for client in [&mut by_path, &mut by_address, &mut by_socket] {
        client.write_all(b"tick").await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 4]).await.unwrap();
    }
    drop(listener);
    UnixListener::bind_addr(&at).unwrap();
}

#[mainspring::test]
async fn a_client_that_was_bound_is_known_by_its_name() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("s")).unwrap();
    let client = UnixSocket::new_stream().unwrap();
    client.bind(folder.file("client")).unwrap();
    let _client = client.connect(folder.file("s")).await.unwrap();
    let (stream, from) = listener.accept().await.unwrap();
    let name = folder.file("client");
    assert_eq!(from.as_pathname(), Some(&*name));
    assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(&*name));
    let std: net::SocketAddr = from.clone().into();
    assert_eq!(format!("{std:?}"), format!("{from:?}"));
    assert_eq!(SocketAddr::from(std).as_pathname(), Some(&*name));
}

#[mainspring::test]
async fn a_socket_becomes_what_it_is_for() {
    let told = |error: io::Error| error.to_string();
    let datagram = || UnixSocket::new_datagram().unwrap();
    assert!(told(datagram().listen(1).unwrap_err()).contains("datagrams"));
    let connected = datagram().connect("nowhere").await;
    assert!(told(connected.unwrap_err()).contains("datagrams"));
    let stream = UnixSocket::new_stream().unwrap();
    assert!(told(stream.datagram().unwrap_err()).contains("streams"));
}

#[mainspring::test]
async fn the_peer_is_this_process_and_this_user() {
    let (here, _there) = UnixStream::pair().unwrap();
    let peer = here.peer_cred().unwrap();
    assert_eq!(peer.pid(), Some(std::process::id() as unix::pid_t));
    assert_eq!(peer.uid(), rustix::process::getuid().as_raw());
    assert_eq!(peer.gid(), rustix::process::getgid().as_raw());
    assert_eq!(peer, here.peer_cred().unwrap());
}

#[mainspring::test]
async fn a_stream_may_be_used_and_dropped_on_another_thread() {
    let (mut here, there) = UnixStream::pair().unwrap();
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
async fn halves_of_a_borrowed_stream_read_and_write_at_once() {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    let (mut reads, mut writes) = here.split();
    let mut buf = [0; 4];
    {
        let mut read = pin!(reads.read_exact(&mut buf));
        assert!(poll_once(&mut read).is_pending());
        writes.write_all(b"tick").await.unwrap();
        there.read_exact(&mut [0; 4]).await.unwrap();
        there.write_all(b"tock").await.unwrap();
        read.await.unwrap();
    }
    assert_eq!(&buf, b"tock");
    assert!(
        writes
            .ready(Interest::WRITABLE)
            .await
            .unwrap()
            .is_writable()
    );
    writes.shutdown().await.unwrap();
    assert_eq!(there.read(&mut buf).await.unwrap(), 0);
    assert!(reads.try_read(&mut buf).is_err());
    assert!(reads.peer_addr().unwrap().is_unnamed());
}

#[mainspring::test]
async fn a_dropped_write_half_ends_the_stream_and_a_forgotten_one_does_not() {
    let (here, mut there) = UnixStream::pair().unwrap();
    let (_reads, writes) = here.into_split();
    drop(writes);
    assert_eq!(there.read(&mut [0; 8]).await.unwrap(), 0);

    let (here, mut there) = UnixStream::pair().unwrap();
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
    let (here, there) = UnixStream::pair().unwrap();
    let (here_reads, here_writes) = here.into_split();
    let (there_reads, there_writes) = there.into_split();
    let unix::ReuniteError(here_reads, there_writes) =
        here_reads.reunite(there_writes).unwrap_err();
    let mut here = here_reads.reunite(here_writes).unwrap();
    let mut there = there_writes.reunite(there_reads).unwrap();
    here.write_all(b"tick").await.unwrap();
    there.read_exact(&mut [0; 4]).await.unwrap();
}

#[mainspring::test]
async fn try_blocks_nobody_and_readable_waits_again_after_it() {
    let (here, there) = UnixStream::pair().unwrap();
    let mut buf = [0; 8];
    for _ in 0..3 {
        let error = here.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let mut readable = here.readable();
        assert!(poll_once(&mut readable).is_pending());
        there.writable().await.unwrap();
        assert_eq!(there.try_write(b"tick").unwrap(), 4);
        readable.await.unwrap();
        assert_eq!(here.try_read(&mut buf).unwrap(), 4);
    }
}

#[mainspring::test]
async fn several_buffers_are_written_and_read_as_if_they_were_one() {
    let (here, there) = UnixStream::pair().unwrap();
    let bufs = [IoSlice::new(b"ti"), IoSlice::new(b"ck tock")];
    assert_eq!(here.try_write_vectored(&bufs).unwrap(), 9);
    there.readable().await.unwrap();
    let (mut first, mut second) = ([0; 5], [0; 2]);
    let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(there.try_read_vectored(&mut bufs).unwrap(), 7);
    let mut rest = BytesMut::from(&b"to"[..]);
    assert_eq!(there.try_read_buf(&mut rest).unwrap(), 2);
    assert_eq!(
        (&first, &second, &rest[..]),
        (b"tick ", b"to", &b"tock"[..])
    );
}

#[mainspring::test]
async fn an_operation_of_ones_own_is_tried_when_it_may_succeed() {
    let (here, mut there) = UnixStream::pair().unwrap();
    let read = || {
        let mut buf = [0; 8];
        Ok(rustix::io::read(&here, &mut buf)?)
    };
    let error = here.try_io(Interest::READABLE, read).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let mut wait = Box::pin(here.async_io(Interest::READABLE, read));
    assert!(poll_once(&mut wait).is_pending());
    there.write_all(b"tick").await.unwrap();
    assert_eq!(wait.await.unwrap(), 4);
}

#[mainspring::test]
async fn f42_sockets_of_std_that_block_are_set_not_to() {
    let folder = Folder::new();
    let (mut here, _there) = pair_with_std();
    assert!(poll_once(&mut here.read(&mut [0; 8])).is_pending());
    let listener = net::UnixListener::bind(folder.file("s")).unwrap();
    let listener = UnixListener::try_from(listener).unwrap();
    assert!(poll_once(&mut Box::pin(listener.accept())).is_pending());
    let std = listener.into_std().unwrap();
    assert_eq!(std.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_stream_that_outlives_its_runtime_says_so() {
    let first = LocalRuntime::new().unwrap();
    let (mut here, there) = first.block_on(async { UnixStream::pair().unwrap() });
    drop(first);
    let second = LocalRuntime::new().unwrap();
    second.block_on(async {
        let error = here.read(&mut [0; 8]).await.unwrap_err();
        assert!(error.to_string().contains("has ended"), "{error}");
        // In a runtime of its own it goes on.
        let mut here = UnixStream::try_from(here.into_std().unwrap()).unwrap();
        assert_eq!(there.try_write(b"tick").unwrap(), 4);
        here.read_exact(&mut [0; 4]).await.unwrap();
    });
}

#[test]
fn outside_of_a_runtime_the_panic_names_the_remedy() {
    let _folder = Folder::new();
    for call in [
        || drop(UnixStream::pair()),
        || drop(UnixListener::bind("\0mainspring-nowhere")),
        || drop(UnixStream::from_std(net::UnixStream::pair().unwrap().0)),
    ] as [fn(); 3]
    {
        let panic = std::panic::catch_unwind(call).unwrap_err();
        let told = panic.downcast::<String>().unwrap();
        assert!(
            told.contains("`Unix") && told.contains("block_on"),
            "{told}"
        );
    }
}

#[test]
fn f30_out_of_files_accept_says_so_once_and_goes_on_when_files_are_back() {
    // The limit is the process's, so it is another process's.
    const FEW: &str = "MAINSPRING_FEW_FILES";
    if std::env::var_os(FEW).is_none() {
        let output = Command::new("sh")
            .args(["-c", "ulimit -n 40; exec \"$@\"", "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", thread::current().name().unwrap(), "--nocapture"])
            .env(FEW, "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let mut builder = mainspring::runtime::Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    runtime.block_on(async {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.file("s")).unwrap();
        let mut client = net::UnixStream::connect(folder.file("s")).unwrap();
        client.write_all(b"tick").unwrap();
        let mut hoard = Vec::new();
        while let Ok(file) = fs::File::open("/dev/null") {
            hoard.push(file);
        }
        let error = listener.accept().await.unwrap_err();
        assert!(error.to_string().contains("Too many open files"), "{error}");
        // A server that goes on after the error does not spin.
        let start = Instant::now();
        let accept = timeout(Duration::from_secs(10), listener.accept());
        accept.await.map(drop).unwrap_err();
        assert_eq!(start.elapsed(), Duration::from_secs(10));
        drop(hoard);
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 4]).await.unwrap();
    });
}

// Under the paused clock.

const HOUR: Duration = Duration::from_secs(3600);

/// Reading from it lasts an hour of the clock, so the clock does not stand still for it.
async fn an_hour_passes(stream: &mut UnixStream) {
    let start = Instant::now();
    timeout(HOUR, stream.read(&mut [0; 4])).await.unwrap_err();
    assert_eq!(start.elapsed(), HOUR);
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_jumps_when_both_ends_are_here() {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    an_hour_passes(&mut here).await;
    an_hour_passes(&mut there).await;

    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("s")).unwrap();
    let mut connected = Vec::new();
    for _ in 0..3 {
        let mut client = UnixStream::connect(folder.file("s")).await.unwrap();
        // It stands in line.
        an_hour_passes(&mut client).await;
        connected.push(client);
    }
    // Who goes meanwhile does not change who is whose.
    connected.remove(1);
    let mut accepted = Vec::new();
    for _ in 0..3 {
        accepted.push(listener.accept().await.unwrap().0);
    }
    accepted.remove(1);
    drop(listener);
    for stream in connected.iter_mut().chain(&mut accepted) {
        an_hour_passes(stream).await;
    }
}

/// Whether a real peer that writes when all tasks wait is waited for.
async fn is_waited_for(mut here: UnixStream, mut there: net::UnixStream) {
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
    let mut buf = [0; 4];
    let read = timeout(Duration::from_secs(1), here.read_exact(&mut buf)).await;
    read.expect("the clock waited for the peer").unwrap();
    starter.await.unwrap();
    peer.join().unwrap();
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_for_a_real_peer() {
    let (here, there) = pair_with_std();
    is_waited_for(here, there).await;

    let (here, there) = UnixStream::pair().unwrap();
    let there = there.into_std().unwrap();
    there.set_nonblocking(false).unwrap();
    is_waited_for(here, there).await;

    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("here")).unwrap();
    let there = net::UnixStream::connect(folder.file("here")).unwrap();
    is_waited_for(listener.accept().await.unwrap().0, there).await;

    let listener = net::UnixListener::bind(folder.file("there")).unwrap();
    let here = UnixStream::connect(folder.file("there")).await.unwrap();
    is_waited_for(here, listener.accept().unwrap().0).await;
}

/// Who connects from another process stands in the same line.
#[mainspring::test(start_paused = true)]
async fn the_paused_clock_tells_clients_of_this_program_from_others() {
    const PATH: &str = "MAINSPRING_CONNECT_TO";
    if let Some(path) = std::env::var_os(PATH) {
        let mut stream = net::UnixStream::connect(path).unwrap();
        println!("\nconnected");
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
        return;
    }
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("s")).unwrap();
    let first = UnixStream::connect(folder.file("s")).await.unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", thread::current().name().unwrap(), "--nocapture"])
        .env(PATH, folder.file("s"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(other.stdout.take().unwrap());
    let mut told = told.lines().map(Result::unwrap);
    assert!(told.any(|line| line == "connected"));
    let second = UnixStream::connect(folder.file("s")).await.unwrap();

    let mut ours = vec![first, second];
    let mut theirs = None;
    for _ in 0..3 {
        let (stream, _) = listener.accept().await.unwrap();
        let this_process = Some(std::process::id() as unix::pid_t);
        match stream.peer_cred().unwrap().pid() == this_process {
            true => ours.push(stream),
            false => theirs = Some(stream),
        }
    }
    drop(listener);
    for stream in &mut ours {
        an_hour_passes(stream).await;
    }
    drop(theirs.unwrap());
    assert!(other.wait().unwrap().success());
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_does_not_wait_for_clients() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("s")).unwrap();
    timeout(HOUR, listener.accept())
        .await
        .map(drop)
        .unwrap_err();
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_forgets_a_wait_that_was_given_up() {
    let (mut here, _silent) = pair_with_std();
    assert!(poll_once(&mut here.read(&mut [0; 4])).is_pending());
    assert!(poll_once(&mut here.readable()).is_pending());
    // It would last for ever if the clock stood still for the silent peer.
    sleep(HOUR).await;
}

#[test]
fn sockets_and_their_futures_may_be_sent_and_shared() {
    fn sent<T: Send + Sync>(_: &T) {}
    fn futures(listener: &UnixListener, stream: &UnixStream, path: &Path) {
        sent(listener);
        sent(stream);
        sent(&listener.accept());
        sent(&UnixStream::connect(path));
        sent(&stream.readable());
        sent(&stream.async_io(Interest::READABLE, || Ok(())));
    }
    let _ = futures;
}
