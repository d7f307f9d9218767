//! `select!`: who is polled, whose handler runs, what is dropped and when.

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::rc::Rc;
use std::task::Poll;

use mainspring::select;
use mainspring::sync::{Mutex, mpsc, oneshot};
use mainspring::task::{all_tasks, idle, spawn_local, yield_now};
use mainspring::time::{Duration, Instant, sleep};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::refusals::Refusals;

#[mainspring::test]
async fn the_ready_branch_runs_and_gives_the_value() {
    let value = select! {
        () = pending() => unreachable!(),
        number = ready(41) => number + 1,
    };
    assert_eq!(value, 42);
}

#[mainspring::test]
async fn every_way_to_write_a_branch_is_understood() {
    // With and without a comma, in braces and without, with generics, with `biased`.
    let a = select! { n = ready(1) => n };
    let b = select! { n = ready(1) => n, };
    let c = select! { n = ready(1) => { n } };
    let d = select! { biased; n = ready(1), if a == 1 => { n }, () = pending() => 5, };
    let e = select! { n = ready::<Result<u32, ()>>(Ok(1)) => n.unwrap(), else => 0 };
    let f = select! { Some(1 | 2) | None = ready(Some(2)) => 1 };
    let g = select! { else => 1 };
    let h = select! { biased; else => { 1 } };
    let i = select! { _ = async { yield_now().await } => match a { 1 => 1, _ => 0 } };
    assert_eq!([a, b, c, d, e, f, g, h, i], [1; 9]);
}

#[mainspring::test]
async fn a_value_that_its_pattern_refuses_switches_the_branch_off() {
    let polls = Cell::new(0);
    let later = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        cx.waker().wake_by_ref();
        if polls.get() < 3 {
            Poll::Pending
        } else {
            Poll::Ready("later")
        }
    });
    let found = select! {
        Some(word) = ready(None) => word,
        word = later => word,
    };
    assert_eq!(found, "later");
    let none: Option<u32> = None;
    let found = select! {
        Some(number) = ready(none) => number,
        Ok(number) = ready(Err::<u32, ()>(())) => number,
        else => 7,
    };
    assert_eq!(found, 7);
}

#[mainspring::test]
async fn patterns_bind_by_value_by_reference_and_mutably() {
    let mut list = vec![String::from("one")];
    let length = select! {
        mut word = ready(list.pop().unwrap()) => { word.push('!'); word.len() }
    };
    assert_eq!(length, 4);
    let pair = (String::from("a"), 5);
    let length = select! { (ref word, &number) = ready((pair.0, &pair.1)) => word.len() + number };
    assert_eq!(length, 6);
    let grown = select! { Some(ref mut number) = ready(Some(1)) => { *number += 1; *number } };
    assert_eq!(grown, 2);
    const ONE: u32 = 1;
    let found = select! { ONE = ready(2) => "one", two @ 2..=3 = ready(2) => { assert_eq!(two, 2); "two" } };
    assert_eq!(found, "two");
}

#[mainspring::test]
#[should_panic(expected = "Add an `else` branch")]
async fn nothing_left_and_no_else_is_a_panic() {
    let no = false;
    select! { _ = ready(()), if no => {} }
}

#[mainspring::test]
async fn a_branch_that_is_off_is_made_and_not_polled() {
    let made = Cell::new(false);
    let polled = Cell::new(false);
    let future = || {
        made.set(true);
        poll_fn(|_| {
            polled.set(true);
            Poll::Ready(())
        })
    };
    let no = false;
    let found = select! { () = future(), if no => "off", else => "else" };
    assert_eq!((found, made.get(), polled.get()), ("else", true, false));
}

#[mainspring::test]
async fn control_flow_in_a_handler_is_that_of_the_code_around() {
    async fn questioned() -> Result<u32, String> {
        let no =
            select! { word = ready("x") => word.parse::<u32>().map_err(|_| String::from("no"))? };
        Ok(no)
    }
    async fn returned() -> u32 {
        let _never: u32 = select! { n = ready(3) => return n, n = pending() => n };
        unreachable!()
    }
    assert_eq!(questioned().await, Err(String::from("no")));
    assert_eq!(returned().await, 3);
    let mut rounds = 0;
    let broken = 'outer: loop {
        loop {
            select! {
                _ = ready(()), if rounds < 3 => { rounds += 1; continue }
                _ = ready(()), if rounds == 3 => { rounds += 1; yield_now().await; break }
                else => break 'outer rounds,
            }
        }
    };
    assert_eq!(broken, 4);
}

