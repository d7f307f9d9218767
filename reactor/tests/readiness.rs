//! What a source promises to those who wait for it.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use mainspring_reactor::{Direction, Interest, Reactor, Ready, Source, Unparker};
use mio::net::{UnixDatagram, UnixStream};

use crate::bell::Bell;

mod bell;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A stream that is registered, its peer that is not, and the reactor.
struct Setting {
    reactor: Reactor,
    source: Source,
    ours: UnixStream,
    theirs: UnixStream,
}

impl Setting {
    fn new() -> Setting {
        let mut reactor = Reactor::new().unwrap();
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let source = reactor.register(&mut ours, BOTH).unwrap();
        let mut setting = Setting {
            reactor,
            source,
            ours,
            theirs,
        };
        setting.turn();
        setting.use_up(Direction::Read);
        setting.use_up(Direction::Write);
        setting
    }

    /// One look at the kernel, after which whoever is due is woken.
    fn turn(&mut self) -> usize {
        let mut due = Vec::new();
        let turned = self.reactor.turn(Some(Duration::ZERO), &mut due).unwrap();
        due.into_iter().for_each(Waker::wake);
        turned.events
    }

    fn poll(&self, direction: Direction, waker: &Waker) -> Option<Ready> {
        match self.source.poll_ready(direction, waker) {
            Poll::Ready(ready) => Some(ready),
            Poll::Pending => None,
        }
    }

    fn use_up(&self, direction: Direction) {
        let ready = self.poll(direction, Waker::noop()).expect("it was ready");
        self.source.clear_ready(direction, ready);
    }
}

#[test]
fn a_new_source_is_ready_until_an_operation_says_otherwise() {
    let mut reactor = Reactor::new().unwrap();
    let (mut ours, _theirs) = UnixStream::pair().unwrap();
    let source = reactor.register(&mut ours, BOTH).unwrap();
    for direction in [Direction::Read, Direction::Write] {
        let Poll::Ready(ready) = source.poll_ready(direction, Waker::noop()) else {
            panic!("a new source is ready");
        };
        assert!(!ready.is_hung_up() && !ready.is_deregistered());
        source.clear_ready(direction, ready);
        assert!(source.poll_ready(direction, Waker::noop()).is_pending());
    }
}

#[test]
fn each_direction_has_readiness_and_waiters_of_its_own() {
    let mut setting = Setting::new();
    while setting.ours.write(&[0; 4096]).is_ok() {}
    let (reader, read) = Bell::new();
    let (writer, write) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &read), None);
    assert_eq!(setting.poll(Direction::Write, &write), None);

    setting.theirs.write_all(b"x").unwrap();
    setting.turn();
    assert_eq!((reader.take(), writer.take()), (1, 0));
    assert!(setting.poll(Direction::Read, &read).is_some());
    assert!(setting.poll(Direction::Write, &write).is_none());

    assert_eq!(setting.ours.read(&mut [0; 8]).unwrap(), 1);
    setting.use_up(Direction::Read);
    assert_eq!(setting.poll(Direction::Read, &read), None);
    while setting.theirs.read(&mut [0; 4096]).is_ok() {}
    setting.turn();
    assert_eq!((reader.take(), writer.take()), (0, 1));
    assert!(setting.poll(Direction::Write, &write).is_some());
}

#[test]
fn an_event_wakes_all_who_wait_for_it_each_once_and_in_order() {
    let mut setting = Setting::new();
    let (bells, wakers): (Vec<Arc<Bell>>, Vec<Waker>) = (0..4).map(|_| Bell::new()).unzip();
    for waker in wakers.iter().chain(&wakers) {
        assert_eq!(setting.poll(Direction::Read, waker), None);
    }
    setting.theirs.write_all(b"x").unwrap();
    let mut due = Vec::new();
    setting.reactor.turn(None, &mut due).unwrap();
    assert_eq!(due.len(), 4);
    for (due, waker) in due.iter().zip(&wakers) {
        assert!(due.will_wake(waker));
    }
    due.into_iter().for_each(Waker::wake);
    assert!(bells.iter().all(|bell| bell.take() == 1));
}

#[test]
fn nobody_is_woken_twice_for_one_wait() {
    let mut setting = Setting::new();
    let (bell, waker) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &waker), None);
    for _ in 0..3 {
        setting.theirs.write_all(b"x").unwrap();
        setting.turn();
    }
    assert_eq!(bell.take(), 1);
}

