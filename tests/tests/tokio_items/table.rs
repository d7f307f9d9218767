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
site. `Type: Trait` are implementations; the automatic traits (`Send`, `Sync`, `Unpin`) are
checked elsewhere.

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

/// The rows of one module: of each type its items that stand alike are together in one row.
fn rows(page: &mut String, module: &str, items: &[&Item], notes: &Notes) {
    let mut rows: BTreeMap<(&str, Order, State), Vec<String>> = BTreeMap::new();
    for item in items {
        let (owner, last) = item.parts();
        let tier = match notes.tier(item) {
            Some(1) => "¹",
            Some(_) => "²",
            None => "",
        };
        let is_own = owner == module && !item.is_implementation();
        let is_type = ["struct", "enum", "trait"].contains(&item.kind.as_str());
        let below = |path: &str| {
            let below = path.strip_prefix(module).unwrap_or(path);
            below.trim_start_matches("::").to_owned()
        };
        let (row, name) = match item.kind.as_str() {
            "mod" => (
                (item.name.as_str(), Order::Module),
                "the module itself".to_owned(),
            ),
            "impl" => (
                (owner, Order::Traits),
                format!("`{}`", last.replace(&format!("{module}::"), "")),
            ),
            _ if is_type => ((item.name.as_str(), Order::Itself), format!("`{last}`")),
            _ if is_own => (("", Order::Alone), format!("`{last}`")),
            _ => ((owner, Order::Parts), format!("`{}::{last}`", below(owner))),
        };
        let row = (row.0, row.1, notes.state(item));
        rows.entry(row).or_default().push(format!("{name}{tier}"));
    }
    for ((_, _, state), names) in rows {
        let names = names.join(", ");
        let row = match state {
            State::Here => format!("| {names} | yes | |"),
            State::Noted(note) => format!("| {names} | yes, but | {note} |"),
            State::Left(reason) => format!("| {names} | no | {reason} |"),
            State::Open => format!("| {names} | not yet | |"),
        };
        writeln!(page, "{row}").expect("a string takes all");
    }
}

/// In which order the rows about one type stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Module,
    Alone,
    Itself,
    Parts,
    Traits,
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
