//! The notes: what we have to say about an item.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::item::Item;

/// The notes, line by line.
#[derive(Clone, Debug)]
pub(crate) struct Notes {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    /// A comment, or nothing.
    Text(String),
    Note(Note),
}

#[derive(Clone, Debug)]
struct Note {
    word: Word,
    /// A name, with `*` for anything.
    pattern: String,
    says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    T1,
    T2,
    Note,
    Differs,
    Left,
    Open,
}

const WORDS: [(&str, Word); 6] = [
    ("T1", Word::T1),
    ("T2", Word::T2),
    ("note", Word::Note),
    ("differs", Word::Differs),
    ("left", Word::Left),
    ("open", Word::Open),
];

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// As in tokio.
    Here,
    /// Here, and this is to be known about it.
    Noted(String),
    /// Not here, because.
    Left(String),
    /// Not here yet.
    Open,
}

impl Notes {
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().map(|line| {
            let note = WORDS.iter().find_map(|(word, meant)| {
                let rest = line.strip_prefix(word)?.strip_prefix(' ')?;
                let (pattern, says) = rest.split_once(" | ").unwrap_or((rest, ""));
                Some(Note {
                    word: *meant,
                    pattern: pattern.to_owned(),
                    says: says.to_owned(),
                })
            });
            let is_text = line.is_empty() || line.starts_with('#');
            assert!(is_text || note.is_some(), "what is `{line}`?");
            note.map_or_else(|| Line::Text(line.to_owned()), Line::Note)
        });
        Notes {
            lines: lines.collect(),
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            match line {
                Line::Text(line) => writeln!(text, "{line}"),
                Line::Note(note) => {
                    let word = WORDS.iter().find(|(_, word)| *word == note.word);
                    let word = word.expect("every word is listed").0;
                    let bar = if note.says.is_empty() { "" } else { " | " };
                    writeln!(text, "{word} {}{bar}{}", note.pattern, note.says)
                }
            }
            .expect("a string takes all");
        }
        text
    }

    pub(crate) fn state(&self, item: &Item) -> State {
        if let Some(note) = self.of(Word::Left, item) {
            return State::Left(note.says.clone());
        }
        if self.of(Word::Open, item).is_some() {
            return State::Open;
        }
        let known = [
            ("unsafe ", "`unsafe` in tokio, a safe function here"),
            ("deprecated ", "deprecated in tokio"),
        ];
        let known = known.iter().filter(|(kind, _)| item.kind.contains(kind));
        let mut notes: Vec<&str> = known.map(|(_, says)| *says).collect();
        notes.extend(self.of(Word::Note, item).map(|note| note.says.as_str()));
        notes.extend(self.difference(item).map(|(_, says)| says));
        match notes.as_slice() {
            [] => State::Here,
            notes => State::Noted(notes.join("; ")),
        }
    }

    /// 1 if the tutorial or mini-redis uses it, 2 if tokio's examples or its site's pages do.
    pub(crate) fn tier(&self, item: &Item) -> Option<u8> {
        let tier = |word, tier| self.of(word, item).map(|_| tier);
        tier(Word::T1, 1).or_else(|| tier(Word::T2, 2))
    }

    /// The Rust that uses the item: tokio's, but for what differs here.
    pub(crate) fn check(&self, item: &Item) -> String {
        let difference = self.difference(item);
        difference.map_or_else(|| item.check.clone(), |(check, _)| check)
    }

    /// The Rust for an item that has to be used differently here, and how it differs.
    fn difference(&self, item: &Item) -> Option<(String, &str)> {
        let (replacements, says) = self.of(Word::Differs, item)?.says.split_once(" | ")?;
        let mut check = item.check.clone();
        for replacement in replacements.split("; ") {
            let (theirs, ours) = replacement.split_once(" => ")?;
            check = check.replace(theirs, ours);
        }
        // A line may fit whole types, of which some parts are as in tokio.
        (check != item.check).then_some((check, says))
    }

    /// Puts down as open what is missing and not left out, and nothing else.
    pub(crate) fn set_open(&mut self, items: &[Item], missing: &BTreeSet<String>) {
        self.lines
            .retain(|line| !matches!(line, Line::Note(note) if note.word == Word::Open));
        let open = items
            .iter()
            .filter(|item| missing.contains(&item.name) && self.of(Word::Left, item).is_none());
        let open = open.map(|item| Note {
            word: Word::Open,
            pattern: item.name.clone(),
            says: String::new(),
        });
        let open: Vec<_> = open.map(Line::Note).collect();
        self.lines.extend(open);
    }

    /// What is wrong with the notes.
    pub(crate) fn complaints(&self, items: &[Item]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (at, note) in self.notes().enumerate() {
            let earlier = self.notes().take(at);
            let twice = earlier
                .clone()
                .any(|other| other.word == note.word && other.pattern == note.pattern);
            let says_something = matches!(note.word, Word::Note | Word::Differs | Word::Left);
            let mut about = items
                .iter()
                .filter(|item| matches(&note.pattern, &item.name));
            let complaint = match note.word {
                _ if twice => "stands twice",
                _ if about.clone().next().is_none() => "no item is called so",
                _ if says_something == note.says.is_empty() => "says nothing, or too much",
                Word::Differs if !about.any(|item| self.difference(item).is_some()) => {
                    "nothing differs; or it is not `THEIRS => OURS | TEXT`"
                }
                _ => continue,
            };
            wrong.push(format!("{:?} {}: {complaint}", note.word, note.pattern));
        }
        wrong
    }

    /// What is said about the item: the most precise, if several lines fit.
    fn of(&self, word: Word, item: &Item) -> Option<&Note> {
        let notes = self.notes();
        let fitting = notes.filter(|note| note.word == word && matches(&note.pattern, &item.name));
        fitting.max_by_key(|note| note.pattern.len())
    }

    fn notes(&self) -> impl Iterator<Item = &Note> + Clone {
        self.lines.iter().filter_map(|line| match line {
            Line::Note(note) => Some(note),
            Line::Text(_) => None,
        })
    }
}

