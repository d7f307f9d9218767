//! Made by the test `tokio_items`; do not edit it.

use mainspring as tokio;

const _: () = { use tokio::signal as _; };
const _: () = { async fn check() -> std::io::Result<()> { tokio::signal::ctrl_c().await } };
const _: () = { use tokio::signal::unix as _; };
const _: () = { use tokio::signal::unix::Signal as _; };
const _: () = { fn check(a: tokio::signal::unix::Signal) -> impl std::fmt::Debug { a } };
const _: () = { fn check<'me>(a0: &'me mut tokio::signal::unix::Signal, a1: &mut std::task::Context<'_>) -> std::task::Poll<Option<()>> { <tokio::signal::unix::Signal>::poll_recv(a0, a1) } };
const _: () = { async fn check<'me>(a0: &'me mut tokio::signal::unix::Signal) -> Option<()> { <tokio::signal::unix::Signal>::recv(a0).await } };
const _: () = { use tokio::signal::unix::SignalKind as _; };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl Clone { a } };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl Copy { a } };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl std::fmt::Debug { a } };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl Eq { a } };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl From<i32> { a } };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl std::hash::Hash { a } };
const _: () = { fn check(a: tokio::signal::unix::SignalKind) -> impl PartialEq { a } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::alarm() } };
const _: () = { const fn check<'me>(a0: &'me tokio::signal::unix::SignalKind) -> std::os::raw::c_int { <tokio::signal::unix::SignalKind>::as_raw_value(a0) } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::child() } };
const _: () = { const fn check(a0: std::os::raw::c_int) -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::from_raw(a0) } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::hangup() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::interrupt() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::io() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::pipe() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::quit() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::terminate() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::user_defined1() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::user_defined2() } };
const _: () = { const fn check() -> tokio::signal::unix::SignalKind { <tokio::signal::unix::SignalKind>::window_change() } };
const _: () = { fn check(a0: tokio::signal::unix::SignalKind) -> std::io::Result<tokio::signal::unix::Signal> { tokio::signal::unix::signal(a0) } };
const _: () = { fn check(a: std::os::raw::c_int) -> impl From<tokio::signal::unix::SignalKind> { a } };
