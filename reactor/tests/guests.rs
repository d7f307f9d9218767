//! Sources that other threads register.

use std::io::Write;
use std::os::unix::net::UnixStream as StdStream;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring_reactor::{Direction, Interest, Reactor, Registrar, Source};
use mio::net::UnixStream;

use crate::bell::Bell;

mod bell;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// Registered on another thread, with nothing to read, and the other end.
fn guest(registrar: &Registrar) -> (UnixStream, StdStream, Source) {
    thread::scope(|scope| {
        let register = || {
            let (ours, theirs) = StdStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            let mut ours = UnixStream::from_std(ours);
            let source = registrar.register(&mut ours, BOTH).unwrap();
            (ours, theirs, source)
        };
        scope.spawn(register).join().unwrap()
    })
}

fn wait_for_data(source: &Source, waker: &Waker) {
    while let Poll::Ready(ready) = source.poll_ready(Direction::Read, waker) {
        source.clear_ready(Direction::Read, ready);
    }
}

/// Turns until there was news, and wakes.
fn turn(reactor: &mut Reactor) {
    let mut due = Vec::new();
    reactor
        .turn(Some(Duration::from_secs(10)), &mut due)
        .unwrap();
    due.into_iter().for_each(Waker::wake);
}

#[test]
fn a_guest_hears_of_its_events_and_of_no_other_source_s() {
    let mut reactor = Reactor::new().unwrap();
    let registrar = reactor.registrar().unwrap();
    let guests: Vec<_> = (0..3).map(|_| guest(&registrar)).collect();
    let (mut own, _peer) = UnixStream::pair().unwrap();
    let own = reactor.register(&mut own, BOTH).unwrap();
    assert_eq!(reactor.len(), 4);
    turn(&mut reactor);

    let bells: Vec<_> = (0..4).map(|_| Bell::new()).collect();
    for (guest, (_, waker)) in guests.iter().zip(&bells) {
        wait_for_data(&guest.2, waker);
    }
    wait_for_data(&own, &bells[3].1);
    assert_eq!(reactor.armed().count(), 4);
    (&guests[1].1).write_all(b"x").unwrap();
    turn(&mut reactor);
    let rung: Vec<usize> = bells.iter().map(|(bell, _)| bell.take()).collect();
    assert_eq!(rung, [0, 1, 0, 0]);
    assert_eq!(reactor.stale_events(), 0);
}

#[test]
fn a_guest_that_is_forgotten_finds_itself_deregistered_and_hears_nothing() {
    let mut reactor = Reactor::new().unwrap();
    let registrar = reactor.registrar().unwrap();
    let (mut stream, peer, source) = guest(&registrar);
    turn(&mut reactor);
    let (bell, waker) = Bell::new();
    wait_for_data(&source, &waker);

    reactor.deregister(&mut stream, &source).unwrap();
    (&peer).write_all(b"x").unwrap();
    let mut due = Vec::new();
    let turned = reactor.turn(Some(Duration::ZERO), &mut due).unwrap();
    assert_eq!((turned.events, reactor.len()), (0, 0));
    due.into_iter().for_each(Waker::wake);
    assert_eq!(bell.take(), 1);
    let told = source.ready(Direction::Read).expect("it says so at once");
    assert!(told.is_deregistered());
}

#[test]
fn guests_of_a_reactor_that_is_gone_find_themselves_deregistered() {
    let mut reactor = Reactor::new().unwrap();
    let registrar = reactor.registrar().unwrap();
    let (_stream, _peer, source) = guest(&registrar);
    turn(&mut reactor);
    let (bell, waker) = Bell::new();
    wait_for_data(&source, &waker);
    drop(reactor);
    assert_eq!(bell.take(), 1);

    let (_stream, _peer, late) = guest(&registrar);
    for source in [source, late] {
        let told = source.ready(Direction::Read).expect("it says so at once");
        assert!(told.is_deregistered());
    }
}
