//! Signals as streams: who hears what, and when. Each test has a signal of its own, for a process
//! has only one of each kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::signal::unix::{Signal, SignalKind, add_signal_handler, signal};
use mainspring::sync::Event;
use mainspring::task::yield_now;
use mainspring::time::{sleep, timeout};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::in_time::in_time;
use mainspring_tests::patient::HOUR;
use rustix::process::{getpid, kill_process};

/// Sends this process the signal. It is pending, or has been handled, when this comes back.
fn raise(number: i32) {
    let signal = rustix::process::Signal::from_named_raw(number).unwrap();
    kill_process(getpid(), signal).unwrap();
}

/// Whether the stream has something to tell now.
fn hears(signal: &mut Signal) -> bool {
    let bell = Bell::new();
    bell.poll(&mut signal.recv()) == Poll::Ready(Some(()))
}

/// Waits until the stream has nothing more to tell, and no signal is on its way.
async fn drain(signal: &mut Signal) {
    while timeout(Duration::from_millis(1), signal.recv())
        .await
        .is_ok()
    {}
}

#[mainspring::test]
async fn sig_handler() {
    let _watch = mainspring_tests::watchdog::watch();
    let mut hangups = signal(SignalKind::hangup()).unwrap();
    raise(1);
    assert_eq!(hangups.recv().await, Some(()));
    raise(1);
    assert_eq!(hangups.recv().await, Some(()));
}

#[mainspring::test]
async fn sig_handler_is_refused_for_signals_that_nobody_can_handle() {
    for number in [9, 19, 4, 8, 11, 0, -1, 65, 128, i32::MAX, i32::MIN] {
        let refused = signal(SignalKind::from_raw(number));
        assert!(refused.is_err(), "{number}: {refused:?}");
    }
}

#[test]
fn sig_while_asleep() {
    in_time(|| {
        let runtime = LocalRuntime::new().unwrap();
        let heard = runtime.block_on(async {
            let mut alarms = signal(SignalKind::alarm()).unwrap();
            let sender = thread::spawn(|| raise(14));
            let heard = timeout(HOUR, alarms.recv()).await;
            sender.join().unwrap();
            heard
        });
        assert_eq!(heard, Ok(Some(())));
    });
}

#[mainspring::test]
async fn sig_two_listeners() {
    let _watch = mainspring_tests::watchdog::watch();
    let kind = SignalKind::io();
    let [mut first, mut second] = [(); 2].map(|()| signal(kind).unwrap());
    raise(kind.as_raw_value());
    first.recv().await;
    second.recv().await;
    // One that waits, and one that does not.
    let waiting = mainspring::spawn(async move {
        first.recv().await;
        first
    });
    yield_now().await;
    raise(kind.as_raw_value());
    let mut first = waiting.await.unwrap();
    second.recv().await;
    // A third hears nothing of what was before, and takes nothing away.
    raise(kind.as_raw_value());
    while !hears(&mut first) {
        yield_now().await;
    }
    let mut third = signal(kind).unwrap();
    assert!(hears(&mut second));
    assert!(!hears(&mut third));
}

#[test]
fn sig_two_listeners_in_two_loops_both_hear() {
    in_time(|| {
        let kind = SignalKind::user_defined1();
        let (listening, listens) = mpsc::channel();
        let threads = [(); 3].map(|()| {
            let listening = listening.clone();
            thread::spawn(move || {
                let runtime = LocalRuntime::new().unwrap();
                runtime.block_on(async {
                    let mut signals = signal(kind).unwrap();
                    listening.send(()).unwrap();
                    signals.recv().await
                })
            })
        });
        for _ in &threads {
            listens.recv().unwrap();
        }
        raise(kind.as_raw_value());
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Some(()));
        }
    });
}

#[mainspring::test]
async fn sig_arguments() {
    let _watch = mainspring_tests::watchdog::watch();
    let kind = SignalKind::window_change();
    let told = std::rc::Rc::new(Event::new());
    let add = |text: &'static str, times: usize| {
        let told = told.clone();
        add_signal_handler(kind, move || {
            assert_eq!((text, times), ("twice", 2));
            told.set();
        })
    };
    let handler = add("twice", 2).unwrap();
    raise(kind.as_raw_value());
    told.wait().await;
    told.clear();
    handler.abort();
    assert!(handler.await.unwrap_err().is_cancelled());
    let mut after = signal(kind).unwrap();
    raise(kind.as_raw_value());
    after.recv().await;
    assert!(!told.is_set());
}

#[test]
fn f45_there_is_a_notification_after_the_last_of_a_storm() {
    in_time(|| {
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(async {
            let kind = SignalKind::user_defined2();
            let mut signals = signal(kind).unwrap();
            for round in 0..200 {
                let is_last = Arc::new(AtomicBool::new(false));
                let sender = thread::spawn({
                    let is_last = is_last.clone();
                    move || {
                        for _ in 0..round % 50 {
                            raise(kind.as_raw_value());
                        }
                        is_last.store(true, Ordering::SeqCst);
                        raise(kind.as_raw_value());
                    }
                });
                while !is_last.load(Ordering::SeqCst) {
                    signals.recv().await;
                }
                sender.join().unwrap();
                // What came after that look has been sent by now.
                drain(&mut signals).await;
                raise(kind.as_raw_value());
                signals.recv().await;
            }
        });
    });
}

