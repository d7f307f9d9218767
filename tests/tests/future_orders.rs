//! Every order in which the ends of one result can be used: set, given up, aborted, looked at,
//! read, dropped. Whatever the order, each callback is called once, sees what the reader gets,
//! and comes first; the value is dropped once; and whoever waits gets an answer.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mainspring::future::{CallbackId, Resolver, create_future};
use mainspring::task::{JoinError, JoinHandle, Outcome, idle};

/// What can be done with one result.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Set,
    GiveUp,
    Abort,
    AddCallback,
    RemoveCallback,
    Read,
    StopReading,
    DropHandle,
    /// Everybody runs who can.
    Run,
}

use Step::*;

/// How a result ended, as somebody saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Value,
    Cancelled,
    Abandoned,
}

fn seen(outcome: &Outcome<Counted>) -> Seen {
    match outcome {
        Ok(_) => Seen::Value,
        Err(error) if error.is_cancelled() => Seen::Cancelled,
        Err(error) => {
            assert!(JoinError::is_abandoned(error));
            Seen::Abandoned
        }
    }
}

/// Counts how often it is dropped.
#[derive(Debug)]
struct Counted(Rc<Cell<u32>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// One result, both ends of it, and what has become of it.
struct Case {
    resolver: Option<Resolver<Counted>>,
    handle: Option<JoinHandle<Counted>>,
    reader: Option<JoinHandle<()>>,
    callback: Option<CallbackId>,
    made: u32,
    drops: Rc<Cell<u32>>,
    log: Rc<RefCell<Vec<(&'static str, Seen)>>>,
}

impl Case {
    fn new() -> Case {
        let (resolver, handle) = create_future();
        Case {
            resolver: Some(resolver),
            handle: Some(handle),
            reader: None,
            callback: None,
            made: 0,
            drops: Rc::default(),
            log: Rc::default(),
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Set => {
                let Some(resolver) = self.resolver.take() else {
                    return;
                };
                let in_vain = resolver.is_cancelled();
                self.made += 1;
                let refused = resolver.set_result(Counted(self.drops.clone())).is_err();
                assert_eq!(refused, in_vain);
            }
            GiveUp => drop(self.resolver.take()),
            Abort => {
                if let Some(handle) = &self.handle {
                    let was_finished = handle.is_finished();
                    assert_eq!(handle.cancel(), !was_finished);
                    assert!(handle.is_finished());
                    assert!(was_finished || handle.cancelled());
                }
            }
            AddCallback => {
                if let Some(handle) = &self.handle {
                    let log = self.log.clone();
                    let callback = move |outcome: &Outcome<Counted>| {
                        log.borrow_mut().push(("callback", seen(outcome)));
                    };
                    self.callback = Some(handle.add_done_callback(callback));
                }
            }
            RemoveCallback => {
                if let (Some(handle), Some(callback)) = (&self.handle, self.callback.take()) {
                    let was_called = !self.log.borrow().is_empty();
                    assert_eq!(handle.remove_done_callback(callback), !was_called);
                }
            }
            Read => {
                let Some(handle) = self.handle.take() else {
                    return;
                };
                let log = self.log.clone();
                self.reader = Some(mainspring::spawn(async move {
                    let outcome = handle.await;
                    log.borrow_mut().push(("reader", seen(&outcome)));
                }));
            }
            StopReading => {
                if let Some(reader) = &self.reader {
                    reader.abort();
                }
            }
            DropHandle => drop(self.handle.take()),
            Run => idle().await,
        }
    }

    async fn end(mut self, steps: &[Step]) {
        let is_read = self.reader.is_some() && !steps.contains(&StopReading);
        let is_called = self.callback.is_some();
        drop(self.handle.take());
        drop(self.resolver.take());
        idle().await;
        let log = self.log.take();
        let names: Vec<&str> = log.iter().map(|(name, _)| *name).collect();
        match (is_called, is_read) {
            (true, true) => assert_eq!(names, ["callback", "reader"]),
            (true, false) => {
                assert_eq!(names.iter().filter(|name| **name == "callback").count(), 1)
            }
            (false, true) => assert_eq!(names.last(), Some(&"reader")),
            (false, false) => {}
        }
        assert!(log.windows(2).all(|two| two[0].1 == two[1].1), "{log:?}");
        if let Some(reader) = self.reader.take() {
            let outcome = reader.await;
            assert!(outcome.is_ok() || steps.contains(&StopReading));
        }
        assert_eq!(self.drops.get(), self.made);
    }
}

/// Calls `each` with every order of `items`.
fn orders(items: &mut Vec<Step>, from: usize, each: &mut Vec<Vec<Step>>) {
    if from == items.len() {
        each.push(items.clone());
    }
    for next in from..items.len() {
        items.swap(from, next);
        orders(items, from + 1, each);
        items.swap(from, next);
    }
}

#[mainspring::test(start_paused = true)]
async fn every_order_of_using_a_result_ends_well() {
    let mut all = Vec::new();
    for end in [Set, GiveUp] {
        for read in [Read, DropHandle] {
            let mut steps = vec![end, Abort, AddCallback, read, Run, Run];
            orders(&mut steps, 0, &mut all);
            let mut steps = vec![end, AddCallback, RemoveCallback, read, Run];
            orders(&mut steps, 0, &mut all);
        }
        let mut steps = vec![end, Abort, AddCallback, Read, StopReading, Run];
        orders(&mut steps, 0, &mut all);
    }
    assert_eq!(all.len(), 4 * (720 + 120) + 2 * 720);
    for steps in all {
        let run = mainspring::spawn({
            let steps = steps.clone();
            async move {
                let mut case = Case::new();
                for step in &steps {
                    case.step(*step).await;
                }
                case.end(&steps).await;
            }
        });
        if let Err(error) = run.await {
            panic!("{steps:?}: {error}");
        }
    }
}
