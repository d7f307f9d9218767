//! What the reactor promises to the loop that turns it.

use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring_reactor::{Direction, Interest, Reactor, Source, Turned};
use mio::net::UnixStream;
use mio::unix::SourceFd;

use crate::bell::Bell;

mod bell;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

/// Fetches what is there, and wakes.
fn turn(reactor: &mut Reactor) -> Turned {
    let mut due = Vec::new();
    let turned = reactor.turn(NOT_AT_ALL, &mut due).unwrap();
    due.into_iter().for_each(Waker::wake);
    turned
}

/// Makes `source` wait for data: no event that is known counts any more.
fn wait_for_data(source: &Source, waker: &Waker) {
    while let Poll::Ready(ready) = source.poll_ready(Direction::Read, waker) {
        source.clear_ready(Direction::Read, ready);
    }
}

fn registered(reactor: &mut Reactor) -> (Source, UnixStream, UnixStream) {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let source = reactor.register(&mut ours, BOTH).unwrap();
    turn(reactor);
    (source, ours, theirs)
}

#[test]
fn a_turn_without_events_finds_nothing_and_wakes_nobody() {
    let mut reactor = Reactor::new().unwrap();
    assert_eq!(turn(&mut reactor), Turned::default());
    let (source, _ours, _theirs) = registered(&mut reactor);
    let (bell, waker) = Bell::new();
    wait_for_data(&source, &waker);
    assert_eq!(turn(&mut reactor), Turned::default());
    assert_eq!(bell.take(), 0);
}

#[test]
fn an_unpark_before_the_wait_ends_it_at_once_and_only_once() {
    let mut reactor = Reactor::new().unwrap();
    let unparker = reactor.unparker();
    unparker.unpark();
    unparker.clone().unpark();
    let turned = reactor.turn(None, &mut Vec::new()).unwrap();
    assert_eq!((turned.unparked, turned.events), (true, 0));
    assert!(!turn(&mut reactor).unparked);
}

#[test]
fn an_unpark_from_another_thread_ends_each_wait() {
    let mut reactor = Reactor::new().unwrap();
    for _ in 0..100 {
        let unparker = reactor.unparker();
        let other = thread::spawn(move || unparker.unpark());
        assert!(reactor.turn(None, &mut Vec::new()).unwrap().unparked);
        other.join().unwrap();
    }
}

#[test]
fn an_unpark_after_the_end_of_the_reactor_does_nothing() {
    let reactor = Reactor::new().unwrap();
    let unparker = reactor.unparker();
    drop(reactor);
    unparker.unpark();
}

#[test]
fn a_million_unparks_do_not_block_and_count_as_one() {
    let mut reactor = Reactor::new().unwrap();
    let unparker = reactor.unparker();
    for _ in 0..1_000_000 {
        unparker.unpark();
    }
    assert!(turn(&mut reactor).unparked);
    assert!(!turn(&mut reactor).unparked);
}

#[test]
fn mio_1948_a_long_limit_is_not_cut_short() {
    let mut reactor = Reactor::new().unwrap();
    let edges = [31, 32, 63].map(|bits| Duration::from_millis(1 << bits));
    let millisecond = Duration::from_millis(1);
    let limits = edges
        .into_iter()
        .flat_map(|edge| [edge - millisecond, edge, edge + millisecond])
        .chain([Duration::MAX]);
    for limit in limits {
        let unparker = reactor.unparker();
        let other = thread::spawn(move || unparker.unpark());
        // A limit that was cut short would find nothing, before the other thread has begun.
        let turned = reactor.turn(Some(limit), &mut Vec::new()).unwrap();
        assert!(turned.unparked, "{limit:?}");
        other.join().unwrap();
    }
}

#[test]
fn tokio_6329_a_registration_that_fails_leaves_nothing_behind() {
    let mut reactor = Reactor::new().unwrap();
    let (_first, _ours, _theirs) = registered(&mut reactor);
    // Plain files are always ready, and the system refuses to wait for them.
    let plain = std::fs::File::open("Cargo.toml").unwrap();
    let refused = reactor.register(&mut SourceFd(&plain.as_raw_fd()), BOTH);
    assert!(refused.is_err());
    assert_eq!(reactor.len(), 1);

    let nowhere = reactor.register(&mut SourceFd(&-1), BOTH);
    assert!(nowhere.is_err());
    assert_eq!(reactor.len(), 1);
}

