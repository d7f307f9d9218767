//! Either side of a worker's socket, when the other sends what it should not.
//!
//! In the place of workers stand fakes: tests that write noise into their standard input, if that
//! is a socket and the environment says that they are workers.

use std::any::type_name_of_val;
use std::fs::File;
use std::io::{self, Read, Write, sink};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use mainspring::process::{Function, ProcessError, ProcessPool, function, serve};
use mainspring::task::JoinError;
use mainspring_tests::processes::{children, is_alive, reason};
use mainspring_tests::watchdog::watch;

const MARKER: &str = "MAINSPRING_WORKER";
const VERSION: u64 = u64::from_le_bytes(*b"mspring1");

// Kinds of frames.
const HELLO: u8 = 1;
const CALL: u8 = 2;
const VALUE: u8 = 3;
const PANICKED: u8 = 4;
const BAD_ARGUMENT: u8 = 5;

/// Bytes of a frame before its value.
const HEAD: usize = 21;

fn functions() -> [Function; 2] {
    [function(double), function(measure)]
}

#[test]
fn worker() {
    serve(functions());
}

fn double(n: u32) -> u32 {
    2 * n
}

fn measure(text: String) -> usize {
    text.len()
}

/// The socket, in a process that was started as a worker.
fn socket() -> Option<UnixStream> {
    std::env::var_os(MARKER)?;
    let stdin = io::stdin().as_fd().try_clone_to_owned().ok()?;
    let stdin = File::from(stdin);
    let is_socket = stdin.metadata().ok()?.file_type().is_socket();
    is_socket.then(|| UnixStream::from(OwnedFd::from(stdin)))
}

fn frame(kind: u8, id: u64, number: u64, value: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEAD - 4 + value.len()).unwrap();
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.push(kind);
    bytes.extend(id.to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.extend(value);
    bytes
}

/// What a true worker says first.
fn hello() -> Vec<u8> {
    hello_of(
        VERSION,
        &[type_name_of_val(&double), type_name_of_val(&measure)],
    )
}

fn hello_of(version: u64, names: &[&str]) -> Vec<u8> {
    let mut list = vec![names.len() as u8];
    for name in names {
        list.push(name.len() as u8);
        list.extend(name.bytes());
    }
    frame(HELLO, version, 0, &list)
}

/// Reads a call: its id.
fn read_call(socket: &mut UnixStream) -> u64 {
    let mut head = [0; HEAD];
    socket.read_exact(&mut head).unwrap();
    let length = u32::from_le_bytes(head[..4].try_into().unwrap());
    let rest = u64::from(length) + 4 - HEAD as u64;
    io::copy(&mut socket.take(rest), &mut sink()).unwrap();
    u64::from_le_bytes(head[5..13].try_into().unwrap())
}

/// Says this, and then nothing more, and lives until the other side has closed the socket.
fn say(bytes: &[u8]) {
    if let Some(mut socket) = socket() {
        socket.write_all(bytes).unwrap();
        let _ = io::copy(&mut socket, &mut sink());
    }
}

/// Says what a true worker says, then these words instead of an answer.
fn answer(words: impl Fn(u64) -> Vec<u8>) {
    if let Some(mut socket) = socket() {
        socket.write_all(&hello()).unwrap();
        // Until the parent puts an end to it.
        loop {
            let id = read_call(&mut socket);
            socket.write_all(&words(id)).unwrap();
        }
    }
}

fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let draw = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(draw).collect()
}

fn fake(path: &str) -> ProcessPool {
    limited(path, Duration::from_secs(20))
}

fn limited(path: &str, start_limit: Duration) -> ProcessPool {
    serve(functions());
    let builder = ProcessPool::builder().workers(1).largest_frame(100 << 20);
    let builder = builder.start_limit(start_limit).worker_test(path);
    builder.build().unwrap()
}

