//! Imports point to the ground: the table of contents is the import order.
//!
//! `lib.rs` and every `mod.rs` declare their modules in the order in which they may be understood.
//! A file imports only what is declared before it, in its own folder and on the floors below; it
//! writes `crate::room::file::Item`, so neither `super::` nor a glob nor its own facade. Unit tests
//! may use the last three. The root file of a crate is exempt: it is the facade of everything.

use std::collections::HashMap;
use std::ops::Range;

use mainspring_tests::source::{Source, files};

/// Facades that show something of a floor above, because tokio's programs (or asyncio's) look for
/// it there. A module's contents cannot be added to from the root file, which would be the place
/// for it.
const SHOWN_FROM_ABOVE: [(&str, &str); 10] = [
    ("executor/src/task/mod.rs", "crate::future::group::"),
    ("executor/src/task/mod.rs", "crate::future::join_set"),
    ("executor/src/task/mod.rs", "crate::future::local_set::"),
    ("executor/src/task/mod.rs", "crate::future::shared::"),
    ("executor/src/task/mod.rs", "crate::pool::spawn_blocking"),
    ("executor/src/runtime/mod.rs", "crate::future::remote::"),
    ("executor/src/runtime/mod.rs", "crate::time::call::"),
    ("executor/src/time/mod.rs", "crate::pool::block_for"),
    ("executor/src/io/mod.rs", "crate::fs::output::"),
    ("executor/src/io/mod.rs", "crate::fs::stdin::"),
];

