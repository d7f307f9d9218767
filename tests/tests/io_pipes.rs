//! Pipes in memory, and halves: `duplex`, `simplex`, `split` and `join`.

use std::io::ErrorKind;
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use mainspring::io::{
    self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf,
    SimplexStream, WriteHalf,
};
use mainspring::time::{Instant, sleep, timeout};
use mainspring::{spawn, yield_now};
use mainspring_tests::by_hand::{Bell, evil, poll_once, the_last_waker_counts};
use mainspring_tests::in_time::in_time;
use mainspring_tests::script::Script;
use mainspring_tests::script::Step::{Come, Hang};

// Pipes

#[mainspring::test]
async fn a_pipe_takes_what_it_has_room_for() {
    let (mut here, mut there) = io::duplex(4);
    assert_eq!(here.write(b"tick tock").await.unwrap(), 4);
    assert!(poll_once(here.write(b" tock")).is_pending());
    assert_eq!(there.read(&mut [0; 3]).await.unwrap(), 3);
    let slices = [b"", &b" "[..], b"tock"].map(std::io::IoSlice::new);
    assert_eq!(here.write_vectored(&slices).await.unwrap(), 3);
    let mut read = [0; 8];
    assert_eq!(there.read(&mut read).await.unwrap(), 4);
    assert_eq!(&read[..4], b"k to");
    // Nothing asks nobody, and is taken at once.
    assert_eq!(there.read(&mut []).await.unwrap(), 0);
    assert_eq!(here.write(b"").await.unwrap(), 0);
}

#[mainspring::test]
async fn an_end_that_is_dropped_is_the_end_of_both_directions() {
    let (mut here, mut there) = io::duplex(4);
    here.write_all(b"tick").await.unwrap();
    there.write_all(b"tock").await.unwrap();
    let writer = spawn(async move {
        let error = there.write_all(b"!").await.unwrap_err();
        (there, error.kind())
    });
    yield_now().await;
    drop(here);
    let (mut there, kind) = writer.await.unwrap();
    assert_eq!(kind, ErrorKind::BrokenPipe);
    let error = there.write(b"").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let mut rest = String::new();
    there.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "tick");
}

