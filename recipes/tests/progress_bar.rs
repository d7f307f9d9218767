//! The bar of `progress`, on a terminal in memory.

use std::io;

use indicatif::{InMemoryTerm, ProgressDrawTarget};
use recipes::stage::{self, Setting};
use recipes::waiting::progress;

#[test]
fn where_somebody_watches_progress_draws_a_bar() {
    let terminal = InMemoryTerm::new(5, 60);
    let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
    let setting = Setting {
        paused: true,
        ..Setting::default()
    };
    stage::play(setting, io::sink(), |_| progress::main(Some(target)));
    let full = "█".repeat(30);
    assert_eq!(terminal.contents(), format!("{full} 6 of 6: about"));
}
