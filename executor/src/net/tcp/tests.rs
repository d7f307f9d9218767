//! What nobody can see from outside: the reactor's table, the clock's list of wires, and calls
//! that the system cuts short.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::task::{Context, Waker};
use std::thread;

use mainspring_reactor::Direction;

use crate::engine::context;
use crate::io::AsyncWriteExt;
use crate::io::registered::Wait;
use crate::io::unix::AsyncFd;
use crate::net::{TcpListener, TcpStream};
use crate::runtime::LocalRuntime;
use crate::task::{idle, spawn_local, yield_now};

fn registered() -> usize {
    context::expect("a test").reactor.borrow().len()
}

fn armed() -> usize {
    context::expect("a test").reactor.borrow().armed().count()
}

async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here = TcpStream::connect(listener.local_addr()?).await?;
    let (there, _) = listener.accept().await?;
    Ok((here, there))
}

#[mainspring::test]
async fn f38_ten_thousand_sockets_leave_no_registration_behind() -> io::Result<()> {
    let before = registered();
    for round in 0..5_000 {
        let (here, there) = pair().await?;
        match round % 3 {
            0 => drop((here, there)),
            1 => drop((here.into_std(), there)),
            _ => {
                let mut wait = Wait::new(&there.socket, Direction::Read, "a test");
                let mut cx = Context::from_waker(Waker::noop());
                // The first is an attempt, which finds nothing.
                assert!(wait.poll_io(&mut cx, |io| io.peek(&mut [0])).is_pending());
                drop(wait);
                drop(here);
            }
        }
    }
    assert_eq!(registered(), before);
    assert_eq!(armed(), 0);
    let engine = context::expect("a test");
    assert!(engine.wires.is_empty());
    Ok(())
}

#[mainspring::test]
async fn a_socket_that_is_dropped_on_another_thread_is_forgotten_here() -> io::Result<()> {
    let before = registered();
    let (here, there) = pair().await?;
    thread::spawn(move || drop((here, there))).join().unwrap();
    yield_now().await;
    assert_eq!(registered(), before);
    Ok(())
}

#[test]
fn a_letter_reaches_no_other_runtime_on_the_same_thread() {
    let runtimes = [(); 2].map(|()| LocalRuntime::new().unwrap());
    let [first, second] = runtimes.each_ref().map(|it| it.block_on(pair()).unwrap());
    // Dropped outside of both: each by a letter to its own.
    drop(first);
    assert_eq!(runtimes[0].block_on(async { registered() }), 0);
    assert_eq!(runtimes[1].block_on(async { registered() }), 2);
    drop(second);
    assert_eq!(runtimes[1].block_on(async { registered() }), 0);
}

#[mainspring::test]
async fn a_wait_that_is_given_up_leaves_nobody_waiting() -> io::Result<()> {
    let (here, _there) = pair().await?;
    for direction in [Direction::Read, Direction::Write] {
        let mut wait = Wait::new(&here.socket, direction, "a test");
        let mut cx = Context::from_waker(Waker::noop());
        let blocked = |_: &mio::net::TcpStream| Err::<(), _>(io::ErrorKind::WouldBlock.into());
        assert!(wait.poll_io(&mut cx, blocked).is_pending());
        assert_eq!(armed(), 1);
        drop(wait);
        assert_eq!(armed(), 0);
    }
    Ok(())
}

/// Calls an operation that is interrupted each second time.
fn interrupted<T>(mut operation: impl FnMut() -> io::Result<T>) -> impl FnMut() -> io::Result<T> {
    let mut is_next = false;
    move || {
        is_next = !is_next;
        match is_next {
            true => Err(io::ErrorKind::Interrupted.into()),
            false => operation(),
        }
    }
}

#[mainspring::test]
async fn f32_f33_interrupted_and_short_calls_lose_and_repeat_no_byte() -> io::Result<()> {
    let (here, there) = pair().await?;
    let sent: Vec<u8> = (0..20_000u32).map(|at| (at % 251) as u8).collect();
    let to_send = sent.clone();
    let writer = spawn_local(async move {
        let mut left = to_send.as_slice();
        while !left.is_empty() {
            // Three bytes at most, as a system does whose buffers are all but full.
            let some = &left[..left.len().min(3)];
            let count = poll_fn(|cx| {
                let mut write = interrupted(|| here.socket.io().write(some));
                here.socket.poll_io(cx, Direction::Write, |_| write())
            });
            left = &left[count.await?..];
        }
        here.shutdown_shared()
    });
    let mut heard = Vec::new();
    let mut buf = [0; 2];
    loop {
        let count = poll_fn(|cx| {
            let mut read = interrupted(|| there.socket.io().read(&mut buf));
            there.socket.poll_io(cx, Direction::Read, |_| read())
        });
        match count.await? {
            0 => break,
            count => heard.extend_from_slice(&buf[..count]),
        }
    }
    writer.await??;
    assert!(heard == sent);
    Ok(())
}

#[mainspring::test]
async fn f32_an_interrupted_attempt_is_made_again_at_once_by_those_who_do_not_wait()
-> io::Result<()> {
    let (here, _there) = pair().await?;
    let mut attempt = interrupted(|| Ok(7));
    let tried = here.socket.try_io(Direction::Write, |_| attempt());
    assert_eq!(tried?, 7);
    Ok(())
}

#[mainspring::test]
async fn f37_what_cannot_be_registered_leaves_nothing_behind_and_comes_back() {
    let before = registered();
    let file = std::fs::File::open("/dev/null").unwrap();
    let number = file.as_raw_fd();
    let refused = AsyncFd::register(file).unwrap_err();
    let (file, error) = refused.into_parts();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert_eq!(file.as_raw_fd(), number);
    assert_eq!(registered(), before);
}

fn stale_events() -> u64 {
    context::expect("a test").reactor.borrow().stale_events()
}

#[mainspring::test]
async fn f40_a_file_that_a_copy_keeps_open_tells_nothing_once_its_socket_is_dropped_here()
-> io::Result<()> {
    // As a child would have it.
    let (here, mut there) = pair().await?;
    let copy = here.as_fd().try_clone_to_owned()?;
    let before = stale_events();
    drop(here);
    for _ in 0..100 {
        there.write_all(b"x").await?;
        idle().await;
    }
    assert_eq!(stale_events(), before);
    drop(copy);
    Ok(())
}
