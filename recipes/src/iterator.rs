//! I want to create an iterator that processes asynchronously.

use std::pin::pin;

use mainspring::asyncio::{Stream, StreamExt, Threads, run_in_executor};
use mainspring::future::iter;
use mainspring::task::Outcome;

use crate::event_loop::run;
use crate::output::{complain, say};
use crate::pages::{Fetched, Requests};

// ANCHOR: iterator
/// The next page is fetched when somebody asks for it; a stream's end is `None`.
pub fn async_iterator(
    urls: &[String],
    requests_get: impl Fn(String) -> Fetched + Clone + Send + 'static,
) -> impl Stream<Item = Outcome<Fetched>> {
    iter(urls.to_vec()).then(move |url| run_in_executor(&Threads, requests_get.clone(), url))
}

/// `async for`
pub async fn async_fetch(
    urls: &[String],
    requests_get: impl Fn(String) -> Fetched + Clone + Send + 'static,
) {
    let mut pages = pin!(async_iterator(urls, requests_get));
    while let Some(fetched) = pages.next().await {
        match fetched.unwrap() {
            Ok(page) => say!("{}", page.url),
            Err(error) => complain(error),
        }
    }
}

/// `if __name__ == "__main__"`
pub fn main(urls: &[String], requests: &Requests) {
    run(async_fetch(urls, requests.getter()));
}
// ANCHOR_END: iterator
