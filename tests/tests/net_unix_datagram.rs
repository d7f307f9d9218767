//! What `UnixDatagram` promises.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net;
use std::sync::Arc;
use std::thread;

use bytes::BytesMut;
use mainspring::io::{Interest, ReadBuf};
use mainspring::net::{UnixDatagram, UnixSocket};
use mainspring::task::idle;
use mainspring::time::{Duration, Instant, timeout};
use mainspring_tests::by_hand::{Bell, poll_once};
use mainspring_tests::folder::Folder;

#[mainspring::test]
async fn who_has_a_name_is_answered() {
    let folder = Folder::new();
    let server = UnixDatagram::bind(folder.file("server")).unwrap();
    let client = UnixDatagram::bind(folder.file("client")).unwrap();
    let server_name = folder.file("server");
    assert_eq!(client.send_to(b"tick", &server_name).await.unwrap(), 4);
    let mut buf = [0; 8];
    let (count, from) = server.recv_from(&mut buf).await.unwrap();
    let name = from.as_pathname().unwrap();
    assert_eq!(name, folder.file("client"));
    server.connect(name).unwrap();
    assert_eq!(server.send(&buf[..count]).await.unwrap(), 4);
    let (count, from) = client.recv_from(&mut buf).await.unwrap();
    assert_eq!((count, from.as_pathname()), (4, Some(&*server_name)));
    assert_eq!(
        server.peer_addr().unwrap().as_pathname(),
        Some(&*folder.file("client"))
    );
    assert_eq!(
        server.local_addr().unwrap().as_pathname(),
        Some(&*server_name)
    );
}

#[mainspring::test]
async fn who_has_none_is_heard_and_not_answered() {
    let folder = Folder::new();
    let server = UnixDatagram::bind(folder.file("s")).unwrap();
    let client = UnixDatagram::unbound().unwrap();
    client.connect(folder.file("s")).unwrap();
    client.send(b"tick").await.unwrap();
    let (count, from) = server.recv_from(&mut [0; 8]).await.unwrap();
    assert!(count == 4 && from.is_unnamed());
}

#[cfg(target_os = "linux")]
#[mainspring::test]
async fn an_abstract_name_makes_no_file() {
    let name = format!("\0mainspring-datagram-{}", std::process::id());
    let server = UnixDatagram::bind(&name).unwrap();
    let client = UnixSocket::new_datagram().unwrap().datagram().unwrap();
    client.send_to(b"1", &name).await.unwrap();
    client.try_send_to(b"2", &name).unwrap();
    client.connect(&name).unwrap();
    client.send(b"3").await.unwrap();
    let mut buf = [0; 8];
    for heard in [b"1", b"2", b"3"] {
        assert_eq!(server.recv(&mut buf).await.unwrap(), 1);
        assert_eq!(&buf[..1], heard);
    }
}

#[mainspring::test]
async fn datagrams_are_kept_apart_and_one_may_have_no_bytes() {
    let (here, there) = UnixDatagram::pair().unwrap();
    for text in [&b"tick"[..], b"", b"tock"] {
        here.send(text).await.unwrap();
    }
    let mut buf = [0; 2];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 2);
    assert_eq!(there.recv(&mut buf).await.unwrap(), 0);
    let mut buf = [0; 8];
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf[..4], b"tock");
}

#[mainspring::test]
async fn who_sends_waits_while_the_line_is_full_and_nothing_is_lost() {
    let (here, there) = UnixDatagram::pair().unwrap();
    const COUNT: u32 = 10_000;
    let sender = mainspring::spawn(async move {
        for number in 0..COUNT {
            here.send(&number.to_be_bytes()).await.unwrap();
        }
    });
    idle().await;
    assert!(!sender.is_finished());
    let mut buf = [0; 8];
    for number in 0..COUNT {
        assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
        assert_eq!(buf[..4], number.to_be_bytes());
    }
    sender.await.unwrap();
}

#[mainspring::test]
async fn a_send_by_name_that_waits_goes_on_when_its_own_was_received() {
    let folder = Folder::new();
    let there = UnixDatagram::bind(folder.file("s")).unwrap();
    let here = UnixDatagram::unbound().unwrap();
    while here.try_send_to(b"tick", folder.file("s")).is_ok() {}
    let mut waiting = Box::pin(here.send_to(b"tock", folder.file("s")));
    let bell = Bell::new();
    assert!(bell.poll(&mut waiting).is_pending());
    let mut buf = [0; 8];
    while there.try_recv(&mut buf).is_ok() || bell.rings() == 0 {
        idle().await;
    }
    waiting.await.unwrap();
    assert_eq!(there.recv(&mut buf).await.unwrap(), 4);
    assert_eq!(&buf[..4], b"tock");
}

