//! What `net::unix::pipe` promises.

use std::fs::{self, File};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use bytes::BytesMut;
use mainspring::io::{AsyncReadExt, AsyncWriteExt, Interest};
use mainspring::net::unix::pipe::{self, Receiver, Sender};
use mainspring::task::idle;
use mainspring::time::{Duration, Instant, sleep, timeout};
use mainspring_tests::by_hand::{Bell, poll_once};
use mainspring_tests::folder::Folder;

fn make_fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

#[mainspring::test]
async fn a_mebibyte_goes_through_and_the_end_is_read() {
    let (mut sender, mut receiver) = pipe::pipe().unwrap();
    let writer = mainspring::spawn(async move {
        sender.write_all(&pattern(1 << 20)).await.unwrap();
        sender.shutdown().await.unwrap();
    });
    let mut read = Vec::new();
    receiver.read_to_end(&mut read).await.unwrap();
    assert!(read == pattern(1 << 20));
    assert_eq!(receiver.read(&mut [0; 8]).await.unwrap(), 0);
    writer.await.unwrap();
}

#[mainspring::test]
async fn f34_writing_to_nobody_is_an_error_and_no_signal() {
    let (mut sender, receiver) = pipe::pipe().unwrap();
    let mut second = Sender::from_owned_fd(rustix::io::dup(&sender).unwrap()).unwrap();
    let waiting = mainspring::spawn(async move {
        let error = second.write_all(&pattern(1 << 20)).await.unwrap_err();
        error.kind()
    });
    idle().await;
    drop(receiver);
    assert_eq!(waiting.await.unwrap(), ErrorKind::BrokenPipe);
    let error = sender.write_all(b"tick").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    assert!(
        sender
            .ready(Interest::WRITABLE)
            .await
            .unwrap()
            .is_write_closed()
    );
}

#[mainspring::test]
async fn a_read_that_is_given_up_takes_nothing() {
    let (mut sender, mut receiver) = pipe::pipe().unwrap();
    let mut buf = [0; 8];
    {
        let mut read = Box::pin(receiver.read(&mut buf));
        assert!(Bell::new().poll(&mut read).is_pending());
        sender.write_all(b"tick").await.unwrap();
        // It has been woken, and nobody polls it.
        idle().await;
    }
    assert_eq!(receiver.read(&mut buf).await.unwrap(), 4);
}

#[mainspring::test]
async fn try_blocks_nobody_and_readable_waits_again_after_it() {
    let (sender, receiver) = pipe::pipe().unwrap();
    let mut buf = [0; 8];
    for _ in 0..3 {
        let error = receiver.try_read(&mut buf).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let mut readable = receiver.readable();
        assert!(poll_once(&mut readable).is_pending());
        sender.writable().await.unwrap();
        assert_eq!(sender.try_write(b"tick").unwrap(), 4);
        readable.await.unwrap();
        assert_eq!(receiver.try_read(&mut buf).unwrap(), 4);
    }
    while sender.try_write(&[0; 4096]).is_ok() {}
    let mut writable = sender.writable();
    assert!(poll_once(&mut writable).is_pending());
    while receiver.try_read(&mut [0; 4096]).is_ok() {}
    writable.await.unwrap();
}

#[mainspring::test]
async fn several_buffers_are_written_and_read_as_if_they_were_one() {
    let (sender, receiver) = pipe::pipe().unwrap();
    let bufs = [IoSlice::new(b"ti"), IoSlice::new(b"ck tock")];
    assert_eq!(sender.try_write_vectored(&bufs).unwrap(), 9);
    receiver.readable().await.unwrap();
    let (mut first, mut second) = ([0; 5], [0; 2]);
    let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(receiver.try_read_vectored(&mut bufs).unwrap(), 7);
    let mut rest = BytesMut::from(&b"to"[..]);
    assert_eq!(receiver.try_read_buf(&mut rest).unwrap(), 2);
    assert_eq!(
        (&first, &second, &rest[..]),
        (b"tick ", b"to", &b"tock"[..])
    );
}

