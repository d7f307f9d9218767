//! Made by the test `tokio_items`; do not edit it.

use mainspring as tokio;

const _: () = { use tokio::join as _; };
const _: () = { use tokio::main as _; };
const _: () = { use tokio::pin as _; };
const _: () = { use tokio::select as _; };
const _: () = { fn check<F>(a0: F) -> tokio::task::JoinHandle<<F as Future>::Output> where F: Future + Send + 'static, <F as Future>::Output: Send + 'static { tokio::spawn(a0) } };
const _: () = { use tokio::task_local as _; };
const _: () = { use tokio::test as _; };
const _: () = { use tokio::try_join as _; };