#[test]
fn imports_point_to_the_ground() {
    let mut wrong = Vec::new();
    for (folder, root) in [
        ("reactor/src", "lib.rs"),
        ("executor/src", "lib.rs"),
        ("executor/macros/src", "lib.rs"),
        ("recipes/src", "lib.rs"),
        ("recipes/src", "main.rs"),
    ] {
        let sources = files(folder, ".rs").into_iter();
        let sources = sources
            .map(|(path, text)| Source::new(path, text))
            .collect();
        wrong.extend(House::new(folder, root, sources).check());
    }
    let is_shown = |line: &String| {
        let mut shown = SHOWN_FROM_ABOVE.iter();
        shown.any(|(file, item)| line.starts_with(file) && line.contains(item))
    };
    wrong.retain(|line| !is_shown(line));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_declared_somewhere() {
    for (folder, roots) in [
        ("reactor/src", &["lib.rs"] as &[&str]),
        ("executor/src", &["lib.rs"]),
        ("executor/macros/src", &["lib.rs"]),
        ("recipes/src", &["lib.rs", "main.rs"]),
    ] {
        let sources = files(folder, ".rs").into_iter();
        let sources: Vec<Source> = sources
            .map(|(path, text)| Source::new(path, text))
            .collect();
        let mut known = Vec::new();
        for root in roots {
            let house = House::new(folder, root, sources.clone());
            known.extend(
                house
                    .modules
                    .values()
                    .map(|module| module.source.path.clone()),
            );
        }
        for source in sources {
            let path = source.path;
            assert!(
                known.contains(&path) || path.contains("/bin/"),
                "{path}: no `mod` line names it"
            );
        }
    }
}

/// A module's name from the root of its crate: empty for the root itself.
type Name = Vec<String>;

struct Module {
    source: Source,
    /// Its place among the `mod` lines of the file that declares it.
    order: usize,
    /// Declared for tests alone.
    for_tests: bool,
}

/// The modules of one crate, by name.
struct House {
    modules: HashMap<Name, Module>,
}

impl House {
    /// Follows the `mod` lines from the file called `root`.
    fn new(folder: &str, root: &str, sources: Vec<Source>) -> Self {
        let mut sources: HashMap<String, Source> = sources
            .into_iter()
            .map(|source| (source.path.clone(), source))
            .collect();
        let mut modules = HashMap::new();
        let mut waiting = vec![(Name::new(), format!("{folder}/{root}"), 0, false)];
        while let Some((name, path, order, for_tests)) = waiting.pop() {
            let Some(source) = sources.remove(&path) else {
                continue;
            };
            let children = match path.strip_suffix("/mod.rs") {
                Some(folder) => folder,
                None if name.is_empty() => folder,
                None => path.trim_end_matches(".rs"),
            };
            for (order, (child, child_for_tests)) in declared(&source).into_iter().enumerate() {
                let name = [name.clone(), vec![child.clone()]].concat();
                for file in [format!("{child}.rs"), format!("{child}/mod.rs")] {
                    let file = format!("{children}/{file}");
                    waiting.push((name.clone(), file, order, for_tests || child_for_tests));
                }
            }
            modules.insert(
                name,
                Module {
                    source,
                    order,
                    for_tests,
                },
            );
        }
        House { modules }
    }

    /// Everything that is wrong, with its place.
    fn check(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (name, module) in self.modules.iter().filter(|(name, _)| !name.is_empty()) {
            let source = &module.source;
            let tests = source.test_items();
            let in_tests = |at: usize| {
                module.for_tests || tests.iter().any(|item: &Range<usize>| item.contains(&at))
            };

            for at in source.words("super").filter(|&at| !in_tests(at)) {
                if source.code[at..].starts_with("super::") {
                    wrong.push((
                        at,
                        source,
                        "`super::` outside unit tests: write the path from `crate::`".into(),
                    ));
                }
            }
            for at in source.words("use").filter(|&at| !in_tests(at)) {
                let statement = source.code[at..].split(';').next().unwrap_or_default();
                // `impl Trait + use<'a>` is no import.
                if statement.contains('*') && !statement.starts_with("use<") {
                    wrong.push((at, source, "a glob import: name what is imported".into()));
                }
            }
            for (at, path) in paths(source) {
                let complaint = self.complaint(name, &path, in_tests(at));
                wrong.extend(complaint.map(|complaint| (at, source, complaint)));
            }
        }
        let mut wrong: Vec<String> = wrong
            .into_iter()
            .map(|(at, source, complaint): (usize, &Source, String)| {
                format!("{}: {complaint}", source.place(at))
            })
            .collect();
        wrong.sort();
        wrong
    }

    /// What is wrong with `path` (behind its `crate::`) in the module called `from`.
    fn complaint(&self, from: &Name, path: &Name, in_tests: bool) -> Option<String> {
        // The longest beginning of the path that is a module.
        let to = (0..=path.len()).rev().map(|length| &path[..length]);
        let to = to
            .into_iter()
            .find(|to| self.modules.contains_key(*to))
            .unwrap_or_default();
        let written = path.join("::");
        if from.starts_with(to) {
            let facade = if to.is_empty() {
                "the root of the crate".to_owned()
            } else {
                format!("`{}`", to.join("::"))
            };
            return (!in_tests).then(|| {
                format!("`crate::{written}` comes through {facade}, which this file is part of: name the file it is in")
            });
        }
        let fork = from
            .iter()
            .zip(to)
            .take_while(|(from, to)| from == to)
            .count();
        if fork == from.len() {
            // A facade and what it is the facade of.
            return None;
        }
        let (here, there) = (&from[..=fork], &to[..=fork]);
        (self.modules[there].order >= self.modules[here].order).then(|| {
            format!(
                "`crate::{written}` points upwards: `{}` is declared after `{}`",
                there.join("::"),
                here.join("::")
            )
        })
    }
}

/// The `mod` lines of a file, in order: name, and whether it is for tests alone.
fn declared(source: &Source) -> Vec<(String, bool)> {
    let tests = source.test_items();
    let lines = source.words("mod").filter_map(|at| {
        let name = source.code[at + "mod".len()..].split_once(';')?.0.trim();
        let is_name = name
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
        is_name.then(|| (name.to_owned(), tests.iter().any(|item| item.contains(&at))))
    });
    lines.collect()
}

/// Every path of the file that begins with `crate::`, without that, one for each name that a
/// `{…}` lists.
fn paths(source: &Source) -> Vec<(usize, Name)> {
    let mut found = Vec::new();
    for at in source.words("crate") {
        let before = source.code[..at].trim_end();
        let Some(rest) = source.code[at..].strip_prefix("crate::") else {
            continue;
        };
        // `$crate::` is for the user of a macro, `pub(in crate::…)` is no import.
        if !before.ends_with('$') && !before.ends_with("(in") {
            let mut leaves = Vec::new();
            tree(rest, Name::new(), &mut leaves);
            found.extend(leaves.into_iter().map(|leaf| (at, leaf)));
        }
    }
    found
}

/// Collects the leaves of the import tree that `code` begins with, and returns what follows it.
fn tree<'c>(code: &'c str, mut stem: Name, leaves: &mut Vec<Name>) -> &'c str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start().trim_start_matches(',').trim_start();
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let left = rest.len();
            rest = tree(rest, stem.clone(), leaves);
            // ` as Name`, and whatever else is not part of a path.
            rest = &rest[rest.find([',', '}']).unwrap_or(rest.len())..];
            if rest.len() == left || rest.is_empty() {
                return rest;
            }
        }
    }
    let end = code.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let (word, rest) = code.split_at(end.unwrap_or(code.len()));
    match rest.strip_prefix("::") {
        Some(rest) if !word.is_empty() && !rest.starts_with(['<', '*']) => {
            stem.push(word.to_owned());
            tree(rest, stem, leaves)
        }
        _ => {
            if !word.is_empty() && word != "self" {
                stem.push(word.to_owned());
            }
            leaves.push(stem);
            rest
        }
    }
}

