//! Seeking, in memory and through buffers: the same places as in std.

use std::io::{self, Cursor, SeekFrom};

use mainspring::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufReader, BufStream};
use mainspring_tests::chopped::{Chopped, Die};

const SEEDS: u64 = 200;

/// A place to go to: of any kind, sometimes before the beginning.
fn place(die: &mut Die) -> SeekFrom {
    let offset = die.throw(80) as i64 - 30;
    match die.throw(5) {
        0 => SeekFrom::Start(offset.unsigned_abs()),
        1 => SeekFrom::End(-offset),
        2 => SeekFrom::Current(i64::MIN + offset.abs()),
        _ => SeekFrom::Current(offset),
    }
}

#[mainspring::test]
async fn a_seek_in_a_buffered_stream_goes_where_it_goes_in_std() {
    for seed in 0..SEEDS {
        let mut die = Die::new(seed);
        let bytes = die.bytes(60);
        let capacity = 1 + die.throw(20);
        let mut model = Cursor::new(bytes.clone());
        let mut reader = BufReader::with_capacity(capacity, Chopped::new(Cursor::new(bytes), seed));
        for _ in 0..30 {
            if die.throw(3) > 0 {
                let (mut expected, mut read) = ([0; 5], [0; 5]);
                let length = io::Read::read(&mut model, &mut expected).unwrap();
                reader.read_exact(&mut read[..length]).await.unwrap();
                assert_eq!(read, expected);
                continue;
            }
            let place = place(&mut die);
            let expected = io::Seek::seek(&mut model, place);
            let reached = reader.seek(place).await;
            match (&reached, &expected) {
                (Ok(reached), Ok(expected)) => assert_eq!(reached, expected, "{place:?}"),
                (Err(_), Err(_)) => {}
                _ => panic!("seed {seed}: {place:?}: {reached:?}, and std: {expected:?}"),
            }
            // A seek by the smallest number there is fails in its second half.
            if reached.is_err() {
                model.set_position(reader.stream_position().await.unwrap());
            }
        }
    }
}

#[mainspring::test]
async fn a_buffered_writer_that_seeks_leaves_what_std_leaves() {
    for seed in 0..SEEDS {
        let mut die = Die::new(seed);
        let mut model = Cursor::new(vec![b'.'; 60]);
        let inner = Chopped::new(Cursor::new(vec![b'.'; 60]), seed);
        let mut stream = BufStream::with_capacity(1 + die.throw(9), die.throw(9), inner);
        for _ in 0..30 {
            if die.throw(3) > 0 {
                let length = 1 + die.throw(12);
                let bytes = die.bytes(length);
                io::Write::write_all(&mut model, &bytes).unwrap();
                stream.write_all(&bytes).await.unwrap();
                continue;
            }
            let place = SeekFrom::Start(die.throw(50) as u64);
            assert_eq!(
                stream.seek(place).await.unwrap(),
                io::Seek::seek(&mut model, place).unwrap()
            );
            if die.throw(2) == 0 {
                let (mut expected, mut read) = ([0; 5], [0; 5]);
                io::Read::read_exact(&mut model, &mut expected).unwrap();
                stream.read_exact(&mut read).await.unwrap();
                assert_eq!(read, expected);
                let position = io::Seek::stream_position(&mut model).unwrap();
                assert_eq!(stream.stream_position().await.unwrap(), position);
            }
        }
        stream.flush().await.unwrap();
        assert_eq!(stream.into_inner().inner.into_inner(), model.into_inner());
    }
}
