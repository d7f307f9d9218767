//! Every public function that returns a future says what dropping that future does, in one of three
//! words; and every file opens with what it is for.

use std::collections::HashSet;

use mainspring_tests::source::{Source, closing, files};

/// What may open a section `# Cancel safety`.
const WORDS: [&str; 3] = ["Strict", "Loses its place", "Loses data"];

#[test]
fn every_public_wait_states_its_cancel_safety() {
    let mut wrong = Vec::new();
    for folder in ["reactor/src", "executor/src"] {
        let sources: Vec<Source> = sources(folder);
        let futures: Vec<(String, String)> = (sources.iter())
            .flat_map(|source| {
                let names = named_futures(source).into_iter();
                names.map(|name| (module(&source.path), name))
            })
            .collect();
        for source in &sources {
            wrong.extend(silent_waits(source, &known_to(source, &futures)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let folders = ["executor", "reactor", "recipes", "tests", "docs"];
    let sources: Vec<Source> = folders.into_iter().flat_map(sources).collect();
    assert!(!sources.is_empty(), "no source was found");
    // A file that is included into others cannot have a `//!` of its own.
    let included = ["beside_tokio/workloads.rs", "echo/server.rs"];
    let is_included = |source: &&Source| included.iter().any(|path| source.path.ends_with(path));
    let silent = sources
        .iter()
        .filter(|source| !is_included(source))
        .filter(|source| !opens_with_its_purpose(source));
    let silent: Vec<&str> = silent.map(|source| source.path.as_str()).collect();
    assert!(
        silent.is_empty(),
        "these do not open with `//!`:\n{}",
        silent.join("\n")
    );
}

fn sources(folder: &str) -> Vec<Source> {
    let files = files(folder, ".rs").into_iter();
    files.map(|(path, text)| Source::new(path, text)).collect()
}

fn opens_with_its_purpose(source: &Source) -> bool {
    let first = source.text.lines().next().unwrap_or_default();
    first
        .strip_prefix("//!")
        .is_some_and(|purpose| !purpose.trim().is_empty())
}

/// The types of the file that implement `Future` or `IntoFuture`.
fn named_futures(source: &Source) -> Vec<String> {
    let traits = ["Future", "IntoFuture"].into_iter();
    let implementations = traits.flat_map(|name| source.words(name).map(|at| at + name.len()));
    implementations
        .filter_map(|at| source.code[at..].strip_prefix(" for "))
        .map(outermost_name)
        .collect()
}

/// `crate::sync::event` of `executor/src/sync/event.rs`.
fn module(path: &str) -> String {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside);
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    format!("crate::{}", inside.replace('/', "::"))
}

/// The names of those futures that the file can mean: not those whose name it has from elsewhere.
fn known_to(source: &Source, futures: &[(String, String)]) -> HashSet<String> {
    let is_meant = |from: &str, name: &str| match imported_from(source, name) {
        Some(import) => from.starts_with(&import),
        None => !defines(source, name) || from == module(&source.path),
    };
    let known = futures
        .iter()
        .filter(|(module, name)| is_meant(module, name));
    known.map(|(_, name)| name.clone()).collect()
}

/// Whether the file has a type of that name of its own.
fn defines(source: &Source, name: &str) -> bool {
    let mut types = source.words("struct");
    types.any(|at| outermost_name(source.code[at + "struct".len()..].trim_start()) == name)
}

/// The module that the file imports a name from.
fn imported_from(source: &Source, name: &str) -> Option<String> {
    let statements = source.code.split(';');
    let mut imports = statements.filter_map(|one| Some(&one[one.rfind("use crate::")? + 4..]));
    imports.find_map(|import| {
        let (module, items) = match import.split_once("::{") {
            Some(parts) => parts,
            None => import.rsplit_once("::")?,
        };
        let mut items = items.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        items.any(|item| item == name).then(|| module.to_owned())
    })
}

/// The public functions of the file that return a future, and do not say what dropping it does.
fn silent_waits(source: &Source, futures: &HashSet<String>) -> Vec<String> {
    let tests = source.test_items();
    let waits = source.words("fn").filter(|&at| {
        let in_tests = tests.iter().any(|item| item.contains(&at));
        !in_tests && is_public(source, at) && returns_future(&source.code, at, futures)
    });
    waits
        .filter_map(|at| {
            let complaint = complaint(&docs_above(&source.text, at))?;
            let name = source.code[at + "fn".len()..].trim_start();
            let name = name.split(['(', '<']).next().unwrap_or_default();
            Some(format!(
                "{}: `{name}` returns a future, and {complaint}",
                source.place(at)
            ))
        })
        .collect()
}

/// What is wrong with the section on cancel safety.
fn complaint(docs: &[&str]) -> Option<String> {
    let Some(heading) = docs.iter().position(|line| *line == "# Cancel safety") else {
        return Some("its docs have no section `# Cancel safety`".to_owned());
    };
    let section = docs[heading + 1..].iter().find(|line| !line.is_empty());
    let opening = section.unwrap_or(&"").trim_start_matches("**");
    let opens = |word: &str| {
        let rest = opening.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    if WORDS.into_iter().any(opens) {
        return None;
    }
    Some(format!(
        "`# Cancel safety` does not open with one of {}",
        WORDS.join(", ")
    ))
}

/// Whether the `fn` at this place is `pub`, or belongs to a `pub trait`.
fn is_public(source: &Source, at: usize) -> bool {
    let line = source.code[..at].rfind('\n').map_or(0, |end| end + 1);
    if source.code[line..at].trim_start().starts_with("pub ") {
        return true;
    }
    source.words("trait").any(|keyword| {
        let line = source.code[..keyword].rfind('\n').map_or(0, |end| end + 1);
        let is_public = source.code[line..keyword].trim_start().starts_with("pub ");
        let body = source.code[keyword..]
            .find('{')
            .map(|brace| keyword + brace);
        let end = body.and_then(|body| Some(body + closing(&source.code[body..])?));
        is_public
            && body
                .zip(end)
                .is_some_and(|(body, end)| (body..end).contains(&at))
    })
}

/// Whether the function whose `fn` stands at this place is async or returns a future by its name.
fn returns_future(code: &str, at: usize, futures: &HashSet<String>) -> bool {
    let line = code[..at].rfind('\n').map_or(0, |end| end + 1);
    if code[line..at]
        .split_whitespace()
        .any(|word| word == "async")
    {
        return true;
    }
    let Some(output) = output(&code[at..]) else {
        return false;
    };
    let mut words = output.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let opaque = output.starts_with("impl ") || output.contains("dyn ");
    opaque && words.any(|word| word == "Future" || word == "IntoFuture")
        || futures.contains(&outermost_name(output))
}

/// The return type of the function that `code` begins with.
fn output(code: &str) -> Option<&str> {
    let parameters = parameters(code)?;
    let rest = &code[parameters..];
    let rest = &rest[closing(rest)?..];
    let output = rest.trim_start().strip_prefix("->")?.trim_start();
    let end = output.find(['{', ';']).unwrap_or(output.len());
    let words = output[..end].split_inclusive(char::is_whitespace);
    let length: usize = words
        .take_while(|word| word.trim() != "where")
        .map(str::len)
        .sum();
    Some(output[..length].trim_end())
}

/// Where the parameters begin: at the first parenthesis that is not inside `<…>`.
fn parameters(code: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut before = ' ';
    for (at, letter) in code.char_indices() {
        match letter {
            '(' if depth == 0 => return Some(at),
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        before = letter;
    }
    None
}

/// `Sleep` of `&'a mut crate::time::Sleep<'_>`.
fn outermost_name(written: &str) -> String {
    let path = written.split(['<', ' ', '{', ';', ',', ')']).find(|part| {
        let is_sign = part.starts_with(['&', '\'']) || part.is_empty();
        !is_sign && *part != "mut"
    });
    let path = path.unwrap_or_default().trim();
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

/// The doc comment above the item at this place, line by line, without its slashes.
fn docs_above(text: &str, at: usize) -> Vec<&str> {
    let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let mut docs = Vec::new();
    let mut in_attribute = false;
    for line in text[..line].lines().rev().map(str::trim) {
        if in_attribute {
            in_attribute = !line.starts_with("#[");
        } else if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.trim());
        } else if line.ends_with(']') && !line.starts_with("#[") {
            in_attribute = true;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            break;
        }
    }
    docs.reverse();
    docs
}

#[cfg(test)]
fn verdict(text: &str) -> Vec<String> {
    let text = format!(
        "impl<T> Future for Wait<'_, T> {{}}\nimpl std::future::IntoFuture for Ask {{}}\n{text}"
    );
    let source = Source::new("room.rs", text);
    let futures = named_futures(&source).into_iter().collect();
    silent_waits(&source, &futures)
}

#[test]
fn a_wait_that_says_nothing_is_refused_with_its_place() {
    for text in [
        "pub async fn wait() {}",
        "    pub fn wait(&self) -> Wait<'_, u8> {}",
        "pub fn wait<F: FnOnce(u8) -> u8>(\n    f: F,\n) -> room::Wait<'static, F>\nwhere\n    F: Send,\n{}",
        "pub fn wait() -> impl Future<Output = ()> + Send {}",
        "pub fn wait() -> Pin<Box<dyn Future<Output = ()>>> {}",
        "pub fn wait() -> Ask {}",
        "/// Waits.\n#[track_caller]\npub fn wait() -> Wait {}",
        "/// # Cancel safety\n///\n/// Fine.\npub fn wait() -> Wait {}",
        "/// # Cancel safety\n///\n/// Strictly speaking, no.\npub fn wait() -> Wait {}",
        "/// # Cancellation\n///\n/// Strict.\npub fn wait() -> Wait {}",
        "/// # Cancel safety\n///\n/// Strict.\npub fn other() {}\npub fn wait() -> Wait {}",
        "pub trait Waits {\n    fn wait(&self) -> Wait;\n}",
    ] {
        let wrong = verdict(text);
        assert_eq!(wrong.len(), 1, "{text}\n{wrong:?}");
        assert!(
            wrong[0].starts_with("room.rs:") && wrong[0].contains("`wait`"),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_wait_that_says_it_is_accepted_and_so_is_what_does_not_wait() {
    for text in [
        "/// # Cancel safety\n///\n/// **Strict**: nothing is lost.\npub fn wait() -> Wait {}",
        "/// # Cancel safety\n///\n/// Loses its place: in the line.\npub async fn wait() {}",
        "/// # Cancel safety\n///\n/// **Loses data**: all.\n///\n/// # Source\n#[track_caller]\n\
         #[expect(\n    dead_code,\n    reason = \"\"\n)]\n// ANCHOR: wait\npub fn wait() -> Wait {}",
        "pub(crate) fn wait() -> Wait {}",
        "fn wait() -> Wait {}",
        "pub fn wait() -> Option<Wait> {}",
        "pub fn poll(&mut self) -> Poll<()> {}",
        "pub fn set(wait: Wait) {}",
        "pub fn call<F>(f: F) -> u8 where F: Future {}",
        "trait Waits {\n    fn wait(&self) -> Wait;\n}",
        "#[cfg(test)]\nmod tests {\n    pub fn wait() -> Wait {}\n}",
        "// pub fn wait() -> Wait",
    ] {
        let wrong = verdict(text);
        assert!(wrong.is_empty(), "{text}\n{wrong:?}");
    }
}

#[test]
fn a_name_that_a_future_has_elsewhere_is_not_taken_for_it() {
    let futures = [("crate::oneshot::receiver".to_owned(), "Receiver".to_owned())];
    for (text, is_known) in [
        ("use crate::oneshot::receiver::Receiver;", true),
        (
            "use std::fmt;\n\nuse crate::oneshot::{Receiver, Sender};",
            true,
        ),
        ("pub fn receiver() -> oneshot::Receiver<u8> {}", true),
        ("use crate::watch::receiver::Receiver;", false),
        ("pub struct Receiver<T>(T);", false),
        ("pub struct Receivers<T>(T);", true),
        (
            "use crate::leaf;\nuse crate::watch::{Sender, Receiver};",
            false,
        ),
    ] {
        let source = Source::new("watch.rs", text);
        let is_found = known_to(&source, &futures).contains("Receiver");
        assert_eq!(is_found, is_known, "{text}");
    }
    assert_eq!(module("executor/src/sync/event.rs"), "crate::sync::event");
    assert_eq!(module("executor/src/sync/mod.rs"), "crate::sync");
}

#[test]
fn a_file_that_opens_with_something_else_is_refused() {
    for (text, opens) in [
        ("//! The wheel.\nuse std;", true),
        ("//!\nuse std;", false),
        ("use std;\n//! The wheel.", false),
        ("// The wheel.", false),
        ("", false),
    ] {
        assert_eq!(
            opens_with_its_purpose(&Source::new("", text)),
            opens,
            "{text}"
        );
    }
}
