//! I want to control the number of executions in parallel.

use mainspring::asyncio::{Semaphore, gather};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::sleeping;

// ANCHOR: semaphore
/// Nine jobs, of which at most `limit` sleep at once.
pub async fn limited_parallel(limit: usize, lengths: [i32; 9]) -> Vec<String> {
    let semaphore = Semaphore::new(limit);
    let limited_sleep = async |seconds: i32| {
        // The permit goes back when it is dropped, however this ends.
        let _permit = semaphore.acquire().await.unwrap();
        sleeping(&seconds.to_string(), seconds, None)
            .await
            .to_owned()
    };
    gather(lengths.map(limited_sleep)).await
}

/// `if __name__ == "__main__"`
pub fn main(limit: usize, lengths: [i32; 9]) {
    for result in run(limited_parallel(limit, lengths)) {
        say!("limited parallel: {result}");
    }
}
// ANCHOR_END: semaphore

/// The lengths of the nine jobs, in seconds: always the same ones, unless a seed draws them from
/// 0 to 3, as the article does.
///
/// # Source
///
/// Sebastiano Vigna's SplitMix64.
pub fn lengths(seed: Option<u64>) -> [i32; 9] {
    let Some(mut state) = seed else {
        return [3, 1, 2, 0, 3, 1, 2, 2, 0];
    };
    std::array::from_fn(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut drawn = state;
        drawn = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The two highest bits: a number from 0 to 3.
        ((drawn ^ (drawn >> 31)) >> 62) as i32
    })
}