/// Ends the pool. Of this process, and of those that were workers of the pool, nothing is left.
async fn assert_gone(pool: ProcessPool, pid: u32) {
    let mut workers = pool.pids();
    workers.push(pid);
    pool.shutdown(Some(Duration::ZERO), true).await;
    let left = children();
    for worker in workers {
        assert!(!is_alive(worker), "{worker} is still there");
        assert!(!left.contains(&worker), "{worker} is a zombie");
    }
}

/// A fake that does not get ready: why the job was not done.
async fn not_ready(pool: ProcessPool) -> String {
    let _watch = watch();
    let error = pool.submit(double, 21).await.unwrap_err();
    let ProcessError::NotReady { pid, why } = reason(&error) else {
        panic!("{error}");
    };
    assert_gone(pool, *pid).await;
    why.clone()
}

/// A fake that answers with garbage: what the job is told.
async fn garbage(pool: ProcessPool) -> String {
    let _watch = watch();
    let error = pool.submit(double, 21).await.unwrap_err();
    told(pool, &error).await
}

async fn told(pool: ProcessPool, error: &JoinError) -> String {
    let ProcessError::Garbage { pid, what } = reason(error) else {
        panic!("{error}");
    };
    assert_gone(pool, *pid).await;
    what.clone()
}

#[track_caller]
fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "{text:?} does not say {part:?}");
}

#[test]
fn fake_noise() {
    say(&noise(7, 100_000));
}

#[mainspring::test]
async fn f66_noise_instead_of_a_hello() {
    let why = not_ready(fake("fake_noise")).await;
    assert_contains(&why, "a frame that calls itself");
}

#[test]
fn fake_unknown_kind_first() {
    say(&frame(99, 0, 0, b""));
}

#[mainspring::test]
async fn f66_an_unknown_kind_instead_of_a_hello() {
    let why = not_ready(fake("fake_unknown_kind_first")).await;
    assert_contains(&why, "the unknown kind 99");
}

#[test]
fn fake_value_first() {
    say(&frame(VALUE, 1, 0, &[42]));
}

#[mainspring::test]
async fn f68_an_answer_before_the_hello() {
    let why = not_ready(fake("fake_value_first")).await;
    assert_contains(&why, "it began with a frame of the kind Value");
}

#[test]
fn fake_over_long_hello() {
    say(&(101_u32 << 20).to_le_bytes());
}

#[mainspring::test]
async fn f66_a_hello_that_announces_more_than_may_come() {
    let why = not_ready(fake("fake_over_long_hello")).await;
    assert_contains(&why, "105906176 bytes long");
}

#[test]
fn fake_half_hello() {
    say(&hello()[..30]);
}

#[mainspring::test]
async fn f66_half_a_hello_and_then_silence() {
    let pool = limited("fake_half_hello", Duration::from_millis(300));
    assert_contains(&not_ready(pool).await, "within 300ms");
}

#[test]
fn fake_silence() {
    say(b"");
}

#[mainspring::test]
async fn silence_instead_of_a_hello() {
    let pool = limited("fake_silence", Duration::from_millis(300));
    assert_contains(&not_ready(pool).await, "within 300ms");
}

#[mainspring::test]
async fn a_job_whose_worker_keeps_silent_can_be_aborted() {
    let _watch = watch();
    let pool = limited("fake_silence", Duration::from_secs(3600));
    let job = pool.submit(double, 21);
    while pool.pids().is_empty() {
        mainspring::task::yield_now().await;
    }
    let pid = pool.pids()[0];
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    assert_gone(pool, pid).await;
}

#[test]
fn fake_half_hello_and_end() {
    if let Some(mut socket) = socket() {
        socket.write_all(&hello()[..30]).unwrap();
        std::process::exit(3);
    }
}

#[mainspring::test]
async fn f66_half_a_hello_and_then_the_end() {
    let why = not_ready(fake("fake_half_hello_and_end")).await;
    assert_contains(&why, "exit status: 3");
}

#[test]
fn fake_other_version() {
    say(&hello_of(VERSION + 1, &[type_name_of_val(&double)]));
}