#[mainspring::test]
async fn an_operation_of_ones_own_is_tried_when_it_may_succeed() {
    let (sender, receiver) = pipe::pipe().unwrap();
    let read = || Ok(rustix::io::read(&receiver, &mut [0; 8])?);
    let error = receiver.try_io(read).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    sender.writable().await.unwrap();
    let write = || Ok(rustix::io::write(&sender, b"tick")?);
    assert_eq!(sender.try_io(write).unwrap(), 4);
    assert!(
        receiver
            .ready(Interest::READABLE)
            .await
            .unwrap()
            .is_readable()
    );
    assert_eq!(receiver.try_io(read).unwrap(), 4);
}

#[mainspring::test]
async fn a_pipe_may_be_used_and_dropped_on_another_thread() {
    let (sender, mut receiver) = pipe::pipe().unwrap();
    let thread = thread::spawn(move || {
        assert_eq!(sender.try_write(b"tick").unwrap(), 4);
        drop(sender);
    });
    let mut text = String::new();
    receiver.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "tick");
    thread.join().unwrap();
}

#[mainspring::test]
async fn a_fifo_is_opened_by_its_name() {
    let folder = Folder::new();
    let path = folder.file("fifo");
    make_fifo(&path);
    // Nobody reads yet.
    let error = pipe::OpenOptions::new().open_sender(&path).unwrap_err();
    assert_eq!(
        error.raw_os_error(),
        Some(rustix::io::Errno::NXIO.raw_os_error())
    );
    let mut receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    // Nobody writes yet, which is not the end.
    assert!(poll_once(&mut receiver.read(&mut [0; 8])).is_pending());
    idle().await;
    assert!(poll_once(&mut receiver.read(&mut [0; 8])).is_pending());
    let mut sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
    sender.write_all(b"tick").await.unwrap();
    drop(sender);
    let mut text = String::new();
    receiver.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "tick");
}

#[mainspring::test]
async fn what_was_in_a_pipe_before_it_was_taken_over_is_read_and_then_its_end() {
    let (receiver, mut sender) = io::pipe().unwrap();
    sender.write_all(b"tick").unwrap();
    drop(sender);
    let mut receiver = Receiver::from_owned_fd(receiver.into()).unwrap();
    let mut text = String::new();
    receiver.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "tick");

    let (receiver, _) = io::pipe().unwrap();
    let mut receiver = Receiver::from_owned_fd(receiver.into()).unwrap();
    assert_eq!(receiver.read(&mut [0; 8]).await.unwrap(), 0);
}

#[cfg(target_os = "linux")]
#[mainspring::test]
async fn a_receiver_that_writes_too_never_reads_the_end() {
    let folder = Folder::new();
    let path = folder.file("fifo");
    make_fifo(&path);
    let mut options = pipe::OpenOptions::new();
    let mut receiver = options.read_write(true).open_receiver(&path).unwrap();
    let mut buf = [0; 8];
    for _ in 0..3 {
        let mut sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
        sender.write_all(b"tick").await.unwrap();
        drop(sender);
        assert_eq!(receiver.read(&mut buf).await.unwrap(), 4);
        idle().await;
        assert!(poll_once(&mut receiver.read(&mut buf)).is_pending());
    }
    drop(receiver);
    // A sender that reads too needs nobody else.
    let mut sender = options.open_sender(&path).unwrap();
    sender.write_all(b"tick").await.unwrap();
}

