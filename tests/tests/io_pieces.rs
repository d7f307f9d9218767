//! Whatever pieces the bytes come in and go out in, and wherever a wait is given up, they are the
//! same bytes.

use std::future::poll_fn;
use std::io::{BufRead, IoSlice};
use std::pin::pin;
use std::task::Poll;

use bytes::{Buf, BufMut};
use mainspring::io::{
    self, AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt,
    BufReader, BufStream, BufWriter,
};
use mainspring::{spawn, yield_now};
use mainspring_tests::chopped::{Chopped, Die};

const SEEDS: u64 = 200;

/// Awaits what is strict by its own word: at each wait it may be given up, and done again.
macro_rules! strict {
    ($die:expr, $future:expr) => {
        loop {
            let mut future = pin!($future);
            let ready = loop {
                match poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
                    Poll::Ready(output) => break Some(output),
                    Poll::Pending if $die.throw(2) == 0 => break None,
                    Poll::Pending => yield_now().await,
                }
            };
            match ready {
                Some(output) => break output.unwrap(),
                None => yield_now().await,
            }
        }
    };
}

/// Reads everything, by whatever method the die says.
async fn read_all(die: &mut Die, mut reader: impl AsyncBufRead + Unpin) -> Vec<u8> {
    let mut read = Vec::new();
    let mut few = [0; 50];
    loop {
        let length = 1 + die.throw(few.len() - 1);
        let count = match die.throw(5) {
            0 => {
                let count = strict!(die, reader.read(&mut few[..length]));
                read.extend_from_slice(&few[..count]);
                count
            }
            1 => strict!(die, reader.read_buf(&mut read)),
            2 => {
                let before = read.len();
                strict!(die, reader.read_until(b'\n', &mut read));
                read.len() - before
            }
            3 => {
                let available = strict!(die, reader.fill_buf());
                let count = available.len().min(length);
                read.extend_from_slice(&available[..count]);
                reader.consume(count);
                count
            }
            _ => {
                let mut part = (&mut reader).take(length as u64);
                let before = read.len();
                strict!(die, part.read_to_end(&mut read));
                read.len() - before
            }
        };
        if count == 0 {
            // The end stays the end.
            strict!(die, reader.read_to_end(&mut read));
            return read;
        }
    }
}

/// Writes everything, by whatever method the die says.
async fn write_all(die: &mut Die, mut writer: impl AsyncWrite + Unpin, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let length = bytes.len().min(1 + die.throw(50));
        let count = match die.throw(5) {
            0 => strict!(die, writer.write(&bytes[..length])),
            1 => {
                let mut piece = &bytes[..length];
                strict!(die, writer.write_all_buf(&mut piece));
                length
            }
            2 => {
                let (first, second) = bytes[..length].split_at(length / 3);
                let slices = [first, &[], second].map(IoSlice::new);
                strict!(die, writer.write_vectored(&slices))
            }
            3 => {
                let (first, second) = bytes[..length].split_at(length / 2);
                let mut piece = Buf::chain(first, second);
                strict!(die, writer.write_buf(&mut piece))
            }
            _ => {
                writer.write_all(&bytes[..length]).await.unwrap();
                length
            }
        };
        bytes = &bytes[count..];
        if die.throw(10) == 0 {
            strict!(die, writer.flush());
        }
    }
    strict!(die, writer.shutdown());
}

#[mainspring::test(start_paused = true)]
async fn f33_reading_through_every_adapter_gives_the_bytes_that_came() {
    for seed in 0..SEEDS {
        let mut die = Die::new(seed);
        let length = [0, 1, 30, 3000][die.throw(4)];
        let bytes = die.bytes(length);
        let middle = die.throw(length + 1);
        let capacity = [1, 2, 13, 8192][die.throw(4)];

        let chopped = |part| BufReader::with_capacity(capacity, Chopped::new(part, seed));
        let (first, second) = bytes.split_at(middle);
        let chained = AsyncReadExt::chain(chopped(first), chopped(second));
        assert_eq!(read_all(&mut die, chained).await, bytes, "seed {seed}");

        let around = BufReader::with_capacity(
            capacity,
            AsyncReadExt::chain(Chopped::new(first, seed), Chopped::new(second, seed)),
        );
        assert_eq!(read_all(&mut die, around).await, bytes, "seed {seed}");

        let taken = AsyncReadExt::take(chopped(&bytes), middle as u64);
        assert_eq!(read_all(&mut die, taken).await, first, "seed {seed}");
    }
}