#[mainspring::test]
async fn the_losers_are_dropped_in_the_order_written_before_the_handler_runs() {
    let told = RefCell::new(Vec::new());
    let told = &told;
    let tell = |word: &'static str| on_drop(move || told.borrow_mut().push(word));
    select! {
        biased;
        () = { let a = tell("first"); async move { let _a = a; pending().await } } => {}
        () = { let b = tell("second"); async move { let _b = b; pending().await } } => {}
        () = ready(()) => told.borrow_mut().push("handler"),
    }
    assert_eq!(*told.borrow(), ["first", "second", "handler"]);
}

#[mainspring::test]
async fn a_handler_may_use_what_the_futures_borrowed() {
    let mut number = 1;
    async fn add(to: &mut u32) {
        *to += 1;
        yield_now().await;
    }
    select! {
        () = add(&mut number) => number += 10,
        () = pending() => number = 0,
    }
    assert_eq!(number, 12);
}

#[mainspring::test(start_paused = true)]
async fn a_future_that_is_lent_goes_on_in_the_next_round() {
    let begun = Instant::now();
    let mut end = Box::pin(sleep(Duration::from_secs(10)));
    let mut rounds = 0;
    loop {
        select! {
            () = &mut end => break,
            () = sleep(Duration::from_secs(3)) => rounds += 1,
        }
    }
    assert_eq!((rounds, begun.elapsed()), (3, Duration::from_secs(10)));
}

#[mainspring::test]
async fn a_branch_that_loses_takes_nothing_out_of_a_channel() {
    let (sender, mut receiver) = mpsc::channel(100);
    for number in 0..100 {
        sender.send(number).await.unwrap();
    }
    drop(sender);
    let mut seen = Vec::new();
    loop {
        select! {
            Some(number) = receiver.recv() => seen.push(number),
            () = ready(()), if seen.len() < 100 => {}
            else => break,
        }
    }
    assert_eq!(seen, (0..100).collect::<Vec<_>>());
}

/// How often each of three branches that are always ready wins.
async fn shares() -> [u32; 3] {
    let mut wins = [0; 3];
    for _ in 0..3_000 {
        let winner = select! { _ = ready(()) => 0, _ = ready(()) => 1, _ = ready(()) => 2 };
        wins[winner] += 1;
    }
    wins
}

#[test]
fn branches_that_are_always_ready_have_equal_shares_and_every_run_draws_the_same() {
    let run = || mainspring::run(shares());
    let wins = run();
    assert!(
        wins.iter().all(|wins| (900..1_100).contains(wins)),
        "{wins:?}"
    );
    assert_eq!(wins, run());
}

