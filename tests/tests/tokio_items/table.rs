//! The page of the book: a table a module.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::item::Item;
use crate::notes::{Notes, State};

const HEAD: &str = "\
# Tokio's items, one by one

Every stable public item of tokio 1.54 for Linux (features `full` and `test-util`), and whether a
program finds it here. What is said to be here is used with tokio's own signature by a program
that is compiled with the tests: same path, same arguments and bounds, same result. How they
*behave*, and where that differs on purpose, is in [the swap guide](swap-guide.md).

¹ is used by tokio's tutorial or by mini-redis, ² by tokio's examples or the other pages of its
site. Behind a type stand its parts (`::new`) and the traits it implements (`: Debug`); the automatic ones
(`Send`, `Sync`, `Unpin`) are checked elsewhere.

";

/// The page.
pub(crate) fn page(items: &[Item], notes: &Notes) -> String {
    let mut modules: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    let known: Vec<&str> = items
        .iter()
        .filter(|item| item.kind == "mod")
        .map(|item| item.name.as_str())
        .collect();
    for item in items {
        modules.entry(module(item, &known)).or_default().push(item);
    }
    let mut page = HEAD.to_owned();
    let says = "| module | items | as in tokio | with a note | left out | not yet |\n\
                | --- | ---: | ---: | ---: | ---: | ---: |\n";
    page.push_str(says);
    for (module, items) in &modules {
        let name = titled(module);
        counts(
            &mut page,
            &format!("[{name}](#{})", anchor(&name)),
            items,
            notes,
        );
    }
    counts(&mut page, "all", &items.iter().collect::<Vec<_>>(), notes);
    for (module, items) in &modules {
        write!(page, "\n## {}\n\n", titled(module)).expect("a string takes all");
        page.push_str("| item | here | note |\n| --- | --- | --- |\n");
        rows(&mut page, module, items, notes);
    }
    page
}

/// The rows of one module: of each type, what stands alike is together in one row.
fn rows(page: &mut String, module: &str, items: &[&Item], notes: &Notes) {
    let types = ["struct", "enum", "trait"];
    let mut rows: BTreeMap<(&str, State), Vec<(Order, String)>> = BTreeMap::new();
    for item in items {
        let (owner, last) = item.parts();
        let tier = match notes.tier(item) {
            Some(1) => "¹",
            Some(_) => "²",
            None => "",
        };
        let is_type = types.contains(&item.kind.as_str());
        let (of, order, name) = match item.kind.as_str() {
            "mod" => ("", Order::Module, "the module itself".to_owned()),
            "impl" => {
                let (this, implemented) = last.split_once(": ").unwrap_or_default();
                // What it is for, if that is not the type that the row is about.
                let is_ours = this.split('<').next() == Some(owner);
                let this = if is_ours { "" } else { this };
                let name = inside(module, &format!("{this}: {implemented}"));
                (owner, Order::Trait, format!("`{name}`"))
            }
            _ if is_type => (item.name.as_str(), Order::Itself, format!("**`{last}`**")),
            _ if owner == module => ("", Order::Alone, format!("`{last}`")),
            _ => (owner, Order::Part, format!("`::{last}`")),
        };
        let row = rows.entry((of, notes.state(item))).or_default();
        row.push((order, format!("{name}{tier}")));
    }
    for ((of, state), mut names) in rows {
        names.sort_by_key(|(order, _)| *order);
        if !of.is_empty() && names[0].0 != Order::Itself {
            names.insert(0, (Order::Itself, format!("`{}`", inside(module, of))));
        }
        let names: Vec<String> = names.into_iter().map(|(_, name)| name).collect();
        let names = names.join(if of.is_empty() { ", " } else { " " });
        let row = match state {
            State::Here => format!("| {names} | yes | |"),
            State::Noted(note) => format!("| {names} | yes, but | {note} |"),
            State::Left(reason) => format!("| {names} | no | {reason} |"),
            State::Open => format!("| {names} | not yet | |"),
        };
        writeln!(page, "{row}").expect("a string takes all");
    }
}

/// In which order items stand in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Module,
    Alone,
    Itself,
    Part,
    Trait,
}

/// A name as one says it in that module.
fn inside(module: &str, name: &str) -> String {
    let mut said = name.to_owned();
    for (at, prefix) in name.rmatch_indices(&format!("{module}::")) {
        // In the middle of another path it is part of that.
        let before = name[..at].chars().next_back();
        if !before.is_some_and(|letter| letter.is_alphanumeric() || letter == ':') {
            said.replace_range(at..at + prefix.len(), "");
        }
    }
    said
}

fn counts(page: &mut String, name: &str, items: &[&Item], notes: &Notes) {
    let mut counts = [0; 4];
    for item in items {
        let at = match notes.state(item) {
            State::Here => 0,
            State::Noted(_) => 1,
            State::Left(_) => 2,
            State::Open => 3,
        };
        counts[at] += 1;
    }
    let [here, noted, left, open] = counts;
    writeln!(
        page,
        "| {name} | {} | {here} | {noted} | {left} | {open} |",
        items.len()
    )
    .expect("a string takes all");
}

/// The module an item is in: the longest of the known ones that its path begins with.
fn module<'i>(item: &'i Item, known: &[&'i str]) -> &'i str {
    let (owner, _) = item.parts();
    let path = if item.kind == "mod" {
        &item.name
    } else {
        owner
    };
    let inside = known.iter().filter(|module| {
        let rest = path.strip_prefix(**module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    });
    inside
        .max_by_key(|module| module.len())
        .copied()
        .unwrap_or("")
}

/// What a module is called in a heading.
fn titled(module: &str) -> String {
    match module {
        "" => "the crate itself".to_owned(),
        module => format!("`{module}`"),
    }
}

/// Where mdbook puts a heading's anchor.
fn anchor(title: &str) -> String {
    let title = title.replace(' ', "-");
    title.replace(['`', ':'], "")
}

#[test]
fn a_name_is_said_as_in_its_module() {
    for (module, name, said) in [
        (
            "net",
            "net::TcpStream: AsRef<net::TcpStream>",
            "TcpStream: AsRef<TcpStream>",
        ),
        (
            "net",
            ": TryFrom<std::os::unix::net::UnixStream>",
            ": TryFrom<std::os::unix::net::UnixStream>",
        ),
        (
            "net::tcp",
            ": AsRef<net::TcpStream>",
            ": AsRef<net::TcpStream>",
        ),
        ("", "spawn", "spawn"),
    ] {
        assert_eq!(inside(module, name), said);
    }
}
