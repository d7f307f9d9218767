//! What `AsyncWriteExt` promises, whatever the stream does.

use std::future::Future;
use std::io::{Cursor, ErrorKind, IoSlice};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mainspring::io::{AsyncWrite, AsyncWriteExt};
use mainspring_tests::script::Script;
use mainspring_tests::script::Step::{Fail, Hang, Take, Wait};

/// One poll, whose waker nobody hears.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[mainspring::test]
async fn write_says_how_much_was_taken() {
    let mut stream = Script::new([Take(2), Wait]);
    assert_eq!(stream.write(b"tick").await.unwrap(), 2);
    assert_eq!(stream.write(b"ck").await.unwrap(), 2);
    assert_eq!(stream.written, b"tick");
}

#[mainspring::test]
async fn write_all_goes_on_until_nothing_is_left() {
    let mut stream = Script::new([Take(1), Wait, Take(2), Take(3)]);
    stream.write_all(b"tick tock").await.unwrap();
    assert_eq!(stream.written, b"tick tock");
    // Nothing to be written asks nobody.
    Script::new([Hang]).write_all(b"").await.unwrap();
}

#[mainspring::test]
async fn a_stream_that_takes_no_more_is_an_error() {
    let mut stream = Script::new([Take(2), Take(0)]);
    let error = stream.write_all(b"tick").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(stream.written, b"ti");

    let mut rest: &[u8] = b"tick";
    let mut stream = Script::new([Take(2), Take(0)]);
    let error = stream.write_all_buf(&mut rest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(rest, b"ck");
}

#[mainspring::test]
async fn an_error_is_passed_on_as_it_came() {
    let mut stream = Script::new([Take(2), Fail(ErrorKind::BrokenPipe)]);
    let error = stream.write_all(b"tick").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let mut stream = Script::new([Fail(ErrorKind::TimedOut), Fail(ErrorKind::NotConnected)]);
    assert_eq!(
        stream.flush().await.unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    assert_eq!(
        stream.shutdown().await.unwrap_err().kind(),
        ErrorKind::NotConnected
    );
}

#[mainspring::test]
async fn write_all_buf_keeps_what_was_not_written_when_it_is_dropped() {
    let mut stream = Script::new([Take(2), Wait]);
    let mut rest: &[u8] = b"tick tock";
    assert!(poll_once(stream.write_all_buf(&mut rest)).is_pending());
    assert_eq!(rest, b"ck tock");
    stream.write_all_buf(&mut rest).await.unwrap();
    assert_eq!(stream.written, b"tick tock");
}

#[mainspring::test]
async fn write_buf_takes_what_was_written_out_of_the_buffer() {
    let mut stream = Script::new([Take(3)]);
    let mut rest: &[u8] = b"tick";
    assert_eq!(stream.write_buf(&mut rest).await.unwrap(), 3);
    assert_eq!(rest, b"k");
    assert_eq!(stream.write_buf(&mut rest).await.unwrap(), 1);
    assert_eq!(stream.write_buf(&mut rest).await.unwrap(), 0);
}

#[mainspring::test]
async fn a_buffer_in_pieces_is_written_at_once_where_that_is_cheaper() {
    let mut rest = bytes::Buf::chain(&b"tick "[..], &b"tock"[..]);
    let mut memory = Vec::new();
    assert!(memory.is_write_vectored());
    assert_eq!(memory.write_buf(&mut rest).await.unwrap(), 9);
    assert_eq!(memory, b"tick tock");
}

#[mainspring::test]
async fn a_stream_that_takes_one_buffer_takes_the_first_that_is_not_empty() {
    let mut stream = Script::new([]);
    let bufs = [&b""[..], b"tick", b"tock"].map(IoSlice::new);
    assert_eq!(stream.write_vectored(&bufs).await.unwrap(), 4);
    assert_eq!(stream.written, b"tick");
    assert_eq!(stream.write_vectored(&[]).await.unwrap(), 0);
}

#[mainspring::test]
async fn a_wait_that_is_dropped_is_given_up() {
    let mut stream = Script::new([Take(4), Hang]);
    stream.write_all(b"tick").await.unwrap();
    assert_eq!(stream.writes_abandoned, 0);
    assert!(poll_once(stream.write(b"tick")).is_pending());
    assert!(poll_once(stream.write_all(b"tick")).is_pending());
    assert!(poll_once(stream.write_vectored(&[])).is_pending());
    assert!(poll_once(stream.write_buf(&mut &b"tick"[..])).is_pending());
    assert!(poll_once(stream.write_all_buf(&mut &b"tick"[..])).is_pending());
    assert!(poll_once(stream.flush()).is_pending());
    assert!(poll_once(stream.shutdown()).is_pending());
    assert!(poll_once(Box::pin(&mut stream).flush()).is_pending());
    assert_eq!(stream.writes_abandoned, 8);
}

#[mainspring::test]
async fn memory_is_a_stream() {
    let mut page = Vec::new();
    page.write_all(b"tick").await.unwrap();
    page.shutdown().await.unwrap();
    assert_eq!(page, b"tick");

    let mut memory = [0; 4];
    let mut cursor = Cursor::new(&mut memory[..]);
    let error = cursor.write_all(b"ticks").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(&memory, b"tick");
}
