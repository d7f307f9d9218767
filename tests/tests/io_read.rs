//! What the reading methods promise, whatever the stream does: `ReadBuf`, `AsyncReadExt`,
//! `AsyncBufReadExt`, `BufReader`, `Lines` and `Take`.

use std::future::Future;
use std::io::{Cursor, ErrorKind};
use std::mem::MaybeUninit;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mainspring::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, ReadBuf};
use mainspring_tests::script::Step::{Come, Fail, Hang, Wait};
use mainspring_tests::script::{Script, Step};

fn come(bytes: &str) -> Step {
    Come(bytes.into())
}

/// One poll, whose waker nobody hears.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// The message of the panic.
fn told(call: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(call).unwrap_err();
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    }
}

// ReadBuf

#[test]
fn a_read_buf_is_filled_from_the_front() {
    let mut memory = [7; 8];
    let mut buf = ReadBuf::new(&mut memory);
    assert_eq!((buf.capacity(), buf.remaining()), (8, 8));
    assert_eq!(buf.initialized(), [7; 8]);

    buf.put_slice(b"ti");
    buf.initialize_unfilled()[..2].copy_from_slice(b"ck");
    buf.advance(2);
    assert_eq!(buf.filled(), b"tick");
    assert_eq!(buf.filled_mut(), b"tick");
    assert_eq!(buf.remaining(), 4);

    buf.set_filled(2);
    assert_eq!(buf.filled(), b"ti");
    buf.clear();
    assert_eq!(buf.filled(), b"");
    assert_eq!(buf.initialized_mut(), b"tick\x07\x07\x07\x07");
}

#[test]
fn a_read_buf_over_uninitialised_memory_initialises_what_is_asked_for() {
    for length in [0, 1, 8, 8192, 100_000] {
        let mut memory = vec![MaybeUninit::uninit(); length];
        let mut buf = ReadBuf::uninit(&mut memory);
        assert_eq!((buf.capacity(), buf.remaining()), (length, length));
        assert_eq!(buf.initialized(), b"");
        assert_eq!(buf.initialize_unfilled_to(length / 2).len(), length / 2);
        assert_eq!(buf.initialized(), vec![0; length / 2]);
        assert_eq!(buf.initialize_unfilled().len(), length);
        buf.advance(length);
        assert_eq!(buf.remaining(), 0);
    }
}

#[test]
fn a_part_of_a_read_buf_counts_when_it_is_told_so() {
    let mut memory = [MaybeUninit::uninit(); 8];
    let mut buf = ReadBuf::uninit(&mut memory);
    buf.put_slice(b"12");
    let mut part = buf.take(4);
    assert_eq!((part.capacity(), part.initialized().len()), (4, 0));
    part.put_slice(b"34");
    assert_eq!(buf.filled(), b"12");
    buf.assume_init(2);
    buf.advance(2);
    assert_eq!(buf.filled(), b"1234");
    assert_eq!(buf.take(usize::MAX).capacity(), 4);
}

#[test]
fn a_read_buf_refuses_more_than_it_has() {
    let message = told(|| ReadBuf::new(&mut [0; 4]).put_slice(b"ticks"));
    assert!(message.contains("room for 4"), "{message}");
    let message = told(|| ReadBuf::uninit(&mut [MaybeUninit::uninit(); 4]).set_filled(1));
    assert!(message.contains("initialize_unfilled"), "{message}");
    told(|| ReadBuf::new(&mut [0; 4]).advance(usize::MAX));
    let message = told(|| {
        ReadBuf::new(&mut [0; 4]).unfilled_mut();
    });
    assert!(message.contains("initialize_unfilled"), "{message}");
}

// AsyncReadExt

#[mainspring::test]
async fn read_takes_what_there_is() {
    let mut stream = Script::new([come("tick"), Wait, come("tock")]);
    let mut buf = [0; 3];
    assert_eq!(stream.read(&mut buf).await.unwrap(), 3);
    assert_eq!(stream.read(&mut buf).await.unwrap(), 1);
    assert_eq!(&buf, b"kic");
    assert_eq!(stream.read(&mut buf).await.unwrap(), 3);
    assert_eq!(stream.read(&mut buf).await.unwrap(), 1);
    assert_eq!(stream.read(&mut buf).await.unwrap(), 0);
}

