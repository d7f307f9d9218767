//! What flows from task to task: what the recipes promise beside their transcripts.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use mainspring::asyncio::{Duration, Queue, create_task, gather, sleep, timeout};
use mainspring::sync::mpsc::channel;
use mainspring::sync::oneshot;
use mainspring::task::idle;
use mainspring::time::Instant;
use recipes::event_loop::run;
use recipes::flow::back_pressure::{consumer, producer};
use recipes::flow::pipeline::stage;
use recipes::flow::question::{Question, clerk};
use recipes::flow::rate_limit::RateLimit;
use recipes::stage::{Setting, play};

/// Plays it on the paused clock.
fn paused(main: impl Future) {
    let setting = Setting {
        paused: true,
        ..Setting::default()
    };
    play(setting, io::sink(), |_| {
        run(main);
    });
}

#[test]
fn a_producer_is_never_ahead_by_more_than_the_queue_holds() {
    paused(async {
        let queue = Queue::bounded(2);
        let producer = create_task(producer(queue.clone()));
        sleep(9).await;
        assert!(queue.full() && !producer.is_finished());
        consumer("late", 0.1, queue.clone()).await;
        producer.await.expect("it put all its parts");
        assert!(queue.empty());
    });
}

#[test]
fn a_pipeline_nobody_reads_ends_from_the_end_to_the_beginning() {
    paused(async {
        let (numbers, input) = channel(1);
        let first = stage("first", 0.1, input, |number: u32| number);
        let mut second = stage("second", 0.1, first, |number| number);
        numbers.send(1).await.expect("the first stage takes it");
        assert_eq!(second.recv().await, Some(1));

        drop(second);
        // One for each stage, which finds out when it has something to give.
        for number in 2.. {
            if numbers.send(number).await.is_err() {
                break;
            }
            assert!(number < 10, "the stages go on for nobody");
        }
    });
}

#[test]
fn whoever_leaves_the_line_has_not_used_up_a_turn() {
    paused(async {
        let limit = Rc::new(RateLimit::new(5));
        let began = Instant::now();
        limit.turn().await;
        let hasty = create_task({
            let limit = limit.clone();
            async move { timeout(Duration::from_millis(100), limit.turn()).await }
        });
        // It has the lock and waits for the tick.
        idle().await;
        limit.turn().await;
        hasty.await.unwrap().expect_err("it had no time");
        assert_eq!(began.elapsed(), Duration::from_millis(200));
    });
}

#[test]
fn at_most_so_many_turns_fall_into_any_second() {
    paused(async {
        let limit = RateLimit::new(5);
        let turns = Rc::new(RefCell::new(Vec::new()));
        for pause in [0, 130, 1000, 10, 3333] {
            sleep(Duration::from_millis(pause)).await;
            let turn = async |_| {
                limit.turn().await;
                turns.borrow_mut().push(Instant::now());
            };
            gather((0..7).map(turn)).await;
        }
        for six in turns.borrow().windows(6) {
            assert!(six[5] - six[0] >= Duration::from_secs(1));
        }
        assert_eq!(turns.borrow().len(), 35);
    });
}

#[test]
fn a_clerk_who_fails_leaves_nobody_waiting() {
    paused(async {
        let (questions, asked) = channel(4);
        let clerk = create_task(clerk(asked));
        let (answer, answered) = oneshot::channel();
        let question = Question {
            name: "Eve",
            answer,
        };
        questions.send(question).await.expect("the clerk is there");
        idle().await;
        clerk.abort();
        answered.await.expect_err("nobody is left who would answer");
        assert!(questions.is_closed());
    });
}
