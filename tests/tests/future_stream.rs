//! Streams: values asked for one at a time.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::Poll;

use mainspring::future::{Stream, StreamExt, empty, from_fn, iter};
use mainspring::task::yield_now;
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::by_hand::Bell;

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

#[mainspring::test(start_paused = true)]
async fn st_sequence() {
    let ticks = mainspring::spawn(async {
        let began = Instant::now();
        let mut ticks = 0;
        while began.elapsed() < Duration::from_millis(60) {
            after(10, ()).await;
            ticks += 1;
        }
        ticks
    });
    let running = Cell::new(0);
    let pages = iter([30_u64, 10, 20]).then(async |ms| {
        running.set(running.get() + 1);
        assert_eq!(running.get(), 1);
        after(ms, ()).await;
        running.set(0);
        ms
    });
    let began = Instant::now();
    assert_eq!(pages.collect::<Vec<u64>>().await, [30, 10, 20]);
    assert_eq!(began.elapsed(), Duration::from_millis(60));
    assert_eq!(ticks.await.unwrap(), 6);
}

#[test]
fn st_ends_once() {
    /// Gives something again after its end.
    struct Flicker(u8);
    impl Iterator for Flicker {
        type Item = u8;
        fn next(&mut self) -> Option<u8> {
            self.0 += 1;
            (self.0 % 2 == 1).then_some(self.0)
        }
    }
    let bell = Bell::new();
    let mut values = iter(Flicker(0));
    let mut left = 2;
    let mut calls = from_fn(async || {
        left -= 1;
        (left == 1 || left == -1).then_some(1)
    });
    for expected in [Some(1), None, None, None] {
        assert_eq!(bell.poll(&mut values.next()), Poll::Ready(expected));
        assert_eq!(bell.poll(&mut calls.next()), Poll::Ready(expected));
    }
    assert_eq!(bell.poll(&mut empty::<u8>().next()), Poll::Ready(None));
}

#[mainspring::test(start_paused = true)]
async fn st_error_item() {
    let mut pages = pin!(iter(["1", "x", "3"]).then(async |text| text.parse::<u8>()));
    let mut good = Vec::new();
    while let Some(page) = pages.next().await {
        good.extend(page);
    }
    assert_eq!(good, [1, 3]);
}

#[mainspring::test(start_paused = true)]
async fn st_drop_in_the_middle() {
    let fetched = RefCell::new(Vec::new());
    {
        let mut pages = pin!(iter([1, 2, 3]).then(async |n| {
            fetched.borrow_mut().push(n);
            after(n, n).await
        }));
        assert_eq!(pages.next().await, Some(1));
    }
    assert_eq!(fetched.take(), [1]);
}

#[mainspring::test(start_paused = true)]
async fn a_next_that_is_dropped_takes_no_value() {
    let mut pages = pin!(iter([1, 2]).then(async |n| after(10, n).await));
    let mut calls = 0;
    let mut counts = from_fn(async || {
        after(10, ()).await;
        calls += 1;
        Some(calls)
    });
    let limit = Duration::from_millis(3);
    assert!(timeout(limit, pages.next()).await.is_err());
    assert!(timeout(limit, counts.next()).await.is_err());
    assert_eq!(pages.next().await, Some(1));
    assert_eq!(counts.next().await, Some(1));
    assert_eq!(counts.next().await, Some(2));
}

#[mainspring::test(start_paused = true)]
async fn a_stream_that_is_always_ready_lets_other_tasks_run() {
    let other = mainspring::spawn(yield_now());
    let mut values = iter(0..);
    while !other.is_finished() {
        assert!(values.next().await.unwrap() < 1_000);
    }
}

#[test]
fn a_stream_tells_how_much_is_left() {
    assert_eq!(iter([1, 2, 3]).size_hint(), (3, Some(3)));
    assert_eq!(empty::<u8>().size_hint(), (0, Some(0)));
}
