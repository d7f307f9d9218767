//! An open file as a stream: what is read ahead and written behind, seen from outside.

use std::fs;
use std::future::{Future, poll_fn};
use std::io::{ErrorKind, IoSlice, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::sync::mpsc::{Sender, channel};
use std::task::Poll;

use mainspring::fs::{File, OpenOptions};
use mainspring::io::{AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use mainspring::pool::{ThreadPool, set_default_executor, spawn_blocking};
use mainspring::runtime::{Builder, LocalRuntime};
use mainspring::task::JoinHandle;
use mainspring_tests::by_hand::Bell;
use mainspring_tests::watchdog::watch;
use tempfile::{TempDir, tempdir};

const TEXT: &[u8] = b"tick tock, said the clock";

/// ENOSPC, everywhere.
const NO_SPACE: Option<i32> = Some(28);

fn file_with(contents: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, contents).unwrap();
    (folder, path)
}

async fn open_both(path: &PathBuf) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(path).await.unwrap()
}

/// A file each of whose writes fails, and none of whose reads does.
async fn full() -> File {
    open_both(&"/dev/full".into()).await
}

/// Gives a future up whose job has been asked for and not been begun. There is one thread.
async fn give_up<F: Future>(future: F) {
    let (_held, let_go) = hold_the_thread();
    begin_and_drop(future).await;
    drop(let_go);
}

/// Polls a future once, within its runtime, and drops it.
async fn begin_and_drop<F: Future>(future: F) {
    let mut future = pin!(future);
    poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Everything it does happens one after the other.
fn one_thread() -> LocalRuntime {
    let mut builder = Builder::new_current_thread();
    builder
        .max_blocking_threads(1)
        .build_local(Default::default())
        .unwrap()
}

/// A job that runs until it is let go, on the only thread.
fn hold_the_thread() -> (JoinHandle<()>, Sender<()>) {
    let (let_go, go) = channel::<()>();
    let (begun, begins) = channel();
    let job = spawn_blocking(move || {
        begun.send(()).unwrap();
        let _ = go.recv();
    });
    begins.recv().unwrap();
    (job, let_go)
}

fn pipe() -> (PipeReader, PipeWriter) {
    std::io::pipe().unwrap()
}

#[mainspring::test]
async fn what_is_written_is_read_back_after_a_seek() {
    let (_folder, path) = file_with(b"");
    let mut file = open_both(&path).await;
    file.write_all(TEXT).await.unwrap();
    assert_eq!(file.stream_position().await.unwrap(), TEXT.len() as u64);
    file.rewind().await.unwrap();
    let mut read = Vec::new();
    file.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, TEXT);
    assert_eq!(file.seek(SeekFrom::End(-5)).await.unwrap(), 20);
    file.write_all(b"watch").await.unwrap();
    file.flush().await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"tick tock, said the watch");
}

#[mainspring::test]
async fn a_body_of_many_jobs_is_whole() {
    let (_folder, path) = file_with(b"");
    let body: Vec<u8> = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect();
    let mut file = open_both(&path).await;
    file.write_all(&body).await.unwrap();
    file.rewind().await.unwrap();
    let mut read = Vec::new();
    file.read_to_end(&mut read).await.unwrap();
    assert!(read == body);
}

#[mainspring::test]
async fn a_job_reads_and_writes_as_much_as_it_may() {
    let (_folder, path) = file_with(b"");
    let mut file = open_both(&path).await;
    assert_eq!(file.max_buf_size(), 2 * 1024 * 1024);
    file.set_max_buf_size(4);
    assert_eq!(file.write(TEXT).await.unwrap(), 4);
    let pieces = [&TEXT[4..6], &[], &TEXT[6..]].map(IoSlice::new);
    assert_eq!(file.write_vectored(&pieces).await.unwrap(), 4);
    file.rewind().await.unwrap();
    let mut read = [0; 64];
    assert_eq!(file.read(&mut read).await.unwrap(), 4);
    assert_eq!(file.read(&mut read[4..]).await.unwrap(), 4);
    assert_eq!(&read[..8], &TEXT[..8]);
}