#[mainspring::test]
async fn f68_a_hello_of_another_version() {
    let why = not_ready(fake("fake_other_version")).await;
    assert_contains(&why, "another version of mainspring");
}

#[test]
fn fake_other_list() {
    say(&hello_of(VERSION, &["another::function"]));
}

#[mainspring::test]
async fn f68_a_hello_with_another_list() {
    let why = not_ready(fake("fake_other_list")).await;
    assert_contains(&why, "[\"another::function\"]");
    assert_contains(&why, type_name_of_val(&double));
}

#[test]
fn fake_endless_list() {
    // It says that it has 2^35 names.
    say(&frame(
        HELLO,
        VERSION,
        0,
        &[0x80, 0x80, 0x80, 0x80, 0x80, 1],
    ));
}

#[mainspring::test]
async fn f66_a_hello_with_more_names_than_there_are() {
    assert!(!not_ready(fake("fake_endless_list")).await.is_empty());
}

#[test]
fn fake_two_hellos() {
    say(&[hello(), hello()].concat());
}

#[mainspring::test]
async fn f68_two_hellos() {
    let why = not_ready(fake("fake_two_hellos")).await;
    assert_contains(&why, "more than one answer");
}

#[test]
fn fake_socket_given_away() {
    if let Some(socket) = socket() {
        rustix::stdio::dup2_stdin(File::open("/dev/null").unwrap()).unwrap();
        drop(socket);
        // Nobody tells it that the parent has gone.
        thread::park_timeout(Duration::from_secs(60));
    }
}

#[mainspring::test]
async fn a_worker_that_closes_its_socket_and_lives_on_is_ended() {
    let why = not_ready(fake("fake_socket_given_away")).await;
    assert_contains(&why, "it let go of its standard input");
}

#[test]
fn fake_answer_to_another() {
    answer(|id| frame(VALUE, id + 1, 0, &[42]));
}

#[mainspring::test]
async fn f68_an_answer_to_another_job() {
    let what = garbage(fake("fake_answer_to_another")).await;
    assert_contains(&what, "an answer to job");
}

#[test]
fn fake_two_answers() {
    answer(|id| [frame(VALUE, id, 0, &[42]), frame(VALUE, id, 0, &[42])].concat());
}

#[mainspring::test]
async fn f68_two_answers_at_once() {
    let what = garbage(fake("fake_two_answers")).await;
    assert_contains(&what, "more than one answer");
}

#[test]
fn fake_call_as_answer() {
    answer(|id| frame(CALL, id, 0, &[42]));
}

#[mainspring::test]
async fn f68_a_call_instead_of_an_answer() {
    let what = garbage(fake("fake_call_as_answer")).await;
    assert_contains(&what, "a frame of the kind Call");
}

#[test]
fn fake_unknown_answer() {
    answer(|id| frame(8, id, 0, b""));
}

#[mainspring::test]
async fn f66_an_answer_of_an_unknown_kind() {
    let what = garbage(fake("fake_unknown_answer")).await;
    assert_contains(&what, "the unknown kind 8");
}

#[test]
fn fake_over_long_answer() {
    answer(|_| u32::MAX.to_le_bytes().to_vec());
}

#[mainspring::test]
async fn f66_an_answer_that_announces_more_than_may_come() {
    let what = garbage(fake("fake_over_long_answer")).await;
    assert_contains(&what, "4294967295 bytes long");
}

#[test]
fn fake_too_short_answer() {
    answer(|_| [16_u32.to_le_bytes().to_vec(), vec![0; 16]].concat());
}

#[mainspring::test]
async fn f66_an_answer_that_is_shorter_than_a_head() {
    let what = garbage(fake("fake_too_short_answer")).await;
    assert_contains(&what, "16 bytes long");
}

#[test]
fn fake_cut_answer() {
    if let Some(mut socket) = socket() {
        socket.write_all(&hello()).unwrap();
        let id = read_call(&mut socket);
        let answer = frame(VALUE, id, 0, &[42]);
        socket.write_all(&answer[..HEAD]).unwrap();
        std::process::exit(0);
    }
}

