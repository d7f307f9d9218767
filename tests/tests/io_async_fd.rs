//! `AsyncFd`: readiness of descriptors that are none of ours.

use std::fs::File;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use mainspring::io::unix::AsyncFd;
use mainspring::io::{Interest, Ready};
use mainspring::runtime::LocalRuntime;
use mainspring::task::{spawn_local, yield_now};

fn pair() -> (AsyncFd<UnixStream>, UnixStream) {
    let (here, there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    (AsyncFd::new(here).unwrap(), there)
}

fn blocked<T>() -> io::Result<T> {
    Err(ErrorKind::WouldBlock.into())
}

fn noop() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

#[mainspring::test]
async fn a_descriptor_is_writable_at_first_and_readable_when_something_comes() {
    let (here, mut there) = pair();
    assert_eq!(here.ready(BOTH).await.unwrap().ready(), Ready::WRITABLE);
    let waits = spawn_local(async move {
        let mut buf = [0; 8];
        let count = loop {
            let mut guard = here.readable().await.unwrap();
            match guard.try_io(|here| here.get_ref().read(&mut buf)) {
                Ok(result) => break result.unwrap(),
                Err(_would_block) => {}
            }
        };
        buf[..count].to_vec()
    });
    yield_now().await;
    there.write_all(b"tick").unwrap();
    assert_eq!(waits.await.unwrap(), b"tick");
}

#[mainspring::test]
async fn readiness_stays_until_it_is_cleared_and_comes_with_the_next_news() {
    let (here, mut there) = pair();
    there.write_all(b"x").unwrap();
    for _ in 0..2 {
        let mut guard = here.readable().await.unwrap();
        guard.retain_ready();
    }
    let mut guard = here.readable().await.unwrap();
    guard.clear_ready();
    assert_eq!(guard.ready(), Ready::EMPTY);
    let mut again = pin!(here.readable());
    assert!(again.as_mut().poll(&mut noop()).is_pending());
    there.write_all(b"y").unwrap();
    assert!(again.await.unwrap().ready().is_readable());
}

#[mainspring::test]
async fn some_of_the_readiness_is_cleared_and_the_rest_stays() {
    let (here, mut there) = pair();
    there.write_all(b"x").unwrap();
    drop(here.readable().await.unwrap());
    let mut guard = here.ready(BOTH).await.unwrap();
    assert_eq!(guard.ready(), Ready::READABLE | Ready::WRITABLE);
    guard.clear_ready_matching(Ready::READABLE);
    assert_eq!(guard.ready(), Ready::WRITABLE);
    assert!(pin!(here.readable()).poll(&mut noop()).is_pending());
    assert_eq!(here.ready(BOTH).await.unwrap().ready(), Ready::WRITABLE);
}

#[mainspring::test]
async fn readiness_that_came_since_the_guard_is_not_cleared_with_it() {
    let (here, mut there) = pair();
    there.write_all(b"x").unwrap();
    let mut old = here.readable().await.unwrap();
    old.clear_ready();
    there.write_all(b"y").unwrap();
    let new = here.readable().await.unwrap();
    old.clear_ready();
    assert!(new.ready().is_readable());
    assert!(pin!(here.readable()).poll(&mut noop()).is_ready());
}

#[mainspring::test]
async fn all_tasks_that_wait_for_one_descriptor_are_told() {
    let (here, mut there) = pair();
    let here = Rc::new(here);
    let tasks = [(); 3].map(|()| {
        let here = here.clone();
        spawn_local(async move { here.readable().await.unwrap().ready() })
    });
    let by_hand = here.clone();
    let by_hand = spawn_local(async move {
        let guard = poll_fn(|cx| by_hand.poll_read_ready(cx)).await.unwrap();
        guard.ready()
    });
    yield_now().await;
    there.write_all(b"x").unwrap();
    for task in tasks.into_iter().chain([by_hand]) {
        assert_eq!(task.await.unwrap(), Ready::READABLE);
    }
}

#[mainspring::test]
async fn a_peer_that_is_gone_is_told_however_often_it_is_cleared() {
    let (here, there) = pair();
    drop(there);
    for _ in 0..3 {
        let mut guard = here.readable().await.unwrap();
        assert!(guard.ready().is_read_closed());
        guard.clear_ready();
    }
    assert!(here.writable().await.unwrap().ready().is_write_closed());
}

#[mainspring::test]
async fn operations_are_tried_when_something_was_told_and_not_before() {
    let (mut here, mut there) = pair();
    let none = here.try_io(Interest::READABLE, |_| -> io::Result<()> {
        panic!("nothing was told");
    });
    assert_eq!(none.unwrap_err().kind(), ErrorKind::WouldBlock);

    there.write_all(b"ticktock").unwrap();
    let mut buf = [0; 4];
    let read = here.async_io(Interest::READABLE, |mut here| here.read(&mut buf));
    assert_eq!(read.await.unwrap(), 4);
    let read = here.async_io_mut(Interest::READABLE, |here| here.read(&mut buf));
    assert_eq!(read.await.unwrap(), 4);
    assert_eq!(&buf, b"tock");

    assert_eq!(here.try_io_mut(Interest::READABLE, |_| Ok(7)).unwrap(), 7);
    let used_up = here.try_io_mut(Interest::READABLE, |_| blocked::<()>());
    assert_eq!(used_up.unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(pin!(here.readable()).poll(&mut noop()).is_pending());
}

#[mainspring::test]
async fn guards_that_have_the_descriptor_for_themselves_do_the_same() {
    let (mut here, mut there) = pair();
    let mut guard = here.writable_mut().await.unwrap();
    assert_eq!(guard.get_inner_mut().write(b"x").unwrap(), 1);
    assert!(guard.try_io(|_| blocked::<()>()).is_err());
    assert_eq!(guard.ready(), Ready::EMPTY);
    there.write_all(b"y").unwrap();
    let mut guard = here.readable_mut().await.unwrap();
    let read = guard.try_io(|here| here.get_mut().read(&mut [0; 8]));
    assert_eq!(read.unwrap().unwrap(), 1);
    guard.clear_ready_matching(Ready::READABLE);
    assert!(here.poll_read_ready_mut(&mut noop()).is_pending());
    there.write_all(b"z").unwrap();
    let guard = here.ready_mut(Interest::READABLE).await.unwrap();
    assert_eq!(guard.ready(), Ready::READABLE);
}

#[mainspring::test]
async fn what_cannot_be_registered_comes_back_with_the_reason() {
    let file = File::open("/dev/null").unwrap();
    let number = file.as_raw_fd();
    let refused = AsyncFd::try_new(file).unwrap_err();
    assert!(refused.to_string().contains("not permitted"), "{refused}");
    let (file, error) = refused.into_parts();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(file.as_raw_fd(), number);
    let refused = AsyncFd::try_with_interest(file, Interest::READABLE).unwrap_err();
    let error: io::Error = refused.into();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[mainspring::test]
async fn a_descriptor_that_was_taken_out_may_be_registered_again() {
    let (here, mut there) = pair();
    let here = here.into_inner();
    let here = AsyncFd::with_interest(here, Interest::READABLE).unwrap();
    assert_eq!(here.as_fd().as_raw_fd(), here.get_ref().as_raw_fd());
    there.write_all(b"x").unwrap();
    assert_eq!(here.readable().await.unwrap().ready(), Ready::READABLE);
}

#[mainspring::test]
async fn only_what_was_registered_for_is_told() {
    let (here, mut there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let here = AsyncFd::with_interest(here, Interest::READABLE).unwrap();
    there.write_all(b"x").unwrap();
    assert_eq!(here.ready(BOTH).await.unwrap().ready(), Ready::READABLE);
}

#[cfg(target_os = "linux")]
#[mainspring::test]
async fn urgent_data_is_told_to_those_who_registered_for_it() {
    use rustix::net::{SendFlags, send};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let here = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (there, _) = listener.accept().unwrap();
    here.set_nonblocking(true).unwrap();
    let here = AsyncFd::with_interest(here, Interest::PRIORITY).unwrap();
    let mut urgent = pin!(here.ready(Interest::PRIORITY));
    assert!(urgent.as_mut().poll(&mut noop()).is_pending());
    send(&there, b"!", SendFlags::OOB).unwrap();
    let mut guard = urgent.await.unwrap();
    assert!(guard.ready().is_priority());
    guard.clear_ready();
    assert!(
        pin!(here.ready(Interest::PRIORITY))
            .poll(&mut noop())
            .is_pending()
    );
}

#[test]
fn a_descriptor_that_outlives_its_runtime_says_so() {
    let runtime = LocalRuntime::new().unwrap();
    let (here, _there) = runtime.block_on(async { pair() });
    drop(runtime);
    let Poll::Ready(Err(error)) = here.poll_read_ready(&mut noop()) else {
        panic!("it is told at once");
    };
    assert!(error.to_string().contains("has ended"), "{error}");
}

#[test]
#[should_panic(expected = "outside")]
fn a_descriptor_outside_of_a_runtime_is_a_mistake() {
    let (here, _there) = UnixStream::pair().unwrap();
    let _ = AsyncFd::new(here);
}

#[mainspring::test]
async fn libuv_4992_a_terminal_that_was_hung_up_is_read_to_its_end() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    const LENGTH: usize = 100_000;
    let _watch = mainspring_tests::watchdog::watch();
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let mut theirs = std::fs::OpenOptions::new().write(true).open(name).unwrap();
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        theirs.write_all(&[b'x'; LENGTH]).unwrap();
    });
    rustix::io::ioctl_fionbio(&ours, true).unwrap();
    let ours = AsyncFd::new(ours).unwrap();
    let mut heard = 0;
    let end = loop {
        let mut ready = ours.readable().await.unwrap();
        let read = ready.try_io(|ours| {
            // Less than there is, so that the hang-up comes long before the end.
            Ok(rustix::io::read(ours, &mut [0; 1000])?)
        });
        match read {
            Ok(Ok(0)) => break None,
            Ok(Ok(count)) => heard += count,
            Ok(Err(error)) => break Some(error),
            Err(_nothing_there) => {}
        }
    };
    writer.join().unwrap();
    assert_eq!(heard, LENGTH, "{end:?}");
}
