//! The attributes of mainspring, `#[main]` and `#[test]`, and what `select!` becomes.
//!
//! Each turns an `async fn` into a plain one that hands its body to a runtime. Programs use them
//! as `#[mainspring::main]` and `#[mainspring::test]`, or under whatever name their `Cargo.toml`
//! gave the crate; this package is not meant to be named by anybody but `mainspring`.

#![forbid(unsafe_code)]

mod arguments;
mod manifest;
mod entry;
mod select;

use proc_macro::TokenStream;

use crate::entry::Kind;

/// Runs an `async fn` on a runtime made for it, and returns what it returns.
///
/// On `main` this is the whole program; on any other function, each call builds a runtime of its
/// own and blocks until the body has ended. It corresponds to `#[tokio::main]`, and to
/// `asyncio.run(main())`.
///
/// ```ignore
/// #[mainspring::main]
/// async fn main() -> std::io::Result<()> {
///     mainspring::time::sleep(std::time::Duration::from_millis(10)).await;
///     Ok(())
/// }
/// ```
///
/// # Arguments
///
/// All may be left out.
///
/// | argument | meaning |
/// | --- | --- |
/// | `start_paused = true` | the clock stands still and jumps from deadline to deadline |
/// | `serve = [fib, print_num]` | the functions that worker processes can be asked for |
/// | `crate = "path"` | where mainspring is found, if not under the name in `Cargo.toml` |
/// | `name = "…"` | the runtime's name, which `Handle::name` gives |
///
/// Programs written for tokio also say `flavor = "current_thread"`, `"multi_thread"` or
/// `"local"`, `worker_threads = n` and `unhandled_panic = "ignore"`. They are checked and change
/// nothing here: whatever is asked for, one thread runs the tasks, and where several were asked for,
/// a line says so in debug mode. (`unhandled_panic` changes what [`test`](macro@test) does.)
///
/// # Worker processes
///
/// A worker process is this program again, and has to find out that it is one before it does
/// anything else. `serve = [fib, print_num]` becomes the first statement of the function, before
/// the runtime is built:
///
/// ```ignore
/// mainspring::process::serve([
///     mainspring::process::function(fib),
///     mainspring::process::function(print_num),
/// ]);
/// ```
///
/// In the list stand paths of functions, or any expression that gives a function: a closure must
/// not capture anything. Written inside the body instead, `serve` would come too late: the worker's
/// jobs would run within a runtime, and could not start one. A program has one list; to give it
/// twice, here and to `serve`, is no mistake as long as both are equal.
///
/// # When nothing can go on
///
/// If every task waits and nothing is left that could wake one, the program prints who waits for
/// what and ends with exit code 13; not if it has other threads, which may be what it is for.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Kind::Main, arguments.into(), item.into()).into()
}

/// Runs an `async fn` as a test, on a runtime made for it.
///
/// Takes the arguments of [`main`](macro@main); `start_paused = true` makes a test that sleeps
/// for a year end at once, and in the same way on every machine. It corresponds to
/// `#[tokio::test]`, and to `unittest.IsolatedAsyncioTestCase`.
///
/// ```ignore
/// #[mainspring::test(start_paused = true)]
/// async fn a_year_passes() {
///     mainspring::time::sleep(std::time::Duration::from_secs(31_536_000)).await;
/// }
/// ```
///
/// # Worker processes
///
/// With `serve = [fib]` the test is an entry for worker processes, too: it may name itself to the
/// builder of its pool. Everywhere in a test program the list must be the same.
///
/// ```ignore
/// #[mainspring::test(serve = [fib])]
/// async fn fib_is_right_elsewhere() {
///     let pool = ProcessPool::builder().worker_test("tests::fib_is_right_elsewhere");
///     assert_eq!(pool.build().unwrap().submit(fib, 20).await.unwrap(), 6765);
/// }
/// ```
///
/// # Panics that nobody reads
///
/// An assertion that fails in a task whose handle was dropped is mostly a bug of the test's, and
/// easily missed. So the test fails if a panic on its loop was read by nobody, be it in a task, a
/// callback or a pool's job. To await the handle, in whatever way, is to read it;
/// `unhandled_panic = "ignore"` lets such a test pass, and a handler of its own
/// (`set_exception_handler`) is told instead.
///
/// Under the name `tokio` (see `crate` above) such a test always passes, as it does with tokio: its
/// programs leave tasks behind that panic when the test hangs up on them.
///
/// # When nothing can go on
///
/// If every task waits and nothing is left that could wake one, the test panics with a report of
/// who waits for what.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    entry::expand(Kind::Test, arguments.into(), item.into()).into()
}

/// What `mainspring::select!` becomes; that one is what programs call.
#[doc(hidden)]
#[proc_macro]
pub fn select(input: TokenStream) -> TokenStream {
    select::expand(input.into()).into()
}
