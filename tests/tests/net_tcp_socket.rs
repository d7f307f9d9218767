//! `TcpSocket`, the options of streams, and what the halves have of their stream.

use std::future::{Future, poll_fn};
use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use mainspring::io::{AsyncReadExt, AsyncWriteExt, Interest, ReadBuf};
use mainspring::net::{TcpListener, TcpSocket, TcpStream};
use rustix::net::{AddressFamily, SocketType};

const ANY: &str = "127.0.0.1:0";

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap());
    let here = here.await.unwrap();
    (here, listener.accept().await.unwrap().0)
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[mainspring::test]
async fn a_socket_is_bound_listens_and_connects() {
    for (socket, other) in [
        (TcpSocket::new_v4(), TcpSocket::new_v4()),
        (TcpSocket::new_v6(), TcpSocket::new_v6()),
    ] {
        // A machine may have no IPv6.
        let (Ok(socket), Ok(other)) = (socket, other) else {
            continue;
        };
        let any: SocketAddr = match socket.local_addr().unwrap() {
            SocketAddr::V4(_) => ANY.parse().unwrap(),
            SocketAddr::V6(_) => "[::1]:0".parse().unwrap(),
        };
        if socket.bind(any).is_err() {
            continue;
        }
        let address = socket.local_addr().unwrap();
        assert_ne!(address.port(), 0);
        let listener = socket.listen(16).unwrap();
        assert_eq!(listener.local_addr().unwrap(), address);

        other.bind(any).unwrap();
        let here = other.local_addr().unwrap();
        let mut stream = other.connect(address).await.unwrap();
        let (mut there, peer) = listener.accept().await.unwrap();
        assert_eq!(peer, here);
        stream.write_all(b"tick").await.unwrap();
        there.read_exact(&mut [0; 4]).await.unwrap();
    }
}

#[mainspring::test]
async fn a_socket_that_is_refused_says_so_and_begins_only_when_awaited() {
    let address = {
        let listener = TcpListener::bind(ANY).await.unwrap();
        listener.local_addr().unwrap()
    };
    let refused = TcpSocket::new_v4().unwrap().connect(address);
    let refused = refused.await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let listener = TcpListener::bind(ANY).await.unwrap();
    let connect = TcpSocket::new_v4().unwrap();
    drop(connect.connect(listener.local_addr().unwrap()));
    assert!(poll_once(&mut listener.accept()).is_pending());

    // An address of the other family is refused at once.
    let error = TcpSocket::new_v4().unwrap();
    error.connect("[::1]:9".parse().unwrap()).await.unwrap_err();
}

#[mainspring::test]
async fn two_listeners_share_an_address_if_both_say_so() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(ANY.parse().unwrap()).unwrap();
    let first = socket.listen(16).unwrap();
    let address = first.local_addr().unwrap();

    let other = TcpSocket::new_v4().unwrap();
    let error = other.bind(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    other.set_reuseport(true).unwrap();
    other.bind(address).unwrap();
    let second = other.listen(16).unwrap();
    assert_eq!(second.local_addr().unwrap(), address);
}

#[test]
fn a_socket_has_the_options_that_are_set_on_it() {
    let socket = TcpSocket::new_v4().unwrap();
    for on in [true, false] {
        socket.set_keepalive(on).unwrap();
        socket.set_reuseaddr(on).unwrap();
        socket.set_reuseport(on).unwrap();
        socket.set_nodelay(on).unwrap();
        assert_eq!(socket.keepalive().unwrap(), on);
        assert_eq!(socket.reuseaddr().unwrap(), on);
        assert_eq!(socket.reuseport().unwrap(), on);
        assert_eq!(socket.nodelay().unwrap(), on);
    }
    socket.set_send_buffer_size(16 * 1024).unwrap();
    assert!(socket.send_buffer_size().unwrap() >= 16 * 1024);
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    assert!(socket.recv_buffer_size().unwrap() >= 16 * 1024);
    socket.set_tos_v4(16).unwrap();
    assert_eq!(socket.tos_v4().unwrap(), 16);
    assert_eq!(socket.linger().unwrap(), None);
    socket.set_zero_linger().unwrap();
    assert_eq!(socket.linger().unwrap(), Some(Duration::ZERO));
    assert!(socket.take_error().unwrap().is_none());
    assert_eq!(socket.as_fd().as_raw_fd(), socket.as_raw_fd());
    #[cfg(target_os = "linux")]
    assert_eq!(socket.device().unwrap(), None);

    if let Ok(socket) = TcpSocket::new_v6() {
        socket.set_tclass_v6(32).unwrap();
        assert_eq!(socket.tclass_v6().unwrap(), 32);
    }
}

