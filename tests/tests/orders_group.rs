//! A task group in every order of {add, end, fail, cancel, stop, poll}: it ends exactly when it may,
//! with what it must, it is woken whenever it could go on, and every child goes once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use mainspring::future::{Resolver, create_future};
use mainspring::task::{ErrorGroup, Member, TaskGroup, task_group};
use mainspring_tests::on_drop::on_drop;
use mainspring_tests::orders::{Seat, drawn_orders, every_order};

/// How many children there may be.
const CHILDREN: usize = 3;
/// Add, end the body, fail the body, stop, poll; and for each child: end, fail, cancel.
const KINDS: usize = 5 + 3 * CHILDREN;

type Answer = Result<usize, usize>;

/// A child, as the model knows it.
struct Child {
    resolver: Option<Resolver<Answer>>,
    member: Member<usize>,
    drops: Rc<Cell<usize>>,
    /// What it is going to do in its next turn.
    fate: Option<Fate>,
    is_over: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Ends,
    Fails,
    IsCancelled,
}

fn play(sequence: &[usize]) {
    let (body_resolver, body_answer) = create_future::<Answer>();
    let mut body_resolver = Some(body_resolver);
    let handle: Rc<RefCell<Option<TaskGroup<'static, usize>>>> = Rc::default();
    let place = handle.clone();
    let group = task_group(async move |tg| {
        *place.borrow_mut() = Some(tg);
        body_answer.await.expect("it is set")
    });
    let mut seat = Seat::new(Box::pin(group));
    assert!(seat.poll().is_none());
    let handle = handle.take().expect("the body has begun");

    let mut children: Vec<Child> = Vec::new();
    let mut body_fate = None;
    let mut is_stopped = false;
    for &kind in sequence {
        let mut is_news = false;
        match kind {
            0 if children.len() < CHILDREN => {
                let (resolver, answer) = create_future::<Answer>();
                let drops = Rc::new(Cell::new(0));
                let counted = drops.clone();
                let member = handle.spawn(async move {
                    let _guard = on_drop(|| counted.set(counted.get() + 1));
                    answer.await.expect("it is set")
                });
                let is_refused = is_stopped || seat.future.is_none();
                assert_eq!(member.done(), is_refused);
                is_news = !is_refused;
                children.push(Child {
                    resolver: Some(resolver),
                    member,
                    drops,
                    fate: None,
                    is_over: is_refused,
                });
            }
            1 | 2 => {
                if let Some(resolver) = body_resolver.take() {
                    let fails = kind == 2;
                    let _ = resolver.set_result(if fails { Err(99) } else { Ok(42) });
                    body_fate = Some(fails);
                    is_news = true;
                }
            }
            3 => {
                handle.cancel();
                is_news = !is_stopped;
                is_stopped = true;
            }
            4 => poll(&mut seat, &mut children, body_fate, is_stopped),
            kind if kind >= 5 => {
                let Some(child) = children.get_mut((kind - 5) / 3) else {
                    continue;
                };
                match (kind - 5) % 3 {
                    2 => {
                        assert_eq!(child.member.cancel(), !child.is_over);
                        child.fate = Some(Fate::IsCancelled);
                        is_news = !child.is_over;
                    }
                    way => {
                        if let Some(resolver) = child.resolver.take() {
                            let number = (kind - 5) / 3;
                            let answer = if way == 0 { Ok(number) } else { Err(number) };
                            let _ = resolver.set_result(answer);
                            let fate = if way == 0 { Fate::Ends } else { Fate::Fails };
                            child.fate.get_or_insert(fate);
                            is_news = !child.is_over;
                        }
                    }
                }
            }
            _ => {}
        }
        if seat.future.is_some() {
            assert!(!(is_news && seat.asleep()), "it could go on, and sleeps");
            let left = children.iter().filter(|child| !child.is_over).count();
            assert_eq!(handle.len(), left);
        }
    }
    seat.leave();
    for child in &children {
        assert!(child.member.done());
        // One that never began has no guard.
        assert!(child.drops.get() <= 1);
    }
    assert!(handle.is_empty());
}

/// One poll of the group, beside what the model says of it.
fn poll<F>(seat: &mut Seat<F>, children: &mut [Child], body_fate: Option<bool>, is_stopped: bool)
where
    F: Future<Output = Result<usize, ErrorGroup<usize>>> + Unpin,
{
    if seat.future.is_none() {
        return;
    }
    let mut errors = Vec::new();
    let body_fails = body_fate == Some(true);
    if body_fails {
        errors.push(99);
    }
    // Errors come in the order in which the children were called, and these are all of them.
    for (number, child) in children.iter_mut().enumerate() {
        if child.is_over || !(is_stopped || body_fails || child.fate.is_some()) {
            continue;
        }
        child.is_over = true;
        if !is_stopped && !body_fails && child.fate == Some(Fate::Fails) {
            errors.push(number);
        }
    }
    let is_over = children.iter().all(|child| child.is_over);
    let polled = seat.poll();
    match polled {
        Some(Ok(output)) => {
            assert_eq!(output, 42);
            assert!(errors.is_empty() && is_over && body_fate == Some(false));
        }
        Some(Err(mut group)) => {
            group.errors.sort_unstable();
            assert_eq!(group.errors, errors);
            assert!(!errors.is_empty());
            children.iter_mut().for_each(|child| child.is_over = true);
        }
        None => {
            assert!(errors.is_empty());
            assert!(
                !(is_over && body_fate.is_some()),
                "it may end, and does not"
            );
        }
    }
    for child in children {
        assert_eq!(child.member.done(), child.is_over);
    }
}

#[test]
fn every_order_of_six_steps() {
    every_order(KINDS, 4, |sequence| {
        play(&[&[0, 0][..], sequence].concat());
        play(&[&[0, 4, 0][..], sequence, &[4]].concat());
    });
}

#[test]
fn drawn_orders_of_thirty_steps() {
    drawn_orders(KINDS, 30, 20_000, play);
}