/// Whether `pattern`, where each `*` stands for anything, is `name`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((begin, rest)) => name.strip_prefix(begin).is_some_and(|name| {
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.any(|at| matches(rest, &name[at..]))
        }),
    }
}

#[test]
fn a_star_stands_for_anything() {
    for (pattern, name, fits) in [
        ("a::b", "a::b", true),
        ("a::b", "a::bc", false),
        ("a::*", "a::b::c", true),
        ("*: F", "a::b: F", true),
        ("a::*::c", "a::b::c", true),
        ("a::*::c", "a::b::d", false),
        ("*b*", "abc", true),
    ] {
        assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
    }
}

#[test]
fn the_most_precise_line_is_followed() {
    let notes = Notes::read("left a::* | all\nleft a::b* | some\nnote c | yes\nopen d\n");
    let state = |name: &str| {
        let item = Item::read(&format!("fn {name} | x")).expect("it is an item");
        notes.state(&item)
    };
    assert_eq!(state("a::bc"), State::Left("some".to_owned()));
    assert_eq!(state("a::c"), State::Left("all".to_owned()));
    assert_eq!(state("c"), State::Noted("yes".to_owned()));
    assert_eq!(state("d"), State::Open);
    assert_eq!(state("e"), State::Here);
}

#[test]
fn notes_that_are_wrong_are_found() {
    let items = ["fn a | x", "fn b | x"].map(|line| Item::read(line).expect("it is an item"));
    for (line, wrong) in [
        ("left c | why", "no item"),
        ("left a", "nothing"),
        ("open a | why", "too much"),
        ("open a\nopen a", "twice"),
        ("differs a | y => z | text", "nothing differs"),
        ("differs a | x | text", "nothing differs"),
    ] {
        let complaints = Notes::read(line).complaints(&items);
        assert!(
            complaints.iter().any(|complaint| complaint.contains(wrong)),
            "{line}"
        );
    }
}

#[test]
fn what_differs_is_replaced_and_told() {
    let item = Item::read("fn a::b | fn check<T: ?Sized>(a: T)").expect("it is an item");
    let notes = Notes::read("differs a::* | ?Sized => Sized; (a: T) => () | in two ways\n");
    assert_eq!(notes.check(&item), "fn check<T: Sized>()");
    assert_eq!(notes.state(&item), State::Noted("in two ways".to_owned()));
    let same = Item::read("fn a::c | fn check(a: u8)").expect("it is an item");
    assert_eq!(notes.check(&same), same.check);
    assert_eq!(notes.state(&same), State::Here);
}
