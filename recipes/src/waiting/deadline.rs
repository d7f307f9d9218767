//! I want to ask many at once, and take what is there by a deadline.

use mainspring::asyncio::{Duration, StreamExt, as_completed, sleep};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: deadline
/// Shops, how long each thinks about its price (in seconds), and the price.
const SHOPS: [(&str, f64, u32); 5] = [
    ("north", 0.3, 17),
    ("south", 1.4, 12),
    ("east", 0.9, 19),
    ("west", 0.6, 15),
    ("upstairs", 2.0, 11),
];

async fn price((_, seconds, price): (&str, f64, u32)) -> u32 {
    measured(sleep(seconds)).await;
    price
}

/// The outputs that come within the limit, each in the place of its future.
pub async fn by_deadline<F: Future>(
    limit: Duration,
    futures: impl IntoIterator<Item = F>,
) -> Vec<Option<F::Output>> {
    let futures: Vec<F> = futures.into_iter().collect();
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    let mut coming = as_completed(futures).indexed().timeout(limit);
    // When time is up there comes one `Err`; those that are not ready have been dropped.
    while let Some(Ok((place, output))) = coming.next().await {
        outputs[place] = Some(output);
    }
    outputs
}

/// `if __name__ == "__main__"`
pub fn main() {
    let prices = run(by_deadline(Duration::from_secs(1), SHOPS.map(price)));
    for ((shop, ..), price) in SHOPS.iter().zip(&prices) {
        match price {
            Some(price) => say!("{shop}: {price}"),
            None => say!("{shop}: no answer in time"),
        }
    }
    match prices.iter().flatten().min() {
        Some(best) => say!("best of those that answered: {best}"),
        None => say!("nobody answered"),
    }
}
// ANCHOR_END: deadline
