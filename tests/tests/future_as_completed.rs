//! `as_completed`: each output as it comes.

use std::cell::Cell;
use std::future::{self, Future};
use std::pin::Pin;
use std::task::Poll;

use mainspring::future::{StreamExt, as_completed, create_future};
use mainspring::sync::Semaphore;
use mainspring::task::idle;
use mainspring::time::error::Elapsed;
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::by_hand::Bell;

async fn after<T>(ms: u64, value: T) -> T {
    sleep(Duration::from_millis(ms)).await;
    value
}

#[mainspring::test(start_paused = true)]
async fn ascomp_order_of_end() {
    let began = Instant::now();
    let outputs =
        as_completed([(10, 'a'), (150, 'b'), (10, 'c')].map(|(ms, name)| after(ms, name)));
    assert_eq!(outputs.collect::<String>().await, "acb");
    assert_eq!(began.elapsed(), Duration::from_millis(150));
}

#[mainspring::test(start_paused = true)]
async fn ascomp_identity() {
    let handles = [30, 10, 20].map(|ms| mainspring::spawn(after(ms, ms)));
    let mut outputs = as_completed(handles).indexed();
    let mut seen = Vec::new();
    while let Some((index, outcome)) = outputs.next().await {
        seen.push((index, outcome.unwrap()));
    }
    assert_eq!(seen, [(1, 10), (2, 20), (0, 30)]);
}

#[mainspring::test(start_paused = true)]
async fn ascomp_unused_timeout() {
    let outputs = as_completed([after(10, 1), after(20, 2)]).timeout(Duration::from_secs(60));
    let outputs: Vec<_> = outputs.collect().await;
    assert_eq!(outputs, [Ok(1), Ok(2)]);
    let began = Instant::now();
    idle().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[mainspring::test(start_paused = true)]
async fn ca_already_done_first() {
    for limit in [0, 100] {
        let began = Instant::now();
        let done = [(); 2].map(|()| mainspring::spawn(async {}));
        let runs = mainspring::spawn(after(1_000, ()));
        idle().await;
        let handles = done.into_iter().chain([runs]);
        let mut outputs = as_completed(handles).timeout(Duration::from_millis(limit));
        assert!(matches!(outputs.next().await, Some(Ok(Ok(())))));
        assert!(matches!(outputs.next().await, Some(Ok(Ok(())))));
        assert!(matches!(outputs.next().await, Some(Err(Elapsed { .. }))));
        assert!(outputs.next().await.is_none());
        assert!(outputs.next().await.is_none());
        assert_eq!(began.elapsed(), Duration::from_millis(limit));
    }
}

#[mainspring::test(start_paused = true)]
async fn a_thousand_that_end_at_the_very_moment_of_the_limit_all_come() {
    let handles = (0..1000).map(|n| mainspring::spawn(after(100, n)));
    let outputs = as_completed(handles).timeout(Duration::from_millis(100));
    let outputs: Vec<_> = outputs.collect().await;
    assert_eq!(outputs.iter().filter(|output| output.is_ok()).count(), 1000);
}

#[mainspring::test(start_paused = true)]
async fn children_that_always_spend_the_whole_budget_do_not_outlive_the_limit() {
    let began = Instant::now();
    let busy = [(); 3].map(|()| async {
        let open = Semaphore::new(1);
        while open.acquire().await.is_ok() {
            if began.elapsed() > Duration::from_millis(100) {
                return;
            }
        }
    });
    let mut clock = mainspring::spawn(after(100, ()));
    let mut outputs = as_completed(busy).timeout(Duration::ZERO);
    assert!(matches!(outputs.next().await, Some(Err(Elapsed { .. }))));
    assert!(
        future::poll_fn(|cx| Poll::Ready(Pin::new(&mut clock).poll(cx)))
            .await
            .is_pending()
    );
}

#[mainspring::test(start_paused = true)]
async fn what_ends_at_the_very_moment_of_the_limit_still_comes() {
    let handles = [100, 150].map(|ms| mainspring::spawn(after(ms, ms)));
    let outputs = as_completed(handles).timeout(Duration::from_millis(100));
    let outputs: Vec<_> = outputs.collect().await;
    assert!(matches!(outputs[..], [Ok(Ok(100)), Err(Elapsed { .. })]));
}

#[mainspring::test(start_paused = true)]
async fn what_is_left_at_the_limit_is_dropped_before_it_is_told() {
    let (mut resolver, answer) = create_future::<()>();
    let mut outputs = as_completed([answer]).timeout(Duration::from_millis(10));
    assert!(outputs.next().await.unwrap().is_err());
    resolver.cancelled().await;
}

#[mainspring::test(start_paused = true)]
async fn ascomp_cancelled_next() {
    let mut outputs = as_completed([30, 10, 20].map(|ms| after(ms, ms)));
    let mut seen = Vec::new();
    loop {
        match timeout(Duration::from_millis(3), outputs.next()).await {
            Ok(Some(ms)) => seen.push(ms),
            Ok(None) => break,
            Err(_) => {}
        }
    }
    assert_eq!(seen, [10, 20, 30]);
}

#[mainspring::test(start_paused = true)]
async fn ascomp_concurrent() {
    let began = Instant::now();
    let outputs = as_completed([1, 2].map(|n| after(10, n)));
    assert_eq!(outputs.collect::<Vec<i32>>().await, [1, 2]);
    assert_eq!(began.elapsed(), Duration::from_millis(10));
}

#[mainspring::test(start_paused = true)]
async fn ascomp_limit() {
    let (now, most, started) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let children = (0..1_000_u64).map(async |n| {
        started.set(started.get() + 1);
        now.set(now.get() + 1);
        most.set(most.get().max(now.get()));
        after(1 + n % 7, ()).await;
        now.set(now.get() - 1);
        n
    });
    let mut outputs = as_completed(children).limit(10);
    assert_eq!(outputs.next().await, Some(0));
    // Lazy: nobody has asked for more.
    assert!(started.get() <= 11, "{}", started.get());
    let mut rest: Vec<u64> = outputs.collect().await;
    rest.sort_unstable();
    assert_eq!(rest, Vec::from_iter(1..1_000));
    assert_eq!(most.get(), 10);
}

#[test]
fn an_ended_stream_stays_ended() {
    let bell = Bell::new();
    let mut outputs = as_completed([future::ready(1), future::ready(2)]);
    assert_eq!(bell.poll(&mut outputs.next()), Poll::Ready(Some(1)));
    assert_eq!(bell.poll(&mut outputs.next()), Poll::Ready(Some(2)));
    assert_eq!(bell.poll(&mut outputs.next()), Poll::Ready(None));
    assert_eq!(bell.poll(&mut outputs.next()), Poll::Ready(None));
}

/// Different on purpose: what it is made of is not asked before it is polled.
#[test]
fn ascomp_outside_runtime() {
    let mut ready = as_completed([std::future::ready(1)]);
    let mut next = ready.next();
    assert_eq!(Bell::new().poll(&mut next), Poll::Ready(Some(1)));
    let mut waits = as_completed([async { sleep(Duration::ZERO).await }]);
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut next = waits.next();
        Bell::new().poll(&mut next).is_ready()
    }));
    let text = refused.unwrap_err();
    assert!(
        text.downcast_ref::<String>()
            .unwrap()
            .contains("outside a runtime")
    );
}