#[mainspring::test]
async fn f66_an_answer_that_is_cut_off() {
    let _watch = watch();
    let pool = fake("fake_cut_answer");
    let error = pool.submit(double, 21).await.unwrap_err();
    let died = error.worker_died().unwrap_or_else(|| panic!("{error}"));
    assert_eq!(died.status.unwrap().code(), Some(0));
    assert_gone(pool, died.pid).await;
}

#[test]
fn fake_hang_up() {
    if let Some(mut socket) = socket() {
        socket.write_all(&hello()).unwrap();
        read_call(&mut socket);
        socket.shutdown(std::net::Shutdown::Both).unwrap();
        thread::park_timeout(Duration::from_secs(60));
    }
}

#[mainspring::test]
async fn a_worker_that_hangs_up_in_the_middle_of_a_job_is_ended() {
    let _watch = watch();
    let pool = fake("fake_hang_up");
    let error = pool.submit(double, 21).await.unwrap_err();
    let died = error.worker_died().unwrap_or_else(|| panic!("{error}"));
    assert_gone(pool, died.pid).await;
}

/// It answers a job of 64 MiB before it has read it, and never does: both sides would write.
#[test]
fn fake_answer_before_the_call() {
    if let Some(mut socket) = socket() {
        socket.write_all(&hello()).unwrap();
        // Something of it has come.
        socket.read_exact(&mut [0; HEAD]).unwrap();
        let _ = socket.write_all(&noise(1, 8 << 20));
        thread::park_timeout(Duration::from_secs(60));
    }
}

#[mainspring::test]
async fn f66_garbage_while_64_mib_are_on_their_way() {
    let _watch = watch();
    let pool = fake("fake_answer_before_the_call");
    let job = pool.submit(measure, "x".repeat(64 << 20));
    let error = job.await.unwrap_err();
    assert_contains(&told(pool, &error).await, "something before it was asked");
}

/// Its second answer comes when the first has been taken. The next job is not to suffer from it.
#[test]
fn fake_late_second_answer() {
    if let Some(mut socket) = socket() {
        socket.write_all(&hello()).unwrap();
        let id = read_call(&mut socket);
        socket.write_all(&frame(VALUE, id, 0, &[42])).unwrap();
        let pid = std::process::id().to_string();
        // The signal that the first was taken is the test's file.
        let taken = taken(&pid);
        while !taken.exists() {
            thread::yield_now();
        }
        socket.write_all(&frame(VALUE, id, 0, &[43])).unwrap();
        std::fs::remove_file(taken).unwrap();
        let _ = io::copy(&mut socket, &mut sink());
    }
}

/// The test makes this file; the fake takes it away when it has sent its second answer.
fn taken(pid: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("taken-{pid}"))
}

#[mainspring::test]
async fn f68_a_late_second_answer_is_found_out_before_the_next_job_goes_there() {
    let _watch = watch();
    let pool = fake("fake_late_second_answer");
    assert_eq!(pool.submit(double, 1).await.unwrap(), 42);
    let pid = pool.pids()[0];
    let file = taken(&pid.to_string());
    File::create(&file).unwrap();
    while file.exists() {
        thread::yield_now();
    }
    let mut job = pool.submit(double, 2);
    assert_eq!((&mut job).await.unwrap(), 42, "by another");
    assert_ne!(job.report().pid, pid);
    assert_gone(pool, pid).await;
}

#[test]
fn fake_unreadable_result() {
    // A number of five bytes that does not end.
    answer(|id| frame(VALUE, id, 0, &[0xff; 5]));
}

#[mainspring::test]
async fn f66_a_result_that_cannot_be_read_is_the_jobs_and_the_pipe_stays_in_step() {
    let _watch = watch();
    let pool = fake("fake_unreadable_result");
    for _ in 0..3 {
        let error = pool.submit(double, 21).await.unwrap_err();
        assert!(matches!(reason(&error), ProcessError::Result(_)), "{error}");
    }
    let pid = pool.pids()[0];
    assert_gone(pool, pid).await;
}