#[mainspring::test]
#[should_panic(expected = "set_max_buf_size")]
async fn tokio_8449_a_file_that_may_read_nothing_is_refused() {
    let (_folder, path) = file_with(TEXT);
    File::open(path).await.unwrap().set_max_buf_size(0);
}

#[mainspring::test]
async fn tokio_7593_a_clone_reads_as_much_at_once() {
    let (_folder, path) = file_with(TEXT);
    let mut file = File::open(path).await.unwrap();
    file.set_max_buf_size(3);
    assert_eq!(file.try_clone().await.unwrap().max_buf_size(), 3);
}

/// A pipe gives what there is, although there was room for more.
#[mainspring::test]
async fn a_read_gives_what_there_is() {
    let _watch = watch();
    let (reader, mut writer) = pipe();
    let mut file = File::from(OwnedFd::from(reader));
    let mut read = [0; 64];
    for word in ["tick", "tock"] {
        writer.write_all(word.as_bytes()).unwrap();
        assert_eq!(file.read(&mut read).await.unwrap(), 4);
        assert_eq!(&read[..4], word.as_bytes());
    }
    drop(writer);
    assert_eq!(file.read(&mut read).await.unwrap(), 0);
}

// What was given up is not lost.

#[mainspring::test]
async fn a_read_that_was_given_up_is_the_next_ones() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = File::open(path).await.unwrap();
    let mut lost = [0; 8];
    give_up(file.read(&mut lost)).await;
    assert_eq!(lost, [0; 8]);
    // A shorter one takes a part, and leaves the rest.
    let mut read = [0; 64];
    assert_eq!(file.read(&mut read[..3]).await.unwrap(), 3);
    assert_eq!(file.read(&mut read[3..]).await.unwrap(), 5);
    let rest = file.read(&mut read[8..]).await.unwrap();
    assert_eq!(&read[..8 + rest], TEXT);
}

#[mainspring::test]
async fn a_read_that_was_given_up_on_a_pipe_is_the_next_ones() {
    set_default_executor(ThreadPool::new(1));
    let _watch = watch();
    let (reader, mut writer) = pipe();
    let mut file = File::from_std(fs::File::from(OwnedFd::from(reader)));
    give_up(file.read(&mut [0; 64])).await;
    writer.write_all(TEXT).unwrap();
    drop(writer);
    let mut read = Vec::new();
    file.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, TEXT);
}

#[mainspring::test]
async fn a_write_goes_to_where_the_reader_is_and_not_where_it_read_ahead() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = open_both(&path).await;
    give_up(file.read(&mut [0; 16])).await;
    assert_eq!(file.read(&mut [0; 5]).await.unwrap(), 5);
    file.write_all(b"TOCK").await.unwrap();
    assert_eq!(file.stream_position().await.unwrap(), 9);
    assert_eq!(fs::read(&path).unwrap(), b"tick TOCK, said the clock");
}

#[mainspring::test]
async fn a_seek_counts_from_where_the_reader_is() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = open_both(&path).await;
    give_up(file.read(&mut [0; 16])).await;
    assert_eq!(file.read(&mut [0; 5]).await.unwrap(), 5);
    assert_eq!(file.seek(SeekFrom::Current(2)).await.unwrap(), 7);
    let mut read = [0; 2];
    file.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"ck");
}

#[mainspring::test]
async fn a_new_length_leaves_the_reader_where_it_is_and_nothing_old_before_it() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = open_both(&path).await;
    give_up(file.read(&mut [0; 16])).await;
    assert_eq!(file.read(&mut [0; 2]).await.unwrap(), 2);
    file.set_len(4).await.unwrap();
    let mut read = Vec::new();
    file.read_to_end(&mut read).await.unwrap();
    assert_eq!(read, b"ck");
    file.set_len(6).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"tick\0\0");
    assert!(File::open(&path).await.unwrap().set_len(1).await.is_err());
}

#[mainspring::test]
async fn a_seek_that_was_given_up_has_been_made() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = open_both(&path).await;
    give_up(file.seek(SeekFrom::Start(5))).await;
    let mut read = [0; 4];
    file.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"tock");
}