#[mainspring::test]
async fn what_is_no_pipe_or_the_wrong_end_is_refused() {
    let folder = Folder::new();
    let path = folder.file("file");
    fs::write(&path, "text").unwrap();
    let options = pipe::OpenOptions::new();
    let ends = || io::pipe().unwrap();
    for error in [
        options.open_receiver(&path).unwrap_err(),
        options.open_sender(&path).unwrap_err(),
        Receiver::from_file(File::open(&path).unwrap()).unwrap_err(),
        Sender::from_file(File::open(&path).unwrap()).unwrap_err(),
        Receiver::from_owned_fd(ends().1.into()).unwrap_err(),
        Sender::from_owned_fd(ends().0.into()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("pipe"), "{error}");
    }
    // The system has no readiness for a file.
    let error = pipe::OpenOptions::new()
        .unchecked(true)
        .open_receiver(&path);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[mainspring::test]
async fn f42_a_pipe_that_blocks_is_set_not_to_and_may_be_set_back() {
    let (receiver, mut sender) = io::pipe().unwrap();
    let mut receiver = Receiver::from_owned_fd(receiver.into()).unwrap();
    assert!(poll_once(&mut receiver.read(&mut [0; 8])).is_pending());
    sender.write_all(b"tick").unwrap();
    assert_eq!(receiver.read(&mut [0; 8]).await.unwrap(), 4);

    let mut file = File::from(receiver.into_nonblocking_fd().unwrap());
    let error = file.read(&mut [0; 8]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    let receiver = Receiver::from_file(file).unwrap();
    let mut file = File::from(receiver.into_blocking_fd().unwrap());
    let writer = thread::spawn(move || sender.write_all(b"tock").unwrap());
    file.read_exact(&mut [0; 4]).unwrap();
    writer.join().unwrap();

    let (_reader, sender) = io::pipe().unwrap();
    let sender = Sender::from_owned_fd(sender.into()).unwrap();
    while sender.try_write(&[0; 4096]).is_ok() {}
    let fd = sender.into_nonblocking_fd().unwrap();
    let sender = Sender::from_owned_fd(fd).unwrap();
    drop(sender.into_blocking_fd().unwrap());
}

#[test]
fn outside_of_a_runtime_the_panic_names_the_remedy() {
    let panic = std::panic::catch_unwind(|| drop(pipe::pipe())).unwrap_err();
    let told = panic.downcast::<String>().unwrap();
    assert!(told.contains("pipe") && told.contains("block_on"), "{told}");
}

// Under the paused clock.

const HOUR: Duration = Duration::from_secs(3600);

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_jumps_when_both_ends_are_here() {
    let folder = Folder::new();
    let path = folder.file("fifo");
    make_fifo(&path);
    let named = || {
        let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
        let sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
        (sender, receiver)
    };
    for (mut sender, mut receiver) in [pipe::pipe().unwrap(), named()] {
        let start = Instant::now();
        timeout(HOUR, receiver.read(&mut [0; 4])).await.unwrap_err();
        timeout(HOUR, sender.write_all(&[0; 1 << 20]))
            .await
            .unwrap_err();
        assert_eq!(start.elapsed(), 2 * HOUR);
    }
}

#[mainspring::test(start_paused = true)]
async fn the_paused_clock_stands_still_for_a_real_peer() {
    let (receiver, mut sender) = io::pipe().unwrap();
    let mut receiver = Receiver::from_owned_fd(receiver.into()).unwrap();
    let (go, may_go) = mpsc::channel();
    let peer = thread::spawn(move || {
        may_go.recv().unwrap();
        sender.write_all(b"tick").unwrap();
        sender
    });
    let starter = mainspring::spawn(async move {
        // The read waits by now, and so does everybody else.
        idle().await;
        go.send(()).unwrap();
    });
    let read = timeout(Duration::from_secs(1), receiver.read_exact(&mut [0; 4])).await;
    read.expect("the clock waited for the peer").unwrap();
    starter.await.unwrap();
    let _silent = peer.join().unwrap();

    // A wait that was given up is forgotten.
    assert!(poll_once(&mut receiver.read(&mut [0; 4])).is_pending());
    sleep(HOUR).await;
}
