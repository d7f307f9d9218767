//! What the compiler refuses to hand to a worker process, and in which words.
//!
//! That a function captures nothing is checked where code is made of it: `cargo check` passes what
//! `cargo build` refuses.

use mainspring_tests::refusals::Refusals;

/// What a function may not do.
const CAPTURES: &str = "may not capture anything: pass what it needs as its argument";

/// What every program begins with.
const PROLOGUE: &str = "
    use mainspring::pool::run_in_executor;
    use mainspring::process::{ProcessPool, Processes, function, serve};

    fn double(n: u32) -> u32 { 2 * n }
    fn nothing(_: ()) {}
    struct Opaque;
    fn take(_: Opaque) {}
    fn give(_: ()) -> Opaque { Opaque }
    fn pool() -> ProcessPool { ProcessPool::new(1).unwrap() }
";

/// Nothing is wrong with it.
const SOUND: &str = "
    #[mainspring::main(serve = [double, nothing, |n: u32| n + 1])]
    async fn main() {
        serve([function(double)]);
        let _ = pool().submit(double, 1).await;
        let _ = run_in_executor(&Processes, double, 1).await;
        let _ = ProcessPool::builder().initializer(nothing, ()).build();
    }
";

#[test]
fn a_listed_closure_may_not_capture() {
    refused(
        "fn main() { let k = 3; serve([function(move |n: u32| n * k)]); }",
        CAPTURES,
    );
    // Neither what is copied nor what is moved.
    refused(
        "fn main() { let k = vec![3]; serve([function(move |n: u32| n * k[0])]); }",
        CAPTURES,
    );
}

#[test]
fn a_submitted_closure_may_not_capture() {
    refused(
        "fn main() { let k = 3; pool().submit(move |n: u32| n * k, 1); }",
        CAPTURES,
    );
    refused(
        "fn main() { let k = vec![3]; run_in_executor(&pool(), move |n: u32| n * k[0], 1); }",
        CAPTURES,
    );
    refused(
        "fn main() { let k = 3; run_in_executor(&Processes, move |n: u32| n * k, 1); }",
        CAPTURES,
    );
}

#[test]
fn an_initializer_may_not_capture() {
    let program = "fn main() {
        let k = 3;
        let _ = ProcessPool::builder().initializer(move |_: ()| drop(k), ());
    }";
    refused(program, CAPTURES);
}

#[test]
fn a_pointer_to_a_function_is_no_function() {
    let wanted = "give the function itself, not a pointer to it";
    refused(
        "fn main() { serve([function(double as fn(u32) -> u32)]); }",
        wanted,
    );
    refused(
        "fn main() { pool().submit(double as fn(u32) -> u32, 1); }",
        wanted,
    );
}

#[test]
fn a_closure_may_not_borrow() {
    refused(
        "fn main() { let k = vec![3]; serve([function(|n: u32| n * k[0])]); }",
        "closure may outlive the current function",
    );
}

#[test]
fn arguments_and_results_must_be_able_to_travel() {
    refused(
        "fn main() { serve([function(take)]); }",
        "DeserializeOwned` is not satisfied",
    );
    refused(
        "fn main() { serve([function(give)]); }",
        "Serialize` is not satisfied",
    );
    refused(
        "fn main() { pool().submit(take, Opaque); }",
        "Serialize` is not satisfied",
    );
}

#[test]
fn the_attribute_reports_a_function_at_its_place_in_the_list() {
    let list = |second: &str| {
        format!("#[mainspring::main(serve = [double,\n{second}])]\nasync fn main() {{}}")
    };
    // The second line of the program, after the lines of the prologue.
    let place = format!("<anon>:{}:1", PROLOGUE.lines().count() + 2);
    for (second, wanted) in [
        ("{ let k = 3; move |n: u32| n * k }", CAPTURES),
        ("give", "Serialize` is not satisfied"),
        ("missing", "cannot find value `missing`"),
        ("5", "the trait `Fn(_)` is not implemented for `{integer}`"),
    ] {
        refused(&list(second), wanted);
        refused(&list(second), &place);
    }
}

#[track_caller]
fn refused(program: &str, wanted: &str) {
    static PROGRAMS: Refusals = Refusals::new(PROLOGUE, SOUND);
    PROGRAMS.refused(program, wanted);
}
