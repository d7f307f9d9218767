//! What nobody can see from outside: the reactor's table and the clock's list of wires.

use std::io;
use std::task::{Context, Waker};
use std::thread;

use mainspring_reactor::Direction;

use crate::engine::context;
use crate::io::registered::Wait;
use crate::net::{TcpListener, TcpStream};
use crate::runtime::LocalRuntime;
use crate::task::yield_now;

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
