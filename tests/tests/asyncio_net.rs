//! asyncio's behaviour of sockets and of streams of bytes: one test for each behaviour, named after
//! it, where no test in `net_tcp.rs`, `io_read.rs` and `io_write.rs` shows it already.

use std::io::{ErrorKind, Read, Write};
use std::rc::Rc;

use mainspring::io::{AsyncReadExt, AsyncWriteExt};
use mainspring::net::{TcpListener, TcpStream};
use mainspring::runtime::LocalRuntime;
use mainspring::task::{spawn, spawn_local, yield_now};
use mainspring_tests::by_hand::{Bell, poll_once};
use mainspring_tests::sockets::{listener, pair_with_std};
use mainspring_tests::watchdog::watch;

#[mainspring::test]
async fn net_connect_tries_all_addresses() {
    let _watch = watch();
    let (closed, refusing) = listener().await;
    drop(closed);
    let (_listener, answering) = listener().await;
    let stream = TcpStream::connect(&[refusing, answering][..]).await;
    assert_eq!(stream.unwrap().peer_addr().unwrap(), answering);
    let none = TcpStream::connect(&[refusing, refusing][..]).await;
    assert_eq!(none.unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[mainspring::test]
async fn bs_cancelled_reader() {
    let _watch = watch();
    let (mut here, mut there) = pair_with_std().await;
    // Given up before there is anything.
    assert!(poll_once(here.read(&mut [0; 8])).is_pending());
    there.write_all(b"tick").unwrap();
    let mut heard = [0; 8];
    assert_eq!(here.read(&mut heard).await.unwrap(), 4);
    assert_eq!(&heard[..4], b"tick");

    // Given up when it was woken, before it looked.
    let bell = Bell::new();
    let mut buf = [0; 8];
    let mut read = Box::pin(here.read(&mut buf));
    assert!(bell.poll(&mut read).is_pending());
    there.write_all(b"tock").unwrap();
    while bell.rings() == 0 {
        yield_now().await;
    }
    drop(read);
    assert_eq!(here.read(&mut heard).await.unwrap(), 4);
    assert_eq!(&heard[..4], b"tock");
}

#[mainspring::test]
async fn bs_drain_many() {
    const LENGTH: usize = 1 << 20;
    let _watch = watch();
    let (here, mut there) = pair_with_std().await;
    let here = Rc::new(mainspring::sync::Mutex::new(here));
    // More than a socket takes unread: all but the first wait for the lock, and it for the peer.
    let writers = [1, 2, 3, 4].map(|number| {
        let here = here.clone();
        spawn_local(async move {
            let mut stream = here.lock().await;
            stream.write_all(&vec![number; LENGTH]).await.unwrap();
        })
    });
    drop(here);
    let peer = std::thread::spawn(move || {
        let mut heard = Vec::new();
        there.read_to_end(&mut heard).unwrap();
        heard
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let heard = peer.join().unwrap();
    let expected = [1, 2, 3, 4].map(|number| vec![number; LENGTH]).concat();
    assert!(heard == expected, "whole and in order, {}", heard.len());
}

/// Answers each byte; a zero is too much for it.
async fn serve(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        spawn(async move {
            let mut byte = [0];
            while stream.read(&mut byte).await.unwrap() > 0 {
                assert_ne!(byte, [0], "told by the panic hook");
                stream.write_all(&byte).await.unwrap();
            }
        });
    }
}

#[test]
fn bs_server_handler_error() {
    let _watch = watch();
    let runtime = LocalRuntime::new().unwrap();
    runtime.block_on(async {
        let (listener, address) = listener().await;
        let server = spawn(serve(listener));
        let mut calm = TcpStream::connect(address).await.unwrap();
        let mut byte = [0];
        for _ in 0..3 {
            let mut bad = TcpStream::connect(address).await.unwrap();
            bad.write_all(&[0]).await.unwrap();
            // Its connection is closed.
            assert_eq!(bad.read(&mut byte).await.unwrap(), 0);
            // The others' are not.
            calm.write_all(&[7]).await.unwrap();
            calm.read_exact(&mut byte).await.unwrap();
            assert_eq!(byte, [7]);
        }
        assert!(!server.is_finished());
        server.abort();
    });
}

#[test]
fn bs_server_close_ends_clients() {
    let _watch = watch();
    let runtime = LocalRuntime::new().unwrap();
    let mut idler = runtime.block_on(async {
        let (listener, address) = listener().await;
        drop(spawn(serve(listener)));
        let mut idler = TcpStream::connect(address).await.unwrap();
        idler.write_all(&[7]).await.unwrap();
        // It is served, and says nothing more.
        idler.read_exact(&mut [0]).await.unwrap();
        idler.into_std().unwrap()
    });
    drop(runtime);
    idler.set_nonblocking(false).unwrap();
    assert_eq!(idler.read(&mut [0]).unwrap(), 0);
}
