//! What travels to worker processes and back: of every size, and what cannot travel.

use std::env;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use mainspring::process::{Function, ProcessError, ProcessPool, Remote, function, serve};
use mainspring::task::{JoinHandle, yield_now};
use mainspring_tests::processes::{is_alive, reason, strike, wait_gone};
use mainspring_tests::watchdog::watch;
use rustix::process::Signal;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::ser::{Error as _, SerializeTuple, Serializer};
use serde::{Deserialize, Serialize};

const MIB: usize = 1024 * 1024;

fn functions() -> [Function; 13] {
    [
        function(echo),
        function(echo_bytes),
        function(text),
        function(take),
        function(give),
        function(echo_nested),
        function(nested),
        function(pid),
        function(double),
        function(hang),
        function(hang_with),
        function(complain),
        function(nothing),
    ]
}

#[test]
fn worker() {
    serve(functions());
}

fn pool(workers: usize) -> ProcessPool {
    serve(functions());
    let builder = ProcessPool::builder().workers(workers);
    builder.worker_test("worker").build().unwrap()
}

fn limited(largest: usize) -> ProcessPool {
    serve(functions());
    let builder = ProcessPool::builder().workers(1).largest_frame(largest);
    builder.worker_test("worker").build().unwrap()
}

fn echo(text: String) -> String {
    text
}

/// Bytes that are written and read as a whole, and not one by one.
#[derive(PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Whole;
        impl Visitor<'_> for Whole {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        from.deserialize_bytes(Whole)
    }
}

fn echo_bytes(bytes: Bytes) -> Bytes {
    bytes
}

fn text(length: usize) -> String {
    "x".repeat(length)
}

/// What goes wrong with a value on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trap {
    None,
    /// Its second half cannot be written.
    WriteFails,
    WritePanics,
    /// It cannot be read in a worker.
    ReadFailsThere,
    ReadPanicsThere,
    /// It cannot be read in the parent.
    ReadFailsHere,
    ReadPanicsHere,
}

use Trap::{
    None as Harmless, ReadFailsHere, ReadFailsThere, ReadPanicsHere, ReadPanicsThere, WriteFails,
    WritePanics,
};

const TRAPS: [Trap; 7] = [
    Harmless,
    WriteFails,
    WritePanics,
    ReadFailsThere,
    ReadPanicsThere,
    ReadFailsHere,
    ReadPanicsHere,
];

impl Serialize for Trap {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut halves = to.serialize_tuple(2)?;
        halves.serialize_element(&TRAPS.iter().position(|trap| trap == self))?;
        match self {
            WriteFails => return Err(S::Error::custom("it will not be written")),
            WritePanics => panic!("it is not to be written"),
            _ => halves.serialize_element("the second half")?,
        }
        halves.end()
    }
}

impl<'de> Deserialize<'de> for Trap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let is_there = env::var_os("MAINSPRING_WORKER").is_some();
        let (place, _) = <(Option<usize>, String)>::deserialize(from)?;
        let trap = TRAPS[place.ok_or_else(|| D::Error::custom("no trap"))?];
        match (trap, is_there) {
            (ReadFailsThere, true) | (ReadFailsHere, false) => {
                Err(D::Error::custom("it will not be read"))
            }
            (ReadPanicsThere, true) | (ReadPanicsHere, false) => panic!("it is not to be read"),
            _ => Ok(trap),
        }
    }
}

fn take(trap: Trap) -> bool {
    trap == Harmless
}

fn give(place: usize) -> Trap {
    TRAPS[place]
}

fn place(trap: Trap) -> usize {
    TRAPS.iter().position(|each| *each == trap).unwrap()
}

/// As deep as one likes.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Nested(Option<Box<Nested>>);

fn nested(depth: usize) -> Nested {
    (0..depth).fold(Nested(None), |inner, _| Nested(Some(Box::new(inner))))
}

fn echo_nested(value: Nested) -> Nested {
    value
}

fn pid(_: ()) -> u32 {
    std::process::id()
}

fn double(n: u32) -> u32 {
    2 * n
}

fn hang(_: ()) {
    loop {
        std::thread::park();
    }
}

fn hang_with(_: String) {
    hang(());
}

fn complain(length: usize) {
    // Without the panic hook, which would print it all.
    resume_unwind(Box::new("é".repeat(length)));
}

fn nothing(_: ()) {}

async fn assert_same<A>(pool: &ProcessPool, echo: impl Remote<A, A>, value: impl Fn() -> A)
where
    A: Serialize + for<'de> Deserialize<'de> + PartialEq + Send + 'static,
{
    // Not `assert_eq`, which would print it.
    assert!(pool.submit(echo, value()).await.unwrap() == value());
}

