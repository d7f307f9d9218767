//! I want to try again when it fails, with pauses that grow (exponential back-off).

use mainspring::asyncio::{Duration, TimeoutError, sleep, timeout};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: retry
/// Why an attempt failed.
#[derive(Debug)]
pub enum Trouble {
    /// It may be better next time.
    Passing(&'static str),
    /// It will be the same next time.
    Lasting(&'static str),
}

/// Tries up to four times, each for half a second at most; the pause between doubles.
///
/// # Errors
///
/// What is wrong for good, or was wrong with the last attempt.
pub async fn retry<T>(
    name: &str,
    mut attempt: impl AsyncFnMut(u32) -> Result<T, Trouble>,
) -> Result<T, &'static str> {
    let mut pause = Duration::from_millis(100);
    let mut number = 1;
    loop {
        let trouble = match timeout(Duration::from_millis(500), attempt(number)).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(Trouble::Lasting(trouble))) => return Err(trouble),
            Ok(Err(Trouble::Passing(trouble))) => trouble,
            Err(TimeoutError { .. }) => "no answer in time",
        };
        if number == 4 {
            return Err(trouble);
        }
        say!("{name}: {trouble}, again in {pause:?}");
        sleep(pause).await;
        pause *= 2;
        number += 1;
    }
}

/// Three hosts: one that recovers, one that lacks the page, one that stays busy.
async fn fetch(name: &str, attempt: u32) -> Result<&'static str, Trouble> {
    measured(sleep(0.1)).await;
    match (name, attempt) {
        ("moody", 1) => Err(Trouble::Passing("busy")),
        ("moody", 2) => measured(std::future::pending()).await,
        ("moody", _) => Ok("a page"),
        ("empty", _) => Err(Trouble::Lasting("no such page")),
        _ => Err(Trouble::Passing("busy")),
    }
}

/// `if __name__ == "__main__"`
pub fn main() {
    run(async {
        for name in ["moody", "empty", "crowded"] {
            match retry(name, async |attempt| fetch(name, attempt).await).await {
                Ok(page) => say!("{name}: {page}"),
                Err(trouble) => say!("{name}: {trouble}, given up"),
            }
        }
    });
}
// ANCHOR_END: retry
