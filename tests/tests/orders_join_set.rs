//! `JoinSet` in every order of {add, end, cancel, abort, join, leave}: each outcome comes once, in the
//! order of ending, and a joiner that could go on is not left waiting.

use std::collections::VecDeque;
use std::task::Poll;

use mainspring::future::{Resolver, create_future};
use mainspring::task::{AbortHandle, JoinSet, idle};
use mainspring_tests::by_hand::Bell;
use mainspring_tests::orders::{drawn_orders, every_order};

/// What can happen, once for each of `TASKS`, and then once.
const TASKS: usize = 3;
const KINDS: usize = 2 * TASKS + 3;

/// Plays one sequence: a set of tasks that end by hand, and a model of it.
async fn play(sequence: &[usize]) {
    let mut set = JoinSet::new();
    let bell = Bell::new();
    let mut resolvers: Vec<Option<Resolver<usize>>> = Vec::new();
    let mut aborts: Vec<AbortHandle> = Vec::new();
    // In the order of ending: who, and with which value (`None`: cancelled).
    let mut ended = VecDeque::new();
    let mut left = 0;
    // How often the bell had rung when the joiner was last found waiting.
    let mut parked_at = None;
    for &kind in sequence {
        match kind {
            // Add one.
            0 => {
                let (resolver, answer) = create_future();
                aborts.push(set.spawn_local(async move { answer.await.expect("it is set") }));
                resolvers.push(Some(resolver));
                left += 1;
                idle().await;
            }
            // Join, once.
            1 => {
                let rings = bell.rings();
                match bell.poll(&mut set.join_next_with_id()) {
                    Poll::Ready(Some(outcome)) => {
                        let (who, value): (usize, Option<usize>) =
                            ended.pop_front().expect("it has ended");
                        match (outcome, value) {
                            (Ok((id, output)), Some(value)) => {
                                assert_eq!((id, output), (aborts[who].id(), value));
                            }
                            (Err(error), None) => {
                                assert!(error.is_cancelled());
                                assert_eq!(error.id(), aborts[who].id());
                            }
                            (outcome, value) => panic!("{outcome:?} instead of {value:?}"),
                        }
                        left -= 1;
                        parked_at = None;
                    }
                    Poll::Ready(None) => {
                        assert_eq!(left, 0);
                        parked_at = None;
                    }
                    Poll::Pending => {
                        assert!(left > 0 && ended.is_empty());
                        parked_at = Some(rings);
                    }
                }
            }
            // Look, and take nothing that is not there.
            2 => {
                let taken = set.try_join_next().is_some();
                assert_eq!(taken, ended.pop_front().is_some());
                left -= usize::from(taken);
            }
            kind => {
                let (who, is_end) = ((kind - 3) / 2, (kind - 3).is_multiple_of(2));
                let Some(resolver) = resolvers.get_mut(who) else {
                    continue;
                };
                let Some(resolver) = resolver.take() else {
                    continue;
                };
                let is_set = is_end.then(|| resolver.set_result(10 * who));
                if is_set.is_none() {
                    aborts[who].abort();
                }
                idle().await;
                ended.push_back((who, is_set.map(|_| 10 * who)));
            }
        }
        assert_eq!(set.len(), left);
        // Nobody who could go on is left waiting.
        if parked_at == Some(bell.rings()) {
            assert!(ended.is_empty(), "a joiner sleeps beside what has ended");
        }
    }
}

#[test]
fn every_order_of_seven_steps() {
    mainspring::run(async {
        let all = std::cell::RefCell::new(Vec::new());
        every_order(KINDS, 5, |sequence| {
            // What begins with nothing to do says nothing.
            if sequence[0] == 0 {
                all.borrow_mut().push(sequence.to_vec());
            }
        });
        for sequence in all.take() {
            play(&[&[0, 0][..], &sequence].concat()).await;
        }
    });
}

#[test]
fn drawn_orders_of_forty_steps() {
    mainspring::run(async {
        let all = std::cell::RefCell::new(Vec::new());
        drawn_orders(KINDS, 40, 2_000, |sequence| {
            all.borrow_mut().push(sequence.to_vec());
        });
        for sequence in all.take() {
            play(&sequence).await;
        }
    });
}