#[mainspring::test]
async fn f64_values_of_every_size_come_back_exact() {
    let _watch = watch();
    let pool = pool(1);
    for length in [0, 1, 65_535, 65_536, 65_537, MIB - 1, MIB + 1, 64 * MIB] {
        assert_same(&pool, echo, || "é".repeat(length.min(MIB + 1) / 2) + "x").await;
        assert_same(&pool, echo_bytes, || {
            Bytes(b"0123456789".repeat(length / 10 + 1)[..length].to_vec())
        })
        .await;
    }
    assert_eq!(pool.pids().len(), 1);
}

/// Around every size at which something is done in another way: with and without the frame's head.
#[mainspring::test]
async fn f64_no_size_around_64_kib_is_special() {
    let _watch = watch();
    let pool = pool(1);
    for length in 65_536 - 40..65_536 + 40 {
        assert_same(&pool, echo, || "x".repeat(length)).await;
    }
}

#[mainspring::test]
async fn exactly_the_largest_frame_travels_each_way_and_one_byte_more_does_not() {
    let _watch = watch();
    // A text has its length in front of it: two bytes, or three.
    for (largest, length) in [(1000, 998), (2 * MIB, 2 * MIB - 3)] {
        let pool = limited(largest);
        let worker = pool.submit(pid, ()).await.unwrap();
        assert_same(&pool, echo, || "x".repeat(length)).await;

        let error = pool.submit(echo, "x".repeat(length + 1)).await.unwrap_err();
        let ProcessError::ArgumentTooLarge { largest: told } = reason(&error) else {
            panic!("{error}");
        };
        assert_eq!(*told, largest);

        let error = pool.submit(text, length + 1).await.unwrap_err();
        let ProcessError::ResultTooLarge { largest: told } = reason(&error) else {
            panic!("{error}");
        };
        assert_eq!(*told, largest);
        assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
    }
}

#[mainspring::test]
async fn an_argument_that_is_too_large_starts_no_worker() {
    let _watch = watch();
    let pool = limited(10);
    let error = pool.submit(echo, "x".repeat(10)).await.unwrap_err();
    assert!(matches!(
        reason(&error),
        ProcessError::ArgumentTooLarge { .. }
    ));
    assert_eq!(pool.pids(), []);
}

/// The limit is for values: what workers say of themselves, and of panics, is another matter.
#[mainspring::test]
async fn a_small_limit_for_values_is_none_for_words() {
    let _watch = watch();
    for largest in [0, 1, 10] {
        let pool = limited(largest);
        pool.submit(nothing, ()).await.unwrap();
        let error = pool.submit(complain, 100).await;
        if largest > 0 {
            let error = error.unwrap_err();
            assert!(error.to_string().contains(&"é".repeat(100)), "{error}");
        }
        assert_eq!(pool.pids().len(), 1);
    }
}

#[mainspring::test]
async fn a_panic_with_a_whole_book_of_words_is_cut_short() {
    let _watch = watch();
    let pool = limited(1000);
    let worker = pool.submit(pid, ()).await.unwrap();
    for length in [MIB, MIB + 1] {
        let error = pool.submit(complain, length).await.unwrap_err();
        let words = *error.into_panic().downcast::<String>().unwrap();
        assert!(
            words.starts_with(&"é".repeat(10_000)),
            "{} bytes",
            words.len()
        );
        assert!(words.len() < MIB);
    }
    assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
}

#[mainspring::test]
async fn an_initializer_whose_argument_is_larger_than_the_limit_is_refused_with_the_pool() {
    serve(functions());
    let large = "x".repeat(1000);
    let builder = ProcessPool::builder().initializer(hang_with, large);
    let error = builder.largest_frame(100).build().unwrap_err();
    assert!(
        error.to_string().contains("more than the 100 bytes"),
        "{error}"
    );
}

#[mainspring::test]
async fn f65_an_argument_that_cannot_be_written_is_an_error_and_nothing_is_sent() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    let error = pool.submit(take, WriteFails).await.unwrap_err();
    assert!(
        matches!(reason(&error), ProcessError::Argument(_)),
        "{error}"
    );
    assert!(pool.submit(take, Harmless).await.unwrap());
    assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
}

#[mainspring::test]
async fn f65_an_argument_that_panics_when_it_is_written_panics_where_it_is_submitted() {
    let _watch = watch();
    let pool = pool(1);
    let submitted = catch_unwind(AssertUnwindSafe(|| pool.submit(take, WritePanics)));
    assert!(submitted.is_err());
    assert!(pool.submit(take, Harmless).await.unwrap());
}

#[mainspring::test]
async fn f65_an_argument_that_cannot_be_read_fails_its_job_and_spares_the_worker() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    let error = pool.submit(take, ReadFailsThere).await.unwrap_err();
    assert!(
        matches!(reason(&error), ProcessError::Argument(_)),
        "{error}"
    );
    let error = pool.submit(take, ReadPanicsThere).await.unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert!(error.to_string().contains("it is not to be read"));
    assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
}

