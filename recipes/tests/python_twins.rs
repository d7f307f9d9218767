//! Where Python 3.11 or later is installed, every twin prints what its recipe prints: to the byte,
//! unless other processes have a say in it.

mod support;

use std::process::Command;

use recipes::catalogue::RECIPES;
use support::{said, transcript};

/// By how much the twins' waits are divided. Some of them race sleeps against each other: on
/// a machine that is busy with other things the slower ones keep their order.
const SPEEDS: [&str; 4] = ["100", "20", "4", "1"];

#[test]
fn every_twin_prints_the_transcript_of_its_recipe() {
    if !has_python() {
        eprintln!("skipped: no python3 of version 3.11 or later");
        return;
    }
    for recipe in RECIPES.iter() {
        let file = format!("{}/python/{}.py", env!("CARGO_MANIFEST_DIR"), recipe.name);
        let expected = transcript(recipe.name);
        let twin = |speed: &&str| {
            let said = said(Command::new("python3").args([&file, *speed]));
            let is_same = sure(recipe.name, &said.stdout) == sure(recipe.name, &expected);
            (is_same && said.status.success(), said.stdout + &said.stderr)
        };
        let mut heard = String::new();
        let is_same = SPEEDS.iter().map(twin).any(|(is_same, text)| {
            heard.push_str(&text);
            is_same
        });
        assert!(
            is_same,
            "{}, at the speeds {SPEEDS:?}:\n{heard}",
            recipe.name
        );
    }
}

/// What is always the same in what a recipe prints.
fn sure(name: &str, printed: &str) -> Vec<String> {
    let lines = printed.lines();
    match name {
        // Which of several processes comes first is a matter of luck; that all lines come, and come
        // whole, is not.
        "process" | "default-executor" => {
            let mut lines: Vec<String> = lines.map(str::to_owned).collect();
            lines.sort();
            lines
        }
        // So is how long computing takes.
        "process-proof" => {
            let jobs = |line: &str| {
                let (way, figures) = line.split_once(": ").expect("a way and its figures");
                let peak = figures.split(", ").nth(2).expect("wall, busy, peak");
                let peak = peak.split(';').next().unwrap_or_default();
                format!("{way}: {peak}")
            };
            lines.map(jobs).collect()
        }
        _ => vec![printed.to_owned()],
    }
}

fn has_python() -> bool {
    let question = "import sys; sys.exit(sys.version_info < (3, 11))";
    let asked = Command::new("python3").args(["-c", question]).output();
    asked.is_ok_and(|answer| answer.status.success())
}
