//! The book includes the code and never copies it: every include must find its piece, every anchor
//! must have a reader, and a chapter is in the table of contents with its text or not at all.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use mainspring_tests::source::files;

/// A chapter with fewer lines is a title, not a chapter.
const FEWEST_LINES: usize = 15;

const SUMMARY: &str = "docs/src/SUMMARY.md";

#[test]
fn every_include_finds_its_piece_and_every_anchor_its_reader() {
    let chapters = files("docs/src", ".md");
    assert!(!chapters.is_empty(), "the book has no chapter");
    let folders = ["executor", "reactor", "recipes", "tests", "docs/examples"];
    let endings = [".rs", ".py", ".txt", ".toml"];
    let sources = folders
        .iter()
        .flat_map(|folder| endings.map(|ending| files(folder, ending)));
    let sources = sources.flatten();
    let wrong = broken_includes(&chapters, &sources.collect());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_chapter_has_its_text() {
    let mut chapters: HashMap<String, String> = files("docs/src", ".md").into_iter().collect();
    let summary = chapters
        .remove(SUMMARY)
        .expect("the book has a table of contents");
    let wrong = broken_summary(&summary, &chapters);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_test_that_the_book_names_is_there() {
    let mut sources = HashSet::new();
    for folder in ["executor", "reactor", "recipes", "tests"] {
        for (_, text) in files(folder, ".rs") {
            let names = text.split("fn ").skip(1);
            sources.extend(names.map(|rest| first_word(rest).to_owned()));
        }
    }
    let wrong = nameless(&files("docs/src", ".md"), &sources);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Names of five words or more, as only tests have, that are no function's.
fn nameless(chapters: &[(String, String)], functions: &HashSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (chapter, text) in chapters {
        for word in text.split('`').skip(1).step_by(2) {
            let words = word.split('_').filter(|word| !word.is_empty());
            let is_test = words.count() >= 5 && first_word(word) == word;
            if is_test && !functions.contains(word) {
                wrong.push(format!("{chapter}: there is no `{word}`"));
            }
        }
    }
    wrong
}

/// Up to the first character that is in no name.
fn first_word(text: &str) -> &str {
    let end = text.find(|it: char| !(it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_'));
    &text[..end.unwrap_or(text.len())]
}

/// Includes that find nothing, and anchors that nobody includes.
fn broken_includes(
    chapters: &[(String, String)],
    sources: &HashMap<String, String>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut used = HashSet::new();
    for (chapter, text) in chapters {
        for (line, include) in includes(text) {
            let (path, anchor) = include.split_once(':').unwrap_or((&include, ""));
            let file = beside(chapter, path);
            let complaint = match sources.get(&file) {
                None => Some("there is no such file".to_owned()),
                // mdbook shows the marks when it includes a file whole.
                Some(source) if anchor.is_empty() => has_anchors(source).then(|| {
                    "the file has anchors, which would show: include one of them".to_owned()
                }),
                Some(source) => broken_anchor(source, anchor),
            };
            used.insert((file, anchor.to_owned()));
            wrong.extend(
                complaint.map(|complaint| format!("{chapter}:{line}: {include}: {complaint}")),
            );
        }
    }
    for (path, text) in sources {
        for (number, line) in text.lines().enumerate() {
            if let Some(anchor) = comment(line).strip_prefix("ANCHOR:") {
                let anchor = anchor.trim();
                if !used.contains(&(path.clone(), anchor.to_owned())) {
                    wrong.push(format!(
                        "{path}:{}: no chapter includes the anchor `{anchor}`",
                        number + 1
                    ));
                }
            }
        }
    }
    wrong.sort();
    wrong
}

/// What stands in the `{{#include …}}` tags of a chapter, with their lines.
fn includes(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for tag in line.split("{{#").skip(1) {
            let Some((tag, _)) = tag.split_once("}}") else {
                continue;
            };
            if let Some((kind, what)) = tag.split_once(char::is_whitespace)
                && matches!(kind, "include" | "rustdoc_include" | "playground")
            {
                found.push((number + 1, what.trim().to_owned()));
            }
        }
    }
    found
}

/// What is wrong with the piece of `source` between the two ends of `anchor`.
fn broken_anchor(source: &str, anchor: &str) -> Option<String> {
    if anchor.starts_with(|first: char| first.is_ascii_digit() || first == ':') {
        return Some("line numbers go stale: include an anchor".to_owned());
    }
    let ends = |mark: &str| {
        let is_end = |line: &str| comment(line).strip_prefix(mark).map(str::trim) == Some(anchor);
        source
            .lines()
            .enumerate()
            .filter(|(_, line)| is_end(line))
            .map(|(number, _)| number)
            .collect()
    };
    let (opens, closes): (Vec<usize>, Vec<usize>) = (ends("ANCHOR:"), ends("ANCHOR_END:"));
    match (&opens[..], &closes[..]) {
        ([open], [close]) if close > &(open + 1) => None,
        ([_], [_]) => Some("the anchor holds nothing".to_owned()),
        ([], _) => Some("the file has no such anchor".to_owned()),
        ([_], []) => Some("the anchor does not close".to_owned()),
        _ => Some("the anchor is there more than once".to_owned()),
    }
}

fn has_anchors(source: &str) -> bool {
    source
        .lines()
        .any(|line| comment(line).starts_with("ANCHOR:"))
}

/// The text of a line that is nothing but a comment.
fn comment(line: &str) -> &str {
    let line = line.trim();
    let text = line.strip_prefix("//").or_else(|| line.strip_prefix('#'));
    text.unwrap_or_default().trim()
}

/// `path`, written in `chapter`, from the root of the repository.
fn beside(chapter: &str, path: &str) -> String {
    let mut found = PathBuf::from(chapter);
    found.pop();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(found.pop()),
            part => found.push(part),
        }
    }
    found.to_string_lossy().into_owned()
}

/// Chapters that are promised and missing, that are hardly begun, or that nobody promised.
fn broken_summary(summary: &str, chapters: &HashMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut promised = HashSet::new();
    for link in summary.split("](").skip(1) {
        let path = link.split(')').next().unwrap_or_default();
        let file = beside(SUMMARY, path);
        match chapters.get(&file) {
            None => wrong.push(format!("{SUMMARY}: `{path}` has no text")),
            Some(text) if text.lines().count() < FEWEST_LINES => {
                wrong.push(format!(
                    "{file}: a chapter of less than {FEWEST_LINES} lines"
                ));
            }
            Some(_) => {}
        }
        promised.insert(file);
    }
    let forgotten = chapters
        .keys()
        .filter(|chapter| !promised.contains(*chapter));
    wrong.extend(forgotten.map(|chapter| format!("{chapter}: not in {SUMMARY}")));
    wrong.sort();
    wrong
}

#[cfg(test)]
fn verdict(chapter: &str, source: &str) -> Vec<String> {
    let chapters = [("docs/src/engine/turn.md".to_owned(), chapter.to_owned())];
    let sources = HashMap::from([("executor/src/turn.rs".to_owned(), source.to_owned())]);
    broken_includes(&chapters, &sources)
}

#[test]
fn an_include_that_finds_its_piece_is_accepted() {
    let whole = "{{#include ../../../executor/src/turn.rs}}";
    assert!(verdict(whole, "fn wait() {}").is_empty());
    let source = "// ANCHOR: wait\nfn wait() {}\n// ANCHOR_END: wait\nlet s = \"// ANCHOR: no\";\n";
    for chapter in [
        "{{#include ../../../executor/src/turn.rs:wait}}",
        "a {{#rustdoc_include ../../../executor/src/turn.rs:wait}} b",
    ] {
        let wrong = verdict(chapter, source);
        assert!(wrong.is_empty(), "{chapter}\n{wrong:?}");
    }
}

#[test]
fn an_include_that_finds_nothing_is_refused() {
    let turn = "{{#include ../../../executor/src/turn.rs:wait}}";
    for (chapter, source, complaint) in [
        (
            "{{#include ../turn.rs}}",
            "",
            "docs/src/engine/turn.md:1: ../turn.rs: there is no such file",
        ),
        (turn, "fn wait() {}", "no such anchor"),
        (
            "{{#include ../../../executor/src/turn.rs}}",
            "// ANCHOR: wait\nfn wait() {}\n// ANCHOR_END: wait",
            "which would show",
        ),
        (turn, "// ANCHOR: wait\nfn wait() {}", "does not close"),
        (
            turn,
            "// ANCHOR: wait\n// ANCHOR_END: wait",
            "holds nothing",
        ),
        (
            turn,
            "// ANCHOR: wait\nfn wait() {}\n// ANCHOR_END: wait_for",
            "does not close",
        ),
        (
            turn,
            "// ANCHOR: wait\na\n// ANCHOR_END: wait\n// ANCHOR: wait\nb\n// ANCHOR_END: wait",
            "more than once",
        ),
        (
            "{{#include ../../../executor/src/turn.rs:1:2}}",
            "a\nb",
            "line numbers",
        ),
        (
            "{{#include ../../../executor/src/turn.rs::2}}",
            "a\nb",
            "line numbers",
        ),
    ] {
        let wrong = verdict(chapter, source);
        assert!(
            wrong.join("\n").contains(complaint),
            "{chapter}\n{source}\n{wrong:?}"
        );
    }
}

#[test]
fn an_anchor_that_no_chapter_includes_is_refused() {
    let wrong = verdict("", "a\n    // ANCHOR: wait\nb\n// ANCHOR_END: wait");
    assert_eq!(
        wrong,
        ["executor/src/turn.rs:2: no chapter includes the anchor `wait`"]
    );
}

#[test]
fn a_name_that_no_test_bears_is_refused() {
    let functions = HashSet::from(["a_wake_comes_too_late".to_owned()]);
    let chapter = "`a_wake_comes_too_late`, `a_wake_comes_too_soon`, `max_tasks_per_child`, `a b`";
    assert_eq!(
        nameless(&[("turn.md".to_owned(), chapter.to_owned())], &functions),
        ["turn.md: there is no `a_wake_comes_too_soon`"]
    );
}

#[test]
fn a_chapter_is_listed_with_its_text_or_not_at_all() {
    let chapter = |name: &str, lines| (format!("docs/src/{name}.md"), "text\n".repeat(lines));
    let chapters = HashMap::from([
        chapter("full", 15),
        chapter("thin", 14),
        chapter("lost", 15),
    ]);
    let wrong = broken_summary(
        "[A](full.md)\n- [B](thin.md)\n- [C](gone.md)\n- [D]()\n",
        &chapters,
    );
    assert_eq!(
        wrong,
        [
            "docs/src/SUMMARY.md: `` has no text",
            "docs/src/SUMMARY.md: `gone.md` has no text",
            "docs/src/lost.md: not in docs/src/SUMMARY.md",
            "docs/src/thin.md: a chapter of less than 15 lines",
        ]
    );
    assert!(broken_summary("[A](full.md)", &HashMap::from([chapter("full", 15)])).is_empty());
}
