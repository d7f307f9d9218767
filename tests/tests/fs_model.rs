//! An open file beside one of std's: the same steps, the same answers, whatever is given up.

use std::fs;
use std::future::{Future, poll_fn};
use std::io::{Read, Seek, Write};
use std::pin::pin;
use std::task::Poll;

use mainspring::fs::File;
use mainspring::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};
use tempfile::tempdir;

/// A small generator: the same steps for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

fn opened(path: &std::path::Path) -> fs::File {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).unwrap()
}

/// Polls a future so often, and gives it up if it is not ready by then.
async fn poll_at_most<F: Future>(future: F, polls: u64) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        mainspring::task::yield_now().await;
    }
    None
}

async fn walk(seed: u64) {
    let mut dice = Dice(seed);
    let folder = tempdir().unwrap();
    let mut ours = File::from_std(opened(&folder.path().join("ours")));
    let mut theirs = opened(&folder.path().join("theirs"));
    if dice.roll(2) == 0 {
        ours.set_max_buf_size(1 + dice.roll(20) as usize);
    }
    for step in 0..60 {
        match dice.roll(8) {
            0 | 1 => {
                let body: Vec<u8> = (0..dice.roll(40)).map(|at| (at + step) as u8).collect();
                ours.write_all(&body).await.unwrap();
                theirs.write_all(&body).unwrap();
            }
            2 | 3 => {
                let length = dice.roll(40) as usize;
                let mut read = vec![0; length];
                let mut filled = 0;
                // A read of ours may be shorter, also for what was read ahead.
                while filled < length {
                    match ours.read(&mut read[filled..]).await.unwrap() {
                        0 => break,
                        more => filled += more,
                    }
                }
                let mut expected = Vec::new();
                (&mut theirs)
                    .take(length as u64)
                    .read_to_end(&mut expected)
                    .unwrap();
                assert_eq!(read[..filled], expected, "seed {seed}, step {step}");
            }
            4 => {
                let to = match dice.roll(3) {
                    0 => SeekFrom::Start(dice.roll(100)),
                    1 => SeekFrom::Current(dice.roll(40).cast_signed() - 20),
                    _ => SeekFrom::End(dice.roll(40).cast_signed() - 30),
                };
                let (ours, theirs) = (ours.seek(to).await, theirs.seek(to));
                assert_eq!(ours.ok(), theirs.ok(), "seed {seed}, step {step}: {to:?}");
            }
            5 => {
                let length = dice.roll(120);
                ours.set_len(length).await.unwrap();
                theirs.set_len(length).unwrap();
            }
            // A read that is given up is no read; if it was ready, it was one.
            6 => {
                let mut read = vec![0; 1 + dice.roll(30) as usize];
                if let Some(length) = poll_at_most(ours.read(&mut read), dice.roll(4)).await {
                    let mut expected = vec![0; length.unwrap()];
                    theirs.read_exact(&mut expected).unwrap();
                    assert_eq!(read[..expected.len()], expected, "seed {seed}, step {step}");
                }
            }
            _ => {
                let _ = poll_at_most(ours.flush(), dice.roll(3)).await;
                let _ = poll_at_most(ours.sync_data(), dice.roll(3)).await;
            }
        }
    }
    ours.flush().await.unwrap();
    let written = ["ours", "theirs"].map(|name| fs::read(folder.path().join(name)).unwrap());
    assert_eq!(written[0], written[1], "seed {seed}");
}

#[mainspring::test]
async fn a_file_answers_as_stds_does_whatever_is_given_up() {
    for seed in 0..60 {
        walk(seed).await;
    }
}