#[mainspring::test(start_paused = true)]
async fn f33_writing_through_a_buffer_passes_on_the_bytes_that_were_written() {
    for seed in 0..SEEDS {
        let mut die = Die::new(seed);
        let length = [0, 1, 30, 3000][die.throw(4)];
        let bytes = die.bytes(length);
        let capacity = [0, 1, 13, 40, 8192][die.throw(5)];
        let mut writer = BufWriter::with_capacity(capacity, Chopped::new(Vec::new(), seed));
        write_all(&mut die, &mut writer, &bytes).await;
        assert_eq!(writer.buffer(), b"", "seed {seed}");
        assert_eq!(writer.into_inner().inner, bytes, "seed {seed}");
    }
}

#[mainspring::test(start_paused = true)]
async fn f33_lines_and_pieces_are_those_of_std() {
    for seed in 0..SEEDS {
        let mut die = Die::new(seed);
        let length = die.throw(300);
        let bytes = die.bytes(length);
        let chopped =
            || BufReader::with_capacity(1 + seed as usize % 7, Chopped::new(&bytes[..], seed));

        let mut lines = chopped().lines();
        for line in BufRead::lines(&bytes[..]) {
            assert_eq!(strict!(die, lines.next_line()), Some(line.unwrap()));
        }
        assert_eq!(lines.next_line().await.unwrap(), None);

        let mut pieces = AsyncBufReadExt::split(chopped(), b',');
        for piece in BufRead::split(&bytes[..], b',') {
            assert_eq!(strict!(die, pieces.next_segment()), Some(piece.unwrap()));
        }
        assert_eq!(pieces.next_segment().await.unwrap(), None);
    }
}

#[mainspring::test(start_paused = true)]
async fn f33_a_copy_is_the_same_by_whatever_way() {
    for seed in 0..SEEDS {
        let mut die = Die::new(seed);
        let length = [0, 1, 30, 30_000][die.throw(4)];
        let bytes = die.bytes(length);

        let mut reader = Chopped::new(&bytes[..], seed);
        let mut writer = BufWriter::with_capacity(die.throw(50), Chopped::new(Vec::new(), seed));
        let count = io::copy(&mut reader, &mut writer).await.unwrap();
        assert_eq!(count, length as u64);
        assert_eq!(writer.get_ref().inner, bytes, "it was flushed");

        let capacity = 1 + die.throw(50);
        let mut reader = BufReader::with_capacity(capacity, Chopped::new(&bytes[..], seed));
        let mut writer = Chopped::new(Vec::new(), seed);
        strict!(die, io::copy_buf(&mut reader, &mut writer));
        assert_eq!(writer.inner, bytes);
    }
}

/// A sender, and at the other end a receiver: what was read there.
async fn across<R, W>(seed: u64, bytes: &[u8], reader: R, writer: W) -> Vec<u8>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let sent = bytes.to_vec();
    spawn(async move { write_all(&mut Die::new(seed), writer, &sent).await });
    read_all(&mut Die::new(!seed), BufReader::with_capacity(9, reader)).await
}

#[mainspring::test(start_paused = true)]
async fn f33_a_pipe_carries_the_same_bytes_both_ways() {
    for seed in 0..SEEDS / 2 {
        let mut die = Die::new(seed);
        let bytes = die.bytes(1000);
        let room = [1, 7, 64, 5000][die.throw(4)];

        let (here, there) = io::duplex(room);
        assert_eq!(across(seed, &bytes, here, there).await, bytes);

        let (reader, writer) = io::simplex(room);
        assert_eq!(across(seed, &bytes, reader, writer).await, bytes);

        // Both ways at once, in halves that are put together crosswise.
        let (here, there) = io::duplex(room);
        let (here, there) = (io::split(Chopped::new(here, seed)), io::split(there));
        let mut echo = io::join(there.0, there.1);
        spawn(async move {
            let (mut reader, mut writer) = io::split(&mut echo);
            io::copy(&mut reader, &mut writer).await.unwrap();
            writer.shutdown().await.unwrap();
        });
        assert_eq!(across(seed, &bytes, here.0, here.1).await, bytes);
    }
}