#[mainspring::test]
async fn f42_a_socket_of_another_maker_that_blocks_is_set_not_to() {
    let raw = || rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let socket = TcpSocket::from_std_stream(raw().into());
    socket.bind(ANY.parse().unwrap()).unwrap();
    let listener = socket.listen(4).unwrap();
    // It would hold this thread for ever if it blocked.
    assert!(poll_once(&mut listener.accept()).is_pending());
    let socket = TcpSocket::from_std_stream(raw().into());
    let mut stream = socket.connect(listener.local_addr().unwrap());
    let mut stream = (&mut stream).await.unwrap();
    assert!(poll_once(&mut stream.read(&mut [0; 8])).is_pending());
}

#[mainspring::test]
async fn options_of_a_stream_are_the_sockets() {
    let (here, mut there) = pair().await;
    assert_eq!(here.linger().unwrap(), None);
    here.set_zero_linger().unwrap();
    assert_eq!(here.linger().unwrap(), Some(Duration::ZERO));
    #[cfg(target_os = "linux")]
    for on in [true, false] {
        here.set_quickack(on).unwrap();
        assert_eq!(here.quickack().unwrap(), on);
    }
    drop(here);
    let error = there.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::ConnectionReset,
        "closing it reset it"
    );
}

#[mainspring::test]
async fn sockets_of_std_become_ours_by_conversion() {
    let std = std::net::TcpListener::bind(ANY).unwrap();
    let listener = TcpListener::try_from(std).unwrap();
    let std = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let stream = TcpStream::try_from(std).unwrap();
    let (there, _) = listener.accept().await.unwrap();
    assert_eq!(
        stream.as_ref().local_addr().unwrap(),
        there.peer_addr().unwrap()
    );
}

#[mainspring::test]
async fn several_buffers_are_filled_as_if_they_were_one() {
    let (here, there) = pair().await;
    here.writable().await.unwrap();
    let sent = here.try_write_vectored(&[IoSlice::new(b"tick"), IoSlice::new(b"tock")]);
    assert_eq!(sent.unwrap(), 8);
    there.readable().await.unwrap();
    let (mut first, mut second) = ([0; 3], [0; 8]);
    let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(there.try_read_vectored(&mut bufs).unwrap(), 8);
    assert_eq!((&first, &second[..5]), (b"tic", &b"ktock"[..]));
    let mut bufs = [IoSliceMut::new(&mut first)];
    let error = there.try_read_vectored(&mut bufs).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
}

#[mainspring::test]
async fn halves_of_both_kinds_have_what_their_stream_has() {
    macro_rules! check {
        ($read:ident, $write:ident) => {
            $write.writable().await.unwrap();
            assert!(
                $write
                    .ready(Interest::WRITABLE)
                    .await
                    .unwrap()
                    .is_writable()
            );
            assert_eq!($write.try_write(b"ti").unwrap(), 2);
            assert_eq!(
                $write.try_write_vectored(&[IoSlice::new(b"ck")]).unwrap(),
                2
            );
            $read.readable().await.unwrap();
            assert!($read.ready(Interest::READABLE).await.unwrap().is_readable());

            let mut buf = [0; 8];
            while $read.peek(&mut buf).await.unwrap() < 4 {}
            let mut seen = ReadBuf::new(&mut buf);
            let peeked = poll_fn(|cx| $read.poll_peek(cx, &mut seen)).await;
            assert_eq!((peeked.unwrap(), seen.filled()), (4, &b"tick"[..]));
            let mut first = [0; 1];
            assert_eq!($read.try_read(&mut first).unwrap(), 1);
            let mut second = [0; 1];
            let mut bufs = [IoSliceMut::new(&mut second)];
            assert_eq!($read.try_read_vectored(&mut bufs).unwrap(), 1);
            let mut rest = Vec::new();
            assert_eq!($read.try_read_buf(&mut rest).unwrap(), 2);
            assert_eq!([&first[..], &second, &rest].concat(), b"tick");
            assert_eq!($read.peer_addr().unwrap(), $write.local_addr().unwrap());
        };
    }
    let (mut here, mut there) = pair().await;
    {
        let ((_, write), (mut read, _)) = (here.split(), there.split());
        check!(read, write);
    }
    let ((_here, write), (mut read, _there)) = (here.into_split(), there.into_split());
    check!(read, write);
}