#[mainspring::test]
async fn an_error_is_passed_on_as_it_came() {
    let mut stream = Script::new([Fail(ErrorKind::TimedOut), come("tick")]);
    let error = stream.read(&mut [0; 4]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(stream.read(&mut [0; 4]).await.unwrap(), 4);
}

#[mainspring::test]
async fn read_exact_waits_for_all_of_it() {
    let mut stream = Script::new([come("ti"), Wait, come("ck"), Wait, come("to")]);
    let mut word = [0; 4];
    assert_eq!(stream.read_exact(&mut word).await.unwrap(), 4);
    assert_eq!(&word, b"tick");
    let error = stream.read_exact(&mut word).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

#[mainspring::test]
async fn tokio_8251_read_exact_into_nothing_asks_nobody() {
    let mut stream = Script::new([Hang]);
    assert_eq!(stream.read_exact(&mut []).await.unwrap(), 0);
}

#[mainspring::test]
async fn read_to_end_appends_and_goes_on_after_it_was_dropped() {
    let long = "tick".repeat(10_000);
    let mut stream = Script::new([come(&long), Wait, come("tock")]);
    let mut read = b"> ".to_vec();
    assert!(poll_once(stream.read_to_end(&mut read)).is_pending());
    assert_eq!(read.len(), 2 + long.len());
    assert_eq!(stream.read_to_end(&mut read).await.unwrap(), 4);
    assert_eq!(String::from_utf8(read).unwrap(), format!("> {long}tock"));
}

#[mainspring::test]
async fn read_to_end_keeps_what_came_before_an_error() {
    let mut stream = Script::new([come("tick"), Fail(ErrorKind::ConnectionReset), come("tock")]);
    let mut read = Vec::new();
    let error = stream.read_to_end(&mut read).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(read, b"tick");
}

#[mainspring::test]
async fn read_to_string_puts_split_characters_together_and_refuses_what_is_none() {
    let umlaut = "ü".as_bytes();
    let mut stream = Script::new([Come(umlaut[..1].into()), Wait, Come(umlaut[1..].into())]);
    let mut text = String::from("> ");
    assert_eq!(stream.read_to_string(&mut text).await.unwrap(), 2);
    assert_eq!(text, "> ü");

    let mut stream = Script::new([come("tick"), Come(umlaut[..1].into())]);
    let error = stream.read_to_string(&mut text).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(text, "> ü");
}

#[mainspring::test]
async fn read_buf_fills_the_room_there_is_and_grows_what_can_grow() {
    let mut stream = Script::new([come("tick tock")]);
    let mut memory = [0; 4];
    let mut room: &mut [u8] = &mut memory;
    assert_eq!(stream.read_buf(&mut room).await.unwrap(), 4);
    assert_eq!(stream.read_buf(&mut room).await.unwrap(), 0);
    assert_eq!(&memory, b"tick");
    let mut grows = Vec::new();
    assert_eq!(stream.read_buf(&mut grows).await.unwrap(), 5);
    assert_eq!(grows, b" tock");
    assert_eq!(stream.read_buf(&mut grows).await.unwrap(), 0);
}

#[mainspring::test]
async fn tokio_6080_a_limit_is_kept_to_whatever_it_is() {
    let stream = Script::new([come("tick tock")]);
    let mut part = stream.take(4);
    let mut read = Vec::new();
    assert_eq!(part.read_to_end(&mut read).await.unwrap(), 4);
    assert_eq!((&read[..], part.limit()), (&b"tick"[..], 0));
    part.set_limit(u64::MAX);
    assert_eq!(part.read_to_end(&mut read).await.unwrap(), 5);
    assert_eq!(part.limit(), u64::MAX - 5);

    // A limit of nothing asks nobody.
    let mut nothing = Script::new([Hang]).take(0);
    assert_eq!(nothing.read(&mut [0; 4]).await.unwrap(), 0);
}

#[mainspring::test]
async fn a_wait_that_is_dropped_is_given_up_and_one_that_ended_is_not() {
    let mut stream = Script::new([come("tick"), Hang]);
    stream.read(&mut [0; 4]).await.unwrap();
    assert_eq!(stream.reads_abandoned, 0);
    assert!(poll_once(stream.read(&mut [0; 4])).is_pending());
    assert!(poll_once(stream.read_exact(&mut [0; 4])).is_pending());
    assert!(poll_once(stream.read_to_end(&mut Vec::new())).is_pending());
    assert!(poll_once(stream.read_to_string(&mut String::new())).is_pending());
    assert!(poll_once(stream.read_buf(&mut Vec::new())).is_pending());
    assert!(poll_once((&mut stream).take(4).read(&mut [0; 4])).is_pending());
    assert!(poll_once(Box::new(&mut stream).read(&mut [0; 4])).is_pending());
    assert_eq!(stream.reads_abandoned, 7);

    let mut reader = BufReader::new(stream);
    assert!(poll_once(reader.read(&mut [0; 4])).is_pending());
    assert!(poll_once(reader.read_line(&mut String::new())).is_pending());
    assert!(poll_once(reader.read_until(b' ', &mut Vec::new())).is_pending());
    let mut lines = reader.lines();
    assert!(poll_once(lines.next_line()).is_pending());
    assert_eq!(lines.into_inner().into_inner().reads_abandoned, 11);
}

// BufReader, lines

#[mainspring::test]
async fn a_buf_reader_asks_once_for_many() {
    let mut reader = BufReader::new(Script::new([come("tick tock"), Hang]));
    let mut word = [0; 4];
    reader.read_exact(&mut word).await.unwrap();
    assert_eq!((&word, reader.buffer()), (b"tick", &b" tock"[..]));
    assert_eq!(reader.read(&mut []).await.unwrap(), 0);
    // What asks for more than the buffer holds gets what is there first.
    let mut large = [0; 16_384];
    assert_eq!(reader.read(&mut large).await.unwrap(), 5);
    assert_eq!(&large[..5], b" tock");
}

#[mainspring::test]
async fn a_buf_reader_of_any_size_changes_nothing() {
    let long = "0123456789".repeat(500);
    for capacity in [1, 2, 7, 64, 4096, 100_000] {
        let stream = Script::new([come(&long[..1234]), Wait, come(&long[1234..])]);
        let mut reader = BufReader::with_capacity(capacity, stream);
        let mut read = String::new();
        let mut few = [0; 3];
        reader.read_exact(&mut few).await.unwrap();
        reader.read_to_string(&mut read).await.unwrap();
        assert_eq!(std::str::from_utf8(&few).unwrap().to_owned() + &read, long);
    }
}

#[mainspring::test]
async fn a_buf_reader_writes_straight_through() {
    let mut stream = BufReader::new(Script::new([]));
    stream.write_all(b"tick").await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(stream.get_ref().written, b"tick");
    stream.get_mut().written.clear();
    stream.shutdown().await.unwrap();
    assert_eq!(stream.into_inner().written, b"");
}

#[mainspring::test]
async fn lines_end_in_either_way_and_the_last_needs_no_end() {
    let mut stream = Script::new([come("a\r"), Wait, come("\nb\n\n"), Wait, come("c\rd")]);
    let mut lines = BufReader::with_capacity(2, &mut stream).lines();
    let mut read = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        read.push(line);
    }
    assert_eq!(read, ["a", "b", "", "c\rd"]);
    assert_eq!(lines.next_line().await.unwrap(), None);
}

#[mainspring::test]
async fn a_line_that_was_begun_is_kept_for_the_next_call() {
    let mut lines = BufReader::new(Script::new([come("ti"), Wait, come("ck\n")])).lines();
    assert!(poll_once(lines.next_line()).is_pending());
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "tick");
}