#[test]
fn another_seed_draws_another_way() {
    let run = |seed| {
        let mut builder = mainspring::runtime::Builder::new_current_thread();
        builder
            .seed(seed)
            .build_local(Default::default())
            .unwrap()
            .block_on(shares())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[mainspring::test]
async fn biased_polls_in_the_order_written() {
    for _ in 0..100 {
        select! { biased; () = ready(()) => {} () = ready(()) => panic!("the second won") }
    }
}

/// A chatty `select!` gives way like any leaf (tokio #4624 and its like).
#[mainspring::test]
async fn f54_a_branch_that_is_always_ready_starves_nobody() {
    let other = Rc::new(Cell::new(false));
    let tell = other.clone();
    spawn_local(async move { tell.set(true) });
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let mut rounds = 0;
    while !other.get() {
        sender.send(()).unwrap();
        select! { biased; _ = receiver.recv() => {} () = ready(()) => {} }
        rounds += 1;
        assert!(rounds < 10_000, "the other task was never polled");
    }
}

#[mainspring::test]
async fn a_select_moves_what_its_handlers_take() {
    let owned = String::from("moved");
    let (sender, receiver) = oneshot::channel();
    sender.send(1).unwrap();
    let taken = select! {
        Ok(_) = receiver => owned,
        () = pending() => owned,
    };
    assert_eq!(taken, "moved");
}

#[mainspring::test]
async fn a_select_within_a_select_is_one_of_its_branches() {
    let found = select! {
        n = async { select! { n = ready(1) => n, n = pending() => n } } => n + 1,
        () = pending() => 0,
    };
    assert_eq!(found, 2);
}

#[mainspring::test]
async fn what_a_macro_was_given_goes_into_a_branch() {
    macro_rules! first {
        ($pattern:pat = $future:expr => $handler:expr) => {
            select! { $pattern = $future => $handler, () = pending() => 0 }
        };
        ($pattern:pat = $future:expr => $handler:block) => {
            select! { $pattern = $future => $handler () = pending() => 0 }
        };
    }
    assert_eq!(first!(Some(n) = ready(Some(1)) => n + 1), 2);
    let future0 = 1;
    // Names of the expansion are not those of the caller.
    assert_eq!(select! { _ = async move { future0 } => future0 }, 1);
}

#[mainspring::test]
async fn sixty_four_branches_are_not_too_many() {
    macro_rules! many {
        ($($n:literal)*) => { select! { $(n = ready($n) => n,)* () = pending() => 64 } };
    }
    let found: u32 = many!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33
        34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62
    );
    assert!(found < 63);
}

#[mainspring::test(start_paused = true)]
async fn a_report_knows_what_each_branch_waits_for() {
    let mutex = Rc::new(Mutex::new(()));
    let held = mutex.clone();
    let guard = mutex.lock().await;
    let task = spawn_local(async move {
        let (_sender, mut receiver) = mpsc::channel::<()>(1);
        select! {
            _ = receiver.recv() => {}
            _ = sleep(Duration::from_secs(9)) => {}
            _ = async { mainspring::join!(held.lock(), pending::<()>()) } => {}
        }
    });
    // Waits for one thing only, and is polled after.
    let other = spawn_local(sleep(Duration::from_secs(9)));
    idle().await;
    let infos = all_tasks();
    let info = infos.iter().find(|info| info.id == task.id()).unwrap();
    assert_eq!(info.waiting_on, Some("a branch of `select!`"));
    let waits: Vec<&str> = info.branches.iter().map(|(what, _)| *what).collect();
    assert!(waits.len() == 3 && waits.contains(&"Mutex::lock"), "{info}");
    assert!(
        info.branches
            .iter()
            .all(|(_, place)| place.file() == file!())
    );
    assert!(
        info.to_string().contains("mpsc::Receiver::recv at "),
        "{info}"
    );
    let info = infos.iter().find(|info| info.id == other.id()).unwrap();
    assert!(info.branches.is_empty(), "{info}");
    drop(guard);
    task.await.unwrap();
}

#[mainspring::test]
async fn a_join_gives_all_outputs_whoever_is_polled_first() {
    let (a, b, c) = mainspring::join!(
        ready(1),
        async {
            yield_now().await;
            "two"
        },
        ready(3.0)
    );
    assert_eq!((a, b, c), (1, "two", 3.0));
    let () = mainspring::join!();
    let (one,) = mainspring::join!(biased; ready(1));
    assert_eq!(one, 1);
    let number = 5;
    let (lent, _) = mainspring::join!(async { &number }, std::pin::pin!(ready(())));
    assert_eq!(*lent, 5);
}

/// Who polls in which order, for so many rounds.
fn in_rounds<'a>(order: &'a RefCell<Vec<char>>, who: char, rounds: u32) -> impl Future + 'a {
    let mut left = rounds;
    poll_fn(move |cx| {
        order.borrow_mut().push(who);
        left -= 1;
        cx.waker().wake_by_ref();
        if left == 0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

#[mainspring::test]
async fn a_join_begins_each_round_with_the_next_and_a_biased_one_with_the_first() {
    let order = RefCell::new(Vec::new());
    let each = |who| in_rounds(&order, who, 3);
    mainspring::join!(each('a'), each('b'), each('c'));
    assert_eq!(order.take().iter().collect::<String>(), "abcbcacab");
    mainspring::join!(biased; each('a'), each('b'), each('c'));
    assert_eq!(order.take().iter().collect::<String>(), "abcabcabc");
}

#[mainspring::test]
async fn a_try_join_ends_with_the_first_error_and_drops_the_rest() {
    let dropped = Cell::new(false);
    let guard = on_drop(|| dropped.set(true));
    let ended: Result<((), u32), &str> = mainspring::try_join!(
        async {
            let _guard = guard;
            pending().await
        },
        async {
            yield_now().await;
            Err("no")
        },
    );
    assert_eq!((ended, dropped.get()), (Err("no"), true));
    let ended: Result<_, ()> = mainspring::try_join!(async { Ok(1) }, ready(Ok("two")));
    assert_eq!(ended, Ok((1, "two")));
    let ended: Result<(), ()> = mainspring::try_join!();
    assert_eq!(ended, Ok(()));
    let ended = mainspring::try_join!(biased; ready(Err::<(), _>(1)), ready(Err::<(), _>(2)));
    assert_eq!(ended, Err(1));
}

#[mainspring::test]
async fn what_a_join_had_is_dropped_in_the_order_written() {
    let told = RefCell::new(Vec::new());
    let told = &told;
    let hold = |word: &'static str| {
        let guard = on_drop(move || told.borrow_mut().push(word));
        async move {
            let _guard = guard;
            pending::<()>().await
        }
    };
    select! {
        biased;
        _ = async { mainspring::join!(hold("first"), hold("second")) } => {}
        () = yield_now() => {}
    }
    assert_eq!(*told.borrow(), ["first", "second"]);
}

#[mainspring::test]
async fn pinned_in_place_a_future_is_polled_by_reference() {
    let future = async {
        yield_now().await;
        1
    };
    mainspring::pin!(future);
    assert_eq!((&mut future).await, 1);
    mainspring::pin! { let one = async { 1 }; let two = ready(2); }
    assert_eq!(mainspring::join!(one, two), (1, 2));
}

#[test]
fn what_is_no_branch_is_refused_at_its_place() {
    static PROGRAMS: Refusals = Refusals::new(
        "use mainspring::select; use std::future::ready; use std::rc::Rc;",
        "fn main() { mainspring::run(async { select! { _ = ready(()) => {} } }) }",
    );
    let refused = |branches: &str, wanted: &str| {
        let program =
            format!("fn main() {{ mainspring::run(async {{ select! {{ {branches} }}; }}) }}");
        PROGRAMS.refused(&program, wanted);
    };
    refused("", "`select!` needs a branch");
    refused("ready(()) => {}", "expected `= future`");
    refused("_ = ready(()) -> {}", "expected `=>`");
    refused("_ = ready(()), unless true => {}", "expected `if`");
    refused(
        "else => {} _ = ready(()) => {}",
        "`else` is the last branch",
    );
    refused(
        "_ = ready(()) => 1, n = ready(()) => \"two\"",
        "incompatible types",
    );
    refused(
        "_ = ready(()), if 1 => {}",
        "expected `bool`, found integer",
    );
    refused("_ = 5 => {}", "is not a future");
    refused(&"_ = ready(()) => {} ".repeat(65), "64 branches at most");
    // What lives across the wait decides whether the future may move between threads.
    PROGRAMS.refused(
        "fn sent<T: Send>(_: T) {}
         fn main() { sent(async { let rc = Rc::new(1); select! { _ = ready(()) => {} }; drop(rc) }) }",
        "cannot be sent between threads safely",
    );
}

#[test]
fn what_waits_is_send_if_its_branches_are() {
    fn sent<T: Send>(future: T) -> T {
        future
    }
    let future = sent(async {
        mainspring::join!(ready(1), sleep(Duration::ZERO));
        let _ = mainspring::try_join!(ready(Ok::<_, ()>(1)), ready(Ok::<_, ()>(2)));
        select! { _ = sleep(Duration::ZERO) => 1, _ = pending() => 2 }
    });
    assert_eq!(mainspring::run(future), 1);
}
