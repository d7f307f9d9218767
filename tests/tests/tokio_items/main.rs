//! What of tokio is here: the table in the book, and a program that compiles only if it is true.
//!
//! - `tests/tokio_items.txt` is tokio's side: every stable public item, with Rust that uses it.
//! - `tests/tokio_notes.txt` is ours, written by hand: notes, what is left out and why, and, written by
//!   this program, what is still open.
//! - From the two come `tests/tests/tokio_here/`, where everything that is said to be here is used
//!   with tokio's signature and so does not compile unless it is, and `docs/src/tokio-items.md`.
//!
//! After a note was changed, or something came that was open:
//!
//! ```text
//! MAINSPRING_WRITE_TOKIO=1 cargo test -p mainspring-tests --test tokio_items the_table
//! ```
//!
//! That tries to compile every item, so what is open need not be told, and what is left out and
//! has come is found.

mod item;
mod notes;
mod here;
mod table;

use std::collections::BTreeSet;
use std::fs;

use item::Item;
use mainspring_tests::source::{files, root};
use notes::{Notes, State};

const ITEMS: &str = "tests/tokio_items.txt";
const NOTES: &str = "tests/tokio_notes.txt";
const TABLE: &str = "docs/src/tokio-items.md";

#[test]
fn the_table_and_the_program_are_what_list_and_notes_say() {
    let items = items();
    let mut notes = Notes::read(&text(NOTES));
    let renews = std::env::var_os("MAINSPRING_WRITE_TOKIO").is_some();
    let mut missing = BTreeSet::new();
    if renews {
        missing = here::tried(&items, &notes);
        notes.set_open(&items, &missing);
        fs::write(root().join(NOTES), notes.text()).expect("the notes can be written");
    }
    let mut fresh = here::program(&items, &notes);
    fresh.push((TABLE.to_owned(), table::page(&items, &notes)));
    if renews {
        here::write(&fresh);
        let is_left = |item: &&Item| matches!(notes.state(item), State::Left(_));
        let left = items.iter().filter(is_left).map(|item| &item.name);
        let came: Vec<_> = left.filter(|name| !missing.contains(*name)).collect();
        assert!(
            came.is_empty(),
            "{NOTES} leaves out what is here: {came:#?}"
        );
        return;
    }
    let mut known: BTreeSet<String> = files(here::FOLDER, ".rs")
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    for (path, fresh) in &fresh {
        known.remove(path);
        let old = fs::read_to_string(root().join(path)).unwrap_or_default();
        let old_lines: BTreeSet<&str> = old.lines().collect();
        let new: Vec<_> = fresh
            .lines()
            .filter(|line| !old_lines.contains(line))
            .collect();
        assert!(
            old == *fresh,
            "{path} is not what {ITEMS} and {NOTES} say; run this test with \
             MAINSPRING_WRITE_TOKIO=1\nnot yet there: {new:#?}"
        );
    }
    assert!(known.is_empty(), "nothing made these: {known:#?}");
}

#[test]
fn every_note_is_about_an_item_and_every_item_is_listed_once() {
    let items = items();
    let names: BTreeSet<&str> = items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names.len(), items.len(), "{ITEMS} has a name twice");
    assert!(items.len() > 1_800, "{ITEMS} has lost items");
    let wrong = Notes::read(&text(NOTES)).complaints(&items);
    assert!(wrong.is_empty(), "{NOTES}\n{}", wrong.join("\n"));
}

/// The tutorial, mini-redis, tokio's examples and its site's pages: programs that are swapped in.
#[test]
fn what_teaching_programs_use_is_here() {
    let notes = Notes::read(&text(NOTES));
    let items = items();
    let mut used: Vec<&Item> = items.iter().collect();
    used.retain(|item| notes.tier(item).is_some());
    assert!(
        used.len() > 140,
        "{NOTES} has lost what teaching programs use"
    );
    used.retain(|item| !matches!(notes.state(item), State::Here | State::Noted(_)));
    let missing: Vec<&str> = used.iter().map(|item| item.name.as_str()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The list.
fn items() -> Vec<Item> {
    let text = text(ITEMS);
    let lines = text.lines();
    let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| Item::read(line).unwrap_or_else(|| panic!("{ITEMS}: what is `{line}`?")))
        .collect()
}