#[test]
fn fake_words_that_are_none() {
    answer(|id| frame(PANICKED, id, 0, &[0xff, 0xfe, b'!']));
}

#[mainspring::test]
async fn f66_a_panic_in_words_that_are_no_text() {
    let _watch = watch();
    let pool = fake("fake_words_that_are_none");
    let error = pool.submit(double, 21).await.unwrap_err();
    assert!(error.is_panic());
    assert_contains(&error.to_string(), "!");
}

/// A true worker, started by hand: what it said, and how it ended after it was told this. The
/// socket stays open if `is_held`.
fn parent_says(bytes: &[u8], is_held: bool) -> (Vec<u8>, Output) {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let theirs = File::from(OwnedFd::from(theirs));
    let inode = theirs.metadata().unwrap().ino();
    let mut command = Command::new(std::env::current_exe().unwrap());
    let worker = command
        .args(["worker", "--exact", "--nocapture", "-q"])
        .env(MARKER, format!("{VERSION} {inode} 1 1000 1"))
        .stdin(theirs)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(command);
    let mut greeting = vec![0; hello().len()];
    ours.read_exact(&mut greeting).unwrap();
    assert_eq!(greeting, hello());
    let _ = ours.write_all(bytes);
    if !is_held {
        let _ = ours.shutdown(std::net::Shutdown::Write);
    }
    let mut said = Vec::new();
    // It may have ended with something unread, which resets the connection.
    let _ = ours.read_to_end(&mut said);
    (said, worker.wait_with_output().unwrap())
}

#[track_caller]
fn assert_ends_by_itself(bytes: &[u8]) {
    let (said, end) = parent_says(bytes, true);
    assert_eq!(said, b"");
    assert_eq!(end.status.code(), Some(1));
    let words = String::from_utf8_lossy(&end.stderr);
    assert_contains(&words, "its parent sent a frame");
}

#[test]
fn f66_a_worker_ends_by_itself_when_its_parent_sends_what_is_no_frame() {
    let _watch = watch();
    assert_ends_by_itself(&frame(0, 1, 0, b""));
    assert_ends_by_itself(&1018_u32.to_le_bytes());
    assert_ends_by_itself(&16_u32.to_le_bytes());
    assert_ends_by_itself(&u32::MAX.to_le_bytes());
}

#[test]
fn f68_a_worker_answers_a_call_for_what_it_has_not_and_goes_on() {
    let _watch = watch();
    let calls = [
        frame(CALL, 1, 2, &[21]),
        frame(CALL, 2, u64::MAX, &[21]),
        frame(HELLO, 3, 0, &[21]),
        frame(CALL, 4, 0, &[21]),
    ];
    let (said, end) = parent_says(&calls.concat(), false);
    assert_eq!(end.status.code(), Some(0));
    let mut rest = &said[..];
    for (id, kind) in (1..).zip([BAD_ARGUMENT, BAD_ARGUMENT, BAD_ARGUMENT, VALUE]) {
        let length = 4 + u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
        let (answer, others) = rest.split_at(length);
        assert_eq!((answer[4], answer[5]), (kind, id));
        rest = others;
    }
    assert_eq!(rest, b"");
    assert_eq!(said.last(), Some(&42));
}

#[test]
fn f66_a_worker_survives_no_noise_and_hangs_on_none() {
    let _watch = watch();
    for seed in 1..12 {
        let mut bytes = noise(seed, 200);
        // Every other one begins with a length that may be.
        if seed % 2 == 0 {
            bytes[..5].copy_from_slice(&[100, 0, 0, 0, CALL]);
        }
        let (_, end) = parent_says(&bytes, false);
        assert!(matches!(end.status.code(), Some(0 | 1)), "{end:?}");
    }
}
