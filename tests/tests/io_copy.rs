//! Copies, and what they owe to both ends.

use std::io::ErrorKind;
use std::pin::pin;
use std::task::Poll;

use mainspring::io::{self, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use mainspring::{spawn, yield_now};
use mainspring_tests::by_hand::poll_once;
use mainspring_tests::script::Step::{Come, Fail, Hang, Take, Wait};
use mainspring_tests::script::{Script, Step};

fn come(bytes: &str) -> Step {
    Come(bytes.into())
}

#[mainspring::test(start_paused = true)]
async fn a_copy_flushes_while_its_reader_has_nothing() {
    // An echo behind a buffer: without the flush both sides would wait for each other.
    let (mut client, server) = io::duplex(64);
    spawn(async move {
        let (mut reader, writer) = io::split(server);
        io::copy(&mut reader, &mut BufWriter::new(writer)).await
    });
    client.write_all(b"tick").await.unwrap();
    let mut heard = [0; 4];
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"tick");

    let (mut client, server) = io::duplex(64);
    spawn(async move {
        let (reader, writer) = io::split(server);
        io::copy_buf(&mut BufReader::new(reader), &mut BufWriter::new(writer)).await
    });
    client.write_all(b"tock").await.unwrap();
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"tock");
}

#[mainspring::test(start_paused = true)]
async fn a_copy_between_streams_that_never_wait_gives_way() {
    let endless = async {
        io::copy(&mut io::repeat(1), &mut io::sink()).await.unwrap();
    };
    assert!(poll_once(endless).is_pending());

    // Streams that count nothing, over and over: the copy itself counts.
    let many = async {
        loop {
            io::copy(&mut &b"tick"[..], &mut Vec::new()).await.unwrap();
            io::copy_buf(&mut &b"tick"[..], &mut Vec::new())
                .await
                .unwrap();
            io::copy(&mut &b""[..], &mut Vec::new()).await.unwrap();
        }
    };
    let mut many = pin!(many);
    for _ in 0..3 {
        let polled = std::future::poll_fn(|cx| Poll::Ready(many.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        yield_now().await;
    }
}

#[mainspring::test(start_paused = true)]
async fn the_error_of_either_end_is_passed_on_as_it_came() {
    let mut reader = Script::new([come("tick"), Fail(ErrorKind::ConnectionReset)]);
    let mut written = Vec::new();
    let error = io::copy(&mut reader, &mut written).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(written, b"tick");

    let mut writer = Script::new([Take(2), Fail(ErrorKind::BrokenPipe)]);
    let error = io::copy(&mut &b"tick"[..], &mut writer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);

    for step in [Take(0), Fail(ErrorKind::WriteZero)] {
        let mut writer = Script::new([step]);
        let error = io::copy(&mut &b"tick"[..], &mut writer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WriteZero);
    }
    let mut reader: &[u8] = b"tick";
    let mut writer = Script::new([Take(1), Take(0)]);
    let error = io::copy_buf(&mut reader, &mut writer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
    assert_eq!(reader, b"ick");
}

#[mainspring::test(start_paused = true)]
async fn a_copy_that_is_dropped_gives_up_both_waits() {
    let (mut reader, mut writer) = (Script::new([come("tick"), Hang]), Script::new([Hang]));
    assert!(poll_once(io::copy(&mut reader, &mut writer)).is_pending());
    assert_eq!((reader.reads_abandoned, writer.writes_abandoned), (1, 1));

    let mut reader = BufReader::new(Script::new([come("tick"), Hang]));
    let mut written = Vec::new();
    assert!(poll_once(io::copy_buf(&mut reader, &mut written)).is_pending());
    assert_eq!(
        (reader.get_ref().reads_abandoned, &written[..]),
        (1, &b"tick"[..])
    );
    let mut writer = Script::new([Hang]);
    assert!(poll_once(io::copy_buf(&mut &b"tick"[..], &mut writer)).is_pending());
    assert_eq!(writer.writes_abandoned, 1);

    let (mut one, mut other) = (Script::new([Hang]), Script::new([Hang]));
    assert!(poll_once(io::copy_bidirectional(&mut one, &mut other)).is_pending());
    assert_eq!((one.reads_abandoned, other.reads_abandoned), (1, 1));

    // The first has ended, and the second is flushed, and does not let itself be shut down.
    let mut one = io::join(io::empty(), io::sink());
    let mut other = Script::new([Take(0), Hang]);
    assert!(poll_once(io::copy_bidirectional(&mut one, &mut other)).is_pending());
    assert_eq!((other.reads_abandoned, other.writes_abandoned), (1, 1));
}

#[mainspring::test(start_paused = true)]
async fn each_direction_ends_for_itself() {
    let (mut client, mut front) = io::duplex(4);
    let (mut back, mut server) = io::duplex(4);
    let proxy = spawn(async move { io::copy_bidirectional(&mut front, &mut back).await });

    client.write_all(b"question").await.unwrap();
    client.shutdown().await.unwrap();
    let mut heard = String::new();
    server.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "question");

    // The way back is still open.
    server.write_all(b"answer").await.unwrap();
    assert!(!proxy.is_finished());
    drop(server);
    heard.clear();
    client.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "answer");
    assert_eq!(proxy.await.unwrap().unwrap(), (8, 6));
}

#[mainspring::test(start_paused = true)]
async fn an_error_of_one_direction_ends_both() {
    let (mut client, mut front) = io::duplex(4);
    let mut back = Script::new([Fail(ErrorKind::ConnectionReset)]);
    client.write_all(b"tick").await.unwrap();
    let error = io::copy_bidirectional(&mut front, &mut back)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[mainspring::test(start_paused = true)]
async fn f32_what_takes_several_steps_goes_on_after_an_interruption() {
    let broken = || Fail(ErrorKind::Interrupted);
    let reader = || Script::new([broken(), come("ti"), broken(), come("ck"), broken()]);
    let writer = || Script::new([broken(), Take(1), broken(), Take(2), broken()]);

    reader().read_exact(&mut [0; 4]).await.unwrap();
    assert_eq!(
        reader().read_u32().await.unwrap(),
        u32::from_be_bytes(*b"tick")
    );
    let mut read = Vec::new();
    reader().read_to_end(&mut read).await.unwrap();
    let mut text = String::new();
    reader().read_to_string(&mut text).await.unwrap();
    BufReader::new(reader()).read_line(&mut text).await.unwrap();
    assert_eq!((&read[..], &text[..]), (&b"tick"[..], "ticktick"));

    let mut stream = writer();
    stream.write_all(b"tick").await.unwrap();
    assert_eq!(stream.written, b"tick");
    let mut stream = writer();
    stream.write_all_buf(&mut &b"tick"[..]).await.unwrap();
    assert_eq!(stream.written, b"tick");
    let mut stream = writer();
    stream
        .write_u32(u32::from_be_bytes(*b"tick"))
        .await
        .unwrap();
    assert_eq!(stream.written, b"tick");
    let mut stream = BufWriter::new(writer());
    stream.write_all(b"tick").await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(stream.into_inner().written, b"tick");

    let mut written = Vec::new();
    assert_eq!(io::copy(&mut reader(), &mut written).await.unwrap(), 4);
    let mut buffered = BufReader::new(reader());
    assert_eq!(io::copy_buf(&mut buffered, &mut written).await.unwrap(), 4);
    assert_eq!(written, b"ticktick");
}

// Buffers

#[mainspring::test(start_paused = true)]
async fn a_buffered_writer_keeps_what_is_small_and_passes_on_what_is_large() {
    let mut writer = BufWriter::with_capacity(4, Script::new([]));
    writer.write_all(b"ti").await.unwrap();
    assert_eq!(
        (writer.buffer(), &writer.get_ref().written[..]),
        (&b"ti"[..], &b""[..])
    );
    writer.write_all(b"cks").await.unwrap();
    assert_eq!(
        (writer.buffer(), &writer.get_ref().written[..]),
        (&b"cks"[..], &b"ti"[..])
    );
    assert_eq!(writer.write(b" and tocks").await.unwrap(), 10);
    assert_eq!(
        (writer.buffer(), &writer.get_ref().written[..]),
        (&b""[..], &b"ticks and tocks"[..])
    );
}

#[mainspring::test(start_paused = true)]
async fn a_buffered_writer_keeps_what_an_error_left() {
    let steps = [Take(1), Fail(ErrorKind::TimedOut), Take(1), Take(0), Wait];
    let mut writer = BufWriter::new(Script::new(steps));
    writer.write_all(b"tick").await.unwrap();
    assert_eq!(
        writer.flush().await.unwrap_err().kind(),
        ErrorKind::TimedOut
    );
    assert_eq!(writer.buffer(), b"ick");
    assert_eq!(
        writer.flush().await.unwrap_err().kind(),
        ErrorKind::WriteZero
    );
    assert_eq!(writer.buffer(), b"ck");
    writer.shutdown().await.unwrap();
    assert_eq!(writer.into_inner().written, b"tick");
}

#[test]
fn a_buffered_stream_tells_of_waits_that_are_given_up_and_shows_its_buffer() {
    let mut writer = BufWriter::new(Script::new([Hang]));
    assert!(poll_once(writer.write_all(b"tick")).is_ready());
    assert!(poll_once(writer.flush()).is_pending());
    assert!(poll_once(writer.read(&mut [0])).is_pending());
    assert!(
        format!("{writer:?}").ends_with("buffer: 4/8192 }"),
        "{writer:?}"
    );
    let stream = writer.into_inner();
    assert_eq!((stream.reads_abandoned, stream.writes_abandoned), (1, 1));

    let mut stream = io::BufStream::from(BufWriter::new(BufReader::new(Script::new([Hang]))));
    assert!(poll_once(stream.fill_buf()).is_pending());
    assert!(poll_once(stream.write_all(b"tick")).is_ready());
    assert!(poll_once(stream.flush()).is_pending());
    let stream = stream.into_inner();
    assert_eq!((stream.reads_abandoned, stream.writes_abandoned), (1, 1));
}

#[mainspring::test(start_paused = true)]
async fn what_was_ahead_and_behind_stays_when_the_buffers_change_places() {
    let mut writer = BufWriter::new(BufReader::new(Script::new([come("tick tock")])));
    writer.write_all(b"word").await.unwrap();
    writer.read_exact(&mut [0; 5]).await.unwrap();
    let mut stream = io::BufStream::from(writer);
    let mut word = [0; 4];
    stream.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"tock");
    stream.flush().await.unwrap();
    assert_eq!(stream.into_inner().written, b"word");
}

#[mainspring::test(start_paused = true)]
async fn fill_buf_lends_the_buffer_for_as_long_as_the_stream() {
    let mut reader = BufReader::new(Script::new([Wait, come("tick")]));
    let available: &[u8] = reader.fill_buf().await.unwrap();
    assert_eq!(available, b"tick");
    reader.consume(2);
    assert_eq!(reader.fill_buf().await.unwrap(), b"ck");
    reader.consume(100);
    assert_eq!(reader.fill_buf().await.unwrap(), b"");
}

#[test]
fn a_buffer_without_room_is_refused_with_the_remedy() {
    let calls: [fn(); 3] = [
        || drop(BufReader::with_capacity(0, io::empty())),
        || drop(io::BufStream::with_capacity(0, 8, io::empty())),
        || {
            drop(io::copy_bidirectional_with_sizes(
                &mut io::empty(),
                &mut io::empty(),
                8,
                0,
            ))
        },
    ];
    for call in calls {
        let panic = std::panic::catch_unwind(call).unwrap_err();
        assert!(panic.downcast::<&str>().unwrap().contains("at least 1"));
    }
}
