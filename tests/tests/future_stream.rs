//! Streams: values asked for one at a time.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::Poll;

use mainspring::future::{Stream, StreamExt, empty, from_fn, iter};
use mainspring::task::yield_now;
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::on_drop::on_drop;

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

#[mainspring::test(start_paused = true)]
async fn st_prefetch() {
    let start = Instant::now();
    let (running, most) = (Cell::new(0), Cell::new(0));
    let fetch = async |page: u64| {
        running.set(running.get() + 1);
        most.set(most.get().max(running.get()));
        // The later, the sooner.
        let page = after(40 - 10 * page, page).await;
        running.set(running.get() - 1);
        page
    };
    let pages: Vec<u64> = iter(0..4).map(fetch).buffered(2).collect().await;
    assert_eq!(pages, [0, 1, 2, 3], "in the order of the stream");
    assert_eq!(most.get(), 2);
    // 40 and 30 ms; 20 begins when the first output was taken, 10 when the second was.
    assert_eq!(start.elapsed(), Duration::from_millis(60));
}

#[mainspring::test(start_paused = true)]
async fn a_prefetch_that_is_left_drops_what_it_began() {
    let begun = Cell::new(0);
    let fetch = async |page: u64| {
        begun.set(begun.get() + 1);
        let _guard = on_drop(|| begun.set(begun.get() - 1));
        after(page, page).await
    };
    {
        let mut pages = pin!(iter(1..100).map(fetch).buffered(3));
        assert_eq!(pages.next().await, Some(1));
        assert_eq!(begun.get(), 2);
    }
    assert_eq!(begun.get(), 0);
}

#[test]
fn a_prefetch_ends_once_and_tells_how_much_is_left() {
    let mut three = iter(0..3).map(|n| after(0, n)).buffered(2);
    assert_eq!(three.size_hint(), (3, Some(3)));
    let runtime = mainspring::runtime::LocalRuntime::new().unwrap();
    runtime.block_on(async {
        for left in (0..3).rev() {
            assert!(three.next().await.is_some());
            assert_eq!(three.size_hint(), (left, Some(left)));
        }
        for _ in 0..2 {
            assert_eq!(three.next().await, None);
        }
    });
}

#[test]
#[should_panic(expected = "give the number")]
fn a_prefetch_of_none_names_the_remedy() {
    let _ = iter([std::future::ready(1)]).buffered(0);
}

#[mainspring::test]
async fn values_are_mapped_filtered_numbered_and_cut_off() {
    let even = iter(0..100).filter(|n| n % 2 == 0).map(|n| n * 10);
    let even: Vec<(usize, i32)> = even.enumerate().take(3).collect().await;
    assert_eq!(even, [(0, 0), (1, 20), (2, 40)]);
    assert_eq!(iter(1..=4).fold(10, |total, n| total + n).await, 20);
    let sum = Cell::new(0);
    let adds = async |n| {
        yield_now().await;
        sum.set(sum.get() + n);
    };
    iter(1..=4).for_each(adds).await;
    assert_eq!(sum.get(), 10);
}

#[mainspring::test]
async fn after_the_last_that_is_taken_nothing_more_is_asked_for() {
    let asked = Cell::new(0);
    let counts = from_fn(async || {
        asked.set(asked.get() + 1);
        Some(asked.get())
    });
    let mut two = counts.take(2);
    assert_eq!(two.size_hint(), (0, Some(2)));
    assert_eq!(two.next().await, Some(1));
    assert_eq!(two.next().await, Some(2));
    assert_eq!(two.next().await, None);
    assert_eq!(asked.get(), 2);
    assert_eq!(iter([1]).take(5).size_hint(), (1, Some(1)));
}

#[mainspring::test]
async fn a_filter_that_wants_nothing_lets_other_tasks_run() {
    let other = mainspring::spawn(async {});
    let mut nothing = pin!(iter(0..10_000).filter(|_| false));
    let mut seen_meanwhile = false;
    let next = std::future::poll_fn(|cx| {
        seen_meanwhile |= other.is_finished();
        nothing.as_mut().poll_next(cx)
    });
    assert_eq!(next.await, None);
    assert!(seen_meanwhile);
}
