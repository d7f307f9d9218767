//! Wakes and parks: m01 to m06.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use crate::engine::ready::{Letter, Remote};
use crate::engine::table::Body;
use crate::engine::waker::TaskWaker;
use crate::models::harness::{Loop, RIGHT, Steps, check};
use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::thread;

/// A task whose first poll starts threads that each write a number `times` and wake it after
/// each write; it ends when it has seen the last number of all. A wake that is lost, or that does
/// not carry the write over, leaves the loop parked for ever.
fn wake_against_park(threads: usize, times: usize, steps: Steps, wake: fn(&Arc<TaskWaker>)) {
    let the_loop = Loop::new(steps);
    let numbers: Arc<Vec<AtomicUsize>> =
        Arc::new((0..threads).map(|_| AtomicUsize::new(0)).collect());
    let waker = Arc::new(TaskWaker::new(Location::caller(), the_loop.remote.clone()));
    let mut is_begun = false;
    let poll = {
        let waker = waker.clone();
        move || {
            if !is_begun {
                is_begun = true;
                for thread in 0..threads {
                    let (numbers, waker) = (numbers.clone(), waker.clone());
                    thread::spawn(move || {
                        for time in 1..=times {
                            numbers[thread].store(time, Ordering::Relaxed);
                            wake(&waker);
                        }
                    });
                }
            }
            match numbers
                .iter()
                .all(|number| number.load(Ordering::Relaxed) == times)
            {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }
    };
    the_loop.admit(Box::pin(Probe {
        waker,
        poll,
        flag_off: FlagOff::BeforePoll,
    }));
    the_loop.run();
}

/// A task's body that is all poll.
struct Probe<P> {
    waker: Arc<TaskWaker>,
    poll: P,
    flag_off: FlagOff,
}

/// When the flag that says "queued" goes off.
#[derive(Clone, Copy, PartialEq)]
enum FlagOff {
    BeforePoll,
    AfterPoll,
}

impl<P: FnMut() -> Poll<()> + Unpin> Body for Probe<P> {
    fn step(mut self: Pin<&mut Self>) -> Poll<()> {
        if self.flag_off == FlagOff::BeforePoll {
            self.waker.begin_poll();
        }
        let polled = (self.poll)();
        if self.flag_off == FlagOff::AfterPoll {
            self.waker.begin_poll();
        }
        if polled.is_ready() {
            self.waker.finish();
        }
        polled
    }

    fn panicked(self: Pin<&mut Self>, _: Box<dyn std::any::Any + Send>) {}

    fn waker(&self) -> &Arc<TaskWaker> {
        &self.waker
    }

    fn own_wakers(&self) -> usize {
        1
    }
}

fn wake_rightly(waker: &Arc<TaskWaker>) {
    waker.wake_by_ref();
}

#[test]
fn m01_one_wake_against_a_park() {
    check("m01, 1 wake", None, || {
        wake_against_park(1, 1, RIGHT, wake_rightly)
    });
}

#[test]
fn m01_two_wakes_of_one_thread_against_a_park() {
    check("m01, 2 wakes", None, || {
        wake_against_park(1, 2, RIGHT, wake_rightly)
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn m01_twin_the_flag_is_set_after_the_look() {
    let wrong = Steps {
        begin_park: Remote::begin_park_in_two_steps,
        ..RIGHT
    };
    check("m01, twin", None, move || {
        wake_against_park(1, 1, wrong, wake_rightly)
    });
}

/// A task that wakes itself in its first poll, while another thread wakes it as well.
fn wake_during_poll(flag_off: FlagOff) {
    let the_loop = Loop::new(RIGHT);
    let waker = Arc::new(TaskWaker::new(Location::caller(), the_loop.remote.clone()));
    let number = Arc::new(AtomicUsize::new(0));
    let mut polls = 0;
    let poll = {
        let waker = waker.clone();
        move || {
            polls += 1;
            assert!(polls <= 3, "two wakes are two polls more at the most");
            if polls == 1 {
                waker.wake_by_ref();
                let (waker, number) = (waker.clone(), number.clone());
                thread::spawn(move || {
                    number.store(1, Ordering::Relaxed);
                    waker.wake();
                });
            }
            match number.load(Ordering::Relaxed) {
                1 if polls > 1 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        }
    };
    the_loop.admit(Box::pin(Probe {
        waker,
        poll,
        flag_off,
    }));
    the_loop.run();
}

#[test]
fn m02_a_wake_during_the_poll_counts() {
    check("m02", None, || wake_during_poll(FlagOff::BeforePoll));
}

#[test]
#[should_panic(expected = "deadlock")]
fn m02_twin_the_flag_goes_off_after_the_poll() {
    check("m02, twin", None, || wake_during_poll(FlagOff::AfterPoll));
}

#[test]
fn m03_wakes_of_two_threads_against_a_park() {
    check("m03, 2 x 1 wake", Some(4), || {
        wake_against_park(2, 1, RIGHT, wake_rightly)
    });
    check("m03, 2 x 2 wakes", Some(3), || {
        wake_against_park(2, 2, RIGHT, wake_rightly)
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn m03_twin_a_wake_of_a_queued_task_hands_nothing_over() {
    let wake = |waker: &Arc<TaskWaker>| waker.wake_without_release();
    check("m03, twin", Some(3), move || {
        wake_against_park(2, 1, RIGHT, wake)
    });
}

/// A task that waits for two calls which another thread sends.
fn calls_against_park(steps: Steps, send: fn(&Remote, Letter)) {
    let the_loop = Loop::new(steps);
    let calls = Arc::new(AtomicUsize::new(0));
    let remote = the_loop.remote.clone();
    let mut is_begun = false;
    let handle = the_loop.spawn(poll_fn(move |cx| {
        if !is_begun {
            is_begun = true;
            let (remote, calls, waker) = (remote.clone(), calls.clone(), cx.waker().clone());
            thread::spawn(move || {
                for _ in 0..2 {
                    let (calls, waker) = (calls.clone(), waker.clone());
                    let call = move || {
                        calls.fetch_add(1, Ordering::Relaxed);
                        waker.wake();
                    };
                    send(&remote, Letter::Call(Box::new(call)));
                }
            });
        }
        match calls.load(Ordering::Relaxed) {
            2 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    the_loop.run();
    assert!(handle.is_finished());
}

fn send_rightly(remote: &Remote, letter: Letter) {
    assert!(remote.send(letter).is_ok());
}

#[test]
fn m04_calls_against_a_park() {
    check("m04", None, || calls_against_park(RIGHT, send_rightly));
}

#[test]
#[should_panic(expected = "deadlock")]
fn m04_twin_the_letter_goes_in_after_the_look_at_the_flag() {
    check("m04, twin", Some(3), || {
        calls_against_park(RIGHT, Remote::send_in_two_steps)
    });
}

#[test]
#[should_panic(expected = "exceeded maximum number of branches")]
fn m04_twin_the_hint_is_taken_down_after_the_lock() {
    // The letter is there and nobody reads it: the loop turns for ever.
    let wrong = Steps {
        read_letters: Remote::read_letters_and_forget,
        ..RIGHT
    };
    check("m04, twin", Some(3), move || {
        calls_against_park(wrong, send_rightly)
    });
}

/// Another thread clones, calls and drops a waker while the loop closes: nothing is kept.
fn waker_against_close(steps: Steps) {
    let the_loop = Loop::new(steps);
    let kept = Arc::new(Cell::new(None));
    let keep = kept.clone();
    let handle = the_loop.spawn(poll_fn(move |cx| {
        keep.set(Some(cx.waker().clone()));
        Poll::<()>::Pending
    }));
    the_loop.turn();
    let waker: Waker = kept.take().expect("it was polled");
    let thread = thread::spawn(move || {
        let clone = waker.clone();
        waker.wake();
        clone.wake_by_ref();
        drop(clone);
    });
    the_loop.close();
    thread.join().unwrap();
    assert!(
        handle
            .let_go()
            .try_result()
            .unwrap()
            .unwrap_err()
            .is_cancelled()
    );
    assert!(
        the_loop.remote.is_quiet(),
        "a letter is kept that nobody will read"
    );
    assert_eq!(
        Arc::strong_count(&the_loop.remote),
        1,
        "a waker keeps the loop"
    );
}

#[test]
fn m05_a_waker_against_the_end_of_the_loop() {
    check("m05", None, || waker_against_close(RIGHT));
}

#[test]
#[should_panic(expected = "a letter is kept")]
fn m05_twin_the_door_stays_open() {
    let wrong = Steps {
        close: Remote::close_without_shutting,
        ..RIGHT
    };
    check("m05, twin", None, move || waker_against_close(wrong));
}

/// Another thread wakes a task that ends meanwhile, and whose place goes to the next.
fn late_wake_against_new_lodger(steps: Steps) {
    let the_loop = Loop::new(steps);
    let mut thread = None;
    let first = the_loop.spawn({
        let mut polls = 0;
        poll_fn(move |cx: &mut Context<'_>| {
            polls += 1;
            if polls == 1 {
                let waker = cx.waker().clone();
                thread = Some(thread::spawn(move || waker.wake()));
                // And once more, so that it ends in the next turn.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(thread.take())
        })
    });
    the_loop.run();
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    let second = the_loop.spawn(poll_fn(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Poll::<()>::Pending
    }));
    the_loop.turn();
    let thread = first
        .let_go()
        .try_result()
        .unwrap()
        .unwrap()
        .expect("it was polled");
    thread.join().unwrap();
    the_loop.turn();
    assert_eq!(
        polls.load(Ordering::Relaxed),
        1,
        "nobody woke the second task"
    );
    assert!(!second.is_finished());
    the_loop.close();
}

#[test]
fn m06_a_late_wake_reaches_nobody() {
    check("m06", None, || late_wake_against_new_lodger(RIGHT));
}

#[test]
#[should_panic(expected = "nobody woke the second task")]
fn m06_twin_a_place_without_a_serial() {
    let wrong = Steps {
        whose: |asked, lodger| lodger.unwrap_or(asked),
        ..RIGHT
    };
    check("m06, twin", None, move || {
        late_wake_against_new_lodger(wrong)
    });
}