#[test]
fn all_who_wait_for_one_direction_are_released_and_may_wait_again() {
    let mut setting = Setting::new();
    let (bells, wakers): (Vec<Arc<Bell>>, Vec<Waker>) = (0..3).map(|_| Bell::new()).unzip();
    let ring = |due: &mut Vec<Waker>| {
        due.drain(..).for_each(Waker::wake);
        bells.iter().map(|bell| bell.take()).collect::<Vec<_>>()
    };
    assert_eq!(setting.poll(Direction::Read, &wakers[0]), None);
    assert_eq!(setting.poll(Direction::Read, &wakers[1]), None);
    assert_eq!(setting.poll(Direction::Write, &wakers[2]), None);

    let mut due = Vec::new();
    setting.source.release(Direction::Read, &mut due);
    assert!(!setting.source.is_armed(Direction::Read));
    assert!(setting.source.is_armed(Direction::Write));
    assert_eq!(ring(&mut due), [1, 1, 0]);

    // One of the two still wants to wait. The other is not woken any more.
    assert_eq!(setting.poll(Direction::Read, &wakers[1]), None);
    setting.theirs.write_all(b"x").unwrap();
    setting.reactor.turn(None, &mut due).unwrap();
    assert_eq!(ring(&mut due)[..2], [0, 1]);
}

#[test]
fn to_ask_whether_a_source_is_ready_waits_for_nothing() {
    let mut setting = Setting::new();
    assert_eq!(setting.source.ready(Direction::Read), None);
    assert!(!setting.source.is_armed(Direction::Read));
    setting.theirs.write_all(b"x").unwrap();
    setting.turn();
    let ready = setting.source.ready(Direction::Read).unwrap();
    setting.source.clear_ready(Direction::Read, ready);
    assert_eq!(setting.source.ready(Direction::Read), None);
}

#[test]
fn tokio_6133_an_event_between_the_question_and_the_answer_is_not_cleared() {
    let mut setting = Setting::new();
    setting.theirs.write_all(b"one").unwrap();
    setting.turn();
    let first = setting.poll(Direction::Read, Waker::noop()).unwrap();
    while setting.ours.read(&mut [0; 8]).is_ok() {}
    // The next event comes before the reader has said that the first one is used up.
    setting.theirs.write_all(b"two").unwrap();
    setting.turn();
    setting.source.clear_ready(Direction::Read, first);
    assert!(setting.poll(Direction::Read, Waker::noop()).is_some());
}

#[test]
fn mio_1895_after_would_block_the_next_event_wakes_again() {
    let mut setting = Setting::new();
    let (bell, waker) = Bell::new();
    for _ in 0..3 {
        assert_eq!(setting.poll(Direction::Read, &waker), None);
        setting.theirs.write_all(b"x").unwrap();
        setting.turn();
        assert_eq!(bell.take(), 1);
        let ready = setting.poll(Direction::Read, &waker).unwrap();
        assert_eq!(setting.ours.read(&mut [0; 8]).unwrap(), 1);
        let empty = setting.ours.read(&mut [0; 8]).unwrap_err();
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        setting.source.clear_ready(Direction::Read, ready);
    }
}

#[test]
fn a_hang_up_is_told_and_is_not_the_end_of_the_data() {
    let mut setting = Setting::new();
    setting.theirs.write_all(&[7; 50_000]).unwrap();
    setting.theirs.shutdown(Shutdown::Both).unwrap();
    setting.turn();
    let ready = setting.poll(Direction::Read, Waker::noop()).unwrap();
    assert!(ready.is_hung_up());
    let mut data = Vec::new();
    setting.ours.read_to_end(&mut data).unwrap();
    assert_eq!(data.len(), 50_000);
}

#[test]
fn a_peer_that_only_stops_writing_can_still_be_written_to() {
    let mut setting = Setting::new();
    while setting.ours.write(&[0; 4096]).is_ok() {}
    setting.theirs.shutdown(Shutdown::Write).unwrap();
    setting.turn();
    let ready = setting.poll(Direction::Read, Waker::noop()).unwrap();
    assert!(ready.is_hung_up());
    assert_eq!(setting.poll(Direction::Write, Waker::noop()), None);

    while setting.theirs.read(&mut [0; 4096]).is_ok() {}
    setting.turn();
    let ready = setting.poll(Direction::Write, Waker::noop()).unwrap();
    assert!(!ready.is_hung_up());
    setting.ours.write_all(b"x").unwrap();
}

#[test]
fn an_end_that_comes_after_a_short_read_is_an_event_of_its_own() {
    let mut setting = Setting::new();
    setting.theirs.write_all(b"x").unwrap();
    setting.turn();
    let ready = setting.poll(Direction::Read, Waker::noop()).unwrap();
    assert!(!ready.is_hung_up());
    assert_eq!(setting.ours.read(&mut [0; 8]).unwrap(), 1);
    setting.source.clear_ready(Direction::Read, ready);

    let (bell, waker) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &waker), None);
    setting.theirs.shutdown(Shutdown::Both).unwrap();
    setting.turn();
    assert_eq!(bell.take(), 1);
    assert!(setting.poll(Direction::Read, &waker).is_some());
}

