//! No stall is called certain while anybody could still end it, in a process that has no other
//! thread but those it makes here. On the paused clock the verdict comes at once, so it often
//! falls into the moment in which a thread hands over and ends.

use mainspring::future::{Resolver, create_future};
use mainspring::pool::ThreadPool;
use mainspring::runtime::Builder;
use std::thread;

/// How often each way is tried. A wrong verdict used to come within two to a few thousand.
const ROUNDS: usize = 2000;

type Way = fn(Resolver<usize>, usize, &ThreadPool);

fn main() {
    // As a harness is asked by those who list tests.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let ways: [(&str, Way); 4] = [
        ("a thread", |resolver, round, _| {
            thread::spawn(move || resolver.set_result(round));
        }),
        ("a pool's idle thread", |resolver, round, pool| {
            drop(pool.submit(move || resolver.set_result(round)));
        }),
        ("a thread by a pool", |resolver, round, pool| {
            let pool = pool.clone();
            thread::spawn(move || drop(pool.submit(move || resolver.set_result(round))));
        }),
        ("a pool by a thread", |resolver, round, pool| {
            drop(pool.submit(move || {
                thread::spawn(move || resolver.set_result(round));
            }));
        }),
    ];
    let mut builder = Builder::new_current_thread();
    let runtime = builder
        .start_paused(true)
        .build_local(Default::default())
        .unwrap();
    let pool = ThreadPool::new(1);
    for (name, way) in ways {
        for round in 0..ROUNDS {
            let (resolver, result) = create_future();
            way(resolver, round, &pool);
            assert_eq!(runtime.block_on(result).unwrap(), round, "{name}");
        }
        println!("{name}: ok");
    }
}