#[mainspring::test]
async fn a_receive_that_is_given_up_takes_no_datagram() {
    let (here, there) = UnixDatagram::pair().unwrap();
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
    let (here, there) = UnixDatagram::pair().unwrap();
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
async fn try_blocks_nobody_and_readable_waits_again_after_it() {
    let (here, there) = UnixDatagram::pair().unwrap();
    let mut buf = [0; 8];
    for _ in 0..3 {
        let error = there.try_recv(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let mut readable = there.readable();
        assert!(poll_once(&mut readable).is_pending());
        assert_eq!(here.try_send(b"tick").unwrap(), 4);
        readable.await.unwrap();
        let (count, from) = there.try_recv_from(&mut buf).unwrap();
        assert!(count == 4 && from.is_unnamed());
    }
    here.writable().await.unwrap();
    let receive = || Ok(rustix::io::read(&there, &mut [0; 8])?);
    let mut wait = Box::pin(there.async_io(Interest::READABLE, receive));
    assert!(poll_once(&mut wait).is_pending());
    here.send(b"tick").await.unwrap();
    assert_eq!(wait.await.unwrap(), 4);
}

#[mainspring::test]
async fn buffers_are_received_behind_what_they_have() {
    let (here, there) = UnixDatagram::pair().unwrap();
    let mut buf = BytesMut::with_capacity(64);
    for text in [&b"one "[..], b"two ", b"three ", b"four"] {
        here.send(text).await.unwrap();
    }
    assert_eq!(there.recv_buf(&mut buf).await.unwrap(), 4);
    assert_eq!(there.recv_buf_from(&mut buf).await.unwrap().0, 4);
    assert_eq!(there.try_recv_buf(&mut buf).unwrap(), 6);
    assert_eq!(there.try_recv_buf_from(&mut buf).unwrap().0, 4);
    assert_eq!(&buf[..], b"one two three four");
}

#[mainspring::test]
async fn whoever_polls_by_hand_fills_what_is_unfilled() {
    use std::future::poll_fn;
    let folder = Folder::new();
    let (here, there) = UnixDatagram::pair().unwrap();
    let named = UnixDatagram::bind(folder.file("s")).unwrap();
    let mut memory = [0; 8];
    let mut buf = ReadBuf::new(&mut memory);
    buf.put_slice(b"> ");
    poll_fn(|cx| here.poll_send_ready(cx)).await.unwrap();
    assert_eq!(poll_fn(|cx| here.poll_send(cx, b"tick")).await.unwrap(), 4);
    poll_fn(|cx| there.poll_recv_ready(cx)).await.unwrap();
    poll_fn(|cx| there.poll_recv(cx, &mut buf)).await.unwrap();
    let stranger = UnixDatagram::unbound().unwrap();
    let sent = poll_fn(|cx| stranger.poll_send_to(cx, b"?", folder.file("s")));
    assert_eq!(sent.await.unwrap(), 1);
    let from = poll_fn(|cx| named.poll_recv_from(cx, &mut buf));
    assert!(from.await.unwrap().is_unnamed());
    assert_eq!(buf.filled(), b"> tick?");
}

#[mainspring::test]
async fn f34_sending_to_nobody_is_an_error_and_no_signal() {
    let folder = Folder::new();
    let (here, there) = UnixDatagram::pair().unwrap();
    drop(there);
    let error = here.send(b"tick").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    // The next time it may be that it is not connected.
    here.send(b"tick").await.unwrap_err();
    let error = here.send_to(b"tick", folder.file("s")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(here.take_error().unwrap().is_none());
}

#[mainspring::test]
async fn what_was_ended_neither_sends_nor_is_sent_to() {
    let (here, there) = UnixDatagram::pair().unwrap();
    here.shutdown(Shutdown::Both).unwrap();
    let error = here.send(b"tick").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    // Systems have different words for it.
    there.send(b"tick").await.unwrap_err();
}

#[mainspring::test]
async fn a_socket_may_be_used_and_dropped_on_another_thread() {
    let (here, there) = UnixDatagram::pair().unwrap();
    let thread = thread::spawn(move || {
        assert_eq!(there.try_send(b"tick").unwrap(), 4);
        drop(there);
    });
    assert_eq!(here.recv(&mut [0; 8]).await.unwrap(), 4);
    thread.join().unwrap();
}

#[mainspring::test]
async fn f42_a_socket_of_std_that_blocks_is_set_not_to() {
    let (here, there) = net::UnixDatagram::pair().unwrap();
    let here = UnixDatagram::try_from(here).unwrap();
    let mut buf = [0; 8];
    {
        let mut receive = Box::pin(here.recv(&mut buf));
        assert!(poll_once(&mut receive).is_pending());
        there.send(b"tick").unwrap();
        assert_eq!(receive.await.unwrap(), 4);
    }
    let here = here.into_std().unwrap();
    assert_eq!(
        here.recv(&mut buf).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
}

#[test]
fn outside_of_a_runtime_the_panic_names_the_remedy() {
    for call in [
        || drop(UnixDatagram::pair()),
        || drop(UnixDatagram::unbound()),
        || drop(UnixSocket::new_datagram().unwrap().datagram()),
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

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_does_not_stand_still_for_a_datagram() {
    let (here, there) = UnixDatagram::pair().unwrap();
    let start = Instant::now();
    let hour = Duration::from_secs(3600);
    timeout(hour, here.recv(&mut [0; 8])).await.unwrap_err();
    assert_eq!(start.elapsed(), hour);
    there.send(b"tick").await.unwrap();
    timeout(hour, here.recv(&mut [0; 8]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(start.elapsed(), hour);
}