/// A read that gets less than it might, and is taken for the last.
fn read_short(setting: &mut Setting) {
    let ready = setting.poll(Direction::Read, Waker::noop()).unwrap();
    assert_eq!(setting.ours.read(&mut [0; 2]).unwrap(), 2);
    setting.source.presume_empty(ready);
}

#[test]
fn after_a_short_read_one_waits_for_an_event() {
    let mut setting = Setting::new();
    setting.theirs.write_all(b"ab").unwrap();
    setting.turn();
    read_short(&mut setting);
    let (bell, waker) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &waker), None);
    setting.theirs.write_all(b"cd").unwrap();
    setting.turn();
    assert_eq!(bell.take(), 1);
    read_short(&mut setting);
    assert_eq!(setting.poll(Direction::Read, &waker), None);
}

#[test]
fn what_a_short_read_left_is_found_when_nothing_else_happens() {
    let mut setting = Setting::new();
    setting.theirs.write_all(b"abcdef").unwrap();
    setting.turn();
    read_short(&mut setting);
    let (bell, waker) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &waker), None);

    // No limit, and no event.
    let mut due = Vec::new();
    setting.reactor.turn(None, &mut due).unwrap();
    due.into_iter().for_each(Waker::wake);
    assert_eq!(bell.take(), 1);
    read_short(&mut setting);
    // It is not believed again.
    assert!(setting.poll(Direction::Read, &waker).is_some());
    read_short(&mut setting);
    assert!(setting.poll(Direction::Read, &waker).is_some());
}

#[test]
fn what_a_short_read_left_is_found_beside_a_busy_neighbour() {
    let mut setting = Setting::new();
    setting.theirs.write_all(b"abcdef").unwrap();
    setting.turn();
    read_short(&mut setting);
    let (bell, waker) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &waker), None);

    let (mut neighbour, mut other) = UnixStream::pair().unwrap();
    let _source = setting.reactor.register(&mut neighbour, BOTH).unwrap();
    let mut turns = 0;
    while bell.take() == 0 {
        other.write_all(b"x").unwrap();
        assert_eq!(setting.turn(), 1);
        turns += 1;
        assert!(turns < 1_000);
    }
    read_short(&mut setting);
}

#[test]
fn a_proof_that_finds_nothing_is_no_reason_for_distrust() {
    let mut setting = Setting::new();
    let (bell, waker) = Bell::new();
    for _ in 0..3 {
        setting.theirs.write_all(b"ab").unwrap();
        setting.turn();
        read_short(&mut setting);
        assert_eq!(setting.poll(Direction::Read, &waker), None);
        let mut due = Vec::new();
        setting.reactor.turn(None, &mut due).unwrap();
        due.into_iter().for_each(Waker::wake);
        assert_eq!(bell.take(), 1);
        setting.use_up(Direction::Read);
        assert_eq!(setting.poll(Direction::Read, &waker), None);
        // What comes after the proof is an event of its own.
        setting.theirs.write_all(b"cd").unwrap();
        setting.turn();
        assert_eq!(bell.take(), 1);
        read_short(&mut setting);
        assert_eq!(setting.poll(Direction::Read, &waker), None);
        // And is proved with nobody there to be told.
        setting.source.release(Direction::Read, &mut Vec::new());
        setting.reactor.turn(None, &mut Vec::new()).unwrap();
        setting.use_up(Direction::Read);
        bell.take();
    }
}

#[test]
fn after_a_hang_up_a_short_read_says_nothing() {
    let mut setting = Setting::new();
    setting.theirs.write_all(b"ab").unwrap();
    setting.theirs.shutdown(Shutdown::Write).unwrap();
    setting.turn();
    read_short(&mut setting);
    assert!(setting.poll(Direction::Read, Waker::noop()).is_some());
    assert_eq!(setting.ours.read(&mut [0; 2]).unwrap(), 0);
}

#[test]
fn those_who_wait_are_woken_when_the_source_is_deregistered() {
    let mut setting = Setting::new();
    let (reader, read) = Bell::new();
    assert_eq!(setting.poll(Direction::Read, &read), None);
    setting
        .reactor
        .deregister(&mut setting.ours, &setting.source)
        .unwrap();
    assert!(!setting.source.is_armed(Direction::Read));
    assert_eq!(setting.reactor.len(), 0);

    // No limit, and yet it does not wait.
    let mut due = Vec::new();
    setting.reactor.turn(None, &mut due).unwrap();
    due.into_iter().for_each(Waker::wake);
    assert_eq!(reader.take(), 1);
    let ready = setting.poll(Direction::Read, &read).unwrap();
    assert!(ready.is_deregistered());
    setting.source.clear_ready(Direction::Read, ready);
    assert!(setting.poll(Direction::Read, &read).is_some());
}

