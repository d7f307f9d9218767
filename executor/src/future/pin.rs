//! `pin!`: a future that stays where it is.

/// Pins futures in the function they are in, each under its old name.
///
/// `pin!(future)` takes the future and leaves a `Pin<&mut _>` with its name, which can be awaited,
/// and polled again and again by `&mut future` in a [`select!`](crate::select!). `pin! { let name = expression; }`
/// makes the variable, too. (std's `pin!` is an expression, and takes one.)
///
/// tokio: `pin!`. asyncio has no need of it.
///
/// ```
/// # mainspring::run(async {
/// let answer = async { 42 };
/// mainspring::pin!(answer);
/// assert_eq!((&mut answer).await, 42);
///
/// mainspring::pin! {
///     let one = async { 1 };
///     let two = async { 2 };
/// }
/// assert_eq!(one.await + two.await, 3);
/// # });
/// ```
#[macro_export]
macro_rules! pin {
    ($($name:ident),* $(,)?) => {$(
        #[allow(unused_mut)]
        let mut $name = ::core::pin::pin!($name);
    )*};
    ($(let $name:ident = $value:expr;)*) => {$(
        let $name = $value;
        $crate::pin!($name);
    )*};
}