#[mainspring::test]
async fn a_line_that_is_no_text_is_skipped() {
    let mut lines = BufReader::new(Script::new([Come(b"\xff\ntick\n".into())])).lines();
    let error = lines.next_line().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "tick");
}

#[mainspring::test]
async fn read_line_appends_the_line_and_its_end() {
    let mut reader = BufReader::new(Script::new([come("ti"), Wait, come("ck\nto")]));
    let mut line = String::from("> ");
    assert_eq!(reader.read_line(&mut line).await.unwrap(), 5);
    assert_eq!(line, "> tick\n");
    assert_eq!(reader.read_line(&mut line).await.unwrap(), 2);
    assert_eq!(line, "> tick\nto");
    assert_eq!(reader.read_line(&mut line).await.unwrap(), 0);
}

#[mainspring::test]
async fn read_until_goes_on_after_it_was_dropped() {
    let mut reader = BufReader::new(Script::new([come("ti"), Wait, come("ck,tock")]));
    let mut read = Vec::new();
    assert!(poll_once(reader.read_until(b',', &mut read)).is_pending());
    assert_eq!(read, b"ti");
    assert_eq!(reader.read_until(b',', &mut read).await.unwrap(), 3);
    assert_eq!(read, b"tick,");
    assert_eq!(reader.read_until(b',', &mut read).await.unwrap(), 4);
    assert_eq!(reader.read_until(b',', &mut read).await.unwrap(), 0);
}

#[mainspring::test]
async fn memory_is_a_stream() {
    let mut slice: &[u8] = b"tick\ntock";
    let mut line = String::new();
    slice.read_line(&mut line).await.unwrap();
    assert_eq!(slice, b"tock");

    let mut cursor = Cursor::new(String::from("tick tock"));
    cursor.set_position(5);
    let mut text = String::new();
    cursor.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "tock");
    cursor.set_position(100);
    assert_eq!(cursor.read(&mut [0; 4]).await.unwrap(), 0);
}