#[test]
fn tokio_7773_a_source_that_was_closed_first_is_forgotten_all_the_same() {
    let mut reactor = Reactor::new().unwrap();
    let (source, ours, _theirs) = registered(&mut reactor);
    let file = ours.as_raw_fd();
    drop(ours);
    let error = reactor.deregister(&mut SourceFd(&file), &source);
    assert!(error.is_err());
    assert!(reactor.is_empty());
}

#[test]
fn rustsec_2024_0019_a_late_event_does_not_reach_the_successor() {
    let mut reactor = Reactor::new().unwrap();
    let (old, ours, mut theirs) = registered(&mut reactor);
    wait_for_data(&old, Waker::noop());

    // A copy of the file keeps the kernel's entry alive after the socket is closed.
    let copy = StdStream::from(OwnedFd::from(ours)).try_clone().unwrap();
    reactor.forget(old.key());
    let (new, _ours, _theirs) = registered(&mut reactor);
    let (bell, waker) = Bell::new();
    wait_for_data(&new, &waker);
    assert_ne!(old.key(), new.key());

    theirs.write_all(b"late").unwrap();
    assert_eq!(turn(&mut reactor).events, 0);
    assert_eq!(reactor.stale_events(), 1);
    assert_eq!(bell.take(), 0);
    assert!(new.is_armed(Direction::Read));
    drop(copy);
}

#[test]
fn libuv_826_a_socket_that_takes_over_a_file_in_the_same_batch_gets_no_event_of_it() {
    let mut reactor = Reactor::new().unwrap();
    let (first, _ours_a, mut theirs_a) = registered(&mut reactor);
    let (second, mut ours_b, mut theirs_b) = registered(&mut reactor);
    wait_for_data(&first, Waker::noop());
    wait_for_data(&second, Waker::noop());
    theirs_a.write_all(b"x").unwrap();
    theirs_b.write_all(b"x").unwrap();
    let mut batch = Vec::new();
    assert_eq!(reactor.turn(NOT_AT_ALL, &mut batch).unwrap().events, 2);

    // Whoever is woken first closes the second socket and opens another, which gets the same
    // place in the table, and the same file unless another thread took it.
    reactor.deregister(&mut ours_b, &second).unwrap();
    drop(ours_b);
    let (mut ours_c, _theirs_c) = UnixStream::pair().unwrap();
    let third = reactor.register(&mut ours_c, Interest::READABLE).unwrap();
    let (bell, waker) = Bell::new();
    wait_for_data(&third, &waker);
    batch.into_iter().for_each(Waker::wake);

    assert_eq!(turn(&mut reactor).events, 0);
    assert_eq!(bell.take(), 0);
    assert!(third.is_armed(Direction::Read));
}

#[test]
fn a_key_that_was_forgotten_does_not_reach_its_successor() {
    let mut reactor = Reactor::new().unwrap();
    let (old, mut ours, _theirs) = registered(&mut reactor);
    reactor.deregister(&mut ours, &old).unwrap();
    let (new, _ours, _theirs) = registered(&mut reactor);
    reactor.forget(old.key());
    assert_eq!(reactor.len(), 1);
    wait_for_data(&new, Waker::noop());
    assert!(new.is_armed(Direction::Read), "it is still registered");
}

#[test]
fn those_who_wait_are_told_with_key_and_direction() {
    let mut reactor = Reactor::new().unwrap();
    let (idle, _ours_a, _theirs_a) = registered(&mut reactor);
    let (busy, _ours_b, mut theirs_b) = registered(&mut reactor);
    assert_eq!(reactor.armed().count(), 0);

    wait_for_data(&busy, Waker::noop());
    let armed: Vec<_> = reactor.armed().collect();
    assert_eq!(armed, [(busy.key(), Direction::Read)]);
    assert!(!idle.is_armed(Direction::Read));

    theirs_b.write_all(b"x").unwrap();
    turn(&mut reactor);
    assert_eq!(reactor.armed().count(), 0);
}

#[test]
fn hundreds_of_sources_are_all_heard() {
    let mut reactor = Reactor::new().unwrap();
    let (bell, waker) = Bell::new();
    let mut all: Vec<_> = (0..400).map(|_| registered(&mut reactor)).collect();
    for (source, ..) in &all {
        wait_for_data(source, &waker);
    }
    for (.., theirs) in &mut all {
        theirs.write_all(b"x").unwrap();
    }
    assert_eq!(turn(&mut reactor).events, all.len());
    assert_eq!(bell.take(), all.len());

    for (source, mut ours, _) in all {
        reactor.deregister(&mut ours, &source).unwrap();
    }
    assert!(reactor.is_empty());
}