#[mainspring::test]
async fn a_shutdown_ends_one_direction_and_wakes_who_waits_for_it() {
    let (mut here, mut there) = io::duplex(4);
    let reader = spawn(async move {
        let count = there.read(&mut [0; 4]).await.unwrap();
        there.write_all(b"tock").await.unwrap();
        count
    });
    yield_now().await;
    here.shutdown().await.unwrap();
    assert_eq!(reader.await.unwrap(), 0);
    let mut heard = [0; 4];
    here.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"tock");
    let error = here.write(b"!").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_pipe_keeps_the_last_waker_and_only_while_it_is_waited_for() {
    let (mut here, mut there) = io::duplex(1);
    let mut byte = [0];
    the_last_waker_counts(there.read(&mut byte), || {
        assert!(poll_once(here.write(b"!")).is_ready());
    });
    assert!(poll_once(here.write(b"!")).is_ready());
    the_last_waker_counts(here.write(b"!"), || {
        assert!(poll_once(there.read(&mut [0])).is_ready());
    });

    // tokio 7886: a wait that is given up, or an end that is dropped, leaves no waker behind.
    let bell = Bell::new();
    assert!(bell.poll(&mut here.read(&mut byte)).is_pending());
    assert!(bell.poll(&mut here.write(b"!")).is_pending());
    assert_eq!(Arc::strong_count(&bell), 1);
    let waker = Waker::from(bell.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(Pin::new(&mut here).poll_write(&mut cx, b"!").is_pending());
    let mut buf = ReadBuf::new(&mut byte);
    assert!(
        Pin::new(&mut here)
            .poll_read(&mut cx, &mut buf)
            .is_pending()
    );
    assert_eq!(Arc::strong_count(&bell), 4);
    drop(here);
    assert_eq!((Arc::strong_count(&bell), bell.rings()), (2, 0));
}

#[test]
fn no_waker_runs_under_the_lock_of_a_pipe() {
    const OCCASIONS: [&str; 3] = ["clone", "wake", "drop"];
    in_time(|| {
        let (one, other) = io::duplex(1);
        let ends = Arc::new([one, other].map(Mutex::new));
        let seen = Arc::new([const { AtomicUsize::new(0) }; 3]);
        // Looks into both directions by whichever end is not in use at this moment.
        let waker = evil({
            let (ends, seen) = (ends.clone(), seen.clone());
            move |occasion| {
                let number = OCCASIONS.iter().position(|known| *known == occasion);
                for end in &*ends {
                    let Ok(mut end) = end.try_lock() else {
                        continue;
                    };
                    assert!(poll_once(end.read(&mut [])).is_ready());
                    assert!(poll_once(end.write(b"")).is_ready());
                    seen[number.unwrap()].fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let mut cx = Context::from_waker(&waker);
        let [one, other] = &*ends;
        let mut byte = [0];

        // Woken, after the waker was replaced twice; and given up.
        let mut buf = ReadBuf::new(&mut byte);
        let poll = |cx: &mut Context<'_>, buf: &mut ReadBuf<'_>| {
            Pin::new(&mut *other.lock().unwrap()).poll_read(cx, buf)
        };
        assert!(poll(&mut cx, &mut buf).is_pending());
        assert!(poll(&mut Context::from_waker(Waker::noop()), &mut buf).is_pending());
        assert!(poll(&mut cx, &mut buf).is_pending());
        assert!(poll_once(one.lock().unwrap().write(b"!")).is_ready());
        assert!(poll(&mut cx, &mut buf).is_ready());
        buf.clear();
        assert!(poll(&mut cx, &mut buf).is_pending());
        Pin::new(&mut *other.lock().unwrap()).abandon_read();

        for occasion in &*seen {
            assert!(occasion.load(Ordering::Relaxed) > 0, "{seen:?}");
        }
    });
}

#[mainspring::test]
async fn a_task_that_talks_to_itself_gives_way() {
    let (mut here, mut there) = io::duplex(8);
    let talk = async {
        loop {
            here.write_all(b"tick").await.unwrap();
            there.read_exact(&mut [0; 4]).await.unwrap();
        }
    };
    let mut talk = pin!(talk);
    let alone = std::future::poll_fn(|cx| Poll::Ready(talk.as_mut().poll(cx).is_pending())).await;
    assert!(alone, "it would have talked for ever");
}

#[mainspring::test(start_paused = true)]
async fn under_a_paused_clock_a_pipe_is_nothing_but_two_tasks() {
    let begun = Instant::now();
    let (mut client, mut server) = io::duplex(64);
    spawn(async move {
        let mut question = [0; 4];
        server.read_exact(&mut question).await.unwrap();
        sleep(Duration::from_secs(3600)).await;
        server.write_all(b"tock").await.unwrap();
        sleep(Duration::from_secs(3600)).await;
    });
    client.write_all(b"tick").await.unwrap();
    let limit = Duration::from_secs(10);
    assert!(timeout(limit, client.read_u8()).await.is_err());
    assert_eq!(
        client.read_u32().await.unwrap(),
        u32::from_be_bytes(*b"tock")
    );
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(begun.elapsed(), Duration::from_secs(7200));
}

#[mainspring::test]
async fn a_pipe_reaches_into_another_thread() {
    let (mut client, mut server) = io::duplex(3);
    let echo = thread::spawn(move || {
        mainspring::run(async move {
            let mut heard = vec![0; 1000];
            server.read_exact(&mut heard).await.unwrap();
            server.write_all(&heard).await.unwrap();
        });
    });
    let sent: Vec<u8> = (0..1000).map(|number| number as u8).collect();
    let mut heard = vec![0; 1000];
    client.write_all(&sent).await.unwrap();
    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard, sent);
    echo.join().unwrap();
}

#[test]
fn a_pipe_without_room_is_refused_with_the_remedy() {
    let calls: [fn(); 3] = [
        || drop(io::duplex(0)),
        || drop(io::simplex(0)),
        || drop(SimplexStream::new_unsplit(0)),
    ];
    for call in calls {
        let panic = catch_unwind(call).unwrap_err();
        assert!(panic.downcast::<&str>().unwrap().contains("at least 1"));
    }
}

#[mainspring::test]
async fn one_direction_can_be_read_by_who_writes_to_it() {
    let mut stream = SimplexStream::new_unsplit(8);
    stream.write_all(b"tick").await.unwrap();
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"tick");
    assert!(poll_once(stream.read(&mut heard)).is_pending());
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut heard).await.unwrap(), 0);
}

// Halves

#[mainspring::test]
async fn two_halves_are_one_stream_again_and_strangers_are_not() {
    let (reader, mut writer) = io::split(Script::new([]));
    let (other_reader, other_writer) = io::split(Script::new([]));
    assert!(reader.is_pair_of(&writer) && writer.is_pair_of(&reader));
    assert!(!reader.is_pair_of(&other_writer) && !writer.is_pair_of(&other_reader));
    writer.write_all(b"tick").await.unwrap();
    assert_eq!(reader.unsplit(writer).written, b"tick");

    let strangers = catch_unwind(AssertUnwindSafe(|| {
        let (reader, _writer) = io::split(Script::new([]));
        reader.unsplit(other_writer)
    }));
    let message = strangers.unwrap_err().downcast::<&str>().unwrap();
    assert!(message.contains("is_pair_of"), "{message}");
}

#[mainspring::test]
async fn halves_tell_the_stream_of_waits_that_are_given_up() {
    let (mut reader, mut writer) = io::split(Script::new([Hang]));
    assert!(poll_once(reader.read(&mut [0])).is_pending());
    assert!(poll_once(writer.write(b"!")).is_pending());
    assert!(poll_once(writer.flush()).is_pending());
    assert!(poll_once(writer.shutdown()).is_pending());
    let stream = reader.unsplit(writer);
    assert_eq!((stream.reads_abandoned, stream.writes_abandoned), (1, 3));

    let mut joined = io::join(Script::new([Hang]), Script::new([Hang]));
    assert!(poll_once(joined.read(&mut [0])).is_pending());
    assert!(poll_once(joined.write(b"!")).is_pending());
    let (reader, writer) = joined.into_inner();
    assert_eq!((reader.reads_abandoned, writer.writes_abandoned), (1, 1));
}

/// A stream that may not be moved, and is read in one piece.
struct Heavy(PhantomPinned);

impl AsyncRead for Heavy {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        buf.put_slice(b"!");
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Heavy {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        panic!("it cannot be shut down");
    }
}

#[mainspring::test]
async fn a_stream_that_may_not_be_moved_can_be_split_and_survives_its_own_panic() {
    let (mut reader, mut writer) = io::split(Heavy(PhantomPinned));
    assert_eq!(writer.write(b"tick").await.unwrap(), 4);
    let shut_down = catch_unwind(AssertUnwindSafe(|| poll_once(writer.shutdown())));
    assert!(shut_down.is_err());
    assert_eq!(reader.read_u8().await.unwrap(), b'!');
}

/// Reads a byte with the bell's waker.
fn read_by_hand(reader: &mut ReadHalf<SimplexStream>, waker: &Waker) -> Poll<io::Result<()>> {
    let mut byte = [0];
    let mut cx = Context::from_waker(waker);
    Pin::new(reader).poll_read(&mut cx, &mut ReadBuf::new(&mut byte))
}

#[test]
fn a_waker_may_poll_the_other_half_while_this_one_is_polled() {
    in_time(|| {
        let (reader, mut writer) = io::simplex(1);
        let reader = Arc::new(Mutex::new(reader));
        let bell = Bell::new();
        // Whoever is woken by the write reads at once, on the writer's stack.
        let hasty = evil({
            let (reader, bell) = (reader.clone(), bell.clone());
            move |occasion| {
                if occasion == "wake" {
                    let mut reader = reader.lock().unwrap();
                    let polled = read_by_hand(&mut reader, &Waker::from(bell.clone()));
                    assert!(polled.is_pending(), "the stream is with the other half");
                }
            }
        });
        assert!(read_by_hand(&mut reader.lock().unwrap(), &hasty).is_pending());
        assert!(poll_once(writer.write(b"!")).is_ready());
        assert_eq!(bell.rings(), 1, "the stream is back");
        let read = read_by_hand(&mut reader.lock().unwrap(), &hasty);
        assert!(read.is_ready());
    });
}

#[test]
fn the_stream_goes_with_the_second_half() {
    let (here, mut there) = io::duplex(1);
    let (reader, writer): (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>) = io::split(here);
    drop(writer);
    assert!(poll_once(there.read(&mut [0])).is_pending());
    drop(reader);
    assert!(matches!(
        poll_once(there.read(&mut [0])),
        Poll::Ready(Ok(0))
    ));
}

#[mainspring::test]
async fn halves_work_on_two_threads_at_once() {
    let (here, mut there) = io::duplex(5);
    let (mut reader, mut writer) = io::split(here);
    let echo = spawn(async move {
        let (mut reader, mut writer) = io::split(&mut there);
        io::copy(&mut reader, &mut writer).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let sent = vec![7; 3000];
    let bytes = sent.clone();
    let sender = thread::spawn(move || {
        mainspring::run(async move {
            writer.write_all(&bytes).await.unwrap();
            writer.shutdown().await.unwrap();
        });
    });
    let mut heard = Vec::new();
    reader.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard, sent);
    sender.join().unwrap();
    echo.await.unwrap();
}

// What reads in a chain, and in an empty part of it

#[mainspring::test]
async fn tokio_8251_nothing_read_into_no_room_is_no_end() {
    let mut chain = AsyncReadExt::chain(Script::new([Come(b"tick".into())]), &b"tock"[..]);
    assert_eq!(chain.read(&mut []).await.unwrap(), 0);
    let mut read = String::new();
    chain.read_to_string(&mut read).await.unwrap();
    assert_eq!(read, "ticktock");
    assert!(poll_once(io::repeat(1).read(&mut [])).is_ready());
}

#[test]
fn a_chain_gives_up_the_wait_of_the_stream_it_is_at() {
    let mut chain = AsyncReadExt::chain(Script::new([]), Script::new([Hang]));
    assert!(poll_once(chain.read(&mut [0])).is_pending());
    let (first, second) = chain.into_inner();
    assert_eq!((first.reads_abandoned, second.reads_abandoned), (0, 1));
    let mut chain = AsyncReadExt::chain(Script::new([Hang]), Script::new([]));
    assert!(poll_once(chain.read(&mut [0])).is_pending());
    assert_eq!(chain.get_ref().0.reads_abandoned, 1);
}
