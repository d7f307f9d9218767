//! Rust source, read as text by the checks on the house itself.
//!
//! No parser: comments and strings are blanked out, positions stay as they were, and what is left
//! is searched for words. That is enough for import paths, `mod` lines and signatures.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One file of Rust source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where the file is, from the root of the repository, with `/`.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// The same, byte for byte, with spaces in place of comments, strings and characters.
    pub code: String,
}

/// The root of the repository.
///
/// # Panics
///
/// If this package does not lie in a folder of the repository.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .parent()
        .expect("the package lies in the repository")
        .to_owned()
}

/// Every file below `folder`, itself below [`root`], whose name ends in `ending`; sorted.
///
/// Build outputs (`target`) are passed over. A folder that does not exist has no files.
///
/// # Panics
///
/// If a folder or a file cannot be read.
pub fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else {
            continue;
        };
        for entry in entries {
            let entry = entry.expect("a folder can be listed");
            let name = entry
                .file_name()
                .into_string()
                .expect("file names are UTF-8");
            let path = format!("{folder}/{name}");
            if entry.path().is_dir() {
                if name != "target" {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                let text = fs::read_to_string(entry.path());
                found.push((path, text.expect("sources are UTF-8")));
            }
        }
    }
    found.sort();
    found
}

impl Source {
    /// A file with this path and this text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Source {
            path: path.into(),
            code: blanked(&text),
            text,
        }
    }

    /// `path:line` of the byte at `offset`, the way compilers write it.
    pub fn place(&self, offset: usize) -> String {
        let line = self.text[..offset].matches('\n').count() + 1;
        format!("{}:{line}", self.path)
    }

    /// Every place in the code where `word` stands by itself.
    pub fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        self.code
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(move |&at| {
                !self.code[..at].ends_with(part_of_word)
                    && !self.code[at + word.len()..].starts_with(part_of_word)
            })
    }

    /// The items that are compiled for tests alone.
    pub fn test_items(&self) -> Vec<Range<usize>> {
        let attributes = self.code.match_indices("#[cfg(").map(|(at, _)| at);
        attributes
            .filter_map(|at| {
                let length = closing(&self.code[at + 1..])?;
                let condition = Source::new("", &self.code[at..at + 1 + length]);
                let for_tests = condition.words("test").next().is_some();
                let not_for_tests = condition.code.contains("not(test");
                let end = at + 1 + length + item_end(&self.code[at + 1 + length..]);
                (for_tests && !not_for_tests).then_some(at..end)
            })
            .collect()
    }
}

/// How long the item is at the beginning of `code`: up to its `;`, or to the end of its braces.
fn item_end(code: &str) -> usize {
    match code.find([';', '{']) {
        Some(at) if code[at..].starts_with('{') => {
            at + closing(&code[at..]).unwrap_or(code.len() - at)
        }
        Some(at) => at + 1,
        None => code.len(),
    }
}

/// How long the bracketed piece is that `code` begins with, both brackets included.
pub fn closing(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at + letter.len_utf8());
        }
    }
    None
}

fn blanked(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let word = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let word = &rest[..word.unwrap_or(rest.len())];
        let hidden = match word {
            // A prefixed string; `r#name` is a word like any other.
            "r" | "br" | "cr" => raw_string(&rest[word.len()..]).map(|length| word.len() + length),
            _ => hidden(rest),
        };
        let shown = word.len().max(letter.len_utf8());
        match hidden {
            Some(length) => {
                code.extend(
                    rest[..length]
                        .bytes()
                        .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
                );
                rest = &rest[length..];
            }
            None => {
                code.push_str(&rest[..shown]);
                rest = &rest[shown..];
            }
        }
    }
    code
}

/// The length of the comment, string or character that `text` begins with.
fn hidden(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    if text.starts_with('"') {
        return Some(quoted(text, '"'));
    }
    // A character, or the quote of a lifetime.
    let mut letters = text.strip_prefix('\'')?.chars();
    match (letters.next()?, letters.next()?) {
        ('\\', _) => Some(quoted(text, '\'')),
        (letter, '\'') => Some(letter.len_utf8() + 2),
        _ => None,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            letters.next();
        } else if letter == quote {
            return at + 1;
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let fence = text.find(|letter| letter != '#')?;
    let inside = text[fence..].strip_prefix('"')?;
    let end = format!("\"{}", &text[..fence]);
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(fence + 1 + length)
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_code_is_blanked_in_place() {
        for (text, code) in [
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x\"y") g"#, "f(      ) g"),
            (r##"f(r#"x"y"#) g"##, "f(        ) g"),
            (r##"f(br#"x"y"#) g"##, "f(         ) g"),
            (r#"f(b"x") g"#, "f(b   ) g"),
            ("'a' 'é' '\\'' '\\u{1}'", "                     "),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("r#type é", "r#type é"),
        ] {
            let found = Source::new("", text);
            assert_eq!(found.code, code, "{text}");
            assert_eq!(found.code.len(), text.len(), "{text}");
        }
    }

    #[test]
    fn words_stand_by_themselves() {
        let source = Source::new("", "super supers _super \"super\" super::x");
        assert_eq!(source.words("super").collect::<Vec<_>>(), [0, 28]);
    }

    #[test]
    fn test_items_end_where_they_end() {
        let text = "#[cfg(test)] mod a; b #[cfg(all(test, c))] #[allow(d)] mod e { f { } } g \
                    #[cfg(not(test))] mod h {}";
        let source = Source::new("", text);
        let items: Vec<&str> = source
            .test_items()
            .into_iter()
            .map(|item| &text[item])
            .collect();
        assert_eq!(
            items,
            [
                "#[cfg(test)] mod a;",
                "#[cfg(all(test, c))] #[allow(d)] mod e { f { } }"
            ]
        );
    }

    #[test]
    fn a_place_counts_lines_from_one() {
        assert_eq!(Source::new("a.rs", "b\nc").place(2), "a.rs:2");
    }
}
