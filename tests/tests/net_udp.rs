//! What `UdpSocket` promises, on the loopback.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use bytes::BytesMut;
use mainspring::io::{Interest, ReadBuf};
use mainspring::net::UdpSocket;
use mainspring::runtime::LocalRuntime;
use mainspring::task::idle;
use mainspring::time::{Duration, Instant, timeout};
use mainspring_tests::by_hand::{Bell, poll_once};

async fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Two sockets that are connected to each other.
async fn pair() -> (UdpSocket, UdpSocket) {
    let (here, here_at) = socket().await;
    let (there, there_at) = socket().await;
    here.connect(there_at).await.unwrap();
    there.connect(here_at).await.unwrap();
    (here, there)
}

#[mainspring::test]
async fn a_hundred_clients_each_hear_their_own_echo() {
    let (server, address) = socket().await;
    let server = mainspring::spawn(async move {
        let mut buf = [0; 64];
        loop {
            let (count, from) = server.recv_from(&mut buf).await.unwrap();
            assert_eq!(server.send_to(&buf[..count], from).await.unwrap(), count);
        }
    });
    let clients: Vec<_> = (0..100_u32)
        .map(|client| {
            mainspring::spawn(async move {
                let (socket, _) = socket().await;
                socket.connect(address).await.unwrap();
                assert_eq!(socket.peer_addr().unwrap(), address);
                for request in 0..10_u32 {
                    let sent = [client.to_be_bytes(), request.to_be_bytes()].concat();
                    socket.send(&sent).await.unwrap();
                    let mut heard = [0; 64];
                    assert_eq!(socket.recv(&mut heard).await.unwrap(), 8);
                    assert_eq!(heard[..8], *sent);
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
async fn a_datagram_without_bytes_is_one() {
    let (here, there) = pair().await;
    assert_eq!(here.send(b"").await.unwrap(), 0);
    here.send(b"tick").await.unwrap();
    let mut buf = [0; 8];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 0);
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
}

#[mainspring::test]
async fn what_has_no_room_is_lost_and_the_next_datagram_is_whole() {
    let (here, there) = pair().await;
    here.send(b"tick").await.unwrap();
    here.send(b"tock").await.unwrap();
    let mut buf = [0; 2];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 2);
    assert_eq!(&buf, b"ti");
    let mut buf = [0; 8];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf[..4], b"tock");
}

#[mainspring::test]
async fn a_receive_that_is_given_up_takes_no_datagram() {
    let (here, there) = pair().await;
    let mut buf = [0; 8];
    {
        let mut receive = Box::pin(there.recv(&mut buf));
        assert!(Bell::new().poll(&mut receive).is_pending());
        here.send(b"tick").await.unwrap();
        // It has been woken, and nobody polls it.
        idle().await;
    }
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
}

#[mainspring::test]
async fn two_tasks_on_one_socket_get_a_datagram_each() {
    let (here, there) = pair().await;
    let there = Arc::new(there);
    let receiving = [there.clone(), there].map(|there| {
        mainspring::spawn(async move {
            let mut buf = [0; 8];
            let count = there.recv(&mut buf).await.unwrap();
            buf[..count].to_vec()
        })
    });
    idle().await;
    here.send(b"1").await.unwrap();
    here.send(b"2").await.unwrap();
    let mut heard = Vec::new();
    for task in receiving {
        heard.push(task.await.unwrap());
    }
    heard.sort();
    assert_eq!(heard, [b"1", b"2"]);
}

#[mainspring::test]
async fn two_tasks_that_ask_whether_it_is_readable_are_both_told() {
    let (here, there) = pair().await;
    let mut asked = [there.readable(), there.readable()];
    let bells = [Bell::new(), Bell::new()];
    for (readable, bell) in asked.iter_mut().zip(&bells) {
        assert!(bell.poll(readable).is_pending());
    }
    here.send(b"tick").await.unwrap();
    idle().await;
    for (readable, bell) in asked.iter_mut().zip(&bells) {
        assert_eq!(bell.rings(), 1);
        assert!(bell.poll(readable).is_ready());
    }
}

#[mainspring::test]
async fn try_blocks_nobody_and_readable_waits_again_after_it() {
    let (here, there) = pair().await;
    let mut buf = [0; 8];
    for _ in 0..3 {
        let error = there.try_recv(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let mut readable = there.readable();
        assert!(poll_once(&mut readable).is_pending());
        assert_eq!(here.try_send(b"tick").unwrap(), 4);
        readable.await.unwrap();
        let (count, from) = there.try_recv_from(&mut buf).unwrap();
        assert_eq!((count, from), (4, here.local_addr().unwrap()));
    }
    assert!(there.try_recv(&mut buf).is_err());
    let ready = there.ready(Interest::READABLE | Interest::WRITABLE);
    let ready = ready.await.unwrap();
    assert!(ready.is_writable() && !ready.is_readable());
}

#[mainspring::test]
async fn an_operation_of_ones_own_is_tried_when_it_may_succeed() {
    let (here, there) = pair().await;
    let std = rustix::fd::AsFd::as_fd(&there);
    let receive = || {
        let mut buf = [0; 8];
        let flags = rustix::net::RecvFlags::empty();
        let (count, _) = rustix::net::recv(std, &mut buf, flags)?;
        Ok(count)
    };
    let error = there.try_io(Interest::READABLE, receive).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let mut wait = Box::pin(there.async_io(Interest::READABLE, receive));
    assert!(poll_once(&mut wait).is_pending());
    here.send(b"tick").await.unwrap();
    assert_eq!(wait.await.unwrap(), 4);
}

#[mainspring::test]
async fn a_look_leaves_the_datagram() {
    let (here, there) = pair().await;
    let from = here.local_addr().unwrap();
    let mut buf = [0; 8];
    assert!(there.try_peek(&mut buf).is_err());
    assert!(there.try_peek_sender().is_err());
    here.send(b"tick").await.unwrap();
    assert_eq!(there.peek_sender().await.unwrap(), from);
    assert_eq!(there.peek(&mut buf).await.unwrap(), 4);
    assert_eq!(there.peek_from(&mut buf).await.unwrap(), (4, from));
    assert_eq!(there.try_peek_from(&mut buf).unwrap(), (4, from));
    assert_eq!(there.try_peek_sender().unwrap(), from);
    let mut room = ReadBuf::new(&mut buf);
    std::future::poll_fn(|cx| there.poll_peek(cx, &mut room))
        .await
        .unwrap();
    assert_eq!(room.filled(), b"tick");
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
    assert!(there.try_peek(&mut buf).is_err());
}

#[mainspring::test]
async fn buffers_are_received_behind_what_they_have() {
    let (here, there) = pair().await;
    let from = here.local_addr().unwrap();
    let mut buf = BytesMut::with_capacity(64);
    for text in [&b"one "[..], b"two ", b"three "] {
        here.send(text).await.unwrap();
    }
    assert_eq!(there.recv_buf(&mut buf).await.unwrap(), 4);
    assert_eq!(there.recv_buf_from(&mut buf).await.unwrap(), (4, from));
    assert_eq!(there.try_recv_buf(&mut buf).unwrap(), 6);
    assert_eq!(&buf[..], b"one two three ");
    assert!(there.try_recv_buf_from(&mut buf).is_err());
    assert_eq!(buf.len(), 14);
}

#[mainspring::test]
async fn whoever_polls_by_hand_fills_what_is_unfilled() {
    let (here, there) = pair().await;
    let mut memory = [0; 8];
    let mut buf = ReadBuf::new(&mut memory);
    buf.put_slice(b"> ");
    assert_eq!(
        std::future::poll_fn(|cx| here.poll_send(cx, b"tick"))
            .await
            .unwrap(),
        4
    );
    std::future::poll_fn(|cx| there.poll_recv(cx, &mut buf))
        .await
        .unwrap();
    assert_eq!(buf.filled(), b"> tick");
    let (stranger, stranger_at) = socket().await;
    let (target, at) = socket().await;
    let sent = std::future::poll_fn(|cx| stranger.poll_send_to(cx, b"?", at));
    assert_eq!(sent.await.unwrap(), 1);
    let from = std::future::poll_fn(|cx| target.poll_recv_from(cx, &mut buf));
    assert_eq!(from.await.unwrap(), stranger_at);
    assert_eq!(buf.filled(), b"> tick?");
}

#[mainspring::test]
async fn a_connected_socket_hears_its_peer_alone() {
    let (here, there) = pair().await;
    let (stranger, _) = socket().await;
    let at = there.local_addr().unwrap();
    stranger.send_to(b"not for you", at).await.unwrap();
    here.send(b"tick").await.unwrap();
    let mut buf = [0; 16];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
}

#[mainspring::test]
async fn that_nobody_is_there_is_an_error_of_a_later_call() {
    let (here, there) = pair().await;
    drop(there);
    // The first goes out, and the answer to it comes to whoever asks next.
    assert_eq!(here.send(b"tick").await.unwrap(), 4);
    let error = here.recv(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    // It is told once.
    let mut buf = [0; 8];
    let mut receive = Box::pin(here.recv(&mut buf));
    assert!(poll_once(&mut receive).is_pending());
    drop(receive);
    assert!(here.take_error().unwrap().is_none());
}

#[mainspring::test]
async fn a_datagram_that_is_too_long_is_an_error_and_the_socket_goes_on() {
    let (here, there) = pair().await;
    here.send(&[0; 100_000]).await.unwrap_err();
    here.send(&[7; 60_000]).await.unwrap();
    let mut buf = vec![0; 65_536];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 60_000);
    assert!(buf[..60_000].iter().all(|byte| *byte == 7));
}

#[mainspring::test]
async fn a_name_is_looked_up_and_no_address_is_an_error() {
    let (server, at) = socket().await;
    let (client, _) = socket().await;
    client
        .send_to(b"1", ("localhost", at.port()))
        .await
        .unwrap();
    assert_eq!(server.recv(&mut [0; 8]).await.unwrap(), 1);
    client.connect(("localhost", at.port())).await.unwrap();
    assert_eq!(client.peer_addr().unwrap(), at);
    let none: &[SocketAddr] = &[];
    for error in [
        UdpSocket::bind(none).await.unwrap_err(),
        client.connect(none).await.unwrap_err(),
        client.send_to(b"", none).await.unwrap_err(),
        UdpSocket::bind("nonsense").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let error = UdpSocket::bind(at).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[mainspring::test]
async fn a_socket_may_be_used_and_dropped_on_another_thread() {
    let (here, there) = pair().await;
    let thread = thread::spawn(move || {
        assert_eq!(there.try_send(b"tick").unwrap(), 4);
        drop(there);
    });
    assert_eq!(here.recv(&mut [0; 8]).await.unwrap(), 4);
    thread.join().unwrap();
}

#[test]
fn a_socket_that_outlives_its_runtime_says_so() {
    let first = LocalRuntime::new().unwrap();
    let (here, there) = first.block_on(pair());
    drop(first);
    let second = LocalRuntime::new().unwrap();
    second.block_on(async {
        let error = here.recv(&mut [0; 8]).await.unwrap_err();
        assert!(error.to_string().contains("has ended"), "{error}");
        // In a runtime of its own it goes on.
        let here = UdpSocket::try_from(here.into_std().unwrap()).unwrap();
        assert_eq!(there.try_send(b"tick").unwrap(), 4);
        assert_eq!(here.recv(&mut [0; 8]).await.unwrap(), 4);
    });
}

#[mainspring::test]
async fn f42_a_socket_of_std_that_blocks_is_set_not_to() {
    let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let here = UdpSocket::from_std(std).unwrap();
    let mut buf = [0; 8];
    let mut receive = Box::pin(here.recv(&mut buf));
    assert!(poll_once(&mut receive).is_pending());
}

#[test]
fn outside_of_a_runtime_the_panic_names_the_remedy() {
    for call in [
        || {
            let mut bind = Box::pin(UdpSocket::bind("127.0.0.1:0"));
            drop(poll_once(&mut bind));
        },
        || {
            let std = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            drop(UdpSocket::from_std(std));
        },
    ] as [fn(); 2]
    {
        let panic = std::panic::catch_unwind(call).unwrap_err();
        let told = panic.downcast::<String>().unwrap();
        assert!(
            told.contains("UdpSocket") && told.contains("block_on"),
            "{told}"
        );
    }
}

#[mainspring::test]
async fn options_are_the_sockets() {
    let (socket, _) = socket().await;
    socket.set_broadcast(true).unwrap();
    assert!(socket.broadcast().unwrap());
    socket.set_multicast_loop_v4(false).unwrap();
    assert!(!socket.multicast_loop_v4().unwrap());
    socket.set_multicast_ttl_v4(3).unwrap();
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 3);
    socket.set_ttl(9).unwrap();
    assert_eq!(socket.ttl().unwrap(), 9);
    socket.set_tos_v4(0x10).unwrap();
    assert_eq!(socket.tos_v4().unwrap(), 0x10);
    assert_eq!(socket.device().unwrap(), None);
    let std = socket.into_std().unwrap();
    assert_eq!(std.ttl().unwrap(), 9);

    // Not every machine has IPv6.
    let Ok(socket) = UdpSocket::bind("[::1]:0").await else {
        return;
    };
    socket.set_multicast_loop_v6(false).unwrap();
    assert!(!socket.multicast_loop_v6().unwrap());
    socket.set_tclass_v6(0x20).unwrap();
    assert_eq!(socket.tclass_v6().unwrap(), 0x20);
}

#[mainspring::test]
async fn a_group_may_be_left_by_its_members_alone() {
    let group = "224.0.0.251".parse().unwrap();
    let loopback = "127.0.0.1".parse().unwrap();
    let (member, _) = socket().await;
    // Not every machine lets one join by its loopback.
    if member.join_multicast_v4(group, loopback).is_ok() {
        member.leave_multicast_v4(group, loopback).unwrap();
    }
    let error = member.leave_multicast_v4(group, loopback).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
}

#[mainspring::test]
async fn a_task_that_waits_tells_for_what_and_where() {
    let (_here, there) = pair().await;
    let line = line!() + 3;
    let task = mainspring::spawn(async move {
        let mut buf = [0; 8];
        there.recv(&mut buf).await.unwrap()
    });
    idle().await;
    let mut tasks = mainspring::task::all_tasks().into_iter();
    let told = tasks.find(|told| told.id == task.id()).unwrap();
    assert_eq!(told.waiting_on, Some("a datagram"));
    let at = told.waiting_at.unwrap();
    assert_eq!((at.file(), at.line()), (file!(), line));
    task.abort();
}

#[mainspring::test]
async fn a_peer_that_never_stops_does_not_hold_up_others() {
    let (here, there) = pair().await;
    let greedy = mainspring::spawn(async move {
        loop {
            here.send(b"tick").await.unwrap();
        }
    });
    let mut buf = [0; 8];
    for _ in 0..1_000 {
        there.recv(&mut buf).await.unwrap();
    }
    greedy.abort();
    assert!(greedy.await.unwrap_err().is_cancelled());
}

// Under the paused clock.

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_does_not_stand_still_for_a_datagram_that_may_never_come() {
    let (here, _) = socket().await;
    let stranger = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    here.connect(stranger.local_addr().unwrap()).await.unwrap();
    let start = Instant::now();
    let hour = Duration::from_secs(3600);
    timeout(hour, here.recv(&mut [0; 8])).await.unwrap_err();
    assert_eq!(start.elapsed(), hour);
}

#[mainspring::test(start_paused = true)]
async fn what_was_sent_in_this_program_comes_before_a_timeout_and_takes_no_time() {
    let (here, there) = pair().await;
    let echo = mainspring::spawn(async move {
        let mut buf = [0; 8];
        while let Ok(count) = there.recv(&mut buf).await {
            there.send(&buf[..count]).await.unwrap();
        }
    });
    let start = Instant::now();
    for _ in 0..100 {
        let ask = async {
            here.send(b"tick").await.unwrap();
            here.recv(&mut [0; 8]).await.unwrap();
        };
        timeout(Duration::from_millis(1), ask).await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    echo.abort();
}

#[mainspring::test(start_paused = true)]
async fn without_a_timer_a_datagram_is_waited_for_in_real_time() {
    let (here, at) = socket().await;
    let (go, may_go) = std::sync::mpsc::channel();
    let peer = thread::spawn(move || {
        let peer = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        may_go.recv().unwrap();
        peer.send_to(b"tick", at).unwrap();
    });
    mainspring::spawn(async move {
        // The receive waits by now, and so does everybody else.
        idle().await;
        go.send(()).unwrap();
    });
    assert_eq!(here.recv(&mut [0; 8]).await.unwrap(), 4);
    peer.join().unwrap();
}

#[test]
fn sockets_and_their_futures_may_be_sent_and_shared() {
    fn sent<T: Send + Sync>(_: &T) {}
    fn futures(socket: &UdpSocket) {
        let mut buf = BytesMut::new();
        sent(socket);
        sent(&UdpSocket::bind("127.0.0.1:1"));
        sent(&socket.connect("127.0.0.1:1"));
        sent(&socket.send(b""));
        sent(&socket.send_to(b"", "127.0.0.1:1"));
        sent(&socket.recv(&mut []));
        sent(&socket.recv_from(&mut []));
        sent(&socket.recv_buf(&mut buf));
        sent(&socket.recv_buf_from(&mut buf));
        sent(&socket.peek_sender());
        sent(&socket.readable());
        sent(&socket.ready(Interest::READABLE));
        sent(&socket.async_io(Interest::READABLE, || Ok(())));
    }
    let _ = futures;
}