#[mainspring::test]
async fn tokio_4897_a_seek_beside_another_job_is_an_error_and_no_panic() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = File::open(path).await.unwrap();
    give_up(file.read(&mut [0; 16])).await;
    let busy = Pin::new(&mut file)
        .start_seek(SeekFrom::Start(0))
        .unwrap_err();
    assert!(busy.to_string().contains("`poll_complete`"), "{busy}");
    assert_eq!(file.seek(SeekFrom::Start(5)).await.unwrap(), 5);
}

#[mainspring::test]
async fn tokio_8574_a_seek_whose_sum_cannot_be_said_is_an_error() {
    set_default_executor(ThreadPool::new(1));
    let (_folder, path) = file_with(TEXT);
    let mut file = File::open(path).await.unwrap();
    give_up(file.read(&mut [0; 16])).await;
    let beyond = file.seek(SeekFrom::Current(i64::MIN)).await.unwrap_err();
    assert_eq!(beyond.kind(), ErrorKind::InvalidInput);
    let mut read = [0; 4];
    file.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"tick");
}

#[mainspring::test]
async fn tokio_7139_an_empty_read_or_write_starts_no_job() {
    let (reader, writer) = pipe();
    let (mut reader, mut writer) = (
        File::from(OwnedFd::from(reader)),
        File::from(OwnedFd::from(writer)),
    );
    let bell = Bell::new();
    assert!(matches!(
        bell.poll(&mut Box::pin(reader.read(&mut []))),
        Poll::Ready(Ok(0))
    ));
    assert!(matches!(
        bell.poll(&mut Box::pin(writer.write(&[]))),
        Poll::Ready(Ok(0))
    ));
    assert!(reader.try_into_std().is_ok());
    assert!(writer.try_into_std().is_ok());
}

// Errors that come late.

#[mainspring::test]
async fn a_write_that_fails_is_told_by_the_flush_as_the_system_said_it() {
    let mut file = full().await;
    assert_eq!(file.write(TEXT).await.unwrap(), TEXT.len());
    let error = file.flush().await.unwrap_err();
    assert_eq!(error.raw_os_error(), NO_SPACE);
    // Once.
    file.flush().await.unwrap();
    assert_eq!(file.write(TEXT).await.unwrap(), TEXT.len());
    assert!(file.shutdown().await.is_err());
}

#[mainspring::test]
async fn a_write_that_fails_is_told_by_the_next_write() {
    let mut file = full().await;
    file.write_all(TEXT).await.unwrap();
    let error = file.write_all(TEXT).await.unwrap_err();
    assert_eq!(error.raw_os_error(), NO_SPACE);
    file.flush().await.unwrap();
}

#[mainspring::test]
async fn a_write_that_fails_is_not_forgotten_over_a_read_or_a_seek() {
    let mut file = full().await;
    file.write_all(TEXT).await.unwrap();
    file.read_exact(&mut [0; 4]).await.unwrap();
    assert_eq!(file.write(TEXT).await.unwrap_err().raw_os_error(), NO_SPACE);

    file.write_all(TEXT).await.unwrap();
    file.rewind().await.unwrap();
    assert_eq!(file.flush().await.unwrap_err().raw_os_error(), NO_SPACE);

    file.write_all(TEXT).await.unwrap();
    let _ = file.sync_all().await;
    let _ = file.sync_data().await;
    let _ = file.set_len(1).await;
    assert_eq!(file.flush().await.unwrap_err().raw_os_error(), NO_SPACE);
}

#[mainspring::test]
async fn a_read_that_fails_says_so_and_the_next_one_is_made() {
    let (_folder, path) = file_with(TEXT);
    let mut file = OpenOptions::new().write(true).open(path).await.unwrap();
    for _ in 0..2 {
        assert!(file.read(&mut [0; 4]).await.is_err());
    }
    file.write_all(b"TICK").await.unwrap();
    file.flush().await.unwrap();
}

// With `&self`, and given back.

#[mainspring::test]
async fn syncing_waits_for_what_was_written_before() {
    let (_folder, path) = file_with(b"");
    let mut file = open_both(&path).await;
    for length in 1..50 {
        file.write_all(b"t").await.unwrap();
        let (one, other) = (file.sync_data(), file.sync_all());
        one.await.unwrap();
        other.await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), length);
    }
}

