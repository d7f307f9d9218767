//! Models: the code that threads meet in, run through every order in which they can meet.
//!
//! Each model drives the code as it stands (`Remote`, `TaskWaker`, `TaskTable`, task bodies,
//! `JoinCell`, `JobQueue`) behind the names of `shim`, and has a twin with one wrong step in it
//! that the checker must find: a model that accepts everything is worse than none.
//!
//! `RUSTFLAGS="--cfg mainspring_loom" cargo test --release -p mainspring --lib models`
//!
//! | model | what meets |
//! | --- | --- |
//! | m01 | one thread wakes, the loop parks |
//! | m02 | a wake during the poll, from inside and from outside |
//! | m03 | two threads wake, the loop parks |
//! | m04 | calls from another thread, the loop parks |
//! | m05 | a waker is cloned, called and dropped, the loop closes |
//! | m06 | a late wake, and another task in the same place |
//! | m07 | a job's answer, and who awaits it |
//! | m08 | a job's answer, and a handle that is dropped |
//! | m09 | two jobs and one worker, and the pool ends |
//! | m10 | two jobs and two workers, and the pool ends |
//! | m11 | an idle worker retires, and a job comes |
//! | m12 | two jobs that need each other |
//! | m13 | an abort, a wake, and the end of a task; an abort and the end of a job |
//! | m19 | an abort, and a handle that is dropped |
//! | m22 | tasks from two threads, the loop parks, and it closes |
//! | m25 | children that ring, and their parent; jobs that end, and their set |

mod harness;
mod wake;
mod answer;
mod arrival;
mod roster;
mod pool;
