//! The pool's line: m09 to m12.

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::models::harness::{Held, check};
use crate::pool::job::{Duty, Pace, job};
use crate::pool::queue::{JobQueue, Taken};
use crate::shim::atomic::{AtomicUsize, Ordering};
use crate::shim::{Condvar, Mutex, lock, thread};
use crate::task::JoinHandle;

/// In a model no time passes, save that this limit runs out: see `shim::wait_for`.
const PATIENT: Duration = Duration::from_secs(1);
const IMPATIENT: Duration = Duration::ZERO;

/// A pool's threads without the names and seats of `pool/thread.rs`.
#[derive(Clone)]
struct Workers {
    queue: Arc<JobQueue>,
    take: Take,
    /// Whether a worker starts the next when it is told to.
    starts_the_next: bool,
}

type Take = fn(&JobQueue, bool) -> Option<Taken>;

impl Workers {
    fn new(limit: usize, take: Take) -> Held<Self> {
        Held::new(Workers {
            queue: Arc::new(JobQueue::new(limit)),
            take,
            starts_the_next: true,
        })
    }

    fn start(&self) {
        let workers = self.clone();
        thread::spawn(move || workers.work());
    }

    /// As `Crew::work` has it.
    fn work(self) {
        let mut is_new = true;
        while let Some(Taken { job, start }) = (self.take)(&self.queue, is_new) {
            let mut job = Held::new(job);
            is_new = false;
            if start && self.starts_the_next {
                self.start();
            }
            if job.begin(&"worker".into(), Instant::now()) {
                job.run();
                job.answer(Instant::now());
            }
        }
    }

    fn submit(&self, call: impl FnOnce() + Send + 'static) -> Held<JoinHandle<()>> {
        let place = Location::caller();
        let (job, handle) = job(
            call,
            None,
            place,
            Pace::Real,
            Duty::Optional,
            Instant::now(),
        );
        match self.queue.submit(job) {
            Ok(true) => self.start(),
            Ok(false) => {}
            Err(job) => drop(job),
        }
        Held::new(handle)
    }
}

fn patient(queue: &JobQueue, is_new: bool) -> Option<Taken> {
    queue.take(is_new, PATIENT)
}

/// One job comes before the end of the pool and one beside it: each has run or says "cancelled",
/// and no worker is left.
fn jobs_against_the_end(limit: usize, take: Take, close: fn(&JobQueue)) {
    let workers = Workers::new(limit, take);
    let ran = Arc::new(AtomicUsize::new(0));
    let count = |ran: &Arc<AtomicUsize>| {
        let ran = ran.clone();
        move || {
            ran.fetch_add(1, Ordering::Relaxed);
        }
    };
    let first = workers.submit(count(&ran));
    let late = {
        let (workers, count) = (Workers::clone(&workers), count(&ran));
        thread::spawn(move || workers.submit(count))
    };
    close(&workers.queue);
    assert!(workers.queue.wait_until_left(false, None));
    let second = late.join().unwrap();
    // A worker that was called for the second may have come after the look.
    assert!(workers.queue.wait_until_left(false, None));
    let ended = [first, second].map(|handle| match handle.let_go().try_result() {
        Ok(outcome) => usize::from(outcome.is_ok()),
        Err(handle) => panic!("{handle:?} was never answered"),
    });
    assert_eq!(ended.iter().sum::<usize>(), ran.load(Ordering::Relaxed));
}

#[test]
fn m09_two_jobs_and_one_worker_against_the_end() {
    check("m09, cancel", None, || {
        jobs_against_the_end(1, patient, |queue| drop(queue.close(true)));
    });
    check("m09, see through", None, || {
        jobs_against_the_end(1, patient, |queue| drop(queue.close(false)));
    });
}

#[test]
#[should_panic(expected = "was never answered")]
fn m09_twin_the_worker_looks_at_the_door_before_the_line() {
    check("m09, twin", Some(3), || {
        jobs_against_the_end(1, JobQueue::take_unless_closed, |queue| {
            drop(queue.close(false))
        });
    });
}

#[test]
fn m10_two_jobs_and_two_workers_against_the_end() {
    check("m10, cancel", Some(3), || {
        jobs_against_the_end(2, patient, |queue| drop(queue.close(true)));
    });
    check("m10, see through", Some(3), || {
        jobs_against_the_end(2, patient, |queue| drop(queue.close(false)));
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn m10_twin_the_idle_are_not_told() {
    check("m10, twin", Some(3), || {
        jobs_against_the_end(2, patient, JobQueue::close_silently);
    });
}

/// The worker of one job is about to retire when the next job comes.
fn retire_against_submit(take: Take) {
    let workers = Workers::new(1, take);
    let first = workers.submit(|| {});
    let second = workers.submit(|| {});
    // Workers leave by themselves.
    while workers.queue.workers() > 0 {
        thread::yield_now();
    }
    for handle in [first, second] {
        assert!(
            handle
                .let_go()
                .try_result()
                .expect("it was answered")
                .is_ok()
        );
    }
}

#[test]
fn m11_a_worker_that_retires_against_a_job_that_comes() {
    check("m11", None, || {
        retire_against_submit(|queue, is_new| queue.take(is_new, IMPATIENT))
    });
}

#[test]
#[should_panic(expected = "it was answered")]
fn m11_twin_it_leaves_without_another_look() {
    check("m11, twin", Some(3), || {
        retire_against_submit(|queue, _| queue.take_hastily())
    });
}

/// Two jobs that wait for each other, and two workers.
fn jobs_that_need_each_other(starts_the_next: bool) {
    let mut workers = Workers::new(2, patient).let_go();
    workers.starts_the_next = starts_the_next;
    let workers = Held::new(workers);
    let meeting = Arc::new((Mutex::new(0), Condvar::new()));
    let handles = [(); 2].map(|()| {
        let meeting = meeting.clone();
        workers.submit(move || {
            let (here, changed) = &*meeting;
            *lock(here) += 1;
            changed.notify_all();
            let mut count = lock(here);
            while *count < 2 {
                count = changed.wait(count).unwrap();
            }
        })
    });
    drop(workers.queue.close(false));
    assert!(workers.queue.wait_until_left(false, None));
    for handle in handles {
        assert!(handle.let_go().try_result().unwrap().is_ok());
    }
}

#[test]
fn m12_jobs_that_need_each_other_get_a_worker_each() {
    check("m12", Some(3), || jobs_that_need_each_other(true));
}

#[test]
#[should_panic] // The job's thread catches what the checker says of the deadlock, and goes wrong.
fn m12_twin_the_worker_that_came_does_not_call_the_next() {
    check("m12, twin", Some(2), || jobs_that_need_each_other(false));
}
