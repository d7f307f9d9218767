//! I want to see how far it is while many things finish.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mainspring::asyncio::{StreamExt, as_completed, sleep};

use crate::event_loop::run;
use crate::output::say;
use crate::sleeping::measured;

// ANCHOR: progress
/// Files, and how many seconds each takes.
const FILES: [(&str, f64); 6] = [
    ("index", 0.9),
    ("style", 0.2),
    ("logo", 0.5),
    ("fonts", 0.5),
    ("about", 0.7),
    ("script", 0.3),
];

async fn download((file, seconds): (&'static str, f64)) -> &'static str {
    measured(sleep(seconds)).await;
    file
}

/// At most three at once; `progress` is told of each when it ends.
pub async fn download_all(progress: impl Fn(usize, &str)) -> usize {
    let mut files = as_completed(FILES.map(download)).limit(3);
    let mut ended = 0;
    while let Some(file) = files.next().await {
        ended += 1;
        progress(ended, file);
    }
    ended
}

/// A bar where somebody watches, lines where nobody does.
pub fn main(target: Option<ProgressDrawTarget>) {
    let ended = match target.map(bar) {
        None => {
            let line = |ended, file: &str| say!("{ended} of {}: {file}", FILES.len());
            run(download_all(line))
        }
        Some(bar) => {
            let draw = |ended, file: &str| {
                bar.set_message(file.to_owned());
                bar.set_position(ended as u64);
            };
            let ended = run(download_all(draw));
            bar.finish();
            ended
        }
    };
    say!("{ended} files are here.");
}

fn bar(target: ProgressDrawTarget) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len}: {msg}");
    ProgressBar::with_draw_target(Some(FILES.len() as u64), target)
        .with_style(style.expect("the template is well formed"))
}
// ANCHOR_END: progress