#[test]
fn f46_a_full_pipe_and_a_full_inbox_lose_no_signal() {
    in_time(|| {
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(async {
            let number = 34 + 1;
            let mut signals = signal(SignalKind::from_raw(number)).unwrap();
            let mut waker = None;
            std::future::poll_fn(|cx| {
                waker = Some(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            let waker = waker.unwrap();
            let signal = rt(number);
            // The loop does nothing meanwhile.
            let wakes = thread::spawn(move || (0..100_000).for_each(|_| waker.wake_by_ref()));
            for _ in 0..70_000 {
                signal();
            }
            wakes.join().unwrap();
            assert_eq!(signals.recv().await, Some(()));
            drain(&mut signals).await;
            signal();
            assert_eq!(signals.recv().await, Some(()));
        });
    });
}

/// Sends a real-time signal: rustix has no name for these.
fn rt(number: i32) -> impl Fn() {
    move || signal_hook::low_level::raise(number).unwrap()
}

#[mainspring::test]
async fn f47_a_stream_that_is_dropped_with_a_signal_pending_leaves_the_others_theirs() {
    let _watch = mainspring_tests::watchdog::watch();
    let number = 34 + 2;
    let kind = SignalKind::from_raw(number);
    let mut kept = signal(kind).unwrap();
    let dropped = signal(kind).unwrap();
    rt(number)();
    drop(dropped);
    kept.recv().await;
    // When the last is dropped with one, whoever comes before the loop has looked hears it.
    rt(number)();
    drop(kept);
    let mut later = signal(kind).unwrap();
    later.recv().await;
    // And who comes after that does not.
    rt(number)();
    drop(later);
    sleep(Duration::from_millis(1)).await;
    let mut last = signal(kind).unwrap();
    let limit = Duration::from_millis(1);
    assert!(timeout(limit, last.recv()).await.is_err());
    rt(number)();
    last.recv().await;
}

#[test]
fn f47_the_next_runtime_hears_and_between_them_the_process_lives() {
    in_time(|| {
        let number = 34 + 3;
        for _ in 0..20 {
            let runtime = LocalRuntime::new().unwrap();
            let mut left = runtime.block_on(async {
                let mut signals = signal(SignalKind::from_raw(number)).unwrap();
                rt(number)();
                signals.recv().await.unwrap();
                signals
            });
            drop(runtime);
            // The default action would have ended the process here.
            rt(number)();
            let later = LocalRuntime::new().unwrap();
            // It came from a runtime that has ended: it has what was sent before it looks, and
            // then nobody would tell it anything.
            assert_eq!(later.block_on(left.recv()), Some(()));
            assert_eq!(later.block_on(left.recv()), None);
        }
    });
}

#[test]
fn a_stream_that_is_carried_to_another_loop_hears_through_its_own() {
    in_time(|| {
        let number = 34 + 4;
        let home = Builder::new_multi_thread().build().unwrap();
        let spawned = home.spawn(async move { signal(SignalKind::from_raw(number)).unwrap() });
        let runtime = LocalRuntime::new().unwrap();
        runtime.block_on(async {
            let mut signals = spawned.await.unwrap();
            let wait = mainspring::spawn(async move { signals.recv().await });
            yield_now().await;
            rt(number)();
            assert_eq!(wait.await.unwrap(), Some(()));
        });
    });
}

#[mainspring::test(start_paused = true)]
async fn time_passes_on_the_paused_clock_while_somebody_waits_for_a_signal() {
    let mut signals = signal(SignalKind::from_raw(34 + 5)).unwrap();
    assert!(timeout(HOUR, signals.recv()).await.is_err());
    rt(34 + 5)();
    let heard = mainspring::spawn(async move { signals.recv().await });
    sleep(HOUR).await;
    assert_eq!(heard.await.unwrap(), Some(()));
}

#[mainspring::test]
async fn a_wait_that_is_given_up_loses_no_signal() {
    let _watch = mainspring_tests::watchdog::watch();
    let number = 34 + 6;
    let mut signals = signal(SignalKind::from_raw(number)).unwrap();
    // Before the first poll, while it waits, and after it was called.
    drop(signals.recv());
    assert!(!hears(&mut signals));
    let bell = Bell::new();
    let mut wait = signals.recv();
    assert!(bell.poll(&mut wait).is_pending());
    rt(number)();
    while bell.rings() == 0 {
        yield_now().await;
    }
    drop(wait);
    assert_eq!(signals.recv().await, Some(()));
}

#[mainspring::test]
async fn every_real_time_signal_can_be_heard() {
    let _watch = mainspring_tests::watchdog::watch();
    for number in 50..=64 {
        let mut signals = signal(SignalKind::from_raw(number)).unwrap();
        rt(number)();
        signals.recv().await;
    }
}

#[test]
fn kinds_have_the_systems_numbers() {
    for (kind, number) in [
        (SignalKind::hangup(), 1),
        (SignalKind::interrupt(), 2),
        (SignalKind::quit(), 3),
        (SignalKind::user_defined1(), 10),
        (SignalKind::user_defined2(), 12),
        (SignalKind::pipe(), 13),
        (SignalKind::alarm(), 14),
        (SignalKind::terminate(), 15),
        (SignalKind::child(), 17),
        (SignalKind::window_change(), 28),
        (SignalKind::io(), 29),
    ] {
        assert_eq!(kind, SignalKind::from(number));
        assert_eq!(i32::from(kind), number);
    }
}

#[test]
#[should_panic(expected = "`signal` was called outside a runtime")]
fn outside_of_a_runtime_there_is_nobody_to_listen() {
    let _ = signal(SignalKind::quit());
}