#[test]
fn those_who_wait_are_woken_when_the_reactor_ends() {
    let setting = Setting::new();
    let (writer, write) = Bell::new();
    assert_eq!(setting.poll(Direction::Write, &write), None);
    drop(setting.reactor);
    assert_eq!(writer.take(), 1);
    let again = setting.source.poll_ready(Direction::Write, &write);
    assert!(matches!(again, Poll::Ready(ready) if ready.is_deregistered()));
}

/// A waker that comes back to the source when it is called and when it is dropped.
struct Intruder {
    source: Source,
    was_here: Arc<AtomicBool>,
}

impl Intruder {
    fn look(&self) {
        let _ = self.source.poll_ready(Direction::Write, Waker::noop());
        self.source.is_armed(Direction::Read);
        self.was_here.store(true, Ordering::SeqCst);
    }
}

impl Wake for Intruder {
    fn wake(self: Arc<Self>) {
        self.look();
    }
}

impl Drop for Intruder {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn tokio_5471_no_waker_is_called_or_dropped_under_the_lock() {
    let mut setting = Setting::new();
    let was_here = Arc::new(AtomicBool::new(false));
    let intruder = || -> Waker {
        let source = setting.source.clone();
        let was_here = was_here.clone();
        Arc::new(Intruder { source, was_here }).into()
    };
    assert_eq!(setting.poll(Direction::Read, &intruder()), None);
    assert_eq!(setting.poll(Direction::Read, &intruder()), None);
    assert!(!was_here.load(Ordering::SeqCst), "the source keeps them");
    setting.theirs.write_all(b"x").unwrap();
    setting.turn();
    assert!(was_here.load(Ordering::SeqCst));
}

#[test]
fn the_three_that_leave_the_loop_may_go_to_other_threads() {
    fn is_shared<T: Send + Sync + Clone>() {}
    is_shared::<Source>();
    is_shared::<Unparker>();
    fn is_sent<T: Send>() {}
    is_sent::<Reactor>();
}

/// Ends the park of a thread.
struct Parked(thread::Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[test]
fn no_wake_is_lost_between_a_turn_and_a_poll_on_another_thread() {
    const LETTERS: u32 = 2_000;
    let mut reactor = Reactor::new().unwrap();
    let (mut ours, theirs) = UnixDatagram::pair().unwrap();
    let source = reactor.register(&mut ours, Interest::READABLE).unwrap();
    let unparker = reactor.unparker();

    let reader = thread::spawn(move || {
        let waker = Waker::from(Arc::new(Parked(thread::current())));
        let mut letters = 0;
        while letters < LETTERS {
            match source.poll_ready(Direction::Read, &waker) {
                Poll::Pending => thread::park(),
                Poll::Ready(ready) => match ours.recv(&mut [0; 8]) {
                    Ok(_) => letters += 1,
                    Err(_) => source.clear_ready(Direction::Read, ready),
                },
            }
        }
        unparker.unpark();
    });
    let writer = thread::spawn(move || {
        for _ in 0..LETTERS {
            while theirs.send(b"x").is_err() {
                thread::yield_now();
            }
        }
        theirs
    });

    let mut due = Vec::new();
    while !reactor.turn(None, &mut due).unwrap().unparked {
        due.drain(..).for_each(Waker::wake);
    }
    reader.join().unwrap();
    writer.join().unwrap();
}

#[test]
fn a_new_source_is_ready_to_be_tried_though_nothing_was_told_of_it() {
    let mut setting = Setting::new();
    let (mut ours, _theirs) = UnixStream::pair().unwrap();
    let source = setting.reactor.register(&mut ours, BOTH).unwrap();
    assert!(source.ready(Direction::Write).is_some());
    assert!(source.told(Direction::Write).is_none());
    let (bell, waker) = Bell::new();
    assert!(source.poll_told(Direction::Write, &waker).is_pending());
    setting.turn();
    assert_eq!(bell.take(), 1);
    assert!(source.told(Direction::Write).unwrap().is_told());
    assert!(source.told(Direction::Read).is_none());
}

#[test]
fn a_closed_side_is_told_for_ever_and_tried_no_more() {
    let mut setting = Setting::new();
    setting.theirs.shutdown(Shutdown::Write).unwrap();
    setting.turn();
    let told = setting.source.told(Direction::Read).unwrap();
    assert!(told.is_told() && told.is_closed());
    setting.source.clear_ready(Direction::Read, told);
    let told = setting.source.told(Direction::Read).unwrap();
    assert!(!told.is_told() && told.is_closed());
    assert!(setting.source.ready(Direction::Read).is_none());
    // What is urgent comes by the same way.
    assert!(
        setting
            .source
            .told(Direction::Priority)
            .unwrap()
            .is_closed()
    );
    assert!(setting.source.told(Direction::Error).is_none());
}