#[mainspring::test]
async fn tokio_5803_a_clone_waits_for_what_was_written_before() {
    let (_folder, path) = file_with(b"");
    let mut file = open_both(&path).await;
    for length in 1..50 {
        file.write_all(b"t").await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        assert_eq!(clone.stream_position().await.unwrap(), length);
    }
}

#[test]
fn a_file_is_given_back_when_nothing_is_on_its_way() {
    one_thread().block_on(async {
        let (_folder, path) = file_with(b"");
        let mut file = open_both(&path).await;
        let descriptor = file.as_raw_fd();
        assert_eq!(file.as_fd().as_raw_fd(), descriptor);
        let (_held, let_go) = hold_the_thread();
        file.write_all(TEXT).await.unwrap();
        let file = file.try_into_std().unwrap_err();
        drop(let_go);
        let file = file.into_std().await;
        assert_eq!(file.as_raw_fd(), descriptor);
        assert_eq!(fs::read(&path).unwrap(), TEXT);
        assert!(File::from(file).try_into_std().is_ok());
    });
}

/// In tokio it panics.
#[test]
fn a_file_is_given_back_although_a_call_with_it_was_given_up() {
    one_thread().block_on(async {
        let (_folder, path) = file_with(TEXT);
        let file = File::open(&path).await.unwrap();
        let (_held, let_go) = hold_the_thread();
        begin_and_drop(file.metadata()).await;
        let file = file.into_std().await;
        assert_eq!(file.metadata().unwrap().len(), TEXT.len() as u64);
        drop(let_go);
    });
}

#[mainspring::test]
async fn tasks_with_a_handle_each_write_whole_lines_behind_each_other() {
    let (_folder, path) = file_with(b"");
    let tasks = (0..4).map(|writer| {
        let path = path.clone();
        mainspring::spawn(async move {
            let mut options = OpenOptions::new();
            let mut log = options.append(true).open(path).await.unwrap();
            for line in 0..25 {
                let line = format!("{writer} {line}\n");
                log.write_all(line.as_bytes()).await.unwrap();
            }
            log.flush().await.unwrap();
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    for writer in 0..4 {
        let prefix = format!("{writer} ");
        let lines = written
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix));
        let lines: Vec<u32> = lines.map(|line| line.parse().unwrap()).collect();
        assert_eq!(lines, (0..25).collect::<Vec<_>>());
    }
}

// The end of the runtime.

#[test]
fn tokio_4316_what_was_written_is_written_although_the_runtime_ends_first() {
    let _watch = watch();
    let (_folder, path) = file_with(b"");
    let runtime = one_thread();
    runtime.block_on(async {
        let mut file = open_both(&path).await;
        let (_held, let_go) = hold_the_thread();
        file.write_all(TEXT).await.unwrap();
        // An ordinary job behind it is thrown out, and its thread is free only then.
        drop(spawn_blocking(move || drop(let_go)));
    });
    drop(runtime);
    assert_eq!(fs::read(&path).unwrap(), TEXT);
}

#[test]
fn tokio_8291_a_file_goes_on_in_another_runtime_after_an_error() {
    let (_folder, path) = file_with(TEXT);
    let first = one_thread();
    let (mut file, let_go) = first.block_on(async {
        let mut file = File::open(&path).await.unwrap();
        let (_held, let_go) = hold_the_thread();
        begin_and_drop(file.read(&mut [0; 4])).await;
        (file, let_go)
    });
    first.shutdown_background();
    drop(let_go);
    one_thread().block_on(async {
        let mut read = [0; 4];
        let lost = file.read(&mut read).await.unwrap_err();
        assert!(lost.to_string().contains("cancelled"), "{lost}");
        file.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"tick");
    });
}

#[test]
#[should_panic(expected = "outside a runtime")]
fn outside_of_a_runtime_a_read_panics_with_the_remedy() {
    let (_folder, path) = file_with(TEXT);
    let mut file = File::from_std(fs::File::open(path).unwrap());
    let _ = Bell::new().poll(&mut Box::pin(file.read(&mut [0; 4])));
}