#[mainspring::test(start_paused = true)]
async fn f33_a_proxy_changes_nothing() {
    for seed in 0..SEEDS / 2 {
        let mut die = Die::new(seed);
        let (question, answer) = (die.bytes(700), die.bytes(300));
        let (client, mut front) = io::duplex(1 + die.throw(40));
        let (mut back, server) = io::duplex(1 + die.throw(40));
        let sizes = (1 + die.throw(30), 1 + die.throw(30));
        let proxy = spawn(async move {
            io::copy_bidirectional_with_sizes(&mut front, &mut back, sizes.0, sizes.1).await
        });

        let (client, server) = (io::split(client), io::split(server));
        let (asked, answered) = (question.clone(), answer.clone());
        let server = spawn(async move {
            let heard = across(seed, &answered, server.0, server.1).await;
            assert_eq!(heard, asked);
        });
        assert_eq!(across(seed, &question, client.0, client.1).await, answer);
        server.await.unwrap();
        assert_eq!(proxy.await.unwrap().unwrap(), (700, 300));
    }
}

#[mainspring::test(start_paused = true)]
async fn f33_a_stream_with_two_buffers_is_read_as_it_was_written() {
    for seed in 0..SEEDS / 2 {
        let bytes = Die::new(seed).bytes(1000);
        let (here, there) = io::duplex(64);
        let writer = BufStream::with_capacity(1, seed as usize % 20, Chopped::new(here, seed));
        let reader = BufStream::with_capacity(1 + seed as usize % 20, 0, there);
        let sent = bytes.clone();
        spawn(async move { write_all(&mut Die::new(seed), writer, &sent).await });
        assert_eq!(read_all(&mut Die::new(!seed), reader).await, bytes);
    }
}

/// Each number on its way through a pipe that holds three bytes, and the bytes it is made of.
macro_rules! numbers {
    ($($write:ident $read:ident $put:ident $number:expr;)*) => {
        let mut model = Vec::new();
        $(model.$put($number);)*
        let (mut reader, writer) = io::simplex(3);
        let (mut copy, mut tap) = io::duplex(1 << 10);
        let mut writer = Chopped::new(writer, 1);
        spawn(async move {
            $(writer.$write($number).await.unwrap();)*
            writer.shutdown().await.unwrap();
        });
        spawn(async move {
            io::copy(&mut reader, &mut tap).await.unwrap();
        });
        let mut bytes = vec![0; model.len()];
        copy.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, model);
        let mut reader = Chopped::new(&bytes[..], 1);
        $(assert_eq!(reader.$read().await.unwrap(), $number);)*
        // Half a number is none.
        let mut half: &[u8] = &[1];
        let error = half.read_u16().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    };
}

#[mainspring::test(start_paused = true)]
async fn numbers_are_the_bytes_that_are_usual_and_come_back() {
    numbers! {
        write_u8 read_u8 put_u8 0xfe;
        write_i8 read_i8 put_i8 -2;
        write_u16 read_u16 put_u16 0x0102;
        write_i16 read_i16 put_i16 -0x0102;
        write_u32 read_u32 put_u32 0x0102_0304;
        write_i32 read_i32 put_i32 -0x0102_0304;
        write_u64 read_u64 put_u64 0x0102_0304_0506_0708;
        write_i64 read_i64 put_i64 -0x0102_0304_0506_0708;
        write_u128 read_u128 put_u128 u128::MAX / 3;
        write_i128 read_i128 put_i128 i128::MIN / 3;
        write_f32 read_f32 put_f32 -1.5e-3;
        write_f64 read_f64 put_f64 f64::MAX;
        write_u16_le read_u16_le put_u16_le 0x0102;
        write_i16_le read_i16_le put_i16_le -0x0102;
        write_u32_le read_u32_le put_u32_le 0x0102_0304;
        write_i32_le read_i32_le put_i32_le -0x0102_0304;
        write_u64_le read_u64_le put_u64_le 0x0102_0304_0506_0708;
        write_i64_le read_i64_le put_i64_le -0x0102_0304_0506_0708;
        write_u128_le read_u128_le put_u128_le u128::MAX / 3;
        write_i128_le read_i128_le put_i128_le i128::MIN / 3;
        write_f32_le read_f32_le put_f32_le -1.5e-3;
        write_f64_le read_f64_le put_f64_le f64::MAX;
    }
}
