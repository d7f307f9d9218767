//! The program that uses everything that is said to be here, one file a room.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::process::Command;

use mainspring_tests::source::root;

use crate::item::Item;
use crate::notes::{Notes, State};

/// Where it is.
pub(crate) const FOLDER: &str = "tests/tests/tokio_here";

/// What stands above the `mod` lines.
const HEAD: &str = "\
//! Everything of tokio that is said to be here, used with tokio's own signatures: that it compiles
//! is what it shows. Made by the test `tokio_items`, from `tests/tokio_items.txt` and
//! `tests/tokio_notes.txt`; do not edit it.
";

/// The files of the program, each with its path.
pub(crate) fn program(items: &[Item], notes: &Notes) -> Vec<(String, String)> {
    let here = items
        .iter()
        .filter(|item| matches!(notes.state(item), State::Here | State::Noted(_)));
    files(here, notes)
        .into_iter()
        .map(|(path, lines)| (path, lines.concat()))
        .collect()
}

/// The names of those that do not compile, whatever the notes say.
///
/// The compiler is asked until it is content: it may see one fault only after another is gone.
pub(crate) fn tried(items: &[Item], notes: &Notes) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    let mut hoped: Vec<&Item> = items.iter().collect();
    loop {
        let files = files(hoped.iter().copied(), notes);
        let texts = files
            .iter()
            .map(|(path, lines)| (path.clone(), lines.concat()));
        write(&texts.collect::<Vec<_>>());
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["check", "-p", "mainspring-tests", "--test", "tokio_here"])
            .arg("--message-format=short")
            .current_dir(root())
            .output()
            .expect("cargo can be started");
        if output.status.success() {
            return missing;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let wrong: BTreeSet<&String> = said
            .lines()
            .filter_map(|line| blamed(line, &files))
            .collect();
        let before = hoped.len();
        hoped.retain(|item| {
            let is_here = !wrong.contains(&used(item, notes));
            if !is_here {
                missing.insert(item.name.clone());
            }
            is_here
        });
        assert!(
            hoped.len() < before,
            "nothing of this is about an item:\n{said}"
        );
    }
}

/// The line of a file that a message of the compiler calls an error.
fn blamed<'f>(message: &str, files: &'f [(String, Vec<String>)]) -> Option<&'f String> {
    let (place, _) = message.split_once(": error")?;
    let mut place = place.split(':');
    let path = place.next()?;
    let number: usize = place.next()?.parse().ok()?;
    let (_, lines) = files.iter().find(|(file, _)| file == path)?;
    lines.get(number.checked_sub(1)?)
}

/// Writes the files and takes away those of the program that are not among them.
pub(crate) fn write(files: &[(String, String)]) {
    fs::create_dir_all(root().join(FOLDER)).expect("the folder can be made");
    for (path, _) in mainspring_tests::source::files(FOLDER, ".rs") {
        if !files.iter().any(|(kept, _)| *kept == path) {
            fs::remove_file(root().join(path)).expect("a file can be removed");
        }
    }
    for (path, text) in files {
        fs::write(root().join(path), text).expect("a file can be written");
    }
}

/// The files of a program that uses these items, line by line.
fn files<'i>(items: impl Iterator<Item = &'i Item>, notes: &Notes) -> Vec<(String, Vec<String>)> {
    let mut rooms: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for item in items {
        let room = match item.room() {
            "" => "root",
            room => room,
        };
        let lines = rooms.entry(room).or_insert_with(|| {
            vec![
                "//! Made by the test `tokio_items`; do not edit it.\n".to_owned(),
                "\n".to_owned(),
                "use mainspring as tokio;\n".to_owned(),
                "\n".to_owned(),
            ]
        });
        lines.push(used(item, notes));
    }
    let mut main =
        format!("{HEAD}\n#![forbid(unsafe_code)]\n#![allow(warnings)]\n#![allow(clippy::all)]\n\n");
    for room in rooms.keys() {
        writeln!(main, "#[rustfmt::skip]\nmod {room};").expect("a string takes all");
    }
    let main = main.split_inclusive('\n').map(str::to_owned).collect();
    let mut files = vec![(format!("{FOLDER}/main.rs"), main)];
    let rooms = rooms.into_iter();
    files.extend(rooms.map(|(room, lines)| (format!("{FOLDER}/{room}.rs"), lines)));
    files
}

/// The line that uses an item.
fn used(item: &Item, notes: &Notes) -> String {
    format!("const _: () = {{ {} }};\n", notes.check(item))
}