/// A house of three rooms: `ground`, then `first` with the files `one` and `two`, then `second`.
#[cfg(test)]
fn verdict(file: &str, text: &str) -> Vec<String> {
    let mut sources = vec![
        Source::new("src/lib.rs", "mod ground;\npub mod first;\nmod second;\n"),
        Source::new("src/ground.rs", ""),
        Source::new(
            "src/first/mod.rs",
            "mod one;\nmod two;\n#[cfg(test)]\nmod tests;\n",
        ),
        Source::new("src/first/one.rs", ""),
        Source::new("src/first/two.rs", ""),
        Source::new("src/first/tests.rs", ""),
        Source::new("src/second.rs", ""),
    ];
    let place = sources.iter_mut().find(|source| source.path == file);
    let place = place.expect("the file is one of the house");
    *place = Source::new(file, format!("{}{text}", place.text));
    House::new("src", "lib.rs", sources).check()
}

#[test]
fn what_points_down_is_accepted() {
    for (file, text) in [
        ("src/first/two.rs", "use crate::first::one::Item;"),
        (
            "src/first/two.rs",
            "use crate::ground::{self, Item, inner::{A, B as C}};",
        ),
        ("src/first/mod.rs", "pub use crate::first::two::Item;"),
        ("src/second.rs", "use crate::{ground::Item, first::Facade};"),
        (
            "src/second.rs",
            "fn f() { crate::first::two::call::<u8>() }",
        ),
        ("src/ground.rs", "// use crate::second::Item;"),
        (
            "src/ground.rs",
            "const TEXT: &str = \"crate::second::Item\";",
        ),
        (
            "src/ground.rs",
            "macro_rules! m { () => { $crate::second::f() } }",
        ),
        (
            "src/first/one.rs",
            "pub(super) fn f() -> impl Sized + use<> { 2 * 3 }",
        ),
        (
            "src/first/one.rs",
            "#[cfg(test)]\nmod tests { use super::*; use crate::first::Item; }",
        ),
        ("src/first/tests.rs", "use super::one::*;"),
    ] {
        let wrong = verdict(file, text);
        assert!(wrong.is_empty(), "{file}: {text}\n{wrong:?}");
    }
}

#[test]
fn what_points_up_is_refused_with_its_place() {
    for (file, text, complaint) in [
        (
            "src/ground.rs",
            "\nuse crate::second::Item;",
            "src/ground.rs:2: `crate::second::Item` points upwards",
        ),
        (
            "src/ground.rs",
            "use crate::{\n    first::one::Item,\n};",
            "`first` is declared after `ground`",
        ),
        (
            "src/first/one.rs",
            "use crate::first::two::Item;",
            "`first::two` is declared after `first::one`",
        ),
        (
            "src/first/two.rs",
            "fn f() { crate::second::call() }",
            "points upwards",
        ),
        (
            "src/ground.rs",
            "#[cfg(test)]\nmod tests { use crate::second::Item; }",
            "points upwards",
        ),
        (
            "src/first/two.rs",
            "use crate::first::Item;",
            "comes through `first`",
        ),
        (
            "src/first/two.rs",
            "use crate::Item;",
            "comes through the root",
        ),
        (
            "src/first/two.rs",
            "use crate::{ground::A, B};",
            "comes through the root",
        ),
        (
            "src/first/two.rs",
            "use super::one::Item;",
            "`super::` outside unit tests",
        ),
        (
            "src/first/two.rs",
            "use crate::first::one::*;",
            "a glob import",
        ),
        (
            "src/first/two.rs",
            "use std::{fmt, io::*};",
            "a glob import",
        ),
    ] {
        let wrong = verdict(file, text).join("\n");
        assert!(wrong.contains(complaint), "{file}: {text}\n{wrong}");
    }
}
