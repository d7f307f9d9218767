//! What is ready: told to all who ask, until it is used up.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use mainspring::io::{AsyncReadExt, AsyncWriteExt, Interest, Ready};
use mainspring::net::{TcpListener, TcpStream};
use mainspring::task::{spawn_local, yield_now};

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap());
    let here = here.await.unwrap();
    (here, listener.accept().await.unwrap().0)
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

#[mainspring::test]
async fn a_socket_that_was_accepted_is_ready_until_it_is_tried() {
    let (_here, there) = pair().await;
    assert_eq!(
        there.ready(BOTH).await.unwrap(),
        Ready::READABLE | Ready::WRITABLE
    );
    assert_eq!(
        there.try_read(&mut [0; 8]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(there.ready(BOTH).await.unwrap(), Ready::WRITABLE);
}

#[mainspring::test]
async fn what_nobody_told_is_not_ready_however_new_the_socket() {
    let (here, mut there) = pair().await;
    let mut readable = here.readable();
    assert!(poll_once(&mut readable).is_pending());
    assert_eq!(here.ready(BOTH).await.unwrap(), Ready::WRITABLE);

    there.write_all(b"x").await.unwrap();
    readable.await.unwrap();
    let both = Ready::READABLE | Ready::WRITABLE;
    assert_eq!(here.ready(BOTH).await.unwrap(), both);
}

#[mainspring::test]
async fn two_tasks_that_wait_for_one_socket_are_both_told() {
    let (here, mut there) = pair().await;
    let here = Rc::new(here);
    let tasks = [Interest::READABLE, Interest::READABLE | Interest::ERROR].map(|interest| {
        let here = here.clone();
        spawn_local(async move { here.ready(interest).await })
    });
    let third = spawn_local({
        let here = here.clone();
        async move { here.readable().await }
    });
    yield_now().await;
    there.write_all(b"x").await.unwrap();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), Ready::READABLE);
    }
    third.await.unwrap().unwrap();
}

#[mainspring::test]
async fn one_who_gives_up_takes_no_other_along() {
    let (here, mut there) = pair().await;
    let mut first = here.ready(Interest::READABLE | Interest::ERROR);
    let here = &here;
    let mut second = std::pin::pin!(async move { here.readable().await });
    let told = std::future::poll_fn(|cx| {
        assert!(std::pin::Pin::new(&mut first).poll(cx).is_pending());
        assert!(second.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    });
    told.await;
    drop(first);
    there.write_all(b"x").await.unwrap();
    second.await.unwrap();
}

#[mainspring::test]
async fn an_operation_of_ones_own_is_tried_once_and_uses_up_what_it_found_empty() {
    let (here, mut there) = pair().await;
    let block = || Err::<u8, _>(io::Error::from(ErrorKind::WouldBlock));
    let tried = here.try_io(Interest::READABLE, || -> io::Result<u8> {
        panic!("nothing was told");
    });
    assert_eq!(tried.unwrap_err().kind(), ErrorKind::WouldBlock);

    there.write_all(b"x").await.unwrap();
    here.readable().await.unwrap();
    assert_eq!(here.try_io(Interest::READABLE, || Ok(7)).unwrap(), 7);
    assert!(
        poll_once(&mut here.readable()).is_ready(),
        "it was not used up"
    );
    let tried = here.try_io(Interest::READABLE, block);
    assert_eq!(tried.unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(
        poll_once(&mut here.readable()).is_pending(),
        "it was used up"
    );

    // Errors other than `WouldBlock` use up nothing, and are passed on.
    there.write_all(b"y").await.unwrap();
    here.readable().await.unwrap();
    let tried = here.try_io(Interest::READABLE, || Err::<(), _>(io::Error::other("no")));
    assert_eq!(tried.unwrap_err().to_string(), "no");
    assert!(poll_once(&mut here.readable()).is_ready());
}

#[mainspring::test]
async fn an_operation_of_ones_own_is_tried_again_until_it_does_not_block() {
    let (here, mut there) = pair().await;
    let task = spawn_local(async move {
        let mut buf = [0; 8];
        let mut tries = 0;
        let count = here.async_io(Interest::READABLE, || {
            tries += 1;
            here.try_read(&mut buf)
        });
        let count = count.await.unwrap();
        (buf[..count].to_vec(), tries, here)
    });
    yield_now().await;
    there.write_all(b"tick").await.unwrap();
    let (read, tries, here) = task.await.unwrap();
    assert_eq!((read.as_slice(), tries), (&b"tick"[..], 1));

    let error = here.async_io(Interest::WRITABLE, || Err::<(), _>(io::Error::other("no")));
    assert_eq!(error.await.unwrap_err().to_string(), "no");
}

#[mainspring::test]
async fn a_peer_that_ends_its_stream_is_told_for_ever() {
    let (mut here, mut there) = pair().await;
    there.shutdown().await.unwrap();
    for _ in 0..2 {
        let ready = here.ready(Interest::READABLE).await.unwrap();
        assert!(ready.is_read_closed() && ready.is_readable());
        assert!(!ready.is_write_closed());
        assert_eq!(here.read(&mut [0; 8]).await.unwrap(), 0);
    }
    drop(there);
    here.write_all(b"x").await.unwrap();
    let ready = here.ready(Interest::ERROR).await.unwrap();
    assert!(ready.is_error());
}

#[mainspring::test]
async fn urgent_data_is_not_told_where_nobody_registered_for_it() {
    let (here, mut there) = pair().await;
    assert!(poll_once(&mut here.ready(Interest::PRIORITY)).is_pending());
    // That the peer has ended its stream is urgent enough.
    there.shutdown().await.unwrap();
    assert!(
        here.ready(Interest::PRIORITY)
            .await
            .unwrap()
            .is_read_closed()
    );
}

#[mainspring::test]
async fn being_told_costs_nothing_and_an_operation_pays_for_its_progress() {
    const MORE_THAN_A_POLL_MAY: usize = 1_000;
    let (_here, there) = pair().await;

    let told = async {
        for _ in 0..MORE_THAN_A_POLL_MAY {
            there.readable().await.unwrap();
            there.writable().await.unwrap();
            there.ready(BOTH).await.unwrap();
        }
    };
    assert!(poll_once(&mut std::pin::pin!(told)).is_ready());

    let operations = async {
        for _ in 0..MORE_THAN_A_POLL_MAY {
            let operation = || Ok(());
            there.async_io(Interest::WRITABLE, operation).await.unwrap();
        }
    };
    assert!(poll_once(&mut std::pin::pin!(operations)).is_pending());
}