#[mainspring::test]
async fn f65_a_result_that_cannot_be_written_fails_its_job_and_spares_the_worker() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    let error = pool.submit(give, place(WriteFails)).await.unwrap_err();
    assert!(matches!(reason(&error), ProcessError::Result(_)), "{error}");
    let error = pool.submit(give, place(WritePanics)).await.unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert!(error.to_string().contains("it is not to be written"));
    assert_eq!(pool.submit(pid, ()).await.unwrap(), worker);
}

#[mainspring::test]
async fn f65_a_result_that_cannot_be_read_here_fails_its_job_and_no_other() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    let failing = pool.submit(give, place(ReadFailsHere));
    let panicking = pool.submit(give, place(ReadPanicsHere));
    let waiting = pool.submit(pid, ());
    let error = failing.await.unwrap_err();
    assert!(matches!(reason(&error), ProcessError::Result(_)), "{error}");
    let error = panicking.await.unwrap_err();
    assert!(error.is_panic(), "{error}");
    assert!(error.to_string().contains("it is not to be read"));
    assert_eq!(waiting.await.unwrap(), worker);
}

#[mainspring::test]
async fn f128_a_nested_value_comes_back_and_one_too_deep_for_its_worker_costs_that_worker() {
    let _watch = watch();
    let pool = pool(1);
    let echoed = pool.submit(echo_nested, nested(500)).await;
    assert_eq!(echoed.unwrap(), nested(500));
    let error = pool.submit(nested, 1_000_000).await.unwrap_err();
    let died = error.worker_died().unwrap_or_else(|| panic!("{error}"));
    assert!(!died.status.unwrap().success());
    assert!(pool.submit(take, Harmless).await.unwrap());
}

async fn in_line(workers: usize, jobs: u32) {
    let pool = pool(workers);
    pool.warm_up().await.unwrap();
    let queued: Vec<JoinHandle<u32>> = (0..jobs).map(|n| pool.submit(double, n)).collect();
    let mut before = None;
    for (n, mut job) in (0..).zip(queued) {
        assert_eq!((&mut job).await.unwrap(), 2 * n);
        let started = job.report().started;
        assert!(
            started >= before,
            "job {n} began before the one ahead of it"
        );
        before = started;
    }
    assert!(pool.pids().len() <= workers);
}

#[mainspring::test]
async fn f112_ten_thousand_jobs_in_line_begin_in_their_order() {
    let _watch = watch();
    for workers in [1, 2, 4] {
        in_line(workers, 10_000).await;
    }
}

#[mainspring::test]
async fn a_job_cancelled_in_the_middle_of_the_line_is_over_at_once_and_never_runs() {
    let _watch = watch();
    let pool = pool(1);
    let hanging = pool.submit(hang, ());
    let first = pool.submit(double, 1);
    let cancelled = pool.submit(hang, ());
    let last = pool.submit(double, 2);
    cancelled.abort();
    assert!(cancelled.is_finished());
    assert!(cancelled.await.unwrap_err().is_cancelled());
    assert_eq!(pool.pids().len(), 0, "it was not waited for");
    hanging.abort();
    // The one that was cancelled would hang in between.
    assert_eq!((first.await.unwrap(), last.await.unwrap()), (2, 4));
}

#[mainspring::test]
async fn a_job_aborted_while_it_runs_takes_its_worker_with_it_and_the_next_gets_another() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    let hanging = pool.submit(hang, ());
    while hanging.report().started.is_none() {
        yield_now().await;
    }
    hanging.abort();
    assert!(hanging.await.unwrap_err().is_cancelled());
    let next = pool.submit(pid, ()).await.unwrap();
    assert_ne!(next, worker);
    assert!(!is_alive(worker));
    assert_eq!(pool.pids(), [next]);
}

/// gh-94777: the parent was blocked in its write for ever.
#[mainspring::test]
async fn f110_a_worker_that_dies_while_64_mib_are_sent_to_it_costs_one_job() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    strike(worker, Signal::STOP);
    let job = pool.submit(echo, "x".repeat(64 * MIB));
    // Taken up and partly sent, for nothing is in the way of its first bytes.
    while job.report().started.is_none() {
        yield_now().await;
    }
    strike(worker, Signal::KILL);
    let error = job.await.unwrap_err();
    let died = error.worker_died().unwrap_or_else(|| panic!("{error}"));
    assert_eq!(died.pid, worker);
    assert!(error.to_string().contains("SIGKILL"), "{error}");
    wait_gone(&[worker]);
    assert_ne!(pool.submit(pid, ()).await.unwrap(), worker);
}

/// gh-94777 in the other direction, and with nobody's help: the loop goes on meanwhile.
#[mainspring::test]
async fn a_job_whose_argument_nobody_reads_can_be_aborted() {
    let _watch = watch();
    let pool = pool(1);
    let worker = pool.submit(pid, ()).await.unwrap();
    strike(worker, Signal::STOP);
    let job = pool.submit(hang_with, "x".repeat(64 * MIB));
    while job.report().started.is_none() {
        yield_now().await;
    }
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    assert_ne!(pool.submit(pid, ()).await.unwrap(), worker);
}
