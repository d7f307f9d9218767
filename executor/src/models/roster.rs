//! Many that one waits for: m25.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::Location;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::waker::{AbortRequest, TaskWaker};
use crate::future::JoinSet;
use crate::future::roster::{Bell, Key, Roster};
use crate::models::harness::{Loop, RIGHT, check};
use crate::shim::thread;
use crate::task::JoinHandle;
use crate::task::cell::JoinCell;

fn bell(roster: &Arc<Roster>, slot: usize) -> Arc<Bell> {
    let bell = Bell::new(roster.clone(), Key { slot, index: slot });
    bell.reset();
    bell
}

type Ask = fn(&Roster, &Waker, &mut VecDeque<Key>);

/// Two threads ring for two children, and the parent goes on when both have.
fn rings_against_ask(ask: Ask) {
    let the_loop = Loop::new(RIGHT);
    let roster = Arc::<Roster>::default();
    let bells = [bell(&roster, 0), bell(&roster, 1)];
    let mut turn = VecDeque::new();
    let parent = the_loop.spawn(poll_fn(move |cx: &mut Context<'_>| {
        ask(&roster, cx.waker(), &mut turn);
        match turn.len() {
            2 => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }));
    for bell in bells {
        thread::spawn(move || bell.ring());
    }
    the_loop.run();
    parent.let_go().try_result().unwrap().unwrap();
}

#[test]
fn m25_two_rings_and_the_parents_question() {
    check("m25", Some(3), || rings_against_ask(Roster::ask));
}

#[test]
#[should_panic(expected = "deadlock")]
fn m25_twin_the_parent_looks_and_leaves_its_waker_in_two_steps() {
    check("m25, twin", Some(3), || {
        rings_against_ask(Roster::ask_in_two_steps);
    });
}

/// Two jobs of a set end, one by its answer and one by an abort, while both are joined.
fn ends_against_join() {
    let the_loop = Loop::new(RIGHT);
    let mut set = JoinSet::new();
    let cells = [(); 2].map(|()| {
        let waker = TaskWaker::elsewhere(Location::caller(), None);
        JoinCell::<usize>::new(Arc::new(waker))
    });
    for cell in &cells {
        set.insert(JoinHandle::new(cell.clone()));
    }
    let joined = the_loop.spawn(set.join_outcomes());
    let [answered, aborted] = cells;
    thread::spawn(move || answered.finish_or_drop(Ok(5)));
    thread::spawn(move || {
        let by = Location::caller();
        aborted.waker.abort(AbortRequest { by, message: None })
    });
    the_loop.run();
    let outcomes = joined.let_go().try_result().unwrap().unwrap();
    let values = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok());
    assert_eq!(values.collect::<Vec<_>>(), [&5]);
    assert_eq!(outcomes.len(), 2);
}

#[test]
fn m25_jobs_that_end_and_their_set() {
    check("m25, set", Some(2), ends_against_join);
}
