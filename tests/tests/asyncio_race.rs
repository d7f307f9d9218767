//! asyncio's behaviour of racing several attempts, as it connects to a name with many addresses:
//! one test for each behaviour, named after it.
//!
//! There is no function for it; it is written here as a program would write it.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;

use mainspring::future::{StreamExt, as_completed};
use mainspring::sync::Event;
use mainspring::task::spawn_local;
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::on_drop::on_drop;

const STAGGER: Duration = Duration::from_millis(100);

/// Starts one attempt after the other, each when the one before has failed or had its time, and takes
/// the first that succeeds; or all errors, in the order of failing.
async fn race<T, E>(attempts: Vec<impl Future<Output = Result<T, E>>>) -> Result<T, Vec<E>> {
    let signs = attempts.iter().map(|_| (Event::new(), Event::new()));
    let signs: Vec<_> = signs.collect();
    let runs = attempts.into_iter().enumerate().map(|(number, attempt)| {
        let before = number.checked_sub(1).map(|before| &signs[before]);
        let (started, failed) = &signs[number];
        async move {
            if let Some((started, failed)) = before {
                started.wait().await;
                let _ = timeout(STAGGER, failed.wait()).await;
            }
            started.set();
            attempt.await.inspect_err(|_| failed.set())
        }
    });
    let mut outcomes = as_completed(runs);
    let mut errors = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(winner) => return Ok(winner),
            Err(error) => errors.push(error),
        }
    }
    Err(errors)
}

/// When, in milliseconds, which attempt did what.
type Line = (u128, &'static str, &'static str);

/// What happened to the attempts.
#[derive(Clone)]
struct Log {
    begun: Instant,
    lines: Rc<RefCell<Vec<Line>>>,
}

impl Log {
    fn new() -> Self {
        Log {
            begun: Instant::now(),
            lines: Rc::default(),
        }
    }

    fn say(&self, name: &'static str, what: &'static str) {
        let now = self.begun.elapsed().as_millis();
        self.lines.borrow_mut().push((now, name, what));
    }

    /// An attempt that takes so long.
    async fn attempt(
        self,
        name: &'static str,
        millis: u64,
        is_good: bool,
    ) -> Result<&'static str, &'static str> {
        self.say(name, "starts");
        let log = self.clone();
        let _gone = on_drop(move || log.say(name, "is gone"));
        sleep(Duration::from_millis(millis)).await;
        if is_good { Ok(name) } else { Err(name) }
    }
}

#[mainspring::test(start_paused = true)]
async fn race_next_after_error() {
    let log = Log::new();
    let attempts = vec![
        log.clone().attempt("first", 10, false),
        log.clone().attempt("second", 20, true),
    ];
    assert_eq!(race(attempts).await, Ok("second"));
    // Long before its time, the second starts.
    let expected = [
        (0, "first", "starts"),
        (10, "first", "is gone"),
        (10, "second", "starts"),
        (30, "second", "is gone"),
    ];
    assert_eq!(*log.lines.borrow(), expected);
}

#[mainspring::test(start_paused = true)]
async fn race_next_after_delay() {
    let log = Log::new();
    let attempts = vec![
        log.clone().attempt("first", 3_600_000, true),
        log.clone().attempt("second", 20, true),
        log.clone().attempt("third", 20, true),
    ];
    assert_eq!(race(attempts).await, Ok("second"));
    let expected = [
        (0, "first", "starts"),
        (100, "second", "starts"),
        (120, "second", "is gone"),
        (120, "first", "is gone"),
    ];
    assert_eq!(*log.lines.borrow(), expected);
}

#[mainspring::test(start_paused = true)]
async fn race_all_fail() {
    let log = Log::new();
    let attempts = vec![
        log.clone().attempt("slow", 150, false),
        log.clone().attempt("quick", 10, false),
        log.clone().attempt("last", 10, false),
    ];
    assert_eq!(race(attempts).await, Err(vec!["quick", "last", "slow"]));
    assert_eq!(log.begun.elapsed(), Duration::from_millis(150));
}

#[mainspring::test(start_paused = true)]
async fn race_two_winners() {
    let log = Log::new();
    let attempts = vec![
        log.clone().attempt("first", 130, true),
        log.clone().attempt("second", 30, true),
    ];
    assert_eq!(race(attempts).await, Ok("first"));
    let gone = log
        .lines
        .borrow()
        .iter()
        .filter(|line| line.2 == "is gone")
        .count();
    assert_eq!(gone, 2);
    assert_eq!(log.begun.elapsed(), Duration::from_millis(130));
}

#[mainspring::test(start_paused = true)]
async fn race_cancelled() {
    let gone = Rc::new(Cell::new(0));
    let attempts: Vec<_> = (0..3)
        .map(|_| {
            let gone = gone.clone();
            async move {
                let _gone = on_drop(move || gone.set(gone.get() + 1));
                pending::<Result<(), ()>>().await
            }
        })
        .collect();
    let racing = spawn_local(race(attempts));
    // Two have started.
    sleep(STAGGER + STAGGER / 2).await;
    assert_eq!(gone.get(), 0);
    racing.abort();
    assert!(racing.await.unwrap_err().is_cancelled());
    assert_eq!(gone.get(), 2);
}
