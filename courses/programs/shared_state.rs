//! Shared state: what several tasks change stands behind an `Arc<Mutex<…>>`.
//!
//! Which `Mutex`? The standard library's, as long as nothing is awaited while it is locked; it is
//! the faster one. tokio's can be held across an `.await`: whoever wants it meanwhile waits as a
//! task and not as a thread.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;

type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

#[tokio::main]
async fn main() {
    let counts = Counts::default();
    let mut readers = JoinSet::new();
    for line in [
        "the cat and the dog",
        "the dog and the bird",
        "a bird is no cat",
    ] {
        // One more owner of the same map, not a copy of it.
        let counts = Arc::clone(&counts);
        readers.spawn(async move {
            for word in line.split(' ') {
                count(&counts, word);
                // Let the others have a turn between any two words.
                tokio::task::yield_now().await;
            }
        });
    }
    readers.join_all().await;
    for (word, times) in counts.lock().unwrap().iter() {
        println!("{word}: {times}");
    }

    // Three tasks write a diary, in steps between which they wait. An entry must not be torn apart.
    let diary = Arc::new(tokio::sync::Mutex::new(Vec::new()));
    let mut writers = JoinSet::new();
    for writer in 1..=3 {
        let diary = Arc::clone(&diary);
        writers.spawn(async move {
            let mut pages = diary.lock().await;
            pages.push(writer);
            tokio::task::yield_now().await; // …locked all the while
            pages.push(writer);
        });
    }
    writers.join_all().await;
    let pages = diary.lock().await;
    let is_whole = pages.chunks(2).all(|entry| entry[0] == entry[1]);
    println!("{} pages, every entry whole: {is_whole}", pages.len());
}

/// The guard lives in a function that awaits nothing: so it cannot be held across an `.await`.
fn count(counts: &Counts, word: &str) {
    *counts.lock().unwrap().entry(word.to_owned()).or_default() += 1;
}
